import pytest

pytest.importorskip("cv2")

from guard.errors import PictureError
from guard.image.archive import Archive
from guard.image.luma import luma_of
from guard.image.registration import Found
from tests.support.pictures import encoded, scenery

PICTURES = {f"{seed}.jpg": encoded(scenery(640, 480, seed=seed), "JPEG", quality=90) for seed in range(1, 5)}


@pytest.fixture(scope="module")
def archive():
    made = Archive(b"k" * 32)
    for name, data in PICTURES.items():
        made.add(name, data, lambda data=data: data)
    return made


def test_the_original_of_a_cropped_copy_comes_first(archive):
    """Among all originals, by what the pictures show."""
    for seed in (2, 3):
        part = scenery(640, 480, seed=seed).crop((100, 50, 560, 430)).resize((230, 190))

        candidates = archive.candidates(Found(luma_of(encoded(part, "JPEG"))))

        assert candidates[0][0] == f"{seed}.jpg"
        assert len(candidates) <= 2


def test_where_nothing_matches_all_are_tried(archive):
    """A sky has no features, and may still carry a mark."""
    candidates = archive.candidates(Found(luma_of(encoded(scenery(400, 300, seed=99), "JPEG"))))

    assert len(candidates) == len(PICTURES)


def test_what_is_no_picture_is_refused(archive):
    """The caller names the file."""
    with pytest.raises(PictureError):
        archive.add("x", b"<html>", bytes)
