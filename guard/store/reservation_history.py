"""What did a site tell crawlers, and from when to when?

The evidence log has the answer already: a `rsv` record for every set that came into force, and its
documents as blobs. Here they are read in the order of the log. A set that comes into force again
while it is in force (a restart, a second worker) is one version. What was in force while no guard
ran nobody can say; nothing was served by it then.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from guard.errors import LeafError, LogDamagedError, UsageError
from guard.evidence import canonical, record
from guard.evidence.record import RecordKind
from guard.evidence.reservation_record import Document
from guard.store.log_files import LogFolder, open_folder
from guard.store.record_finder import leaves

_RESERVATION: Final = b'"kind":"rsv"'
SHORTEST: Final = 6
"""Hex digits by which a digest may be called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One set, as long as it was in force without another in between."""

    index: int
    """Of the record that says so."""
    site: str
    since: int
    """Microseconds since 1970, UTC."""
    until: int
    """When another came into force; 0 while none has."""
    digest: str
    documents: tuple[Document, ...]
    """By path."""
    headers: tuple[tuple[str, str], ...]
    content: bytes
    """The set as its digest names it: canonical JSON."""

    def document(self, path: str) -> Document | None:
        """Return the document at `path`, which may be given without its folder (`robots.txt`)."""
        for one in self.documents:
            if one.path == path or one.path.endswith(f"/{path.removeprefix('/')}"):
                return one
        return None


class History:
    """All versions in one evidence directory."""

    def __init__(self, path: Path) -> None:
        """Read the log at `path`.

        Raises:
            UsageError: There is no log.
            LogDamagedError: It can not be read so far.
        """
        self._folder: LogFolder = open_folder(path)
        self.versions = tuple(_versions(self._folder))
        """In the order of the log."""
        self._before: dict[int, Version] = {}
        latest: dict[str, Version] = {}
        for one in self.versions:
            if one.site in latest:
                self._before[one.index] = latest[one.site]
            latest[one.site] = one

    def before(self, version: Version) -> Version | None:
        """Return the version of the same site that was in force before."""
        return self._before.get(version.index)

    def of(self, site: str) -> tuple[Version, ...]:
        """Return the versions of one site, or of all for an empty name."""
        return tuple(one for one in self.versions if not site or one.site == site)

    def at(self, moment: int, site: str = "") -> tuple[Version, ...]:
        """Return what was in force at `moment`, microseconds since 1970: one version a site."""
        return tuple(one for one in self.of(site) if one.since <= moment and (not one.until or moment < one.until))

    def find(self, digest: str) -> Version | Document:
        """Return the set or document whose digest begins so.

        Raises:
            UsageError: There is none, or more than one.
        """
        wanted = digest.lower()
        if len(wanted) < SHORTEST:
            raise UsageError(f"'{digest}' is too short: give at least {SHORTEST} digits of the digest")
        found: dict[str, Version | Document] = {}
        for version in self.versions:
            if version.digest.startswith(wanted):
                found[version.digest] = version
            found |= {one.sha256: one for one in version.documents if one.sha256.startswith(wanted)}
        if not found:
            raise UsageError(f"no version and no document has a digest that begins with '{digest}'")
        if len(found) > 1:
            raise UsageError(f"{len(found)} digests begin with '{digest}'; give more of it")
        return next(iter(found.values()))

    def body(self, document: Document) -> bytes:
        """Return the exact bytes of a document.

        Raises:
            LogDamagedError: They are missing, or not those that were recorded.
        """
        data = self._folder.read(f"blobs/{document.sha256}")
        if data is None or sha256(data).hexdigest() != document.sha256:
            raise LogDamagedError(
                f"log/blobs/{document.sha256}", f"not the bytes of {document.path} that were recorded"
            )
        return data


def _versions(folder: LogFolder) -> Iterator[Version]:
    latest: dict[str, int] = {}
    found: list[Version] = []
    for index, leaf in leaves(folder):
        one = _read(index, leaf)
        if one is None:
            continue
        before = latest.get(one.site)
        if before is not None and found[before].digest == one.digest:
            continue
        if before is not None:
            found[before] = replace(found[before], until=one.since)
        latest[one.site] = len(found)
        found.append(one)
    return iter(found)


def _read(index: int, leaf: bytes) -> Version | None:
    if _RESERVATION not in leaf:
        return None
    try:
        one = record.read(leaf)
    except LeafError:
        return None
    if one.kind is not RecordKind.RESERVATION:
        return None
    said = one.fields["set"]
    return Version(
        index=index,
        site=said["site"],
        since=one.at,
        until=0,
        digest=one.fields["digest"],
        documents=tuple(Document(**document) for document in said["documents"]),
        headers=tuple((name, value) for name, value in said["headers"]),
        content=canonical.encode(said),
    )


def changed(before: Version | None, after: Version) -> tuple[str, ...]:
    """Return what differs between two versions: paths of documents, and `headers`."""
    if before is None:
        return tuple(one.path for one in after.documents)
    old = {one.path: one.sha256 for one in before.documents}
    new = {one.path: one.sha256 for one in after.documents}
    paths: Iterable[str] = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    return (*paths, *(("headers",) if before.headers != after.headers else ()))
