"""Does a head say something plain, which every reader takes for the same?

Only what is positively known is read here. It is a grammar and no parser: a head that does not match it as a whole is
not repaired, not skipped and not guessed at, but left to the HTTP library (RFC 9112, sections 3 to 6). No quantifier
can take what the next one could, so a match takes time in proportion to the length.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

LARGEST = 16 << 10
"""Bytes of a head; larger ones are left to the library, which has its own limits."""
MOST_FIELDS = 100

Fields = tuple[tuple[bytes, bytes], ...]

_FIELDS = rb"(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]++:[\t\x20-\x7e\x80-\xff]*+)*+"
_REQUEST = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) (/[\x21\x22\x24-\x7e]*+|https?://[\x21\x22\x24-\x7e]++) HTTP/1\.1" + _FIELDS
)
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


def request(head: bytes) -> RequestHead:  # noqa: PLR0912  # a line for each field that says where it ends
    """Read the head of a request, without the empty line at its end."""
    match = _REQUEST.fullmatch(head) if len(head) <= LARGEST else None
    if match is None:
        return NOT_PLAIN
    fields = _split(head)
    method, target = match.groups()
    if len(fields) > MOST_FIELDS or method == b"CONNECT":
        return NOT_PLAIN
    hosts, close, length, here = 0, False, 0, target[0] == 47 and method in (b"GET", b"HEAD")
    lengths = 0
    for name, value in fields:
        match len(name):
            case 4 if name.lower() == b"host":
                hosts += 1
                if not _HOST.fullmatch(value):
                    return NOT_PLAIN
            case 6 if name.lower() == b"expect":
                here = False
            case 7 if name.lower() == b"upgrade":
                return NOT_PLAIN
            case 10 if name.lower() == b"connection":
                if (token := value.lower()) == b"close":
                    close = True
                elif token not in _KEPT:
                    here = False
            case 14 if name.lower() == b"content-length":
                if not _LENGTH.fullmatch(value):
                    return NOT_PLAIN
                here, length = False, int(value)
                lengths += 1
            case 17 if name.lower() == b"transfer-encoding":
                return NOT_PLAIN
    if hosts != 1 or lengths > 1:
        return NOT_PLAIN
    return RequestHead(
        Way.HERE if here else Way.COUNTED, method.decode("ascii"), target.decode("ascii"), fields, close, length
    )


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
    text = "\r\n".join((first, *[f"{name}: {value}" for name, value in lines]))
    if not text.count("\n") == text.count("\r") == len(lines) or "\0" in text:
        raise ValueError("a header line holds a line break")
    # A byte that is no UTF-8 is left out, as the other lane leaves it out.
    return text.encode("utf-8", "ignore") + b"\r\n\r\n"
