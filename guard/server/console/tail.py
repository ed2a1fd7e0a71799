"""What has just come into the log?

The newest segment is read on from where it was left. A request is told of when it was decided, and once
more when its answer has ended; what may identify a person is not told.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from guard.errors import EvidenceError, LeafError
from guard.evidence import disclosure, record, segment
from guard.evidence.record import RecordKind
from guard.evidence.segment import Frame
from guard.store.log_files import LogFolder, open_folder

MOST: Final = 200
"""Events of one look; of more the oldest are left out."""
_TOLD: Final = ("claimed", "purpose", "identity", "action", "rendition", "rule", "site")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A request that was decided, or the end of its answer."""

    record: int
    at: int
    """Microseconds since 1970."""
    said: Mapping[str, Any]
    """Of a request what was decided and the path; of an end status and bytes."""


class Tail:
    """The end of one log. Not to be used by two threads at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._number = -1
        self._offset = 0
        self._next = 0

    def begin(self, known: int, commitments: list[str]) -> None:
        """Go to the end of the log.

        Args:
            known: The number of a request on record, a new one if it can be; -1 for none.
            commitments: Those of this record: by them it is found again.
        """
        folder = open_folder(self._directory)
        numbers = self._numbers(folder)
        for number in reversed(numbers):
            place = _place_of(folder, number, commitments) if known >= 0 else None
            if place is not None:
                self._number, (self._offset, self._next) = number, (place, known)
                break
        else:
            self._number, self._offset, self._next = (numbers[0] if numbers else 0), 0, 0
        for _ in self._events(folder, only_count=True):
            pass

    def look(self) -> list[Event]:
        """Return what is new."""
        folder = open_folder(self._directory)
        first = self._next
        events = list(self._events(folder))[-MOST:]
        wanted = {one.record for one in events if "path" in one.said}
        paths = dict(_paths(folder, first, wanted)) if wanted else {}
        return [
            Event(record=one.record, at=one.at, said={**one.said, "path": paths.get(one.record, "")})
            if "path" in one.said
            else one
            for one in events
        ]

    def _numbers(self, folder: LogFolder) -> list[int]:
        found = (segment.number(path.removeprefix("seg/")) for path in folder.names("seg"))
        return sorted(number for number in found if number is not None)

    def _events(self, folder: LogFolder, *, only_count: bool = False) -> Iterator[Event]:
        for number in self._numbers(folder):
            if number < self._number:
                continue
            if number > self._number:
                self._number, self._offset = number, 0
            path = self._directory / "log" / "seg" / segment.name(number)
            try:
                with path.open("rb") as opened:
                    opened.seek(self._offset)
                    data = opened.read()
            except OSError:
                return
            at = self._offset
            for one in segment.scan(data):
                if not isinstance(one, Frame):
                    break  # it is being written; the next look finds it whole
                self._offset = at + one.end
                index, self._next = self._next, self._next + 1
                if not only_count and (event := _event(index, one.leaf)) is not None:
                    yield event


def _event(index: int, leaf: bytes) -> Event | None:
    if b'"kind":"req"' not in leaf and b'"kind":"end"' not in leaf:
        return None
    try:
        one = record.read(leaf)
    except LeafError:
        return None
    if one.kind is RecordKind.END:
        said = {"status": one.fields["status"], "bytes": one.fields["bytes"]}
        return Event(record=one.fields["req"], at=one.at, said=said)
    if one.kind is RecordKind.REQUEST:
        told = {name: one.fields[name] for name in _TOLD}
        return Event(record=index, at=one.at, said={**told, "path": ""})
    return None


def _place_of(folder: LogFolder, number: int, commitments: list[str]) -> int | None:
    """Return where in a segment the request with these commitments lies."""
    needle = commitments[0].encode() if commitments else b""
    data = folder.read(f"seg/{segment.name(number)}") or b""
    if not needle or needle not in data:
        return None
    return next((one.offset for one in segment.scan(data) if isinstance(one, Frame) and needle in one.leaf), None)


def _paths(folder: LogFolder, first: int, wanted: set[int]) -> Iterator[tuple[int, str]]:
    """Yield the paths of these records, as far as they are still disclosed, without their queries."""
    try:
        for leaf, _, data in folder.disclosures(first) or ():
            if leaf in wanted:
                group, value = disclosure.read(data)
                if group == disclosure.Group.TARGET.value and isinstance(value, dict):
                    yield leaf, str(value.get("path", ""))
    except (EvidenceError, LeafError, sqlite3.Error):
        return
