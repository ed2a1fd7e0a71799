"""Whatever a client or an upstream sends, the process lives and the answer is honest."""

import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.http import CHROME, GPTBOT, ask, connect, head, read_reply
from tests.support.running import RunningGuard
from tests.support.upstream import PICTURES


@pytest.fixture(autouse=True)
def _still_alive(guard: RunningGuard):
    """After each test the same worker process still answers."""
    before = guard.children()
    yield
    assert ask(guard.port, "/thumb.jpg").body == PICTURES["/thumb.jpg"]
    assert guard.children()["guard.server.worker"] == before["guard.server.worker"]


FORWARDED_FOR = ["", "unknown", "192.0.2.1, not-an-address", ", , ,", "1" * 5000, "192.0.2.1:99999", "::ffff:", "%00"]


@pytest.mark.parametrize("value", FORWARDED_FOR)
def test_an_unparsable_x_forwarded_for_is_no_error(guard: RunningGuard, value: str):
    """The peer stands in, and the operator sees it in the metrics."""
    assert ask(guard.port, "/echo", ("X-Forwarded-For", value)).status == 200


def test_a_user_agent_of_64_kib_is_answered(guard: RunningGuard):
    """Only its first characters are looked at; a crawler's name there still counts."""
    assert ask(guard.port, "/thumb.jpg", agent=CHROME + "x" * 65_000).status == 200
    assert ask(guard.port, "/thumb.jpg", agent=GPTBOT + "x" * 65_000).status == 403


def test_a_head_larger_than_any_is_refused(guard: RunningGuard):
    """256 KiB in one field are nobody's business."""
    assert ask(guard.port, "/thumb.jpg", ("X-Big", "x" * (256 << 10))).status in (400, 431, 0)


ODD = {
    "latin-1 in a value": b"X-Name: J\xfcrgen\r\n",
    "UTF-8 in a value": "X-Name: Jürgen 🦊\r\n".encode(),
    "bytes that are no text": b"X-Name: \xff\xfe\x80\r\n",
    "an empty value": b"X-Name:\r\n",
    "a tab": b"X-Name: a\tb\r\n",
    "an odd but legal name": b"!#$%&'*+-.^_`|~: x\r\n",
    "und": b"Accept-Language: und\r\n",
    "nonsense weights": b"Accept-Language: de;q=x, en;q=, ;;;,\r\nAccept: ;q=9, image/*;q=nan\r\n",
    "a very long language list": b"Accept-Language: " + b"de," * 3000 + b"\r\n",
}


@pytest.mark.parametrize("agent", [CHROME, GPTBOT], ids=["person", "crawler"])
@pytest.mark.parametrize("line", ODD.values(), ids=ODD.keys())
def test_odd_header_bytes_are_no_error(guard: RunningGuard, line: bytes, agent: str):
    """For a person they pass; for a crawler they are recorded."""
    raw = head("/thumb.jpg", agent=agent).replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n")

    with connect(guard.port) as connection:
        connection.sendall(raw)
        reply = read_reply(connection)

    assert reply.status == (403 if agent is GPTBOT else 200)


MALFORMED = {
    "no HTTP": b"hello\r\n\r\n",
    "a space in a name": b"GET / HTTP/1.1\r\nHost: a\r\nX Name: x\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    b"\r\n",
    "a negative length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "a NUL in a value": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: photo.example\r\nHost: evil.example\r\n\r\n",
    "a host that is none": b"GET / HTTP/1.1\r\nHost: a/b?c\r\n\r\n",
    "an encoded NUL": b"GET /a.jpg%00 HTTP/1.1\r\nHost: photo.example\r\n\r\n",
    "a relative target": b"GET a.jpg HTTP/1.1\r\nHost: photo.example\r\n\r\n",
    "bytes in the target": b"GET /\xff\xfe HTTP/1.1\r\nHost: photo.example\r\n\r\n",
    "CONNECT": b"CONNECT photo.example:443 HTTP/1.1\r\nHost: photo.example\r\n\r\n",
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_request_without_meaning_is_the_clients_fault(guard: RunningGuard, raw: bytes):
    """Status 4xx, never 500, and never passed on."""
    with connect(guard.port) as connection:
        connection.sendall(raw)
        reply = read_reply(connection)

    assert 400 <= reply.status < 500, reply


def test_a_request_without_a_host_is_answered(guard: RunningGuard):
    """HTTP/1.0 knows no Host field; the first site answers."""
    with connect(guard.port) as connection:
        connection.sendall(b"GET /thumb.jpg HTTP/1.0\r\n\r\n")

        assert read_reply(connection).body == PICTURES["/thumb.jpg"]


UPSTREAM_FAULTS = {
    "garbage instead of HTTP": ("/garbage", 502),
    "closing without a word": ("/silence", 502),
    "two lengths": ("/two-lengths", 502),
    "closing in the head": ("/half-head", 502),
}


@pytest.mark.parametrize("agent", [CHROME, GPTBOT[:0] + "Googlebot-Image/1.0"], ids=["person", "search"])
@pytest.mark.parametrize(("target", "status"), UPSTREAM_FAULTS.values(), ids=UPSTREAM_FAULTS.keys())
def test_an_upstream_that_does_not_answer_properly_is_502(guard: RunningGuard, target: str, status: int, agent: str):
    """With a reason, and never to be stored."""
    reply = ask(guard.port, target, host="raw.example", agent=agent)

    assert (reply.status, reply.get("Cache-Control")) == (status, "no-store")
    assert b"site" in reply.body


@pytest.mark.parametrize("target", ["/short", "/unfinished-chunks"])
def test_a_body_that_breaks_off_breaks_off_for_the_client(guard: RunningGuard, target: str):
    """A short body is never passed on as a whole one, and the record says so."""
    reply = ask(guard.port, target, host="raw.example")

    assert reply.status == 200
    assert not reply.whole
    assert len(reply.body) in (5, 5004)


def test_a_short_body_can_not_be_made_a_preview(guard: RunningGuard):
    """The upstream's fault is told as such."""
    reply = ask(guard.port, "/short", host="raw.example", agent="Mozilla/5.0 (compatible; ChatGPT-User/1.0)")

    assert reply.status == 502


def test_an_upstream_that_is_down_is_502(guard: RunningGuard):
    """Connection refused is told at once."""
    reply = ask(guard.port, "/", ("Accept-Language", "de"), host="nobody.example")

    assert reply.status == 502
    assert reply.get("tdm-reservation") == "1"


def test_an_upstream_that_is_slow_is_504(guard: RunningGuard):
    """The configured two seconds, not more."""
    reply = ask(guard.port, "/slow?seconds=20")

    assert reply.status == 504


def test_a_client_that_leaves_in_the_middle_harms_nobody(guard: RunningGuard):
    """Its upstream connection is closed, its line says so."""
    with connect(guard.port) as connection:
        connection.sendall(head("/large?megabytes=64"))
        connection.recv(4096)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert guard.line_for("/large")["bytes"] < 64 << 20


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer_or_a_closed_connection(guard: RunningGuard, noise: bytes):
    """Never a hanging connection, never status 500."""
    with connect(guard.port, timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: photo.example\r\nConnection: close\r\nX: " + noise + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece

    assert not answer or answer[9:10] in b"24", answer[:200]
