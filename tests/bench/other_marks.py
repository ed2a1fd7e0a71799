"""What do other programs' invisible marks survive, on the same photographs?

Run by hand: `python3 dev.py bench other_marks [--fetch]`; `watermark` prints the same table below its own. Embeds
32 bits with blind-watermark (DWT, DCT and SVD) and invisible-watermark (its methods dwtDct and dwtDctSvd), saves as
JPEG q88, and reads the bits after a few attacks. Half of the bits wrong is a coin. They read without the original,
which ours needs: that is the point of ours, but it is another task.

  --fetch  get both from PyPI into a scratch folder, without torch, which only a third method would use;
           without it they are skipped unless OTHER_MARKS names a Python that has them
"""

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    # Not the folder of this file, where a benchmark could have the name of a library's module.
    sys.path[0] = str(ROOT)

from tests.support.attacks import SUITE, recoded  # noqa: E402

ATTACKS = ("as served", "JPEG q60", "short side 512, q95", "centre crop 256, q75")
PICTURES = 3
"""Enough: they fail at the first resize."""
NEEDS = ("numpy<2.3", "opencv-python-headless", "PyWavelets")
OTHERS = ("blind-watermark==0.4.4", "invisible-watermark==0.2.0")
BITS = 32

CHILD = """
import json, sys, types, warnings
warnings.simplefilter("ignore")
sys.modules["torch"] = types.ModuleType("torch")
import numpy as np, cv2
step, folder = sys.argv[1], sys.argv[2]
bits = [int(bit) for bit in sys.argv[3]]
def blind(picture):
    from blind_watermark import WaterMark, bw_notes
    bw_notes.close()
    mark = WaterMark(password_wm=1, password_img=1)
    if step == "embed":
        mark.read_img(img=picture)
        mark.read_wm([bool(bit) for bit in bits], mode="bit")
        return mark.embed()
    return mark.extract(embed_img=picture, wm_shape=len(bits), mode="bit")
def invisible(method):
    def do(picture):
        from imwatermark import WatermarkDecoder, WatermarkEncoder
        if step == "embed":
            encoder = WatermarkEncoder()
            encoder.set_watermark("bits", bits)
            return encoder.encode(picture, method)
        return WatermarkDecoder("bits", len(bits)).decode(picture, method)
    return do
ways = {"blind-watermark": blind, "invisible-watermark dwtDct": invisible("dwtDct"),
        "invisible-watermark dwtDctSvd": invisible("dwtDctSvd")}
found = {}
for name, source in json.load(sys.stdin):
    for way in [name] if name in ways else ways:
        picture = cv2.imread(folder + "/" + source)
        if step == "embed":
            made = f"{way}-{source}".replace(" ", "_")
            cv2.imwrite(folder + "/" + made, np.clip(np.rint(ways[way](picture)), 0, 255).astype(np.uint8))
            found.setdefault(way, []).append(made)
        else:
            try:
                read = [int(float(bit) > 0.5) for bit in ways[way](picture)]
                wrong = sum(one != other for one, other in zip(read, bits)) / len(bits)
            except Exception:
                wrong = 0.5  # refused, as invisible-watermark does with less than 256 x 256
            found[source] = wrong
print(json.dumps(found))
"""
"""Runs where they are installed; the empty module stands for torch."""


def fetch(folder: Path) -> Path:
    """Install both into a virtual environment in `folder` and return its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, *NEEDS], check=True, stdout=sys.stderr)
    subprocess.run([*pip, "--no-deps", *OTHERS], check=True, stdout=sys.stderr)
    return python


def table(pictures: list[tuple[str, bytes]], *, fetch: bool) -> str:
    """Return the table as Markdown, or a line that says why there is none."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            python = _python(Path(scratch, "venv"), really=fetch)
            if python is None:
                return "Other programs' marks: skipped, they are installed by `--fetch`."
            return _measured(pictures[:PICTURES], python, Path(scratch))
        except subprocess.CalledProcessError as error:
            return f"Other programs' marks: skipped, exit status {error.returncode} of {Path(error.cmd[0]).name}."


def _python(folder: Path, *, really: bool) -> Path | None:
    if named := os.environ.get("OTHER_MARKS"):
        return Path(named)
    return fetch(folder) if really else None


def _measured(pictures: list[tuple[str, bytes]], python: Path, folder: Path) -> str:
    bits = "".join(str(bit) for bit in np.random.default_rng(8).integers(0, 2, BITS))

    def child(step: str, tasks: list[tuple[str, str]]) -> dict[str, object]:
        command = [str(python), "-c", CHILD, step, str(folder), bits]
        done = subprocess.run(command, input=json.dumps(tasks), capture_output=True, text=True, check=True)
        found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return found

    sources = {f"{index}.png": data for index, (_, data) in enumerate(pictures)}
    for source, data in sources.items():
        Image.open(io.BytesIO(data)).convert("RGB").save(folder / source, compress_level=1)
    made = child("embed", [("", source) for source in sources])
    ratios: dict[str, list[float]] = {}
    tasks: list[tuple[str, str]] = []
    for way, files in made.items():
        for file in files if isinstance(files, list) else ():
            served = recoded(Image.open(folder / file).convert("RGB"), 88)
            original = Image.open(folder / file.rpartition("-")[2]).convert("RGB")
            ratios.setdefault(way, []).append(cv2.PSNR(_luma(original), _luma(served)))
            for number, attack in enumerate(ATTACKS):
                name = f"{number}-{file}"
                SUITE[attack](served).save(folder / name, compress_level=1)
                tasks.append((way, name))
    wrong = child("extract", tasks)
    lines = [
        f"| other marks, {len(pictures)} pictures: bits wrong, median | PSNR, dB | {' | '.join(ATTACKS)} |",
        "|---|---|" + "---|" * len(ATTACKS),
    ]
    for way, values in ratios.items():
        cells = []
        for number in range(len(ATTACKS)):
            shares = [float(str(wrong[name])) for one, name in tasks if one == way and name.startswith(f"{number}-")]
            cells.append(f"{statistics.median(shares):.0%}, all right in {sum(share == 0 for share in shares)}")
        lines.append(f"| {way} | {statistics.median(values):.1f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _luma(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("YCbCr"))[:, :, 0].copy()


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench other_marks", description="Measures other programs' marks.")
    parser.add_argument("--fetch", action="store_true", help="get them from PyPI into a scratch folder")
    from tests.support.photographs import photographs

    print(table(photographs(), fetch=parser.parse_args().fetch))
    return 0


if __name__ == "__main__":
    sys.exit(main())
