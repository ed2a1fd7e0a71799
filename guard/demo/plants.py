"""How are a leaf and a flower painted?

Each from the rule by which it grows: veins that leave a rib and close into a net, petals
one golden angle after the other.
"""

import numpy as np

from guard.demo import paint
from guard.demo.paint import Colour, Field, Rng, Stops

GOLDEN_ANGLE = float(np.pi * (3 - np.sqrt(5)))


def leaf(rng: Rng, width: int, height: int, *, blade: Stops, vein: Colour, tilt: float) -> Field:
    """Paint a leaf against the light: midrib, side veins, and the fine net between them."""
    x, y = paint.coordinates(width, height)
    ratio = width / height
    warp = paint.clouds(rng, width, height, cell=0.5, octaves=4, gain=0.45)
    turned = (y - 0.52) * np.cos(tilt) - (x - ratio / 2) * np.sin(tilt)
    along = (x - ratio / 2) * np.cos(tilt) + (y - 0.52) * np.sin(tilt)
    across = turned + 0.05 * (warp - 0.5) + 0.03 * np.sin(along * 2.2)
    away = np.abs(across)
    midrib = np.exp(-((away / (0.0085 - 0.002 * along)) ** 2))
    # Side veins leave the rib at an angle and bend towards the tip.
    position = (along - 0.85 * away + 0.55 * away**2 + 0.035 * (warp - 0.5)) * 6.2 + np.where(across > 0, 0.0, 0.42)
    between = np.abs(position - np.round(position))
    side = np.exp(-((between / (0.028 + 0.010 * (1 - away))) ** 2)) * paint.step(away, 0.9, 0.0)
    first, second, name = paint.cells(rng, width, height, size=0.052)
    net = paint.step(second - first, 0.075, 0.0)
    first, second, _ = paint.cells(rng, width, height, size=0.018)
    fine = paint.step(second - first, 0.1, 0.0)
    light = paint.clouds(rng, width, height, cell=0.8, octaves=3)
    pillow = paint.step(between, 0.0, 0.5)
    tone = (
        0.36
        + 0.3 * (light - 0.5)
        + 0.22 * pillow
        + 0.07 * (name - 0.5)
        + 0.25 * np.exp(-((along - 0.3) ** 2 + across**2) * 2.2)
    )
    picture = paint.gradient(tone.astype(np.float32), blade)
    strength = (0.95 * midrib + 0.7 * side + 0.26 * net + 0.13 * fine).clip(0, 0.95)
    picture = paint.blend(picture, vein, strength.astype(np.float32))
    # Beside every vein the blade is a little darker: it is thicker there.
    shadow = np.exp(-(((between - 0.07) / 0.05) ** 2)) * 0.16 + np.exp(-(((away - 0.02) / 0.012) ** 2)) * 0.22
    return paint.film((picture * (1 - shadow)[..., None]).astype(np.float32), vignette=0.4, contrast=0.25)


def dahlia(rng: Rng, width: int, height: int, *, outer: Colour, inner: Colour, ground: Stops) -> Field:
    """Paint a flower: petals at the golden angle, the oldest outside and below."""
    full_width, full_height = width, height
    width, height = round(width * 0.7), round(height * 0.7)
    x, y = paint.coordinates(width, height)
    middle_x, middle_y = width / height * 0.5, 0.5
    blur = paint.clouds(rng, width, height, cell=0.5, octaves=2)
    picture = paint.gradient(blur, ground)
    petals = 150
    for index in range(petals):
        age = 1 - index / petals
        angle = index * GOLDEN_ANGLE + rng.normal(0, 0.03)
        reach = 0.035 + 0.56 * age**0.8
        length, wide = 0.05 + 0.20 * age**0.7, 0.022 + 0.075 * age**0.75
        centre_x, centre_y = middle_x + np.cos(angle) * reach * 0.8, middle_y + np.sin(angle) * reach * 0.8
        box = length * 1.05
        rows = slice(max(int((centre_y - box) * height), 0), max(int((centre_y + box) * height), 0))
        columns = slice(max(int((centre_x - box) * height), 0), max(int((centre_x + box) * height), 0))
        part_x, part_y = x[:, columns] - centre_x, y[rows] - centre_y
        if not part_x.size or not part_y.size:
            continue
        along = (part_x * np.cos(angle) + part_y * np.sin(angle)) / length
        across = (part_y * np.cos(angle) - part_x * np.sin(angle)) / wide
        # Round at the foot, pointed at the tip.
        outline = np.sqrt((1 - along.clip(-1, 1) ** 2).clip(0, 1)) * (1 - 0.45 * along.clip(0, 1) ** 2)
        inside = paint.step((outline - np.abs(across)) * wide * height, -0.7, 0.9) * (np.abs(along) < 1)
        mixed = paint.colour(paint.mixed(inner, outer, age**0.9))
        fold = 1 - 0.30 * np.abs(across) ** 1.6 - 0.10 * np.cos(across * 9) ** 8
        shade = (0.40 + 0.34 * (along + 1) / 1.6) * fold * (0.84 + 0.16 * np.sin(angle + 2.3))
        edge = paint.step(outline - np.abs(across), 0.16, 0.0) * paint.step(along, -0.4, 0.8)
        body = mixed * (shade + 0.20 * edge)[..., None] * 1.25
        # Each petal throws a soft shadow on those below it.
        under = paint.step((outline + 0.35 - np.abs(across)), 0.0, 0.5) * (np.abs(along) < 1) * 0.34
        region = picture[rows, columns]
        region = region * (1 - under * (1 - inside))[..., None]
        picture[rows, columns] = paint.blend(region.astype(np.float32), body.clip(0, 1).astype(np.float32), inside)
    return paint.film(paint.enlarge_picture(picture, full_width, full_height), vignette=0.4, contrast=0.2)
