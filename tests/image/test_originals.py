import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")

from guard.errors import PictureError
from guard.image.luma import luma_of
from guard.image.originals import FEW_ORIGINALS, Originals
from guard.image.registration import Found
from tests.support.pictures import encoded, scenery

PICTURES = {f"{seed}.jpg": encoded(scenery(640, 480, seed=seed), "JPEG", quality=90) for seed in range(1, 5)}


def taken_in(pictures):
    made = Originals()
    for name, data in pictures.items():
        made.add(name, data, lambda data=data: data)
    return made


@pytest.fixture(scope="module")
def originals():
    return taken_in(PICTURES)


@pytest.fixture(scope="module")
def many():
    """More than are matched one by one; some with hardly a feature."""
    made = {f"{seed}.jpg": encoded(scenery(320, 240, seed=seed), "JPEG", quality=90) for seed in range(FEW_ORIGINALS)}
    skies = {f"sky {slope}": encoded(sky(320, 240, slope), "JPEG", quality=90) for slope in range(8)}
    return taken_in(made | PICTURES | skies)


def sky(width, height, slope):
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    wave = np.sin(across * (2 + slope)) * (4 - slope % 5) + np.cos(down * (1 + slope % 3)) * slope
    return Image.fromarray((128 + 12 * wave).clip(0, 255).astype(np.uint8))


def found(picture):
    return Found(luma_of(encoded(picture, "JPEG")))


def test_the_original_of_a_cropped_copy_comes_first(originals):
    """Among all originals, by what the pictures show."""
    for seed in (2, 3):
        part = scenery(640, 480, seed=seed).crop((100, 50, 560, 430)).resize((230, 190))

        candidates = originals.candidates(found(part))

        assert candidates[0].name == f"{seed}.jpg"
        assert len(candidates) <= 2


def test_among_many_it_is_looked_up(many):
    """Cropped, or mirrored: only what shares features with it is matched."""
    for seed in (2, 3):
        part = scenery(640, 480, seed=seed).crop((100, 50, 560, 430)).resize((230, 190))
        for shown in (part, part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)):
            assert many.candidates(found(shown))[0].name == f"{seed}.jpg"


def test_among_many_a_sky_is_known_by_how_it_looks(many):
    """It has no features to look up, and may still carry a mark."""
    for slope in (2, 5):
        small = sky(320, 240, slope).resize((128, 128))

        assert f"sky {slope}" in [one.name for one in many.candidates(found(small))]


def test_many_without_features_are_known_by_how_they_look():
    """There is nothing to look up by then, and still the picture has features."""
    skies = {f"sky {slope}": encoded(sky(320, 240, slope).resize((64, 48)), "PNG") for slope in range(8)}
    plain = {f"plain {shade}": encoded(Image.new("L", (64, 48), shade), "PNG") for shade in range(FEW_ORIGINALS + 1)}
    known = taken_in(plain)

    assert known.candidates(found(scenery(400, 300, seed=99))) == []
    assert taken_in(plain | skies).candidates(found(sky(320, 240, 2)))[0].name.startswith("sky")


def test_a_strangers_picture_is_held_against_few(many):
    """Most of a data set shows none of the originals, and each comparison raises the threshold."""
    assert len(many.candidates(found(scenery(400, 300, seed=99)))) <= 4


def test_where_nothing_matches_all_of_a_few_are_tried(originals):
    """A sky has no features, and may still carry a mark."""
    candidates = originals.candidates(found(scenery(400, 300, seed=99)))

    assert len(candidates) == len(PICTURES)


def test_what_is_no_picture_is_refused(originals):
    """The caller names the file."""
    with pytest.raises(PictureError):
        originals.add("x", b"<html>", bytes)


def shots(seed):
    """Return a series of one place, each a little elsewhere and with a grain of its own."""
    place, grain = scenery(700, 540, seed=seed), np.random.default_rng(seed)
    taken = []
    for number in range(6):
        left, top = grain.integers(0, 60, 2)
        pixels = np.asarray(place.crop((left, top, left + 640, top + 480)), np.float32)
        noisy = pixels + grain.normal(0, 4, pixels.shape)
        taken.append((f"{seed} {number}", Image.fromarray(noisy.clip(0, 255).astype(np.uint8))))
    return taken


@pytest.mark.parametrize("others", [1, 5])
def test_of_a_series_the_right_one_is_among_the_likely(others):
    """All of them match nearly as well; which one it is the mark's reader finds out."""
    series = [shot for seed in range(40, 40 + others) for shot in shots(seed)]
    known = taken_in({name: encoded(shot, "JPEG", quality=92) for name, shot in series})
    assert (len(known) > FEW_ORIGINALS) == (others > 1)

    for name, shot in series[::3]:
        whole, part = shot.resize((256, 192)), shot.crop((100, 60, 580, 420)).resize((256, 192))
        assert name in [one.name for one in known.candidates(found(whole))]
        assert name in [one.name for one in known.candidates(found(part))]
