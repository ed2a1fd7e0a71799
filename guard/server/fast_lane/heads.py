"""Does a head say something plain, which every reader takes for the same?

Only what is positively known is read here. It is a grammar and no parser: a head that does not match it as a whole is
not repaired, not skipped and not guessed at, but left to the HTTP library (RFC 9112, sections 3 to 6). No quantifier
can take what the next one could, so a match takes time in proportion to the length.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from guard.core.facts import HeaderLines

LARGEST = 16 << 10
"""Bytes of a head; larger ones are left to the library, which has its own limits."""
MOST_FIELDS = 100
REMEMBERED = 1024
"""Sets of lines of requests, which are read once for as long as they come again."""
REMEMBERED_BYTES = 2048
"""Of one of them."""

Fields = tuple[tuple[bytes, bytes], ...]

_FIELDS = rb"(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]++:[\t\x20-\x7e\x80-\xff]*+)*+"
_ASKED = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) (/[\x21\x22\x24-\x7e]*+|https?://[\x21\x22\x24-\x7e]++) HTTP/1\.1"
)
_LINES = re.compile(_FIELDS)
_RESPONSE = re.compile(rb"HTTP/1\.1 ([2-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*+)" + _FIELDS)
_BEGINNING = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}(?: |\Z)")
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_KEPT = frozenset({b"", b"keep-alive"})
_BODILESS = frozenset({204, 304})


class Way(Enum):
    """Who answers a request."""

    HERE = auto()
    COUNTED = auto()
    """The library, but where the request ends is certain: what follows is a request again."""
    LIBRARY = auto()
    """The library, and all that follows on the connection too."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The head of a request that is plain, or at least ends where everybody says."""

    way: Way
    method: str = ""
    target: str = ""
    fields: Fields = ()
    close: bool = False
    """The client asks for no more than this."""
    length: int = 0
    """Bytes of the body."""


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The head of an answer that has a length, or no body."""

    status: int
    reason: str
    fields: Fields
    close: bool
    length: int


NOT_PLAIN = RequestHead(Way.LIBRARY)


@dataclass(frozen=True, slots=True)
class _Lines:
    """What the lines of a request say that are not its first: where it ends, and whether that is it."""

    fields: Fields
    here: bool
    close: bool
    length: int


def request(head: bytes) -> RequestHead:
    """Read the head of a request, without the empty line at its end."""
    if len(head) > LARGEST:
        return NOT_PLAIN
    end = head.find(b"\r\n")
    first, rest = (head, b"") if end < 0 else (head[:end], head[end:])
    match = _ASKED.fullmatch(first)
    lines = (_lines if len(rest) <= REMEMBERED_BYTES else _lines.__wrapped__)(rest)
    if match is None or lines is None:
        return NOT_PLAIN
    method, target = match.groups()
    if method == b"CONNECT":
        return NOT_PLAIN
    here = lines.here and target[0] == 47 and method in (b"GET", b"HEAD")
    way = Way.HERE if here else Way.COUNTED
    return RequestHead(way, method.decode("ascii"), target.decode("ascii"), lines.fields, lines.close, lines.length)


@lru_cache(maxsize=REMEMBERED)
def _lines(rest: bytes) -> _Lines | None:
    """Read the lines below the first; None if they are not plain. A page's pictures come with the same."""
    fields = _split(rest) if _LINES.fullmatch(rest) else ()
    if not 0 < len(fields) <= MOST_FIELDS:
        return None
    hosts = lengths = length = 0
    here, close = True, False
    for name, value in fields:
        match len(name):
            case 4 if name.lower() == b"host":
                hosts += 1
                if not _HOST.fullmatch(value):
                    return None
            case 6 if name.lower() == b"expect":
                here = False
            case 7 if name.lower() == b"upgrade":
                return None
            case 10 if name.lower() == b"connection":
                if (token := value.lower()) == b"close":
                    close = True
                elif token not in _KEPT:
                    here = False
            case 14 if name.lower() == b"content-length":
                if not _LENGTH.fullmatch(value):
                    return None
                here, length = False, int(value)
                lengths += 1
            case 17 if name.lower() == b"transfer-encoding":
                return None
    return _Lines(fields, here, close, length) if hosts == 1 and lengths <= 1 else None


def may_become_one(data: bytes) -> bool:
    """Tell whether these bytes can be the beginning of a head that is plain."""
    return len(data) <= LARGEST and _BEGINNING.match(data) is not None and data.count(b"\n") == data.count(b"\r\n")


def response(head: bytes, method: str) -> ResponseHead | None:
    """Read the head of an answer to a GET or HEAD request, without the empty line at its end; None if it is not plain.

    What has a body must tell its length.
    """
    match = _RESPONSE.fullmatch(head) if len(head) <= LARGEST else None
    if match is None:
        return None
    fields = _split(head)
    if len(fields) > MOST_FIELDS:
        return None
    lengths, close = [], False
    for name, value in fields:
        match len(name):
            case 7 if name.lower() == b"upgrade":
                return None
            case 10 if name.lower() == b"connection":
                close = close or value.lower() not in _KEPT
            case 14 if name.lower() == b"content-length":
                lengths.append(value)
            case 17 if name.lower() == b"transfer-encoding":
                return None
    if len(lengths) > 1 or (lengths and not _LENGTH.fullmatch(lengths[0])):
        return None
    status = int(match[1])
    if method == "HEAD" or status in _BODILESS:
        length = 0
    elif lengths:
        length = int(lengths[0])
    else:
        return None
    return ResponseHead(status, match[2].decode("utf-8", "surrogateescape"), fields, close, length)


def _split(head: bytes) -> Fields:
    """Return the fields of a head that matches, without the white space around their values."""
    lines: Sequence[bytes] = head.split(b"\r\n")
    return tuple([(name, value.strip(b" \t")) for name, _, value in [line.partition(b":") for line in lines[1:]]])


def written(first: str, lines: Sequence[tuple[str, str]]) -> bytes:
    """Return a head as bytes, its empty line included.

    Raises:
        ValueError: Something in it would end a line, and begin another one.
    """
    if "\n" in first or "\r" in first or "\0" in first:
        raise ValueError("the first line holds a line break")
    rest = lines.once("written", None, lambda: _written(lines)) if type(lines) is HeaderLines else _written(lines)
    return first.encode("utf-8", "ignore") + rest


def _written(lines: Sequence[tuple[str, str]]) -> bytes:
    text = "\r\n".join(("", *[f"{name}: {value}" for name, value in lines]))
    if not text.count("\n") == text.count("\r") == len(lines) or "\0" in text:
        raise ValueError("a header line holds a line break")
    # A byte that is no UTF-8 is left out, as the other lane leaves it out.
    return text.encode("utf-8", "ignore") + b"\r\n\r\n"
