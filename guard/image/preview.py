"""What does a client get that may see the picture, but not have it?

A small copy: upright, in the format family of the source, without the private data of the
original (places, serial numbers, thumbnails, comments), with what it says about its rights,
and with a visible mark if the policy asks for one.

Everything here runs in an image worker: the bytes are hostile, decoders have faults, and
the worker's limits on memory and time are the second wall behind the limits below.
"""

import contextlib
import io
import zlib
from dataclasses import replace

import numpy as np
from PIL import Image, ImageCms, ImageFile, IptcImagePlugin, PngImagePlugin

from guard.errors import PictureError
from guard.image import metadata, visible
from guard.image.decoding import ORIENTATION, TURNS, decoding, on_white
from guard.image.formats import JPEG, PNG, WEBP
from guard.image.jobs import MAX_BODY, Preview
from guard.image.metadata import Rights
from guard.image.visible_mark import VisibleMark

MAX_PIXELS = 100_000_000
"""The largest sensors that photographers publish from have 100 megapixels; decoded as RGBA that is 400 MB,
which the worker's memory limit carries (but for WebP: its decoder keeps several copies, and ends below 100)."""
MAX_INPUT = MAX_BODY
MAX_PNG = 256 * 1024
"""An opaque PNG preview larger than this is a photograph, and becomes a JPEG."""
MAX_PROFILE = 64 * 1024
"""A display profile has 0.5 to 4 KiB. A larger one is worked into the pixels instead of weighing down every preview."""
QUALITY = 85

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP")
"""Decoders that may run (JPEG brings MPO, its form with several pictures); the other 40 that Pillow has are
only attack surface here."""

# One number for both of Pillow's limits: what is over it never gets decoded.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

_ARTIST, _COPYRIGHT = 0x013B, 0x8298
_IIM_BYLINE, _IIM_NOTICE, _IIM_CREDIT = (2, 80), (2, 116), (2, 110)


def preview(data: bytes, *, longest_side: int, visible_mark: VisibleMark | None) -> Preview:
    """Return a copy of `data` of at most `longest_side` pixels; a smaller picture keeps its size.

    JPEG stays JPEG, PNG stays PNG unless it is opaque and large, WebP stays WebP; everything
    else becomes JPEG. Of an animation the first frame is taken. CMYK becomes sRGB, 16 bits
    become 8, transparency is laid on white where the result has none.

    Raises:
        PictureError: The bytes are no picture of a known format, truncated, or over a limit.
    """
    if len(data) > MAX_INPUT:
        raise PictureError(f"a picture of {len(data)} bytes is over the limit of {MAX_INPUT}")
    if longest_side < 1:
        raise PictureError(f"a preview of {longest_side} pixels has none")
    with decoding():
        return _preview(data, longest_side, visible_mark)


def _preview(data: bytes, longest_side: int, visible_mark: VisibleMark | None) -> Preview:
    with Image.open(io.BytesIO(data), formats=FORMATS) as source:
        if source.width * source.height > MAX_PIXELS:
            raise PictureError(f"{source.width} × {source.height} pixels are over the limit of {MAX_PIXELS}")
        family = source.format or ""
        if family in {"JPEG", "MPO"}:
            # The decoder can leave out detail that the small copy loses anyway; twice the size keeps it crisp.
            scale = min(1.0, 2 * longest_side / max(source.size))
            source.draft(None, (max(1, round(source.width * scale)), max(1, round(source.height * scale))))
        source.load()
        rights = _rights(source)
        profile = source.info.get("icc_profile")
        profile = profile if isinstance(profile, bytes) else b""
        image, profile = _plain(source, profile)
        # Nothing of the source's metadata may reach an encoder by itself.
        image.info = {}
        # Scaling comes first: turning a small picture costs nothing.
        image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
        turn = TURNS.get(_exif_of(source).get(ORIENTATION, 1))
        image = image if turn is None else image.transpose(turn)
    if visible_mark is not None:
        # The phase differs from picture to picture: a mark that is always at the same place can be
        # estimated from many pictures and removed (Dekel et al., CVPR 2017).
        image = visible.mark(image, visible_mark, phase=zlib.crc32(data))
    return _encode(image, family, profile, rights)


def _plain(image: Image.Image, profile: bytes) -> tuple[Image.Image, bytes]:
    """Return the picture in L, LA, RGB or RGBA with 8 bits, and the profile that is right for it."""
    if image.mode in {"CMYK", "LAB", "YCbCr", "HSV"}:
        return _to_srgb(image, profile), b""
    if image.mode.startswith("I") or image.mode == "F":
        image = _eight_bits(image)
    elif image.has_transparency_data:
        image = image.convert("LA" if image.mode in {"L", "LA", "1"} else "RGBA")
    elif image.mode not in {"L", "RGB"}:
        image = image.convert("L" if image.mode == "1" else "RGB")
    space = b"GRAY" if image.mode in {"L", "LA"} else b"RGB "
    if profile[16:20] != space:
        return image, b""
    if len(profile) > MAX_PROFILE:
        return (_to_srgb(image, profile) if image.mode == "RGB" else image), b""
    return image, profile


def _eight_bits(image: Image.Image) -> Image.Image:
    """Reduce a grey picture of 16 or 32 bits to 8; 32 bits have no agreed white, so their own range is taken."""
    pixels = np.asarray(image)
    if image.mode.startswith("I;16"):
        return Image.fromarray((pixels >> 8).astype(np.uint8))
    pixels = np.nan_to_num(pixels.astype(np.float32))
    low, high = float(pixels.min()), float(pixels.max())
    return Image.fromarray(((pixels - low) * (255 / max(high - low, 1e-9))).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert by the embedded profile, or without one by the plain formula."""
    if image.mode == "LAB" and not profile:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            result = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            # A damaged profile, or one of another colour space than the pixels.
            result = None
        if result is not None:
            return result
    return image.convert("RGB")


def _exif_of(source: Image.Image) -> Image.Exif:
    """Return the EXIF fields; none where they can not be read, which is no reason to have no picture."""
    try:
        return source.getexif()
    except Exception:
        return Image.Exif()


def _rights(source: ImageFile.ImageFile) -> Rights:
    """Collect what the picture says about its rights from XMP, then EXIF, IPTC-IIM and PNG texts."""
    packet = source.info.get("xmp", b"")
    rights = metadata.read(packet if isinstance(packet, bytes) else str(packet).encode())
    exif = _exif_of(source)
    notices = [_exif_text(exif.get(_COPYRIGHT))]
    artists = [_exif_text(exif.get(_ARTIST))]
    credit = ""
    if source.format in {"JPEG", "MPO", "TIFF"}:
        fields = IptcImagePlugin.getiptcinfo(source) or {}
        notices.append(_iim_text(fields.get(_IIM_NOTICE)))
        artists.append(_iim_text(fields.get(_IIM_BYLINE)))
        credit = _iim_text(fields.get(_IIM_CREDIT))
    elif source.format == "PNG":
        notices.append(str(source.info.get("Copyright", "")))
        artists.append(str(source.info.get("Author", "")))
    notice = rights.notice or next(filter(None, notices), "")
    artist = next(filter(None, artists), "")
    return replace(
        rights,
        notice=notice[: metadata.MAX_VALUE],
        creators=rights.creators or ((artist[: metadata.MAX_VALUE],) if artist else ()),
        credit=rights.credit or credit[: metadata.MAX_VALUE],
    )


def _exif_text(value: object) -> str:
    """Return an EXIF text: Pillow reads Latin-1, cameras and editors write UTF-8 (MWG guidelines, section 2)."""
    if not isinstance(value, str):
        return ""
    with contextlib.suppress(UnicodeEncodeError, UnicodeDecodeError):
        value = value.encode("latin-1").decode("utf-8")
    return value.replace("\x00", " ").strip()


def _iim_text(value: bytes | list[bytes] | None) -> str:
    data = value[0] if isinstance(value, list) and value else value
    return _exif_text(data.decode("latin-1")) if isinstance(data, bytes) else ""


def _encode(image: Image.Image, family: str, profile: bytes, rights: Rights) -> Preview:
    exif, packet = _exif(rights), metadata.packet(rights)
    transparent = image.mode in {"LA", "RGBA"} and image.getchannel("A").getextrema() != (255, 255)
    if image.mode in {"LA", "RGBA"} and not (transparent and family in {"PNG", "WEBP"}):
        image = on_white(image, "L" if image.mode == "LA" else "RGB")
    out = io.BytesIO()
    icc = profile or None
    if family == "WEBP":
        image.save(out, "WEBP", quality=QUALITY, method=4, icc_profile=icc, exif=exif, xmp=packet)
        return _result(out, WEBP, image)
    if family == "PNG":
        text = PngImagePlugin.PngInfo()
        if packet:
            text.add_itxt("XML:com.adobe.xmp", packet.decode())
        image.save(out, "PNG", icc_profile=icc, exif=exif, pnginfo=text)
        if transparent or out.tell() <= MAX_PNG:
            return _result(out, PNG, image)
        out = io.BytesIO()
    # A JPEG segment holds 64 KiB, far more than the values that are kept.
    image.save(out, "JPEG", quality=QUALITY, optimize=True, icc_profile=icc, exif=exif, xmp=packet)
    return _result(out, JPEG, image)


def _result(out: io.BytesIO, media_type: str, image: Image.Image) -> Preview:
    return Preview(body=out.getvalue(), media_type=media_type, width=image.width, height=image.height)


def _exif(rights: Rights) -> bytes:
    """Return an EXIF block of artist and copyright alone, in UTF-8."""
    exif = Image.Exif()
    if rights.creators:
        exif[_ARTIST] = "; ".join(rights.creators).encode()
    if rights.notice:
        exif[_COPYRIGHT] = rights.notice.encode()
    return exif.tobytes() if rights.creators or rights.notice else b""
