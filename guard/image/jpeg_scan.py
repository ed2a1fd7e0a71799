"""Where in a JPEG file do its header, its segments and its end lie?

Only baseline files of one scan are cut (ITU-T T.81): those that our own encoder wrote.
"""

import re
from dataclasses import dataclass

from guard.errors import PictureError

_BASELINE = 0xC0
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
"""In coded data every other FF is followed by a zero (T.81, B.1.1.5), so this finds markers only."""

_KEPT = {0xE1: b"", 0xE2: b"ICC_PROFILE\x00", 0xED: b"", 0xFE: b""}
"""What a copy keeps of its source's header, and how that begins: EXIF and XMP, the colour profile (an index of further
pictures in the file has the same marker), IPTC, comments."""
_DENSITY = 0xE0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A baseline file, cut."""

    head: bytes
    """From the start to the first coded byte."""
    height_at: int
    """Where in `head` the height stands, two bytes, big-endian."""
    segments: tuple[bytes, ...]
    """The coded data between restart markers, without them."""


def cut(data: bytes) -> Scan:
    """Cut a baseline JPEG file of one scan at its restart markers.

    Raises:
        PictureError: It is something else.
    """
    at, height_at = 2, 0
    for marker, start, end in headers(data):
        if marker in _FRAMES:
            if marker != _BASELINE:
                raise PictureError("only a baseline JPEG can be cut")
            height_at = start + 5
        at = end
    if not height_at or not data.endswith(b"\xff\xd9"):
        raise PictureError("a JPEG without a frame or an end can not be cut")
    coded = data[at:-2]
    return Scan(head=data[:at], height_at=height_at, segments=tuple(_RESTART.split(coded)))


def metadata_of(data: bytes) -> bytes:
    """Return the marker segments of a JPEG that a copy keeps, as they stand; empty for other formats."""
    if not data.startswith(b"\xff\xd8"):
        return b""
    return b"".join(
        data[start:end]
        for marker, start, end in headers(data)
        if marker in _KEPT and data.startswith(_KEPT[marker], start + 4)
    )


def with_metadata(head: bytes, metadata: bytes) -> bytes:
    """Put `metadata` behind the density segment of `head`."""
    marker, _, end = headers(head)[0]
    at = end if marker == _DENSITY else 2
    return head[:at] + metadata + head[at:]


def headers(data: bytes) -> list[tuple[int, int, int]]:
    """Return marker, start and end of each segment of the header, up to and with the first scan's.

    Raises:
        PictureError: The header is broken.
    """
    found, at = [], 2
    while True:
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if len(data) < at + 4 or data[at] != 0xFF:
            raise PictureError("the header of the JPEG is broken")
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(data):
            raise PictureError("the header of the JPEG is broken")
        found.append((marker, at, at + 2 + length))
        at += 2 + length
        if marker == _SCAN:
            return found
