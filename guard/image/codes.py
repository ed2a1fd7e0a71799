"""By which numbers is a picture known, wherever a copy of it turns up?

Digests find the same file; the pixel digest also finds it after its metadata were changed;
perceptual hashes and the ISCC code find copies that were scaled or compressed anew. How each is
made is said here, so that others can make the same:

- `pixels_sha256`: SHA-256 of the first frame as 8-bit RGB, row by row from the top left, as
  decoded: not turned by the orientation tag, colour profile not applied, transparency dropped.
  Decoders of JPEG may differ in the last bit, and then so does the digest.
- `phash`, `dhash`: ImageHash's `phash` and `dhash` with their defaults, 64 bits each.
- `iscc`: the ISCC Content-Code Image (ISO 24138), 64 bits, of 32 by 32 grey values: turned
  upright, laid on white, borders of one colour cut off, scaled bicubically; as iscc-sdk does.
"""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import md5, sha256
from typing import Any, Final, TypeVar

from PIL import Image, ImageChops, ImageOps, UnidentifiedImageError

from guard.errors import PictureError
from guard.image.decoding import on_white
from guard.image.preview import FORMATS, MAX_INPUT, MAX_PIXELS

T = TypeVar("T")
_GREY_SIDE: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What a file and its picture are known by; digests and hashes in small hexadecimal digits."""

    sha256: str
    md5: str
    pixels_sha256: str
    phash: str
    dhash: str
    iscc: str
    width: int
    height: int
    media_type: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """What a picture is, decoded."""

    sha256: str
    """`pixels_sha256`, as above."""
    width: int
    height: int
    media_type: str


def pixels(data: bytes) -> Pixels:
    """Return the digest of a picture's pixels and its size; needs no further library.

    Raises:
        PictureError: The bytes are no picture of a known format, truncated, or over a limit.
    """
    return _decoded(data, _pixels)


def codes(data: bytes, imagehash: Any, iscc_core: Any) -> Codes:
    """Return the codes of a picture file; `imagehash` and `iscc_core` are these modules.

    Raises:
        PictureError: The bytes are no picture of a known format, truncated, or over a limit.
    """
    return _decoded(data, lambda whole: _codes(whole, imagehash, iscc_core))


def _decoded(data: bytes, work: Callable[[bytes], T]) -> T:
    if len(data) > MAX_INPUT:
        raise PictureError(f"a file of {len(data):,} bytes is over the limit of {MAX_INPUT:,}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return work(data)
    except UnidentifiedImageError:
        raise PictureError("not a picture of a known format") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"a picture of more than {MAX_PIXELS:,} pixels") from None
    except PictureError:
        raise
    except Exception as error:  # decoders raise what they like for damaged files
        raise PictureError(f"can not be decoded: {str(error)[:200] or type(error).__name__}") from None


def _pixels(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        media_type = Image.MIME.get(picture.format or "", "application/octet-stream")
        rgb = picture.convert("RGB")
    return Pixels(
        sha256=sha256(rgb.tobytes()).hexdigest(),
        width=rgb.width,
        height=rgb.height,
        media_type="image/jpeg" if media_type == "image/mpo" else media_type,
    )


def _codes(data: bytes, imagehash: Any, iscc_core: Any) -> Codes:
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        media_type = Image.MIME.get(picture.format or "", "application/octet-stream")
        picture.load()
        rgb = picture.convert("RGB")
        grey = grey_values(picture)
    return Codes(
        sha256=sha256(data).hexdigest(),
        md5=md5(data, usedforsecurity=False).hexdigest(),
        pixels_sha256=sha256(rgb.tobytes()).hexdigest(),
        phash=str(imagehash.phash(rgb)),
        dhash=str(imagehash.dhash(rgb)),
        iscc=str(iscc_core.gen_image_code(grey)["iscc"]),
        width=rgb.width,
        height=rgb.height,
        media_type="image/jpeg" if media_type == "image/mpo" else media_type,
        bytes=len(data),
    )


def grey_values(picture: Image.Image) -> list[int]:
    """Return the 1024 grey values that an ISCC code is made of, row by row."""
    upright = ImageOps.exif_transpose(picture) or picture
    if upright.has_transparency_data:
        upright = on_white(upright)
    rgb = upright.convert("RGB")
    difference = ImageChops.difference(rgb, Image.new("RGB", rgb.size, rgb.getpixel((0, 0))))
    box = ImageChops.add(difference, difference).getbbox()
    trimmed = rgb.crop(box) if box else rgb
    small = trimmed.convert("L").resize((_GREY_SIDE, _GREY_SIDE), Image.Resampling.BICUBIC)
    return list(small.tobytes())
