from hashlib import sha256
from struct import pack as packed_number

import pytest

from guard.errors import PictureError
from guard.image import pack_file
from tests.support.pictures import encoded, packed, scenery


def test_a_pack_comes_back_as_it_was():
    """Also one whose segments drift."""
    for size in ((640, 480), (1068, 700)):
        pack = packed(encoded(scenery(*size), "JPEG"), b"k" * 32)

        assert pack_file.from_bytes(pack_file.to_bytes(pack)) == pack


@pytest.mark.parametrize(
    "hurt", [lambda data: data[:-1], lambda data: data[:9] + b"X" + data[10:], lambda _: b"", lambda _: b"x" * 99]
)
def test_a_damaged_pack_is_refused(hurt):
    """A copy must be what its record says, or not be made."""
    data = pack_file.to_bytes(packed(encoded(scenery(640, 480), "JPEG"), b"k" * 32))

    with pytest.raises(PictureError, match="damaged"):
        pack_file.from_bytes(hurt(data))


@pytest.mark.parametrize("described", [b"", b"\0\0", packed_number(">I", 9), b"\0\0\0\2{}", b"\0\0\0\2[]"])
def test_a_pack_of_another_version_is_refused(described):
    """Its checksum is right; a program that was replaced by another finds it in its folder."""
    body = pack_file.MAGIC + described

    with pytest.raises(PictureError, match="another version"):
        pack_file.from_bytes(body + sha256(body).digest())
