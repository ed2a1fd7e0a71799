"""How is a picture marked, so that everybody sees whose it is?

Text and logo are tiled over the whole picture, slanted; the text is white with a dark edge, so that it reads
on snow and on night alike, while the subject stays visible through it.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import cos, hypot, radians, sin

from PIL import Image, ImageChops, ImageDraw

from guard.errors import PictureError
from guard.image import typeface
from guard.image.decoding import decoding
from guard.image.typeface import Weight
from guard.image.visible_mark import MAX_LOGO_PIXELS, VisibleMark

ANGLE = 30
"""Degrees; no frequent line of a photograph (horizon, wall, pole) runs along it."""
LETTER = 1 / 22
"""Height of the letters as a part of the longest side."""
LOGO = 3
"""How high a logo is, in letters; at most five times as wide."""
SMALLEST_LETTER = 11
"""Pixels; smaller letters can not be read."""
NOTHING_READABLE = "©"
"""Drawn where the typeface has none of the text's letters: a mark that was asked for is never left out."""


def mark(image: Image.Image, drawn: VisibleMark, *, phase: int) -> Image.Image:
    """Draw `drawn` over the whole of `image` (L, LA, RGB, RGBA or YCbCr, 8 bits) and return the result.

    `phase` moves the tiles; any number will do, and the same number gives the same picture.

    Raises:
        PictureError: The logo can not be read.
    """
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    mode = {"L": "L", "LA": "L", "YCbCr": "YCbCr"}.get(image.mode, "RGB")
    marked = image.convert(mode) if image.mode != mode else image.copy()
    tile = _tile(max(image.size), drawn)
    dark, light = _INK[mode]
    colours = tile.logo.convert("RGB").convert(mode) if tile.logo is not None else None
    fading = [round(value * drawn.opacity) for value in range(256)]
    letters, edge, shape = (one and one.point(fading) for one in (tile.letters, tile.edge, tile.shape))
    for place in _places(image.size, tile, phase):
        if edge is not None and letters is not None:
            marked.paste(dark, place, edge)
            marked.paste(light, place, letters)
        if colours is not None:
            marked.paste(colours, place, shape)
    if alpha is not None:
        marked.putalpha(alpha)
    return marked


_INK: dict[str, tuple[int, int] | tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "L": (0, 255),
    "RGB": ((0, 0, 0), (255, 255, 255)),
    "YCbCr": ((0, 128, 128), (255, 128, 128)),
}
"""Black and white."""


@dataclass(frozen=True, slots=True)
class _Tile:
    """What is repeated, slanted; all parts have one size."""

    letters: Image.Image | None
    edge: Image.Image | None
    """The dark line around the letters. Masks, as `letters` is; None where there is no text."""
    logo: Image.Image | None
    """RGBA."""
    shape: Image.Image | None
    """How opaque the logo is at each pixel; None without one."""
    size: tuple[int, int]
    step: tuple[int, int]
    """Pixels from tile to tile along the line and across it."""


def _tile(longest: int, drawn: VisibleMark) -> _Tile:
    """Return the tile for a picture whose longest side has so many pixels."""
    letter = max(SMALLEST_LETTER, round(longest * LETTER))
    font = typeface.face(Weight.SEMI_BOLD, letter)
    logo = _fitted(_logo(drawn.logo), letter) if drawn.logo else None
    words = typeface.readable(drawn.text) or ("" if logo else NOTHING_READABLE)
    words = typeface.fit(words, font, round(longest * 0.8) + letter) if words else ""
    stroke = max(1, letter // 14)
    before = logo.width + letter // 2 if logo and words else logo.width if logo else 0
    width, height = before + round(font.getlength(words)), max(logo.height if logo else 0, round(1.4 * letter))
    size, line = (width + 2 * stroke, height + 2 * stroke), height // 2 + stroke + round(0.36 * letter)
    letters = edge = shape = tiled = None
    if words:
        masks = []
        for border in (0, stroke):
            mask = Image.new("L", size, 0)
            place = (before + stroke, line)
            ImageDraw.Draw(mask).text(place, words, font=font, fill=255, stroke_width=border, anchor="ls")
            masks.append(_turned(mask))
        letters, edge = masks[0], ImageChops.subtract(masks[1], masks[0])
    if logo is not None:
        tiled = Image.new("RGBA", size)
        tiled.paste(logo, (stroke, (size[1] - logo.height) // 2))
        tiled = _turned(tiled)
        shape = tiled.getchannel("A")
    whole = next(one.size for one in (letters, shape) if one is not None)
    step = width + 3 * letter, round(3.6 * letter) + (logo.height - letter if logo else 0)
    return _Tile(letters=letters, edge=edge, logo=tiled, shape=shape, size=whole, step=step)


def _turned(image: Image.Image) -> Image.Image:
    return image.rotate(ANGLE, Image.Resampling.BICUBIC, expand=True)


def _places(size: tuple[int, int], tile: _Tile, phase: int) -> Iterator[tuple[int, int]]:
    """Yield the upper left corner of each tile of which something lies in a picture of this size."""
    along, across = tile.step
    reach = hypot(*size) / 2 + hypot(*tile.size) / 2
    cosine, sine = cos(radians(ANGLE)), sin(radians(ANGLE))
    rows = int(2 * reach // across) + 2
    for row in range(rows):
        y = -reach + row * across - phase % across
        # Every other row is shifted by half a tile, like bricks, so that no column stays free.
        start = -reach - (phase // 7 + row * along // 2) % along
        for column in range(int(2 * reach // along) + 2):
            x = start + column * along
            left = size[0] / 2 + x * cosine + y * sine - tile.size[0] / 2
            top = size[1] / 2 - x * sine + y * cosine - tile.size[1] / 2
            if -tile.size[0] < left < size[0] and -tile.size[1] < top < size[1]:
                yield round(left), round(top)


@lru_cache(maxsize=4)
def _logo(data: bytes) -> Image.Image:
    """Return a logo in RGBA.

    Raises:
        PictureError: It is no PNG, or has too many pixels.
    """
    with decoding(), Image.open(io.BytesIO(data), formats=("PNG",)) as source:
        if source.width * source.height > MAX_LOGO_PIXELS:
            raise PictureError(f"a logo of {source.width} × {source.height} pixels is too large")
        return source.convert("RGBA")


def _fitted(logo: Image.Image, letter: int) -> Image.Image:
    factor = LOGO * letter / max(logo.height, logo.width / 5)
    size = (max(1, round(logo.width * factor)), max(1, round(logo.height * factor)))
    return logo.resize(size, Image.Resampling.LANCZOS)
