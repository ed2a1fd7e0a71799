"""How is metadata in a PNG file changed without touching its pixels?

A PNG file is a row of chunks (W3C PNG third edition, section 5). XMP is an iTXt chunk named
`XML:com.adobe.xmp`, EXIF an eXIf chunk; ImageMagick writes both, and Photoshop resources, as
hexadecimal text under `Raw profile type …`. Chunks of pixels and all others are copied whole,
those of animations too.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from guard.errors import LeftAloneError
from guard.image.edit import Edit
from guard.image.left_alone import Why

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
KEYWORD: Final = b"XML:com.adobe.xmp"
MAX_CHUNKS: Final = 200_000
"""A picture of 60 MiB in pieces of 8 KiB has 8000."""
MAX_TEXT: Final = 8 * 1024 * 1024
"""Bytes of a text chunk, unpacked."""

_PIXELS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"acTL", b"fcTL", b"fdAT"})
_RAW: Final = re.compile(rb"Raw profile type (exif|APP1|xmp|iptc|8bim)", re.IGNORECASE)
_XMP_HEAD: Final = b"http://ns.adobe.com/xap/1.0/\0"


@dataclass(frozen=True, slots=True)
class _Chunk:
    name: bytes
    start: int
    """Of the whole chunk, its length field included."""
    end: int


def rewrite(data: bytes, edit: Edit) -> bytes:
    """Return the file with its metadata changed.

    Raises:
        LeftAloneError: It can not be done rightly.
    """
    existing: bytes | None = None
    seen_exif = False
    pieces: list[bytes] = []
    header_end = end = 0
    copied = 0
    for chunk in _chunks(data):
        end = chunk.end
        if chunk.name == b"IHDR":
            header_end = chunk.end
        new: bytes | None = None
        match chunk.name:
            case b"iTXt" | b"tEXt" | b"zTXt":
                content = data[chunk.start + 8 : chunk.end - 4]
                if chunk.name == b"iTXt" and content.startswith(KEYWORD + b"\0"):
                    existing, new = _first(existing, _international(content)), b""
                elif (raw := _RAW.match(content)) and content[raw.end() : raw.end() + 1] == b"\0":
                    packet, new = _raw_profile(chunk.name, content, raw, edit)
                    if packet is not None:
                        existing = _first(existing, packet)
            case b"eXIf":
                if seen_exif:
                    raise LeftAloneError(Why.TWICE)
                seen_exif = True
                content = data[chunk.start + 8 : chunk.end - 4]
                changed = edit.exif(content.removeprefix(b"Exif\0\0"))
                new = None if changed == content else _chunk(b"eXIf", changed)
            case b"caBX":
                edit.meets_manifest(data[chunk.start : chunk.end])
        if new is not None:
            pieces += [data[copied : chunk.start], new]
            copied = chunk.end
    pieces.append(data[copied : edit.ends_at(data, end)])
    merged = edit.packet(existing or b"")
    if not merged.packet:
        return b"".join(pieces)
    whole = b"".join(pieces)
    packet = _chunk(b"iTXt", KEYWORD + bytes(5) + merged.packet)
    # Directly behind the header, where every reader meets it before the pixels.
    return b"".join((whole[:header_end], packet, whole[header_end:]))


def coded(data: bytes) -> list[bytes]:
    """Return the chunks that pixels are coded in; LeftAloneError if it is no whole file."""
    return [data[chunk.start : chunk.end] for chunk in _chunks(data) if chunk.name in _PIXELS]


def _chunks(data: bytes) -> Iterator[_Chunk]:
    position = len(SIGNATURE)
    pixels = False
    for count in range(MAX_CHUNKS):
        length, name = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        end = position + 12 + length
        if end > len(data) or (count == 0) != (name == b"IHDR"):
            raise LeftAloneError(Why.DAMAGED, "a chunk ends too early" if end > len(data) else "no header first")
        pixels |= name == b"IDAT"
        yield _Chunk(name, position, end)
        if name == b"IEND":
            if not pixels:
                raise LeftAloneError(Why.DAMAGED, "no picture in it")
            return
        position = end
    raise LeftAloneError(Why.TOO_LARGE, f"more than {MAX_CHUNKS} chunks")


def _chunk(name: bytes, content: bytes) -> bytes:
    return b"".join(
        (len(content).to_bytes(4, "big"), name, content, zlib.crc32(content, zlib.crc32(name)).to_bytes(4, "big"))
    )


def _first(existing: bytes | None, packet: bytes) -> bytes:
    if existing is not None:
        raise LeftAloneError(Why.TWICE)
    return packet


def _international(content: bytes) -> bytes:
    """Return the text of an iTXt chunk: keyword, compression flag and method, language, translated keyword, text."""
    flags = content[len(KEYWORD) + 1 : len(KEYWORD) + 3]
    parts = content[len(KEYWORD) + 3 :].split(b"\0", 2)
    if len(parts) < 3 or len(flags) < 2:
        raise LeftAloneError(Why.BROKEN_XMP, "its chunk ends too early")
    return _unpacked(parts[2]) if flags[0] else parts[2]


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(packed, MAX_TEXT)
    except zlib.error:
        raise LeftAloneError(Why.DAMAGED, "a compressed text can not be read") from None
    if unpacker.unconsumed_tail:
        raise LeftAloneError(Why.TOO_LARGE, "a compressed text")
    return text


def _raw_profile(
    name: bytes, content: bytes, keyword: re.Match[bytes], edit: Edit
) -> tuple[bytes | None, bytes | None]:
    """Return the XMP packet of a raw profile, if it is one, and its new chunk (None: it stays as it is)."""
    text = content[keyword.end() + 1 :]
    if name == b"zTXt":
        text = _unpacked(text[1:])
    elif name == b"iTXt":
        return None, None
    try:
        # A line with the kind, one with the length, then hexadecimal digits.
        _, _, length, digits = text.split(b"\n", 3)
        block = bytes.fromhex(digits.decode("ascii"))[: int(length)]
    except ValueError:
        raise LeftAloneError(Why.DAMAGED, "a raw profile can not be read") from None
    kind = keyword[1].lower()
    if kind == b"xmp" or (kind == b"app1" and block.startswith(_XMP_HEAD)):
        return block.removeprefix(_XMP_HEAD), b""
    if kind in {b"exif", b"app1"}:
        prefix = b"Exif\0\0" if block.startswith(b"Exif\0\0") else b""
        changed = prefix + edit.exif(block.removeprefix(b"Exif\0\0"))
    else:
        changed = edit.photoshop(block)
    if changed == block:
        return None, None
    raw = b"\n%s\n%8d\n%s\n" % (keyword[1], len(changed), changed.hex().encode())
    return None, _chunk(b"zTXt", keyword[0] + b"\0\0" + zlib.compress(raw))
