"""What has been added to a log since somebody looked last?

Whoever follows a log keeps a place in it and goes on from there, however long ago that was: only what is new is read,
and only up to the newest checkpoint, so that nothing is passed on that could still be taken back by a crash. Reads
only; a log that somebody is writing to is followed all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from guard.errors import EvidenceError, LogDamagedError, UsageError
from guard.evidence import segment
from guard.evidence.checkpoint import Checkpoint, CheckpointError, unsigned
from guard.evidence.merkle import leaf_hash
from guard.evidence.segment import HEAD_SIZE, LARGEST_LEAF, Frame
from guard.evidence.verify import cut_by_next
from guard.store.anchor_files import read_checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far somebody has read."""

    next: int = 0
    """Index of the leaf that comes next."""
    segment: int = 0
    offset: int = 0
    """Where its frame begins, or where the segment ends."""


class Followed(NamedTuple):
    """One leaf, its index in the log, and the place behind it."""

    number: int
    leaf: bytes
    after: Place


def head(log: Path) -> Checkpoint:
    """Return what the newest checkpoint of the `log/` folder says.

    Raises:
        EvidenceError: There is none yet, or it is none.
    """
    try:
        return unsigned(read_checkpoint(log))
    except CheckpointError as error:
        raise LogDamagedError(str(log / "checkpoint"), str(error)) from None


def follow(log: Path, place: Place, size: int | None = None) -> Iterator[Followed]:
    """Yield the leaves from `place` on, of the first `size` records; None: as many as there are.

    Leaves whose bytes were changed are counted and left out: `guard evidence verify` names them.

    Raises:
        LogDamagedError: A segment is missing, or nobody can say where the next leaf begins.
    """
    index, number, start = place.next, place.segment, place.offset
    while size is None or index < size:
        file = log / "seg" / segment.name(number)
        following = log / "seg" / segment.name(number + 1)
        # First: a writer makes it only when it has left this one for good. Its first record says where this one ends.
        after = _read(following, 0, HEAD_SIZE + LARGEST_LEAF)
        base = start
        data = _read(file, base)
        if data is None:
            if size is None and start == 0:
                return
            raise LogDamagedError(str(file), "missing or not readable")
        dead = cut_by_next(number, after)
        end = len(data) if dead is None else min(max(0, dead - base), len(data))
        at: int | None = 0
        while at is not None:
            begin, at = at, None
            for one in segment.scan(data, begin, end):
                if size is not None and index >= size:
                    return
                if isinstance(one, Frame):
                    index, start = index + 1, base + one.end
                    yield Followed(index - 1, one.leaf, Place(next=index, segment=number, offset=start))
                elif one.resume is not None:
                    index, at = index + 1, one.resume
                elif after is not None:
                    raise LogDamagedError(str(file), f"{one.flaw}, at byte {base + one.offset}")
        if after is None:
            if size is not None and index < size:
                raise LogDamagedError(str(file), f"ends before record {index}, which is signed")
            return
        number, start = number + 1, 0


def is_there(log: Path, place: Place, newest: bytes) -> bool:
    """Tell whether the leaf before `place` is still the one whose leaf hash is `newest`; at the beginning it is."""
    if place.next == 0:
        return True
    data = _read(log / "seg" / segment.name(place.segment))
    if data is None or not 0 < place.offset <= len(data):
        return False
    # Its frame ends at the place, and the hash is beside it.
    hashed = data.rfind(newest, 0, place.offset)
    start = hashed + len(newest)
    return hashed >= 0 and leaf_hash(data[start : place.offset]) == newest


def log_of(directory: Path) -> Path:
    """Return the `log/` folder of an evidence directory, or of that folder itself.

    Raises:
        UsageError: There is none.
    """
    for log in (directory / "log", directory):
        if (log / "seg").is_dir():
            return log
    raise UsageError(f"{directory} is no evidence directory: expected a folder with log/seg/ in it")


def _read(file: Path, offset: int = 0, most: int = -1) -> bytes | None:
    try:
        with file.open("rb") as opened:
            opened.seek(offset)
            return opened.read(most)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EvidenceError(f"{file} can not be read: {(error.strerror or str(error)).lower()}") from None
