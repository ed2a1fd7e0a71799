import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from guard.errors import PictureError
from guard.image import metadata, preview
from guard.image.visible_mark import VisibleMark
from tests.support.pictures import bomb, decoded, encoded, noise, photograph

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def small(data, side=60, mark=""):
    made = preview.preview(data, longest_side=side, visible_mark=VisibleMark(text=mark) if mark else None)
    image = decoded(made.body)
    # What is said about the picture is what a decoder finds.
    assert (image.get_format_mimetype(), *image.size) == (made.media_type, made.width, made.height)
    assert max(image.size) <= side
    return image


def corners():
    """Return a picture of four colours: red, green, blue and white, clockwise from the upper left."""
    image = Image.new("RGB", (120, 80))
    for place, colour in (((0, 0), "red"), ((60, 0), "lime"), ((60, 40), "white"), ((0, 40), "blue")):
        image.paste(colour, (*place, place[0] + 60, place[1] + 40))
    return image


def colour_at(image, x, y):
    red, green, blue = image.convert("RGB").getpixel((int(x * image.width), int(y * image.height)))
    return {(1, 0, 0): "red", (0, 1, 0): "lime", (1, 1, 1): "white", (0, 0, 1): "blue"}[
        (red > 128, green > 128, blue > 128)
    ]


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        pytest.param(encoded(noise(), "JPEG"), "image/jpeg", id="jpeg"),
        pytest.param(encoded(noise(), "JPEG", progressive=True), "image/jpeg", id="progressive jpeg"),
        pytest.param(encoded(noise(), "PNG"), "image/png", id="small png"),
        pytest.param(encoded(noise(), "WEBP"), "image/webp", id="webp"),
        pytest.param(encoded(noise(), "GIF"), "image/jpeg", id="gif"),
        pytest.param(encoded(noise(), "AVIF"), "image/jpeg", id="avif"),
        pytest.param(encoded(noise(), "TIFF"), "image/jpeg", id="tiff"),
        pytest.param(encoded(noise(), "BMP"), "image/jpeg", id="bmp"),
        pytest.param(encoded(noise(), "PNG") + b"<html>", "image/png", id="png with a tail"),
        pytest.param(encoded(noise(), "JPEG") + b"<script>alert(1)</script>", "image/jpeg", id="jpeg with html"),
    ],
)
def test_a_preview_stays_in_the_family_of_its_source(data, media_type):
    """Formats that every client takes stay; the rest becomes JPEG; nothing behind the picture comes along."""
    made = preview.preview(data, longest_side=60, visible_mark=None)

    assert made.media_type == media_type
    assert (made.width, made.height) == (60, 40)
    assert decoded(made.body).size == (60, 40)
    assert b"<" not in made.body[-12:]


def test_a_large_opaque_png_becomes_a_jpeg():
    """A photograph saved as PNG does not cost megabytes as a preview; one with transparency stays."""
    photo = noise(700, 700)
    seen_through = photo.copy()
    seen_through.putalpha(100)

    assert small(encoded(photo, "PNG"), 600).format == "JPEG"
    assert small(encoded(seen_through, "PNG"), 600).mode == "RGBA"


def test_a_small_picture_is_not_enlarged():
    """There is nothing to gain, and bytes to lose."""
    assert small(encoded(noise(20, 10), "PNG"), 500).size == (20, 10)
    assert small(encoded(noise(1, 1), "PNG"), 500).size == (1, 1)


def test_a_line_of_pixels_has_a_preview():
    """A ruler or a spacer: its short side rounds to nothing."""
    for size in ((3000, 1), (1, 3000)):
        assert min(small(encoded(Image.new("RGB", size), "JPEG"), mark="© Jane Doe").size) == 1


@pytest.mark.parametrize(
    ("orientation", "upper_left"),
    [
        *((1, "red"), (2, "lime"), (3, "white"), (4, "blue"), (5, "red")),
        *((6, "blue"), (7, "white"), (8, "lime"), (99, "red")),
    ],
)
def test_orientation_is_worked_into_the_pixels(orientation, upper_left):
    """Each of the eight values turns the picture, and no tag is left that would turn it again."""
    exif = Image.Exif()
    exif[0x0112] = orientation

    image = small(encoded(corners(), "JPEG", exif=exif.tobytes(), quality=95))

    assert colour_at(image, 0.2, 0.2) == upper_left
    assert image.size == ((40, 60) if orientation in {5, 6, 7, 8} else (60, 40))
    assert 0x0112 not in image.getexif()


@pytest.mark.parametrize("family", ["JPEG", "PNG", "WEBP"])
def test_private_data_goes_and_rights_stay(family):
    """Place, serial number, camera, comment and thumbnail are gone; artist, copyright and reservation are there."""
    source = Image.open(io.BytesIO(photograph()))
    data = encoded(source, family, exif=source.info["exif"], **_packet(family, source.info["xmp"]))
    assert b"SERIAL-4711" in data

    made = preview.preview(data, longest_side=60, visible_mark=None)

    for secret in (b"SERIAL-4711", b"SecretMake", b"SecretModel", b"SecretTool", b"SecretComment"):
        assert secret not in made.body
    image = decoded(made.body)
    exif = image.getexif()
    assert not exif.get_ifd(0x8825)
    assert exif[0x8298].encode("latin-1").decode() == "© Jürgen Groß"
    assert exif[0x013B].encode("latin-1").decode() == "Jürgen Groß"
    rights = metadata.read(image.info["xmp"])
    assert rights.data_mining == metadata.PROHIBITED_EXCEPT_SEARCH
    assert rights.web_statement == "https://photo.example/t"
    assert rights.notice == "© Jürgen Groß"


def _packet(family, packet):
    from PIL.PngImagePlugin import PngInfo

    if family != "PNG":
        return {"xmp": packet}
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet.decode())
    info.add_text("Comment", "SecretComment")
    return {"pnginfo": info}


def test_rights_in_iptc_alone_are_carried_on():
    """An agency's picture that names its owner only in IPTC-IIM keeps the name."""
    fields = b"".join(
        b"\x1c\x02" + bytes([number]) + len(value).to_bytes(2, "big") + value
        for number, value in ((80, b"Ada Example"), (116, "© Ada".encode()), (110, b"Agency"))
    )
    block = b"8BIM\x04\x04\0\0" + len(fields).to_bytes(4, "big") + fields + b"\0" * (len(fields) % 2)
    segment = b"Photoshop 3.0\0" + block
    data = encoded(noise(), "JPEG")
    data = data[:2] + b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment + data[2:]

    rights = metadata.read(small(data).info["xmp"])

    assert (rights.creators, rights.notice, rights.credit) == (("Ada Example",), "© Ada", "Agency")


def test_the_colour_profile_stays_with_its_pixels():
    """An RGB profile is kept as it is; one that does not fit the pixels is dropped."""
    assert small(encoded(noise(), "JPEG", icc_profile=SRGB)).info["icc_profile"] == SRGB
    assert "icc_profile" not in small(encoded(noise(channels=1), "JPEG", icc_profile=SRGB)).info


@pytest.mark.parametrize("profile", [None, b"\0" * 200, SRGB])
def test_cmyk_becomes_rgb(profile):
    """Ink becomes light, with a profile, without one, and with one that is wrong."""
    picture = Image.new("CMYK", (100, 50), (0, 255, 255, 0))

    image = small(encoded(picture, "JPEG", icc_profile=profile, quality=95))

    red, green, blue = image.getpixel((5, 5))
    assert image.mode == "RGB"
    assert red > 180
    assert max(green, blue) < 80
    assert "icc_profile" not in image.info


@pytest.mark.parametrize("family", ["PNG", "TIFF"])
def test_sixteen_bits_become_eight(family):
    """A grey ramp of 16 bits is the same ramp in 8."""
    ramp = np.tile(np.linspace(0, 65535, 60).astype(np.uint16), (40, 1))

    image = small(encoded(Image.fromarray(ramp), family))

    assert image.mode == "L"
    assert np.abs(np.asarray(image, int)[20] - (ramp[0] >> 8)).max() <= 6


def test_a_palette_with_a_transparent_colour_keeps_it():
    """Transparency in a palette is transparency, not black."""
    picture = Image.new("P", (80, 40))
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.paste(1, (40, 0, 80, 40))
    data = encoded(picture, "PNG", transparency=0)

    image = small(data)

    assert image.getpixel((5, 5))[3] == 0
    assert image.getpixel((image.width - 5, 5)) == (0, 255, 0, 255)


def test_transparency_is_laid_on_white_where_the_format_has_none():
    """A transparent GIF becomes a JPEG on white paper."""
    picture = Image.new("RGBA", (80, 40), (0, 0, 0, 0))

    assert small(encoded(picture, "GIF")).getpixel((9, 9)) == (255, 255, 255)


@pytest.mark.parametrize("family", ["GIF", "WEBP", "PNG", "AVIF", "TIFF", "MPO"])
def test_of_several_pictures_the_first_is_taken(family):
    """Animations, pages and the second picture of an MPO do not come along."""
    frames = [Image.new("RGB", (80, 40), colour) for colour in ("red", "blue", "lime")]

    image = small(encoded(frames[0], family, save_all=True, append_images=frames[1:]))

    assert getattr(image, "n_frames", 1) == 1
    assert colour_at(image, 0.5, 0.5) == "red"


@pytest.mark.parametrize("mode", ["L", "LA", "1", "RGBA", "P"])
def test_other_modes_are_read(mode):
    """Grey, two-level and palette pictures have previews too, marked or not."""
    data = encoded(noise().convert(mode), "PNG")

    assert small(data).size == (60, 40)
    assert small(data, mark="x").size == (60, 40)


def test_the_visible_mark_is_drawn_only_if_asked_for():
    """An empty text changes nothing; a text changes the picture, and the same way every time."""
    data = photograph()

    assert np.asarray(small(data)).tobytes() != np.asarray(small(data, mark="© Ada")).tobytes()
    assert preview.preview(data, longest_side=50, visible_mark=VisibleMark(text="© Ada")) == preview.preview(
        data, longest_side=50, visible_mark=VisibleMark(text="© Ada")
    )


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="svg"),
        pytest.param(b"<!doctype html>", id="page"),
        pytest.param(encoded(noise(), "JPEG")[:-400], id="truncated jpeg"),
        pytest.param(encoded(noise(), "PNG")[:-400], id="truncated png"),
        pytest.param(encoded(noise(), "WEBP")[:-400], id="truncated webp"),
        pytest.param(bomb(), id="bomb"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="a decoder that may not run"),
    ],
)
def test_what_can_not_be_read_is_a_picture_error(data):
    """Damaged, foreign and enormous files all end the same way."""
    with pytest.raises(PictureError):
        preview.preview(data, longest_side=60, visible_mark=None)


def test_limits_are_checked_before_decoding(monkeypatch):
    """One pixel and one byte over the limit are too much; at the limit all is well."""
    data = encoded(noise(10, 10), "PNG")
    monkeypatch.setattr(preview, "MAX_PIXELS", 100)
    assert small(data)

    monkeypatch.setattr(preview, "MAX_PIXELS", 99)
    with pytest.raises(PictureError, match="10 × 10"):
        small(data)

    monkeypatch.setattr(preview, "MAX_INPUT", len(data) - 1)
    with pytest.raises(PictureError, match="bytes"):
        small(data)


@pytest.mark.parametrize("side", [0, -5])
def test_a_preview_without_pixels_is_refused(side):
    """A side below one is the caller's mistake."""
    with pytest.raises(PictureError):
        preview.preview(photograph(), longest_side=side, visible_mark=None)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_files_end_in_a_picture_or_a_picture_error(data):
    """Flipped bytes anywhere in a file of any format never escape as another exception."""
    source = bytearray(data.draw(st.sampled_from(SOURCES)))
    for _ in range(data.draw(st.integers(1, 8))):
        source[data.draw(st.integers(0, len(source) - 1))] = data.draw(st.integers(0, 255))

    with contextlib.suppress(PictureError):
        decoded(preview.preview(bytes(source), longest_side=30, visible_mark=None).body)


SOURCES = [photograph(40, 30)] + [encoded(noise(40, 30), name) for name in ("PNG", "GIF", "WEBP", "AVIF", "TIFF")]
