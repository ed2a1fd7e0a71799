"""Where are the further pictures of a JPEG file, and what becomes of their places when it grows?

The Multi-Picture Format (CIPA DC-007, section 5.2.3) lists them in an APP2 segment: for each its
kind, size and offset, counted from the list's own TIFF header. The picture that holds the list
has offset 0.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from guard.errors import LeftAloneError
from guard.image.left_alone import Why

MAX_PICTURES: Final = 100

_MP_ENTRY: Final = 0xB002
_ENTRY_SIZE: Final = 16
_CLASS: Final = 0xFF0000
_LARGE_THUMBNAIL: Final = 0x010000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The list, and where its entries stand in it."""

    data: bytes
    """From the TIFF header on."""
    order: str
    """Of bytes: `<` or `>`."""
    at: int
    """Of the first entry."""
    entries: tuple[tuple[int, int, int], ...]
    """Kind and attributes, size, offset."""

    @property
    def all_thumbnails(self) -> bool:
        """True when the further pictures are nothing but smaller copies of the first."""
        return all(kind & _CLASS == _LARGE_THUMBNAIL for kind, _, offset in self.entries if offset)

    def others(self, base: int, length: int) -> list[tuple[int, int]]:
        """Return where the further pictures begin and end in a file of `length` bytes whose list is at `base`.

        A picture ends where the next one begins, at the latest: some programs write sizes that are too large.
        """
        found = sorted((base + offset, base + offset + size) for _, size, offset in self.entries if offset)
        limits = [*(start for start, _ in found[1:]), length]
        return [(start, min(end, limit)) for (start, end), limit in zip(found, limits, strict=True)] if found else []

    def covers(self, base: int, start: int, end: int) -> bool:
        """Tell whether the further pictures fill the file from `start` to `end`, but for bytes of alignment."""
        position = start
        for begin, stop in self.others(base, end):
            if not position <= begin <= position + 512 or stop < begin:
                return False
            position = stop
        return position >= end

    def moved(self, *, first_size: int, places: Mapping[int, tuple[int, int]]) -> bytes:
        """Return the list with this picture larger by `first_size` bytes.

        Args:
            places: Size and offset of each further picture, by the offset that it had.
        """
        data = bytearray(self.data)
        for index, (_, size, offset) in enumerate(self.entries):
            now = places[offset] if offset else (size + first_size, 0)
            struct.pack_into(self.order + "II", data, self.at + _ENTRY_SIZE * index + 4, *now)
        return bytes(data)


def read(data: bytes) -> Pictures:
    """Read a list, from its TIFF header on.

    Raises:
        LeftAloneError: It can not be read.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4], "")
    try:
        if not order:
            raise ValueError
        directory = struct.unpack_from(order + "I", data, 4)[0]
        count = min(struct.unpack_from(order + "H", data, directory)[0], 100)
        for index in range(count):
            tag, _, length, at = struct.unpack_from(order + "HHII", data, directory + 2 + 12 * index)
            if tag == _MP_ENTRY and length <= MAX_PICTURES * _ENTRY_SIZE and at + length <= len(data):
                entries = tuple(
                    struct.unpack_from(order + "III", data, at + step) for step in range(0, length, _ENTRY_SIZE)
                )
                return Pictures(data=data, order=order, at=at, entries=entries)
    except (struct.error, ValueError):
        pass
    raise LeftAloneError(Why.UNKNOWN_STRUCTURE, "its list of further pictures can not be read")
