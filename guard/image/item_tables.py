"""Which items does a `meta` box list, where are their bytes, and how is the list written anew?

ISO/IEC 14496-12, section 8.11: `pitm` names the picture, `iinf` the items, `iloc` their places,
`iref` what refers to what. Only these boxes are written anew; all others of the `meta` box (the
properties of the pictures above all) are copied.
"""

from dataclasses import dataclass, field
from typing import Final

from guard.errors import LeftAloneError
from guard.image.boxes import Box, boxes, full_box, make_box
from guard.image.left_alone import Why

MAX_ITEMS: Final = 5000


@dataclass(slots=True)
class Extent:
    """A run of an item's bytes."""

    offset: int
    length: int
    index: int


@dataclass(slots=True)
class Item:
    """One item."""

    number: int
    type: bytes = b""
    content_type: bytes = b""
    method: int = 0
    """0: places in the file; 1: places in the `idat` box; 2: places in another item."""
    data_reference: int = 0
    extents: list[Extent] = field(default_factory=list)
    fixed: bool = False
    """Its places are those in the file to be."""


@dataclass(slots=True)
class Tables:
    """The items of one `meta` box."""

    meta: Box
    inner: list[Box]
    items: list[Item]
    picture: int
    """The number of the picture that is shown."""
    idat: Box | None
    has_thumbnail: bool
    _location_version: int
    _index_size: int
    _new: list[Item] = field(default_factory=list)

    def new_item(self, content_type: bytes) -> Item:
        """Return a new item that describes the picture; its bytes are to be given a place."""
        number = max((item.number for item in self.items), default=0) + 1
        if number > 0xFFFF:
            raise LeftAloneError(Why.UNKNOWN_STRUCTURE, "no number is left for a new item")
        item = Item(number, b"mime", content_type, extents=[Extent(0, 0, 0)])
        self._new.append(item)
        return item

    def spans(self, item: Item) -> list[tuple[int, int]]:
        """Return where in the file the bytes of an item are."""
        if item.method == 0 and item.data_reference == 0:
            base, limit = 0, None
        elif item.method == 1 and self.idat is not None:
            base, limit = self.idat.content, self.idat.end
        else:
            raise LeftAloneError(Why.UNKNOWN_STRUCTURE, "metadata in another file or item")
        found = [(base + one.offset, base + one.offset + one.length) for one in item.extents if one.length]
        if limit is not None and any(end > limit for _, end in found):
            raise LeftAloneError(Why.DAMAGED, "an item ends too early")
        return found

    def content(self, data: bytes, item: Item) -> bytes:
        """Return the bytes of an item."""
        spans = self.spans(item)
        if any(end > len(data) for _, end in spans) or sum(end - start for start, end in spans) > len(data):
            raise LeftAloneError(Why.DAMAGED, "an item ends too early")
        if any(one.length == 0 for one in item.extents):
            raise LeftAloneError(Why.UNKNOWN_STRUCTURE, "an item without a length")
        return b"".join(data[start:end] for start, end in spans)

    def written(self, data: bytes, *, moved_from: int, by: int) -> bytes:
        """Return the `meta` box anew, with every place in the file from `moved_from` on moved on."""
        parts = [data[self.meta.content : self.meta.content + 4]]
        has_references = False
        for box in self.inner:
            whole = data[box.start : box.end]
            if box.name == b"iloc":
                whole = self._locations(moved_from, by)
            elif box.name == b"iinf" and self._new:
                whole = self._information(data, box)
            elif box.name == b"iref":
                has_references = True
                version, _, _ = full_box(data, box)
                whole = make_box(b"iref", data[box.content : box.end] + self._references(version))
            parts.append(whole)
        if self._new and not has_references:
            parts.append(make_box(b"iref", bytes(4) + self._references(0)))
        return make_box(b"meta", b"".join(parts))

    def _information(self, data: bytes, box: Box) -> bytes:
        version, _, at = full_box(data, box)
        width = 2 if version == 0 else 4
        count = int.from_bytes(data[at : at + width], "big") + len(self._new)
        entries = b"".join(
            make_box(b"infe", b"\2\0\0\0" + item.number.to_bytes(2, "big") + b"\0\0mime\0" + item.content_type + b"\0")
            for item in self._new
        )
        if count >= 1 << 8 * width:
            raise LeftAloneError(Why.TOO_LARGE, "its list of items")
        return make_box(
            b"iinf", data[box.content : at] + count.to_bytes(width, "big") + data[at + width : box.end] + entries
        )

    def _references(self, version: int) -> bytes:
        width = 2 if version == 0 else 4
        return b"".join(
            make_box(
                b"cdsc", item.number.to_bytes(width, "big") + b"\0\1" + self.picture.to_bytes(width, "big")
            )
            for item in self._new
        )  # fmt: skip

    def _locations(self, moved_from: int, by: int) -> bytes:
        """Write `iloc` with offsets and lengths of four bytes and without base offsets."""
        version, wide = self._location_version, self._location_version == 2
        items = [*self.items, *self._new]
        out = bytearray((version, 0, 0, 0, 0x44, self._index_size))
        out += len(items).to_bytes(4 if wide else 2, "big")
        for item in items:
            out += item.number.to_bytes(4 if wide else 2, "big")
            if version:
                out += item.method.to_bytes(2, "big")
            out += item.data_reference.to_bytes(2, "big") + len(item.extents).to_bytes(2, "big")
            for extent in item.extents:
                offset = extent.offset
                if not item.fixed and item.method == 0 and item.data_reference == 0 and offset >= moved_from:
                    offset += by
                if version:
                    out += extent.index.to_bytes(self._index_size, "big")
                out += offset.to_bytes(4, "big") + extent.length.to_bytes(4, "big")
        return make_box(b"iloc", bytes(out))


def read(data: bytes, meta: Box) -> Tables:
    """Read the tables.

    Raises:
        LeftAloneError: They are damaged, or of a form that is not known.
    """
    version, _, start = full_box(data, meta)
    inner = boxes(data, start, meta.end)
    by_name = {box.name: box for box in inner}
    if version or len(by_name) != len([box for box in inner if box.name != b"free"]) + (b"free" in by_name):
        raise LeftAloneError(Why.UNKNOWN_STRUCTURE, "its list of items")
    if not {b"iloc", b"iinf", b"pitm"} <= by_name.keys():
        raise LeftAloneError(Why.DAMAGED, "its list of items is not whole")
    items, location_version, index_size = _read_locations(data, by_name[b"iloc"])
    _read_information(data, by_name[b"iinf"], items)
    version, _, at = full_box(data, by_name[b"pitm"])
    references = by_name.get(b"iref")
    kinds = {box.name for box in boxes(data, references.content + 4, references.end)} if references else set()
    return Tables(
        meta=meta,
        inner=inner,
        items=list(items.values()),
        picture=int.from_bytes(data[at : at + (2 if version == 0 else 4)], "big"),
        idat=by_name.get(b"idat"),
        has_thumbnail=b"thmb" in kinds,
        _location_version=location_version,
        _index_size=index_size,
    )


class _Numbers:
    """Reads numbers one after the other, and not over the end of a box."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self._data, self._at, self._end = data, at, end

    def take(self, width: int) -> int:
        self._at += width
        if self._at > self._end:
            raise LeftAloneError(Why.DAMAGED, "a table ends too early")
        return int.from_bytes(self._data[self._at - width : self._at], "big")


def _read_locations(data: bytes, box: Box) -> tuple[dict[int, Item], int, int]:
    version, _, at = full_box(data, box)
    if version > 2:
        raise LeftAloneError(Why.UNKNOWN_STRUCTURE, f"places of version {version}")
    numbers = _Numbers(data, at, box.end)
    sizes = numbers.take(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    if {offset_size, length_size, base_size} - {0, 4, 8} or index_size not in {0, 4, 8}:
        raise LeftAloneError(Why.UNKNOWN_STRUCTURE, "places of an odd width")
    if version == 0:
        index_size = 0
    wide = version == 2
    items: dict[int, Item] = {}
    count = numbers.take(4 if wide else 2)
    if count > MAX_ITEMS:
        raise LeftAloneError(Why.TOO_LARGE, f"more than {MAX_ITEMS} items")
    for _ in range(count):
        item = Item(numbers.take(4 if wide else 2))
        item.method = numbers.take(2) & 15 if version else 0
        item.data_reference = numbers.take(2)
        base = numbers.take(base_size)
        for _ in range(numbers.take(2)):
            index = numbers.take(index_size)
            offset = base + numbers.take(offset_size)
            item.extents.append(Extent(offset, numbers.take(length_size), index))
        if any(extent.offset + extent.length >= 1 << 32 for extent in item.extents) or item.number in items:
            raise LeftAloneError(Why.UNKNOWN_STRUCTURE, "places that can not be written anew")
        items[item.number] = item
    return items, version, index_size


def _read_information(data: bytes, box: Box, items: dict[int, Item]) -> None:
    version, _, at = full_box(data, box)
    for entry in boxes(data, at + (2 if version == 0 else 4), box.end):
        entry_version, _, start = full_box(data, entry)
        if entry.name != b"infe" or entry_version < 2:
            raise LeftAloneError(Why.UNKNOWN_STRUCTURE, "its list of items is of an old form")
        numbers = _Numbers(data, start, entry.end)
        number = numbers.take(2 if entry_version == 2 else 4)
        numbers.take(2)
        kind = numbers.take(4).to_bytes(4, "big")
        if number not in items:
            continue
        items[number].type = kind
        if kind == b"mime":
            rest = data[start + (8 if entry_version == 2 else 10) : entry.end].split(b"\0")
            items[number].content_type = rest[1] if len(rest) > 1 else b""
