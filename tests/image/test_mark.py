import io
from functools import cache

import numpy as np
import pytest
from PIL import Image

from guard.image.chips import chips
from guard.image.mark import copy_for
from tests.support.pictures import encoded, scenery
from tests.support.pictures import packed as made_pack

KEY = b"k" * 32
SOURCES = {
    "4:2:0": {"quality": 88, "subsampling": 2},
    "4:2:2": {"quality": 80, "subsampling": 1},
    "4:4:4": {"quality": 95, "subsampling": 0},
    "progressive": {"quality": 88, "progressive": True},
    "restart markers": {"quality": 88, "restart_marker_blocks": 7},
}


@cache
def source(kind):
    picture = scenery(1068, 700) if kind == "drifting" else scenery(800, 600)
    if kind == "grey":
        return encoded(picture.convert("L"), "JPEG", quality=88)
    return encoded(picture, "JPEG", **SOURCES.get(kind, SOURCES["4:2:0"]))


@cache
def packed(kind):
    return made_pack(source(kind), KEY)


def planes(data):
    image = Image.open(io.BytesIO(data))
    if image.mode != "L":
        image.draft("YCbCr", image.size)
    return np.asarray(image)


def luma(picture):
    return picture if picture.ndim == 2 else picture[:, :, 0]


@pytest.mark.parametrize("kind", [*SOURCES, "grey", "drifting"])
def test_a_copy_decodes_to_exactly_what_was_chosen(kind):
    """Segment by segment it shows plus or minus, as its chips say, and nothing else in the picture differs."""
    pack = packed(kind)
    grid = pack.grid
    every = tuple(range(grid.segments))

    def joined(choice):
        return pack.head + b"".join(pack.pairs[segment][choice(segment)] for segment in every)

    plus, minus, copy = (
        planes(data) for data in (joined(lambda _: 1), joined(lambda _: 0), copy_for(pack, KEY, b"recipien"))
    )
    chosen = pack.choose(chips(KEY, pack.rendition, b"recipien", grid.chips))
    spread = np.repeat(np.frombuffer(bytes(chosen), np.uint8), grid.restart)[: grid.columns_of_mcus * grid.rows_of_mcus]
    of_pixel = spread.reshape(grid.rows_of_mcus, grid.columns_of_mcus)
    of_pixel = of_pixel.repeat(grid.mcu_height, 0).repeat(grid.mcu_width, 1)[: grid.height, : grid.width]

    assert np.array_equal(luma(copy), np.where(of_pixel, luma(plus), luma(minus)))
    assert (luma(plus) != luma(minus)).mean() > 0.05


def test_a_copy_is_the_same_every_time_and_another_for_another():
    """What was served can be made again for a court; two ids give two files."""
    pack = packed("4:2:0")

    assert copy_for(pack, KEY, b"recipien") == copy_for(made_pack(source("4:2:0"), KEY), KEY, b"recipien")
    assert copy_for(pack, KEY, b"recipien") != copy_for(pack, KEY, b"recipiem")


def test_a_copy_needs_no_decoder_and_no_numpy():
    """It is joined in the process that faces the network."""
    import subprocess
    import sys

    code = "import sys, guard.image.mark, guard.image.pack_file; sys.exit(bool({'PIL', 'numpy'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
