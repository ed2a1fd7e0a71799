import io

import numpy as np
import pytest
from PIL import Image

from guard.errors import PictureError
from guard.image import pack
from guard.image.decoding import TURNS
from guard.image.mark import copy_for
from guard.image.pattern import Strength
from guard.image.visible_mark import VisibleMark
from tests.support.pictures import bomb, encoded, noise, packed, photograph, scenery

KEY = b"k" * 32
DRAWN = VisibleMark(text="© Jane Doe")


def copied(data, **options):
    return copy_for(packed(data, KEY, **options), KEY, b"recipien")


def luma(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB").convert("L")).astype(float)


def noise_ratio(one, other):
    return 10 * np.log10(255**2 / np.square(luma(one) - luma(other)).mean())


def test_a_copy_looks_like_its_source_and_is_hardly_larger():
    """50 dB are invisible; the quantisation tables are the source's."""
    data = encoded(scenery(1600, 1200), "JPEG", quality=88)
    copy = copied(data)

    assert noise_ratio(data, copy) > 49
    assert len(copy) < 1.05 * len(data)
    tables = [Image.open(io.BytesIO(one)).quantization for one in (data, copy)]
    assert tables[0] == tables[1]


def test_a_visible_mark_is_drawn_first_and_elsewhere_in_each_picture():
    """On colour and grey, in both encodings; what it leaves free is as without it."""
    for mode in ("RGB", "L"):
        data = encoded(scenery(640, 480).convert(mode), "JPEG", quality=88)
        plain, visibly = copied(data), copied(data, visible_mark=DRAWN)
        touched = np.abs(luma(plain) - luma(visibly)) > 12
        assert 0.02 < touched.mean() < 0.4
        assert (np.abs(luma(plain) - luma(visibly))[:8, :8] <= 12).any()
    first, second = (
        np.abs(luma(copied(one)) - luma(copied(one, visible_mark=DRAWN))) > 12
        for one in (encoded(scenery(640, 480), "JPEG", quality=quality) for quality in (88, 89))
    )
    assert (first != second).mean() > 0.02


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_visible_mark_is_upright_as_people_see_the_picture(orientation):
    """However the camera was held: shown upright, pictures that look the same get the same letters."""
    grey = Image.new("RGB", (640, 480), (90, 90, 90))
    turned = grey if orientation < 5 else grey.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(turned, "JPEG", exif=exif.tobytes())
    rendition = pack.Rendition(digest=b"r" * 32, size=1)

    drawn = pack.drawn_on(pack.read(data), DRAWN, rendition)

    stored = Image.fromarray(drawn.planes[:, :, 0])
    shown = stored.transpose(TURNS[orientation]) if orientation in TURNS else stored
    upright = pack.drawn_on(pack.read(encoded(grey, "JPEG")), DRAWN, rendition)
    assert (np.asarray(shown) == upright.planes[:, :, 0]).all()


def test_a_very_large_picture_is_encoded_in_two_steps_to_the_same_pixels(monkeypatch):
    """That takes half the memory; only the codes are longer."""
    data = encoded(scenery(640, 480), "JPEG", quality=88)
    together = copied(data)
    monkeypatch.setattr(pack, "MAX_TALL", 640 * 480 - 1)

    apart = copied(data)

    assert len(apart) > len(together)
    assert (luma(apart) == luma(together)).all()


def test_a_stronger_mark_is_stronger():
    """And a weaker one weaker."""
    data = encoded(scenery(), "JPEG", quality=88)

    weak, usual, strong = (
        noise_ratio(data, copied(data, strength=strength))
        for strength in (
            Strength(flat=0.35, texture=0.02, most=1.0),
            Strength(),
            Strength(flat=1.5, texture=0.1, most=2.9),
        )
    )
    assert weak > usual + 1 > strong + 2


@pytest.mark.parametrize("family", ["PNG", "WEBP", "AVIF", "GIF"])
def test_other_formats_become_jpeg(family):
    """They have no restart markers; the picture stays the same."""
    data = encoded(scenery(640, 480), family)

    copy = copied(data)

    assert Image.open(io.BytesIO(copy)).format == "JPEG"
    assert noise_ratio(data, copy) > 30


def test_transparency_becomes_white():
    """Not black, and not the colour that hides below it."""
    picture = scenery(640, 480).convert("RGBA")
    picture.putalpha(0)

    copy = copied(encoded(picture, "PNG"))

    assert luma(copy).mean() > 250


def test_what_the_header_says_is_kept():
    """Orientation, colour profile and rights belong to the picture."""
    data = photograph(640, 480, icc_profile=b"p" * 100_000, tags={0x0112: 6})

    image = Image.open(io.BytesIO(copied(data)))

    assert image.getexif()[0x0112] == 6
    assert image.info["icc_profile"] == b"p" * 100_000
    assert b"DMI-PROHIBITED" in image.info["xmp"]


def test_what_follows_a_picture_is_no_reason_to_lose_its_rights():
    """A phone appends a film; orientation, profile and rights still belong to the picture."""
    data = photograph(640, 480, tags={0x0112: 6})

    alone, followed = (
        Image.open(io.BytesIO(copied(one))) for one in (data, data + b"\0\0\0\x18ftypmp42" + bytes(5000))
    )

    assert followed.getexif()[0x0112] == 6
    assert followed.info["xmp"] == alone.info["xmp"]
    assert b"DMI-PROHIBITED" in followed.info["xmp"]


def test_several_pictures_in_one_file_leave_the_first():
    """What lies behind it would be an unmarked copy."""
    first, second = scenery(640, 480), scenery(640, 480, seed=2)
    out = io.BytesIO()
    first.save(out, "MPO", save_all=True, append_images=[second])

    copy = copied(out.getvalue())

    assert Image.open(io.BytesIO(copy)).format == "JPEG"
    assert copy.count(b"\xff\xd9") == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(encoded(scenery().convert("CMYK"), "JPEG"), "CMYK", id="four inks"),
        pytest.param(encoded(noise(199, 400), "JPEG"), "too few", id="small"),
        pytest.param(encoded(noise(1, 1), "PNG"), "too few", id="one pixel"),
        pytest.param(bomb(), "can not be read", id="bomb"),
        pytest.param(bomb(8000), "too many", id="more than a worker has memory for"),
        pytest.param(encoded(scenery(), "JPEG")[:-2000], "can not be read", id="truncated"),
        pytest.param(b"<html>", "not a picture", id="html"),
        pytest.param(b"", "not a picture", id="empty"),
    ],
)
def test_what_can_not_be_marked_is_refused_with_a_reason(data, reason):
    """The caller then sends a preview."""
    with pytest.raises(PictureError, match=reason):
        packed(data, KEY)
