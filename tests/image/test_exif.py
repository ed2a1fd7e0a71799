import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from guard.errors import LeftAloneError
from guard.image import exif
from guard.image.privacy import Private


def block(order=b"MM"):
    """Return an EXIF block with everything private in it, and much that is not."""
    made = Image.Exif()
    made.endian = "<" if order == b"II" else ">"
    made[0x010F], made[0x0110], made[0x0112] = "Maker", "Model", 6
    made[0x013B], made[0x8298] = "Jürgen".encode(), b"\xa9 J\0\xa9 Editor"
    made[0x013C] = "Janes-iPhone"
    made[0x011A] = 72.5
    inner = made.get_ifd(0x8769)
    inner[0x829A], inner[0xA001] = 0.01, 1
    inner[0x9286] = b"ASCII\0\0\0words"
    inner[0xA430], inner[0xA431], inner[0xA435] = "Owner", "BODY-1", "LENS-2"
    inner[0x927C] = b"NOTES-3" * 30
    made.get_ifd(0x8825)[1] = "N"
    made.get_ifd(0x8825)[2] = (46.0, 30.0, 12.0)
    return made.tobytes().removeprefix(b"Exif\0\0")


def read(data):
    made = Image.Exif()
    made.load(b"Exif\0\0" + data)
    return made


@pytest.mark.parametrize("order", [b"II", b"MM"])
def test_what_is_private_goes_and_the_rest_reads_the_same(order):
    """Both byte orders, all directories."""
    before = block(order)
    made = exif.strip(before)

    after, was = read(made.block), read(before)
    assert made.removed == {Private.GPS, Private.SERIAL, Private.OWNER, Private.MAKER_NOTES}
    for secret in (b"iPhone", b"Owner", b"BODY-1", b"LENS-2", b"NOTES-3"):
        assert secret not in made.block
    for tag in (0x010F, 0x0110, 0x0112, 0x013B, 0x8298, 0x011A):
        assert after[tag] == was[tag]
    for tag in (0x829A, 0xA001, 0x9286):
        assert after.get_ifd(0x8769)[tag] == was.get_ifd(0x8769)[tag]
    assert not after.get_ifd(0x8825)


def test_a_block_without_anything_private_is_returned_as_it_is():
    """Byte for byte, maker's padding and all."""
    clean = exif.strip(block()).block + b"padding"

    assert exif.strip(clean).block == clean


def test_the_thumbnail_goes_with_its_directory():
    """It shows what was cropped away."""
    made = bytearray(exif.strip(block()).block)
    count = int.from_bytes(made[8:10], "big")
    made[10 + 12 * count : 14 + 12 * count] = len(made).to_bytes(4, "big")
    made += b"\0\1" + b"\x02\x01\0\4\0\0\0\1\0\0\0\x10" + bytes(4) + b"\xff\xd8THUMB\xff\xd9"

    stripped = exif.strip(bytes(made))

    assert stripped.removed == {Private.THUMBNAIL}
    assert b"THUMB" not in stripped.block


def test_names_are_read_in_utf_8_and_latin_1():
    """And the two parts of a notice are one line."""
    assert exif.names(block()) == ("Jürgen", "© J © Editor")


@pytest.mark.parametrize(
    "data", [b"", b"II*\0", b"MM\0*\0\0\0\x08", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff" + bytes(99)]
)
def test_a_block_that_can_not_be_read_is_an_error(data):
    """And names nobody."""
    with pytest.raises(LeftAloneError):
        exif.strip(data)
    assert exif.names(data) == ("", "")


@given(st.integers(0, len(block()) - 1), st.binary(min_size=1, max_size=12))
def test_a_hostile_block_is_stripped_or_refused(at, junk):
    """Loops of pointers, lengths beyond the end: always an end."""
    source = block()
    try:
        made = exif.strip(source[:at] + junk + source[at + len(junk) :])
    except LeftAloneError:
        return
    assert exif.strip(made.block).block == made.block
    Image.open(io.BytesIO(_picture(made.block))).getexif()


def _picture(data):
    out = io.BytesIO()
    Image.new("L", (1, 1)).save(out, "JPEG", exif=b"Exif\0\0" + data)
    return out.getvalue()
