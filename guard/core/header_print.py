"""What shape do a client's header lines have?

A print is the order of the field names, told only of fields that the front server leaves alone: nginx writes Host and
Connection itself, servers in Go (Caddy, Traefik) write all fields in the order of the alphabet. Fields that come and go
with the request (Referer, Cookie, Range, conditions) are never in it. Exact prints of known tools are data, in
`rules/behaviour.yaml`.

A client is known by its network and what stays the same over its requests. The user agent is a part of that only
where the other lines bear it out: whoever makes up a new one for every request stays one client, and people behind one
address with real browsers stay apart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from ipaddress import IPv6Address

from guard.core.facts import IPAddress

HeaderLines = Sequence[tuple[str, str]]


class Front(StrEnum):
    """Which server the client talks to."""

    DIRECT = "direct"
    NGINX = "nginx"
    CADDY = "caddy"
    HAPROXY = "haproxy"
    TRAEFIK = "traefik"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """What of a client's head arrives as the client sent it."""

    fields: frozenset[str]
    ordered: bool
    """False where the front server sorts the fields."""
    version: bool
    """True where the HTTP version is the client's."""


_OWN = frozenset(
    {"user-agent", "accept", "accept-encoding", "accept-language", "accept-charset", "sec-ch-ua", "sec-ch-ua-mobile",
     "sec-ch-ua-platform", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-user", "sec-purpose",
     "upgrade-insecure-requests", "dnt", "sec-gpc", "priority"}
)  # fmt: skip
_NAMING = frozenset({"user-agent", "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform"})
_WITH_HOPS = _OWN | {"host", "connection"}

SENT_BY_CLIENTS = _WITH_HOPS
"""Fields of a client's own that something is read from, by their lower-case names."""

MASKS = {
    Front.DIRECT: Mask(fields=_WITH_HOPS, ordered=True, version=True),
    Front.NGINX: Mask(fields=_OWN, ordered=True, version=False),
    Front.HAPROXY: Mask(fields=_OWN, ordered=True, version=False),
    Front.CADDY: Mask(fields=_OWN, ordered=False, version=False),
    Front.TRAEFIK: Mask(fields=_OWN, ordered=False, version=False),
}
"""What each front server leaves alone in its ordinary configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPrint:
    """The header lines of one tool, as it sends them when nobody changes them."""

    id: str
    lines: tuple[tuple[str, str], ...]
    """Lower-case names and exact values in the order sent; an empty value stands for any."""
    hard: bool
    """Nobody else sends this, so it is a fact; else it is a signal under a browser's user agent."""
    about: str


def masked(lines: Iterable[tuple[str, str]], mask: Mask) -> tuple[tuple[str, str], ...]:
    """Return the lines of fields in `mask`, names in lower case."""
    kept = [(name, value) for name, value in ((name.lower(), value) for name, value in lines) if name in mask.fields]
    return tuple(kept if mask.ordered else sorted(kept))


def header_print(lines: HeaderLines, mask: Mask) -> int:
    """Return 64 bits that stand for the order of the fields in `mask`."""
    return print_of(tuple([name for name, _ in masked(lines, mask)]))


def print_of(names: tuple[str, ...]) -> int:
    """Return the same for the names of lines that went through `masked` already."""
    text = "\n".join(names).encode("latin-1", "replace")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def manner_print(lines: HeaderLines) -> int:
    """Return 64 bits for lines that went through `masked` already, but for what they say of the browser's name."""
    text = "\n".join([f"{name}={'' if name in _NAMING else value}" for name, value in lines])
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


class ToolPrints:
    """Finds the tool whose lines these are, exactly."""

    def __init__(self, prints: Iterable[ToolPrint], mask: Mask) -> None:
        self._by_names: dict[tuple[str, ...], list[tuple[ToolPrint, tuple[str, ...]]]] = {}
        for tool in prints:
            lines = masked(tool.lines, mask)
            names = tuple(name for name, _ in lines)
            self._by_names.setdefault(names, []).append((tool, tuple(value for _, value in lines)))

    def find(self, lines: HeaderLines) -> ToolPrint | None:
        """Return the tool with these lines, which went through `masked` already; None for nobody known."""
        for tool, values in self._by_names.get(tuple([name for name, _ in lines]), ()):
            if all(not wanted or wanted == value for wanted, (_, value) in zip(values, lines, strict=True)):
                return tool
        return None


def standing_print(fields: dict[str, str], *, borne_out: bool) -> int:
    """Return 64 bits that stay the same over all requests of one client: pages, pictures, scripts.

    Args:
        fields: First values by lower-case name. What is taken of them is in every mask.
        borne_out: The lines are such as the claimed browser sends, so its user agent is believed.
    """
    kept = [f"{name}={fields.get(name, '')}" for name in ("accept-language", "dnt", "sec-gpc")]
    kept.append(fields.get("user-agent", "") if borne_out else "")
    kept.append("sec-fetch" if "sec-fetch-mode" in fields or "sec-fetch-dest" in fields else "")
    return int.from_bytes(blake2b("\n".join(kept).encode("latin-1", "replace"), digest_size=8).digest(), "little")


def network_of(address: IPAddress | None) -> bytes:
    """Return what of an address is one client's: IPv4 whole, IPv6 by /64; nothing for a unix socket."""
    if address is None:
        return b""
    return address.packed[:8] if isinstance(address, IPv6Address) else address.packed


def client_key_of(address: IPAddress | None, standing: int) -> bytes:
    """Return 16 bytes for the client: its address, as far as it is its own, and its standing print."""
    return blake2b(network_of(address), digest_size=16, key=standing.to_bytes(8, "little")).digest()
