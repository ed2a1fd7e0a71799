"""Where are the boxes of an ISO base media file?

ISO/IEC 14496-12, section 4.2: four bytes of size, four of type, and eight more of size where the
first says 1; a size of 0 reaches to the end of the file.
"""

from dataclasses import dataclass
from typing import Final

from guard.errors import LeftAloneError
from guard.image.left_alone import Why

MAX_BOXES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Box:
    """One box; all places are bytes of the file."""

    name: bytes
    start: int
    content: int
    end: int
    to_the_end: bool = False


def boxes(data: bytes, start: int, end: int) -> list[Box]:
    """Return the boxes of one level.

    Raises:
        LeftAloneError: They do not fill it.
    """
    found: list[Box] = []
    position = start
    while position < end:
        size, content, to_the_end = int.from_bytes(data[position : position + 4], "big"), position + 8, False
        if size == 1:
            size, content = int.from_bytes(data[position + 8 : position + 16], "big"), position + 16
        elif size == 0:
            if end != len(data):
                raise LeftAloneError(Why.DAMAGED, "a box without a size within another")
            size, to_the_end = end - position, True
        if size < content - position or position + size > end:
            raise LeftAloneError(Why.DAMAGED, "a box ends too early")
        found.append(Box(data[position + 4 : position + 8], position, content, position + size, to_the_end))
        position += size
        if len(found) > MAX_BOXES:
            raise LeftAloneError(Why.TOO_LARGE, f"more than {MAX_BOXES} boxes")
    return found


def full_box(data: bytes, box: Box) -> tuple[int, int, int]:
    """Return version, flags, and where the content behind them begins."""
    if box.content + 4 > box.end:
        raise LeftAloneError(Why.DAMAGED, "a box ends too early")
    return (
        data[box.content],
        int.from_bytes(data[box.content + 1 : box.content + 4], "big"),
        box.content + 4,
    )


def make_box(name: bytes, content: bytes) -> bytes:
    """Return a box."""
    return (len(content) + 8).to_bytes(4, "big") + name + content
