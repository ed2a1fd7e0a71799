"""What do found pictures, the owner's originals and the ids that were issued say together?

Every found picture is held against the originals that it may show, once for each key that may have
marked them; each such pair counts towards the threshold. The original is chosen by what it leaves
unexplained and how much the chips say, before any id is tried. That does not tell the right key from
a wrong one, whose pattern finds as much in what an encoder left; so the key is chosen by the highest z,
which the count of pairs covers, and what several pictures say is added up for each key apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from guard.image.archive import Archive
from guard.image.luma import luma_of
from guard.image.originals import Known, Originals
from guard.image.registration import Found, Matrix
from guard.image.soft_chips import Reading
from guard.image.trace import Original, Together, bound, threshold
from guard.image.visible_mark import VisibleMark

_AS_GOOD: Final = 1.15
"""An original that leaves not more than so many times as much unexplained as the best may be the one as well."""
CHART: Final = np.linspace(-8, 8, 65)
"""Edges of the bins in which z of the ids is counted for a chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How well all the ids agree with a picture."""

    winner: int
    """Index of the id with the highest z."""
    z: float
    others: NDArray[np.int64]
    """How many of the other ids have a z in each bin of `CHART`; what lies beyond is in the outer ones."""
    next: float | None
    """The highest z of another id; None where there is no other."""

    @classmethod
    def of(cls, scores: NDArray[np.float64]) -> "Agreement":
        """Return it for z of each id, of which there is at least one."""
        winner = int(scores.argmax())
        rest = np.delete(scores, winner)
        return cls(
            winner=winner,
            z=float(scores[winner]),
            others=np.histogram(rest.clip(CHART[0], CHART[-1]), CHART)[0],
            next=float(rest.max()) if len(rest) else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Which original a found picture shows best."""

    original: str
    """Its name."""
    rendition: bytes
    """Its SHA-256."""
    key: int
    """Index of the key with which an id agrees best."""
    agreement: Agreement
    likeness: float
    """How well it agrees with what the original shows there, up to 1."""
    map: Matrix
    """Takes its pixels, mirrored first if `mirrored`, to the original's (see `registration`)."""
    mirrored: bool


@dataclass(slots=True)
class Tracer:
    """Holds found pictures against originals and ids."""

    originals: Originals
    keys: Sequence[bytes]
    """Those that may have marked copies."""
    ids: Sequence[bytes]
    visible_marks: Sequence[VisibleMark] = ()
    """What copies may have across them: each original is compared with and without."""
    pairs: int = 0
    """How many found pictures were compared with how many originals and keys, so far."""
    pictures: int = 0
    """How many of the found pictures show one of the originals."""
    _archives: tuple[Archive, ...] = field(init=False)
    """For each key."""
    _together: tuple[Together, ...] = field(init=False)
    """For each key."""

    def __post_init__(self) -> None:
        self._archives = tuple(Archive(key) for key in self.keys)
        self._together = tuple(Together(len(self.ids)) for _ in self.keys)

    def look(self, data: bytes) -> Sighting | None:
        """Take in one found picture; None where it shows none of the originals. No picture may come twice.

        Raises:
            PictureError: It can not be read.
        """
        found = Found(luma_of(data))
        likely = self.originals.candidates(found)
        seen = [one for key in range(len(self.keys)) if (one := self._with(key, found, likely)) is not None]
        self.pictures += bool(seen)
        return max(seen, key=lambda one: one.agreement.z, default=None)

    def _with(self, key: int, found: Found, likely: Sequence[Known]) -> Sighting | None:
        """Return which original a picture shows best if its copy was marked with this key."""
        readings: list[tuple[str, Original, Reading]] = []
        for known, drawn in product(likely, (None, *self.visible_marks)):
            original = self._archives[key].original(known, drawn)
            reading = original.read(found) if original is not None else None
            if original is None or reading is None:
                continue
            self.pairs += 1
            readings.append((known.name, original, reading))
        if not readings:
            return None
        # A wrong original leaves more unexplained; of several sizes of one picture, only the right one has the mark.
        least = min(reading.noise for _, _, reading in readings)
        fitting = [one for one in readings if one[2].noise <= _AS_GOOD * least]
        name, original, reading = max(fitting, key=lambda one: one[2].energy)
        scores = original.scores(reading.chips, self.ids)
        self._together[key].add(original.rendition, reading.chips, scores)
        return Sighting(
            original=name,
            rendition=original.rendition,
            key=key,
            agreement=Agreement.of(scores),
            likeness=reading.likeness,
            map=reading.map,
            mirrored=reading.mirrored,
        )

    def threshold(self) -> float:
        """Return the z that makes an id identified, counting every pair so far."""
        return threshold(len(self.ids), max(1, self.pairs))

    def bound(self, z: float) -> float:
        """Return the highest chance that anything among all that was tried reaches `z` by coincidence."""
        return bound(z, len(self.ids), max(1, self.pairs))

    def together(self) -> Agreement | None:
        """Return how the ids agree with all pictures at once; None where fewer than two say anything.

        With the key that says most; each key is one comparison more. Call it once, before asking for a threshold.
        """
        if self.pictures < 2:
            return None
        self.pairs += len(self.keys)
        return max((Agreement.of(one.scores()) for one in self._together), key=lambda one: one.z)
