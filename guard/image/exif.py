"""How is private data taken out of an EXIF block, and who does the block say made the picture?

EXIF is a small TIFF file (CIPA DC-008, section 4.5): directories of entries, whose longer
values lie elsewhere in the block. A block with something private in it is written anew from
the entries that stay, so that nothing is left over between them; all others are returned as
they are. The second directory describes a thumbnail and goes whole.

The bytes come from strangers: slices and bounded counters, no decoder.
"""

import re
import struct
from dataclasses import dataclass
from typing import Final

from guard.errors import LeftAloneError
from guard.image.left_alone import Why
from guard.image.privacy import EXIF_TAGS, HINT_IN_BINARY, Private

MAX_BLOCK: Final = 4 * 1024 * 1024
"""Bytes. In a JPEG file it is 64 KiB at most."""
MAX_ENTRIES: Final = 1000

ARTIST, COPYRIGHT = 0x013B, 0x8298
_EXIF_POINTER, _INTEROP_POINTER = 0x8769, 0xA005
_POINTERS: Final = {0: _EXIF_POINTER, 1: _INTEROP_POINTER}
"""By depth: what leads to the next directory that stays."""
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
"""Bytes of one value of each type (TIFF 6.0, section 2; 129 is EXIF 3.0's UTF-8)."""
_ASCII_TYPES: Final = frozenset({2, 129})
_NESTED: Final = frozenset({0x02BC, 0x8649})
"""XMP and Photoshop resources, as TIFF files carry them; pictures for the web have theirs elsewhere."""
_NESTED_THUMBNAIL: Final = re.compile(rb"8BIM\x04[\x09\x0c]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripped:
    """A block without private data."""

    block: bytes
    removed: frozenset[Private]


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    type: int
    count: int
    value: bytes
    """As long as type and count say."""


class _Block:
    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_BLOCK:
            raise LeftAloneError(Why.TOO_LARGE, "its EXIF block")
        if data[:4] not in (b"II*\0", b"MM\0*"):
            raise LeftAloneError(Why.BROKEN_EXIF, "it does not begin like one")
        self.data = data
        self.order = "<" if data[:1] == b"I" else ">"

    def number(self, at: int, form: str) -> int:
        try:
            return int(struct.unpack_from(self.order + form, self.data, at)[0])
        except struct.error:
            raise LeftAloneError(Why.BROKEN_EXIF, "it ends within a directory") from None

    def entries(self, offset: int) -> tuple[list[_Entry], int]:
        """Return the entries of a directory whose values are there, and where the next directory is."""
        count = self.number(offset, "H")
        if count > MAX_ENTRIES:
            raise LeftAloneError(Why.BROKEN_EXIF, f"a directory of {count} entries")
        found = []
        for at in range(offset + 2, offset + 2 + 12 * count, 12):
            tag, kind, number = (self.number(at, "H"), self.number(at + 2, "H"), self.number(at + 4, "I"))
            length = _SIZES.get(kind, 0) * number
            start = at + 8 if length <= 4 else self.number(at + 8, "I")
            value = self.data[start : start + length]
            # No reader can show a value that lies outside.
            if length and len(value) == length:
                found.append(_Entry(tag, kind, number, value))
        end = offset + 2 + 12 * count
        following = self.number(end, "I") if end + 4 <= len(self.data) else 0
        return found, following


def strip(data: bytes) -> Stripped:
    """Return the block without private data.

    Raises:
        LeftAloneError: It is no EXIF block.
    """
    block = _Block(data)
    removed: set[Private] = set()
    tree = _kept(block, block.number(4, "I"), 0, removed)
    if not removed:
        return Stripped(block=data, removed=frozenset())
    out = bytearray(data[:4] + struct.pack(block.order + "I", 8))
    _write(out, tree, 0, block.order)
    return Stripped(block=bytes(out), removed=frozenset(removed))


_Tree = tuple[list[_Entry], "_Tree | None"]


def _kept(block: _Block, offset: int, depth: int, removed: set[Private]) -> _Tree:
    entries, following = block.entries(offset)
    below: _Tree | None = None
    kept = []
    for entry in entries:
        if entry.tag in EXIF_TAGS:
            removed.add(EXIF_TAGS[entry.tag])
        elif entry.tag in _NESTED and _NESTED_THUMBNAIL.search(entry.value):
            removed.add(Private.THUMBNAIL)
        elif entry.tag in _NESTED and HINT_IN_BINARY.search(entry.value):
            removed.add(Private.GPS)
        elif depth in _POINTERS and entry.tag == _POINTERS[depth]:
            below = _kept(block, _pointer(block, entry), depth + 1, removed)
            kept.append(entry)
        else:
            kept.append(entry)
    if following and depth == 0:
        removed.add(Private.THUMBNAIL)
    return kept, below


def _pointer(block: _Block, entry: _Entry) -> int:
    if entry.type not in (4, 13) or entry.count != 1:
        raise LeftAloneError(Why.BROKEN_EXIF, f"tag {entry.tag:#x} does not point anywhere")
    return int(struct.unpack(block.order + "I", entry.value)[0])


def _write(out: bytearray, tree: _Tree, depth: int, order: str) -> None:
    """Append a directory, then its longer values, then the directory below it."""
    entries, below = tree
    directory = len(out)
    out += struct.pack(order + "H", len(entries)) + bytes(12 * len(entries) + 4)
    pointer = 0
    for index, entry in enumerate(entries):
        at = directory + 2 + 12 * index
        struct.pack_into(order + "HHI", out, at, entry.tag, entry.type, entry.count)
        if below is not None and entry.tag == _POINTERS.get(depth):
            pointer = at + 8
        elif len(entry.value) <= 4:
            out[at + 8 : at + 8 + len(entry.value)] = entry.value
        else:
            struct.pack_into(order + "I", out, at + 8, len(out))
            out += entry.value + bytes(len(entry.value) % 2)
    if below is not None:
        struct.pack_into(order + "I", out, pointer, len(out))
        _write(out, below, depth + 1, order)


def names(data: bytes) -> tuple[str, str]:
    """Return artist and copyright notice as the block has them; empty where it does not say or can not be read."""
    try:
        block = _Block(data)
        entries, _ = block.entries(block.number(4, "I"))
    except LeftAloneError:
        return "", ""
    found = {entry.tag: _text(entry.value) for entry in entries if entry.type in _ASCII_TYPES}
    return found.get(ARTIST, ""), found.get(COPYRIGHT, "")


def _text(value: bytes) -> str:
    """Decode a text: UTF-8 as most programs write it, else Latin-1 (MWG guidelines 2.0, section 2)."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    # A notice may have two parts, photographer's and editor's, with a zero between them.
    return " ".join(" ".join(text.split("\0")).split())
