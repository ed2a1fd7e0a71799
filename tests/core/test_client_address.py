"""One source, walked from the right over all lines; anything unparsable means the peer."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.client_address import AddressPolicy, client_network, find_client, parse_hop
from guard.core.facts import AddressSource

FRONT = ip_address("127.0.0.1")
BEHIND_PROXY = AddressPolicy(header="x-forwarded-for", trusted=(ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8")))
BEHIND_FORWARDED = AddressPolicy(header="forwarded", trusted=(ip_network("127.0.0.0/8"), ip_network("::1/128")))


def client(policy: AddressPolicy, *lines: tuple[str, str], peer: str | None = "127.0.0.1") -> tuple[str, AddressSource]:
    found = find_client(policy, ip_address(peer) if peer else None, 1234, lines)
    return str(found.address), found.source


def test_without_a_header_the_peer_is_the_client():
    """What a client writes about itself counts for nothing by default."""
    assert client(AddressPolicy(), ("X-Forwarded-For", "192.0.2.1")) == ("127.0.0.1", AddressSource.PEER)


def test_an_untrusted_peer_is_the_client_whatever_it_sends():
    """Anybody can send a forwarding header."""
    line = ("X-Forwarded-For", "192.0.2.1")

    assert client(BEHIND_PROXY, line, peer="198.51.100.9") == ("198.51.100.9", AddressSource.PEER)


XFF = {
    "one hop": ((("X-Forwarded-For", "192.0.2.1"),), "192.0.2.1"),
    "the forged first hop is not believed": ((("x-forwarded-for", "6.6.6.6, 192.0.2.1"),), "192.0.2.1"),
    "trusted hops are walked over": ((("X-Forwarded-For", "6.6.6.6, 192.0.2.1, 10.1.2.3"),), "192.0.2.1"),
    "two lines, as HAProxy sends": ((("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "192.0.2.1")), "192.0.2.1"),
    "only trusted hops: the leftmost": ((("X-Forwarded-For", "10.0.0.1, 10.0.0.2"),), "10.0.0.1"),
    "a port": ((("X-Forwarded-For", "192.0.2.1:5555"),), "192.0.2.1"),
    "IPv6": ((("X-Forwarded-For", "2001:db8::7"),), "2001:db8::7"),
    "IPv6 with a port": ((("X-Forwarded-For", "[2001:db8::7]:443"),), "2001:db8::7"),
    "IPv4-mapped IPv6": ((("X-Forwarded-For", "::ffff:192.0.2.1"),), "192.0.2.1"),
    "IPv6 with a zone": ((("X-Forwarded-For", "fe80::1%eth0"),), "fe80::1"),
}


@pytest.mark.parametrize(("lines", "expected"), XFF.values(), ids=XFF.keys())
def test_x_forwarded_for_is_walked_from_the_right(lines: tuple[tuple[str, str], ...], expected: str):
    """Each row is what a real front server sends, or what a client sends through it."""
    assert client(BEHIND_PROXY, *lines) == (expected, AddressSource.HEADER)


UNUSABLE = {
    "absent": (),
    "empty": (("X-Forwarded-For", ""),),
    "a word": (("X-Forwarded-For", "unknown"),),
    "a word in the hop that counts": (("X-Forwarded-For", "192.0.2.1, _hidden"),),
    "too many hops": (("X-Forwarded-For", ", ".join(["10.0.0.1"] * 33)),),
    "an address with a port out of range": (("X-Forwarded-For", "192.0.2.1:99999"),),
    "octal": (("X-Forwarded-For", "0300.0.2.1"),),
}


@pytest.mark.parametrize("lines", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_unusable_header_means_the_peer_and_says_so(lines: tuple[tuple[str, str], ...]):
    """A front server that says nothing usable must show up in the metrics, not in an error."""
    assert client(BEHIND_PROXY, *lines) == ("127.0.0.1", AddressSource.PEER_HEADER_UNUSABLE)


FORWARDED = {
    "RFC 7239, section 4": ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
    "quoted IPv6 with port": ('For="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"),
    "several elements": ("for=6.6.6.6, for=198.51.100.17", "198.51.100.17"),
    "a trusted hop": ('for=198.51.100.17, for="[::1]"', "198.51.100.17"),
}


@pytest.mark.parametrize(("value", "expected"), FORWARDED.values(), ids=FORWARDED.keys())
def test_forwarded_is_read_as_rfc_7239_says(value: str, expected: str):
    """Quoting, letter case and several elements."""
    assert client(BEHIND_FORWARDED, ("Forwarded", value)) == (expected, AddressSource.HEADER)


def test_an_element_of_forwarded_without_an_address_is_not_skipped():
    """Skipping it would let the element left of it, which anybody can write, count."""
    found = client(BEHIND_FORWARDED, ("Forwarded", "for=6.6.6.6, proto=https"))

    assert found == ("127.0.0.1", AddressSource.PEER_HEADER_UNUSABLE)


def test_a_unix_socket_is_trusted_only_where_that_is_said():
    """Whoever can open the socket is not necessarily the front server."""
    line = ("X-Forwarded-For", "192.0.2.1")
    trusting = AddressPolicy(header="x-forwarded-for", trust_unix=True)

    assert client(BEHIND_PROXY, line, peer=None) == ("None", AddressSource.PEER)
    assert client(trusting, line, peer=None) == ("192.0.2.1", AddressSource.HEADER)


@given(st.lists(st.text(max_size=60), max_size=5))
def test_no_header_value_raises(values: list[str]):
    """Whatever the client sends, there is a client address."""
    lines = tuple(("X-Forwarded-For", value) for value in values)

    assert find_client(BEHIND_PROXY, FRONT, 1, lines).address is not None
    assert find_client(BEHIND_FORWARDED, FRONT, 1, tuple(("Forwarded", value) for value in values)).address is not None


@given(st.ip_addresses())
def test_every_address_is_read_back(address: object):
    """There and back, with and without brackets and port."""
    text = str(address)
    plain = getattr(address, "ipv4_mapped", None) or address

    assert parse_hop(text) == (plain, 0)
    assert parse_hop(f"[{text}]:80" if ":" in text else f"{text}:80") == (plain, 80)


def test_one_client_is_an_address_or_an_ipv6_64():
    """A household gets a /64; its devices change addresses inside it all the time."""
    assert client_network(ip_address("192.0.2.1")) == "192.0.2.1"
    assert client_network(ip_address("2001:db8:1:2:3:4:5:6")) == client_network(ip_address("2001:db8:1:2::1"))
    assert client_network(ip_address("2001:db8:1:3::1")) != client_network(ip_address("2001:db8:1:2::1"))
