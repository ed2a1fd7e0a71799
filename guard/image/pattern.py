"""What is added to a picture, and how strongly?

A smooth bump in each cell, its sign given by the key, its height by what the eye
tolerates: less than one grey level in a clear sky, two and a half in foliage. Bumps are zero at
the border of their cell, so that no edge appears between two chips.

Arithmetic is in 16-bit integers: `UNIT` stands for one grey level.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from guard.image.grid import CELLS_PER_CHIP, Grid

UNIT_BITS = 13
UNIT = 1 << UNIT_BITS
_PATTERN_PEAK = 128
_AMPLITUDE_UNIT = UNIT // _PATTERN_PEAK
_EVEN = float(np.sqrt(0.5))
"""How high an even bump is: as strong as a round one, whose root mean square this is."""
_BLOCK = 8
"""Pixels of the squares in which texture is measured."""
_MAX_AMPLITUDE = 2.999
"""Grey levels: with the dither a sum must stay below 32768."""
_DITHER_SIDE = 512
Combine = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How strong the mark is, in grey levels."""

    flat: float = 0.95
    """Where the picture is smooth."""
    texture: float = 0.052
    """More, for each grey level of local standard deviation."""
    most: float = 2.6
    """Not more than this, below 3."""


def amplitude(luma: NDArray[np.uint8], strength: Strength) -> NDArray[np.uint8]:
    """Return how strong the mark may be at each pixel of `luma` (height, width), in units of 1/64 grey level."""
    height, width = luma.shape
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    padded = np.pad(luma, ((0, rows * _BLOCK - height), (0, columns * _BLOCK - width)), mode="edge")
    blocks = padded.reshape(rows, _BLOCK, columns, _BLOCK)
    mean = blocks.mean(axis=(1, 3), dtype=np.float32)
    square = np.einsum("abcd,abcd->ac", blocks, blocks, dtype=np.float32, casting="unsafe") / _BLOCK**2
    variance = np.maximum(_around(square, _mean) - _around(mean, _mean) ** 2, 0)
    allowed = np.clip(strength.flat + strength.texture * np.sqrt(variance), strength.flat, strength.most)
    # The calmest neighbour decides: beside an edge the sky is still a sky.
    calm = _smooth(_around(allowed, _least))
    small = np.rint(np.clip(calm, 0, _MAX_AMPLITUDE) * _AMPLITUDE_UNIT).astype(np.uint8)
    scaled = Image.fromarray(small).resize((columns * _BLOCK, rows * _BLOCK), Image.Resampling.BILINEAR)
    return np.asarray(scaled)[:height, :width]


def difference(grid: Grid, signs: NDArray[np.int8], amplitude: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return what one copy adds and the other takes away, in `UNIT`s of a grey level.

    `amplitude` covers whole MCUs: its shape, and that of the result, is the grid's in pixels.
    """
    height, width = grid.rows_of_mcus * grid.mcu_height, grid.columns_of_mcus * grid.mcu_width
    result = amplitude.astype(np.int16)
    down = (np.arange(grid.rows * grid.mcu_height) + 0.5) / (grid.rows * grid.mcu_height)
    vertical = np.full(len(down), _EVEN) if grid.even else np.sin(np.pi * down)
    cell = grid.restart * grid.mcu_width / CELLS_PER_CHIP
    across = np.arange(grid.restart * grid.mcu_width) + 0.5
    bump = np.sin(np.pi * (across % cell) / cell) * (1 - 2 * (np.minimum(across // cell, CELLS_PER_CHIP - 1) % 2))
    chip_rows, span = -(-grid.rows_of_mcus // grid.rows), grid.restart * grid.mcu_width
    if grid.aligned:
        tile = np.rint(_PATTERN_PEAK * np.outer(vertical, bump)).astype(np.int16)
        for row in range(chip_rows):
            top = row * len(vertical)
            bottom = min(top + len(vertical), height)
            line = signs[row * (width // span) : (row + 1) * (width // span)].astype(np.int16)
            pattern = (tile[: bottom - top, None, :] * line[None, :, None]).reshape(bottom - top, width)
            result[top:bottom] *= pattern
        return result
    return _drifting(grid, signs, result, vertical, bump)


def _drifting(
    grid: Grid,
    signs: NDArray[np.int8],
    result: NDArray[np.int16],
    vertical: NDArray[np.float64],
    bump: NDArray[np.float64],
) -> NDArray[np.int16]:
    """Do the same where segments begin elsewhere in each row."""
    pattern = np.zeros_like(result)
    for segment in filter(grid.is_marked, range(grid.segments)):
        row, column = divmod(segment * grid.restart, grid.columns_of_mcus)
        left, top = column * grid.mcu_width, row * grid.mcu_height
        phase = (row % grid.rows) * grid.mcu_height
        tile = np.outer(vertical[phase : phase + grid.mcu_height], bump) * signs[grid.chip_of_segment[segment]]
        block = pattern[top : top + grid.mcu_height, left : left + len(bump)]
        block[:] = np.rint(_PATTERN_PEAK * tile[:, : block.shape[1]])
    return result * pattern


def both_ways(luma: NDArray[np.uint8], change: NDArray[np.int16]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return `luma` with `change` added, and with it taken away, both dithered alike so that nothing else differs."""
    height, width = luma.shape
    dither = np.tile(_DITHER, (-(-height // _DITHER_SIDE), -(-width // _DITHER_SIDE)))[:height, :width]
    base = luma.astype(np.int16)
    made = []
    for signed in (change, -change):
        level = signed + dither
        level >>= UNIT_BITS
        level += base
        np.clip(level, 0, 255, out=level)
        made.append(level.astype(np.uint8))
    return made[0], made[1]


def _around(values: NDArray[np.float32], combine: Combine) -> NDArray[np.float32]:
    padded = np.pad(values, 1, mode="edge")
    height, width = values.shape
    parts = np.stack([padded[y : y + height, x : x + width] for y in range(3) for x in range(3)])
    return combine(parts)


def _mean(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    mean: NDArray[np.float32] = parts.mean(axis=0)
    return mean


def _least(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    least: NDArray[np.float32] = parts.min(axis=0)
    return least


def _smooth(values: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(values, 1, mode="edge")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    smooth: NDArray[np.float32] = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 16
    return smooth


_BAYER = np.zeros((1, 1), np.int64)
for _ in range(3):
    _BAYER = np.block([[4 * _BAYER, 4 * _BAYER + 2], [4 * _BAYER + 3, 4 * _BAYER + 1]])
_DITHER = np.tile((2 * _BAYER + 1) * (UNIT // 128), (_DITHER_SIDE // 8, _DITHER_SIDE // 8)).astype(np.int16)
"""Ordered (Bayer 1973) over the blocks that JPEG transforms: so fine-grained in each that quantisation drops it, with
an exact mean. Against random numbers that saves a very smooth picture (68 kB) one in a hundred bytes. The same for
ever: a pack can be rebuilt to the last bit."""
