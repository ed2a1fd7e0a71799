"""Is a copy still traced that has a visible mark as well, and what does drawing it cost?

Run by hand: `python3 dev.py bench visible_mark [--pictures N] [--write]`. Takes the held-out photographs of `watermark`
(see there) and every other attack of its suite. Each copy is compared with the original alone, and with the original on
which the same text was drawn, as `guard trace --evidence` does.

  --pictures N  only the first N, to try it
  --write       put the table into RESULTS.md, in place of the section of its name
"""

import argparse
import io
import statistics
import sys
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    # Not the folder of this file, where a benchmark could have the name of a library's module.
    sys.path[0] = str(ROOT)

from guard.image import pack  # noqa: E402
from guard.image.chips import seed_of_signs  # noqa: E402
from guard.image.luma import luma_of  # noqa: E402
from guard.image.mark import copy_for  # noqa: E402
from guard.image.registration import Found  # noqa: E402
from guard.image.trace import Original  # noqa: E402
from guard.image.visible_mark import VisibleMark  # noqa: E402
from tests.bench.accuracy import RESULTS, machine, put  # noqa: E402
from tests.bench.watermark import IDS_ISSUED, KEY, NEEDED  # noqa: E402
from tests.support.attacks import SUITE  # noqa: E402
from tests.support.photographs import is_held_out, photographs  # noqa: E402
from tests.support.pictures import encoded  # noqa: E402

NAME = "visible_mark"
DRAWN = VisibleMark(text="© Jane Doe · photo.example")
RECIPIENT = b"recipien"
ATTACKS = dict(list(SUITE.items())[::2])
WAYS = ("no visible mark", "visible, against the original alone", "visible, against what was drawn")


def z_of(original: Original, picture: Image.Image) -> float:
    reading = original.read(Found(luma_of(encoded(picture, "PNG"))))
    return 0.0 if reading is None else float(original.scores(reading.chips, [RECIPIENT])[0])


def run(pictures: list[tuple[str, bytes]]) -> list[str]:
    """Return the section's lines."""
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ATTACKS}
    costs, megapixels = [], []
    for name, data in pictures:
        rendition = pack.Rendition.of(data)
        seed = seed_of_signs(KEY, rendition.digest)
        plain = copy_for(pack.build(data, rendition, seed), KEY, RECIPIENT)
        visibly = copy_for(pack.build(data, rendition, seed, visible_mark=DRAWN), KEY, RECIPIENT)
        source = pack.read(data)
        began = time.process_time()
        pack.drawn_on(source, DRAWN, rendition)
        costs.append(time.process_time() - began)
        megapixels.append(source.planes.shape[0] * source.planes.shape[1] / 1e6)
        original, drawn = Original(data, KEY), Original(data, KEY, visible_mark=DRAWN)
        without, with_it = (Image.open(io.BytesIO(one)).convert("RGB") for one in (plain, visibly))
        for attack, do in ATTACKS.items():
            attacked = do(with_it)
            found[attack].append((z_of(original, do(without)), z_of(original, attacked), z_of(drawn, attacked)))
        print(name, file=sys.stderr, flush=True)
    lines = [
        f"{len(pictures)} held-out photographs, long side 1600, text at {DRAWN.opacity:.0%}; identified at z > "
        f"{NEEDED:.2f} ({IDS_ISSUED:,} ids). Drawing costs {1000 * statistics.median(costs):.0f} ms of CPU "
        f"({1000 * sum(costs) / sum(megapixels):.0f} ms a megapixel), once for each rendition.",
        "",
        f"| attack | {' | '.join(f'{way}: z median / min' for way in WAYS)} | identified |",
        "|---|---|---|---|---|",
    ]
    totals = [0, 0, 0]
    for attack, rows in found.items():
        columns = list(zip(*rows, strict=True))
        identified = [sum(z > NEEDED for z in column) for column in columns]
        totals = [total + one for total, one in zip(totals, identified, strict=True)]
        cells = " | ".join(f"{statistics.median(column):.1f} / {min(column):.1f}" for column in columns)
        lines.append(f"| {attack} | {cells} | {', '.join(map(str, identified))} of {len(rows)} |")
    pairs = len(pictures) * len(ATTACKS)
    lines.append(f"| **all** | | | | **{', '.join(map(str, totals))} of {pairs}** |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev.py bench visible_mark", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--pictures", type=int)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    about, began = machine(), time.monotonic()
    text = "\n".join(run([one for one in photographs() if is_held_out(one[0])][: chosen.pictures]))
    where = f"{about['cores']} cores, {about['memory_gib']} GiB, {about['system']}, Python {about['python']}"
    content = (
        f"## {NAME}\n\n{about['date']}, {where}, load {about['load']}, {time.monotonic() - began:.0f} s: "
        f"`python3 dev.py bench visible_mark`\n\n{text}\n"
    )
    print(content)
    if chosen.write:
        RESULTS.write_text(put(RESULTS.read_text(encoding="utf-8"), NAME, content), encoding="utf-8")


if __name__ == "__main__":
    main()
