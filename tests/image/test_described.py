import numpy as np
import pytest

pytest.importorskip("cv2")

from PIL import Image

from guard.errors import PictureError
from guard.image.described import describe, from_bytes, to_bytes
from tests.support.pictures import encoded, scenery

PICTURES = {"many features": scenery(400, 300, seed=1), "none": Image.new("L", (100, 80), 77)}


@pytest.mark.parametrize("kind", PICTURES)
def test_what_is_written_is_read_again(kind):
    """To the last bit."""
    known = describe(encoded(PICTURES[kind], "PNG"))

    again = from_bytes(to_bytes(known))

    assert (known.features.descriptors is None) == (kind == "none")
    for one, other in ((known.features.points, again.features.points), (known.glances, again.glances),
                       (known.features.descriptors, again.features.descriptors)):  # fmt: skip
        assert (one is None and other is None) or (np.array_equal(one, other) and one.dtype == other.dtype)
    assert known.features.tolerance == again.features.tolerance


@pytest.mark.parametrize("place", [0, 4, 11, 12, 16, 500, 20_000, -1])
def test_what_is_damaged_is_not_read(place):
    """Wherever it is."""
    data = bytearray(to_bytes(describe(encoded(scenery(400, 300, seed=1), "PNG"))))
    data[place] ^= 1

    assert from_bytes(bytes(data)) is None


@pytest.mark.parametrize("left", [0, 5, 16, 500, -1])
def test_what_is_cut_off_is_not_read(left):
    """Likewise."""
    assert from_bytes(to_bytes(describe(encoded(scenery(400, 300, seed=1), "PNG")))[:left]) is None


def test_what_is_no_picture_is_refused():
    """The caller names the file."""
    with pytest.raises(PictureError):
        describe(b"<html>")
