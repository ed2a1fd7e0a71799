"""Is this response a picture, and how large?

A picture is what its content type *and* its first bytes say (WHATWG MIME Sniffing,
section 6.1, for the signatures that browsers know). Bytes that are a raster image
count as one whatever the content type claims, since a wrong or missing type must not
let a picture escape; a content type `image/*` over bytes of no known format still
counts, since raw files and new formats are pictures too. What is *not* a picture is
markup under an image type: an SVG has no pixels that could be marked or scaled, and an
error page is an error page.

Only the head of the body is looked at, with slices and counters; nothing is decoded,
so that the proxy can afford this for every response. Nothing here raises on any bytes.
"""

import re

from guard.core.facts import Kind, KindSource, ResponseFacts
from guard.image import frame_headers

HEAD_BYTES = 65536
"""How much of a body is worth waiting for: one EXIF segment can be 64 KiB, and most JPEG
files have their frame header behind it. Longer heads are read too."""

SVG = "image/svg+xml"
PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
MARKUP_BYTES = 8192
"""How far a tag is looked for behind comments and declarations."""

AVIF_BRANDS = frozenset({b"avif", b"avis"})
HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"})
BMP_HEADER_SIZES = frozenset({12, 40, 52, 56, 64, 108, 124})
JP2_CONTAINER = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
PLAIN_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (frame_headers.JXL_CONTAINER, "image/jxl"),
    (b"\xff\x0a", "image/jxl"),
    (JP2_CONTAINER, "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"8BPS\x00", "image/vnd.adobe.photoshop"),
    (b"FUJIFILMCCD-RAW", "image/x-fuji-raf"),
)

_SPACE = re.compile(r"[ \t\r\n\f]*")
_PROLOG = re.compile(r"<!--|<\?|(?i:<!doctype\s+(?:[a-z0-9._-]{1,32}:)?svg\b)")
_SVG_TAG = re.compile(r"<(?:[a-z0-9._-]{1,32}:)?svg[\s>/]")
_HTML_TAG = re.compile(r"<(?:html|head|body|script|iframe|title|style|table|div|meta|h1|br|p|a|b)[\s>]")


def media_type(head: bytes) -> str:
    """Name the picture format that the first bytes are, or return an empty string."""
    for signature, name in PLAIN_SIGNATURES:
        if head.startswith(signature):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _base_media_type(head)
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in BMP_HEADER_SIZES:
        return "image/bmp"
    if head[:4] == b"\x00\x00\x01\x00" and frame_headers.icon_sides(head):
        return "image/vnd.microsoft.icon"
    return SVG if _markup(head) == SVG else ""


def dimensions(head: bytes) -> tuple[int, int] | None:
    """Return width and height in stored pixels, before any orientation, or None where `head` does not tell."""
    return frame_headers.size(media_type(head), head)


def kind_of(content_type: str, head: bytes, *, complete: bool, thumbnail_side: int, display_side: int) -> ResponseFacts:
    """Say what a response is by its content type and the first bytes of its body.

    | first bytes          | content type          | kind                                  |
    |----------------------|-----------------------|---------------------------------------|
    | raster picture       | any or none           | by its longest side; unknown: IMAGE   |
    | SVG, HTML, XML, JSON | image/*               | OTHER                                 |
    | anything else        | image/svg+xml         | OTHER                                 |
    | anything else        | image/*               | IMAGE                                 |
    | anything else        | text/html             | PAGE                                  |
    | HTML                 | none                  | PAGE                                  |
    | anything else        | any other or none     | OTHER                                 |
    | none (HEAD, 304)     | image/*, text/html    | IMAGE, PAGE                           |
    | none                 | none                  | UNKNOWN, or OTHER for an empty body   |

    Args:
        content_type: The field's value as received, parameters included; empty if there was none.
        head: The first bytes of the body without content coding, ideally `HEAD_BYTES` of them.
        complete: Whether `head` is the whole body.
        thumbnail_side: Longest side of a thumbnail of this site, in pixels.
        display_side: Longest side of a picture meant to be looked at; what is larger is an original.
    """
    declared = content_type.partition(";")[0].strip().lower()
    found = media_type(head)
    if found and found != SVG:
        return _picture(dimensions(head), thumbnail_side, display_side)
    is_image = declared.startswith("image/") and declared != SVG
    if is_image:
        # Markup under an image type is an error page or a drawing, whatever the type says.
        kind = Kind.OTHER if head and _markup(head) else Kind.IMAGE
    elif declared in PAGE_TYPES or (not declared and _markup(head) == "text/html"):
        kind = Kind.PAGE
    elif not declared and not head and not complete:
        kind = Kind.UNKNOWN
    else:
        kind = Kind.OTHER
    return ResponseFacts(kind=kind, source=KindSource.RESPONSE)


def _picture(size: tuple[int, int] | None, thumbnail_side: int, display_side: int) -> ResponseFacts:
    if size is None:
        return ResponseFacts(kind=Kind.IMAGE, source=KindSource.RESPONSE)
    longest = max(size)
    kind = Kind.THUMBNAIL if longest <= thumbnail_side else Kind.IMAGE if longest <= display_side else Kind.ORIGINAL
    return ResponseFacts(kind=kind, source=KindSource.RESPONSE, width=size[0], height=size[1])


def _markup(head: bytes) -> str:
    """Return the type of a text of tags or JSON (`text/html`, SVG or `text/plain` for the rest), else ''."""
    head = head[:MARKUP_BYTES]
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = head.decode("utf-16", errors="replace")
    elif head[:3] == b"\xef\xbb\xbf":
        text = head[3:].decode("latin-1")
    else:
        # Latin-1 never fails, and every tag that matters is ASCII.
        text = head.decode("latin-1")
    start = _after_prolog(text)
    if text[start : start + 1] in {"{", "["}:
        return "text/plain"
    if text[start : start + 1] != "<":
        return ""
    tag = text[start : start + 64].lower()
    if _SVG_TAG.match(tag):
        return SVG
    return "text/html" if tag.startswith("<!doctype html") or _HTML_TAG.match(tag) else "text/plain"


def _after_prolog(text: str) -> int:
    """Skip white space, an XML declaration, comments and a document type that is SVG's."""
    position = 0
    while True:
        position = _SPACE.match(text, position).end()  # type: ignore[union-attr]  # it matches the empty string too
        found = _PROLOG.match(text, position)
        if found is None:
            return position
        end = text.find({"<!--": "-->", "<?": "?>"}.get(found[0], ">"), position)
        # Drawing programs put entities into the document type: `<!DOCTYPE svg … [ <!ENTITY …> ]>`.
        subset = text.find("[", position, end)
        if found[0] not in {"<!--", "<?"} and subset >= 0:
            end = text.find(">", max(text.find("]", subset), position))
        if end < 0:
            return position
        position = text.index(">", end) + 1


def _base_media_type(head: bytes) -> str:
    """Tell AVIF, HEIC and CR3 from films by the brands of the file type box (ISO/IEC 14496-12, section 4.3)."""
    length = min(max(int.from_bytes(head[:4], "big"), 16), 256)
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, length, 4))}
    if brands & AVIF_BRANDS:
        return "image/avif"
    if brands & HEIC_BRANDS:
        return "image/heic"
    return "image/x-canon-cr3" if b"crx " in brands else ""
