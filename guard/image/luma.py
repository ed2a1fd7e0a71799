"""What does a found picture look like to a tracer, in grey, and to a person?

Decoded by a short list of formats, upright as it is stored (an orientation tag is what an attacker may have
applied or not, and registration finds turned pictures), transparency on white.
"""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from guard.errors import PictureError
from guard.image.decoding import ORIENTATION, decoding, on_white
from guard.image.preview import FORMATS, MAX_PIXELS

SMALLEST = 48
"""Pixels of the short side below which nothing can be said."""


def luma_of(data: bytes) -> NDArray[np.uint8]:
    """Return the luma plane, shape (height, width), of a picture in any of `preview.FORMATS`.

    Raises:
        PictureError: It is no picture of these formats, broken, too small, or too large.
    """
    return np.asarray(_decoded(data)[0].convert("YCbCr"))[:, :, 0].copy()


def colour_of(data: bytes) -> tuple[NDArray[np.uint8], int]:
    """Return its pixels, shape (height, width, 3), as they are stored, and its orientation tag (Exif, 1 to 8).

    Raises:
        PictureError: As above.
    """
    picture, orientation = _decoded(data)
    return np.asarray(picture).copy(), orientation


def _decoded(data: bytes) -> tuple[Image.Image, int]:
    with decoding(), Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS or min(image.size) < SMALLEST:
            raise PictureError(f"{image.width} × {image.height} pixels are too many or too few")
        image.load()
        return on_white(image) if image.has_transparency_data else image.convert("RGB"), _orientation(image)


def _orientation(image: Image.Image) -> int:
    try:
        said = image.getexif().get(ORIENTATION, 1)
    except Exception:  # a picture whose metadata is broken is a picture
        return 1
    return said if said in range(1, 9) else 1
