"""How is a text set, so that it can be read whatever it says?

The face is a part of the program (Inter, SIL Open Font License, see `fonts/OFL.txt`):
Pillow's own face has no umlauts, and a server need not have any font. It knows Latin,
Greek and Cyrillic; a character that it lacks is left out rather than drawn as a box.
"""

import io
import pkgutil
import unicodedata
from enum import StrEnum
from functools import lru_cache

from PIL import ImageFont

from guard.errors import PictureError

MAX_TEXT = 400
"""Characters of one text that are looked at; nothing longer fits on a card."""
ELLIPSIS = "…"


class Weight(StrEnum):
    REGULAR = "Regular"
    SEMI_BOLD = "SemiBold"


@lru_cache(maxsize=64)
def face(weight: Weight, size: int) -> ImageFont.FreeTypeFont:
    """Return the face at `size` pixels."""
    data = pkgutil.get_data("guard.image", f"fonts/Inter-{weight}.otf")
    if data is None:
        raise PictureError("the typeface is missing from the installation")
    return ImageFont.truetype(io.BytesIO(data), size)


def readable(text: str) -> str:
    """Return `text` in one line, without what can not be drawn: controls, direction marks, missing letters."""
    composed = unicodedata.normalize("NFC", text[:MAX_TEXT])
    spaced = " ".join("".join(" " if character.isspace() else character for character in composed).split())
    return " ".join("".join(character for character in spaced if _has(character)).split())


def fit(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """Shorten `text` to `width` pixels, with an ellipsis where something is cut off."""
    if font.getlength(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle].rstrip() + ELLIPSIS) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS


def wrap(text: str, font: ImageFont.FreeTypeFont, width: int, lines: int) -> tuple[str, ...]:
    """Break `text` at spaces into at most `lines` lines of `width` pixels; the last one is shortened to fit."""
    words = text.split(" ")
    result: list[str] = []
    while words and len(result) < lines - 1:
        line = words.pop(0)
        while words and font.getlength(f"{line} {words[0]}") <= width:
            line = f"{line} {words.pop(0)}"
        if font.getlength(line) > width:
            # A word longer than the line (an address, say) is broken where the line ends.
            cut = len(fit(line, font, width)) - 1
            words.insert(0, line[max(cut, 1) :])
            line = line[: max(cut, 1)]
        result.append(line)
    if words:
        result.append(fit(" ".join(words), font, width))
    return tuple(line for line in result if line)


@lru_cache(maxsize=2048)
def _has(character: str) -> bool:
    """Tell whether the face has a glyph: what it lacks looks like a code point that never has one."""
    if character == " ":
        return True
    if unicodedata.category(character)[0] in "CZ":
        return False
    font = face(Weight.REGULAR, 16)
    return bytes(font.getmask(character)) != bytes(font.getmask("\U0010fffe"))
