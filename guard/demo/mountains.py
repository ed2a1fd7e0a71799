"""The demo's first album: what do ridges look like at ten hours of the day?

Far hills take on the colour of the air before them, near ones keep their own; fog lies in
the valleys, and the sun stands where the sky is brightest.
"""

from dataclasses import dataclass

import numpy as np

from guard.demo import paint
from guard.demo.paint import Colour, Field, Rng, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """One hour in the mountains."""

    sky: tuple[tuple[float, Colour], ...]
    """Colours from the top (0) to the horizon (1)."""
    air: Colour
    """What distance dissolves into."""
    rock: Colour
    """The nearest hill."""
    sun: tuple[float, float] = (0.7, 0.45)
    """Place in parts of width and height."""
    sun_colour: Colour = (255, 240, 210)
    sun_size: float = 0.03
    """Radius in parts of the height; 0 for a sun behind clouds or hills."""
    warmth: float = 0.7
    """Strength of the light around the sun."""
    horizon: float = 0.42
    """Where the farthest hill begins."""
    layers: int = 7
    roughness: float = 0.52
    """0.45 are hills, 0.6 are crags."""
    cover: float = 0.5
    """Clouds: 0 for none, 1 for an overcast sky."""
    cloud: Colour = (255, 255, 255)
    fog: float = 0.5
    """In the valleys."""
    snow: float = 0.0
    """0 for none, 1 down to the valleys."""
    forest: bool = True
    """Trees on the nearest hill."""
    stars: int = 0


def paint_mountains(rng: Rng, width: int, height: int, mood: Mood) -> Field:
    """Paint one picture of the album."""
    _, y = paint.coordinates(width, height)
    # The farthest hill covers what is lower than this.
    seen = min(round((mood.horizon + 0.2) * height), height)
    sky = _sky(rng, width, height, seen, mood)
    picture = np.concatenate((sky, np.repeat(sky[-1:], height - seen, axis=0)))
    for layer in range(mood.layers):
        picture = _ridge(rng, picture, mood, layer, y)
    return paint.film(picture, vignette=0.22)


def _sky(rng: Rng, width: int, height: int, seen: int, mood: Mood) -> Field:
    """Paint the upper `seen` rows of a picture of `width` × `height`."""
    x, y = paint.coordinates(width, height)
    y, share = y[:seen], height / seen
    picture = paint.gradient(np.broadcast_to(y / np.float32(mood.horizon + 0.22), (seen, width)), mood.sky)
    if mood.stars:
        picture = paint.glow(picture, (235, 240, 255), stars(rng, width, seen, mood.stars) * paint.step(y, 0.75, 0.1))
    sun_x, sun_y = mood.sun[0] * width / height, mood.sun[1]
    distance = np.sqrt((x - sun_x) ** 2 + ((y - sun_y) * 1.15) ** 2)
    picture = paint.glow(picture, mood.sun_colour, mood.warmth * np.exp(-distance * 2.4))
    picture = paint.glow(picture, mood.sun_colour, mood.warmth * 0.8 * np.exp(-distance * 9))
    if mood.sun_size:
        round_distance = np.sqrt((x - sun_x) ** 2 + (y - sun_y) ** 2)
        disc = paint.step(round_distance, mood.sun_size * 1.05, mood.sun_size * 0.9)
        picture = paint.blend(picture, (paint.colour(mood.sun_colour) * 0.4 + 0.6).astype(np.float32), disc)
    if mood.cover:
        field = paint.clouds(rng, width, seen, cell=0.34 * share, octaves=7, gain=0.52, stretch=2.6)
        # Clouds lie flatter and closer together towards the horizon.
        flat = paint.clouds(rng, width, seen, cell=0.1 * share, octaves=6, gain=0.55, stretch=6)
        field = field * paint.step(y, mood.horizon + 0.1, 0.0) + flat * (1 - paint.step(y, mood.horizon + 0.1, 0.0))
        density = paint.step(field, 0.72 - 0.42 * mood.cover, 1.02 - 0.42 * mood.cover)
        lit = np.exp(-distance * 2.2)[..., None] * paint.colour(mood.sun_colour)
        shade = paint.step(field, 0.5, 1.0)[..., None]
        body = paint.colour(mood.cloud) * (0.92 - 0.3 * shade) + lit * (0.55 - 0.3 * shade)
        picture = paint.blend(picture, body.clip(0, 1).astype(np.float32), density * 0.8)
    return picture


def _ridge(rng: Rng, picture: Field, mood: Mood, layer: int, y: Field) -> Field:
    height, width = picture.shape[:2]
    near = (layer + 1) / mood.layers
    line = paint.skyline(rng, width, roughness=mood.roughness, features=2.5 + 2.5 * (1 - near) * width / height)
    top = mood.horizon + (0.97 - mood.horizon) * (near**1.35) * 0.86 - line * (0.12 - 0.035 * near)
    # Fog lies in the valleys and knows nothing of single rocks.
    reach = width // 30
    valley = np.convolve(np.pad(top, reach, "edge"), np.full(2 * reach + 1, 1 / (2 * reach + 1)), "valid")
    below = y - valley[None, :].astype(np.float32)
    if mood.forest and layer >= mood.layers - 2:
        top = top - _trees(rng, width, 0.011 + 0.022 * near**3)
    # Only what lies below the line's highest point is painted.
    first = max(int(float(top.min()) * height) - 2, 0)
    region, y, below = picture[first:], y[first:], below[first:]
    height = region.shape[0]
    depth = y - top[None, :].astype(np.float32)
    colour = paint.colour(mood.air) * (1 - near**1.25) + paint.colour(mood.rock) * near**1.25
    body: Values = np.broadcast_to(colour.astype(np.float32), region.shape)
    # Gullies and spurs: creased noise that is higher than wide, lit from the sun's side.
    share = picture.shape[0] / height
    cell = (0.1 + 0.16 * near) * share
    coarse = paint.clouds(rng, width, height, cell=cell, octaves=7, gain=0.47, stretch=0.7)
    ground = 1 - np.abs(coarse - 0.5) * 3
    light = paint.relief(ground, strength=0.55 * share, direction=(-1.0 if mood.sun[0] > 0.5 else 1.0, -0.3))
    if mood.snow and near < 0.8:
        # Far and high it is white, near and low the rock comes through.
        limit = (0.05 + 0.3 * mood.snow) * (1.1 - near)
        white = paint.step(ground * 0.1 - depth + limit - 0.1, -0.02, 0.02) * paint.step(light, -0.55, -0.1)
        lit = paint.colour(mood.air) * 0.3 + paint.colour((250, 250, 252)) * 0.7
        body = paint.blend(body, np.broadcast_to(lit, body.shape), white * (1 - near * 1.25))
    contrast = (0.12 + 0.2 * near) if mood.forest else (0.28 + 0.2 * near)
    body = body * (1 + (light * np.float32(contrast)).clip(-0.5, 0.45))[..., None]
    drift = paint.clouds(rng, width, height, cell=0.22 * share, octaves=4, stretch=3.5)
    mist = paint.step(below, 0.0, 0.2 + 0.05 * near) * (1 - 0.72 * near) * (mood.fog * (0.45 + 1.1 * drift))
    body = paint.blend(body, mood.air, mist.clip(0, 0.96))
    # The edge of a hill is one pixel soft, like everything that went through a lens.
    edge = paint.step(depth * picture.shape[0], -0.8, 0.8)
    return np.concatenate((picture[:first], paint.blend(region, body, edge)))


def _trees(rng: Rng, width: int, size: float) -> Field:
    """Return what a forest adds to a skyline: pointed trees of different heights, side by side."""
    line = np.zeros(width, np.float32)
    columns = np.arange(width, dtype=np.float32)
    tree = max(5.0, size * 520)
    for centre in np.arange(0, width, tree * 0.42):
        middle = centre + rng.normal(0, tree * 0.3)
        tall = size * rng.uniform(0.35, 1.0) * (0.6 + 0.4 * np.sin(centre / (tree * 9)))
        half = tree * rng.uniform(0.28, 0.5)
        low, high = int(max(middle - half, 0)), int(min(middle + half + 1, width))
        if low >= high:
            continue
        away = (np.abs(columns[low:high] - middle) / half).clip(0, 1)
        # Branches: the outline goes in and out a few times on its way down.
        outline = (1 - away) ** 1.25 + 0.05 * np.sin(away * 22) * (1 - away)
        line[low:high] = np.maximum(line[low:high], outline * np.float32(tall))
    return line


def stars(rng: Rng, width: int, height: int, count: int) -> Field:
    """Return a field of stars, most of them faint."""
    field = np.zeros((height, width), np.float32)
    brightness = (rng.pareto(2.2, count) * 0.16 + 0.08).clip(0, 1).astype(np.float32)
    rows, columns = rng.integers(1, height - 1, count), rng.integers(1, width - 1, count)
    np.maximum.at(field, (rows, columns), brightness)
    # A bright star is wider on film, too.
    bright = brightness > 0.32
    for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        np.maximum.at(field, (rows[bright] + down, columns[bright] + right), brightness[bright] * np.float32(0.55))
    return field


MOODS: tuple[tuple[str, Mood], ...] = (
    (
        "First light over the pass",
        Mood(
            sky=((0, (44, 62, 106)), (0.45, (128, 130, 166)), (0.8, (244, 186, 150)), (1, (255, 222, 178))),
            air=(232, 190, 176),
            rock=(30, 34, 52),
            sun=(0.66, 0.4),
            sun_colour=(255, 214, 150),
            cover=0.42,
            cloud=(210, 160, 160),
            fog=0.75,
        ),
    ),
    (
        "Noon, no wind",
        Mood(
            sky=((0, (38, 98, 172)), (0.6, (112, 168, 216)), (1, (206, 226, 236))),
            air=(178, 202, 220),
            rock=(46, 66, 52),
            sun=(0.2, -0.1),
            sun_size=0,
            warmth=0.3,
            cover=0.5,
            cloud=(244, 246, 250),
            fog=0.4,
            snow=0.35,
            roughness=0.56,
        ),
    ),
    (
        "Blue hour",
        Mood(
            sky=((0, (12, 22, 58)), (0.6, (48, 80, 142)), (1, (168, 182, 206))),
            air=(112, 138, 182),
            rock=(8, 14, 34),
            sun=(0.35, 0.5),
            sun_size=0,
            sun_colour=(220, 196, 190),
            warmth=0.4,
            cover=0.25,
            cloud=(70, 92, 146),
            fog=0.8,
            stars=260,
            layers=8,
        ),
    ),
    (
        "Alpenglow",
        Mood(
            sky=((0, (52, 72, 128)), (0.55, (146, 140, 184)), (1, (236, 190, 186))),
            air=(206, 152, 160),
            rock=(84, 52, 58),
            sun=(0.05, 0.3),
            sun_size=0,
            sun_colour=(255, 170, 120),
            warmth=0.45,
            cover=0.15,
            cloud=(236, 180, 180),
            fog=0.55,
            snow=0.85,
            roughness=0.6,
            forest=False,
            layers=5,
            horizon=0.36,
        ),
    ),
    (
        "The last hut",
        Mood(
            sky=((0, (58, 36, 70)), (0.5, (176, 74, 70)), (0.85, (250, 148, 70)), (1, (255, 206, 120))),
            air=(222, 124, 84),
            rock=(26, 14, 24),
            sun=(0.42, 0.46),
            sun_colour=(255, 226, 150),
            sun_size=0.035,
            cover=0.55,
            cloud=(142, 66, 84),
            fog=0.55,
            layers=7,
        ),
    ),
    (
        "Rain moving in",
        Mood(
            sky=((0, (64, 74, 84)), (0.6, (116, 126, 132)), (1, (188, 192, 188))),
            air=(158, 166, 166),
            rock=(26, 36, 36),
            sun=(0.7, 0.2),
            sun_size=0,
            sun_colour=(230, 232, 220),
            warmth=0.35,
            cover=0.95,
            cloud=(112, 122, 132),
            fog=0.95,
            layers=8,
            roughness=0.5,
        ),
    ),
    (
        "Moon over the glacier",
        Mood(
            sky=((0, (6, 10, 26)), (0.7, (24, 40, 76)), (1, (62, 86, 122))),
            air=(58, 80, 118),
            rock=(12, 18, 34),
            sun=(0.74, 0.17),
            sun_colour=(226, 234, 250),
            sun_size=0.028,
            warmth=0.5,
            cover=0.2,
            cloud=(44, 60, 94),
            fog=0.5,
            snow=0.8,
            roughness=0.58,
            forest=False,
            stars=900,
            layers=6,
        ),
    ),
    (
        "Above the fog",
        Mood(
            sky=((0, (80, 132, 186)), (0.6, (178, 204, 220)), (1, (252, 236, 214))),
            air=(244, 232, 222),
            rock=(40, 54, 62),
            sun=(0.25, 0.3),
            sun_colour=(255, 240, 206),
            sun_size=0.026,
            cover=0.2,
            cloud=(255, 250, 244),
            fog=1.35,
            layers=6,
            horizon=0.46,
        ),
    ),
    (
        "Green summer",
        Mood(
            sky=((0, (64, 128, 186)), (0.6, (150, 194, 214)), (1, (232, 236, 210))),
            air=(186, 206, 180),
            rock=(22, 46, 24),
            sun=(0.85, 0.2),
            sun_size=0,
            sun_colour=(255, 246, 204),
            warmth=0.55,
            cover=0.45,
            cloud=(250, 250, 244),
            fog=0.45,
            roughness=0.47,
            layers=8,
            horizon=0.4,
        ),
    ),
    (
        "Silver morning",
        Mood(
            sky=((0, (120, 120, 120)), (0.6, (196, 196, 196)), (1, (244, 244, 244))),
            air=(222, 222, 222),
            rock=(22, 22, 22),
            sun=(0.55, 0.34),
            sun_colour=(255, 255, 255),
            sun_size=0.03,
            cover=0.4,
            cloud=(226, 226, 226),
            fog=0.95,
            layers=7,
        ),
    ),
)
