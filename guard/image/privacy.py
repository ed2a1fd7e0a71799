"""What in a picture's metadata is nobody's business?

Where a picture was taken, which camera and lens (by serial number) took it and who owns them,
the camera maker's notes, of which nobody but the maker knows all, and small copies of the
picture, which show what was cropped or painted over. Names of creators and owners of rights,
captions and the editorial place names of a news picture are not private: they are what the
metadata is for.
"""

import re
from enum import StrEnum
from typing import Final


class Private(StrEnum):
    """A kind of private data."""

    GPS = "gps"
    SERIAL = "serial"
    OWNER = "owner"
    THUMBNAIL = "thumbnail"
    MAKER_NOTES = "maker_notes"
    TRAILING = "trailing"
    """Whatever follows the first picture of a file: a film, further pictures, data that nobody knows."""


EXIF_TAGS: Final = {
    0x013C: Private.OWNER,  # HostComputer: phones and computers are named after their owners
    0x8825: Private.GPS,  # the directory of positions
    0x927C: Private.MAKER_NOTES,
    0xA430: Private.OWNER,  # CameraOwnerName
    0xA431: Private.SERIAL,  # BodySerialNumber
    0xA435: Private.SERIAL,  # LensSerialNumber
    0xC62F: Private.SERIAL,  # CameraSerialNumber of DNG
    0xC634: Private.MAKER_NOTES,  # DNGPrivateData
    0xC68B: Private.OWNER,  # OriginalRawFileName: a path of the photographer's own
    0xEA1D: Private.MAKER_NOTES,  # OffsetSchema, about the notes alone
    0x014A: Private.THUMBNAIL,  # SubIFDs: further, smaller pictures
}
"""Tags of EXIF 2.32 (CIPA DC-008), TIFF and DNG by number."""

POSITIONS: Final = "http://www.w3.org/2003/01/geo/wgs84_pos#"
"""An XML namespace that holds nothing but positions."""

_NAMES: Final = (
    (Private.GPS, re.compile(r"gps", re.IGNORECASE)),
    (Private.SERIAL, re.compile(r"\w*serialnumber", re.IGNORECASE)),
    (Private.OWNER, re.compile(r"(?:camera)?ownername$", re.IGNORECASE)),
    (Private.THUMBNAIL, re.compile(r"thumbnails$", re.IGNORECASE)),
    (Private.MAKER_NOTES, re.compile(r"makernote", re.IGNORECASE)),
)

HINT: Final = re.compile(
    rb"gps|serialnumber|ownername|thumbnails|makernote|" + re.escape(POSITIONS.encode()), re.IGNORECASE
)
"""Bytes of a packet in which this finds nothing hold no private property."""
HINT_IN_BINARY: Final = re.compile(rb"gps[a-z]{4}|serialnumber|ownername|makernote", re.IGNORECASE)
"""The same for blocks that are not text, in which three letters can stand together by chance."""


def in_xmp(namespace: str, name: str) -> Private | None:
    """Tell what private data an XMP property of this name holds, whoever's namespace it is in."""
    if namespace == POSITIONS:
        return Private.GPS
    return next((kind for kind, pattern in _NAMES if pattern.match(name)), None)
