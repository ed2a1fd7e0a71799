import pytest

from guard.image.boxes import boxes
from guard.image.left_alone import Why
from guard.image.rights import rewrite
from tests.image.test_rights import RIGHTS
from tests.support.picture_files import SRGB, frames, metadata, pixels
from tests.support.pictures import encoded, noise

EXIF, XMP = metadata()
FULL = encoded(noise(channels=4), "AVIF", exif=EXIF, xmp=XMP, icc_profile=SRGB, speed=10)


def test_old_blocks_are_overwritten():
    """What `iloc` no longer points to would still be in the file."""
    made = rewrite(FULL, RIGHTS, strip=True)

    assert b"SERIAL-4711" not in made.body
    assert made.body.count(b"<x:xmpmeta") == 1


def test_a_box_that_reaches_to_the_end_gets_an_end():
    """There is one more behind it now."""
    last = boxes(FULL, 0, len(FULL))[-1]
    data = FULL[: last.start] + bytes(4) + FULL[last.start + 4 :]

    made = rewrite(data, RIGHTS, strip=True)

    assert made.why is None
    assert [box.name for box in boxes(made.body, 0, len(made.body))][-2:] == [b"mdat", b"mdat"]
    assert pixels(made.body) == pixels(FULL)


def test_an_animation_with_metadata_in_its_track_is_left_alone():
    """Its places are in a second list, which is not written."""
    assert rewrite(frames("AVIF", (64, 48), exif=EXIF, speed=10), RIGHTS, strip=True).why is Why.UNKNOWN_STRUCTURE


@pytest.mark.parametrize("strip", [True, False])
def test_an_unknown_box_is_a_reason_only_where_private_data_goes(strip):
    """It may be a film."""
    data = FULL + b"\0\0\0\x0cmpvdabcd"

    made = rewrite(data, RIGHTS, strip=strip)

    assert made.why is (Why.UNKNOWN_STRUCTURE if strip else None)


@pytest.mark.parametrize("cut", range(4, 400, 23))
def test_a_torn_file_is_left_alone(cut):
    """Wherever it ends."""
    assert rewrite(FULL[:cut], RIGHTS, strip=True).why is not None
