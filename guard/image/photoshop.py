"""What of a Photoshop resource block stays, and whom does IPTC-IIM in it name?

JPEG's APP13 segment holds image resources (Adobe Photoshop File Formats Specification,
"Image Resource Blocks"). The one with number 0x0404 is IPTC-IIM (Information Interchange
Model 4.2): it stays, but for a preview picture in it. Thumbnails go, and so do second
copies of EXIF and XMP if anything in them is private.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from guard.errors import LeftAloneError
from guard.image import exif
from guard.image.left_alone import Why
from guard.image.privacy import HINT, Private

MAX_RESOURCES: Final = 1000
MAX_DATASETS: Final = 5000

_IIM, _THUMBNAILS, _EXIF, _XMP = 0x0404, frozenset({0x0409, 0x040C}), frozenset({0x0422, 0x0423}), 0x0424
# Resource 0x0425 is a digest of IIM, by which programs know whether XMP or IIM is newer; where a preview is taken out
# of IIM it tells them to look at IIM again, and there they find what XMP says too.
_BYLINE, _CREDIT, _NOTICE = 80, 110, 116
_PREVIEW: Final = frozenset({200, 201, 202})
"""ObjectData Preview: format, version, data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Whom a block names; empty where it names nobody."""

    creator: str = ""
    credit: str = ""
    notice: str = ""


@dataclass(frozen=True, slots=True)
class _Resource:
    number: int
    start: int
    """Of the whole resource, signature included."""
    at: int
    """Of its data."""
    length: int
    end: int


def strip(data: bytes) -> tuple[bytes, frozenset[Private]]:
    """Return the resources without private data; the same bytes if there is none in them.

    Raises:
        LeftAloneError: They can not be read.
    """
    out: list[bytes] = []
    removed: set[Private] = set()
    done = 0
    for resource in _resources(data):
        value = data[resource.at : resource.at + resource.length]
        found = _private(resource.number, value)
        removed |= found
        if not found:
            out.append(data[resource.start : resource.end])
        elif resource.number == _IIM:
            kept = _without_preview(value)
            head = data[resource.start : resource.at - 4]
            out.append(head + len(kept).to_bytes(4, "big") + kept + bytes(len(kept) % 2))
        done = resource.end
    if not removed:
        return data, frozenset()
    return b"".join(out) + data[done:], frozenset(removed)


def names(data: bytes) -> Named:
    """Return whom IPTC-IIM in the resources names; nobody if they can not be read."""
    try:
        for resource in _resources(data):
            if resource.number == _IIM:
                value = data[resource.at : resource.at + resource.length]
                found: dict[int, list[str]] = {}
                utf8 = b"\x1c\x01\x5a\x00\x03\x1b%G" in value
                for dataset, content, _ in _datasets(value):
                    if dataset in {_BYLINE, _CREDIT, _NOTICE}:
                        found.setdefault(dataset, []).append(_text(content, utf8=utf8))
                return Named(
                    creator="; ".join(filter(None, found.get(_BYLINE, []))),
                    credit=next(iter(found.get(_CREDIT, [])), ""),
                    notice=next(iter(found.get(_NOTICE, [])), ""),
                )
    except LeftAloneError:
        pass
    return Named()


def _private(number: int, value: bytes) -> set[Private]:
    if number in _THUMBNAILS:
        return {Private.THUMBNAIL}
    if number in _EXIF:
        return set(exif.strip(value.removeprefix(b"Exif\0\0")).removed)
    if number == _XMP:
        return {Private.GPS} if HINT.search(value) else set()
    if number == _IIM and any(dataset in _PREVIEW for dataset, _, _ in _datasets(value)):
        return {Private.THUMBNAIL}
    return set()


def _resources(data: bytes) -> Iterator[_Resource]:
    position = 0
    for _ in range(MAX_RESOURCES):
        # What follows the last one is padding.
        if len(data) - position < 12 or data[position : position + 4] not in {b"8BIM", b"PHUT", b"DCSR", b"AgHg"}:
            break
        number = int.from_bytes(data[position + 4 : position + 6], "big")
        at = position + 7 + data[position + 6]
        at += (at - position) % 2
        length = int.from_bytes(data[at : at + 4], "big")
        at += 4
        if at + length > len(data):
            raise LeftAloneError(Why.BROKEN_IPTC, "a Photoshop resource ends too early")
        end = min(at + length + length % 2, len(data))
        yield _Resource(number, position, at, length, end)
        position = end


def _datasets(value: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, content and raw bytes of the data sets of record 2; those of other records with number -1."""
    position = 0
    for _ in range(MAX_DATASETS):
        if value[position : position + 1] != b"\x1c" or len(value) - position < 5:
            break
        record, number = value[position + 1], value[position + 2]
        length, at = int.from_bytes(value[position + 3 : position + 5], "big"), position + 5
        if length & 0x8000:
            # The length of the length: extended data sets (IIM 4.2, section 1.5).
            size = length & 0x7FFF
            length, at = int.from_bytes(value[at : at + size], "big"), at + size
        end = at + length
        if end > len(value):
            raise LeftAloneError(Why.BROKEN_IPTC, "a data set ends too early")
        yield number if record == 2 else -1, value[at:end], value[position:end]
        position = end


def _without_preview(value: bytes) -> bytes:
    return b"".join(raw for number, _, raw in _datasets(value) if number not in _PREVIEW)


def _text(content: bytes, *, utf8: bool) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("utf-8" if utf8 else "latin-1", "replace")
    return " ".join(text.replace("\0", " ").split())
