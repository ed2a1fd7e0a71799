"""Which address is the client's?

Exactly one configured source is believed: the peer of the connection, or one forwarding
header, and that only from trusted peers. The header is read over all its lines and walked
from the right: the first address that is not a trusted proxy's is the client's. What lies
further left was written by whoever sent the request. Anything unparsable means the peer,
said so in `source`; it is never an error.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from guard.core.facts import AddressSource, ClientAddress, IPAddress

MAX_HOPS = 32
"""No real chain is longer; a longer one is an attempt to make us work."""

UNIX_PEER = "unix"

_LONGEST = 80
"""Characters of what is worth remembering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPolicy:
    """Where the client's address is read, and from whom."""

    header: str = ""
    """Lower-case name of the one header that is believed; empty to use the peer."""
    trusted: tuple[IPv4Network | IPv6Network, ...] = ()
    trust_unix: bool = False
    preamble: bool = False
    """Trusted proxies pass on bytes and say who has connected before the first of them; see `proxy_protocol`. What
    stands in header fields is then the visitor's own."""

    def trusts(self, address: IPAddress | None) -> bool:
        """Tell whether `address` is a trusted proxy; None stands for a unix socket."""
        if address is None:
            return self.trust_unix
        return any(address in network for network in self.trusted)


def find_client(
    policy: AddressPolicy, peer: IPAddress | None, peer_port: int, headers: Sequence[tuple[str, str]]
) -> ClientAddress:
    """Return the client's address for a connection from `peer` (None: a unix socket)."""
    peer_text = UNIX_PEER if peer is None else str(peer)
    lines = [value for name, value in headers if name.lower() == policy.header] if policy.header else []
    chain = ", ".join(lines)
    if not policy.header or not policy.trusts(peer):
        return ClientAddress(address=peer, port=peer_port, source=AddressSource.PEER, peer=peer_text, chain=chain)

    hops = _forwarded_hops(chain) if policy.header == "forwarded" else chain.split(",")
    found = _walk(policy, hops)
    if found is None:
        return ClientAddress(
            address=peer, port=peer_port, source=AddressSource.PEER_HEADER_UNUSABLE, peer=peer_text, chain=chain
        )
    address, port = found
    return ClientAddress(address=address, port=port, source=AddressSource.HEADER, peer=peer_text, chain=chain)


def _walk(policy: AddressPolicy, hops: Iterable[str]) -> tuple[IPAddress, int] | None:
    """Return the rightmost hop that is no trusted proxy's; the leftmost if all are; None if one is unreadable."""
    entries = list(hops)
    if len(entries) > MAX_HOPS:
        return None
    found: tuple[IPAddress, int] | None = None
    for hop in reversed(entries):
        found = parse_hop(hop)
        if found is None or not policy.trusts(found[0]):
            return found
    return found


_WITH_PORT = re.compile(r"\[([^\]]+)\](?::(\d{1,5}))?|([0-9.]+):(\d{1,5})", re.ASCII)


def parse_hop(text: str) -> tuple[IPAddress, int] | None:
    """Read one hop: an address, `v4:port`, `[v6]` or `[v6]:port`. IPv4-mapped IPv6 becomes IPv4, zones are cut."""
    text = text.strip().strip('"')
    port = 0
    if match := _WITH_PORT.fullmatch(text):
        text = match[1] or match[3]
        port = int(match[2] or match[4] or 0)
        if port > 65535:
            return None
    return None if (address := parse_address(text)) is None else (address, port)


def parse_address(text: str) -> IPAddress | None:
    """Read an address without port; None where `text` is none."""
    return _read(text) if len(text) <= _LONGEST else _read.__wrapped__(text)


@lru_cache(maxsize=4096)
def _read(text: str) -> IPAddress | None:
    try:
        address = ip_address(text.split("%", 1)[0])
    except ValueError:
        return None
    return unmapped(address)


def unmapped(address: IPAddress | None) -> IPAddress | None:
    """Return an address, and an IPv4-mapped IPv6 one as the IPv4 address that it is."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def client_network(address: IPAddress | None) -> str:
    """Return what is counted as one client: an IPv4 address, an IPv6 /64, or `unix`."""
    match address:
        case None:
            return UNIX_PEER
        case IPv4Address():
            return str(address)
        case IPv6Address():
            return f"{IPv6Address(int(address) >> 64 << 64)}/64"


_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;\s]*))', re.IGNORECASE)


def _forwarded_hops(value: str) -> list[str]:
    """Return the `for` parameter of each element of a Forwarded field (RFC 7239, section 4).

    A comma inside quotes is not legal in a node identifier, so splitting at commas is safe: what
    is cut apart by it does not parse as an address. An element without `for` is unreadable.
    """
    elements = value.split(",")
    matches = [_FOR.search(element) for element in elements]
    return ["" if match is None else match[1] or match[2] or "" for match in matches]
