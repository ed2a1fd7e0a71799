"""What does a record say about the reservation in force on a site?

The exact documents, by the hash of their bytes, and the header lines. Requests name the
whole set by its digest.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from guard.evidence import canonical
from guard.evidence.record import Record, RecordKind, leaf
from guard.evidence.text import escape


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a reservation, as it is served."""

    path: str
    """The path it is served at."""
    sha256: str
    """Names the blob that holds its exact bytes."""
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationSet:
    """All that a site tells crawlers about its rights at one time."""

    site: str
    documents: tuple[Document, ...]
    headers: tuple[tuple[str, str], ...]
    """The header lines on every response, in the order sent."""
    paths: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """Beginnings of paths whose responses have other lines, and those lines; the longest first."""

    def value(self) -> dict[str, Any]:
        """Return the set as it stands in its record."""
        documents = sorted(self.documents, key=lambda one: one.path)
        return {
            "documents": [{"media_type": d.media_type, "path": d.path, "sha256": d.sha256} for d in documents],
            "headers": _lines(self.headers),
            "site": self.site,
        } | ({"paths": [[path, _lines(lines)] for path, lines in self.paths]} if self.paths else {})

    def digest(self) -> str:
        """Return the SHA-256 of the set's canonical bytes: what request records name."""
        return sha256(canonical.encode(self.value())).hexdigest()


def _lines(headers: tuple[tuple[str, str], ...]) -> list[list[str]]:
    return [[name, escape(value)] for name, value in headers]


def reservation(*, at: int, reserved: ReservationSet) -> bytes:
    """Say that `reserved` is in force on its site from here on."""
    return leaf(RecordKind.RESERVATION, at, digest=reserved.digest(), set=reserved.value())


def reservation_digest(one: Record) -> str:
    """Return the digest of the set in a reservation record."""
    return sha256(canonical.encode(one.fields["set"])).hexdigest()
