"""What does a found picture say about each chip of the mark that it may carry?

The owner has the original, so it is subtracted: what is left is the attacker's tones and
noise, and perhaps the mark. Tones are fitted away (see `tones`), pixels that no curve
explains (overlays, clipped ones) left out, and what remains is correlated with the pattern of
each chip, weighted by the local noise. Nothing here knows a mark id, so nothing here can favour one.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from guard.image.chip_values import chip_values
from guard.image.grid import Grid
from guard.image.registration import (
    Found,
    Gray,
    Hypothesis,
    Matrix,
    Reference,
    agreement,
    from_scaled,
    mirrored,
    scaled,
    warped,
)
from guard.image.tones import Floats, blurred, without_tones

_LARGEST_SIDE = 448
"""Pixels: the mark is coarse, and at this size all of it is there."""
_CELLS_AROUND = 4.0
"""Within which tones may differ from those elsewhere: more than a cell, so that no chip is taken for a tone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The mark of one original, as far as it is the same in all copies."""

    difference: Floats
    """What *plus* adds, in grey levels; shape (height, width)."""
    grid: Grid

    def chip_of_mcu(self) -> NDArray[np.int32]:
        """Return the chip of each MCU, -1 where it has none; shape (rows, columns) of MCUs."""
        grid = self.grid
        chips = [chip if grid.is_marked(segment) else -1 for segment, chip in enumerate(grid.chip_of_segment)]
        count = grid.columns_of_mcus * grid.rows_of_mcus
        spread = np.repeat(np.array(chips, np.int32), grid.restart)[:count]
        return spread.reshape(grid.rows_of_mcus, grid.columns_of_mcus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a found picture says."""

    chips: NDArray[np.float64]
    """For each chip a number, negative for minus; see `chip_values`."""
    likeness: float
    """How well the picture agrees with what the original shows there, up to 1."""
    noise: float
    """What the original's tones leave unexplained: grey levels, robust standard deviation."""
    map: Matrix
    """The map that was read by; see `registration`."""
    mirrored: bool

    @property
    def energy(self) -> float:
        """How many chips' worth of evidence there is."""
        return float((self.chips**2).sum())


def read(found: Found, reference: Reference, mark: Mark, likely: list[Hypothesis]) -> Reading | None:
    """Return what the picture says about each chip; None where it shows nothing of the original.

    Of several hypotheses the one that leaves least unexplained is taken: a map that is a little wrong seems to say
    more, because its errors are taken for a mark. No mark id takes part in the choice.
    """
    best: Reading | None = None
    for hypothesis in likely:
        likeness = agreement(found.luma, reference, hypothesis)
        for refine in (False,) if hypothesis.sure and len(likely) == 1 else (False, True):
            read_so = _read(found.luma, reference, mark, hypothesis, refine=refine)
            if read_so is None:
                continue
            chips, noise, matrix = read_so
            if best is None or noise < best.noise:
                best = Reading(chips=chips, likeness=likeness, noise=noise, map=matrix, mirrored=hypothesis.mirrored)
    return best


def _read(
    found: Gray, reference: Reference, mark: Mark, hypothesis: Hypothesis, *, refine: bool
) -> tuple[NDArray[np.float64], float, Matrix] | None:
    luma = mirrored(found, hypothesis.mirrored)
    matrix, reduced = hypothesis.map, np.eye(3)
    if max(luma.shape) > _LARGEST_SIDE:
        factor = _LARGEST_SIDE / max(luma.shape)
        small = scaled(luma, factor)
        reduced = from_scaled(small, luma)
        matrix, luma = matrix @ reduced, small
    area = abs(np.linalg.det(matrix[:2, :2]))
    if not 1e-3 < area < 1e4:
        return None
    scale = float(area**-0.5)
    shown = luma.astype(np.float32)
    original = reference.luma.astype(np.float32)
    if refine:
        matrix = _refined(shown, original, matrix, scale, projective=hypothesis.projective)
    seen, inside = warped(original, matrix, shown.shape, scale)
    valid = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    pattern, _ = warped(mark.difference, matrix, shown.shape, scale, cubic=False)
    chip = _chips_seen(mark, matrix, shown.shape)
    valid &= chip >= 0
    if valid.sum() < 256:
        return None
    cell = mark.grid.rows * mark.grid.mcu_height * scale
    rest, noise = without_tones(shown, seen, valid, _CELLS_AROUND * cell)
    coarse = blurred(rest, 1.5)
    odd = (shown >= 251) | (shown <= 4) | (np.abs(coarse) > 4 * noise + 5)
    valid &= cv2.dilate(odd.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    limit = 4 * noise + 8
    chip[~valid] = -1
    chips = _matched(np.clip(rest, -limit, limit), np.where(valid, pattern, 0), chip, cell, count=mark.grid.chips)
    return None if chips is None else (chips, noise, matrix @ np.linalg.inv(reduced))


def _matched(
    rest: Floats, pattern: Floats, chip: NDArray[np.int32], cell: float, *, count: int
) -> NDArray[np.float64] | None:
    """Correlate each chip's pattern with what is left, weighted by the local noise (a matched filter)."""
    valid = chip >= 0
    seen = valid.astype(np.float32)

    def without_slopes(values: Floats) -> Floats:
        shown = values * seen
        around = blurred(shown, 1.5 * cell) / np.maximum(blurred(seen, 1.5 * cell), 0.05)
        return np.asarray((shown - around) * seen, np.float32)

    rest, pattern = without_slopes(rest), without_slopes(pattern)
    reach = max(1.5, 0.75 * cell)
    weight = seen * np.maximum(blurred(seen, reach), 0.1) / (blurred(rest * rest, reach) + 0.25)
    index = chip[valid]
    product = np.bincount(index, (weight * rest * pattern)[valid], count).astype(np.float64)
    energy = np.bincount(index, (weight * pattern * pattern)[valid], count).astype(np.float64)
    return chip_values(product, energy)


def _chips_seen(mark: Mark, matrix: Matrix, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return which chip each pixel of the found picture shows."""
    across, down = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    depth = matrix[2, 0] * across + matrix[2, 1] * down + matrix[2, 2]
    x = (matrix[0, 0] * across + matrix[0, 1] * down + matrix[0, 2]) / depth + 0.5
    y = (matrix[1, 0] * across + matrix[1, 1] * down + matrix[1, 2]) / depth + 0.5
    chip = mark.chip_of_mcu()
    column = np.clip((x // mark.grid.mcu_width).astype(int), 0, chip.shape[1] - 1)
    row = np.clip((y // mark.grid.mcu_height).astype(int), 0, chip.shape[0] - 1)
    seen: NDArray[np.int32] = chip[row, column]
    return seen


def _refined(shown: Floats, original: Floats, matrix: Matrix, scale: float, *, projective: bool) -> Matrix:
    """Improve a map by correlation (ECC, Evangelidis and Psarakis 2008); as it was where that fails."""
    seen, inside = warped(original, matrix, shown.shape, scale)
    valid = cv2.erode(inside.astype(np.uint8) * 255, np.ones((5, 5), np.uint8))
    mode = cv2.MOTION_HOMOGRAPHY if projective else cv2.MOTION_AFFINE
    start = np.eye(3, dtype=np.float32) if projective else np.eye(2, 3, dtype=np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-5)
    try:
        _, found = cv2.findTransformECC(np.clip(shown, 0, 255), np.clip(seen, 0, 255), start, mode, criteria, valid, 3)
    except cv2.error:
        return matrix
    whole = found if projective else np.vstack([found, [0, 0, 1]])
    return matrix @ np.asarray(whole, np.float64)
