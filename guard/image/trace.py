"""Whose copy is a found picture?

Each issued mark id has its chips. If a found picture's soft chips are r and an id's chips are
c (±1), then z = Σ c·r / √Σ r². For an id that this copy was *not* issued under, the chips are
coin flips that have nothing to do with r, whatever was done to the picture and however well it
was registered. So by Hoeffding's inequality P(z ≥ t) ≤ exp(-t²/2), and of n ids tried over p
pairs of a found picture and an original, one reaches t by chance with at most n·p·exp(-t²/2).
"""

from collections.abc import Sequence
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from guard.image import pack, soft_chips
from guard.image.chips import chips, seed_of_signs
from guard.image.pattern import UNIT, Strength
from guard.image.registration import Found, Reference, hypotheses
from guard.image.soft_chips import Mark, Reading
from guard.image.visible_mark import VisibleMark

FALSE_ACCUSATION = 1e-9
"""How likely it may be, at most, that any innocent id reaches the threshold by chance."""
SMALLEST = 1e-300
"""What a bound is at least said to be: numbers below it get lost in a computer, and nobody asks for less."""


class Original:
    """A rendition as the upstream sent it, ready to have copies traced to it."""

    def __init__(
        self, data: bytes, key: bytes, strength: Strength | None = None, *, visible_mark: VisibleMark | None = None
    ) -> None:
        """Take the upstream's bytes, the mark key, and what was drawn over copies before they were marked.

        Raises:
            PictureError: No copy of it can have been marked.
        """
        source = pack.read(data)
        rendition = pack.Rendition.of(data)
        if visible_mark is not None:
            source = pack.drawn_on(source, visible_mark, rendition)
        self.rendition = rendition.digest
        self._key = key
        seed = seed_of_signs(key, rendition.digest)
        grid, luma, change = pack.mark_of(source, rendition, seed, strength or Strength())
        shown = np.s_[: grid.height, : grid.width]
        self.reference = Reference(np.ascontiguousarray(luma[shown]))
        self.mark = Mark(difference=(change[shown] / np.float32(UNIT)).astype(np.float32), grid=grid)

    def read(self, found: Found) -> Reading | None:
        """Return what `found` says about each chip; None where it does not show this original."""
        return soft_chips.read(found, self.reference, self.mark, hypotheses(found, self.reference))

    def scores(self, soft: NDArray[np.float64], mark_ids: Sequence[bytes]) -> NDArray[np.float64]:
        """Return z of each id; shape (ids,)."""
        norm = sqrt(float((soft**2).sum())) or 1.0
        total = float(soft.sum())
        found = np.empty(len(mark_ids))
        count = self.mark.grid.chips
        for start in range(0, len(mark_ids), _BATCH):
            batch = mark_ids[start : start + _BATCH]
            coins = b"".join([chips(self._key, self.rendition, mark_id, count) for mark_id in batch])
            matrix = np.frombuffer(coins, np.uint8).reshape(len(batch), count)
            found[start : start + len(batch)] = (2 * (matrix @ soft) - total) / norm
        return found


_BATCH = 512


def threshold(ids: int, pairs: int, risk: float = FALSE_ACCUSATION) -> float:
    """Return the z that `ids` innocent ids over `pairs` of found picture and original reach with at most `risk`."""
    return sqrt(2 * log(max(ids, 1) * max(pairs, 1) / risk))


def bound(z: float, ids: int, pairs: int) -> float:
    """Return the highest chance that any of them reaches `z` by coincidence; never less than `SMALLEST`."""
    return max(SMALLEST, min(1.0, max(ids, 1) * max(pairs, 1) * exp(-(z**2) / 2))) if z > 0 else 1.0


class Together:
    """Adds up what several found pictures say about the same ids, all by one key.

    Two found pictures of one original carry the same chips, so what they say is added chip by chip before anything
    is squared: else the same coincidence would count twice, and a second copy of one file would raise z.
    """

    def __init__(self, ids: int) -> None:
        """Take the number of ids that were issued."""
        self._totals = np.zeros(ids)
        self._soft: dict[bytes, NDArray[np.float64]] = {}

    def add(self, rendition: bytes, soft: NDArray[np.float64], scores: NDArray[np.float64]) -> None:
        """Add a picture: the original that it shows, its soft chips, and z of each id."""
        self._totals += scores * sqrt(float((soft**2).sum()))
        known = self._soft.get(rendition)
        self._soft[rendition] = soft.copy() if known is None else known + soft

    def scores(self) -> NDArray[np.float64]:
        """Return z of each id over all pictures; shape (ids,)."""
        norm = sqrt(sum(float((one**2).sum()) for one in self._soft.values())) or 1.0
        return self._totals / norm
