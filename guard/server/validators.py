"""Does the client have these bytes already, or does it want a part of them?

RFC 9110, sections 13 and 14, for a body that is in memory and has a strong entity tag.
"""

import re
from dataclasses import dataclass

from guard.core.facts import RequestFacts
from guard.server.headers import Headers

_OPAQUE = re.compile(r'(?:W/)?("[^"]*")')
_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to answer with."""

    status: int
    """200, 206, 304, 412 or 416."""
    start: int = 0
    end: int = 0
    """Behind the last byte; for 206 only."""

    def part(self, body: bytes) -> bytes:
        """Return what of the whole `body` is sent."""
        match self.status:
            case 200:
                return body
            case 206:
                return body[self.start : self.end]
            case _:
                return b""

    def length(self, whole: int) -> int:
        """Return how many bytes that is, given the whole body's length; a HEAD request has the length alone."""
        return {200: whole, 206: self.end - self.start}.get(self.status, 0)

    def headers(self, length: int) -> Headers:
        """Return what is said about the part, given the whole body's length."""
        match self.status:
            case 206:
                return (("Content-Range", f"bytes {self.start}-{self.end - 1}/{length}"),)
            case 416:
                return (("Content-Range", f"bytes */{length}"),)
            case _:
                return ()


def names(field: str, tag: str) -> bool:
    """Tell whether the value of If-None-Match or If-Match names the tag (weak comparison) or says `*`."""
    return field.strip() == "*" or tag in _OPAQUE.findall(field)


def wanted(facts: RequestFacts, tag: str, length: int) -> Wanted:
    """Return what a request wants of `length` bytes with the strong entity tag `tag`; other methods than GET and
    HEAD, the whole.

    Several ranges at once are answered with the whole, as section 14.2 permits.
    """
    if facts.method not in ("GET", "HEAD"):
        return Wanted(status=200)
    if (condition := facts.header("if-match")) and not names(condition, tag):
        return Wanted(status=412)
    if (condition := facts.header("if-none-match")) and names(condition, tag):
        return Wanted(status=304)
    span = _RANGE.fullmatch(facts.header("range"))
    if span is None or facts.method != "GET" or not (span[1] or span[2]):
        return Wanted(status=200)
    # A date is no strong validator of bytes that we have changed.
    if (condition := facts.header("if-range")) and condition.strip() != tag:
        return Wanted(status=200)
    if span[1]:
        start = int(span[1])
        end = min(int(span[2]) + 1, length) if span[2] else length
        if span[2] and int(span[2]) < start:
            return Wanted(status=200)
    else:
        start, end = max(length - int(span[2]), 0), length
    if start >= length or start >= end:
        return Wanted(status=416)
    return Wanted(status=206, start=start, end=end)
