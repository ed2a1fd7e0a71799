"""Among many originals, is the one that a found picture shows among those that are tried?

Run by hand: `python3 dev.py bench originals [--others N]` (1,500). Quarters of the photographs that marks are measured
on (see `tests.support.photographs`), five series of eight shots made of some, each turned, moved and with a grain of
its own, and others whose features are made up of theirs. Found pictures are whole copies and crops of 35 to 70 % of the
sides, at 256 pixels and quality 75, every second crop in a mirror.
"""

import argparse
import io
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    # Not the folder of this file, where a benchmark could have the name of a library's module.
    sys.path[0] = str(ROOT)

from guard.image.described import Described, describe  # noqa: E402
from guard.image.luma import luma_of  # noqa: E402
from guard.image.originals import Originals  # noqa: E402
from guard.image.registration import Features, Found  # noqa: E402
from tests.bench.accuracy import machine  # noqa: E402
from tests.support.photographs import photographs  # noqa: E402
from tests.support.pictures import encoded  # noqa: E402

SERIES, SHOTS, MARGIN = 5, 8, 60
SIDE = 256


def quarters(picture: Image.Image) -> list[Image.Image]:
    width, height = picture.size
    half, middle = width // 2, height // 2
    boxes = ((x, y, x + half, y + middle) for y in (0, middle) for x in (0, half))
    return [picture.crop(box).resize((1000, round(1000 * height / width))) for box in boxes]


def series(picture: Image.Image, chance: np.random.Generator) -> list[Image.Image]:
    width, height = picture.size
    shots = []
    for _ in range(SHOTS):
        x, y = chance.integers(0, MARGIN, 2)
        turned = picture.rotate(chance.normal(0, 1.2), resample=Image.Resampling.BICUBIC)
        box = (MARGIN + x, MARGIN + y, width - 2 * MARGIN + x, height - 2 * MARGIN + y)
        pixels = np.asarray(turned.crop(box), np.float32)
        shots.append(Image.fromarray((pixels + chance.normal(0, 4, pixels.shape)).clip(0, 255).astype(np.uint8)))
    return shots


def made_up(known: list[Described], chance: np.random.Generator) -> Described:
    like = known[chance.integers(len(known))]
    all_of = [one.features.descriptors for one in known if one.features.descriptors is not None]
    one, other = (np.concatenate([all_of[chance.integers(len(all_of))] for _ in range(4)])[:300] for _ in range(2))
    count = min(len(one), len(other))
    mixed = np.where(chance.random((count, one.shape[1])) < 0.3, one[:count], other[:count])
    points = (chance.random((count, 2)) * 500).astype(np.float32)
    features = Features(points=points, descriptors=mixed, tolerance=like.features.tolerance)
    return replace(like, features=features, glances=-like.glances)


def found_of(picture: Image.Image, chance: np.random.Generator, *, mirrored: bool) -> dict[str, Found]:
    width, height = picture.size
    share = chance.uniform(0.35, 0.7)
    wide, high = int(width * share), int(height * share)
    x, y = chance.integers(0, width - wide), chance.integers(0, height - high)
    crop = picture.crop((x, y, x + wide, y + high)).resize((SIDE, round(SIDE * high / wide)))
    whole = picture.copy()
    whole.thumbnail((SIDE, SIDE))
    shown = {"crop": crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else crop, "whole": whole}
    return {name: Found(luma_of(encoded(one, "JPEG", quality=75))) for name, one in shown.items()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench originals", description="Looks originals up among many.")
    parser.add_argument("--others", type=int, default=1500)
    others = parser.parse_args().others
    chance = np.random.default_rng(3)
    photos = [Image.open(io.BytesIO(data)) for _, data in photographs()]
    if len(photos) < SERIES:
        print("bench originals: the packages that tests/support/photographs.py names are needed", file=sys.stderr)
        return 2
    singles = [one for photo in photos for one in quarters(photo)]
    shown = [*singles, *(shot for photo in photos[-SERIES:] for shot in series(photo, chance))]
    known = [describe(encoded(one, "JPEG", quality=88)) for one in shown]
    originals = Originals()
    for number, one in enumerate([*known, *(made_up(known, chance) for _ in range(others))]):
        originals.take(str(number), one, lambda: b"")
    held: dict[str, list[tuple[bool, int]]] = {}
    for number, picture in enumerate(shown):
        for name, found in found_of(picture, chance, mirrored=bool(number % 2)).items():
            tried = [one.name for one in originals.candidates(found)]
            row = f"{name} of {'one of a kind' if number < len(singles) else 'a series'}"
            held.setdefault(row, []).append((str(number) in tried, len(tried)))
    print(machine())
    for row, cases in held.items():
        among, tried = (sum(column) for column in zip(*cases, strict=True))
        print(f"{row}: {among} of {len(cases)} are among those tried, which are {tried / len(cases):.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
