"""Requests with the same lines are read once, and still each for what it is."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.http import HttpVersion10, HttpVersion11

from guard.core.client_address import AddressPolicy
from guard.core.facts import AddressSource, RequestFacts
from guard.core.proxy_protocol import Preamble
from guard.errors import RequestError
from guard.server.intake import Intake

AT = datetime(2026, 11, 25, tzinfo=UTC)
FRONT = AddressPolicy(header="x-forwarded-for", trusted=(ip_network("127.0.0.0/8"),))
NEAR, FAR = ip_address("127.0.0.1"), ip_address("203.0.113.7")
LINES = ((b"Host", b"photo.example"), (b"X-Forwarded-For", b"198.51.100.9"), (b"X-Forwarded-Proto", b"https"))


def intake(addresses: AddressPolicy = AddressPolicy()) -> Intake:  # noqa: B008  # frozen
    sites: Any = SimpleNamespace(find=lambda host: SimpleNamespace(host=host or "*"))
    return Intake(sites, addresses, lambda: AT)


def asked(path: str = "/a.jpg", **more: Any) -> Any:
    return SimpleNamespace(
        **{
            "_message": SimpleNamespace(path=path), "method": "GET", "raw_headers": LINES, "version": HttpVersion11,
            "secure": False, "peer": (FAR, 50_000), "protocol": SimpleNamespace(preamble=None), "transport": None,
        }
        | more
    )  # fmt: skip


VARIANTS = {
    "another client": asked(peer=(ip_address("203.0.113.8"), 50_000)),
    "another port": asked(peer=(FAR, 50_001)),
    "from a front": asked(peer=(NEAR, 1)),
    "by another connection of it": asked(peer=(NEAR, 2)),
    "by https": asked(secure=True),
    "by an old version": asked(version=HttpVersion10),
    "with another address told": asked(raw_headers=(LINES[0], (b"X-Forwarded-For", b"198.51.100.8"))),
    "with one that says nothing": asked(raw_headers=(LINES[0], (b"X-Forwarded-For", b"?")), peer=(NEAR, 3)),
    "with one that says nothing, by another connection": asked(
        raw_headers=(LINES[0], (b"X-Forwarded-For", b"?")), peer=(NEAR, 4)
    ),
    "for another site": asked(raw_headers=((b"Host", b"other.example"), *LINES[1:])),
    "by a whole address": asked("http://other.example/a.jpg"),
    "behind a preamble": asked(
        protocol=SimpleNamespace(preamble=Preamble(length=1, address=ip_address("192.0.2.1"), port=7))
    ),
    "with a method of its own": asked(method="HEAD"),
    "for something else": asked("/b.jpg?c"),
}


@pytest.mark.parametrize("addresses", [AddressPolicy(), FRONT], ids=["direct", "behind a front"])
def test_whatever_came_before_each_is_read_as_if_it_were_the_first(addresses: AddressPolicy):
    """In either order."""
    order = [asked(), *VARIANTS.values()]
    alone: list[RequestFacts] = [intake(addresses).read(one) for one in order]
    for turn in (order, order[::-1]):
        one = intake(addresses)
        together = [one.read(request) for _ in range(2) for request in turn]
        expected = alone if turn is order else alone[::-1]
        assert together == expected * 2


def test_lines_that_come_again_are_the_same_object():
    """That is what all is kept with; behind a front whatever the connection is."""
    direct, behind = intake(), intake(FRONT)

    assert direct.read(asked()).headers is direct.read(asked("/b.jpg")).headers
    first, second = (behind.read(asked(peer=(NEAR, port))) for port in (1, 2))
    assert first.headers is second.headers
    assert (first.client.source, first.client.port) == (AddressSource.HEADER, 0)


def test_senseless_lines_are_senseless_each_time():
    """Nothing is kept of them."""
    one = intake()
    for _ in range(2):
        with pytest.raises(RequestError):
            one.read(asked(raw_headers=(LINES[0], LINES[0])))


def told(one: Intake, **more: Any) -> RequestFacts:
    lines = tuple((name.decode(), value.decode()) for name, value in LINES)
    given = {
        "method": "GET",
        "target": "/a.jpg",
        "version": "1.1",
        "headers": lines,
        "peer": FAR,
        "port": 1,
        "tls": False,
    }
    return one.told(**(given | more))


def test_what_a_front_tells_is_not_mixed_up_either():
    """Each client, port, scheme, version and address of its own."""
    variants: list[dict[str, Any]] = [
        {}, {"peer": NEAR}, {"port": 2}, {"tls": True}, {"version": "1.0"}, {"target": "http://other.example/a.jpg"},
        {"headers": (("Host", "other.example"),)}, {"method": "HEAD"}, {"target": "/b.jpg"},
    ]  # fmt: skip
    alone = [told(intake(FRONT), **one) for one in variants]
    one = intake(FRONT)

    assert [told(one, **more) for _ in range(2) for more in variants] == alone * 2
    assert told(one).headers is told(one, target="/c.jpg").headers
    assert replace(alone[0], method="HEAD") == alone[7]
