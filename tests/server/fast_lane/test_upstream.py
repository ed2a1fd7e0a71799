"""Connections to the site behind: used again only after an answer that ended where it said."""

import asyncio
import contextlib
import weakref

import pytest

from guard.errors import UpstreamError, UpstreamTimeoutError
from guard.server.fast_lane import pool, upstream
from guard.server.fast_lane.pool import Pool

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
HEADERS = (("Host", "a"),)


class Site:
    """Answers the requests of each connection in turn as it is told, and closes after the last."""

    def __init__(self, *connections: tuple[bytes | float, ...]) -> None:
        self._connections = list(connections)
        self.asked = 0
        self.opened = 0

    async def __aenter__(self) -> "Site":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.pool = Pool(
            "127.0.0.1", self._server.sockets[0].getsockname()[1], "", connect_seconds=1.0, read_seconds=0.4
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self.pool.close()
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            for piece in self._connections.pop(0) if self._connections else ():
                await reader.readuntil(b"\r\n\r\n")
                self.asked += 1
                if isinstance(piece, float):
                    await asyncio.sleep(piece)
                else:
                    writer.write(piece)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def ask(self, method: str = "GET") -> bytes:
        answer = await self.pool.ask(method, "/", HEADERS)
        try:
            body = b""
            while piece := await answer.content.readany():
                body += piece
            answer.release()
            return body
        finally:
            answer.close()


async def test_a_connection_is_used_again_after_a_whole_answer():
    """Also after one that the library has read."""
    async with Site((OK, CHUNKS, OK)) as site:
        assert [await site.ask() for _ in range(3)] == [b"ok"] * 3
        assert (site.opened, site.asked) == (1, 3)


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), "it says so"),
        (OK + b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nstow", "more came than was said"),
        (CHUNKS + b"more", "more came than was said, in chunks"),
    ],
)
async def test_a_connection_is_not_used_again_where_anything_is_odd(first: bytes, why: str):
    """The next answer comes on another one, and is the next one's own."""
    async with Site((first, b""), (OK,)) as site:
        with contextlib.suppress(UpstreamError):  # the library does not take all of them
            assert await site.ask() == b"ok"
        assert await site.ask() == b"ok", why
        assert site.opened == 2


async def test_bytes_that_nobody_asked_for_end_an_idle_connection():
    """They would be taken for the next answer."""

    async with Site((OK, OK), (OK,)) as site:
        await site.ask()
        line = site.pool._idle[0]
        line.data_received(OK)

        assert await site.ask() == b"ok"
        assert site.opened == 2


async def test_a_connection_that_was_just_closed_is_no_error():
    """GET is sent once more, on a new connection, where nothing at all had come."""
    async with Site((OK,), (OK,)) as site:
        assert [await site.ask() for _ in range(2)] == [b"ok"] * 2


@pytest.mark.parametrize("half", [b"", b"HTTP/1.1 200 OK\r\nContent-", b"nonsense\r\n\r\n", OK[:-1]])
async def test_an_answer_that_breaks_off_is_an_error(half: bytes):
    """And is not asked for again on a new connection."""
    async with Site((half,), (OK,)) as site:
        with pytest.raises((UpstreamError, ConnectionError)):
            await site.ask()
        assert site.opened == 1


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 103 Early Hints\r\n\r\n"])
async def test_an_answer_that_does_not_come_is_too_late(first: bytes, monkeypatch: pytest.MonkeyPatch):
    """Waiting ends, and the connection with it."""
    monkeypatch.setattr(pool, "SWEEP_SECONDS", 0.02)
    async with Site((first, 9.0)) as site:
        asking = asyncio.create_task(site.ask())
        if not first:
            await asyncio.sleep(0)
        with pytest.raises((UpstreamTimeoutError, UpstreamError)):
            await asyncio.wait_for(asking, 5)
        assert not site.pool._idle


async def test_a_body_that_nobody_takes_is_not_read():
    """The site is held up, and what is kept is bounded."""
    size = 40 << 20
    async with Site((b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size,)) as site:
        answer = await site.pool.ask("GET", "/", HEADERS)
        await asyncio.sleep(0.2)
        assert isinstance(answer, upstream.Incoming)
        kept = answer._line._waiting_bytes
        assert kept < upstream.MOST_WAITING + (256 << 10)

        total, most = 0, 0
        while piece := await answer.content.readany():
            total += len(piece)
            if total < size // 2:
                await asyncio.sleep(0.002)  # to somebody who takes it slowly
            most = max(most, answer._line._waiting_bytes)
        assert most <= 256 << 10
        assert total == size
        answer.release()


async def test_an_answer_that_was_read_is_freed_at_once():
    """Thousands of them waited for the collector, four megabytes in all."""
    async with Site((OK,)) as site:
        answer = await site.pool.ask("GET", "/", HEADERS)
        while await answer.content.readany():
            pass
        answer.release()
        seen = weakref.ref(answer)
        del answer

        assert seen() is None
