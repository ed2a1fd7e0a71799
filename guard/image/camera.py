"""What did the camera write about itself into a picture?

Make, model and serial numbers of body and lens, and when the picture was taken (EXIF 2.32, sections
4.6.4 and 4.6.5). Published pictures lose the serial numbers; a photographer who has the
camera can show by them that it was hers.
"""

import io
import warnings
from typing import Final

from PIL import Image

from guard.image.preview import FORMATS

_EXIF: Final = 0x8769
_MAIN: Final = {0x010F: "make", 0x0110: "model"}
_BELOW: Final = {0x9003: "taken", 0x9011: "taken_offset", 0xA431: "body_serial", 0xA434: "lens", 0xA435: "lens_serial"}
_LONGEST: Final = 200


def camera(data: bytes) -> dict[str, str]:
    """Return what is there, by name; empty for a file that says nothing or can not be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                exif = picture.getexif()
                found = [(exif, _MAIN), (exif.get_ifd(_EXIF), _BELOW)]
    except Exception:  # decoders raise what they like for damaged files
        return {}
    said = {}
    for values, names in found:
        for tag, name in names.items():
            text = values.get(tag)
            if isinstance(text, str) and (shown := text.strip(" \0")[:_LONGEST]):
                said[name] = shown
    return said
