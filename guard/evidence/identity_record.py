"""What does a record say about a document by which a crawler's claim was held to be true?

The operator's list of addresses, or the directory of keys that sign its requests: the bytes as they
were used lie in the blob of this digest, and requests that were judged by them name it. What
an operator publishes changes; whoever asks in two years what it was that day can look.
"""

from dataclasses import dataclass
from enum import StrEnum

from guard.evidence.record import RecordKind, leaf
from guard.evidence.text import escape


class SourceKind(StrEnum):
    """What a document holds."""

    ADDRESSES = "addresses"
    KEYS = "keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document and where it is from."""

    what: SourceKind
    name: str
    """The list's name in the rules, or the directory's address."""
    url: str
    """Where it was read; for people, if there is more than one."""
    fetched: int
    """When, in microseconds since 1970; 0 where nobody wrote it down."""
    data: bytes


def source(*, at: int, used: Source, digest: str) -> bytes:
    """Say that claims are held against this document, the blob `digest`, from here on."""
    return leaf(
        RecordKind.IDENTITY, at, fetched=used.fetched, name=escape(used.name), sha256=digest, url=escape(used.url),
        what=used.what.value,
    )  # fmt: skip
