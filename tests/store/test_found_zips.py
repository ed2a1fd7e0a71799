import io
import struct
import zipfile

import pytest

from guard.errors import GuardError
from guard.store.found_zips import Zip

DATA = bytes(number * number % 251 for number in range(20_000))


def archive(*members, method=zipfile.ZIP_DEFLATED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as out:
        for name, data in members:
            out.writestr(name, data)
    return made.getvalue()


def read(data, most=1 << 20):
    """Return what the first member holds."""
    opened = Zip(io.BytesIO(data))
    return opened.read(next(opened.members()), most)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_is_read(method):
    """Packed or not, whatever its name says."""
    assert read(archive(("../../etc/a.jpg", DATA), method=method)) == DATA


def test_folders_are_no_members():
    """And a name is looked up as it is written."""
    opened = Zip(io.BytesIO(archive(("a/", b""), ("a/b.jpg", DATA), ("a/b.json", b"{}"))))

    assert [one.filename for one in opened.members()] == ["a/b.jpg", "a/b.json"]
    assert opened.member("a/b.json") is not None
    assert opened.member("b.json") is None


def test_a_member_that_holds_more_than_it_says_fills_no_memory():
    """Ten megabytes behind a declared hundred bytes: not more is unpacked, and its CRC tells."""
    data = bytearray(archive(("a.jpg", bytes(10_000_000))))
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(signature) + place
        data[at : at + 4] = struct.pack("<I", 100)

    with pytest.raises(GuardError, match="CRC"):
        read(bytes(data))


def test_a_member_that_holds_less_than_it_says_is_told():
    """Its CRC is right; something was cut off nevertheless."""
    data = bytearray(archive(("a.jpg", DATA)))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", len(DATA) + 1)

    with pytest.raises(GuardError, match="ends too early"):
        read(bytes(data))


def test_of_a_member_that_is_too_large_a_byte_more_is_read():
    """So that whoever asked sees it."""
    assert len(read(archive(("a.jpg", DATA)), most=99)) == 100


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_is_packed_in_another_way_is_not_read(method):
    """A small member could be a large one there."""
    with pytest.raises(GuardError, match="stored and deflated is"):
        read(archive(("a.jpg", DATA), method=method))


def test_an_encrypted_member_is_told():
    """By the flag that says so."""
    data = bytearray(archive(("a.jpg", DATA)))
    data[data.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(GuardError, match="encrypted"):
        read(bytes(data))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_that_was_changed_is_told(method):
    """By its CRC, or because it can not be unpacked."""
    data = bytearray(archive(("a.jpg", DATA), method=method))
    data[200] ^= 1

    with pytest.raises(GuardError):
        read(bytes(data))


def test_what_is_cut_off_is_told():
    """The list of members is at the end."""
    with pytest.raises(GuardError, match="not a zip file"):
        read(archive(("a.jpg", DATA))[:-30])
