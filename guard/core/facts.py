"""What is known about one request before anybody judges it?

Facts are values. Nothing here looks at a clock, a socket or a rule.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeVar

from guard.core.front_hints import NO_HINTS, FrontHints

IPAddress = IPv4Address | IPv6Address
T = TypeVar("T")


class Kind(StrEnum):
    """What the resource is, by its content type and first bytes, never by its URL."""

    __hash__ = str.__hash__  # asked for with every request, and that of Enum is slow

    PAGE = "page"
    THUMBNAIL = "thumbnail"
    IMAGE = "image"
    """A picture up to the site's display size, or one whose size the first bytes do not tell."""
    ORIGINAL = "original"
    """A picture larger than the site's display size."""
    OTHER = "other"
    UNKNOWN = "unknown"
    """Nobody has seen the resource yet."""

    @property
    def is_picture(self) -> bool:
        return self in PICTURES


PICTURES = frozenset({Kind.THUMBNAIL, Kind.IMAGE, Kind.ORIGINAL})


class KindSource(StrEnum):
    """How the kind is known: from this response, or from the last one seen at the URL."""

    RESPONSE = "response"
    REMEMBERED = "remembered"


class AddressSource(StrEnum):
    """Where the client's address was read."""

    PEER = "peer"
    HEADER = "header"
    PROXY_PROTOCOL = "proxy_protocol"
    """A trusted front server that passes on bytes has said it before the first of them."""
    PEER_HEADER_UNUSABLE = "peer_header_unusable"
    """A trusted front server sent no address or an unparsable one, so the peer's stands in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAddress:
    """The client's address and how it was found."""

    address: IPAddress | None
    """None only behind a unix socket whose front server sent nothing usable."""
    port: int
    """0 where it is not known (a forwarding header usually names none)."""
    source: AddressSource
    peer: str
    """Who opened the connection, as text: an address, or `unix`."""
    chain: str = ""
    """The forwarding header as received, all lines joined by `, `; empty if there was none."""


class HeaderLines(tuple[tuple[str, str], ...]):
    """Header lines that come again and again: with them is kept what was made of them. Equal to a plain tuple."""

    first: dict[str, str]
    """The first value of each name (lower case)."""
    _made: dict[str, tuple[object, Any]]

    def __new__(cls, lines: Iterable[tuple[str, str]]) -> "HeaderLines":
        made = super().__new__(cls, lines)
        made.first = {name.lower(): value for name, value in reversed(made)}
        made._made = {}
        return made

    def once(self, what: str, about: object, make: Callable[[], T]) -> T:
        """Return what `make` makes of these lines and of what `about` equals; what it made last, if that was the same.

        Args:
            what: Names it; each has one maker.
        """
        kept = self._made.get(what)
        if kept is None or kept[0] != about:
            kept = self._made[what] = about, make()
        made: T = kept[1]
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """One request as the client sent it, before any rule has looked at it."""

    at: datetime
    """When the head of the request was complete. Aware, in UTC."""
    site: str
    """The `host` of the configured site that answers."""
    scheme: str
    """`http` or `https`, as the client used it."""
    authority: str
    """The authority of an absolute-form target, else the Host field, port included; empty if there is none."""
    host: str
    """`authority` in lower case, without port."""
    method: str
    target: str
    """The request target as received: path and query, never absolute-form."""
    path: str
    """The path of `target`, canonical: dot segments and empty segments resolved, unreserved
    characters decoded. Rules match on this; the upstream gets `target`."""
    version: str
    """`1.0` or `1.1`."""
    headers: tuple[tuple[str, str], ...]
    """All header lines in the order received, names as received; without those that only a front server may write."""
    client: ClientAddress
    hints: FrontHints = NO_HINTS
    """What a trusted front server said about the client's connection."""

    def header(self, name: str) -> str:
        """Return the first value of the field `name` (lower case), or an empty string."""
        lines = self.headers
        if type(lines) is HeaderLines:
            return lines.first.get(name, "")
        length = len(name)
        for key, value in lines:
            if len(key) == length and key.lower() == name:
                return value
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFacts:
    """What a response's head and first bytes tell about the resource."""

    kind: Kind
    source: KindSource
    width: int = 0
    """Pixels; 0 where the first bytes do not tell."""
    height: int = 0
    """Pixels; 0 likewise."""
    hands_off: bool = False
    """The upstream marks the response `private`, `no-store` or as a download: its bytes are not changed."""
