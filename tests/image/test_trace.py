import io
from functools import cache
from math import sqrt

import numpy as np
import pytest
from PIL import Image, ImageFilter

pytest.importorskip("cv2")

from guard.image.luma import luma_of
from guard.image.mark import copy_for
from guard.image.registration import Found, Hypothesis
from guard.image.soft_chips import read
from guard.image.trace import SMALLEST, Original, Together, bound, threshold
from tests.support.pictures import encoded, packed, scenery

KEY = b"k" * 32
IDS = [index.to_bytes(8, "big") for index in range(500)]
ISSUED = IDS[137]


@cache
def served():
    return encoded(scenery(1200, 900), "JPEG", quality=88)


@cache
def original():
    return Original(served(), KEY)


@cache
def copy():
    return copy_for(packed(served(), KEY), KEY, ISSUED)


def attacked(attack):
    return Found(luma_of(attack(Image.open(io.BytesIO(copy())).convert("RGB"))))


def square(picture, side):
    width, height = picture.size
    short = min(width, height)
    left, top = (width - short) // 2, (height - short) // 2
    return picture.crop((left, top, left + short, top + short)).resize((side, side), Image.Resampling.BICUBIC)


ATTACKS = {
    "nothing": lambda picture: encoded(picture, "PNG"),
    "jpeg 40": lambda picture: encoded(picture, "JPEG", quality=40),
    "centre crop to 256, jpeg 75": lambda picture: encoded(square(picture, 256), "JPEG", quality=75),
    "squashed to 300 × 200, webp": lambda picture: encoded(picture.resize((300, 200)), "WEBP", quality=80),
    "mirrored": lambda picture: encoded(square(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 300), "JPEG"),
    "turned by 90°": lambda picture: encoded(picture.transpose(Image.Transpose.ROTATE_90).resize((450, 600)), "JPEG"),
    "turned by 5°": lambda picture: encoded(picture.rotate(5, Image.Resampling.BICUBIC).resize((600, 450)), "JPEG"),
    "a quarter of it": lambda picture: encoded(
        picture.crop((300, 200, 900, 650)).resize((320, 240)), "JPEG", quality=80
    ),
    "grey, blurred": lambda picture: encoded(
        picture.convert("L").filter(ImageFilter.GaussianBlur(2)).resize((400, 300)), "JPEG", quality=80
    ),
    "transparent png": lambda picture: encoded(square(picture, 320).convert("RGBA"), "PNG"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_the_copy_is_traced_after(name):
    """And no other id comes near: wrong ids are coin flips."""
    reading = original().read(attacked(ATTACKS[name]))

    assert reading is not None
    scores = original().scores(reading.chips, IDS)
    wrong = np.delete(scores, IDS.index(ISSUED))
    assert scores[IDS.index(ISSUED)] > threshold(10**6, 1)
    assert abs(wrong).max() < 5
    assert 0.85 < wrong.std() < 1.15


def test_a_map_that_is_a_little_wrong_does_not_win():
    """Its errors look like more of a mark than the mark does, but they explain the picture worse."""
    smooth = encoded(scenery(1200, 900).filter(ImageFilter.GaussianBlur(30)), "JPEG", quality=88)
    original = Original(smooth, KEY)
    picture = Image.open(io.BytesIO(copy_for(packed(smooth, KEY), KEY, ISSUED)))
    found = Found(luma_of(encoded(picture.resize((400, 300), Image.Resampling.BOX), "JPEG", quality=30)))
    right, wrong = (
        Hypothesis(map=np.array([[3, 0, shift], [0, 3, shift], [0, 0, 1.0]]), mirrored=False, inliers=70)
        for shift in (1, 5)
    )

    by_right, by_wrong, chosen = (
        read(found, original.reference, original.mark, maps) for maps in ([right], [wrong], [wrong, right, right])
    )

    assert by_wrong.energy > by_right.energy
    assert original.scores(chosen.chips, [ISSUED])[0] > threshold(10**6, 1)


@pytest.mark.parametrize("blur", [0, 12])
def test_of_five_who_average_their_copies_one_is_traced(blur):
    """Also where a picture is so smooth that its file has hardly a byte for a chip."""
    data = encoded(scenery(1600, 1000).filter(ImageFilter.GaussianBlur(blur)), "JPEG", quality=88, optimize=True)
    pack, original = packed(data, KEY), Original(data, KEY)
    copies = [np.asarray(Image.open(io.BytesIO(copy_for(pack, KEY, one))).convert("RGB")) for one in IDS[:5]]
    mean = Image.fromarray(np.rint(np.mean(copies, axis=0)).astype(np.uint8)).resize((819, 512), Image.Resampling.BOX)

    reading = original.read(Found(luma_of(encoded(mean, "JPEG", quality=95))))

    assert reading is not None
    scores = original.scores(reading.chips, IDS)
    assert scores[:5].max() > threshold(10**6, 1)
    assert abs(scores[5:]).max() < 5


def test_an_unmarked_picture_accuses_nobody():
    """Nor does a picture of something else."""
    for data in (served(), encoded(scenery(900, 900, seed=5), "JPEG")):
        reading = original().read(Found(luma_of(data)))
        if reading is not None:
            assert original().scores(reading.chips, IDS).max() < threshold(len(IDS), 1)


def test_a_copy_marked_with_another_key_accuses_nobody():
    """The key is part of the proof."""
    stranger = copy_for(packed(served(), b"x" * 32), b"x" * 32, ISSUED)

    reading = original().read(Found(luma_of(stranger)))

    assert reading is not None
    assert original().scores(reading.chips, IDS).max() < threshold(len(IDS), 1)


def test_the_threshold_is_the_one_of_the_paper():
    """Hoeffding: a million ids at one in a billion need 8.31; a million pairs more need 9.83."""
    assert round(threshold(10**6, 1), 2) == 8.31
    assert round(threshold(10**6, 10**6), 2) == 9.83
    assert bound(threshold(10**6, 7), 10**6, 7) == pytest.approx(1e-9)
    assert bound(-3, 10, 10) == 1.0


def test_a_bound_is_never_nothing():
    """Many pictures together reach a z whose chance no number can hold; it is still a chance."""
    assert bound(80, 10, 10) == SMALLEST


def test_several_pictures_add_up():
    """Four of four originals that say little together say twice as much; one that says nothing takes nothing away."""
    soft = np.full(100, 0.5)
    four = Together(1)
    for name in (b"1", b"2", b"3", b"4"):
        four.add(name, soft, np.array([5.0]))
    four.add(b"5", np.zeros(100), np.array([0.0]))

    assert four.scores()[0] == pytest.approx(5 * sqrt(4))


def test_the_same_picture_twice_says_no_more_than_once():
    """Its chips are the same coins: whoever finds a file in two places has not found two proofs."""
    reading = original().read(attacked(ATTACKS["jpeg 40"]))
    scores = original().scores(reading.chips, IDS)
    twice = Together(len(IDS))
    twice.add(b"one", reading.chips, scores)
    twice.add(b"one", reading.chips, scores)

    assert twice.scores() == pytest.approx(scores)


@pytest.mark.parametrize(
    ("name", "corners"),
    [
        ("centre crop to 256, jpeg 75", [(150, 0), (1050, 0), (1050, 900), (150, 900)]),
        ("a quarter of it", [(300, 200), (900, 200), (900, 650), (300, 650)]),
        ("mirrored", [(150, 0), (1050, 0), (1050, 900), (150, 900)]),
        ("turned by 90°", [(1200, 0), (1200, 900), (0, 900), (0, 0)]),
        ("nothing", [(0, 0), (1200, 0), (1200, 900), (0, 900)]),
    ],
)
def test_the_reading_says_where_in_the_original_the_picture_lies(name, corners):
    """To two pixels of 1200: its corners, clockwise from the upper left one of the picture (in the mirror)."""
    found = attacked(ATTACKS[name])
    height, width = found.luma.shape

    reading = original().read(found)

    assert reading.mirrored == (name == "mirrored")
    edge = np.array([[-0.5, -0.5, 1], [width - 0.5, -0.5, 1], [width - 0.5, height - 0.5, 1], [-0.5, height - 0.5, 1]])
    there = edge @ reading.map.T
    assert np.abs(there[:, :2] / there[:, 2:] + 0.5 - np.array(corners)).max() < 2
