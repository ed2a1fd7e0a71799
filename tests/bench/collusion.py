"""Would biased chips trace those who join their copies better than fair ones do?

Run by hand: `python3 dev.py bench collusion [--pictures N]`, on the photographs of `bench watermark` that are held out.
Fair chips are what the guard issues: coins. Biased ones are those of a symmetric Tardos code (Škorić et al. 2008):
each chip has a probability of its own, drawn from the arcsine density, cut off at 0.02. Copies of one picture are
joined in several ways, made 512 pixels short, and read with the guard's own reader; what differs is only how the chips
were drawn and how an id is scored. The second table is of three pictures that the same ones have joined in the same
way, taken together.

Both scores are held against one bound on a false accusation, the best that can be proved for each: with a_i for what
chip i adds to an id's score, P(S >= z·sqrt(sum a_i² s_i²)) <= exp(-z²/2), where s_i² is 1/4 for a coin (Hoeffding) and
(1-2p) / (2 ln((1-p)/p)) for a chip of probability p (Kearns and Saul 1998). So one z is needed for both.
"""

import argparse
import io
import statistics
import sys
from hashlib import sha256
from operator import getitem
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    sys.path[0] = str(ROOT)

from guard.image.luma import luma_of  # noqa: E402
from guard.image.registration import Found  # noqa: E402
from tests.bench.accuracy import machine  # noqa: E402
from tests.bench.watermark import NEEDED, Photograph  # noqa: E402
from tests.support.attacks import recoded, short  # noqa: E402
from tests.support.photographs import is_held_out, photographs  # noqa: E402

CUT_OFF = 0.02
WAYS = (
    ("alone", 1), ("average", 2), ("average", 3), ("average", 5), ("mosaic", 3), ("mosaic", 5), ("majority", 5),
    ("minority", 3), ("minority", 5),
)  # fmt: skip
"""How, and how many copies."""


class Code:
    """How chips are drawn and an id is scored."""

    def __init__(self, name: str, probabilities: np.ndarray) -> None:
        self.name, self.p = name, probabilities
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = (1 - 2 * self.p) / (2 * np.log((1 - self.p) / self.p))
        self.spread = np.where(np.abs(self.p - 0.5) < 1e-6, 0.25, spread)

    def draw(self, generator: np.random.Generator) -> np.ndarray:
        return (generator.random(len(self.p)) < self.p).astype(np.uint8)

    def scores(self, soft: np.ndarray, copies: np.ndarray) -> dict[str, tuple[np.ndarray, float]]:
        """Return the score of each copy and its variance at most, by how the chips are weighted; z is S / sqrt(V)."""
        centre = 2 * self.p - 1
        # What all copies have in common says nothing about one; how much of it is left is read without any id.
        common = float(soft @ centre) / max(1e-9, float(centre @ centre)) if centre.any() else 0.0
        rest = soft - common * centre
        found = {}
        for name, weight in (("flat", np.ones_like(rest)), ("Tardos", 0.5 / np.sqrt(self.p * (1 - self.p)))):
            a = rest * weight
            found[name] = (copies - self.p) @ a, float((a**2 * self.spread).sum())
        return found


def joined(photo: Photograph, copies: np.ndarray, way: str, generator: np.random.Generator) -> Image.Image:
    count = copies.sum(0)
    match way:
        case "alone":
            return picture_of(photo, copies[0])
        case "average":
            all_of_them = [np.asarray(picture_of(photo, one)) for one in copies]
            return Image.fromarray(np.rint(np.mean(all_of_them, axis=0)).astype(np.uint8))
        case "mosaic":
            chosen = copies[generator.integers(0, len(copies), copies.shape[1]), np.arange(copies.shape[1])]
        case "majority":
            chosen = 2 * count > len(copies)
        case _:
            chosen = np.where((count == 0) | (count == len(copies)), copies[0], 2 * count < len(copies))
    return picture_of(photo, chosen.astype(np.uint8))


def picture_of(photo: Photograph, chips: np.ndarray) -> Image.Image:
    made = photo.pack
    data = made.head + b"".join(map(getitem, made.pairs, made.choose(chips.tobytes())))
    return Image.open(io.BytesIO(data)).convert("RGB")


def read(photo: Photograph, picture: Image.Image) -> np.ndarray | None:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=0)
    found = photo.original.read(Found(luma_of(out.getvalue())))
    return None if found is None else found.chips


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench collusion", description="Fair chips and biased ones.")
    parser.add_argument("--pictures", type=int, default=100, help="only so many")
    options = parser.parse_args()
    photos = [Photograph(*one) for one in photographs() if is_held_out(one[0])][: options.pictures]
    found: dict[tuple[str, str, int], list[tuple[np.ndarray, float]]] = {}
    for photo in photos:
        generator = np.random.default_rng(list(sha256(photo.name.encode()).digest()))
        chips = photo.pack.grid.chips
        edge = np.arcsin(np.sqrt(CUT_OFF))
        biased = np.sin(generator.uniform(edge, np.pi / 2 - edge, chips)) ** 2
        for code in (Code("fair", np.full(chips, 0.5)), Code("biased", biased)):
            copies = np.stack([code.draw(generator) for _ in range(5)])
            for way, several in WAYS:
                made = recoded(short(joined(photo, copies[:several], way, generator), 512))
                soft = read(photo, made)
                if soft is None:
                    soft = np.zeros(chips)
                for weighting, score in code.scores(soft, copies[:several]).items():
                    if code.name == "biased" or weighting == "flat":
                        found.setdefault((f"{code.name}, {weighting}", way, several), []).append(score)
        print(f"{photo.name}: {chips} chips", file=sys.stderr, flush=True)
    print(f"{machine()}; {len(photos)} photographs held out, 512 px short, q95; needed z {NEEDED:.2f}\n")
    for together in (1, 3):
        if len(photos) >= together:
            table(found, together)
    return 0


def table(found: dict[tuple[str, str, int], list[tuple[np.ndarray, float]]], together: int) -> None:
    names = ("fair, flat", "biased, flat", "biased, Tardos")
    what = "copies joined" if together == 1 else f"copies joined, {together} pictures together"
    print(f"| {what} | " + " | ".join(f"{name}: traced, z median (least)" for name in names) + " |")
    print("|---|" + "---|" * len(names))
    for way, several in WAYS:
        cells = []
        for name in names:
            scores = found[name, way, several]
            z = []
            for start in range(0, len(scores) - together + 1, together):
                some = scores[start : start + together]
                spread = sum(one for _, one in some)
                z.append(float(np.sum([score for score, _ in some], axis=0).max()) / max(1e-9, spread) ** 0.5)
            cells.append(f"{sum(one >= NEEDED for one in z)}/{len(z)}, {statistics.median(z):.1f} ({min(z):.1f})")
        print(f"| {several}, {way} | {' | '.join(cells)} |")
    print()


if __name__ == "__main__":
    sys.exit(main())
