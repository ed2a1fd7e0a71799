"""A small picture for a report."""

import io

import pytest
from PIL import Image

from guard.errors import PictureError
from guard.image.thumbnail import SIDE, thumbnail


def test_it_is_small_upright_and_without_metadata():
    """A report shows what the picture is, and nothing about the camera."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"
    out = io.BytesIO()
    Image.new("RGB", (1200, 800), "navy").save(out, "JPEG", exif=exif)
    with Image.open(io.BytesIO(thumbnail(out.getvalue()))) as small:
        assert small.format == "JPEG"
        assert small.size == (SIDE * 2 // 3, SIDE)
        assert not small.getexif()


def test_what_is_no_picture_is_refused():
    """One sentence, whatever a decoder raised."""
    with pytest.raises(PictureError):
        thumbnail(b"no picture")
