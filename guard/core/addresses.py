"""Whose published address lists hold an address?

All lists are flattened into the points of the address space where the answer changes, so
that one binary search answers for all of them: an IPv4 point is one number, an IPv6 point
two of 64 bits. A value never changes; who holds one swaps it for another.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from guard.core.facts import IPAddress

IPNetwork = IPv4Network | IPv6Network

NOWHERE: frozenset[str] = frozenset()

_LOW = (1 << 64) - 1

_UNICAST_6 = IPv6Network("2000::/3")
"""The only block of IPv6 that is handed out (RFC 4291, section 2.4); NAT64 and mapped addresses lie outside."""

_EMBEDDING_6 = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))
"""6to4 and Teredo: they reach whatever IPv4 address is inside, private ones too (RFC 3056, RFC 4380)."""


def is_public(address: IPAddress) -> bool:
    """Tell whether `address` can be one host of the public internet, by itself and not by what is embedded in it."""
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    if isinstance(address, IPv4Address):
        return True
    return address in _UNICAST_6 and not any(address in network for network in _EMBEDDING_6)


class AddressLists:
    """Named lists of networks, ready to be looked up."""

    __slots__ = ("_high6", "_label4", "_label6", "_labels", "_low6", "_start4")

    def __init__(
        self,
        labels: tuple[frozenset[str], ...],
        points4: Iterable[tuple[int, int]],
        points6: Iterable[tuple[int, int]],
    ) -> None:
        """Take where the answer changes and the index of the new answer; use `build`."""
        self._labels = labels
        self._start4, self._label4 = array("I"), array("I")
        self._high6, self._low6, self._label6 = array("Q"), array("Q"), array("I")
        for start, label in points4:
            self._start4.append(start)
            self._label4.append(label)
        for start, label in points6:
            self._high6.append(start >> 64)
            self._low6.append(start & _LOW)
            self._label6.append(label)

    @classmethod
    def build(cls, lists: Mapping[str, Iterable[IPNetwork]]) -> "AddressLists":
        """Flatten `lists`; they may overlap and repeat themselves."""
        labels: dict[frozenset[str], int] = {NOWHERE: 0}
        edges: dict[int, list[tuple[int, str, int]]] = {4: [], 6: []}
        for name, networks in lists.items():
            for network in networks:
                first = int(network.network_address)
                edges[network.version] += ((first, name, 1), (first + network.num_addresses, name, -1))
        points4 = list(_points(edges[4], labels, 1 << 32))
        points6 = list(_points(edges[6], labels, 1 << 128))
        return cls(tuple(labels), points4, points6)

    def __repr__(self) -> str:
        return f"<AddressLists of {len(self._start4)} IPv4 and {len(self._high6)} IPv6 points>"

    def lists_of(self, address: IPAddress) -> frozenset[str]:
        """Return the names of the lists that hold `address`."""
        # What `int(address)` returns; the call would take a third of the time of the whole look-up.
        value: int = address._ip  # type: ignore[union-attr]
        if isinstance(address, IPv4Address):
            index = bisect_right(self._start4, value)
            return self._labels[self._label4[index - 1]] if index else NOWHERE
        high = value >> 64
        index = bisect_right(self._high6, high)
        if index and self._high6[index - 1] == high:
            index = bisect_right(self._low6, value & _LOW, bisect_left(self._high6, high), index)
        return self._labels[self._label6[index - 1]] if index else NOWHERE


def _points(
    edges: list[tuple[int, str, int]], labels: dict[frozenset[str], int], end: int
) -> Iterator[tuple[int, int]]:
    """Sweep over the edges; yield each point where the set of names changes, and the index of the new set."""
    edges.sort()
    depth: dict[str, int] = {}
    last = 0
    for position, (at, name, step) in enumerate(edges):
        depth[name] = depth.get(name, 0) + step
        if not depth[name]:
            del depth[name]
        if position + 1 < len(edges) and edges[position + 1][0] == at:
            continue
        label = labels.setdefault(frozenset(depth), len(labels))
        if label != last and at < end:
            yield at, label
            last = label
