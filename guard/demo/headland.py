"""How does a rock by the sea stand in front of the night?

A dark slope with a ragged shore, and on it, if there is one, a lighthouse with its beams.
"""

import numpy as np

from guard.demo import paint
from guard.demo.paint import Field, Rng


def headland(rng: Rng, picture: Field, *, horizon: float, share: float, lighthouse: bool) -> Field:
    """Put a dark rock into the right side of a picture, over `share` of the width; negative: the left."""
    height, width = picture.shape[:2]
    x, y = paint.coordinates(width, height)
    ratio = width / height
    right = share > 0
    reach = abs(share) * ratio
    side = (x - (ratio - reach)) if right else (reach - x)
    line = paint.skyline(rng, width, roughness=0.55, features=5)
    rise = (paint.step(side[0], -0.02, reach * 0.8) * (0.15 + 0.035 * line)).astype(np.float32)
    top = horizon + 0.035 - rise
    rock = paint.clouds(rng, width, height, cell=0.06, octaves=7, gain=0.6, stretch=1.4)
    shore = horizon + 0.05 + 0.05 * paint.step(side, 0.0, reach) + 0.012 * (rock - 0.5)
    inside = (
        paint.step((y - top[None, :]) * height, -0.8, 0.8)
        * paint.step(side, 0.0, 0.004)
        * paint.step(y - shore, 0.002, -0.002)
    )
    body = (paint.colour((9, 11, 18)) * (0.6 + 0.9 * rock)[..., None] + picture * 0.06).astype(np.float32)
    picture = paint.blend(picture, body, inside)
    if lighthouse:
        column = round((ratio - reach * 0.55 if right else reach * 0.55) * height)
        picture = _lighthouse(picture, column, float(top[column]), x, y)
    return picture


def _lighthouse(picture: Field, column: int, foot: float, x: Field, y: Field) -> Field:
    height = picture.shape[0]
    middle, top = column / height, foot - 0.105
    half = 0.0085 + 0.0045 * ((y - top) / 0.105)
    tower = (
        paint.step((half - np.abs(x - middle)) * height, -0.7, 0.7)
        * paint.step(y, top, top + 0.001)
        * (y < foot + 0.02)
    )
    stripes = np.where(
        (((y - top) / 0.03).astype(np.intp) % 2 == 0)[..., None],
        paint.colour((120, 116, 112)),
        paint.colour((98, 34, 30)),
    )
    shaded = (stripes * (0.55 + 18 * (x - middle)).clip(0.25, 1)[..., None]).astype(np.float32)
    picture = paint.blend(picture, np.broadcast_to(shaded, picture.shape), tower.astype(np.float32))
    lamp_y = top - 0.006
    away_x, away_y = x - middle, y - lamp_y
    distance = np.sqrt(away_x**2 + away_y**2)
    picture = paint.glow(
        picture, (255, 232, 176), (np.exp(-distance * 26) + paint.step(distance, 0.011, 0.006)).astype(np.float32)
    )
    # Two beams, slightly turned, wider and fainter with distance.
    turned = away_y * 0.985 - away_x * 0.17
    beam = np.exp(-((turned / (0.004 + 0.07 * distance)) ** 2)) * np.exp(-distance * 1.6)
    return paint.glow(picture, (255, 236, 190), (0.42 * beam).astype(np.float32))
