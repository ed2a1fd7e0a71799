"""How do leaves lie one after the other in a segment file?

A frame is the leaf's length (4 bytes, big-endian), its leaf hash (32 bytes, RFC 6962) and
its bytes. There is no file header: a file of frames cut after any frame is a file of
frames. The hash in the frame makes every frame checkable alone. What is *missing* can only
be told with a checkpoint: a reader that stops early asks whether what it has is as long
as what was signed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from struct import Struct
from typing import Final, NamedTuple

LARGEST_LEAF: Final = 65_535
"""An entry of a C2SP tlog-tiles entry bundle has a 16-bit length."""
_HEAD: Final = Struct(">I32s")
HEAD_SIZE: Final = _HEAD.size


class Flaw(StrEnum):
    """What is wrong with the bytes at one place."""

    SHORT_HEAD = "the file ends inside the head of a frame"
    SHORT_LEAF = "the file ends inside a leaf"
    ZEROS = "the rest of the file is zeros"
    LENGTH = "the length of the leaf is impossible"
    HASH = "the bytes of the leaf do not have the hash beside them"


TORN: Final = frozenset({Flaw.SHORT_HEAD, Flaw.SHORT_LEAF, Flaw.ZEROS})
"""What an append that was cut short leaves behind. Anything else was changed, or lost by the disk."""


class Frame(NamedTuple):
    """One intact frame."""

    offset: int
    hash: bytes
    leaf: bytes

    @property
    def end(self) -> int:
        return self.offset + HEAD_SIZE + len(self.leaf)


@dataclass(frozen=True, slots=True)
class Damage:
    """The place from which on the bytes are no frames."""

    offset: int
    flaw: Flaw
    resume: int | None = None
    """Where the next frame would begin if only this leaf were wrong; None where nobody can say."""

    @property
    def torn(self) -> bool:
        return self.flaw in TORN


def encode(leaf: bytes, hashed: bytes) -> bytes:
    """Return the frame of `leaf`, whose leaf hash is `hashed`."""
    return _HEAD.pack(len(leaf), hashed) + leaf


def scan(data: bytes, offset: int = 0, end: int | None = None) -> Iterator[Frame | Damage]:
    """Yield the intact frames of `data[offset:end]` in order, and where they stop early one `Damage`, last."""
    size = len(data) if end is None else min(end, len(data))
    unpack, new = _HEAD.unpack_from, tuple.__new__
    while offset < size:
        body = offset + HEAD_SIZE
        if body > size:
            yield Damage(offset, Flaw.SHORT_HEAD)
            return
        length, hashed = unpack(data, offset)
        if not 0 < length <= LARGEST_LEAF:
            zeros = data.count(0, offset, size) == size - offset
            yield Damage(offset, Flaw.ZEROS if zeros else Flaw.LENGTH)
            return
        following = body + length
        if following > size:
            yield Damage(offset, Flaw.SHORT_LEAF)
            return
        leaf = data[body:following]
        if sha256(b"\x00" + leaf).digest() != hashed:  # as `merkle.leaf_hash`
            yield Damage(offset, Flaw.HASH, following)
            return
        yield new(Frame, (offset, hashed, leaf))
        offset = following


def name(number: int) -> str:
    """Return the file name of segment `number`."""
    return f"{number:06d}.seg"


def number(file: str) -> int | None:
    """Return the number of the segment file called `file`; None if no segment is called so."""
    stem = file.removesuffix(".seg")
    if stem == file or not (stem.isascii() and stem.isdigit()) or name(int(stem)) != file:
        return None
    return int(stem)
