"""Picture files of every make, generated, and those that happen to be on this machine."""

import hashlib
import io
import struct
import sysconfig
import zlib
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageSequence

from tests.support.pictures import encoded, noise, photograph

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SIZES = ((1, 1), (7, 5), (16, 16), (33, 17), (64, 48), (121, 83))
FOLDERS = (
    Path(sysconfig.get_paths()["purelib"]),
    Path("/usr/share/backgrounds"),
    Path("/usr/local/go/src/image"),
    Path("/usr/share/doc"),
)
MOST_REAL = 60
LARGEST_REAL = 600_000

Files = dict[str, bytes]


def pixels(data: bytes) -> str:
    """Return a digest of every pixel, mode, size and duration of all frames, and of the palette."""
    digest = hashlib.sha256()
    with Image.open(io.BytesIO(data)) as image:
        for frame in ImageSequence.Iterator(image):
            palette = frame.getpalette() or b""
            digest.update(repr((frame.mode, frame.size, frame.info.get("duration"), bytes(palette))).encode())
            digest.update(frame.info.get("icc_profile") or b"")
            digest.update(frame.tobytes())
    return digest.hexdigest()


def metadata() -> tuple[bytes, bytes]:
    """Return the EXIF block and XMP packet of a photograph, with private data in both."""
    info = Image.open(io.BytesIO(photograph())).info
    return info["exif"], info["xmp"]


def frames(family: str, size: tuple[int, int], mode: str = "RGB", **options: object) -> bytes:
    """Return an animation of three frames."""
    pictures = [noise(*size).convert(mode).rotate(90 * step) for step in range(3)]
    return encoded(pictures[0], family, save_all=True, append_images=pictures[1:], duration=(40, 80, 120), **options)


@cache
def jpegs() -> Files:
    exif, xmp = metadata()
    found: Files = {}
    for size, progressive, subsampling in product(SIZES, (False, True), (0, 1, 2)):
        name = f"{size[0]}x{size[1]} {'progressive' if progressive else 'baseline'} {subsampling}"
        found[name] = encoded(noise(*size), "JPEG", progressive=progressive, subsampling=subsampling, quality=80)
    for mode, size, rows in product(("L", "CMYK", "RGB"), ((16, 16), (33, 17), (121, 83)), (0, 1, 2)):
        found[f"{mode} {size[0]}x{size[1]} restart {rows}"] = encoded(
            noise(*size).convert(mode), "JPEG", restart_marker_rows=rows, optimize=rows == 2
        )
    found["everything"] = photograph()
    found["exif alone"] = encoded(noise(), "JPEG", exif=exif)
    found["xmp alone"] = encoded(noise(), "JPEG", xmp=xmp)
    found["profile"] = encoded(noise(), "JPEG", icc_profile=SRGB, exif=exif)
    found["large profile"] = encoded(noise(), "JPEG", icc_profile=SRGB * 300, xmp=xmp)
    found["two pictures"] = encoded(noise(), "MPO", save_all=True, append_images=[noise(40, 30)], exif=exif)
    found["fill bytes"] = found["everything"].replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1)
    found["zeros behind"] = found["everything"] + bytes(3000)
    return found


@cache
def pngs() -> Files:
    exif, xmp = metadata()
    found: Files = {}
    for mode, size in product(("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), SIZES):
        picture = noise(*size).convert("I;16" if mode == "I;16" else mode)
        found[f"{mode} {size[0]}x{size[1]}"] = encoded(picture, "PNG")
    for size in SIZES:
        found[f"RGB of 16 bits {size[0]}x{size[1]}"] = png16(*size)
        found[f"palette with a clear colour {size[0]}x{size[1]}"] = encoded(
            noise(*size).convert("P"), "PNG", transparency=3
        )
        found[f"animated {size[0]}x{size[1]}"] = frames("PNG", size)
    text = _texts(xmp)
    for mode in ("RGB", "RGBA", "L", "P"):
        found[f"{mode} with everything"] = encoded(
            noise().convert(mode), "PNG", exif=exif, pnginfo=text, icc_profile=SRGB if mode != "L" else None
        )
    found["compressed xmp"] = encoded(noise(), "PNG", pnginfo=_texts(xmp, zip=True))
    found["raw profile"] = encoded(noise(), "PNG", pnginfo=_raw_profile(exif))
    return found


def _texts(xmp: bytes, **options: bool):  # type: ignore[no-untyped-def]
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "a comment")
    info.add_itxt("XML:com.adobe.xmp", xmp.decode(), **options)
    return info


def _raw_profile(exif: bytes):  # type: ignore[no-untyped-def]
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(exif):8}\n{exif.hex()}\n", zip=True)
    return info


def png16(width: int, height: int) -> bytes:
    """Return an RGB picture of 16 bits, which Pillow reads but does not write."""
    rows = np.random.default_rng(3).integers(0, 65536, (height, width, 3), dtype=np.uint16).astype(">u2")
    raw = b"".join(b"\0" + row.tobytes() for row in rows)

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


@cache
def webps() -> Files:
    exif, xmp = metadata()
    found: Files = {}
    for size, lossless, mode in product(SIZES, (False, True), ("RGB", "RGBA")):
        picture = noise(*size, channels=4) if mode == "RGBA" else noise(*size)
        name = f"{mode} {size[0]}x{size[1]} {'lossless' if lossless else 'lossy'}"
        found[name] = encoded(picture, "WEBP", lossless=lossless)
        if size[0] > 5:
            found[f"{name} with everything"] = encoded(
                picture, "WEBP", lossless=lossless, exif=exif, xmp=xmp, icc_profile=SRGB
            )
    for size, lossless in product(SIZES, (False, True)):
        found[f"animated {size[0]}x{size[1]} {lossless}"] = frames("WEBP", size, lossless=lossless)
    for quality in (5, 50, 95):
        found[f"quality {quality}"] = encoded(noise(), "WEBP", quality=quality)
        found[f"quality {quality}, exif"] = encoded(noise(), "WEBP", quality=quality, exif=exif)
        found[f"quality {quality}, xmp"] = encoded(noise(), "WEBP", quality=quality, xmp=xmp)
    return found


@cache
def avifs() -> Files:
    exif, xmp = metadata()
    found: Files = {}
    fast = {"speed": 10}
    for size, subsampling in product(SIZES, ("4:2:0", "4:4:4", "4:2:2", "4:0:0")):
        found[f"{size[0]}x{size[1]} {subsampling}"] = encoded(noise(*size), "AVIF", subsampling=subsampling, **fast)
    for size in SIZES:
        picture = noise(*size, channels=4)
        found[f"clear {size[0]}x{size[1]}"] = encoded(picture, "AVIF", **fast)
        found[f"clear {size[0]}x{size[1]} with everything"] = encoded(
            picture, "AVIF", exif=exif, xmp=xmp, icc_profile=SRGB, **fast
        )
        found[f"animated {size[0]}x{size[1]}"] = frames("AVIF", size, **fast)
        found[f"exif {size[0]}x{size[1]}"] = encoded(noise(*size), "AVIF", exif=exif, **fast)
        found[f"xmp {size[0]}x{size[1]}"] = encoded(noise(*size), "AVIF", xmp=xmp, **fast)
    for quality in (10, 30, 50, 70, 90, 100):
        found[f"quality {quality}"] = encoded(noise(), "AVIF", quality=quality, exif=exif, **fast)
    return found


def generated() -> list[tuple[str, str, bytes]]:
    """Return family, name and bytes of all generated files."""
    families = {"JPEG": jpegs(), "PNG": pngs(), "WebP": webps(), "AVIF": avifs()}
    return [(family, name, data) for family, files in families.items() for name, data in files.items()]


def real() -> list[Path]:
    """Return picture files that other programs brought along; there may be none."""
    found: list[Path] = []
    for folder in FOLDERS:
        for ending in ("jpg", "jpeg", "webp", "avif", "png"):
            some = (path for path in folder.rglob(f"*.{ending}") if 0 < path.stat().st_size <= LARGEST_REAL)
            found += sorted(some)[:MOST_REAL]
    return found
