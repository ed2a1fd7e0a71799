"""Is what a camera wrote about itself found, and is a file that says nothing no fault?"""

import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from guard.image.camera import camera


def test_make_model_serials_and_time_are_found():
    """Text without padding; what is not there is left out."""
    exif = Image.Exif()
    exif[0x010F] = "Maker\0"
    below = exif.get_ifd(0x8769)
    below[0xA431], below[0xA435], below[0xA434], below[0x9003] = " 123 ", "L9", "50mm", "2026:05:01 10:00:00"
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif)

    assert camera(out.getvalue()) == {
        "make": "Maker", "body_serial": "123", "lens_serial": "L9", "lens": "50mm", "taken": "2026:05:01 10:00:00",
    }  # fmt: skip


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_error(data):
    """Hostile ones too."""
    assert camera(data) == {} or camera(data)
    assert camera(b"\xff\xd8\xff\xe1\x00\x20Exif\0\0" + data) is not None
