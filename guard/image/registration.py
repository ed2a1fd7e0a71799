"""Which part of the original does a found picture show, and how is it turned and stretched?

Features first (SIFT, Lowe 2004; its patents ended in 2020), matched to those of the original,
with an affine map by RANSAC, or a homography where that explains clearly more. Where there
are few, normalised correlation at many scales is a second hypothesis. Mirrored copies are
tried as well. Needs the extra `trace` (OpenCV).

A map is a 3 × 3 matrix that takes a pixel (x, y, 1) of the found picture, mirrored first
where the hypothesis says so, to the original's; pixel centres are whole numbers.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Matrix = NDArray[np.float64]

_ORIGINAL_SIDE = 560
"""Pixels of the long side at which the original's features are looked for: enough, and quick."""
_FOUND_SIDES = (320, 420)
_FEATURES = 700
_LEAST_MATCHES = 4
_RATIO = 0.8
"""Lowe's test: how much nearer the best match must be than the second."""
_LEAST_AGREEMENT = 0.25
_WORSE = 0.05
"""How much less than with the best map a found picture may agree with the original with another."""
_CORRELATION_SIDE = 96
_ZOOMS = tuple(float(zoom) for zoom in np.geomspace(1.0, 4.0, 28))
"""How much of the original, along a side, a found picture may leave away for correlation to find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One idea of where the found picture lies in the original."""

    map: Matrix
    mirrored: bool
    inliers: int
    """Matching features that agree; 0 where correlation found it."""
    projective: bool = False

    @property
    def sure(self) -> bool:
        """Tell whether so many features agree that there is nothing to improve."""
        return self.inliers >= 60 and not self.projective


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is peculiar in a picture, and where, in its own pixels; the strongest first."""

    points: NDArray[np.float32]
    descriptors: Any
    """One row of 128 numbers a point; None where there is none."""
    tolerance: float
    """Pixels that a match may be off."""


def features(luma: Gray, side: int = _ORIGINAL_SIDE, *, enlarge: int = 0) -> Features:
    """Return the features of `luma`, looked for at no more than `side` pixels, and at no less than `enlarge`."""
    longest = max(luma.shape)
    small = scaled(luma, enlarge / longest if longest < enlarge else min(1.0, side / longest))
    points, descriptors = _features(small)
    return Features(
        points=_at_full_size(points, small, luma),
        descriptors=descriptors,
        tolerance=2.5 * luma.shape[1] / small.shape[1],
    )


class Reference:
    """An original, with what is needed to find pictures in it."""

    def __init__(self, luma: Gray) -> None:
        """Take the original's luma, shape (height, width)."""
        self.luma = luma
        self.height, self.width = luma.shape
        self.features = features(luma)


class Found:
    """A found picture."""

    def __init__(self, luma: Gray) -> None:
        """Take its luma, shape (height, width)."""
        self.luma = luma

        self._features: dict[bool, Features] = {}

    def features(self, flip: bool) -> Features:
        """Return those of the picture as it is, or in the mirror; looked for once."""
        if flip not in self._features:
            low, high = _FOUND_SIDES
            self._features[flip] = features(mirrored(self.luma, flip), high, enlarge=low)
        return self._features[flip]


def hypotheses(found: Found, reference: Reference) -> list[Hypothesis]:
    """Return ideas of where `found` lies in the original, the one by features first; none where nothing matches."""
    by_features = match(found, reference.features)
    if by_features is not None and by_features.sure and agreement(found.luma, reference, by_features) > 0.55:
        return [by_features]
    likely = [by_features] if by_features is not None else []
    likely += [_by_correlation(found.luma, reference), *_as_data_sets_do(found.luma, reference)]
    agreeing = [(agreement(found.luma, reference, one), one) for one in likely]
    # One that is a little wrong may seem to say more: what it gets wrong is taken for a mark.
    enough = max(_LEAST_AGREEMENT, max(value for value, _ in agreeing) - _WORSE)
    return [one for value, one in agreeing if value >= enough]


def _as_data_sets_do(found: Gray, reference: Reference) -> list[Hypothesis]:
    """Return the maps of what is done most: the whole picture, resized, or the square in its middle."""
    height, width = found.shape
    side = min(reference.width, reference.height)
    parts = {(reference.width, reference.height), (side, side) if height == width else (0, 0)} - {(0, 0)}
    maps = []
    for wide, high in sorted(parts):
        across, down = wide / width, high / height
        left, top = (reference.width - wide) // 2, (reference.height - high) // 2
        maps.append(np.array([
            [across, 0, left + 0.5 * across - 0.5], [0, down, top + 0.5 * down - 0.5], [0, 0, 1.0]
        ]))  # fmt: skip
    return [Hypothesis(map=matrix, mirrored=False, inliers=0) for matrix in maps]


def match(found: Found, original: Features) -> Hypothesis | None:
    """Return the map on which most features of the two agree; None where hardly any match."""
    best: Hypothesis | None = None
    if original.descriptors is None:
        return None
    for flip in (False, True):
        seen = found.features(flip)
        points, descriptors = seen.points, seen.descriptors
        if descriptors is None or len(points) < _LEAST_MATCHES:
            continue
        pairs = [
            near[0]
            for near in cv2.BFMatcher().knnMatch(descriptors, np.asarray(original.descriptors, np.float32), k=2)
            if len(near) == 2 and near[0].distance < _RATIO * near[1].distance
        ]
        if len(pairs) < _LEAST_MATCHES:
            continue
        here = points[[pair.queryIdx for pair in pairs]]
        there = original.points[[pair.trainIdx for pair in pairs]]
        one = _fit(here, there, original.tolerance, flip=flip)
        if one is not None and (best is None or one.inliers > best.inliers):
            best = one
        if best is not None and best.inliers > 40:
            break
    return best


def _fit(here: NDArray[np.float32], there: NDArray[np.float32], tolerance: float, *, flip: bool) -> Hypothesis | None:
    affine: Any  # the stubs do not say that there may be none
    affine, inliers = cv2.estimateAffine2D(
        here, there, method=cv2.RANSAC, ransacReprojThreshold=tolerance, maxIters=3000, confidence=0.999
    )
    if affine is None:
        return None
    agree = int(inliers.sum())
    matrix = np.vstack([affine, [0, 0, 1]])
    if agree < 0.9 * len(here) and len(here) >= 12:
        projective, inside = cv2.findHomography(here, there, cv2.RANSAC, tolerance, maxIters=2000, confidence=0.999)
        if projective is not None and int(inside.sum()) > 1.15 * agree + 5:
            matrix = projective / projective[2, 2]
            return Hypothesis(map=matrix, mirrored=flip, inliers=int(inside.sum()), projective=True)
    return Hypothesis(map=matrix, mirrored=flip, inliers=agree)


def _by_correlation(found: Gray, reference: Reference) -> Hypothesis:
    best, chosen = -2.0, Hypothesis(map=np.eye(3), mirrored=False, inliers=0)
    for flip in (False, True):
        luma = mirrored(found, flip)
        part = scaled(luma, _CORRELATION_SIDE / max(luma.shape))
        height, width = part.shape
        for zoom in _ZOOMS:
            scale = zoom * max(height / reference.height, width / reference.width)
            whole: Any = scaled(reference.luma, scale)
            below, beside = max(0, height - whole.shape[0]), max(0, width - whole.shape[1])
            if below or beside:
                whole = cv2.copyMakeBorder(whole, 0, below, 0, beside, cv2.BORDER_REPLICATE)
            _, value, _, (left, top) = cv2.minMaxLoc(cv2.matchTemplate(whole, part, cv2.TM_CCOEFF_NORMED))
            if value > best:
                best = value
                across, down = width / luma.shape[1] / scale, height / luma.shape[0] / scale
                matrix = np.array([
                    [across, 0, left / scale + 0.5 * across - 0.5], [0, down, top / scale + 0.5 * down - 0.5], [0, 0, 1]
                ])  # fmt: skip
                chosen = Hypothesis(map=matrix, mirrored=flip, inliers=0)
    return chosen


def agreement(found: Gray, reference: Reference, hypothesis: Hypothesis) -> float:
    """Return the correlation of the found picture and of what the original shows there, -1 where the map is absurd."""
    luma = mirrored(found, hypothesis.mirrored)
    small = scaled(luma, min(1.0, 128 / max(luma.shape)))
    matrix = hypothesis.map @ from_scaled(small, luma)
    height, width = small.shape
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], np.float64) @ matrix.T
    if not ((corners[:, 2] > 0.2) & (corners[:, 2] < 5)).all():
        return -1.0
    outline = (corners[:, :2] / corners[:, 2:]).astype(np.float32)
    area = abs(cv2.contourArea(outline)) / (width * height)
    if not cv2.isContourConvex(outline) or not 1e-2 < area < 1e5:
        return -1.0
    seen, inside = warped(reference.luma.astype(np.float32), matrix, small.shape, area**-0.5)
    if inside.mean() < 0.5:
        return -1.0
    one, other = small[inside] - small[inside].mean(), seen[inside] - seen[inside].mean()
    return float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum() + 1e-9))


def warped(
    image: NDArray[np.float32], matrix: Matrix, shape: tuple[int, ...], scale: float, *, cubic: bool = True
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Show `image` (original) as the found picture of `shape` shows it, and where it shows any of it.

    `scale` is the found picture's size over the original's: averaging to about that comes first.
    """
    height, width = image.shape
    small: Any = image
    if scale < 0.95:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    down = np.linalg.inv(from_scaled(small, image)) @ matrix
    target = (shape[1], shape[0])
    way = (cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    result = cv2.warpPerspective(small, down, target, flags=way, borderMode=cv2.BORDER_REPLICATE)
    ones = np.full(small.shape[:2], 255, np.uint8)
    inside = cv2.warpPerspective(ones, down, target, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP, borderValue=0)
    return result.astype(np.float32), inside > 0


def from_scaled(small: NDArray[Any], full: NDArray[Any]) -> Matrix:
    """Return the map from pixels of `small` to those of `full`, of which it is a smaller copy."""
    across, down = full.shape[1] / small.shape[1], full.shape[0] / small.shape[0]
    return np.array([[across, 0, 0.5 * across - 0.5], [0, down, 0.5 * down - 0.5], [0, 0, 1.0]])


def _features(luma: Gray) -> tuple[NDArray[np.float32], Any]:
    sift: Any = getattr(cv2, "SIFT_create")  # noqa: B009  # missing in the stubs
    points, descriptors = sift(_FEATURES, contrastThreshold=0.008).detectAndCompute(luma, None)
    places = np.array([point.pt for point in points], np.float32).reshape(-1, 2)
    if descriptors is None:
        return places, None
    order = np.argsort([-point.response for point in points], kind="stable")
    return places[order], descriptors[order]


def _at_full_size(points: NDArray[np.float32], small: Gray, full: Gray) -> NDArray[np.float32]:
    ratio = np.array([full.shape[1] / small.shape[1], full.shape[0] / small.shape[0]], np.float32)
    return (points + 0.5) * ratio - 0.5


def scaled(luma: Gray, factor: float) -> Gray:
    """Return `luma` in another size; averaged where it becomes smaller."""
    size = (max(1, round(luma.shape[1] * factor)), max(1, round(luma.shape[0] * factor)))
    if size == (luma.shape[1], luma.shape[0]):
        return luma
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(luma, size, interpolation=way), np.uint8)


def mirrored(luma: Gray, really: bool) -> Gray:
    """Return `luma` seen in a mirror, if `really`."""
    return np.ascontiguousarray(luma[:, ::-1]) if really else luma
