"""The demo's second album: what does the sea look like at night?

The water mirrors the sky above it, torn up by waves that grow towards the shore where the
camera stands; moon, aurora and lights on the far coast lay their paths across it.
"""

from dataclasses import dataclass

import numpy as np

from guard.demo import paint
from guard.demo.headland import headland
from guard.demo.mountains import stars
from guard.demo.paint import Colour, Field, Rng


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One night at the sea."""

    sky: tuple[tuple[float, Colour], ...]
    """Colours from the top (0) to the horizon (1)."""
    horizon: float = 0.56
    """In parts of the height."""
    moon: tuple[float, float] | None = None
    """Place in parts of width and height."""
    moon_size: float = 0.034
    moon_colour: Colour = (246, 240, 222)
    stars: int = 2600
    milky_way: float = 0.0
    """Strength of the band; 0 for none."""
    aurora: tuple[Colour, Colour] | None = None
    """Lower and upper colour of the curtains."""
    clouds: float = 0.0
    waves: float = 1.0
    """1 is a breeze, 0.3 a calm night."""
    coast: float = 0.0
    """Height of the far coast; 0 for open sea."""
    lights: int = 0
    """Lamps along the coast."""
    lamp: Colour = (255, 196, 120)
    headland: float = 0.0
    """A dark rock on one side, as a part of the width; negative for the left side."""
    lighthouse: bool = False


def paint_night_sea(rng: Rng, width: int, height: int, night: Night) -> Field:
    """Paint one picture of the album."""
    _, y = paint.coordinates(width, height)
    sky = _sky(rng, width, height, night)
    if night.coast:
        sky = _coast(rng, sky, night, y)
    picture = _water(rng, sky, night)
    if night.headland:
        picture = headland(rng, picture, horizon=night.horizon, share=night.headland, lighthouse=night.lighthouse)
    return paint.film(picture, vignette=0.35, contrast=0.2)


def _sky(rng: Rng, width: int, height: int, night: Night) -> Field:
    x, y = paint.coordinates(width, height)
    picture = paint.gradient(np.broadcast_to(y / np.float32(night.horizon), (height, width)), night.sky)
    clear = paint.step(y, night.horizon, night.horizon - 0.16)
    if night.milky_way:
        # A band across the sky: dust takes away in the middle what stars gave around it.
        right, down = x - 0.6 * width / height, y - 0.2
        along, across = 0.82 * right + 0.57 * down, 0.82 * down - 0.57 * right
        smoke = paint.clouds(rng, width, height, cell=0.3, octaves=8, gain=0.6)
        band = np.exp(-((across / 0.15) ** 2)) * (0.55 + 0.45 * np.exp(-((along / 0.4) ** 2)))
        dust = np.exp(-(((across + 0.1 * (smoke - 0.5)) / 0.035) ** 2)) * paint.step(smoke, 0.4, 0.7)
        amount = (band * (0.25 + 0.9 * smoke) * (1 - 0.75 * dust)).astype(np.float32)
        picture = paint.glow(picture, (170, 176, 220), night.milky_way * 0.55 * amount * clear)
        picture = paint.glow(picture, (255, 190, 150), night.milky_way * 0.25 * amount**2 * clear)
        faint = stars(rng, width, height, night.stars * 5) * paint.step(amount, 0.05, 0.7)
        picture = paint.glow(picture, (210, 220, 255), faint * clear)
    picture = paint.glow(picture, (226, 232, 255), stars(rng, width, height, night.stars) * clear)
    if night.aurora:
        picture = _aurora(rng, picture, night, y)
    if night.clouds:
        field = paint.clouds(rng, width, height, cell=0.22, octaves=7, gain=0.52, stretch=3.4)
        density = paint.step(field, 0.72 - 0.45 * night.clouds, 1.05 - 0.45 * night.clouds)
        picture = paint.blend(
            picture, paint.gradient(field, ((0.3, (24, 30, 46)), (1.0, (62, 70, 92)))), density * 0.85
        )
        if night.moon:
            distance = _from_moon(night, x, y, width / height)
            picture = paint.glow(picture, night.moon_colour, density * (1.1 - 0.7 * field) * np.exp(-distance * 6))
    if night.moon:
        distance = _from_moon(night, x, y, width / height)
        picture = paint.glow(picture, night.moon_colour, 0.5 * np.exp(-distance * 5))
        picture = paint.glow(picture, night.moon_colour, 0.5 * np.exp(-distance * 22))
        spots = paint.clouds(rng, width, height, cell=0.04, octaves=4)
        face = (paint.colour(night.moon_colour) * (0.78 + 0.22 * paint.step(spots, 0.3, 0.6))[..., None]).astype(
            np.float32
        )
        # It shines through thin clouds: the disc is never lost.
        picture = paint.blend(picture, face, paint.step(distance, night.moon_size * 1.03, night.moon_size * 0.93))
    return picture


def _from_moon(night: Night, x: Field, y: Field, ratio: float) -> Field:
    place = night.moon or (0.5, 0.5)
    return np.asarray(np.sqrt((x - place[0] * ratio) ** 2 + (y - place[1]) ** 2), np.float32)


def _aurora(rng: Rng, picture: Field, night: Night, y: Field) -> Field:
    """Hang three curtains: sharp at the lower edge, fading upwards in rays."""
    width = picture.shape[1]
    low, high = night.aurora or ((0, 0, 0), (0, 0, 0))
    for curtain in range(3):
        edge = (
            night.horizon - 0.1 - 0.1 * curtain + 0.1 * paint.skyline(rng, width, roughness=0.35, features=3, octaves=5)
        )
        rays = 0.45 + 0.55 * paint.skyline(rng, width, roughness=0.75, features=24, octaves=6).clip(-0.7, 1)
        bright = 0.55 + 0.6 * paint.skyline(rng, width, roughness=0.3, features=3, octaves=3)
        above = (edge[None, :] - y).astype(np.float32)
        reach = (0.16 + 0.12 * rays)[None, :]
        fall = paint.step(above, -0.05, 0.03) * np.exp(-((above.clip(0, None) / reach) ** 1.15))
        amount = (fall * ((0.5 + 0.5 * rays) * bright.clip(0, 1))[None, :]).astype(np.float32)
        tint = paint.step(above, 0.0, 0.3)
        picture = paint.glow(picture, low, 0.95 * amount * (1 - 0.8 * tint))
        picture = paint.glow(picture, high, 0.75 * amount * tint)
    return picture


def _coast(rng: Rng, sky: Field, night: Night, y: Field) -> Field:
    height, width = sky.shape[:2]
    line = paint.skyline(rng, width, roughness=0.5, features=6)
    top = night.horizon - night.coast * (0.55 + 0.45 * line)
    dark = np.asarray(sky * 0.16 + paint.colour((4, 6, 12)), np.float32)
    sky = paint.blend(sky, dark, paint.step((y - top[None, :]) * height, -0.8, 0.8))
    lamps, halo = np.zeros((height, width), np.float32), np.zeros((height // 4 + 1, width // 4 + 1), np.float32)
    for _ in range(night.lights):
        column = int(rng.beta(1.6, 2.2) * (width - 8)) + 4
        row = int((night.horizon - abs(rng.normal(0, 0.28)) * night.coast * 0.5 - 0.004) * height)
        strength = rng.uniform(0.35, 1.0)
        lamps[row : row + 2, column : column + 2] = strength
        halo[row // 4, column // 4] += strength
    for radius in (1.2, 3.0):
        lamps = lamps + _blurred(halo, radius, width, height) * np.float32(3.4)
    return paint.glow(sky, night.lamp, lamps)


def _blurred(field: Field, radius: float, width: int, height: int) -> Field:
    """Blur along both axes and enlarge."""
    reach = int(radius * 3)
    kernel = np.exp(-((np.arange(-reach, reach + 1) / radius) ** 2) / 2).astype(np.float32)
    for axis in (0, 1):
        field = np.apply_along_axis(np.convolve, axis, field, kernel / kernel.sum(), "same").astype(np.float32)
    return paint.enlarge(field, width, height).clip(0, 1)


def _water(rng: Rng, sky: Field, night: Night) -> Field:
    """Mirror the sky in waves that get larger towards the viewer."""
    height, width = sky.shape[:2]
    first = round(night.horizon * height)
    rows = height - first
    # How far away a row of water is: 1 at the lower edge, without end at the horizon.
    near = ((np.arange(rows, dtype=np.float32) + 0.7) / rows)[:, None]
    away = 1 / (near + np.float32(0.015))
    columns = np.arange(width, dtype=np.float32)[None, :] / height
    swell = np.zeros((rows, width), np.float32)
    for size, strength in ((6.0, 1.0), (15.0, 0.6), (37.0, 0.4)):
        texture = rng.standard_normal((256, 256), np.float32)
        swell += np.float32(strength) * paint.tiled(
            texture, np.broadcast_to(away * size * 4.2, swell.shape), (columns - 0.75) * away * size
        )
    tilt = swell * np.float32(0.55 * night.waves)
    # A tilted wave shows a higher or lower part of the sky; near the horizon the angle is flat.
    mirrored = first - 1 - (near * rows * 0.92 + tilt * (0.10 + 0.22 * near) * rows).clip(0, first - 1)
    aside = tilt * (0.012 + 0.02 * near) * height
    row = mirrored.clip(0, first - 1).astype(np.intp)
    column = (np.arange(width, dtype=np.float32)[None, :] + aside).clip(0, width - 1).astype(np.intp)
    water = sky[row, column]
    deep = paint.colour((5, 12, 24))
    shine = (0.78 - 0.3 * near + 0.05 * tilt).clip(0, 1)
    water = np.asarray(
        water * shine[..., None] * np.asarray((0.82, 0.93, 1.0), np.float32) + deep * (0.7 * near)[..., None],
        np.float32,
    )
    if night.moon:
        water = _moon_path(night.moon, night, water, tilt, near)
    if night.lights:
        water = _lamp_paths(night, sky[max(first - round(0.35 * night.coast * height), 0) : first], water, tilt, near)
    picture = sky.copy()
    picture[first:] = water
    # Air over the horizon: sea and sky meet softly.
    soft = np.exp(-(((np.arange(height, dtype=np.float32) - first) / (0.006 * height)) ** 2))[:, None]
    return paint.blend(
        picture,
        np.broadcast_to(sky[max(first - 12, 0)], sky.shape),
        (0.45 * soft * np.ones((1, width))).astype(np.float32),
    )


def _moon_path(moon: tuple[float, float], night: Night, water: Field, tilt: Field, near: Field) -> Field:
    """Lay the moon's path: every wave that is tilted just so throws its light to us."""
    width = water.shape[1]
    # Rows of water are parts of the height below the horizon; columns are parts of the whole height.
    height = water.shape[0] / (1 - night.horizon)
    away = (np.arange(width, dtype=np.float32)[None, :] - moon[0] * width) / np.float32(height)
    spread = 0.02 + (0.05 + 0.11 * night.waves) * near
    band = np.exp(-((away / spread) ** 2) / 2)
    glitter = paint.step(tilt, 0.05 * night.waves, 0.85 * night.waves) * band
    water = paint.glow(water, night.moon_colour, (glitter * (1 - 0.35 * near)).astype(np.float32))
    return paint.glow(water, night.moon_colour, (0.22 * band * np.exp(-3 * near)).astype(np.float32))


def _lamp_paths(night: Night, coast: Field, water: Field, tilt: Field, near: Field) -> Field:
    """Draw every lamp on the coast out into a streak, as rough water does."""
    bright = paint.step(coast.max(axis=(0, 2)), 0.35, 1.0)
    wide = np.convolve(bright, np.hanning(9) / np.hanning(9).sum(), "same")
    streak = wide[None, :] * np.exp(-4.5 * near) * paint.step(tilt, -0.5 * night.waves, 0.7 * night.waves)
    return paint.glow(water, night.lamp, (0.95 * streak).astype(np.float32))


NIGHTS: tuple[tuple[str, Night], ...] = (
    (
        "Full moon, calm water",
        Night(sky=((0, (8, 14, 34)), (0.7, (24, 40, 74)), (1, (66, 82, 112))), moon=(0.5, 0.26), waves=0.45, stars=900),
    ),
    (
        "Aurora over the bay",
        Night(
            sky=((0, (6, 10, 28)), (0.7, (10, 28, 46)), (1, (26, 56, 66))),
            aurora=((80, 255, 170), (150, 90, 220)),
            coast=0.07,
            waves=0.3,
            stars=2200,
        ),
    ),
    (
        "The harbour across the water",
        Night(
            sky=((0, (10, 12, 30)), (0.7, (34, 34, 62)), (1, (96, 70, 66))),
            coast=0.09,
            lights=120,
            waves=0.35,
            stars=800,
        ),
    ),
    (
        "Milky Way",
        Night(
            sky=((0, (6, 8, 20)), (0.75, (16, 24, 48)), (1, (54, 62, 84))),
            milky_way=1.0,
            waves=0.3,
            stars=3600,
            horizon=0.68,
            headland=0.34,
        ),
    ),
    (
        "Lighthouse",
        Night(
            sky=((0, (12, 18, 40)), (0.6, (36, 52, 88)), (1, (140, 118, 122))),
            headland=0.42,
            lighthouse=True,
            waves=0.55,
            stars=1000,
            clouds=0.35,
        ),
    ),
    (
        "Moon behind clouds",
        Night(
            sky=((0, (12, 16, 28)), (0.7, (30, 40, 58)), (1, (70, 80, 96))),
            moon=(0.34, 0.2),
            moon_size=0.03,
            clouds=0.75,
            waves=0.9,
            stars=500,
        ),
    ),
    (
        "Red moonrise",
        Night(
            sky=((0, (12, 10, 30)), (0.6, (46, 26, 52)), (1, (130, 62, 58))),
            moon=(0.64, 0.47),
            moon_size=0.055,
            moon_colour=(255, 168, 104),
            waves=0.6,
            stars=1300,
        ),
    ),
    (
        "Green curtains",
        Night(
            sky=((0, (4, 12, 24)), (0.7, (8, 32, 40)), (1, (30, 66, 62))),
            aurora=((130, 255, 130), (60, 190, 200)),
            headland=-0.36,
            waves=0.5,
            stars=1600,
            horizon=0.62,
        ),
    ),
    (
        "After the storm",
        Night(
            sky=((0, (14, 20, 36)), (0.6, (40, 56, 80)), (1, (150, 140, 130))),
            clouds=0.9,
            waves=1.3,
            stars=200,
            horizon=0.48,
            moon=(0.75, 0.14),
            moon_size=0.026,
        ),
    ),
    (
        "Winter coast",
        Night(
            sky=((0, (10, 20, 48)), (0.6, (32, 66, 112)), (1, (150, 172, 196))),
            coast=0.13,
            lights=26,
            waves=0.25,
            stars=1500,
            lamp=(255, 220, 170),
            moon=(0.2, 0.15),
            moon_size=0.02,
        ),
    ),
)
