"""What a connection keeps, and what it does not, from one request to the next."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from guard.server.fast_lane import connection, server
from guard.server.fast_lane.server import FastServer
from guard.server.room import Room

HEAD = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /%s HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
CHUNKED = b"POST /%s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def answer(request: web.BaseRequest) -> web.StreamResponse:
    """Say who answers, what was asked, and the body."""
    path = request._message.path
    if path == "/breaks":
        raise RuntimeError("a fault")
    lane = "library" if isinstance(request, web.BaseRequest) else "here"
    body = b"%s %s %s" % (lane.encode(), path.encode(), await request.content.read())
    if isinstance(request, web.BaseRequest):
        return web.Response(body=body)
    if path == "/senseless":
        return web.Response(status=400)
    made = request.respond(200, "", (("Content-Length", "20" if path == "/short" else str(len(body))),))
    await made.prepare(request)
    await made.write(body[:3])
    await asyncio.sleep(0.02)
    await made.write(body[3:])
    await made.write_eof()
    return made


async def talk(*pieces: bytes | float, seconds: float = 0.3) -> tuple[bytes, bool, FastServer]:
    """Send pieces, with pauses between them; return what came, whether it was closed, and the server."""
    made = FastServer(answer, lambda: (("X-Reserved", "yes"),), room=Room(1000))
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(made, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    said, closed = b"", False
    for piece in pieces:
        if isinstance(piece, float):
            await asyncio.sleep(piece)
        else:
            writer.write(piece)
    try:
        while True:
            async with asyncio.timeout(seconds):
                data = await reader.read(1 << 20)
            if not data:
                closed = True
                break
            said += data
    except TimeoutError:
        pass
    except ConnectionError:
        closed = True
    writer.close()
    listening.close()
    await made.shutdown(1)
    return said, closed, made


def bodies(said: bytes) -> list[str]:
    return [one.rpartition(b"\r\n\r\n")[2].decode() for one in said.split(b"HTTP/1.1 200")[1:]]


async def test_requests_sent_at_once_are_answered_in_order_each_by_its_lane():
    """A request lent to the library does not make the next one the library's."""
    said, closed, _ = await talk(HEAD % b"1", POST % b"2", HEAD % b"3", POST % b"4", HEAD % b"5", seconds=1)

    assert bodies(said) == ["here /1 ", "library /2 abc", "here /3 ", "library /4 abc", "here /5 "]
    assert not closed


async def test_a_body_that_comes_in_pieces_is_the_body_and_nothing_else():
    """What follows it in the same piece is the next request."""
    raw = POST % b"1" + HEAD % b"2"
    said, _, _ = await talk(*(part for at in range(len(raw)) for part in (raw[at : at + 1], 0.001)), seconds=1)

    assert bodies(said) == ["library /1 abc", "here /2 "]


async def test_a_connection_with_chunks_stays_with_the_library():
    """Where such a body ends is for one reader to say."""
    said, _, _ = await talk(HEAD % b"1", 0.1, CHUNKED % b"2", HEAD % b"3", seconds=1)

    assert bodies(said) == ["here /1 ", "library /2 abc", "library /3 "]


async def test_what_makes_no_sense_is_told_by_the_library():
    """It sees the request whole, and what follows it."""
    said, _, _ = await talk(HEAD % b"senseless", seconds=0.5)

    assert bodies(said) == ["library /senseless "]


async def test_our_own_fault_is_a_500_with_the_reservation_and_the_end():
    """And nothing that follows on the connection is looked at."""
    said, closed, _ = await talk(HEAD % b"breaks" + HEAD % b"2")

    assert said.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"X-Reserved: yes\r\n" in said
    assert said.count(b"HTTP/1.1") == 1
    assert closed


async def test_a_body_that_is_not_as_long_as_announced_ends_the_connection():
    """Else the client would take the next answer for the rest of this one."""
    said, closed, _ = await talk(HEAD % b"short" + HEAD % b"2")

    assert said.count(b"HTTP/1.1") <= 1
    assert closed


@pytest.mark.parametrize("slow", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n"])
async def test_who_does_not_come_to_an_end_is_hung_up_on(slow: bytes, monkeypatch: pytest.MonkeyPatch):
    """Slowloris: the head has a time, and bytes that trickle in do not make it longer."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.05)
    began = time.monotonic()
    said, closed, _ = await talk(slow, 0.1, slow[:0] or b"", seconds=5)

    assert (said, closed) == (b"", True)
    assert time.monotonic() - began < 4


async def test_who_takes_nothing_is_hung_up_on_in_the_end(monkeypatch: pytest.MonkeyPatch):
    """No more than the buffer is kept for a client that does not read."""
    monkeypatch.setattr(connection, "STALLED_SECONDS", 0.2)
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.05)
    ended = asyncio.Event()

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        try:
            made = request.respond(200, "", (("Content-Length", str(1 << 40)),))
            await made.prepare(request)
            while True:
                await made.write(b"x" * (1 << 16))
        finally:
            ended.set()

    made = FastServer(endless, tuple, room=Room(1000))
    listening = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname(), limit=1024)
    writer.write(HEAD % b"1")
    async with asyncio.timeout(20):
        await ended.wait()

    writer.close()
    listening.close()
    await made.shutdown(1)


async def test_a_server_that_retires_ends_each_connection_with_its_next_answer():
    """Whoever keeps a connection open is answered once more, and told."""
    made = FastServer(answer, tuple, room=Room(1000))
    listening = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    await asyncio.sleep(0.05)
    leaving = asyncio.create_task(made.retire(5))
    await asyncio.sleep(0.05)
    writer.write(HEAD % b"1")
    said = await asyncio.wait_for(reader.read(), 5)
    await asyncio.wait_for(leaving, 5)

    assert b"Connection: close\r\n" in said
    assert bodies(said) == ["here /1 "]
    writer.close()
    listening.close()
    await made.shutdown(1)


async def test_an_answer_that_did_not_say_so_is_not_the_last():
    """A server that begins to retire in the middle of an answer still takes the next request."""
    made = FastServer(answer, tuple, room=Room(1000))
    listening = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    writer.write(HEAD % b"1")
    first = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    leaving = asyncio.create_task(made.retire(5))
    await asyncio.sleep(0.1)
    writer.write(HEAD % b"2")
    rest = await asyncio.wait_for(reader.read(), 5)
    await asyncio.wait_for(leaving, 5)

    assert b"Connection: close" not in first
    assert rest.endswith(b"here /2 ")
    writer.close()
    listening.close()
    await made.shutdown(1)


async def test_stopping_lets_an_answer_under_way_end():
    """And closes who waits."""
    made = FastServer(answer, tuple, room=Room(1000))
    listening = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    idle, idle_writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    writer.write(HEAD % b"1")
    await asyncio.sleep(0.01)
    made.pre_shutdown()
    await made.shutdown(5)

    assert bodies(await asyncio.wait_for(reader.read(), 5)) == ["here /1 "]
    assert await asyncio.wait_for(idle.read(), 5) == b""
    writer.close()
    idle_writer.close()
    listening.close()
