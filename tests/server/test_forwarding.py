"""What passes through the proxy, passes unchanged; what is for one hop only, stays behind."""

import gzip
import hashlib
import json
import time

import pytest

from tests.server.conftest import Upstreams
from tests.support.http import ask, connect, head, read_reply
from tests.support.running import RunningGuard
from tests.support.upstream import PICTURES


def echo(guard: RunningGuard, *lines: tuple[str, str], target: str = "/echo", **options: object) -> dict[str, object]:
    reply = ask(guard.port, target, *lines, **options)  # type: ignore[arg-type]
    assert reply.status == 200, reply
    return json.loads(reply.body)  # type: ignore[no-any-return]


def names(seen: dict[str, object]) -> dict[str, str]:
    return {name.lower(): value for name, value in seen["headers"]}  # type: ignore[attr-defined]


def test_a_person_gets_the_bytes_of_the_upstream(guard: RunningGuard):
    """The first thing that must hold."""
    reply = ask(guard.port, "/original.jpg")

    assert reply.status == 200
    assert reply.body == PICTURES["/original.jpg"]
    assert reply.get("Content-Type") == "image/jpeg"


def test_a_part_of_a_picture_comes_as_206(guard: RunningGuard):
    """Range requests are the upstream's to answer."""
    reply = ask(guard.port, "/original.jpg", ("Range", "bytes=100-199"))

    assert reply.status == 206
    assert reply.body == PICTURES["/original.jpg"][100:200]
    assert reply.get("Content-Range").startswith("bytes 100-199/")


def test_a_conditional_request_gets_304_without_a_body(guard: RunningGuard):
    """A warm cache stays warm."""
    tag = ask(guard.port, "/original.jpg").get("ETag")

    reply = ask(guard.port, "/original.jpg", ("If-None-Match", tag))

    assert (reply.status, reply.body, reply.get("ETag")) == (304, b"", tag)
    assert reply.get("tdm-reservation") == "1"


def test_head_has_the_head_of_get(guard: RunningGuard):
    """Length and type, and nothing after them on the connection."""
    with connect(guard.port) as connection:
        connection.sendall(head("/original.jpg", method="HEAD", close=False))
        first = read_reply(connection, "HEAD")
        connection.sendall(head("/thumb.jpg"))
        second = read_reply(connection)

    assert first.get("Content-Length") == str(len(PICTURES["/original.jpg"]))
    assert second.body == PICTURES["/thumb.jpg"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_other_methods_and_their_bodies_pass(guard: RunningGuard, method: str):
    """Galleries speak WebDAV and have APIs."""
    body = b"x" * 1000

    seen = echo(guard, method=method, body=body)

    assert (seen["method"], seen["length"]) == (method, 1000)


def test_an_upload_of_any_size_streams_through(guard: RunningGuard):
    """32 MiB go through while the worker's memory grows by less than half of that."""
    size, piece = 32 << 20, b"\xa5" * (1 << 20)
    before = resident(guard)

    with connect(guard.port, timeout=60) as connection:
        connection.sendall(head("/echo", ("Content-Length", str(size)), method="POST"))
        for _ in range(size >> 20):
            connection.sendall(piece)
        seen = json.loads(read_reply(connection).body)

    assert seen["sha256"] == hashlib.sha256(piece * (size >> 20)).hexdigest()
    assert resident(guard) - before < 16 << 20


def test_a_slow_reader_does_not_fill_memory(guard: RunningGuard):
    """The upstream is read no faster than the client: 200 MiB wait at the source."""
    before = resident(guard)

    with connect(guard.port, timeout=60) as connection:
        connection.sendall(head("/large?megabytes=200"))
        received = len(connection.recv(1 << 16))
        time.sleep(1.5)
        grown = resident(guard) - before
        while piece := connection.recv(1 << 20):
            received += len(piece)

    assert received > 200 << 20
    assert grown < 24 << 20


def test_a_chunked_upload_arrives_chunked(guard: RunningGuard):
    """Length unknown on both sides."""
    with connect(guard.port) as connection:
        connection.sendall(head("/echo", ("Transfer-Encoding", "chunked"), method="POST"))
        connection.sendall(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
        seen = json.loads(read_reply(connection).body)

    assert seen["length"] == 11
    assert names(seen)["transfer-encoding"] == "chunked"


def test_a_chunked_answer_arrives_whole_and_without_its_hop_headers(guard: RunningGuard):
    """Connection names X-Secret as a header of that hop."""
    reply = ask(guard.port, "/chunks")

    assert (reply.body, reply.whole) == (b"one two three", True)
    assert reply.all("X-Secret") == []


def test_compressed_bodies_are_not_touched_in_either_direction(guard: RunningGuard):
    """Neither the answer nor the upload is unpacked on the way."""
    body = gzip.compress(b"upload " * 100, mtime=0)

    reply = ask(guard.port, "/zipped", ("Accept-Encoding", "gzip"))
    seen = echo(guard, ("Content-Encoding", "gzip"), method="POST", body=body)

    assert reply.body == gzip.compress(b"hello " * 1000, mtime=0)
    assert reply.get("Content-Encoding") == "gzip"
    assert seen["sha256"] == hashlib.sha256(body).hexdigest()


def test_the_upstream_learns_host_client_and_scheme(guard: RunningGuard):
    """What the client invents about itself is replaced, what the trusted front server says is continued."""
    seen = names(
        echo(
            guard,
            ("X-Forwarded-For", "6.6.6.6, 192.0.2.44"),
            ("X-Forwarded-Proto", "https"),
            ("X-Real-IP", "7.7.7.7"),
            ("X-Forwarded-Host", "evil.example"),
        )
    )

    assert seen["host"] == "photo.example"
    assert seen["x-forwarded-for"] == "6.6.6.6, 192.0.2.44, 127.0.0.1"
    assert seen["x-real-ip"] == "192.0.2.44"
    assert seen["x-forwarded-proto"] == "https"
    assert seen["x-forwarded-host"] == "photo.example"
    assert seen["forwarded"] == 'for=192.0.2.44;host="photo.example";proto=https'


def test_hop_by_hop_headers_and_those_that_connection_names_stay_behind(guard: RunningGuard):
    """But nobody can have the Host or a cookie removed by naming it there."""
    seen = names(
        echo(
            guard,
            ("Connection", "X-Hop, Cookie"),
            ("X-Hop", "1"),
            ("Keep-Alive", "timeout=5"),
            ("TE", "trailers"),
            ("Proxy-Authorization", "Basic x"),
            ("Cookie", "session=1"),
            ("X-Kept", "yes"),
        )
    )

    assert not {"x-hop", "keep-alive", "te", "proxy-authorization"} & seen.keys()
    assert (seen["cookie"], seen["x-kept"]) == ("session=1", "yes")


def test_nothing_is_added_to_what_the_client_accepts(guard: RunningGuard):
    """A client without Accept-Encoding must not get a body it can not read."""
    seen = names(echo(guard, agent=""))

    assert not {"accept", "accept-encoding", "user-agent", "content-type"} & seen.keys()


def test_several_cookies_stay_several_lines(guard: RunningGuard):
    """Joining Set-Cookie lines breaks them."""
    assert ask(guard.port, "/cookies").all("Set-Cookie") == ["a=1", "b=2"]


def test_an_absolute_form_target_is_sent_on_in_origin_form(guard: RunningGuard):
    """Its authority names the site, whatever the Host field says (RFC 9112, section 3.2.2)."""
    seen = echo(guard, target="http://photo.example/echo?a=%2F", host="other.example")

    assert seen["target"] == "/echo?a=%2F"
    assert names(seen)["host"] == "photo.example"


TARGETS = ["//x", "/%2e%2e/", "/a/../b", "/a;x.png", "/a%2fb?c=%zz", "/%C3%A4?x=1&x=2", "/a?b?c#", "/'\"<>|^`{}"]


@pytest.mark.parametrize("target", TARGETS)
def test_the_target_reaches_the_upstream_as_it_was_written(guard: RunningGuard, target: str):
    """Normalising is the upstream's business; a changed target is another resource."""
    seen = echo(guard, target=target)

    assert seen["target"] == target.rstrip("#")


def test_expect_continue_is_answered_before_the_body(guard: RunningGuard):
    """The client waits for 100 before it sends."""
    with connect(guard.port) as connection:
        connection.sendall(head("/echo", ("Expect", "100-continue"), ("Content-Length", "5"), method="POST"))
        first = read_reply(connection)
        connection.sendall(b"hello")
        second = read_reply(connection)

    assert (first.status, second.status) == (100, 200)
    assert json.loads(second.body)["length"] == 5


def test_a_refused_upload_is_refused_before_its_body(guard: RunningGuard):
    """No 100 for a crawler that is refused."""
    from tests.support.http import GPTBOT

    with connect(guard.port) as connection:
        connection.sendall(
            head("/echo", ("Expect", "100-continue"), ("Content-Length", "5"), method="POST", agent=GPTBOT)
        )
        assert read_reply(connection).status == 403


def test_server_sent_events_arrive_one_by_one(guard: RunningGuard):
    """The head comes before the first event, each event before the next."""
    with connect(guard.port) as connection:
        connection.sendall(head("/events"))
        started = time.monotonic()
        pieces = []
        while piece := connection.recv(4096):
            pieces.append((time.monotonic() - started, piece))

    assert b"text/event-stream" in pieces[0][1]
    assert b"data: 0" not in pieces[0][1]
    assert sum(b"data:" in piece for _, piece in pieces) == 3


def test_an_upstream_on_a_unix_socket_answers(guard: RunningGuard):
    """The host's name stays the client's."""
    seen = echo(guard, host="unix.example")

    assert names(seen)["host"] == "unix.example"


def test_http_1_0_is_answered_without_chunks(guard: RunningGuard):
    """An old client gets a body that ends with the connection."""
    reply = ask(guard.port, "/chunks", version="1.0")

    assert (reply.body, reply.get("Transfer-Encoding")) == (b"one two three", "")


def test_requests_one_after_the_other_share_a_connection(guard: RunningGuard):
    """Keep-alive, also after an upload."""
    with connect(guard.port) as connection:
        for _ in range(3):
            connection.sendall(head("/echo", method="POST", body=b"12345", close=False) + b"12345")
            assert json.loads(read_reply(connection).body)["length"] == 5


def resident(guard: RunningGuard) -> int:
    """Return the worker's resident bytes."""
    pid = guard.children()["guard.server.worker"]
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


async def test_a_websocket_passes_both_ways(guard: RunningGuard, upstreams: Upstreams):
    """Text, binary, ping, the chosen subprotocol, cookies, and the closing code."""
    import aiohttp

    async with (
        aiohttp.ClientSession(headers={"Host": "photo.example", "Cookie": "s=1"}) as session,
        session.ws_connect(f"{guard.url}/socket", protocols=("chat", "other")) as socket,
    ):
        await socket.send_str("hello")
        text = await socket.receive_str()
        await socket.send_bytes(b"abc")
        binary = await socket.receive_bytes()
        await socket.send_str("close")
        closing = await socket.receive()

    assert (text, binary, socket.protocol) == ("s=1|hello", b"cba", "chat")
    assert (closing.data, socket.close_code) == (4001, 4001)


async def test_a_websocket_that_the_upstream_refuses_is_an_honest_error(guard: RunningGuard):
    """No 101 before the upstream has agreed."""
    import aiohttp

    async with aiohttp.ClientSession(headers={"Host": "photo.example"}) as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{guard.url}/echo")

    assert refused.value.status == 502
