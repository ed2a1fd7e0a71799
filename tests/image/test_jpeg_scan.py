import pytest

from guard.errors import PictureError
from guard.image import jpeg_scan
from tests.support.pictures import encoded, noise, photograph


def test_a_file_is_cut_at_its_restart_markers_and_joined_again():
    """Nothing is lost in between."""
    data = encoded(noise(), "JPEG", restart_marker_blocks=3)

    scan = jpeg_scan.cut(data)

    assert len(scan.segments) > 10
    joined = scan.head
    for index, segment in enumerate(scan.segments):
        joined += segment + (bytes((0xFF, 0xD0 + index % 8)) if index < len(scan.segments) - 1 else b"\xff\xd9")
    assert joined == data
    assert int.from_bytes(scan.head[scan.height_at : scan.height_at + 2], "big") == 80


def test_metadata_is_found_and_put_in_behind_the_density():
    """So that readers that look in the first segments find it."""
    data, plain = photograph(), jpeg_scan.cut(encoded(noise(), "JPEG")).head

    found = jpeg_scan.metadata_of(data)
    whole = jpeg_scan.with_metadata(plain, found)

    assert b"Exif" in found
    assert b"xpacket" in found
    assert jpeg_scan.metadata_of(whole) == found
    assert whole[6:10] == b"JFIF"
    assert jpeg_scan.metadata_of(encoded(noise(), "PNG")) == b""


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8",
        b"\xff\xd8\xff\xe0\x00",
        b"\xff\xd8\xff\xe0\x00\x01",
        b"\xff\xd8\x00\x00\x00\x00",
        b"\xff\xd8" + b"\xff" * 99,
    ],
)
def test_a_broken_header_is_refused(data):
    """Whatever is wrong with it, it is a PictureError."""
    with pytest.raises(PictureError, match="broken"):
        jpeg_scan.headers(data)


def test_a_progressive_file_is_not_cut():
    """Its scans go over the whole picture several times."""
    with pytest.raises(PictureError, match="baseline"):
        jpeg_scan.cut(encoded(noise(), "JPEG", progressive=True))
