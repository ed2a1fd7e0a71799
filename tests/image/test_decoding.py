import warnings

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from guard.errors import PictureError
from guard.image.decoding import decoding, on_white


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (UnidentifiedImageError("<BytesIO at 0x7f>"), "not a picture of a known format"),
        (MemoryError(), "more memory than is allowed"),
        (SyntaxError("broken PNG file"), "can not be read: SyntaxError: broken PNG file"),
        (PictureError("too many pixels"), "^too many pixels$"),
    ],
)
def test_whatever_a_decoder_raises_becomes_one_sentence(raised, said):
    """And what was said on purpose stays as it is."""
    with pytest.raises(PictureError, match=said), decoding():
        raise raised


def test_a_bomb_stops_and_an_odd_tag_does_not():
    """Of warnings only the one about too many pixels counts."""
    with decoding():
        warnings.warn("a tag is not quite right", UserWarning, stacklevel=1)
    with pytest.raises(PictureError), decoding():
        warnings.warn("too many pixels", Image.DecompressionBombWarning, stacklevel=1)


def test_what_shines_through_is_white():
    """Half a black is a grey, and nothing is the paper."""
    picture = Image.fromarray(np.array([[[0, 0, 0, 0], [0, 0, 0, 255]]], np.uint8))

    assert np.asarray(on_white(picture)).tolist() == [[[255, 255, 255], [0, 0, 0]]]
    assert np.asarray(on_white(picture, "L")).tolist() == [[255, 0]]
