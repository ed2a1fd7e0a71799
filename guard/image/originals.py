"""Which of the owner's originals may a found picture show?

Of each original are kept its features (about 90 kB) and a thumbnail of a few bytes. Where there are
many, those that share most features with the picture are looked up first, in an index over all of
them, and only these are matched. Where features say nothing, as in a sky, the ones that look alike at
a glance are taken. The choice looks at pictures alone, never at a mark.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from guard.image.luma import luma_of
from guard.image.registration import Features, Found, Gray, features, match, mirrored

FEW: Final = 12
"""Matching features below which a picture is also looked for by how it looks."""
FEW_ORIGINALS: Final = 24
"""So many are all matched, and all of them tried where nothing matches."""
_LIKELY: Final = 2
_VOTED: Final = 8
_ALIKE: Final = 4
_INDEXED: Final = 300
"""Features of an original that are in the index."""
_DISTINCT: Final = 0.85
"""How much nearer a feature must be than the nearest of another original to count as a vote."""
_NEIGHBOURS: Final = 4
_GLANCE: Final = 12
"""Pixels of a thumbnail's sides."""
_RESEMBLES: Final = 0.75
"""Correlation of two thumbnails from which pictures may be the same."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """An original."""

    name: str
    features: Features
    glances: NDArray[np.float32]
    """The whole and the square in its middle as thumbnails without mean, of length one; shape (2, pixels)."""
    read: Callable[[], bytes]
    """Gives its bytes again."""


class Originals:
    """The owner's originals, as the upstream served them."""

    def __init__(self) -> None:
        self._known: list[Known] = []
        self._index: Any = None

    def __len__(self) -> int:
        return len(self._known)

    def add(self, name: str, data: bytes, read: Callable[[], bytes]) -> None:
        """Take in an original; `read` gives its bytes again.

        Raises:
            PictureError: It can not be read.
        """
        luma = luma_of(data)
        kept = features(luma)
        if kept.descriptors is not None:
            kept = Features(points=kept.points, descriptors=kept.descriptors.astype(np.uint8), tolerance=kept.tolerance)
        self._known.append(Known(name=name, features=kept, glances=_glances(luma), read=read))
        self._index = None

    def candidates(self, found: Found) -> list[Known]:
        """Return the originals that `found` may show, most likely first."""
        many = len(self._known) > FEW_ORIGINALS
        matched = []
        for one in self._voted(found) if many else self._known:
            fit = match(found, one.features)
            matched.append((fit.inliers if fit else 0, one))
        matched.sort(key=lambda pair: -pair[0])
        likely = [one for inliers, one in matched[:_LIKELY] if inliers >= FEW]
        if likely or not many:
            return likely or [one for _, one in matched]
        return self._alike(found)

    def _voted(self, found: Found) -> list[Known]:
        """Return those with most features that are nearest to one of the picture's."""
        votes = np.zeros(len(self._known))
        index = self._index or self._indexed()
        for flip in (False, True):
            descriptors = found.features(flip).descriptors
            if descriptors is None:
                continue
            mine = np.zeros(len(self._known))
            for near in index.knnMatch(descriptors, k=_NEIGHBOURS):
                other = next((one for one in near if one.imgIdx != near[0].imgIdx), None)
                if near and (other is None or near[0].distance < _DISTINCT * other.distance):
                    mine[near[0].imgIdx] += 1
            votes = np.maximum(votes, mine)
        order = np.argsort(-votes, kind="stable")[:_VOTED]
        return [self._known[place] for place in order if votes[place] > 1]

    def _indexed(self) -> Any:
        """Make the index: randomised k-d trees over the strongest features of all (Silpa-Anan and Hartley 2008)."""
        trees: dict[str, bool | int | float | str] = {"algorithm": 1, "trees": 4}
        index: Any = cv2.FlannBasedMatcher(trees, {"checks": 48})
        nothing = np.zeros((0, 128), np.float32)
        for one in self._known:
            kept = one.features.descriptors
            index.add([nothing if kept is None else kept[:_INDEXED].astype(np.float32)])
        index.train()
        self._index = index
        return index

    def _alike(self, found: Found) -> list[Known]:
        """Return those that look most like the picture, or like the picture in a mirror."""
        shown = np.stack([_glance(mirrored(found.luma, flip)) for flip in (False, True)])
        likeness = np.array([(one.glances @ shown.T).max() for one in self._known])
        order = np.argsort(-likeness, kind="stable")[:_ALIKE]
        return [self._known[place] for place in order if likeness[place] >= _RESEMBLES]


def _glances(luma: Gray) -> NDArray[np.float32]:
    height, width = luma.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return np.stack((_glance(luma), _glance(luma[top : top + side, left : left + side])))


def _glance(luma: Gray) -> NDArray[np.float32]:
    small = cv2.resize(luma, (_GLANCE, _GLANCE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return np.asarray(small / (np.sqrt((small**2).sum()) + 1e-6), np.float32)
