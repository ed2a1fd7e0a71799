"""Do the decoders that people and data sets use show a marked copy as it was joined?"""

import io
import json
import subprocess
from base64 import b64encode
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from guard.image.chips import chips
from guard.image.mark import copy_for
from tests.support.pictures import encoded, packed, scenery
from tests.support.programs import need

KEY, ID = b"k" * 32, b"recipien"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SOURCES = {
    "4:2:0": (lambda: encoded(scenery(480, 360), "JPEG", quality=88, subsampling=2)),
    "4:4:4": (lambda: encoded(scenery(480, 360), "JPEG", quality=92, subsampling=0)),
    "drifting": (lambda: encoded(scenery(536, 350), "JPEG", quality=88, subsampling=2)),
    "grey": (lambda: encoded(scenery(480, 360).convert("L"), "JPEG", quality=88)),
}


@cache
def pictures(kind):
    """Return a copy, all plus, all minus, and which of the two each pixel of the copy is to show."""
    pack = packed(SOURCES[kind](), KEY)
    grid = pack.grid
    plus, minus = (pack.head + b"".join(pair[side] for pair in pack.pairs) for side in (1, 0))
    chosen = pack.choose(chips(KEY, pack.rendition, ID, grid.chips))
    spread = np.repeat(np.frombuffer(bytes(chosen), np.uint8), grid.restart)[: grid.columns_of_mcus * grid.rows_of_mcus]
    shown = spread.reshape(grid.rows_of_mcus, grid.columns_of_mcus)
    shown = shown.repeat(grid.mcu_height, 0).repeat(grid.mcu_width, 1)[: grid.height, : grid.width]
    return copy_for(pack, KEY, ID), plus, minus, shown


def as_copied(decode, kind):
    """Return the decoded copy, and what it must be: the decoded plus and minus, put together."""
    copy, plus, minus, shown = pictures(kind)
    one, other = decode(plus), decode(minus)
    assert (one != other).any()
    return decode(copy), np.where(shown[:, :, None] == 1, one, other)


def with_djpeg(folder: Path):
    program = need("djpeg")

    def decode(data):
        ended = subprocess.run([program, "-ppm"], input=data, capture_output=True, check=True)
        assert ended.stderr == b"", "libjpeg-turbo warns"
        return np.asarray(Image.open(io.BytesIO(ended.stdout)).convert("RGB"))

    return decode


def with_vips(folder: Path):
    program = need("vips")

    def decode(data):
        (folder / "in.jpg").write_bytes(data)
        command = [program, "copy", f"{folder}/in.jpg[fail_on=warning]", f"{folder}/out.png"]
        ended = subprocess.run(command, capture_output=True, check=False)
        assert (ended.returncode, ended.stderr) == (0, b""), "libvips warns"
        return np.asarray(Image.open(folder / "out.png").convert("RGB"))

    return decode


def with_opencv(folder: Path):
    cv2 = pytest.importorskip("cv2")
    return lambda data: cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]


def with_ffmpeg(folder: Path):
    """It has a decoder of its own, not libjpeg's; the luma is taken, which is where the mark lies."""
    program = need("ffmpeg")

    def decode(data):
        command = [program, "-v", "warning", "-f", "mjpeg", "-i", "-", "-f", "rawvideo", "-"]
        ended = subprocess.run(command, input=data, capture_output=True, check=True)
        assert ended.stderr == b"", "FFmpeg warns"
        width, height = Image.open(io.BytesIO(data)).size
        return np.frombuffer(ended.stdout, np.uint8)[: width * height].reshape(height, width, 1)

    return decode


def with_simplejpeg(folder: Path):
    """A warning of libjpeg-turbo is an error to it."""
    simplejpeg = pytest.importorskip("simplejpeg")
    return lambda data: simplejpeg.decode_jpeg(data, strict=True)


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("decoder", [with_djpeg, with_vips, with_opencv, with_ffmpeg, with_simplejpeg])
def test_a_decoder_shows_what_was_joined_and_does_not_warn(decoder, kind, tmp_path, capfd):
    """Pixel by pixel: no segment bleeds into its neighbour, whoever decodes it."""
    copy, wanted = as_copied(decoder(tmp_path), kind)

    assert np.array_equal(copy, wanted)
    assert capfd.readouterr().err == ""


def test_a_browser_shows_what_was_joined(tmp_path):
    """Chromium draws it on a canvas."""
    playwright = pytest.importorskip("playwright.sync_api")
    drawn = """async source => {
        const image = new Image(); image.src = source; await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        return JSON.stringify({width: image.width, height: image.height,
            rgba: Array.from(context.getImageData(0, 0, image.width, image.height).data)});
    }"""
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=need(*CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()

        def decode(data):
            said = json.loads(page.evaluate(drawn, f"data:image/jpeg;base64,{b64encode(data).decode()}"))
            return np.array(said["rgba"], np.uint8).reshape(said["height"], said["width"], 4)[:, :, :3]

        copy, wanted = as_copied(decode, "4:2:0")
        browser.close()

    assert np.array_equal(copy, wanted)


def test_firefox_shows_what_was_joined(tmp_path):
    """It draws the picture without a window."""
    program = need("firefox", "firefox-esr")
    page, shot = tmp_path / "page.html", tmp_path / "shot.png"

    def decode(data):
        (tmp_path / "copy.jpg").write_bytes(data)
        page.write_text("<!doctype html><style>body{margin:0}img{display:block}</style><img src=copy.jpg>")
        size = ",".join(map(str, Image.open(io.BytesIO(data)).size))
        command = [program, "--headless", "--profile", str(tmp_path), "--window-size", size, "--screenshot", str(shot)]
        subprocess.run([*command, page.as_uri()], capture_output=True, check=True, timeout=60)
        return np.asarray(Image.open(shot).convert("RGB"))

    copy, wanted = as_copied(decode, "4:2:0")

    assert copy.shape == wanted.shape
    assert np.array_equal(copy, wanted)
