import numpy as np
import pytest

from guard.errors import PictureError
from guard.image.luma import luma_of
from tests.support.pictures import bomb, encoded, noise, scenery


@pytest.mark.parametrize("family", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP"])
def test_every_format_shows_the_same(family):
    """Found copies come in any of them."""
    picture = scenery(320, 240)
    expected = np.asarray(picture.convert("YCbCr"))[:, :, 0].astype(int)

    assert np.abs(luma_of(encoded(picture, family)).astype(int) - expected).mean() < 6


def test_transparent_parts_are_white():
    """As a page shows them."""
    picture = noise(64, 64).convert("RGBA")
    picture.putalpha(0)

    assert luma_of(encoded(picture, "PNG")).min() == 255


@pytest.mark.parametrize(
    "data", [b"", b"<html>", bomb(), encoded(noise(), "JPEG")[:400], encoded(noise(47, 90), "PNG")]
)
def test_what_shows_nothing_is_refused(data):
    """With a sentence, not with whatever the decoder raises."""
    with pytest.raises(PictureError):
        luma_of(data)
