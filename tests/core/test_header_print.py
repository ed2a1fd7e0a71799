"""What shape do a client's header lines have?"""

from ipaddress import ip_address

import pytest

from guard.core.header_print import (
    MASKS,
    Front,
    ToolPrint,
    ToolPrints,
    client_key_of,
    header_print,
    manner_print,
    masked,
)

LINES = (("Host", "a"), ("User-Agent", "x"), ("Accept", "*/*"), ("Connection", "close"))
TOOL = ToolPrint(id="tool", lines=(("host", ""), ("user-agent", ""), ("accept", "*/*")), hard=False, about="a tool")


def test_the_order_of_fields_is_the_print():
    """Two clients that send the same fields in another order are two."""
    mask = MASKS[Front.DIRECT]

    assert header_print(LINES, mask) == header_print([(name.upper(), "y") for name, _ in LINES], mask)
    assert header_print(LINES, mask) != header_print(LINES[::-1], mask)


@pytest.mark.parametrize("field", ["Referer", "Cookie", "Range", "If-None-Match", "X-Forwarded-For", "X-Anything"])
def test_fields_that_come_and_go_change_nothing(field):
    """The next request of the same client has the same print."""
    mask = MASKS[Front.DIRECT]

    assert header_print((*LINES, (field, "1")), mask) == header_print(LINES, mask)


@pytest.mark.parametrize("front", [Front.NGINX, Front.HAPROXY])
def test_what_a_front_server_writes_itself_is_left_out(front):
    """nginx puts Host and Connection in front of everything, whoever asks."""
    moved = (("Host", "b"), ("Connection", "close"), *LINES[1:3])

    assert header_print(moved, MASKS[front]) == header_print(LINES, MASKS[front])
    assert header_print(moved, MASKS[Front.DIRECT]) != header_print(LINES, MASKS[Front.DIRECT])
    assert not MASKS[front].version


@pytest.mark.parametrize("front", [Front.CADDY, Front.TRAEFIK])
def test_servers_that_sort_leave_no_order(front):
    """Behind a server in Go only the set of fields is told."""
    assert header_print(LINES, MASKS[front]) == header_print(LINES[::-1], MASKS[front])


@pytest.mark.parametrize("front", list(Front))
def test_a_tool_is_found_through_every_front(front):
    """Its lines go through the same mask."""
    mask = MASKS[front]
    prints = ToolPrints([TOOL], mask)

    assert prints.find(masked((("host", "h"), ("user-agent", "u"), ("accept", "*/*")), mask)) is TOOL
    assert prints.find(masked((("host", "h"), ("user-agent", "u"), ("accept", "image/*")), mask)) is None
    assert prints.find(masked((("user-agent", "u"), ("accept", "*/*"), ("dnt", "1")), mask)) is None


def test_one_client_is_an_address_or_a_64_of_ipv6():
    """A phone changes the lower half of its address all the time."""
    same = {client_key_of(ip_address(f"2001:db8:1:2::{number}"), 7) for number in range(1, 5)}

    assert len(same) == 1
    assert client_key_of(ip_address("2001:db8:1:3::1"), 7) not in same
    assert client_key_of(ip_address("192.0.2.1"), 7) != client_key_of(ip_address("192.0.2.2"), 7)
    assert client_key_of(ip_address("192.0.2.1"), 7) != client_key_of(ip_address("192.0.2.1"), 8)
    assert len(client_key_of(None, 7)) == 16


@pytest.mark.parametrize(("name", "same"), [("User-Agent", True), ("Sec-CH-UA", True), ("Accept", False)])
def test_the_manner_stays_where_only_the_name_changes(name, same):
    """A program under ever new names, client hints included, is told from two programs."""
    mask = MASKS[Front.DIRECT]
    lines = (*LINES, ("Sec-CH-UA", "x"))
    other = tuple((key, "another" if key == name else value) for key, value in lines)

    assert (manner_print(masked(other, mask)) == manner_print(masked(lines, mask))) is same
    assert manner_print(masked(lines, mask)) != manner_print(masked(lines[:-1], mask))


def test_what_a_client_is_known_by_passes_every_front_server():
    """`standing_print` reads these lines without asking the mask."""
    lines = {"accept-language", "dnt", "sec-gpc", "user-agent", "sec-fetch-mode", "sec-fetch-dest"}

    assert [front for front, mask in MASKS.items() if not lines <= mask.fields] == []
