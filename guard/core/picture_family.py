"""Which picture does a URL show that has a size in it?

Sites that resize on demand answer any size that is asked for. All sizes of one picture are one
family; it is known by the URL without what says how large, how good and in which format.
Forms: query parameters (imgix, Shopify, Next.js, Photon), Cloudflare's `/cdn-cgi/image/`, Uploadcare's `/-/`,
Cloudinary, imgproxy, thumbor, IIIF Image API 3 (section 4), and sizes at the end of a file's name.

A URL decides nothing about what a picture is: a family only says what belongs together.
"""

import re
from urllib.parse import unquote

MAX_TARGET = 2048
"""Characters; what is longer has no family."""
MAX_PART = 200
"""Characters of a part of a path that can say a size."""

_NAMES = frozenset(
    {
        "w", "h", "width", "height", "size", "s", "sz", "resize", "fit", "crop", "rect", "dpr", "q", "quality", "qlt",
        "fm", "format", "f", "auto", "output", "scale", "maxwidth", "maxheight", "max-w", "max-h", "maxw", "maxh",
        "imwidth", "wid", "hei", "zoom", "ssl", "strip", "sharp", "blur",
    }
)  # fmt: skip
_VALUE = re.compile(
    r"!?[0-9]{0,5}(?:\.[0-9]+)?(?:[x,*:][0-9.]{0,7})*(?:px|w|h|x|%)?"
    r"|auto|avif|webp|jpe?g|png|gif|cover|contain|inside|outside|fill|crop|max|min|clip|scale|all|info"
    r"|(?:format|compress|enhance)(?:,(?:format|compress|enhance))*",
    re.IGNORECASE,
)
_IIIF = re.compile(
    r"/(?:full|square|(?:pct:)?[0-9.]+(?:,[0-9.]+){3})/(?:full|max|\^?max|\^?!?[0-9]*,[0-9]*|\^?pct:[0-9.]+)"
    r"/!?[0-9.]+/(?:default|color|gray|bitonal|native)\.[a-z0-9]+$"
)
_CLOUDFLARE = re.compile(r"/cdn-cgi/image/[^/]+")
_UPLOADCARE = re.compile(
    r"/-/(?:(?:preview|resize|smart_resize|scale_crop|crop|quality|format|stretch)(?:/(?!-/)[^/]+)*?)(?=/-/|/[^/]*$)"
)
_SIZE = re.compile(
    r"-?[0-9]{1,5}x-?[0-9]{0,5}|x[0-9]{1,5}|[0-9]{1,5}[wh]"
    r"|(?:rs|resize|s|size|w|width|h|height|mw|mh|dpr|q|quality)(?::[a-z0-9._-]*)+"
    r"|(?:[a-z]{1,3}_[a-z0-9.:]+,)*(?:w|h|dpr|q|c|f)_(?:[0-9.]+|auto|scale|fill|fit|limit|thumb|crop|pad|webp|avif|jpg|png)"
    r"(?:,[a-z]{1,3}_[a-z0-9.:]+)*"
)
"""A part of a path that says how large: thumbor's `300x200`, imgproxy's `rs:fit:300:200`, Cloudinary's `w_300`."""
_BESIDE = re.compile(
    r"(?:adaptive-|full-)*fit-in|smart|filters:.+|[0-9]+x[0-9]+:[0-9]+x[0-9]+"
    r"|(?:g|gravity|c|crop|f|format|rt|el|ex|sh|bl)(?::[a-z0-9._-]*)+"
)
"""What is said beside a size."""
_IN_NAME = re.compile(
    r"[-_](?:[0-9]{1,5}x[0-9]{0,5}|x[0-9]{1,5})(?:@[1-4]x)?(?=\.[a-z0-9]{3,4}$)|@[1-4]x(?=\.[a-z0-9]{3,4}$)"
)
_FORMAT = re.compile(r"@(?:avif|webp|jpe?g|png|gif|best)$")


def family(target: str) -> str:
    """Return the URL without its size; empty where there is none in it.

    Args:
        target: Path and query as the client sent them.
    """
    if len(target) > MAX_TARGET:
        return ""
    path, _, query = target.partition("?")
    without = "/".join(_parts(_UPLOADCARE.sub("", _CLOUDFLARE.sub("", _IIIF.sub("", unquote(path))))))
    kept = [pair for pair in query.split("&") if not _is_size(pair)] if query else []
    if without == unquote(path) and kept == (query.split("&") if query else []):
        return ""
    return f"{without}?{'&'.join(kept)}"


def _parts(path: str) -> list[str]:
    *folders, name = path.split("/")
    kept = [part for part in folders if not _is(_SIZE, part)]
    if len(kept) < len(folders):
        kept = [part for part in kept if not _is(_BESIDE, part)]
    lower = name.lower()
    for pattern in (_FORMAT, _IN_NAME):
        if (found := pattern.search(lower)) is not None:
            name, lower = name[: found.start()] + name[found.end() :], lower[: found.start()] + lower[found.end() :]
    return [*kept, name]


def _is(pattern: re.Pattern[str], part: str) -> bool:
    return len(part) <= MAX_PART and pattern.fullmatch(part.lower()) is not None


def _is_size(pair: str) -> bool:
    name, _, value = pair.partition("=")
    return unquote(name).lower() in _NAMES and _VALUE.fullmatch(unquote(value)) is not None
