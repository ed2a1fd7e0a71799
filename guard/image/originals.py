"""Which of the owner's originals may a found picture show?

Of each is kept what it is known by (see `described`). Where there are many, those that share most features with
the picture are looked up first, in an index over all of them, and only these are matched. Where features say
nothing, as in a sky, the ones that look alike at a glance are taken. The choice looks at pictures alone, never at a
mark.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from guard.image.described import DESCRIPTOR, Described, describe, glance
from guard.image.registration import Found, match, mirrored

FEW: Final = 12
"""Matching features below which a picture is also looked for by how it looks."""
FEW_ORIGINALS: Final = 24
"""So many are all matched, and all of them tried where nothing matches."""
_LIKELY: Final = 2
_AS_GOOD: Final = 0.4
"""So many of the best one's matches make one of a series likely as well."""
_VOTED: Final = 8
_ALIKE: Final = 4
_INDEXED: Final = 150
"""Features of an original that are in the index. The strongest 150 find as many crops of photographs as any 300."""
_NEIGHBOURS: Final = 12
"""Features that are looked up for each of the picture's: more than a series of shots has of one place."""
_DISTINCT: Final = 0.75
"""How much nearer one must be than the last of them, which is of another place, to count as a vote."""
_RESEMBLES: Final = 0.75
"""Correlation of two thumbnails from which pictures may be the same."""
_SAME: Final = 0.95
"""From which one may be a whole copy of the other."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """An original."""

    name: str
    described: Described
    read: Callable[[], bytes]
    """Gives its bytes again."""


class Originals:
    """The owner's originals, as the upstream served them."""

    def __init__(self) -> None:
        self._known: list[Known] = []
        self._index: tuple[Any, NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return len(self._known)

    def add(self, name: str, data: bytes, read: Callable[[], bytes]) -> None:
        """Take in an original; `read` gives its bytes again.

        Raises:
            PictureError: It can not be read.
        """
        self.take(name, describe(data), read)

    def take(self, name: str, described: Described, read: Callable[[], bytes]) -> None:
        """Take in an original of which this is known already."""
        self._known.append(Known(name=name, described=described, read=read))
        self._index = None

    def candidates(self, found: Found) -> list[Known]:
        """Return the originals that `found` may show, most likely first."""
        many = len(self._known) > FEW_ORIGINALS
        matched = []
        for one in self._voted(found) if many else self._known:
            fit = match(found, one.described.features)
            matched.append((fit.inliers if fit else 0, one))
        matched.sort(key=lambda pair: -pair[0])
        enough = max(FEW, _AS_GOOD * matched[0][0]) if matched else FEW
        likely = [one for inliers, one in matched[:_LIKELY] if inliers >= FEW]
        likely += [one for inliers, one in matched[_LIKELY:_VOTED] if inliers >= enough]
        if likely:
            # Of a series the right one need not match best, but a whole copy looks like it at a glance.
            return likely + [one for one in self._alike(found, _SAME)[:_LIKELY] if one not in likely]
        return self._alike(found, _RESEMBLES) if many else [one for _, one in matched]

    def _voted(self, found: Found) -> list[Known]:
        """Return those with most features that are nearest to one of the picture's."""
        votes = np.zeros(len(self._known), np.int64)
        index, owners = self._index or self._indexed()
        for flip in (False, True):
            descriptors = found.features(flip).descriptors
            if descriptors is None or len(owners) < _NEIGHBOURS:
                continue
            places, distances = index.knnSearch(descriptors, _NEIGHBOURS, params={"checks": 48})
            found_at = places >= 0  # else it gave up
            last = np.where(found_at, distances, 0).max(axis=1, keepdims=True)
            distinct = found_at & (distances < _DISTINCT**2 * last)
            # One vote of each feature for an original, however many of that are alike.
            pairs = np.unique(np.nonzero(distinct)[0] * len(votes) + owners[places[distinct]])
            votes = np.maximum(votes, np.bincount(pairs % len(votes), minlength=len(votes)))
        order = np.argsort(-votes, kind="stable")[:_VOTED]
        return [self._known[place] for place in order if votes[place] > 1]

    def _indexed(self) -> tuple[Any, NDArray[np.int64]]:
        """Make the index: randomised k-d trees over the strongest features of all (Silpa-Anan and Hartley 2008).

        With it comes for each feature the place of its original. Its distances are squared.
        """
        kept = [one.described.features.descriptors for one in self._known]
        counts = [0 if one is None else min(_INDEXED, len(one)) for one in kept]
        owners = np.repeat(np.arange(len(kept)), counts)
        parts = [one[:_INDEXED] for one in kept if one is not None]
        strongest = np.concatenate(parts or [np.zeros((1, DESCRIPTOR), np.uint8)], dtype=np.float32)
        trees: dict[str, bool | int | float | str] = {"algorithm": 1, "trees": 4}
        made: Any = getattr(cv2, "flann_Index")(strongest, trees)  # noqa: B009  # missing in the stubs
        self._index = made, owners
        return self._index

    def _alike(self, found: Found, least: float) -> list[Known]:
        """Return those that look most like the picture, or like the picture in a mirror, with that correlation."""
        shown = np.stack([glance(mirrored(found.luma, flip)) for flip in (False, True)])
        likeness = np.array([(one.described.glances @ shown.T).max() for one in self._known])
        order = np.argsort(-likeness, kind="stable")[:_ALIKE]
        return [self._known[place] for place in order if likeness[place] >= least]
