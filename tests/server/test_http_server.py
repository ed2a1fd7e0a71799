"""A trusted front server says who has connected; nobody else can."""

import socket
import struct
import time
import urllib.request
from collections.abc import Iterator

import pytest

from guard.core.proxy_protocol import SIGNATURE
from tests.server.conftest import Upstreams
from tests.support.http import GPTBOT, Reply, head, read_reply
from tests.support.running import PATIENT, RunningGuard, wait_until
from tests.support.upstream import PICTURES, echoed

FROM_FRIEND = b"PROXY TCP4 198.51.100.7 192.0.2.1 40000 443\r\n"
FROM_STRANGER = b"PROXY TCP4 203.0.113.9 192.0.2.1 40000 443\r\n"


@pytest.fixture(scope="module")
def behind(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard that is told by 127.0.0.1 who has connected."""
    running = RunningGuard(
        tmp_path_factory.mktemp("behind"),
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "client_ip": {"from": "proxy_protocol", "trusted": ["127.0.0.1/32"]},
            "search_check": {"first": 1, "every": 1},
            "rules": [*PATIENT, {"id": "friend", "when": {"network": "198.51.100.7/32"}, "action": "allow"}],
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)


def say(
    guard: RunningGuard, preamble: bytes, target: str, *lines: tuple[str, str], agent: str = GPTBOT,
    source: str = "127.0.0.1", slowly: bool = False,
) -> Reply:  # fmt: skip
    """Send a preamble and a request."""
    with socket.create_connection(("127.0.0.1", guard.port), timeout=10, source_address=(source, 0)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = preamble + head(target, *lines, agent=agent)
        try:
            for piece in (data[at : at + 1] for at in range(len(data))) if slowly else (data,):
                connection.sendall(piece)
            return read_reply(connection)
        except ConnectionError:
            return Reply(status=0, lines=(), body=b"", whole=False)


def test_the_preamble_says_whose_request_it_is(behind: RunningGuard):
    """A rule for a network shows it, in one piece or byte by byte."""
    binary = bytes([198, 51, 100, 7, 192, 0, 2, 1]) + struct.pack("!HH", 40000, 443)

    assert say(behind, FROM_FRIEND, "/original.jpg").body == PICTURES["/original.jpg"]
    assert say(behind, FROM_FRIEND, "/thumb.jpg", slowly=True).body == PICTURES["/thumb.jpg"]
    assert say(behind, SIGNATURE + b"\x21\x11\x00\x0c" + binary, "/thumb.jpg").status == 200
    assert say(behind, FROM_STRANGER, "/original.jpg").status == 403


def test_a_header_field_says_nothing_there(behind: RunningGuard):
    """The front passes on bytes: what stands in them the visitor has written; the site behind hears the truth."""
    forged = (("X-Forwarded-For", "198.51.100.7"), ("X-Real-IP", "198.51.100.7"), ("X-Forwarded-Proto", "https"))

    assert say(behind, FROM_STRANGER, "/original.jpg", *forged).status == 403
    told = dict(echoed(say(behind, FROM_STRANGER, "/echo", *forged, agent="").body)["headers"])
    assert (told["X-Forwarded-For"], told["X-Real-IP"]) == ("203.0.113.9", "203.0.113.9")
    assert told["X-Forwarded-Proto"] == "http"


def test_version_2_tells_that_the_visitors_connection_is_encrypted(behind: RunningGuard):
    """Else a site behind that redirects to https would do so for ever."""
    addresses = bytes([203, 0, 113, 9, 192, 0, 2, 1]) + struct.pack("!HH", 40000, 443)
    tls = b"\x20\x00\x05\x01" + bytes(4)

    reply = say(behind, SIGNATURE + b"\x21\x11\x00\x14" + addresses + tls, "/echo", agent="")

    assert dict(echoed(reply.body)["headers"])["X-Forwarded-Proto"] == "https"


def test_a_front_server_that_says_nothing_is_cut_off(behind: RunningGuard):
    """It is wrongly configured, and all people would be one."""
    for wrong in (b"", b"PROXY TCP4 198.51.100.7\r\n", b"PROXY TCP4 a b 1 2\r\n", SIGNATURE + b"\x21\x12\x00\x00"):
        assert say(behind, wrong, "/thumb.jpg", agent="").status == 0


def test_nobody_else_can_say_who_they_are(behind: RunningGuard):
    """From another address a preamble is no HTTP, and without one the peer is the visitor."""
    assert say(behind, b"", "/thumb.jpg", agent="", source="127.0.0.2").status == 200
    assert say(behind, FROM_FRIEND, "/original.jpg", source="127.0.0.2").status == 400


def test_a_health_check_of_the_front_is_its_own(behind: RunningGuard):
    """LOCAL and UNKNOWN tell nobody else."""
    assert say(behind, b"PROXY UNKNOWN\r\n", "/thumb.jpg", agent="").status == 200
    assert say(behind, SIGNATURE + b"\x20\x00\x00\x00", "/thumb.jpg", agent="").status == 200


def test_whoever_does_not_go_on_is_not_waited_for(behind: RunningGuard):
    """A connection that hangs before its first byte costs nothing for long."""
    with socket.create_connection(("127.0.0.1", behind.port), timeout=12) as connection:
        connection.sendall(FROM_FRIEND[:10])
        began = time.monotonic()
        try:
            ended = connection.recv(1)
        except ConnectionError:
            ended = b""

    assert ended == b""
    assert 3 < time.monotonic() - began < 9


def test_the_guard_still_sees_what_search_engines_get(behind: RunningGuard):
    """Its own requests have a door of their own."""
    say(behind, FROM_STRANGER, "/original.jpg", agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0")

    def counted() -> bool | None:
        with urllib.request.urlopen(behind.admin + "/metrics") as answer:
            lines = answer.read().decode().splitlines()
        failed = any("search_guard_checks_total" in line and 'result="failed"' in line for line in lines)
        assert not failed
        return any("search_guard_checks_total" in line and 'result="equal"' in line for line in lines) or None

    wait_until(counted, 20)
