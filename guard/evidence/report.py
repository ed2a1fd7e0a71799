"""What did a verification find, and what does it need to read?

A *fault* is a contradiction; a *note* is what a reader should know and is no contradiction.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from guard.evidence.anchor import Anchor

MOST_FAULTS: Final = 100
"""A log with more than these is not looked at for further details; they are counted."""


class LogFiles(Protocol):
    """A log directory that can be read. Paths are relative to it and use `/`."""

    def read(self, path: str) -> bytes | None:
        """Return the whole file; None if there is none or it can not be read."""

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the paths of all files below `folder`, sorted; without those whose name begins with a dot."""

    def disclosures(self) -> Iterator[tuple[int, str, bytes]] | None:
        """Return the side store's rows, leaf index, group and bytes, by index; None if there is no side store.

        Iterating raises EvidenceError where the store can not be read further.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFault:
    """One contradiction."""

    place: str
    """The file and, where it is known, the record's index."""
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What verification found."""

    holds: bool
    origin: str
    vkey: str
    records: int
    kinds: tuple[tuple[str, int], ...]
    """How many records there are of each kind, by kind."""
    segments: int
    checkpoints: int
    signed_records: int
    """How many records the newest checkpoint covers."""
    unsigned_records: int
    unsigned_bytes: int
    """Bytes after the last whole record."""
    first_at: int
    """Microseconds since 1970 of the first record; 0 if there is none."""
    last_at: int
    disclosed: int
    """Commitments whose values are there and match."""
    undisclosed: int
    """Commitments whose values are not there."""
    faults: tuple[LogFault, ...]
    more_faults: int
    """Faults beyond those listed."""
    notes: tuple[str, ...]
    anchors: tuple[Anchor, ...] = ()
    """What others vouch for, by size; only what holds."""


@dataclass(slots=True)
class Findings:
    """Faults and notes, as they come up."""

    faults: list[LogFault] = field(default_factory=list)
    more_faults: int = 0
    notes: list[str] = field(default_factory=list)

    def fault(self, place: str, reason: str) -> None:
        """Add a contradiction."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(LogFault(place=place, reason=reason))
        else:
            self.more_faults += 1

    def note(self, text: str) -> None:
        """Add something a reader should know."""
        self.notes.append(text)
