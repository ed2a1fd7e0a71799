"""Which real photographs are marks measured on?

Those that these Debian packages carry: lomiri-wallpapers-16.04, lomiri-wallpapers-20.04, mate-backgrounds,
plasma-workspace-wallpapers; drawings were sorted out by eye (gnome-backgrounds has only such). They are saved as a
portfolio serves them. Constants are chosen on those whose name has an even SHA-256 (its first byte); the others are
*held out*. Smaller ones come with scikit-image and scikit-learn.
"""

import io
import os
import subprocess
import sys
import venv
from hashlib import sha256
from pathlib import Path

from PIL import Image

FOLDERS = ("/usr/share/backgrounds", "/usr/share/wallpapers")
NAMES = frozenset({
    "Aqua", "Blinds", "Bridge_by_Sander_Klootwijk", "BytheWater", "ColdRipple", "ColorfulCups", "DarkestHour",
    "Dragonfly_by_Bolly", "Dune", "EveningGlow", "FallenLeaf", "FreshFlower", "Garden", "GreenMeadow", "Grey",
    "Kite", "Kleiber_by_Lukas_Baubkus", "LadyBird", "OneStandsOut", "Path", "Picture_0B_by_freespace",
    "Picture_1A_by_freespace", "RainDrops", "Storm", "TwoWings", "Wine_by_Jakkub_Mede", "Wood", "YellowFlower",
    "aitzgorri_by_Aitzol_Berasategi", "free_by_Peter_Nerlich", "friends_by_Aitzol_Berasategi",
    "greentock_by_Peter_Nerlich", "life_by_Aitzol_Berasategi", "picosdeeuropa_by_Aitzol_Berasategi",
    "seeding_by_Clements_Engelhardt", "summer_1am", "sunset_by_Aitzol_Berasategi",
})  # fmt: skip
"""All other pictures of the packages are drawings or rendered."""
PACKAGES = ("scikit-image==0.26.0", "scikit-learn==1.9.1")
SMALL = (
    *(f"skimage/data/{name}" for name in (
        "astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "grass.png", "gravel.png",
        "hubble_deep_field.jpg", "moon.png", "motorcycle_left.png", "retina.jpg", "rocket.jpg",
    )),
    "sklearn/datasets/images/china.jpg", "sklearn/datasets/images/flower.jpg",
)  # fmt: skip
"""From 384 × 303 to 1411 × 1411, most of them 512 pixels."""

Photographs = list[tuple[str, bytes]]
"""Name and JPEG of each."""


def photographs(side: int = 1600) -> Photographs:
    """Return those of the Debian packages, no longer than `side` pixels."""
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        for path in sorted(Path(folder).rglob("*.jp*g")):
            name = path.parts[-4] if path.parts[-2].startswith("images") else path.stem
            if name not in NAMES or "screenshot" in path.name:
                continue
            if name not in found or path.stat().st_size > found[name].stat().st_size:
                found[name] = path
    return [(name, served(path, side)) for name, path in sorted(found.items())]


def small_photographs(scratch: Path, *, fetch: bool) -> Photographs:
    """Return the smaller ones; none where they were not fetched and SMALL_PHOTOGRAPHS names no folder with them."""
    folder = Path(os.environ.get("SMALL_PHOTOGRAPHS", scratch))
    if folder == scratch and fetch:
        venv.create(folder / "venv", with_pip=True)
        python = str(folder / "venv" / "bin" / "python")
        pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
        subprocess.run([*pip, "--target", str(folder), *PACKAGES], check=True, stdout=sys.stderr)
    return [(Path(name).stem, served(folder / name)) for name in SMALL if (folder / name).is_file()]


def served(path: Path, side: int = 1600) -> bytes:
    """Return a picture as a portfolio serves it: JPEG q88, 4:2:0."""
    with Image.open(path) as image:
        picture = image.convert("RGB")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88, subsampling=2, optimize=True)
    return out.getvalue()


def is_held_out(name: str) -> bool:
    """Tell whether nothing was chosen by looking at this picture."""
    return sha256(name.encode()).digest()[0] % 2 == 1
