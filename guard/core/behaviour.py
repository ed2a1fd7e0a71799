"""What is remembered of a client?

A record of fixed size that is handed in and handed back as bytes; whoever keeps it need not understand it. No
address, no path and no header line is in it, only counts, hashes of a few bits and times. Counters fade: what was seen
a memory ago counts 1/e. Records are in the machine's own byte order and are not for other machines.
"""

from dataclasses import dataclass
from math import exp, log
from struct import Struct
from typing import Final

from guard.core import robots_standing
from guard.core.robots_standing import RobotsStanding
from guard.core.signals import SIGNALS, Memory

VERSION: Final = 2

# Indexes into the counters. Up to RATE_END they fade with the memory for rates, up to VISITS_END with that for visits.
FULL_RATE, REFUSED, RATE_END = 0, 1, 2
FULL, PAGES, PARTS, LOOSE, NO_REFERER, NAVIGATED, EMBEDDED = 2, 3, 4, 5, 6, 7, 8
HEADS, ERRORS, ASKED, NEIGHBOURS, REVISITS, ROTATIONS, SIZES, VISITS_END = 9, 10, 11, 12, 13, 14, 15, 16
GAP_MEAN, GAP_VARIANCE, GAPS, SCORE = 16, 17, 18, 19
PICTURE_SUM, PICTURE_ZEROS, ALBUM_SUM, ALBUM_ZEROS, COUNTERS = 20, 21, 22, 23, 24
LEVELS = COUNTERS
VALUES = COUNTERS + len(SIGNALS)

_REGISTERS: Final = 64
_RECORD: Final = Struct(f"=BBxxIIIIiddddd{VALUES}f{_REGISTERS}s{_REGISTERS}s{robots_standing.SIZE}s")
_GAP_WEIGHT: Final = 0.2
_MOST: Final = 0xFFFFFFFF
SIZE: Final = _RECORD.size
_NOTHING: Final = [0.0] * VALUES


class Past:
    """A client's record while it is being worked on."""

    __slots__ = ("albums", "decoys", "faded", "first", "full_seen", "hard_at", "last", "last_full", "last_number",
                 "last_stem", "pictures", "places", "seen", "told", "user_agent", "values")  # fmt: skip

    def __init__(self, at: float) -> None:
        self.first = self.last = self.faded = at
        self.last_full = 0.0
        self.hard_at = 0.0
        """Unix seconds when a hard fact was last seen; 0 for never."""
        self.decoys = 0
        self.seen = 0
        """Requests."""
        self.full_seen = 0
        """Pictures of display size and up."""
        self.last_number = -1
        """The last number in the address of the last picture; -1 for none."""
        self.last_stem = 0
        """What stands for the last picture whatever its size; 0 where its address names no size."""
        self.user_agent = 0
        self.places: list[int] | None = None
        """Where in `values` there are levels, once somebody has asked: most clients have two or three of thirty."""
        self.values = _NOTHING.copy()
        self.values[PICTURE_SUM] = self.values[PICTURE_ZEROS] = _REGISTERS
        self.values[ALBUM_SUM] = self.values[ALBUM_ZEROS] = _REGISTERS
        self.pictures = bytearray(_REGISTERS)
        self.albums = bytearray(_REGISTERS)
        self.told = bytearray(robots_standing.SIZE)
        """Which robots.txt it was served; see `robots_standing`."""

    @classmethod
    def from_bytes(cls, record: bytes | None, at: float) -> "Past":
        """Read a record; one of another version, another size or none at all is a client never seen."""
        if record is None or len(record) != SIZE or record[0] != VERSION:
            return cls(at)
        past = cls.__new__(cls)
        (
            _, past.decoys, past.seen, past.full_seen, past.user_agent, past.last_stem, past.last_number,
            past.first, past.last, past.faded, past.last_full, past.hard_at, *values, pictures, albums, told,
        ) = _RECORD.unpack(record)  # fmt: skip
        past.places = None
        past.values = values
        past.pictures, past.albums, past.told = bytearray(pictures), bytearray(albums), bytearray(told)
        return past

    def to_bytes(self) -> bytes:
        """Write the record: SIZE bytes."""
        return _RECORD.pack(
            VERSION, self.decoys, min(self.seen, _MOST), min(self.full_seen, _MOST), self.user_agent, self.last_stem,
            self.last_number, self.first, self.last, self.faded, self.last_full, self.hard_at, *self.values,
            self.pictures, self.albums, self.told,
        )  # fmt: skip

    def advance(self, at: float, memory: Memory) -> float:
        """Let everything fade up to `at` and return the seconds since the last request.

        A clock that jumps back is believed, and nothing fades; one that jumps ahead makes us forget.
        """
        gap = max(0.0, at - self.last)
        self.last = at
        elapsed = at - self.faded
        if elapsed < 0:
            self.faded = at
        elif elapsed >= 1:
            self.faded = at
            self._fade(elapsed, memory)
        return gap

    def _fade(self, seconds: float, memory: Memory) -> None:
        values = self.values
        rate, visits, score = exp(-seconds / memory.rate), exp(-seconds / memory.visits), exp(-seconds / memory.score)
        values[:VISITS_END] = [
            *[value * rate for value in values[:RATE_END]],
            *[value * visits for value in values[RATE_END:VISITS_END]],
        ]
        values[SCORE] *= score
        for place in self.levels():
            values[place] *= score

    def levels(self) -> list[int]:
        """Return where in `values` there is a level that is not nothing; in no order."""
        if self.places is None:
            values = self.values
            self.places = [place for place in range(LEVELS, VALUES) if values[place]]
        return self.places

    def raise_level(self, index: int, step: float, weight: float) -> bool:
        """Bring the level of a signal a step nearer to its weight; tell whether that changed it."""
        place, values = LEVELS + index, self.values
        before = values[place]
        level = before + step
        if (level > weight) if weight > 0 else (level < weight):
            level = weight
        if level == before:
            return False
        values[place] = level
        if not before and self.places is not None:
            self.places.append(place)
        return True

    def time_gap(self, seconds: float) -> None:
        """Take the gap between two pictures into the moving mean and variance of its logarithm."""
        values = self.values
        x = log(seconds)
        difference = x - values[GAP_MEAN] if values[GAPS] else 0.0
        if not values[GAPS]:
            values[GAP_MEAN] = x
        values[GAP_MEAN] += _GAP_WEIGHT * difference
        values[GAP_VARIANCE] = (1 - _GAP_WEIGHT) * (values[GAP_VARIANCE] + _GAP_WEIGHT * difference * difference)
        values[GAPS] = min(values[GAPS] + 1, 1e6)

    def add_picture(self, picture: int) -> bool:
        """Count a picture by its 64-bit id; tell whether it was surely not seen before."""
        return _add(self.pictures, self.values, PICTURE_SUM, PICTURE_ZEROS, picture)

    def add_album(self, album: int) -> bool:
        """Count an album by its 64-bit id; tell whether it was surely not seen before."""
        return _add(self.albums, self.values, ALBUM_SUM, ALBUM_ZEROS, album)

    @property
    def distinct_pictures(self) -> float:
        """About how many different pictures of display size and up were taken, ever; off by 13 % (one sigma)."""
        return _estimate(self.values[PICTURE_SUM], self.values[PICTURE_ZEROS])

    @property
    def distinct_albums(self) -> float:
        """About how many different albums they are from."""
        return _estimate(self.values[ALBUM_SUM], self.values[ALBUM_ZEROS])


def _add(registers: bytearray, values: list[float], total: int, zeros: int, number: int) -> bool:
    """Add to a HyperLogLog sketch (Flajolet et al. 2007) and keep its sum of 2^-register up to date."""
    place = number & 63
    rank = 33 - ((number >> 6) & 0xFFFFFFFF).bit_length()
    before = registers[place]
    if rank <= before:
        return False
    registers[place] = rank
    values[total] += 2.0**-rank - 2.0**-before
    if not before:
        values[zeros] -= 1
    return True


def _estimate(total: float, zeros: float) -> float:
    estimate = 0.709 * _REGISTERS * _REGISTERS / max(total, 1e-9)
    return _REGISTERS * log(_REGISTERS / zeros) if zeros > 0.5 and estimate < 2.5 * _REGISTERS else estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a record tells to whoever explains a decision, or holds a client to its robots.txt."""

    first: float
    """Unix seconds of the first request."""
    last: float
    requests: int
    pictures: int
    """Of display size and up."""
    distinct_pictures: float
    """About so many of them are different."""
    decoys: int
    robots: RobotsStanding | None
    """Which robots.txt of the host it was served, and how it kept to it; None if it was served none."""


def summary(record: bytes | None, host: str = "") -> Summary | None:
    """Return what `record` tells, of robots.txt that of `host`; None for a client never seen."""
    if record is None or len(record) != SIZE or record[0] != VERSION:
        return None
    past = Past.from_bytes(record, 0)
    return Summary(
        first=past.first,
        last=past.last,
        requests=past.seen,
        pictures=past.full_seen,
        distinct_pictures=past.distinct_pictures,
        decoys=past.decoys,
        robots=robots_standing.standing(past.told, host),
    )
