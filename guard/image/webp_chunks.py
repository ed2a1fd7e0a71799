"""How is metadata in a WebP file changed without touching its pixels?

A WebP file is a RIFF list of chunks (RFC 9649). EXIF and XMP are chunks behind the pixels, and
a file with either begins with a VP8X chunk, whose flags tell that they are there. A simple file
gets one, made of what its only chunk says about size and transparency.
"""

from dataclasses import dataclass
from typing import Final

from guard.errors import LeftAloneError
from guard.image import frame_headers
from guard.image.edit import Edit
from guard.image.left_alone import Why

MAX_CHUNKS: Final = 100_000
"""An animation has two or three for a frame, all within its ANMF chunk."""

_ALPHA, _EXIF, _XMP = 0x10, 0x08, 0x04
_PIXELS: Final = frozenset({b"VP8 ", b"VP8L", b"ANMF"})
_KNOWN: Final = frozenset({b"VP8X", b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L", b"EXIF", b"XMP ", b"C2PA"})


@dataclass(frozen=True, slots=True)
class _Chunk:
    name: bytes
    content: bytes

    def __bytes__(self) -> bytes:
        return self.name + len(self.content).to_bytes(4, "little") + self.content + bytes(len(self.content) % 2)


def rewrite(data: bytes, edit: Edit) -> bytes:
    """Return the file with its metadata changed.

    Raises:
        LeftAloneError: It can not be done rightly.
    """
    chunks, end = _chunks(data)
    data = data[: edit.ends_at(data, end)]
    for chunk in chunks:
        if chunk.name == b"C2PA":
            edit.meets_manifest(chunk.content)
    if edit.strip and (unknown := next((chunk.name for chunk in chunks if chunk.name not in _KNOWN), None)):
        raise LeftAloneError(Why.UNKNOWN_STRUCTURE, f"a chunk {unknown!r}")
    kept = []
    existing = b""
    for chunk in chunks:
        if chunk.name == b"EXIF":
            block = chunk.content.removeprefix(b"Exif\0\0")
            changed = edit.exif(block)
            kept.append(chunk if changed == block else _Chunk(b"EXIF", changed))
        elif chunk.name == b"XMP ":
            existing = chunk.content
        else:
            kept.append(chunk)
    merged = edit.packet(existing)
    if merged.packet:
        kept.append(_Chunk(b"XMP ", merged.packet))
        kept = _extended(kept)
    body = b"".join(map(bytes, kept))
    return b"".join((b"RIFF", (len(body) + 4).to_bytes(4, "little"), b"WEBP", body, data[end:]))


def coded(data: bytes) -> list[bytes]:
    """Return the chunks that pixels are coded in; LeftAloneError if it is no whole file."""
    return [bytes(chunk) for chunk in _chunks(data)[0] if chunk.name in {*_PIXELS, b"ALPH", b"ANIM"}]


def _chunks(data: bytes) -> tuple[list[_Chunk], int]:
    """Return all chunks, and where the RIFF list ends."""
    end = 8 + int.from_bytes(data[4:8], "little")
    end += end % 2
    # Some writers leave the last byte of padding out.
    if end == len(data) + 1:
        data += b"\0"
    if end > len(data):
        raise LeftAloneError(Why.DAMAGED, "it ends too early")
    found: list[_Chunk] = []
    position = 12
    while position < end:
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        stop = position + 8 + length
        if position + 8 > end or stop > end:
            raise LeftAloneError(Why.DAMAGED, "a chunk ends too early")
        found.append(_Chunk(data[position : position + 4], data[position + 8 : stop]))
        position = stop + length % 2
        if len(found) > MAX_CHUNKS:
            raise LeftAloneError(Why.TOO_LARGE, f"more than {MAX_CHUNKS} chunks")
    names = [chunk.name for chunk in found]
    if any(names.count(name) > 1 for name in (b"EXIF", b"XMP ")):
        raise LeftAloneError(Why.TWICE)
    if not _PIXELS & set(names):
        raise LeftAloneError(Why.DAMAGED, "no picture in it")
    return found, end


def _extended(chunks: list[_Chunk]) -> list[_Chunk]:
    """Set the flag for XMP in the VP8X chunk, or put one in front."""
    first = chunks[0]
    if first.name == b"VP8X":
        if len(first.content) < 10:
            raise LeftAloneError(Why.DAMAGED, "its VP8X chunk is too short")
        return [_Chunk(b"VP8X", bytes((first.content[0] | _XMP,)) + first.content[1:]), *chunks[1:]]
    size = frame_headers.size("image/webp", b"RIFF\0\0\0\0WEBP" + bytes(first)[:40])
    if size is None or first.name not in {b"VP8 ", b"VP8L"}:
        raise LeftAloneError(Why.DAMAGED, "no size in it")
    # Bit 28 of a lossless picture's header tells whether its transparency is of use (RFC 9649, section 3.4).
    has_alpha = first.name == b"VP8L" and first.content[4] & 0x10
    flags = _XMP | (_ALPHA if has_alpha else 0) | (_EXIF if any(chunk.name == b"EXIF" for chunk in chunks) else 0)
    sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
    return [_Chunk(b"VP8X", bytes((flags, 0, 0, 0)) + sides), *chunks]
