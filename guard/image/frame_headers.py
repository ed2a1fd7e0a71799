"""Which size does a picture's own header state?

One reader a format; each takes the first bytes of a file and returns width and height in
stored pixels, or None where those bytes do not tell. The bytes come from strangers: slices
are short rather than wrong, every walk is bounded, and nothing raises.
"""

import re
from collections.abc import Iterator

MAX_SEGMENTS = 512
"""A JPEG with more segments before its frame header is no photo; the walk ends there."""
MAX_BOXES = 512
"""The same for the boxes of an AVIF, HEIC or JPEG XL file (a phone's HEIC has about 100)."""
JXL_CONTAINER = b"\x00\x00\x00\x0cJXL \r\n\x87\n"

# SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC): ITU-T T.81, table B.1.
FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers without a length: TEM, RST0 to RST7, SOI. ITU-T T.81, section B.1.1.3.
BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})

_FILL = re.compile(rb"\xff*")


def size(media_type: str, head: bytes) -> tuple[int, int] | None:
    """Return width and height of a picture of the format `media_type`, both at least 1, or None."""
    reader = {
        "image/jpeg": _jpeg,
        "image/png": _png,
        "image/gif": _gif,
        "image/webp": _webp,
        "image/avif": _base_media,
        "image/heic": _base_media,
        "image/tiff": _tiff,
        "image/bmp": _bmp,
        "image/jp2": _jp2,
        "image/jxl": _jxl,
        "image/vnd.microsoft.icon": _icon,
    }.get(media_type)
    found = reader(head) if reader else None
    return found if found and found[0] > 0 and found[1] > 0 else None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    """Walk the segments up to the frame header; a thumbnail inside EXIF is skipped with its segment."""
    position = 2
    for _ in range(MAX_SEGMENTS):
        fill = _FILL.match(head, position)
        if fill is None or fill.end() == position or fill.end() >= len(head):
            return None
        marker = head[fill.end()]
        position = fill.end() + 1
        if marker in FRAME_MARKERS:
            if position + 7 > len(head):
                return None
            height, width = (int.from_bytes(head[at : at + 2], "big") for at in (position + 3, position + 5))
            return width, height
        if marker in {0xD9, 0xDA}:
            return None
        if marker not in BARE_MARKERS:
            position += max(int.from_bytes(head[position : position + 2], "big"), 2)
    return None


def _png(head: bytes) -> tuple[int, int] | None:
    if len(head) < 24 or head[12:16] != b"IHDR":
        return None
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def _gif(head: bytes) -> tuple[int, int] | None:
    if len(head) < 10:
        return None
    return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")


def _webp(head: bytes) -> tuple[int, int] | None:
    """Read the three kinds of first chunk (RFC 9649, sections 2.5 to 2.7)."""
    chunk = head[12:16]
    if chunk == b"VP8X" and len(head) >= 30:
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if chunk == b"VP8L" and len(head) >= 25 and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 " and len(head) >= 30 and head[23:26] == b"\x9d\x01\x2a":
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    return None


def _bmp(head: bytes) -> tuple[int, int] | None:
    if len(head) < 26:
        return None
    if head[14] == 12:
        return int.from_bytes(head[18:20], "little"), int.from_bytes(head[20:22], "little")
    # The height is negative where the rows go from top to bottom.
    width, height = (int.from_bytes(head[at : at + 4], "little", signed=True) for at in (18, 22))
    return abs(width), abs(height)


def _icon(head: bytes) -> tuple[int, int] | None:
    sides = icon_sides(head)
    return max(sides, default=None)


def icon_sides(head: bytes) -> tuple[tuple[int, int], ...]:
    """Return the size of every picture of an icon file; empty if its directory is not believable."""
    count = int.from_bytes(head[4:6], "little")
    if not 1 <= count <= 64:
        return ()
    entries = [head[6 + 16 * index : 22 + 16 * index] for index in range(count)]
    if any(len(entry) < 16 or entry[3] or int.from_bytes(entry[12:16], "little") < 6 + 16 * count for entry in entries):
        return ()
    # One byte a side; 0 stands for 256.
    return tuple((entry[0] or 256, entry[1] or 256) for entry in entries)


def _tiff(head: bytes) -> tuple[int, int] | None:
    """Read the first directory, if it lies in the head (TIFF 6.0, section 2)."""
    little = head[:1] == b"I"

    def number(at: int, length: int) -> int:
        return int.from_bytes(head[at : at + length], "little" if little else "big")

    if number(2, 2) != 42:
        return None
    directory = number(4, 4)
    count = number(directory, 2)
    if directory < 8 or directory + 2 + 12 * count > len(head):
        return None
    values: dict[int, int] = {}
    for at in range(directory + 2, directory + 2 + 12 * count, 12):
        values[number(at, 2)] = number(at + 8, 2 if number(at + 2, 2) == 3 else 4)
    # 254 marks a reduced copy and 330 names further pictures: in a camera's raw file the first
    # directory is a small preview, and taking its size would make a thumbnail of an original.
    if values.get(254, 0) & 1 or 330 in values:
        return None
    return values.get(256, 0), values.get(257, 0)


def _boxes(head: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Walk the boxes of one level: type, begin and end of the content (ISO/IEC 14496-12, section 4.2)."""
    position, end = start, min(end, len(head))
    for _ in range(MAX_BOXES):
        if position + 8 > end:
            return
        size, header = int.from_bytes(head[position : position + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(head[position + 8 : position + 16], "big"), 16
        elif size == 0:
            size = end - position
        if size < header:
            return
        yield head[position + 4 : position + 8], position + header, min(position + size, end)
        position += size


def _base_media(head: bytes) -> tuple[int, int] | None:
    """Return the largest spatial extent of an AVIF or HEIC file.

    A phone's HEIC is a grid of tiles plus a thumbnail, each with an extent of its own; the
    picture is the largest of them (ISO/IEC 23008-12, section 6.5.3).
    """
    found: list[tuple[int, int]] = []
    for name, start, end in _boxes(head, 0, len(head)):
        if name != b"meta":
            continue
        for inner, inner_start, inner_end in _boxes(head, start + 4, end):
            if inner != b"iprp":
                continue
            for part, part_start, part_end in _boxes(head, inner_start, inner_end):
                if part == b"ipco":
                    found += [
                        (int.from_bytes(head[at + 4 : at + 8], "big"), int.from_bytes(head[at + 8 : at + 12], "big"))
                        for box, at, stop in _boxes(head, part_start, part_end)
                        if box == b"ispe" and stop - at >= 12
                    ]
    return max(found, key=lambda size: size[0] * size[1], default=None)


def _jp2(head: bytes) -> tuple[int, int] | None:
    """Read the image header box (ISO/IEC 15444-1, section I.5.3.1) or a bare code stream's SIZ segment."""
    if head.startswith(b"\xff\x4f\xff\x51"):
        x1, y1, x0, y0 = (int.from_bytes(head[at : at + 4], "big") for at in (8, 12, 16, 20))
        return (x1 - x0, y1 - y0) if len(head) >= 24 else None
    for name, start, end in _boxes(head, 0, len(head)):
        if name == b"jp2h":
            for inner, at, stop in _boxes(head, start, end):
                if inner == b"ihdr" and stop - at >= 8:
                    return int.from_bytes(head[at + 4 : at + 8], "big"), int.from_bytes(head[at : at + 4], "big")
    return None


def _jxl(head: bytes) -> tuple[int, int] | None:
    """Read the size header of a bare code stream or of the first one in a container (ISO/IEC 18181-1, section 7)."""
    start = 0
    if head.startswith(JXL_CONTAINER):
        streams = ((name, at) for name, at, _ in _boxes(head, 0, len(head)) if name in {b"jxlc", b"jxlp"})
        name, start = next(streams, (b"", len(head)))
        start += 4 if name == b"jxlp" else 0
    if head[start : start + 2] != b"\xff\x0a" or len(head) < start + 12:
        return None
    bits = int.from_bytes(head[start + 2 : start + 12], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    small = take(1)

    def side() -> int:
        return (take(5) + 1) * 8 if small else take((9, 13, 18, 30)[take(2)]) + 1

    height = side()
    ratio = take(3)
    if ratio == 0:
        return side(), height
    over, under = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
    return height * over // under, height
