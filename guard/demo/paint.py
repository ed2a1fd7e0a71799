"""What are the demo's pictures painted with?

Noise, gradients, lines of hills and film: small tools on arrays of 32-bit floats, where 0
is black and 1 is white. All chance comes from a generator that is given in, so a picture
is the same on every run.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]
"""One value a pixel, height × width; or three, height × width × 3."""
Values = NDArray[Any]
"""What a tool takes: numbers of any type and shape that fit."""
Colour = tuple[int, int, int]
Stops = tuple[tuple[float, Colour], ...]
"""The colours of a gradient, each with its place."""
Rng = np.random.Generator


def colour(value: Colour) -> Field:
    """Return a colour of 0 to 255 as an array of 0 to 1."""
    return np.asarray(value, np.float32) / np.float32(255)


def mixed(first: Colour, second: Colour, part: float) -> Colour:
    """Return the colour that is `part` of the way from the first to the second."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return red, green, blue


def coordinates(width: int, height: int) -> tuple[Field, Field]:
    """Return x as a row and y as a column, in parts of the *height*, so that circles are round."""
    x = (np.arange(width, dtype=np.float32)[None, :] + 0.5) / height
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height
    return x.astype(np.float32), y.astype(np.float32)


def enlarge(field: Field, width: int, height: int) -> Field:
    """Scale a field smoothly."""
    image = Image.fromarray(np.ascontiguousarray(field, np.float32), "F")
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), np.float32)


def enlarge_picture(picture: Field, width: int, height: int) -> Field:
    """Scale a picture smoothly."""
    return np.stack([enlarge(picture[..., channel], width, height) for channel in range(3)], axis=-1)


def clouds(
    rng: Rng, width: int, height: int, *, cell: float, octaves: int = 6, gain: float = 0.5, stretch: float = 1.0
) -> Field:
    """Return fractal noise of mean 0.5 and most values within 0 to 1.

    `cell` is the size of the largest feature in parts of the height; `stretch` above 1 makes
    features wider than high. Every octave is half as large and `gain` as strong.
    """
    columns = max(2, round(width / height / cell / stretch) + 1)
    rows = max(2, round(1 / cell) + 1)
    field = rng.standard_normal((rows, columns), np.float32)
    strength, total = 1.0, 1.0
    for _ in range(octaves - 1):
        columns, rows = min(columns * 2, width), min(rows * 2, height)
        strength *= gain
        total += strength**2
        field = enlarge(field, columns, rows) + np.float32(strength) * rng.standard_normal((rows, columns), np.float32)
    return enlarge(field, width, height) * np.float32(0.24 / total**0.5) + np.float32(0.5)


def moved(field: Field, down: Values, right: Values) -> Field:
    """Return the field with every pixel taken from `down` and `right` of it, in parts of the height; edges repeat."""
    height, width = field.shape[:2]
    rows = np.arange(height, dtype=np.float32)[:, None] + down * np.float32(height)
    columns = np.arange(width, dtype=np.float32)[None, :] + right * np.float32(height)
    return field[rows.clip(0, height - 1).astype(np.intp), columns.clip(0, width - 1).astype(np.intp)]


def tiled(texture: Field, down: Values, right: Values) -> Field:
    """Read a texture that repeats in both directions at any places, given in its pixels."""
    rows, columns = texture.shape
    top, left = np.floor(down), np.floor(right)
    part_down, part_right = down - top, right - left
    row, column = top.astype(np.intp) % rows, left.astype(np.intp) % columns
    next_row, next_column = (row + 1) % rows, (column + 1) % columns
    upper = texture[row, column] * (1 - part_right) + texture[row, next_column] * part_right
    lower = texture[next_row, column] * (1 - part_right) + texture[next_row, next_column] * part_right
    return np.asarray(upper * (1 - part_down) + lower * part_down, np.float32)


def step(field: Values, low: Values | float, high: Values | float) -> Field:
    """Rise smoothly from 0 at `low` to 1 at `high` (which may be the smaller one)."""
    t = ((field - low) / (high - low)).clip(0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def blend(below: Values, above: Values | Colour, amount: Values | float) -> Field:
    """Lay `above` (a picture, a colour) over a picture by an amount of 0 to 1 a pixel."""
    top = colour(above) if isinstance(above, tuple) else above
    part = np.asarray(amount, np.float32)
    return np.asarray(below + (top - below) * (part[..., None] if part.ndim == 2 else part), np.float32)


def glow(below: Values, light: Colour, amount: Values) -> Field:
    """Add light the way film does: bright places saturate instead of being cut off."""
    return np.asarray(1 - (1 - below) * (1 - colour(light) * amount[..., None].clip(0, 1)), np.float32)


def gradient(at: Values, stops: Stops) -> Field:
    """Return a picture whose colour at each pixel is that of the stop at `at`, smoothly between stops."""
    places = [place for place, _ in stops]
    table = np.linspace(places[0], places[-1], 1024)
    index = ((at - places[0]) * (1023 / (places[-1] - places[0]))).clip(0, 1023).astype(np.intp)
    channels = [np.interp(table, places, [value[channel] / 255 for _, value in stops]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)[index]


def skyline(rng: Rng, width: int, *, roughness: float, features: float, octaves: int = 9) -> Field:
    """Return a line of hills: one height of about -1 to 1 a column."""
    points = max(2, round(features))
    line = rng.standard_normal(points + 3).astype(np.float32)
    strength = 1.0
    for _ in range(octaves - 1):
        count = min(2 * line.size, width)
        strength *= roughness
        # Sharp upwards, soft downwards: that is what makes it a ridge and not a wave.
        detail = 0.6 - np.abs(rng.standard_normal(count)).astype(np.float32)
        line = enlarge(line[None, :], count, 1)[0] + np.float32(strength) * detail
    line = enlarge(line[None, :], width, 1)[0]
    return np.asarray((line - line.mean()) / max(float(np.abs(line - line.mean()).max()), 1e-6), np.float32)


def cells(rng: Rng, width: int, height: int, *, size: float, jitter: float = 0.9) -> tuple[Field, Field, Field]:
    """Return Voronoi cells: the distance to the nearest point, to the second nearest, and a number of 0 to 1 a cell.

    Distances are in parts of `size`, the width of a cell in parts of the height.
    """
    # Distances are smooth, so half the resolution is enough; only the cells' numbers have hard edges.
    small_width, small_height = (width + 1) // 2, (height + 1) // 2
    x, y = coordinates(small_width, small_height)
    x, y = x / np.float32(size), y / np.float32(size)
    rows, columns = int(y.max()) + 3, int(x.max()) + 3
    offset_x, offset_y, names = rng.random((3, rows * columns), np.float32)
    margin = np.float32((1 - jitter) / 2)
    offset_x, offset_y = offset_x * np.float32(jitter) + margin, offset_y * np.float32(jitter) + margin
    cell_x, cell_y = np.floor(x), np.floor(y)
    part_x, part_y = x - cell_x, y - cell_y
    place = cell_y.astype(np.intp) * columns + cell_x.astype(np.intp)
    first = np.full((small_height, small_width), 9.0, np.float32)
    second, owner = first.copy(), np.zeros((small_height, small_width), np.intp)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            index = place + ((down + 1) * columns + right + 1)
            dx = offset_x.take(index) + (np.float32(right) - part_x)
            dy = offset_y.take(index) + (np.float32(down) - part_y)
            distance = np.sqrt(dx * dx + dy * dy)
            second = np.minimum(second, np.maximum(first, distance))
            owner = np.where(distance < first, index, owner)
            first = np.minimum(first, distance)
    name = names.take(owner).repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    return enlarge(first, width, height), enlarge(second, width, height), name


def relief(height_map: Field, *, strength: float, direction: tuple[float, float] = (-0.7, -0.7)) -> Field:
    """Return how a surface is lit from the side: 0 where it is level, positive towards the light."""
    down, right = np.gradient(height_map)
    slope = -(right * np.float32(direction[0]) + down * np.float32(direction[1]))
    return np.asarray(slope * np.float32(strength * height_map.shape[0] / 100), np.float32)


def film(picture: Values, *, vignette: float = 0.25, contrast: float = 0.12) -> Field:
    """Finish a picture: darker corners, a soft tone curve."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    picture = picture.clip(0, 1) * (1 - np.float32(vignette) * step((x * x + y * y) / 2, 0.15, 1.1))[..., None]
    curve = picture * picture * (3 - 2 * picture)
    return np.asarray(picture + np.float32(contrast) * (curve - picture), np.float32)
