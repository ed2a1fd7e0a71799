"""The demo's third album: what is there to see a hand's breadth away?

Stone, wood, sand, ice and water, each from the rule by which it grows: bands around a core,
rings around a pith, ripples across the wind. Leaves and petals are in `plants`.
"""

from collections.abc import Callable

import numpy as np

from guard.demo import paint
from guard.demo.paint import Colour, Field, Rng, Stops, Values
from guard.demo.plants import dahlia, leaf


def agate(rng: Rng, width: int, height: int, *, bands: Stops) -> Field:
    """Paint a cut agate: bands that follow the wall of the hollow they grew in."""
    x, y = paint.coordinates(width, height)
    wall = paint.clouds(rng, width, height, cell=0.6, octaves=5, gain=0.42)
    fine = paint.clouds(rng, width, height, cell=0.08, octaves=5, gain=0.5)
    core_x, core_y = width / height * 0.58, 0.5
    distance = np.sqrt(((x - core_x) * 0.85) ** 2 + (y - core_y) ** 2)
    depth = distance * 0.9 + (wall - 0.5) * 0.75 + (fine - 0.5) * 0.012
    # Band widths vary: the phase itself is noise along the depth.
    table = np.cumsum(0.35 + rng.random(400).astype(np.float32) ** 2 * 2)
    phase = np.interp(depth.ravel() * 160, np.arange(-100, 300), table).reshape(depth.shape).astype(np.float32)
    tone = 0.5 + 0.5 * np.sin(phase * 0.9) * (0.6 + 0.4 * np.sin(phase * 0.13))
    picture = paint.gradient((depth * 0.95 + 0.28 * tone - 0.06).astype(np.float32), bands)
    picture = picture * (0.86 + 0.28 * tone)[..., None]
    crystal, second, name = paint.cells(rng, width, height, size=0.035)
    druse = paint.step(depth, 0.06, 0.02)
    facets = (0.55 + 0.45 * name) * (0.75 + 0.5 * paint.step(second - crystal, 0.0, 0.35))
    picture = paint.blend(
        picture.astype(np.float32), (facets[..., None] * paint.colour((236, 232, 246))).astype(np.float32), druse
    )
    return paint.film(picture * (0.97 + 0.06 * fine)[..., None], vignette=0.35)


def wood(rng: Rng, width: int, height: int, *, tones: Stops, knot: tuple[float, float]) -> Field:
    """Paint a planed board: rings cut at a low angle around a knot, fibres and pores along them."""
    x, y = paint.coordinates(width, height)
    sway = paint.clouds(rng, width, height, cell=0.7, octaves=4, gain=0.4, stretch=2.5)
    away_x, away_y = (x - knot[0] * width / height) * 0.32, y - knot[1]
    near = np.exp(-((away_x / 0.09) ** 2 + (away_y / 0.17) ** 2))
    rings = (
        np.abs(away_y + 0.16 * (sway - 0.5)) * (1 - 0.55 * near)
        + 0.42 * (1 - near) * 0.25
        + np.sqrt(away_x**2 + away_y**2) * 0.6 * near
    )
    phase = rings * 26 + 0.5 * (sway - 0.5)
    ring = phase - np.floor(phase)
    # Late wood: a ring darkens slowly and ends at once.
    late = ring**3 * paint.step(ring, 1.0, 0.9)
    fibre = paint.clouds(rng, width, height, cell=0.01, octaves=3, gain=0.7, stretch=60)
    pores = paint.step(paint.clouds(rng, width, height, cell=0.006, octaves=2, gain=0.8, stretch=22), 0.74, 0.92)
    tone = 0.25 + 0.5 * late + 0.16 * (fibre - 0.5) + 0.12 * (sway - 0.5)
    picture = paint.gradient((tone + 0.5 * near**3).astype(np.float32), tones)
    picture = picture * (1 - 0.28 * pores)[..., None]
    silk = paint.clouds(rng, width, height, cell=0.25, octaves=3, stretch=0.5)
    return paint.film((picture * (0.88 + 0.26 * silk)[..., None]).astype(np.float32), vignette=0.3)


def sand(rng: Rng, width: int, height: int, *, light: Colour, shade: Colour) -> Field:
    """Paint wind ripples in low sun."""
    x, y = paint.coordinates(width, height)
    sway = paint.clouds(rng, width, height, cell=0.55, octaves=4, gain=0.42, stretch=1.3)
    fork = paint.clouds(rng, width, height, cell=0.9, octaves=2)
    phase = (y * 1.05 + x * 0.28 + 0.3 * (sway - 0.5)) * (13 + 3 * (fork - 0.5))
    wave = phase - np.floor(phase)
    # Long on the windward side, steep in the lee.
    profile = np.where(wave < 0.68, np.sin(wave / 0.68 * np.pi / 2), np.cos((wave - 0.68) / 0.32 * np.pi / 2))
    slope = np.where(wave < 0.68, np.cos(wave / 0.68 * np.pi / 2), -2.1 * np.sin((wave - 0.68) / 0.32 * np.pi / 2))
    grain = rng.standard_normal((height, width), np.float32)
    dune = paint.clouds(rng, width, height, cell=1.2, octaves=2)
    tone = 0.5 + 0.3 * slope + 0.12 * profile + 0.055 * grain + 0.35 * (dune - 0.5)
    return paint.film(
        paint.gradient(tone.astype(np.float32), ((0.0, shade), (0.55, paint.mixed(shade, light, 0.62)), (1.0, light))),
        contrast=0.2,
    )


def ice(rng: Rng, width: int, height: int, *, deep: Stops, crack: Colour) -> Field:
    """Paint clear ice: cracks at several depths, and bubbles frozen on their way up."""
    picture = paint.gradient(paint.clouds(rng, width, height, cell=0.9, octaves=6, gain=0.45), deep)
    shift = paint.clouds(rng, width, height, cell=0.3, octaves=6, gain=0.55)
    for size, thin, strength in ((0.2, 0.03, 0.25), (0.36, 0.02, 0.45), (0.62, 0.011, 0.9)):
        first, second, name = paint.cells(rng, width, height, size=size, jitter=1.0)
        gap = paint.moved(second - first, 0.14 * size * (shift - 0.5) * 3, 0.14 * size * (0.5 - shift) * 3)
        line = np.exp(-((gap / thin) ** 2))
        veil = (
            np.exp(-((gap / (thin * 9)) ** 2)) * 0.3 * paint.step(paint.clouds(rng, width, height, cell=0.2), 0.35, 0.8)
        )
        picture = paint.blend(picture, crack, (strength * (line + veil)).clip(0, 0.95).astype(np.float32))
        picture = picture * (0.95 + 0.1 * name)[..., None]
    first, _, name = paint.cells(rng, width, height, size=0.045)
    some = (name < 0.16) * paint.step(paint.clouds(rng, width, height, cell=0.6, octaves=2), 0.42, 0.62)
    radius = 0.10 + 1.4 * (0.16 - name).clip(0, 0.16)
    bubble = np.exp(-(((first - radius) / 0.035) ** 2)) * 0.75 + paint.step(first, radius * 0.9, radius * 0.2) * 0.25
    return paint.film(
        paint.blend(picture.astype(np.float32), (240, 250, 255), (some * bubble).astype(np.float32)),
        vignette=0.35,
        contrast=0.2,
    )


def drops(rng: Rng, width: int, height: int, *, ground: Stops, lights: tuple[Colour, ...]) -> Field:
    """Paint a wet window: lights out of focus behind it, and drops that turn them upside down."""
    back = _out_of_focus(rng, width, height, ground, lights)
    picture = back.copy()
    for size, share in ((0.022, 0.3), (0.1, 0.5)):
        first, _, name = paint.cells(rng, width, height, size=size, jitter=0.7)
        radius = np.where(name < share, 0.16 + 0.22 * (name / share), 0.0).astype(np.float32)
        wobble = paint.clouds(rng, width, height, cell=size * 0.9, octaves=2)
        inside = first * (0.86 + 0.28 * wobble)
        part = (inside / np.maximum(radius, 1e-3)).clip(0, 3).astype(np.float32)
        mask = paint.step(part, 1.03, 0.94)
        down, right = (np.asarray(slope, np.float32) for slope in np.gradient(first))
        bend = (np.float32(0.9 * size * height) * (part**2)).astype(np.float32)
        through = paint.moved(back[::-1], -down * bend * 1.6, -right * bend * 1.6)
        lens: Values = through * (1.12 - 0.62 * part**3 * (0.6 + 0.4 * np.sign(down)))[..., None]
        spark = np.exp(-(((part - 0.62) / 0.16) ** 2)) * paint.step(-down * height * size, 0.55, 0.95)
        lens = paint.glow(lens.clip(0, 1).astype(np.float32), (255, 255, 255), (0.8 * spark).astype(np.float32))
        picture = paint.blend(picture, lens, mask)
    return paint.film(picture, vignette=0.3, contrast=0.25)


def _out_of_focus(rng: Rng, full_width: int, full_height: int, ground: Stops, lights: tuple[Colour, ...]) -> Field:
    """Paint a street at night as discs of light; half the resolution is plenty."""
    width, height = full_width // 2, full_height // 2
    x, y = paint.coordinates(width, height)
    picture = paint.gradient(y + 0.25 * (paint.clouds(rng, width, height, cell=0.8, octaves=2) - 0.5), ground)
    for index in range(80):
        place_x, place_y = rng.random() * width / height, rng.beta(2.4, 2.0)
        radius = 0.03 + 0.075 * rng.random() ** 1.5
        distance = np.sqrt((x - place_x) ** 2 + (y - place_y) ** 2) / np.float32(radius)
        disc = paint.step(distance, 1.02, 0.93) * (0.62 + 0.38 * distance**3)
        picture = paint.glow(picture, lights[index % len(lights)], (disc * rng.uniform(0.15, 0.7)).astype(np.float32))
    return paint.enlarge_picture(picture, full_width, full_height)


def pearl(rng: Rng, width: int, height: int, *, stretch: float) -> Field:
    """Paint the inside of a shell: layers as thin as light is long, drawn out as the shell grew."""
    x, y = paint.coordinates(width, height)
    thick = np.broadcast_to(0.1 + 1.1 * y + 0.35 * x, (height, width)).astype(np.float32)
    for cell, strength in ((0.8, 0.22), (0.36, 0.12), (0.16, 0.05)):
        down = paint.clouds(rng, width, height, cell=cell, octaves=4, gain=0.45, stretch=stretch)
        right = paint.clouds(rng, width, height, cell=cell, octaves=4, gain=0.45, stretch=stretch)
        thick = paint.moved(thick, strength * (down - 0.5) * 3, strength * (right - 0.5) * 3)
        # The pixels are moved by whole numbers; a little noise hides the seams.
        thick = (thick + 0.16 * strength * (down - 0.5)).astype(np.float32)
    thick = thick + 0.12 * (paint.clouds(rng, width, height, cell=0.5, octaves=6, gain=0.5, stretch=stretch) - 0.5)
    # Light that goes through a layer and back meets itself: one path, three wave lengths in nanometres.
    path = (2 * 1.53 * (150 + 420 * thick))[..., None]
    waves = 0.5 - 0.5 * np.cos(2 * np.pi * path / np.asarray((640, 540, 455), np.float32))
    # Many layers of unequal thickness: the colours are faint, and never quite white.
    shell = (
        0.82 + 0.15 * (waves - waves.mean(axis=-1, keepdims=True)) + 0.10 * (waves.mean(axis=-1, keepdims=True) - 0.5)
    )
    growth = paint.relief(paint.clouds(rng, width, height, cell=0.05, octaves=4, gain=0.55, stretch=9), strength=0.16)
    swell = paint.clouds(rng, width, height, cell=0.5, octaves=4, gain=0.45, stretch=stretch)
    light = (0.93 + growth + paint.relief(swell, strength=3.6)).clip(0.25, 1.25)
    return paint.film((shell * light[..., None]).astype(np.float32), vignette=0.45, contrast=0.3)


def lichen(rng: Rng, width: int, height: int, *, stone: Stops, growth: tuple[Colour, ...]) -> Field:
    """Paint lichen on rock: rosettes that grow outwards and fade in their middle."""
    rough = paint.clouds(rng, width, height, cell=0.4, octaves=9, gain=0.68)
    light = paint.relief(rough, strength=0.55)
    picture = paint.gradient(rough, stone) * (1 + light.clip(-0.5, 0.6))[..., None]
    ragged = paint.clouds(rng, width, height, cell=0.1, octaves=6, gain=0.6)
    crust = paint.clouds(rng, width, height, cell=0.02, octaves=4, gain=0.75)
    for index, (size, share) in enumerate(((0.42, 0.5), (0.26, 0.45), (0.15, 0.4), (0.09, 0.3))):
        first, _, name = paint.cells(rng, width, height, size=size)
        radius = np.where(name < share, 0.16 + 0.24 * name / share, 0.0)
        part = (first + 0.36 * (ragged - 0.5) + 0.1 * (crust - 0.5)) / np.maximum(radius, 1e-3)
        body = paint.step(part.astype(np.float32), 1.0, 0.86) * paint.step(
            (part + 1.1 * (crust - 0.5)).astype(np.float32), -0.25, 0.3
        )
        tone = 0.72 + 0.36 * crust + 0.16 * paint.step(part.astype(np.float32), 0.72, 0.95)
        mixed = paint.colour(growth[index % len(growth)]) * (tone * (1 + 0.5 * light.clip(-0.5, 0.6)))[..., None]
        picture = paint.blend(picture.astype(np.float32), mixed.clip(0, 1).astype(np.float32), 0.93 * body)
    return paint.film(picture, vignette=0.3, contrast=0.22)


Painter = Callable[[Rng, int, int], Field]


def _agate(rng: Rng, width: int, height: int) -> Field:
    return agate(
        rng,
        width,
        height,
        bands=(
            (0, (238, 226, 214)),
            (0.2, (122, 62, 58)),
            (0.4, (214, 132, 84)),
            (0.6, (92, 60, 88)),
            (0.8, (60, 88, 120)),
            (1.1, (24, 34, 54)),
        ),
    )


def _wood(rng: Rng, width: int, height: int) -> Field:
    return wood(
        rng,
        width,
        height,
        tones=((0, (226, 182, 128)), (0.4, (192, 134, 82)), (0.75, (124, 72, 40)), (1, (62, 34, 22))),
        knot=(0.64, 0.46),
    )


def _sand(rng: Rng, width: int, height: int) -> Field:
    return sand(rng, width, height, light=(255, 226, 176), shade=(96, 50, 44))


def _green_leaf(rng: Rng, width: int, height: int) -> Field:
    return leaf(
        rng,
        width,
        height,
        blade=((0, (12, 52, 18)), (0.4, (58, 122, 30)), (0.75, (150, 190, 50)), (1, (226, 236, 120))),
        vein=(222, 238, 150),
        tilt=-0.5,
    )


def _autumn_leaf(rng: Rng, width: int, height: int) -> Field:
    return leaf(
        rng,
        width,
        height,
        blade=((0, (84, 14, 16)), (0.4, (186, 48, 22)), (0.7, (240, 128, 34)), (1, (255, 214, 92))),
        vein=(92, 20, 26),
        tilt=0.62,
    )


def _dahlia(rng: Rng, width: int, height: int) -> Field:
    return dahlia(
        rng,
        width,
        height,
        outer=(226, 74, 104),
        inner=(255, 212, 150),
        ground=((0.1, (6, 18, 14)), (0.9, (34, 62, 40))),
    )


def _ice(rng: Rng, width: int, height: int) -> Field:
    return ice(
        rng,
        width,
        height,
        deep=((0.1, (2, 22, 44)), (0.5, (12, 72, 104)), (0.9, (92, 168, 186))),
        crack=(224, 242, 248),
    )


def _drops(rng: Rng, width: int, height: int) -> Field:
    return drops(
        rng,
        width,
        height,
        ground=((0, (14, 20, 44)), (0.6, (40, 36, 66)), (1, (16, 14, 28))),
        lights=((255, 178, 92), (255, 96, 84), (120, 190, 255), (255, 222, 150), (120, 232, 190)),
    )


def _pearl(rng: Rng, width: int, height: int) -> Field:
    return pearl(rng, width, height, stretch=1.8)


def _lichen(rng: Rng, width: int, height: int) -> Field:
    return lichen(
        rng,
        width,
        height,
        stone=((0.1, (44, 44, 50)), (0.5, (112, 110, 112)), (0.9, (176, 170, 164))),
        growth=((214, 178, 62), (172, 190, 160), (206, 110, 44), (226, 226, 206)),
    )


SUBJECTS: tuple[tuple[str, Painter], ...] = (
    ("Agate", _agate),
    ("Leaf against the light", _green_leaf),
    ("Sand, evening", _sand),
    ("Dahlia", _dahlia),
    ("Black ice", _ice),
    ("Cherry wood", _wood),
    ("October", _autumn_leaf),
    ("Rain on the window", _drops),
    ("Mother of pearl", _pearl),
    ("Lichen on granite", _lichen),
)
