"""A request written down means what it would mean on the wire."""

from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.client_address import AddressPolicy
from guard.core.facts import AddressSource
from guard.core.raw_request import RawRequest, facts_of_request, parse_header, parse_request
from guard.errors import RequestError

AT = datetime(2026, 11, 22, tzinfo=UTC)


def facts(data: bytes, peer: str = "192.0.2.7", addresses: AddressPolicy | None = None):
    return facts_of_request(
        parse_request(data), at=AT, peer=peer, addresses=addresses or AddressPolicy(), site_of=lambda host: f"<{host}>"
    )


def test_a_request_is_read_with_its_lines_in_order():
    """Names as written, values without blanks around them; a body is not looked at."""
    read = parse_request(b"GET /a?b HTTP/1.0\r\nHost: x\r\nuser-AGENT:  GPTBot/1 \r\n\r\nnot: a header")

    assert read == RawRequest(
        method="GET", target="/a?b", version="1.0", headers=(("Host", "x"), ("user-AGENT", "GPTBot/1"))
    )


def test_a_person_may_leave_out_the_version_and_the_carriage_returns():
    """As one types it."""
    assert parse_request(b"\nGET /a\nHost: x\n").headers == (("Host", "x"),)
    assert parse_request(b"GET /a").version == "1.1"


def test_bytes_that_are_not_utf8_are_kept():
    """A lone surrogate stands for each, as in the proxy."""
    assert parse_request(b"GET / HTTP/1.1\nUser-Agent: a\xff\n").headers == (("User-Agent", "a\udcff"),)


def test_the_facts_are_those_of_the_proxy():
    """Canonical path, site by host name, host without port, absolute targets split."""
    one = facts(b"GET http://Photo.Example:81/x/../%61.jpg?q HTTP/1.1\r\nHost: other\r\n\r\n")

    assert (one.site, one.host, one.authority) == ("<photo.example>", "photo.example", "Photo.Example:81")
    assert (one.target, one.path) == ("/x/../%61.jpg?q", "/a.jpg")
    assert one.client.address == ip_address("192.0.2.7")


def test_a_forwarding_header_counts_only_from_a_trusted_peer():
    """The same walk as in the proxy."""
    data = b"GET / HTTP/1.1\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.9\r\n\r\n"
    policy = AddressPolicy(header="x-forwarded-for", trusted=(ip_network("127.0.0.0/8"),))

    assert facts(data, "127.0.0.1", policy).client.address == ip_address("203.0.113.9")
    assert facts(data, "192.0.2.7", policy).client.source is AddressSource.PEER
    assert facts(data, "").client.address is None


WRONG = {
    "nothing": (b"", "line 1"),
    "words": (b"this is no request", "line 1"),
    "a method that is none": (b"G@T / HTTP/1.1", "line 1"),
    "a header without colon": (b"GET / HTTP/1.1\nHost", "line 2"),
    "a folded line": (b"GET / HTTP/1.1\nA: b\n c", "line 3"),
    "two hosts": (b"GET / HTTP/1.1\nHost: a\nHost: b", "more than one Host"),
    "a host that is none": (b"GET / HTTP/1.1\nHost: a b", "no host name"),
    "a target that is none": (b"GET photo.jpg HTTP/1.1", "no path"),
    "a control character": (b"GET /a\x01 HTTP/1.1", "control character"),
}


@pytest.mark.parametrize(("data", "says"), WRONG.values(), ids=list(WRONG))
def test_what_is_no_request_is_refused_and_the_line_is_named(data, says):
    """What the proxy answers with 400 has no explanation."""
    with pytest.raises(RequestError, match=says):
        facts(data)


def test_a_header_of_the_command_line_is_read_alike():
    """The error names where it stood."""
    assert parse_header("Accept: image/*", "--header") == ("Accept", "image/*")
    with pytest.raises(RequestError, match="--header is no header line"):
        parse_header("Accept", "--header")


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_parse_or_be_refused(data):
    """A file may hold anything."""
    with suppress(RequestError):
        assert facts(data).path.startswith(("/", "*"))
