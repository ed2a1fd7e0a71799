r"""How is a line of a text log taken apart, and its escapes undone?

Common and Combined, as nginx, Apache and Traefik write them. Whoever asks chooses most of the
line, so every pattern here takes linear time.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

# A possessive quantifier takes everything at once and gives nothing back: no line can make a match slow.
_QUOTED = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
TEXT_LINE = re.compile(
    # Apache's vhost_combined has the host in front of the address. A user name may hold blanks.
    r'(?:([^\s"]{1,260}+) (?=[0-9A-Fa-f]*+[.:][0-9A-Fa-f.:]*+ ))?([^\s"]{1,260}) [^\s"]{1,64} [^"\[]{1,256}'
    r'\[([^\]"]{1,64})\] ' + _QUOTED + r" (\d{3}|-) (\d{1,18}|-)(?: " + _QUOTED + " " + _QUOTED + r")?(?=\s|$)",
    re.DOTALL,
)
"""Groups: host, address, time, request, status, size, referer, user agent; host, referer and user agent may be None."""


def said(text: str) -> str:
    """Return a field without escapes, and nothing for `-`."""
    return "" if text == "-" else unescaped(text)


_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_CONTROLS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def unescaped(text: str) -> str:
    """Return the text of the bytes that were sent."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_byte, text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),)) if match[1] else _CONTROLS.get(match[2], match[2])


def request_line(text: str) -> tuple[str, str, str]:
    """Return method, target and version; three empty texts for what is no request (a TLS greeting, say)."""
    method, _, rest = text.partition(" ")
    target, separator, protocol = rest.rpartition(" ")
    if not separator or not protocol.startswith("HTTP/"):
        target, protocol = rest, ""  # HTTP/0.9, or a version that the log leaves out
    if not target or not method.isascii() or not method.replace("-", "").isalpha():
        return "", "", ""
    return method, target, protocol.removeprefix("HTTP/")


_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLF_TIME = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", re.ASCII)


@lru_cache(maxsize=4096)
def clf_time(text: str) -> datetime | None:
    """Read `10/Oct/2026:13:55:36 -0700`. Remembered, since a busy second has many lines."""
    match = _CLF_TIME.fullmatch(text)
    if match is None:
        return None
    offset = timedelta(hours=int(match[8]), minutes=int(match[9]))
    try:
        zone = timezone(-offset if match[7] == "-" else offset)
        day, year, hour, minute, second = (int(match[group]) for group in (1, 3, 4, 5, 6))
        local = datetime(year, _MONTHS.index(match[2]), day, hour, minute, min(second, 59), tzinfo=zone)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
