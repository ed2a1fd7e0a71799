import pytest

from guard.store.crc32c import crc32c
from tests.support import records


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_the_values_of_the_standard_come_out(data, value):
    """RFC 3720, appendix B.4."""
    assert crc32c(data) == value


@pytest.mark.parametrize("length", [511, 512, 513, 1024, 70_001])
def test_pieces_side_by_side_are_one_whole(length):
    """However many there are, and with something behind the last or nothing."""
    data = bytes(number * number % 251 for number in range(length))

    assert crc32c(data) == records.crc32c(data)
