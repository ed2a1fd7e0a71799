import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")

from guard.image.overlay import FOUND_SIDE, ORIGINAL_SIDE, corners, overlay
from tests.support.pictures import decoded, encoded, scenery

ORIGINAL = encoded(scenery(1200, 800), "JPEG", quality=90)
MAP = np.array([[2.0, 0, 300.5], [0, 2.0, 100.5], [0, 0, 1]])
"""Takes pixels of a picture of 300 × 250 to the original's, whose part at (300, 100) it shows at half size."""


def found(mirrored=False, **options):
    part = Image.open(io.BytesIO(ORIGINAL)).crop((300, 100, 900, 600)).resize((300, 250), Image.Resampling.BOX)
    if mirrored:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return encoded(part, "JPEG", quality=85, **options)


def pixels(data):
    return np.asarray(decoded(data).convert("RGB")).astype(float)


def test_the_corners_are_where_the_part_was_taken():
    """Clockwise from the found picture's own upper left corner, also in the mirror."""
    assert corners(MAP, (300, 250), mirrored=False) == pytest.approx(
        np.array([(300, 100), (900, 100), (900, 600), (300, 600)]), abs=0.01
    )
    assert corners(MAP, (300, 250), mirrored=True)[0] == pytest.approx((900, 100), abs=0.01)


@pytest.mark.parametrize("mirrored", [False, True])
def test_with_the_right_map_part_and_found_picture_are_alike(mirrored):
    """Square by square, and their difference is nearly grey; with a map that is 20 pixels off neither is so."""
    right = overlay(found(mirrored), ORIGINAL, MAP, mirrored=mirrored)
    wrong = overlay(found(mirrored), ORIGINAL, MAP + np.array([[0, 0, 20], [0, 0, 20], [0, 0, 0]]), mirrored=mirrored)

    for picture in (right.part, right.squares):
        assert np.abs(pixels(picture) - pixels(right.found)).mean() < 5
    grey, coloured = (np.abs(pixels(one.difference) - 128).mean() for one in (right, wrong))
    assert coloured > 2.5 * grey


def test_the_outline_is_drawn_where_the_picture_lies():
    """Inside, the original stays as it is; outside it is dimmed; on the edge there is a line."""
    drawn = pixels(overlay(found(), ORIGINAL, MAP, mirrored=False).original)
    plain = np.asarray(Image.open(io.BytesIO(ORIGINAL)).resize((640, 427), Image.Resampling.BOX)).astype(float)

    inside, outside = np.s_[70:300, 180:460], np.s_[340:, :140]
    assert np.abs(drawn[inside] - plain[inside]).mean() < 6
    assert drawn[outside].min() > 90
    assert np.abs(drawn[100:300, 159:162].mean(axis=(0, 1)) - (255, 176, 0)).max() < 60


def test_pictures_are_shown_upright_and_small():
    """As a viewer shows them: a camera held on its side writes pixels lying down, and a tag."""
    exif = Image.Exif()
    exif[0x0112] = 6

    shown = overlay(found(exif=exif), ORIGINAL, MAP, mirrored=False)

    assert decoded(shown.found).size == (250, 300)
    assert decoded(shown.squares).size == (250, 300)
    assert max(decoded(shown.original).size) <= ORIGINAL_SIDE
    large = overlay(ORIGINAL, ORIGINAL, np.eye(3), mirrored=False)
    assert max(decoded(large.found).size) == FOUND_SIDE
    assert (large.found_size, large.original_size) == ((1200, 800), (1200, 800))
