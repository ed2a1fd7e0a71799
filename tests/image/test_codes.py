"""A picture's codes are those that others compute, and each finds the copies that it should."""

import io
import subprocess
from hashlib import sha256

import imagehash
import iscc_core
import numpy
import pytest
from PIL import Image

from guard.errors import PictureError
from guard.image.codes import codes, grey_values


def picture(side: int = 256, seed: int = 3) -> Image.Image:
    chance = numpy.random.default_rng(seed)
    small = Image.fromarray(chance.integers(0, 255, (12, 16, 3), dtype=numpy.uint8))
    return small.resize((side * 4 // 3, side), Image.Resampling.BICUBIC)


def saved(image: Image.Image, form: str = "JPEG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def of(data: bytes):
    return codes(data, imagehash, iscc_core)


def test_digests_are_those_of_common_tools(tmp_path):
    """sha256sum and md5sum say the same, and ImageHash's own reading of the file too."""
    data = saved(picture())
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    found = of(data)
    tools = [
        subprocess.run([tool, path], capture_output=True, text=True, check=True).stdout.split()[0]
        for tool in ("sha256sum", "md5sum")
    ]

    assert [found.sha256, found.md5] == tools
    with Image.open(path) as image:
        assert (found.phash, found.dhash) == (str(imagehash.phash(image)), str(imagehash.dhash(image)))
        assert found.pixels_sha256 == sha256(numpy.asarray(image).tobytes()).hexdigest()
    assert (found.width, found.height, found.media_type, found.bytes) == (341, 256, "image/jpeg", len(data))


def test_new_metadata_change_the_file_and_not_the_pixels():
    """So that a picture is found after its rights were written into it."""
    image = picture()
    exif = Image.Exif()
    exif[0x8298] = "Jane Doe"
    one, other = of(saved(image, quality=90)), of(saved(image, quality=90, exif=exif))

    assert one.sha256 != other.sha256
    assert one.pixels_sha256 == other.pixels_sha256


def test_a_smaller_worse_copy_is_near():
    """By perceptual hashes and the ISCC code; another picture is far."""
    image = picture(512)
    mine, copy, other = (
        of(saved(image)),
        of(saved(image.resize((200, 150)), "WEBP", quality=40)),
        of(saved(picture(seed=4))),
    )

    def apart(one: str, two: str) -> int:
        return (int(one, 16) ^ int(two, 16)).bit_count()

    assert apart(mine.phash, copy.phash) <= 4 < apart(mine.phash, other.phash)
    assert apart(mine.dhash, copy.dhash) <= 6 < apart(mine.dhash, other.dhash)
    assert iscc_core.iscc_compare(mine.iscc, copy.iscc)["content_dist"] <= 4
    assert iscc_core.iscc_compare(mine.iscc, other.iscc)["content_dist"] > 8


def test_the_iscc_code_is_made_as_its_reference_says():
    """Of a picture that needs none of it; turned, on white, without its frame, it stays the same."""
    image = picture().convert("L").convert("RGB")
    plain = [int(value) for value in numpy.asarray(image.convert("L").resize((32, 32), Image.Resampling.BICUBIC)).flat]
    framed = Image.new("RGB", (400, 300), "white")
    framed.paste(image, (20, 30))
    clear = Image.new("RGBA", (400, 300), (9, 9, 9, 0))
    clear.paste(image, (7, 8))

    assert grey_values(image) == plain
    assert grey_values(framed) == plain
    assert grey_values(clear) == plain
    turned = image.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    assert of(saved(turned, "PNG", exif=exif)).iscc == iscc_core.gen_image_code(plain)["iscc"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_every_format_has_codes(form):
    """Also of one colour, where nothing is left to compare."""
    assert of(saved(picture(), form)).iscc.startswith("ISCC:EE")
    assert of(saved(Image.new("RGB", (40, 30), "red"), form)).width == 40


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_has_codes(mode):
    """Grey, palettes, print colours, sixteen bits."""
    image = Image.new("I;16", (40, 30)) if mode == "I;16" else picture(64).convert(mode)

    assert len(of(saved(image, "TIFF")).pixels_sha256) == 64


def test_what_is_no_picture_is_refused():
    """Nothing, text, a broken picture, too many pixels."""
    data = saved(picture())
    bomb = saved(Image.new("1", (20_000, 20_000)), "PNG")
    for broken in (b"", b"hello", data[: len(data) // 2], bomb):
        with pytest.raises(PictureError):
            of(broken)
