"""What of the segments on disk is the log, after whatever ended the last recorder?

Everything up to the newest signed size must be there and hash to what was signed; else the
log was changed, and nothing may be written to it again. Beyond that size a torn end is what
a crash leaves: it is cut off, and a `rec` record will say how much and what it was.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from guard.errors import LeafError, LogHistoryError
from guard.evidence import record, reservation_record, segment
from guard.evidence.merkle import EMPTY_ROOT, Frontier
from guard.evidence.segment import Damage, Frame
from guard.evidence.tile import Tile, TileRows
from guard.evidence.verify import cut_by_next
from guard.store.durable import sync_folder

WHAT_TO_DO: Final = (
    "nothing more is written to this log; keep the evidence directory as it is, see what `guard evidence verify` "
    "says, then move it away: a new log begins at the next start"
)
_RESERVATION: Final = b'"kind":"rsv"'
_KEY: Final = b'"kind":"key"'
"""Quotes inside a JSON string are escaped, so these bytes are a member; which one is seen by reading the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A size and root that someone vouched for."""

    size: int
    root: bytes
    place: str
    """The file that says so."""
    excuse: str
    """What it most likely means if the log does not go that far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A torn end that was cut off."""

    segment: int
    offset: int
    size: int
    digest: str


@dataclass(slots=True, kw_only=True)
class Recovered:
    """The log as it is on disk."""

    tree: Frontier
    rows: TileRows
    reservations: set[str]
    """Digests of the reservation sets on record."""
    newest_key: str
    """That the log is signed with, as its newest record of a key says; empty without one."""
    segment: int
    """Number of the segment to go on with."""
    offset: int
    """Its length; 0 if it does not exist yet."""
    size_in_bytes: int
    cut: Cut | None


def recover(folder: Path, signed: Sequence[Signed], tile: Callable[[Tile, bytes], None]) -> Recovered:
    """Read all segments in `folder`, cut off a torn end, and pass each full tile to `tile`.

    Raises:
        LogHistoryError: What is there is not what one of `signed` says, or damaged where no crash can have done it.
    """
    return _Recovery(folder, signed, tile).run()


class _Recovery:
    def __init__(self, folder: Path, signed: Sequence[Signed], tile: Callable[[Tile, bytes], None]) -> None:
        self._folder = folder
        self._signed = signed
        self._tile = tile
        self._wanted = {one.size for one in signed}
        self._roots = {0: EMPTY_ROOT}
        self._rows = TileRows()
        self._tree = self._rows.tree
        self._reservations: set[str] = set()
        self._newest_key = ""

    def run(self) -> Recovered:
        numbers = self._numbers()
        total, offset = 0, 0
        damage: Damage | None = None
        data: bytes = self._read(numbers[0]) if numbers else b""
        for number in numbers:
            after = self._read(number + 1) if number < numbers[-1] else None
            offset, damage = self._segment(number, data, after)
            if damage is not None and after is not None and not self._is_aborted(number, numbers):
                raise self._damaged(number, f"{damage.flaw} at byte {offset}, and a further segment follows")
            total += offset
            if damage is not None:
                self._check_signed(f"{damage.flaw} at byte {damage.offset} of {self._path(number)}")
                cut = self._cut(number, offset, data, numbers)
                return self._result(number, offset, total, cut)
            data = after or b""
        self._check_signed("the segments end there")
        last = numbers[-1] if numbers else 0
        return self._result(last, offset, total, None)

    def _result(self, number: int, offset: int, total: int, cut: Cut | None) -> Recovered:
        return Recovered(
            tree=self._tree,
            rows=self._rows,
            reservations=self._reservations,
            newest_key=self._newest_key,
            segment=number,
            offset=offset,
            size_in_bytes=total,
            cut=cut,
        )

    def _path(self, number: int) -> Path:
        return self._folder / segment.name(number)

    def _read(self, number: int) -> bytes:
        return self._path(number).read_bytes()

    def _numbers(self) -> list[int]:
        found = (segment.number(path.name) for path in self._folder.iterdir())
        numbers = sorted(number for number in found if number is not None)
        if numbers != list(range(len(numbers))):
            missing = min(set(range(len(numbers))) - set(numbers))
            raise self._damaged(missing, "missing, though later segments are there")
        return numbers

    def _segment(self, number: int, data: bytes, after: bytes | None) -> tuple[int, Damage | None]:
        """Take the frames of one segment in; return where they end, and why if that is not the end of the file."""
        offset = 0
        for one in segment.scan(data, 0, cut_by_next(number, after)):
            if isinstance(one, Damage):
                return offset, one
            self._take(one)
            offset = one.end
        return offset, None

    def _take(self, frame: Frame) -> None:
        for place, data in self._rows.push(frame.hash):
            self._tile(place, data)
        if self._tree.size in self._wanted:
            self._roots[self._tree.size] = self._tree.root()
        if _RESERVATION in frame.leaf or _KEY in frame.leaf:
            try:
                one = record.read(frame.leaf)
            except LeafError:
                return  # `verify` names it; it does not keep the log from going on
            if one.kind is record.RecordKind.RESERVATION:
                self._reservations.add(reservation_record.reservation_digest(one))
            elif one.kind is record.RecordKind.KEY:
                self._newest_key = one.fields["vkey"]

    def _is_aborted(self, number: int, numbers: Sequence[int]) -> bool:
        """Say whether only segments without one whole frame follow: begun after a failed write, then a crash."""
        following = [one for one in numbers if one > number]
        return all(not isinstance(next(segment.scan(self._read(one)), None), Frame) for one in following)

    def _check_signed(self, why: str) -> None:
        for one in self._signed:
            root = self._roots.get(one.size)
            if root is None:
                raise LogHistoryError(
                    one.place,
                    f"says {one.size} records, but the log has {self._tree.size}: {why}; {one.excuse}; {WHAT_TO_DO}",
                )
            if root != one.root:
                raise LogHistoryError(
                    one.place, f"the first {one.size} records are not those that were signed; {WHAT_TO_DO}"
                )

    def _cut(self, number: int, offset: int, data: bytes, numbers: Sequence[int]) -> Cut:
        removed = sha256(data[offset:])
        size = len(data) - offset
        for later in (one for one in reversed(numbers) if one > number):
            tail = self._read(later)
            removed.update(tail)
            size += len(tail)
            self._path(later).unlink()
        descriptor = os.open(self._path(number), os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(descriptor, offset)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(self._folder)
        return Cut(segment=number, offset=offset, size=size, digest=removed.hexdigest())

    def _damaged(self, number: int, reason: str) -> LogHistoryError:
        return LogHistoryError(str(self._path(number)), f"{reason}; {WHAT_TO_DO}")
