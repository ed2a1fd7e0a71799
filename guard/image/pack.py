"""How is a picture prepared so that a personal copy of it costs no more than joining bytes?

Once for a rendition: the mark is added for one encoding (*plus*) and taken away for the
other (*minus*). Both are encoded as one tall picture, so that they share their tables, in
segments that a restart marker ends. Any choice of plus or minus, segment by segment, is
again a whole JPEG file, and decodes to exactly the pixels of the segments chosen.

The quantisation tables and the subsampling are the source's: a copy is as good and about
as large as what it was made of. Progressive files become baseline; PNG, WebP, AVIF and GIF
become JPEG (an animation its first frame, transparency white).
"""

import io
import struct
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from guard.errors import PictureError
from guard.image import jpeg_scan, pattern, visible
from guard.image.chips import signs
from guard.image.decoding import ORIENTATION, TURNS, decoding, on_white
from guard.image.grid import Grid, choose_grid
from guard.image.mark import Pack, make_pack
from guard.image.pattern import Strength
from guard.image.rights import rewrite
from guard.image.visible_mark import VisibleMark

MAX_PIXELS = 50_000_000
"""Both encodings of more do not fit into the memory of an image worker."""
MAX_TALL = 26_000_000
"""Pixels up to which both are encoded as one: that takes 40 bytes a pixel, and an image worker of 1.5 GiB ended over
pictures of 42 megapixels. One after the other takes 22."""
MIN_SIDE = 200
"""Pixels. A smaller picture has too few chips for a proof."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
_LARGEST_SEGMENT = 60_000
_QUALITY = 90
"""For sources that are no JPEG."""
_SUBSAMPLING = {(1, 1): (0, (8, 8)), (2, 1): (1, (16, 8)), (2, 2): (2, (16, 16))}
"""What the luma is sampled with: Pillow's number for it, and the size of an MCU in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A decoded rendition."""

    planes: NDArray[np.uint8]
    """YCbCr, shape (height, width, 3), or luma alone, (height, width)."""
    tables: list[list[int]] | None
    """Quantisation tables to encode with; None for those of `_QUALITY`."""
    subsampling: int
    mcu: tuple[int, int]
    metadata: bytes
    """Marker segments that the copy keeps."""
    orientation: int
    """How it is shown: the tag's value, 1 to 8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """What of the upstream's bytes decides about the mark: a file is cleaned before copies of it are made, and the
    mark must be the same."""

    digest: bytes
    """SHA-256 of the upstream's bytes."""
    size: int
    """How many they are."""

    @classmethod
    def of(cls, data: bytes) -> "Rendition":
        """Return that of the upstream's bytes."""
        return cls(digest=sha256(data).digest(), size=len(data))


def build(
    data: bytes,
    rendition: Rendition,
    seed: bytes,
    strength: Strength | None = None,
    *,
    visible_mark: VisibleMark | None = None,
) -> Pack:
    """Make the pack of a rendition.

    Args:
        data: The file that copies are made of: the same pixels as the upstream sent, and the metadata that a copy has,
            but for private data and embedded thumbnails, which never go into a copy.
        rendition: The upstream's bytes.
        seed: What `chips.seed_of_signs` gives.
        strength: How strong the mark is.
        visible_mark: What is drawn over the picture first; None for nothing.

    Raises:
        PictureError: It is no picture of a known format, broken, too small or too large to be marked, or has four inks.
    """
    source = read(data)
    if visible_mark is not None:
        source = drawn_on(source, visible_mark, rendition)
    grid, luma, change = mark_of(source, rendition, seed, strength or Strength())
    plus, minus = pattern.both_ways(luma, change)
    encode = _tall if grid.ends_whole and grid.width * grid.height <= MAX_TALL else _apart
    head, more, less = encode(source, grid, plus, minus)
    head = jpeg_scan.with_metadata(head, source.metadata)
    return make_pack(rendition.digest, grid, head, more, less)


def mark_of(
    source: Source, rendition: Rendition, seed: bytes, strength: Strength
) -> tuple[Grid, NDArray[np.uint8], NDArray[np.int16]]:
    """Return the grid, the luma padded to whole MCUs, and what the mark adds to it (see `pattern.difference`)."""
    height, width = source.planes.shape[:2]
    grid = choose_grid(width, height, source.mcu, rendition.size)
    luma = source.planes if source.planes.ndim == 2 else source.planes[:, :, 0]
    below = grid.rows_of_mcus * grid.mcu_height - height
    beside = grid.columns_of_mcus * grid.mcu_width - width
    luma = np.pad(luma, ((0, below), (0, beside)), mode="edge")
    sides = np.frombuffer(signs(seed, grid.chips), np.uint8).astype(np.int8) * 2 - 1
    return grid, luma, pattern.difference(grid, sides, pattern.amplitude(luma, strength))


def drawn_on(source: Source, visible_mark: VisibleMark, rendition: Rendition) -> Source:
    """Return the source with a visible mark, whose place differs from rendition to rendition.

    Raises:
        PictureError: Its logo can not be read.
    """
    mode = "L" if source.planes.ndim == 2 else "YCbCr"
    image = Image.frombytes(mode, source.planes.shape[1::-1], source.planes.tobytes())
    # Upright as people see it, then back to how it is stored.
    turn = TURNS.get(source.orientation)
    shown = image if turn is None else image.transpose(turn)
    marked = visible.mark(shown, visible_mark, phase=int.from_bytes(rendition.digest[:4], "big"))
    stored = marked if turn is None else marked.transpose(_BACK.get(turn, turn))
    return replace(source, planes=np.asarray(stored))


_BACK = {
    Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
    Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
}
"""What undoes a turn; all others undo themselves."""


def read(data: bytes) -> Source:
    """Decode a rendition.

    Raises:
        PictureError: as `build` does.
    """
    with decoding():
        return _read(data)


def _read(data: bytes) -> Source:
    cleaned = rewrite(data, None, strip=True, first_alone=True)
    with Image.open(io.BytesIO(cleaned.body), formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise PictureError(f"{image.width} × {image.height} pixels are too many to be marked")
        if min(image.size) < MIN_SIDE:
            raise PictureError(f"{image.width} × {image.height} pixels are too few to be marked")
        if image.format in {"JPEG", "MPO"}:
            return _read_jpeg(image, None if cleaned.why else cleaned.body)
        image.load()
        flat = _flattened(image)
        metadata = (
            _upright(image) if cleaned.why else _as_segments(image, image.info.get("exif"), image.info.get("xmp"))
        )
        way = _orientation(image)
        if flat.mode == "L":
            return Source(
                planes=np.asarray(flat), tables=None, subsampling=0, mcu=(8, 8), metadata=metadata, orientation=way
            )
        planes = np.asarray(flat.convert("YCbCr"))
        return Source(planes=planes, tables=None, subsampling=2, mcu=(16, 16), metadata=metadata, orientation=way)


def _read_jpeg(image: ImageFile.ImageFile, cleaned: bytes | None) -> Source:
    """Read a JPEG; `cleaned` is where its metadata are taken from, None where they could not be cleaned."""
    if image.mode not in {"RGB", "L"}:
        raise PictureError(f"a JPEG of mode {image.mode} is not marked")
    layers = image.layer  # type: ignore[attr-defined]
    quantization = image.quantization  # type: ignore[attr-defined]
    tables = [list(quantization[layers[0][3]])]
    subsampling, mcu = 0, (8, 8)
    if image.mode == "RGB":
        image.draft("YCbCr", image.size)
        tables.append(list(quantization[layers[1][3]]))
        ratio = (layers[0][1] // max(1, layers[1][1]), layers[0][2] // max(1, layers[1][2]))
        subsampling, mcu = _SUBSAMPLING.get(ratio, _SUBSAMPLING[2, 2])
    metadata = _upright(image) if cleaned is None else jpeg_scan.metadata_of(cleaned)
    planes = np.asarray(image if image.mode in {"YCbCr", "L"} else image.convert("YCbCr"))
    return Source(
        planes=planes,
        tables=tables,
        subsampling=subsampling,
        mcu=mcu,
        metadata=metadata,
        orientation=_orientation(image),
    )


def _flattened(image: Image.Image) -> Image.Image:
    if image.mode in {"CMYK", "LAB", "HSV"} or image.mode.startswith(("I", "F")):
        raise PictureError(f"a picture of mode {image.mode} is not marked")
    if image.has_transparency_data:
        return on_white(image)
    return image if image.mode in {"RGB", "L"} else image.convert("RGB")


def _as_segments(image: Image.Image, exif: object, xmp: object) -> bytes:
    """Write metadata as JPEG marker segments, by encoding a pixel with them."""
    out = io.BytesIO()
    named = (("exif", exif), ("icc_profile", image.info.get("icc_profile")), ("xmp", xmp))
    extras = {name: value for name, value in named if isinstance(value, bytes) and len(value) < _LARGEST_SEGMENT}
    Image.new("L", (8, 8)).save(out, "JPEG", **extras)
    return jpeg_scan.metadata_of(out.getvalue())


def _orientation(image: Image.Image) -> int:
    try:
        way = image.getexif().get(ORIENTATION, 1)
    except Exception:  # a broken block is no reason to have no copy
        return 1
    return way if way in TURNS else 1


def _upright(image: Image.Image) -> bytes:
    """Return only what a picture needs to be shown rightly: its orientation and its colour profile."""
    exif = Image.Exif()
    exif[ORIENTATION] = _orientation(image)
    return _as_segments(image, exif.tobytes(), None)


def _tall(
    source: Source, grid: Grid, plus: NDArray[np.uint8], minus: NDArray[np.uint8]
) -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    """Encode both as one picture, with tables that are optimal for the two together."""
    height = len(plus)
    if source.planes.ndim == 2:
        tall = np.concatenate((plus, minus))[:, : grid.width]
    else:
        tall = np.empty((2 * height, grid.width, 3), np.uint8)
        tall[:height, :, 0] = plus[:, : grid.width]
        tall[height:, :, 0] = minus[:, : grid.width]
        tall[:height, :, 1:] = tall[height:, :, 1:] = _rows_filled(source.planes[:, :, 1:], height)
    scan = jpeg_scan.cut(_encoded(tall, source, grid, optimize=True))
    head = bytearray(scan.head)
    struct.pack_into(">H", head, scan.height_at, grid.height)
    return bytes(head), scan.segments[: grid.segments], scan.segments[grid.segments :]


def _apart(
    source: Source, grid: Grid, plus: NDArray[np.uint8], minus: NDArray[np.uint8]
) -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    """Encode each by itself, with the standard tables, where the last segment is shorter than the others."""
    scans = []
    for luma in (plus, minus):
        planes = luma[: grid.height, : grid.width]
        if source.planes.ndim == 3:
            planes = np.dstack((planes, source.planes[:, :, 1:]))
        scans.append(jpeg_scan.cut(_encoded(planes, source, grid, optimize=False)))
    if scans[0].head != scans[1].head:
        raise PictureError("the two encodings do not have one header")
    return scans[0].head, scans[0].segments, scans[1].segments


def _encoded(planes: NDArray[np.uint8], source: Source, grid: Grid, *, optimize: bool) -> bytes:
    image = Image.fromarray(planes) if planes.ndim == 2 else Image.fromarray(planes, "YCbCr")
    out = io.BytesIO()
    quality = {"quality": _QUALITY} if source.tables is None else {"qtables": source.tables}
    image.save(
        out, "JPEG", subsampling=source.subsampling, optimize=optimize, restart_marker_blocks=grid.restart, **quality
    )
    return out.getvalue()


def _rows_filled(planes: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    return np.pad(planes, ((0, height - len(planes)), (0, 0), (0, 0))[: planes.ndim], mode="edge")
