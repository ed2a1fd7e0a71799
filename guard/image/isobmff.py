"""How is metadata in an AVIF file changed without touching its pixels?

An AVIF file is a tree of boxes (ISO/IEC 14496-12). Its `meta` box lists items: the picture,
EXIF, and XMP as an item of type `mime` that describes the picture (ISO/IEC 23008-12, annex A;
HEIF). `iloc` says where in the file each item's bytes are. A changed or new block is put into a
box of its own at the end; the old bytes are overwritten with zeros, and every place in the file
that is behind the grown `meta` box is set right: in `iloc`, and in `stco` and `co64` for the
frames of an animation.
"""

from dataclasses import dataclass
from typing import Final

from guard.errors import LeftAloneError
from guard.image import item_tables
from guard.image.boxes import Box, boxes, full_box, make_box
from guard.image.edit import Edit
from guard.image.item_tables import Extent, Item, Tables
from guard.image.left_alone import Why

XMP_TYPE: Final = b"application/rdf+xml"

_C2PA: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_KNOWN: Final = frozenset({b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"wide"})
_HOLDERS: Final = {b"moov": b"trak", b"trak": b"mdia", b"mdia": b"minf", b"minf": b"stbl"}


@dataclass(slots=True)
class _Change:
    item: Item
    content: bytes


def rewrite(data: bytes, edit: Edit) -> bytes:
    """Return the file with its metadata changed.

    Raises:
        LeftAloneError: It can not be done rightly.
    """
    top = boxes(data, 0, len(data))
    for box in top:
        if box.name == b"uuid" and data[box.content : box.content + 16] == _C2PA:
            edit.meets_manifest(data[box.content : box.end])
        elif box.name not in _KNOWN and (edit.strip or box.name in {b"moof", b"sidx", b"mfra"}):
            raise LeftAloneError(Why.UNKNOWN_STRUCTURE, f"a box {box.name!r}")
    metas = [box for box in top if box.name == b"meta"]
    if len(metas) != 1:
        raise LeftAloneError(Why.UNKNOWN_STRUCTURE, f"{len(metas)} lists of items")
    meta = metas[0]
    tables = item_tables.read(data, meta)
    if edit.strip and tables.has_thumbnail:
        raise LeftAloneError(Why.UNKNOWN_STRUCTURE, "a thumbnail that can not be taken out")
    changes = _changes(data, tables, edit)
    if not changes:
        return data
    return _written(data, top, meta, tables, changes)


def _changes(data: bytes, tables: Tables, edit: Edit) -> list[_Change]:
    changes: list[_Change] = []
    for item in tables.items:
        if item.type == b"Exif":
            content = tables.content(data, item)
            # Four bytes tell how far behind them the TIFF header is (ISO/IEC 23008-12, section A.2.1).
            start = 4 + int.from_bytes(content[:4], "big")
            if len(content) < 4 or start > len(content):
                raise LeftAloneError(Why.BROKEN_EXIF, "it ends too early")
            changed = edit.exif(content[start:])
            if changed != content[start:]:
                changes.append(_Change(item, bytes(4) + changed))
    packets = [item for item in tables.items if item.type == b"mime" and item.content_type == XMP_TYPE]
    if len(packets) > 1:
        raise LeftAloneError(Why.TWICE)
    existing = tables.content(data, packets[0]) if packets else b""
    merged = edit.packet(existing)
    if merged.packet != existing:
        changes.append(_Change(packets[0] if packets else tables.new_item(XMP_TYPE), merged.packet))
    return changes


def _written(data: bytes, top: list[Box], meta: Box, tables: Tables, changes: list[_Change]) -> bytes:
    out = bytearray(data)
    for change in changes:
        for start, end in tables.spans(change.item):
            out[start:end] = bytes(end - start)
    last = top[-1]
    if last.to_the_end:
        # A box without a size reaches to the end of the file, where there will be another one.
        out[last.start : last.start + 4] = (last.end - last.start).to_bytes(4, "big")
    for change in changes:
        change.item.method, change.item.fixed = 0, True
        change.item.extents = [Extent(0, len(change.content), 0)]
    # The length of the list does not depend on the places that are written into it.
    grown = len(tables.written(bytes(out), moved_from=meta.end, by=0)) - (meta.end - meta.start)
    place = len(data) + grown + 8
    for change in changes:
        change.item.extents[0].offset = place
        place += len(change.content)
    new_meta = tables.written(bytes(out), moved_from=meta.end, by=grown)
    if len(new_meta) - (meta.end - meta.start) != grown or place >= 1 << 32:
        raise LeftAloneError(Why.UNKNOWN_STRUCTURE, "its list of items can not be written anew")
    for box in top:
        if box.name == b"moov":
            _move_chunks(out, box, meta.end, grown)
    appended = make_box(b"mdat", b"".join(change.content for change in changes))
    return b"".join((out[: meta.start], new_meta, out[meta.end :], appended))


def _move_chunks(out: bytearray, box: Box, moved_from: int, by: int) -> None:
    """Set the places of an animation's frames right, in the tables of every track."""
    data = bytes(out)
    for inner in boxes(data, box.content, box.end):
        if inner.name == _HOLDERS.get(box.name):
            _move_chunks(out, inner, moved_from, by)
        elif inner.name in {b"stco", b"co64"} and box.name == b"stbl":
            width = 4 if inner.name == b"stco" else 8
            _, _, at = full_box(data, inner)
            count = int.from_bytes(data[at : at + 4], "big")
            if at + 4 + count * width > inner.end:
                raise LeftAloneError(Why.DAMAGED, "a table of places ends too early")
            for place in range(at + 4, at + 4 + count * width, width):
                value = int.from_bytes(data[place : place + width], "big")
                if value >= moved_from:
                    out[place : place + width] = (value + by).to_bytes(width, "big")
        elif inner.name in {b"saio", b"meta"}:
            raise LeftAloneError(Why.UNKNOWN_STRUCTURE, f"a box {inner.name!r} in a track")
