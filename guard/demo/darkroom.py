"""How does a painted canvas become the files of a photograph?

Original, display size and thumbnail, as a photographer would publish them: the original
with what a camera writes into it (place, serial numbers, lens, orientation), the small
ones with artist and copyright alone. The same canvas gives the same bytes on every run.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFilter, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from guard.demo.paint import Field
from guard.image import metadata

ARTIST = "Ada Example"
NOTICE = "© 2026 Ada Example"
DISPLAY_SIDE = 1200
THUMBNAIL_SIDE = 320
SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
MIRRORED = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
"""How the pixels lie in the file for an orientation tag that turns them upright again."""

_IFD_EXIF, _IFD_GPS = 0x8769, 0x8825


@dataclass(frozen=True, slots=True, kw_only=True)
class Development:
    """How one canvas is turned into files."""

    longest_side: int = 2000
    """Of the original, in pixels."""
    original: str = "JPEG"
    """A format of `SUFFIXES`."""
    small: str = "JPEG"
    """The format of display size and thumbnail."""
    orientation: int = 1
    """EXIF orientation of the original: 1, 6 or 8."""
    progressive: bool = False
    grey: bool = False
    camera: bool = True
    """Whether the original says which camera and lens took it, with their serial numbers."""
    place: tuple[float, float] | None = None
    """Latitude and longitude in degrees, written into the original."""
    rights: bool = False
    """Whether the original carries an XMP packet with its rights."""
    grain: float = 3.5
    """Standard deviation of the film's grain, in steps of 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The three files of a photograph, and what the page needs to know about them."""

    thumbnail: Path
    display: Path
    original: Path
    width: int
    """Of the display size, in pixels."""
    height: int
    """Likewise."""


def develop(canvas: Field, stem: Path, development: Development, number: int) -> Files:
    """Write the files `stem.jpg`, `stem-1200.jpg` and `stem-320.jpg` (or other suffixes) and return them."""
    picture = Image.fromarray((canvas.clip(0, 1) * 255 + 0.5).astype(np.uint8))
    if development.grey:
        picture = picture.convert("L")
    small = SUFFIXES[development.small]
    files = {}
    for name, side in (("display", DISPLAY_SIDE), ("thumbnail", THUMBNAIL_SIDE)):
        copy = _scaled(picture, side)
        if name == "thumbnail":
            copy = copy.filter(ImageFilter.UnsharpMask(radius=0.8, percent=60, threshold=1))
        files[name] = (copy, stem.with_name(f"{stem.name}-{side}.{small}"))
        files[name][1].write_bytes(_encode(copy, development.small, quality=84, exif=_exif(development, 0)))
    original = stem.with_name(f"{stem.name}.{SUFFIXES[development.original]}")
    original.write_bytes(_original(picture, development, number))
    display, display_file = files["display"]
    return Files(
        thumbnail=files["thumbnail"][1],
        display=display_file,
        original=original,
        width=display.width,
        height=display.height,
    )


def _original(picture: Image.Image, development: Development, number: int) -> bytes:
    large = _scaled(picture, development.longest_side)
    if development.grain:
        large = _grained(large, development.grain, number)
    if development.orientation in MIRRORED:
        large = large.transpose(MIRRORED[development.orientation])
    packet = b""
    if development.rights:
        packet = metadata.packet(metadata.Rights(notice=NOTICE, creators=(ARTIST,), marked="True"))
    exif = _exif(development, number)
    return _encode(
        large, development.original, quality=88, exif=exif, packet=packet, progressive=development.progressive
    )


def _scaled(picture: Image.Image, side: int) -> Image.Image:
    scale = side / max(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.BICUBIC)


def _grained(picture: Image.Image, strength: float, number: int) -> Image.Image:
    """Add grain: strongest in the middle tones, alike in all colours."""
    pixels = np.asarray(picture)
    rows, columns = pixels.shape[:2]
    tile = _grain_tile()
    # Another piece of the film for every picture.
    noise = np.roll(tile, (number * 197, number * 331), axis=(0, 1)).astype(np.int16) * round(strength * 8) >> 8
    noise = np.tile(noise, (rows // tile.shape[0] + 1, columns // tile.shape[1] + 1))[:rows, :columns]
    summed = pixels + (noise[..., None] if pixels.ndim == 3 else noise)
    return Image.fromarray(summed.clip(0, 255, out=summed).astype(np.uint8))


@lru_cache(maxsize=1)
def _grain_tile() -> NDArray[np.int8]:
    """Return 1024 × 1024 values with a standard deviation of 32, soft as the crystals of a film."""
    noise = np.random.default_rng(7).standard_normal((1024, 1024), np.float32)
    soft = noise + 0.5 * (np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) + 0.25 * np.roll(noise, (1, 1), (0, 1))
    return np.asarray((soft * (32 / soft.std())).clip(-127, 127), np.int8)


def _encode(
    picture: Image.Image, family: str, *, quality: int, exif: bytes, packet: bytes = b"", progressive: bool = False
) -> bytes:
    out = io.BytesIO()
    icc = _srgb() if picture.mode == "RGB" else None
    if family == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("Copyright", NOTICE)
        if packet:
            text.add_itxt("XML:com.adobe.xmp", packet.decode())
        picture.save(out, "PNG", compress_level=4, icc_profile=icc, exif=exif, pnginfo=text)
    elif family == "WEBP":
        picture.save(out, "WEBP", quality=quality, method=1, icc_profile=icc, exif=exif, xmp=packet)
    else:
        picture.save(
            out, "JPEG", quality=quality, progressive=progressive, icc_profile=icc, exif=exif, xmp=packet or None
        )
    return out.getvalue()


@lru_cache(maxsize=1)
def _srgb() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # The library writes the time of making into bytes 24 to 35 (ICC.1:2022, section 7.2.10).
    profile[24:36] = bytes.fromhex("07ea 0001 0001 0000 0000 0000")
    return bytes(profile)


def _exif(development: Development, number: int) -> bytes:
    """Return an EXIF block: artist and copyright, and for an original (a number above 0) what the camera knew."""
    exif = Image.Exif()
    exif[0x013B] = ARTIST.encode()
    exif[0x8298] = NOTICE.encode()
    if not number:
        return exif.tobytes()
    if development.orientation != 1:
        exif[0x0112] = development.orientation
    taken = f"2026:{number % 12 + 1:02d}:{number % 28 + 1:02d} {6 + number % 15:02d}:{number * 7 % 60:02d}:00"
    if development.camera:
        exif[0x010F], exif[0x0110], exif[0x0132] = "Example Optics", "Demo One", taken
        camera = exif.get_ifd(_IFD_EXIF)
        camera[0x9003] = taken
        camera[0x829A] = IFDRational(1, 60 + 20 * (number % 9))
        camera[0x829D] = IFDRational((28, 40, 56, 80, 110)[number % 5], 10)
        camera[0x8827] = (100, 200, 400, 1600)[number % 4]
        camera[0x920A] = IFDRational((24, 35, 50, 85)[number % 4], 1)
        camera[0xA430] = ARTIST
        camera[0xA431] = "DEMO-000042"
        camera[0xA434] = "Demo Lens 24-105mm F4"
        camera[0xA435] = "LENS-000007"
    if development.place:
        latitude, longitude = development.place
        place = exif.get_ifd(_IFD_GPS)
        place[1], place[2] = "N" if latitude >= 0 else "S", _degrees(abs(latitude))
        place[3], place[4] = "E" if longitude >= 0 else "W", _degrees(abs(longitude))
    return exif.tobytes()


def _degrees(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    minutes, seconds = divmod(round(value * 3600), 60)
    degrees, minutes = divmod(minutes, 60)
    return IFDRational(degrees, 1), IFDRational(minutes, 1), IFDRational(seconds, 1)
