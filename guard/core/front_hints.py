"""What does the front server tell of the client's connection?

TLS ends at the front server, so only it knows the client's greeting. It may pass on the JA4 print of it
(FoxIO-LLC/ja4, technical_details/JA4.md), the TLS version and the HTTP version, each in a header field that the
settings name. Such a line is believed from a trusted peer only, and only if it stands alone; nobody sees it after that.
"""

import re
from dataclasses import dataclass
from typing import Final

Headers = tuple[tuple[str, str], ...]

_TLS = re.compile(r"tls ?v?1(?:\.([0-3]))?|1\.([0-3])", re.ASCII | re.IGNORECASE)
_HTTP = re.compile(r"(?:http/|h)?([123])(?:\.[01])?", re.ASCII | re.IGNORECASE)
JA4 = re.compile(r"[tqd](..)[di]\d{4}(..)_[0-9a-f]{12}_[0-9a-f]{12}", re.ASCII)
"""Its groups are the highest TLS version that the client offers, and first and last letter of its first ALPN value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HintFields:
    """Which header fields hold what; lower case, empty for none."""

    ja4: str = ""
    tls: str = ""
    http: str = ""

    def __bool__(self) -> bool:
        return bool(self.ja4 or self.tls or self.http)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontHints:
    """What a trusted front server said about one request's connection."""

    ja4: str = ""
    """Empty where it is not told."""
    tls: int = 0
    """The TLS version in use: 10 to 13; 0 where it is not told."""
    http: int = 0
    """The HTTP version in use: 1 to 3; 0 where it is not told."""


NO_HINTS: Final = FrontHints()


def take(fields: HintFields, headers: Headers, *, trusted: bool) -> tuple[Headers, FrontHints]:
    """Return the header lines without hints, and what those say if they come from a trusted peer.

    Lines of a name that several have, and values that nobody understands, say nothing.
    """
    if not fields:
        return headers, NO_HINTS
    names = {fields.ja4, fields.tls, fields.http}
    hints = [line for line in headers if line[0].lower() in names]
    if not hints:
        return headers, NO_HINTS
    kept = tuple(line for line in headers if line[0].lower() not in names)
    if not trusted:
        return kept, NO_HINTS
    ja4, tls, http = (_only(hints, name) for name in (fields.ja4, fields.tls, fields.http))
    return kept, FrontHints(
        ja4=ja4 if JA4.fullmatch(ja4) else "",
        tls=10 + int(match[1] or match[2] or 0) if (match := _TLS.fullmatch(tls)) else 0,
        http=int(match[1]) if (match := _HTTP.fullmatch(http)) else 0,
    )


def _only(lines: list[tuple[str, str]], name: str) -> str:
    values = [value.strip() for key, value in lines if key.lower() == name]
    return values[0] if len(values) == 1 else ""
