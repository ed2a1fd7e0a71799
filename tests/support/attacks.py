"""What happens to a picture between a scraper and a data set, and what somebody may do on purpose."""

import io
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

Attack = Callable[[Image.Image], Image.Image]
AREA, LINEAR = cv2.INTER_AREA, cv2.INTER_LINEAR


def recoded(picture: Image.Image, quality: int = 95, family: str = "JPEG") -> Image.Image:
    out = io.BytesIO()
    picture.save(out, family, quality=quality)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def sized(picture: Image.Image, factor: float, way: int = AREA) -> Image.Image:
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return Image.fromarray(cv2.resize(np.asarray(picture), size, interpolation=way))


def short(picture: Image.Image, side: int, way: int = AREA) -> Image.Image:
    return sized(picture, side / min(picture.size), way)


def long(picture: Image.Image, side: int) -> Image.Image:
    return sized(picture, side / max(picture.size))


def square(picture: Image.Image) -> Image.Image:
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def part(picture: Image.Image, share: float) -> Image.Image:
    """Return a part with this share of each side, its place depending on the picture's size alone."""
    width, height = round(picture.width * share), round(picture.height * share)
    left, top = round((picture.width - width) * 0.37), round((picture.height - height) * 0.71)
    return picture.crop((left, top, left + width, top + height))


def skewed(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    here = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    there = np.float32([[width * 0.01, height * 0.015], [width * 0.985, 0], [width, height * 0.99], [0, height * 0.98]])
    return Image.fromarray(
        cv2.warpPerspective(np.asarray(picture), cv2.getPerspectiveTransform(here, there), (width, height))
    )


def noisy(picture: Image.Image, deviation: float) -> Image.Image:
    values = np.asarray(picture).astype(np.float32)
    noise = np.random.default_rng(3).normal(0, deviation, values.shape)
    return Image.fromarray(np.clip(values + noise, 0, 255).astype(np.uint8))


def written_on(picture: Image.Image) -> Image.Image:
    picture = picture.copy()
    draw = ImageDraw.Draw(picture)
    for line in range(5):
        place = (picture.width * 0.1, picture.height * (0.1 + 0.18 * line))
        draw.text(place, "STOCK PHOTO SAMPLE", fill=(255, 255, 255), font_size=picture.height // 12)
    return picture


def toned(picture: Image.Image, gamma: float) -> Image.Image:
    return picture.point([round(255 * (value / 255) ** gamma) for value in range(256)] * 3)


def equalised(picture: Image.Image) -> Image.Image:
    lab = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2LAB)
    lab[:, :, 0] = cv2.createCLAHE(3.0, (8, 8)).apply(lab[:, :, 0])
    return Image.fromarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def framed(picture: Image.Image) -> Image.Image:
    paper = Image.new("RGB", (picture.width + 120, picture.height + 120), "white")
    paper.paste(picture, (60, 60))
    return paper


def vignetted(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture).astype(np.float32)
    down, across = (np.linspace(-1, 1, side) ** 2 for side in values.shape[:2])
    return Image.fromarray((values * (1 - 0.45 * (down[:, None] + across[None]) / 2)[:, :, None]).astype(np.uint8))


FLIP, QUARTER = Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_90
BICUBIC, LANCZOS = Image.Resampling.BICUBIC, Image.Resampling.LANCZOS

SUITE: dict[str, Attack] = {
    "as served": lambda p: p,
    "JPEG q80": lambda p: recoded(p, 80),
    "JPEG q60": lambda p: recoded(p, 60),
    "JPEG q40": lambda p: recoded(p, 40),
    "JPEG q20": lambda p: recoded(p, 20),
    "WebP q80": lambda p: recoded(p, 80, "WEBP"),
    "short side 512, q95": lambda p: recoded(short(p, 512)),
    "short side 384, q95": lambda p: recoded(short(p, 384)),
    "short side 256, q95": lambda p: recoded(short(p, 256)),
    "long side 512, q80": lambda p: recoded(long(p, 512), 80),
    "long side 256, q80": lambda p: recoded(long(p, 256), 80),
    "centre crop 512, q95": lambda p: recoded(short(square(p), 512)),
    "centre crop 256, q95": lambda p: recoded(short(square(p), 256)),
    "centre crop 256, q75": lambda p: recoded(short(square(p), 256), 75),
    "centre crop 256, q50": lambda p: recoded(short(square(p), 256), 50),
    "centre crop 256, WebP q75": lambda p: recoded(short(square(p), 256), 75, "WEBP"),
    "centre crop 128, q80": lambda p: recoded(short(square(p), 128), 80),
    "256 bilinear without antialias, q80": lambda p: recoded(short(square(p), 256, LINEAR), 80),
    "squashed to 256 × 256, q80": lambda p: recoded(p.resize((256, 256), BICUBIC), 80),
    "crop 10 %, 512 q80": lambda p: recoded(short(part(p, 0.9), 512), 80),
    "crop to half the area, 256 q80": lambda p: recoded(short(part(p, 0.707), 256), 80),
    "crop to a quarter, 256 q80": lambda p: recoded(short(part(p, 0.5), 256), 80),
    "mirrored, 256 q80": lambda p: recoded(short(square(p), 256).transpose(FLIP), 80),
    "turned by 2°, 512 q80": lambda p: recoded(short(p.rotate(2, BICUBIC), 512), 80),
    "turned by 10°, 512 q80": lambda p: recoded(short(p.rotate(10, BICUBIC), 512), 80),
    "perspective 1.5 %, 512 q80": lambda p: recoded(short(skewed(p), 512), 80),
    "screenshot at 83 %, q80": lambda p: recoded(
        p.resize((round(p.width * 0.83), round(p.height * 0.83)), BICUBIC), 80
    ),
    "blur 2, 512 q80": lambda p: recoded(short(p.filter(ImageFilter.GaussianBlur(2)), 512), 80),
    "sharpened, 256 q80": lambda p: recoded(short(p.filter(ImageFilter.UnsharpMask(2, 150, 2)), 256), 80),
    "noise 10, 256 q80": lambda p: recoded(noisy(short(square(p), 256), 10), 80),
    "brightness +25 %, 256 q80": lambda p: recoded(ImageEnhance.Brightness(short(square(p), 256)).enhance(1.25), 80),
    "text across it, 256 q80": lambda p: recoded(short(square(written_on(p)), 256), 80),
    "256 and up to 1024, q80": lambda p: recoded(short(square(p), 256).resize((1024, 1024), LANCZOS), 80),
}
"""The 33 of the research, section 4.1."""

HARD: dict[str, Attack] = {
    "CLAHE 3, 512 q80": lambda p: recoded(short(equalised(p), 512), 80),
    "vignette 45 %, 256 crop q80": lambda p: recoded(short(square(vignetted(p)), 256), 80),
    "bilateral filter, 512 q80": lambda p: recoded(
        short(Image.fromarray(cv2.bilateralFilter(np.asarray(p), 9, 50, 50)), 512), 80
    ),
    "white frame, 512 q80": lambda p: recoded(short(framed(p), 512), 80),
    "AVIF q50 at 512": lambda p: recoded(short(p, 512), 50, "AVIF"),
    "JPEG q10": lambda p: recoded(p, 10),
    "crop to a tenth, 256 q80": lambda p: recoded(short(part(p, 0.316), 256), 80),
    "centre crop 96, q85": lambda p: recoded(short(square(p), 96), 85),
    "centre crop 64, q85": lambda p: recoded(short(square(p), 64), 85),
    "quarter turn, 256 crop q80": lambda p: recoded(short(square(p), 256).transpose(QUARTER), 80),
    "turned by 25°, 512 q80": lambda p: recoded(short(p.rotate(25, BICUBIC), 512), 80),
    "blur 1, noise 6, q60 at 512": lambda p: recoded(noisy(short(p.filter(ImageFilter.GaussianBlur(1)), 512), 6), 60),
    "16 levels, 256 q80": lambda p: recoded(short(square(p), 256).point([v & 0xF0 for v in range(256)] * 3), 80),
    "gamma 0.7, 256 q80": lambda p: recoded(toned(short(square(p), 256), 0.7), 80),
    "grey, 256 q80": lambda p: recoded(short(square(p), 256).convert("L").convert("RGB"), 80),
}
"""Those of section 4.2, but for sepia, and two more tones."""
