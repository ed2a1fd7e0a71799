"""How is a preview marked, so that everybody sees it is one?

The text is tiled over the whole picture, slanted, white with a dark edge, so that it reads
on snow and on night alike while the subject stays visible through it.
"""

from PIL import Image, ImageChops, ImageDraw

from guard.image import typeface
from guard.image.typeface import Weight

OPACITY = 0.30
"""Practice is 25 to 35 %: below, it is lost on busy ground; above, it hides the picture."""
ANGLE = 30
"""Degrees; no frequent line of a photograph (horizon, wall, pole) runs along it."""
LETTER = 1 / 22
"""Height of the letters as a part of the longest side."""
SMALLEST_LETTER = 11
"""Pixels; smaller letters can not be read."""
NOTHING_READABLE = "©"
"""Drawn where the typeface has none of the text's letters: a mark that was asked for is never left out."""


def mark(image: Image.Image, text: str, *, phase: int) -> Image.Image:
    """Draw `text` over the whole of `image` (L, LA, RGB or RGBA, 8 bits) and return the result.

    `phase` moves the tiles; any number will do, and the same number gives the same picture.
    """
    size = max(SMALLEST_LETTER, round(max(image.size) * LETTER))
    font = typeface.face(Weight.SEMI_BOLD, size)
    words = typeface.fit(typeface.readable(text) or NOTHING_READABLE, font, round(max(image.size) * 0.8) + size)
    letters, edge = _tiles(image.size, words, size, phase)
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    marked = image.convert("L" if image.mode in {"L", "LA"} else "RGB")
    dark, light = (0, 255) if marked.mode == "L" else ((0, 0, 0), (255, 255, 255))
    marked.paste(dark, mask=edge)
    marked.paste(light, mask=letters)
    if alpha is not None:
        marked.putalpha(alpha)
    return marked


def _tiles(size: tuple[int, int], text: str, letter: int, phase: int) -> tuple[Image.Image, Image.Image]:
    """Return two masks of `size`: the letters, and the dark edge around them."""
    font = typeface.face(Weight.SEMI_BOLD, letter)
    step_x = round(font.getlength(text)) + 3 * letter
    step_y = round(3.6 * letter)
    # A square that covers the picture however it is turned.
    side = round((size[0] ** 2 + size[1] ** 2) ** 0.5) + 2
    stroke = max(1, letter // 14)
    layers: list[Image.Image] = []
    for width in (0, stroke):
        layer = Image.new("L", (side, side), 0)
        draw = ImageDraw.Draw(layer)
        for row, y in enumerate(range(-(phase % step_y), side + step_y, step_y)):
            # Every other row is shifted by half a tile, like bricks, so that no column stays free.
            start = -((phase // 7 + row * step_x // 2) % step_x)
            for x in range(start, side, step_x):
                draw.text((x, y), text, font=font, fill=255, stroke_width=width, anchor="ls")
        turned = layer.rotate(ANGLE, Image.Resampling.BICUBIC)
        left, top = (side - size[0]) // 2, (side - size[1]) // 2
        layers.append(turned.crop((left, top, left + size[0], top + size[1])))
    letters, wide = layers
    edge = ImageChops.subtract(wide, letters)
    return letters.point(_faded(OPACITY)), edge.point(_faded(OPACITY))


def _faded(opacity: float) -> list[int]:
    return [round(value * opacity) for value in range(256)]
