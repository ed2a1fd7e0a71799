"""What can a person look at to see that a found picture lies where the tracer says?

Five pictures: the found one; the original with its outline; the same part of the original, brought
to the found picture's shape; the two in alternate squares, where a wrong place shows as
broken lines; and their difference, enlarged. They are for looking at: the mark itself is far too weak to be
seen in any of them.
"""

import io
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from guard.image.decoding import TURNS
from guard.image.luma import colour_of
from guard.image.registration import Matrix, from_scaled, warped

Colour = NDArray[np.uint8]

FOUND_SIDE: Final = 420
"""Pixels of the long side: what an A4 page shows in half its width at 110 dots an inch."""
ORIGINAL_SIDE: Final = 640
SQUARES: Final = 8
"""Along the long side."""
ENLARGED: Final = 4
"""How many times the difference is enlarged; its middle is grey."""
_QUALITY: Final = 82
_LINE: Final = (255, 176, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """JPEG files, of at most `FOUND_SIDE` or `ORIGINAL_SIDE` pixels, upright as a viewer shows them."""

    found: bytes
    original: bytes
    """With the outline of the found picture, a dot at its upper left corner, and the rest of it dimmed."""
    part: bytes
    squares: bytes
    difference: bytes
    found_size: tuple[int, int]
    """Width and height of the found picture, as it is stored."""
    original_size: tuple[int, int]


def overlay(found: bytes, original: bytes, matrix: Matrix, *, mirrored: bool) -> Overlay:
    """Show how `found` lies in `original` by the map of a reading (see `registration`).

    Raises:
        PictureError: One of them can not be read.
    """
    shown, turned = colour_of(found)
    whole, whole_turned = colour_of(original)
    small = _scaled(shown, FOUND_SIDE)
    # In the mirror, as the map wants it, and back at the end.
    seen = small[:, ::-1] if mirrored else small
    to_original = matrix @ from_scaled(small, shown)
    raw, inside = _part(whole, to_original, small.shape)
    part = _with_tones_of(seen, raw, inside)
    odd = _odd_squares(small.shape)
    pictures = {
        "part": part,
        "squares": np.where((odd & inside)[..., None], part, seen),
        "difference": np.where(inside[..., None], _difference(seen, part), 128),
    }
    if mirrored:
        pictures = {name: picture[:, ::-1] for name, picture in pictures.items()}
    return Overlay(
        found=_file(small, turned),
        original=_file(_outlined(whole, matrix, (shown.shape[1], shown.shape[0]), mirrored=mirrored), whole_turned),
        part=_file(pictures["part"], turned),
        squares=_file(pictures["squares"], turned),
        difference=_file(pictures["difference"], turned),
        found_size=(shown.shape[1], shown.shape[0]),
        original_size=(whole.shape[1], whole.shape[0]),
    )


def corners(matrix: Matrix, size: tuple[int, int], *, mirrored: bool) -> NDArray[np.float64]:
    """Return where in the original the corners of a found picture of `size` (width, height) lie.

    Shape (4, 2), in pixels from the upper left edge, clockwise from the picture's own upper left corner on.
    """
    width, height = size
    left, right = (width - 0.5, -0.5) if mirrored else (-0.5, width - 0.5)
    edge = np.array([[left, -0.5, 1], [right, -0.5, 1], [right, height - 0.5, 1], [left, height - 0.5, 1]])
    there = edge @ matrix.T
    place: NDArray[np.float64] = there[:, :2] / there[:, 2:] + 0.5
    return place


def _part(whole: Colour, matrix: Matrix, shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    scale = float(abs(np.linalg.det(matrix[:2, :2])) ** -0.5)
    planes = [warped(whole[..., plane].astype(np.float32), matrix, shape, scale) for plane in range(3)]
    return np.dstack([plane for plane, _ in planes]), planes[0][1]


def _with_tones_of(seen: Colour, part: NDArray[np.float32], inside: NDArray[np.bool_]) -> Colour:
    """Give the original's part the brightness and contrast of the found picture, plane by plane."""
    toned = part.copy()
    if inside.any():
        for plane in range(3):
            x, y = part[..., plane][inside], seen[..., plane][inside].astype(np.float32)
            contrast = float(np.clip((y.std() + 1e-3) / (x.std() + 1e-3), 0.3, 3))
            toned[..., plane] = (part[..., plane] - x.mean()) * contrast + y.mean()
    return np.clip(toned, 0, 255).astype(np.uint8)


def _odd_squares(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    side = max(8, max(shape[:2]) // SQUARES)
    down, across = np.indices(shape[:2]) // side
    odd: NDArray[np.bool_] = (down + across) % 2 == 1
    return odd


def _difference(seen: Colour, part: Colour) -> Colour:
    grey = (seen.astype(np.float32) - part.astype(np.float32)).mean(axis=2) * ENLARGED + 128
    return np.dstack([np.clip(grey, 0, 255).astype(np.uint8)] * 3)


def _outlined(whole: Colour, matrix: Matrix, size: tuple[int, int], *, mirrored: bool) -> Colour:
    small = _scaled(whole, ORIGINAL_SIDE)
    factor = np.array([small.shape[1] / whole.shape[1], small.shape[0] / whole.shape[0]])
    # OpenCV counts pixel centres, and takes whole numbers with so many binary places.
    places = 4
    points: Any = np.round((corners(matrix, size, mirrored=mirrored) * factor - 0.5) * 2**places).astype(np.int32)
    covered = np.zeros(small.shape[:2], np.uint8)
    cv2.fillPoly(covered, [points], 255, shift=places)
    dimmed = (small.astype(np.float32) * 0.45 + 120).astype(np.uint8)
    drawn = np.ascontiguousarray(np.where(covered[..., None] > 0, small, dimmed))
    width = max(2, round(max(small.shape) / 250))
    for colour, more in (((0, 0, 0), 2), (_LINE, 0)):
        cv2.polylines(drawn, [points], True, colour, width + more, cv2.LINE_AA, shift=places)
        corner = (int(points[0, 0]), int(points[0, 1]))
        cv2.circle(drawn, corner, (3 * width + more) << places, colour, -1, cv2.LINE_AA, shift=places)
    return np.asarray(drawn, np.uint8)


def _scaled(picture: Colour, side: int) -> Colour:
    factor = min(1.0, side / max(picture.shape[:2]))
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _file(picture: NDArray[Any], orientation: int) -> bytes:
    image = Image.fromarray(np.ascontiguousarray(picture.astype(np.uint8)))
    if orientation in TURNS:
        image = image.transpose(TURNS[orientation])
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
