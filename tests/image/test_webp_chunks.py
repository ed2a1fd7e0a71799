import pytest

from guard.image.left_alone import Why
from guard.image.rights import rewrite
from tests.image.test_rights import RIGHTS
from tests.support.picture_files import frames, metadata, pixels
from tests.support.pictures import encoded, noise

_ALPHA, _EXIF, _XMP, _ANIMATED = 0x10, 0x08, 0x04, 0x02


def simple(picture, **options):
    """Return a file of one chunk, as RFC 9649, sections 2.5 and 2.6 describe it."""
    data = encoded(picture, "WEBP", **options)
    at = 12
    while data[at : at + 4] not in (b"VP8 ", b"VP8L"):
        at += 8 + (int.from_bytes(data[at + 4 : at + 8], "little") + 1) // 2 * 2
    chunk = data[at : at + 8 + (int.from_bytes(data[at + 4 : at + 8], "little") + 1) // 2 * 2]
    return b"RIFF" + (len(chunk) + 4).to_bytes(4, "little") + b"WEBP" + chunk


def flags(data):
    assert data[12:16] == b"VP8X"
    return data[20]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(simple(noise(121, 83)), _XMP, id="lossy"),
        pytest.param(simple(noise(121, 83), lossless=True), _XMP, id="lossless"),
        pytest.param(simple(noise(121, 83, channels=4), lossless=True), _XMP | _ALPHA, id="lossless and clear"),
        pytest.param(encoded(noise(), "WEBP", exif=metadata()[0]), _XMP | _EXIF, id="with EXIF"),
        pytest.param(frames("WEBP", (64, 48)), _XMP | _ANIMATED, id="animated"),
    ],
)
def test_the_flags_say_what_is_in_the_file(data, expected):
    """A reader may go by them alone; size and transparency are those of the picture."""
    made = rewrite(data, RIGHTS, strip=True)

    assert made.why is None
    assert flags(made.body) & (_ALPHA | _EXIF | _XMP | _ANIMATED) == expected
    assert pixels(made.body) == pixels(data)
    assert int.from_bytes(made.body[4:8], "little") == len(made.body) - 8


def test_an_unknown_chunk_stays_where_it_may_and_is_a_reason_where_it_may_not():
    """It can hold anything."""
    data = encoded(noise(), "WEBP", exif=metadata()[0]) + b"GPS \4\0\0\0abcd"
    data = data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]

    assert b"GPS \4\0\0\0abcd" in rewrite(data, RIGHTS, strip=False).body
    assert rewrite(data, RIGHTS, strip=True).why is Why.UNKNOWN_STRUCTURE
