"""How is a picture marked, so that everybody sees whose it is?

Text and logo are tiled over the whole picture, slanted; the text is white with a dark edge, so that it reads
on snow and on night alike, while the subject stays visible through it.
"""

import io
from dataclasses import dataclass
from functools import lru_cache

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
LARGEST_DRAWN = 2048
"""Pixels of the longest side; over a larger picture the tiles are drawn at this size and enlarged."""


def mark(image: Image.Image, drawn: VisibleMark, *, phase: int) -> Image.Image:
    """Draw `drawn` over the whole of `image` (L, LA, RGB, RGBA or YCbCr, 8 bits) and return the result.

    `phase` moves the tiles; any number will do, and the same number gives the same picture.

    Raises:
        PictureError: The logo can not be read.
    """
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    mode = {"L": "L", "LA": "L", "YCbCr": "YCbCr"}.get(image.mode, "RGB")
    marked = image.convert(mode)
    scale = min(1.0, LARGEST_DRAWN / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    layers = _layers(size, drawn, phase)

    def whole(layer: Image.Image) -> Image.Image:
        return layer if layer.size == image.size else layer.resize(image.size, Image.Resampling.BILINEAR)

    if layers.text is not None:
        letters, edge = (whole(one).point(_faded(drawn.opacity)) for one in layers.text)
        dark, light = _INK[mode]
        marked.paste(dark, mask=edge)
        marked.paste(light, mask=letters)
    if layers.logo is not None:
        logo = whole(layers.logo)
        colours = Image.new("RGB", logo.size)
        colours.paste(logo.convert("RGB"))
        marked.paste(colours.convert(mode), mask=logo.getchannel("A").point(_faded(drawn.opacity)))
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
class _Layers:
    """Tiles as large as the picture, not yet faded."""

    text: tuple[Image.Image, Image.Image] | None
    """Masks: the letters, and the dark edge around them."""
    logo: Image.Image | None
    """RGBA."""


def _layers(size: tuple[int, int], drawn: VisibleMark, phase: int) -> _Layers:
    letter = max(SMALLEST_LETTER, round(max(size) * LETTER))
    font = typeface.face(Weight.SEMI_BOLD, letter)
    logo = _fitted(_logo(drawn.logo), letter) if drawn.logo else None
    words = typeface.readable(drawn.text) or ("" if logo else NOTHING_READABLE)
    words = typeface.fit(words, font, round(max(size) * 0.8) + letter) if words else ""
    before = logo.width + letter // 2 if logo and words else logo.width if logo else 0
    step_x = before + round(font.getlength(words)) + 3 * letter
    step_y = round(3.6 * letter) + (logo.height - letter if logo else 0)
    # A square that covers the picture however it is turned.
    side = round((size[0] ** 2 + size[1] ** 2) ** 0.5) + 2
    places = []
    for row, y in enumerate(range(-(phase % step_y), side + step_y, step_y)):
        # Every other row is shifted by half a tile, like bricks, so that no column stays free.
        start = -((phase // 7 + row * step_x // 2) % step_x)
        places += [(x, y) for x in range(start, side, step_x)]

    def turned(layer: Image.Image) -> Image.Image:
        whole = layer.rotate(ANGLE, Image.Resampling.BICUBIC)
        left, top = (side - size[0]) // 2, (side - size[1]) // 2
        return whole.crop((left, top, left + size[0], top + size[1]))

    text: tuple[Image.Image, Image.Image] | None = None
    if words:
        masks = []
        for width in (0, max(1, letter // 14)):
            layer = Image.new("L", (side, side), 0)
            draw = ImageDraw.Draw(layer)
            for x, y in places:
                draw.text((x + before, y), words, font=font, fill=255, stroke_width=width, anchor="ls")
            masks.append(turned(layer))
        letters, wide = masks
        text = letters, ImageChops.subtract(wide, letters)
    tiles: Image.Image | None = None
    if logo is not None:
        layer = Image.new("RGBA", (side, side))
        for x, y in places:
            # Beside the middle of the letters, which stand on `y`.
            layer.paste(logo, (x, round(y - 0.36 * letter - logo.height / 2)))
        tiles = turned(layer)
    return _Layers(text, tiles)


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


def _faded(opacity: float) -> list[int]:
    return [round(value * opacity) for value in range(256)]
