"""How is metadata in a JPEG file changed without touching its pixels?

A JPEG file is a row of segments up to the first scan (ITU-T T.81, annex B); EXIF, XMP and
Photoshop resources are APP1 and APP13 segments among them. The segments are copied one by
one, with those blocks changed, and everything from the first scan on is copied whole.

More can follow the picture: further pictures that a Multi-Picture Format segment lists (CIPA
DC-007), whose places are set right, or data that nobody here knows. The latter stays where
private data is not looked for, and is a reason to leave the file alone where it is.
"""

import re
from dataclasses import dataclass
from hashlib import md5
from typing import Final

from guard.errors import LeftAloneError
from guard.image import multi_picture
from guard.image.edit import Edit
from guard.image.left_alone import Why
from guard.image.privacy import Private

EXIF: Final = b"Exif\0\0"
XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED: Final = b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP: Final = b"Photoshop 3.0\0"
MULTI_PICTURE: Final = b"MPF\0"

MAX_SEGMENTS: Final = 5000
"""2 MiB of metadata are 32 full segments."""
MAX_PAYLOAD: Final = 65533
MAX_PACKET: Final = MAX_PAYLOAD - len(XMP)
"""Bytes of a standard packet (XMP specification part 3, section 1.1.3)."""
_EXTENDED_PIECE: Final = 65400

_APP0, _APP1, _APP2, _APP11, _APP13, _APP14, _COM = 0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE, 0xFE
_SOS, _EOI = 0xDA, 0xD9
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_FILL: Final = re.compile(rb"\xff+")
_NEXT_MARKER: Final = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_OF_USE: Final = (b"ICC_PROFILE\0", b"MPF\0", b"urn:iso:std:iso:ts:21496:-1\0")
"""APP2 segments that pictures are shown by: colour profile, further pictures, gain map."""


@dataclass(slots=True)
class _Segment:
    marker: int
    at: int
    """Of the payload in the source; 0 for a new segment."""
    payload: bytes
    is_bare: bool = False

    def __bytes__(self) -> bytes:
        if self.is_bare:
            return bytes((0xFF, self.marker))
        return bytes((0xFF, self.marker)) + (len(self.payload) + 2).to_bytes(2, "big") + self.payload


def rewrite(data: bytes, edit: Edit) -> bytes:
    """Return the file with its metadata changed.

    Raises:
        LeftAloneError: It can not be done rightly.
    """
    segments, scan = _segments(data)
    end = _end_of_picture(data, scan)
    kept = [kept for segment in segments if (kept := _changed(segment, edit)) is not None]
    kept = _with_packet(kept, edit)
    if edit.first_alone and (kept_to := edit.ends_at(data, end)) < len(data):
        kept = [segment for segment in kept if not _is(segment, _APP2, MULTI_PICTURE)]
        return b"".join((b"\xff\xd8", *map(bytes, kept), data[scan:kept_to]))
    trailing = data[end:]
    listed = _only(kept, _APP2, MULTI_PICTURE)
    pictures = multi_picture.read(listed.payload[len(MULTI_PICTURE) :]) if listed else None
    if listed is None or pictures is None:
        if edit.strip and _is_preview(trailing, data[:scan]):
            edit.removed.add(Private.THUMBNAIL)
            trailing = b""
        elif edit.strip and trailing.strip(b"\0"):
            raise LeftAloneError(Why.TRAILING_DATA, f"{len(trailing)} bytes")
        return b"".join((b"\xff\xd8", *map(bytes, kept), data[scan:end], trailing))
    base = listed.at + len(MULTI_PICTURE)
    if edit.strip and trailing.strip(b"\0"):
        if not pictures.covers(base, end, len(data.rstrip(b"\0"))):
            raise LeftAloneError(Why.TRAILING_DATA, f"{len(trailing)} bytes")
        if pictures.all_thumbnails:
            edit.removed.add(Private.THUMBNAIL)
            kept = [segment for segment in kept if segment is not listed]
            return b"".join((b"\xff\xd8", *map(bytes, kept), data[scan:end]))
    return _with_pictures(data, (scan, end), kept, (listed, pictures), edit)


def _with_pictures(
    data: bytes,
    span: tuple[int, int],
    kept: list[_Segment],
    list_of: tuple[_Segment, multi_picture.Pictures],
    edit: Edit,
) -> bytes:
    """Return the whole file with its further pictures, each without private data, and the list of them set right."""
    (scan, end), (listed, pictures) = span, list_of
    base = listed.at + len(MULTI_PICTURE)
    new_base = 2 + len(MULTI_PICTURE) + 4
    for segment in kept:
        if segment is listed:
            break
        new_base += len(bytes(segment))
    grown = 2 + sum(len(bytes(segment)) for segment in kept) - scan
    pieces, copied, length = [], end, end + grown
    places: dict[int, tuple[int, int]] = {}
    for start, stop in pictures.others(base, len(data)):
        if start < copied or stop < start:
            raise LeftAloneError(Why.UNKNOWN_STRUCTURE, "its further pictures are not one after the other")
        picture = _further(data[start:stop], data[:scan], edit)
        length += start - copied
        places[start - base] = (len(picture), length - new_base)
        pieces += [data[copied:start], picture]
        length += len(picture)
        copied = stop
    listed.payload = MULTI_PICTURE + pictures.moved(first_size=grown, places=places)
    return b"".join((b"\xff\xd8", *map(bytes, kept), data[scan:end], *pieces, data[copied:]))


def _further(picture: bytes, head: bytes, edit: Edit) -> bytes:
    """Return one of the further pictures without private data."""
    if not edit.strip:
        return picture
    inner = Edit(None, strip=True)
    try:
        changed = rewrite(picture, inner)
    except LeftAloneError as error:
        raise LeftAloneError(Why.TRAILING_DATA, f"a further picture: {error}") from None
    if len(changed) != len(picture) and b"Container:Directory" in head:
        raise LeftAloneError(Why.TRAILING_DATA, "a further picture whose length XMP names")
    edit.removed |= inner.removed
    return changed


def coded(data: bytes) -> list[bytes]:
    """Return what the pixels are coded in: tables, frame header and scans; LeftAloneError if it is no whole file."""
    segments, scan = _segments(data)
    kept = [bytes(one) for one in segments if not 0xE0 <= one.marker <= 0xEF and one.marker != _COM]
    return [*kept, data[scan : _end_of_picture(data, scan)]]


def _segments(data: bytes) -> tuple[list[_Segment], int]:
    """Return the segments before the first scan, and where that scan begins."""
    found: list[_Segment] = []
    position = 2
    for _ in range(MAX_SEGMENTS):
        fill = _FILL.match(data, position)
        if fill is None or fill.end() >= len(data):
            raise LeftAloneError(Why.DAMAGED, "no marker where one must be")
        marker, start = data[fill.end()], fill.end() - 1
        if marker == _SOS:
            return found, start
        if marker == _EOI:
            raise LeftAloneError(Why.DAMAGED, "no picture in it")
        if marker in _BARE:
            found.append(_Segment(marker, 0, b"", is_bare=True))
            position = start + 2
            continue
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        if length < 2 or start + 2 + length > len(data):
            raise LeftAloneError(Why.DAMAGED, "a segment ends too early")
        found.append(_Segment(marker, start + 4, data[start + 4 : start + 2 + length]))
        position = start + 2 + length
    raise LeftAloneError(Why.TOO_LARGE, f"more than {MAX_SEGMENTS} segments")


def _end_of_picture(data: bytes, scan: int) -> int:
    """Return where the picture that begins its first scan at `scan` ends, its EOI marker included."""
    first = data.find(b"\xff\xd9", scan)
    if first < 0:
        raise LeftAloneError(Why.DAMAGED, "it has no end")
    # In coded data the two bytes can not stand, so if they end the file there is nothing to search for.
    if first + 2 == len(data):
        return len(data)
    position = scan
    for _ in range(MAX_SEGMENTS):
        found = _NEXT_MARKER.search(data, position)
        if found is None:
            break
        marker = data[found.end() - 1]
        if marker == _EOI:
            return found.end()
        if marker in _BARE:
            position = found.end()
            continue
        position = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    raise LeftAloneError(Why.DAMAGED, "it has no end")


def _changed(segment: _Segment, edit: Edit) -> _Segment | None:
    """Return a segment as it shall be, or None if it goes; XMP comes later."""
    payload = segment.payload
    if segment.is_bare or not 0xE0 <= segment.marker <= 0xEF:
        return segment
    if segment.marker == _APP1 and payload.startswith(EXIF):
        segment.payload = _bounded(EXIF + edit.exif(payload[len(EXIF) :]))
    elif segment.marker == _APP13 and payload.startswith(PHOTOSHOP):
        segment.payload = _bounded(PHOTOSHOP + edit.photoshop(payload[len(PHOTOSHOP) :]))
    elif segment.marker == _APP11 and b"c2pa" in payload:
        edit.meets_manifest(payload)
    elif edit.strip:
        return _of_vendor(segment, edit)
    return segment


def _of_vendor(segment: _Segment, edit: Edit) -> _Segment | None:
    """Drop what only a maker's programs read, and the small pictures in JFIF."""
    payload = segment.payload
    if segment.marker == _APP0:
        if payload.startswith(b"JFXX\0"):
            edit.removed.add(Private.THUMBNAIL)
            return None
        if payload.startswith(b"JFIF\0") and any(payload[12:14]):
            edit.removed.add(Private.THUMBNAIL)
            segment.payload = payload[:12] + b"\0\0"
        return segment
    # Further Photoshop segments and Adobe's colour transform; JPEG XT's layers and 360-degree pictures.
    if segment.marker in {_APP11, _APP13, _APP14} or payload.startswith((XMP, EXTENDED, *_OF_USE)):
        return segment
    edit.removed.add(Private.MAKER_NOTES)
    return None


def _with_packet(segments: list[_Segment], edit: Edit) -> list[_Segment]:
    standard = _only(segments, _APP1, XMP)
    _only(segments, _APP1, EXIF)
    merged = edit.packet(standard.payload[len(XMP) :] if standard else b"")
    if merged.extended:
        old = [segment for segment in segments if _is(segment, _APP1, EXTENDED)]
        segments, packet = _with_extended(segments, old, merged.extended, merged.packet, edit)
    else:
        packet = merged.packet
    if len(packet) > MAX_PACKET:
        raise LeftAloneError(Why.NO_ROOM, f"{len(packet)} bytes of XMP")
    if standard is not None:
        standard.payload = XMP + packet
        return segments
    if not packet:
        return segments
    at = 0
    while at < len(segments) and (segments[at].marker == _APP0 or _is(segments[at], _APP1, EXIF)):
        at += 1
    return [*segments[:at], _Segment(_APP1, 0, XMP + packet), *segments[at:]]


def _with_extended(
    segments: list[_Segment], old: list[_Segment], digest: str, packet: bytes, edit: Edit
) -> tuple[list[_Segment], bytes]:
    """Change the extended packet, if there is something private in it, and its digest in the standard packet."""
    guid = digest.encode()
    mine = [segment for segment in old if segment.payload[len(EXTENDED) : len(EXTENDED) + 32] == guid]
    if edit.strip and len(mine) != len(old):
        # A reader ignores those of another digest, but they can hold anything.
        edit.removed.add(Private.MAKER_NOTES)
        segments = [segment for segment in segments if segment not in old or segment in mine]
    head = len(EXTENDED) + 40
    pieces = sorted((int.from_bytes(one.payload[head - 4 : head], "big"), one.payload[head:]) for one in mine)
    whole = b"".join(piece for _, piece in pieces)
    total = int.from_bytes(mine[0].payload[head - 8 : head - 4], "big") if mine else 0
    expected = 0
    for offset, piece in pieces:
        if offset != expected:
            raise LeftAloneError(Why.BROKEN_XMP, "the extended packet has gaps")
        expected += len(piece)
    if expected != total:
        raise LeftAloneError(Why.BROKEN_XMP, "the extended packet is not whole")
    changed = edit.extended_packet(whole) if mine else whole
    if changed == whole:
        return segments, packet
    new_guid = md5(changed, usedforsecurity=False).hexdigest().upper().encode()
    new = [
        _Segment(
            _APP1,
            0,
            b"".join(
                (EXTENDED, new_guid, len(changed).to_bytes(4, "big"), at.to_bytes(4, "big"),
                 changed[at : at + _EXTENDED_PIECE])
            ),
        )
        for at in range(0, len(changed), _EXTENDED_PIECE)
    ]  # fmt: skip
    first = segments.index(mine[0])
    others = [segment for segment in segments if segment not in mine]
    return [*others[:first], *new, *others[first:]], packet.replace(guid, new_guid)


def _is_preview(trailing: bytes, head: bytes) -> bool:
    """Tell whether what follows is one picture that only maker's notes point to, and those go.

    A gain map follows too, but then XMP says so.
    """
    if not (trailing.startswith(b"\xff\xd8\xff") and trailing.rstrip(b"\0").endswith(b"\xff\xd9")):
        return False
    return b"Container:Directory" not in head and b"hdrgm" not in head


def _is(segment: _Segment, marker: int, name: bytes) -> bool:
    return segment.marker == marker and segment.payload.startswith(name)


def _only(segments: list[_Segment], marker: int, name: bytes) -> _Segment | None:
    found = [segment for segment in segments if _is(segment, marker, name)]
    if len(found) > 1:
        raise LeftAloneError(Why.TWICE)
    return found[0] if found else None


def _bounded(payload: bytes) -> bytes:
    if len(payload) > MAX_PAYLOAD:
        raise LeftAloneError(Why.NO_ROOM, "a block has grown over the size of a segment")
    return payload
