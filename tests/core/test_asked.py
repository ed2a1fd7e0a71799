"""A front server's question tells one request, or none."""

from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.asked import APPLICATION, DIALECTS, FORWARDED, HAND_OVER, NGINX, Dialect, original
from guard.core.client_address import AddressPolicy
from guard.core.facts import RequestFacts
from guard.errors import RequestError

AT = datetime(2026, 11, 25, tzinfo=UTC)
NOBODY = AddressPolicy()

ASKED_BY_NGINX = (
    ("Host", "decisions"),
    ("Connection", "close"),
    ("X-Original-Method", "GET"),
    ("X-Original-URI", "/albums/a.jpg?x=1"),
    ("X-Original-Host", "photo.example:8443"),
    ("X-Original-Proto", "https"),
    ("X-Original-For", "203.0.113.9"),
    ("User-Agent", "GPTBot/1.3"),
)


def read(
    lines: tuple[tuple[str, str], ...], dialect: Dialect = NGINX, addresses: AddressPolicy = NOBODY
) -> RequestFacts:
    return original(
        dialect, lines, at=AT, version="1.1", peer=ip_address("127.0.0.1"), addresses=addresses, site_of=str
    )


def without(name: str) -> tuple[tuple[str, str], ...]:
    return tuple(line for line in ASKED_BY_NGINX if line[0] != name)


def test_the_question_tells_the_visitors_request():
    """Nothing of the sub-request itself is left, and the Host line is the visitor's."""
    facts = read(ASKED_BY_NGINX)

    assert (facts.method, facts.target, facts.path) == ("GET", "/albums/a.jpg?x=1", "/albums/a.jpg")
    assert (facts.scheme, facts.authority, facts.host, facts.site) == (
        "https", "photo.example:8443", "photo.example", "photo.example",
    )  # fmt: skip
    assert facts.headers == (("Host", "photo.example:8443"), ("User-Agent", "GPTBot/1.3"))
    assert (str(facts.client.address), facts.client.peer) == ("203.0.113.9", "127.0.0.1")


def test_what_a_visitor_writes_in_the_other_dialect_is_not_believed():
    """Caddy passes X-Original-URI on, and nginx X-Forwarded-Uri: each would be a way around every rule about paths."""
    theirs = (
        ("X-Forwarded-Method", "HEAD"), ("X-Forwarded-Uri", "/harmless"), ("X-Forwarded-Host", "other.example"),
        ("X-Forwarded-Proto", "http"), ("X-Forwarded-For", "192.0.2.1"),
    )  # fmt: skip

    facts = read((*theirs, *ASKED_BY_NGINX))

    assert (facts.method, facts.target, facts.host) == ("GET", "/albums/a.jpg?x=1", "photo.example")
    assert (facts.scheme, str(facts.client.address)) == ("https", "203.0.113.9")


@pytest.mark.parametrize("name", ["X-Original-Method", "X-Original-URI", "X-Original-Host"])
def test_a_field_that_is_there_twice_is_no_request(name: str):
    """One of the two is the visitor's own, and nobody can tell which."""
    with pytest.raises(RequestError):
        read((*ASKED_BY_NGINX, (name, "/harmless")))


@pytest.mark.parametrize("name", ["X-Original-Method", "X-Original-URI", "X-Original-For"])
def test_a_field_that_is_missing_is_no_request(name: str):
    """Without an address all people would be one client, and an owner's rule for the own network would let all in."""
    with pytest.raises(RequestError, match=name.lower()):
        read(without(name))


def test_a_visitor_without_a_host_is_one():
    """HTTP/1.0; nginx sends no line then."""
    assert read(without("X-Original-Host")).authority == ""


def test_the_address_is_the_rightmost_that_is_not_a_proxys():
    """What lies further left the visitor has made up."""
    lines = (*without("X-Original-For"), ("X-Original-For", "6.6.6.6, 203.0.113.9, 198.51.100.1"))
    cdn = AddressPolicy(trusted=(ip_network("198.51.100.0/24"),))

    assert str(read(lines).client.address) == "198.51.100.1"
    assert str(read(lines, addresses=cdn).client.address) == "203.0.113.9"
    assert read(lines).client.chain == "6.6.6.6, 203.0.113.9, 198.51.100.1"


@pytest.mark.parametrize("target", ["/a%00.jpg", "a.jpg", "/a b", "//evil/\x7f", "\t"])
def test_a_target_without_a_meaning_is_refused(target: str):
    """With the words of the proxy."""
    with pytest.raises(RequestError):
        read((*without("X-Original-URI"), ("X-Original-URI", target)))


@pytest.mark.parametrize("target", ["/x/../albums/a.jpg", "//albums//a.jpg", "/%61lbums/a.jpg", "/albums/./a.jpg#z"])
def test_odd_spellings_are_one_path(target: str):
    """The rules see what the server behind opens."""
    assert read((*without("X-Original-URI"), ("X-Original-URI", target))).path == "/albums/a.jpg"


NAMES = st.sampled_from(
    [
        f"{prefix}{name}"
        for prefix in ("X-Original-", "x-forwarded-")
        for name in ("Method", "URI", "Host", "Proto", "For")
    ]
)


@given(
    st.sampled_from([NGINX, FORWARDED, APPLICATION, HAND_OVER]),
    st.lists(st.tuples(NAMES, st.text(max_size=40)), max_size=12),
)
def test_whatever_is_asked_it_is_a_request_or_an_error(dialect: Dialect, lines: list[tuple[str, str]]):
    """No other exception; and what is read tells a method, a path and an address."""
    with suppress(RequestError):
        facts = read(tuple(lines), dialect)
        assert facts.method
        assert facts.path.startswith(("/", "*"))
        assert facts.client.address is not None


def test_each_dialect_has_one_place():
    """The place says which lines count, so it must."""
    assert {one.prefix for one in DIALECTS.values()} == {"x-original-", "x-forwarded-"}
    assert len(set(DIALECTS.values())) == len(DIALECTS)
