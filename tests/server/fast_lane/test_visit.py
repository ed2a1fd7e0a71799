"""What is answered in one turn of the loop is what those who wait would have answered, however it ends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from guard.server.exchange import Sent
from guard.server.fast_lane import connection, server, splice, upstream, visit
from guard.server.fast_lane.pool import Pool
from guard.server.fast_lane.server import FastServer
from guard.server.fast_lane.splice import Splice
from guard.server.fast_lane.visit import Visit
from guard.server.room import Room
from guard.server.upstream import Answered, UnderWay

HEAD = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
LARGE = bytes(range(256)) * 12_000


def answer_of(body: bytes, length: int | None = None) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


class Visits:
    """Lets every request pass, over lines that are open, and keeps what became of it."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.ended: list[SimpleNamespace] = []
        self.handed = 0
        self.waits_for: bytes = b""
        """Paths with this in them take waiting once their answer has begun."""

    def begin(self, client: Any, request: Any) -> Visit | None:
        exchange = SimpleNamespace(request=request, sent=Sent(), asked=None, answered=None)
        request.begun = exchange
        line = self.pool.ask_at_once(request.method, request.path, (("Host", "a"),))
        return None if line is None else Visit(self, client, request, exchange, line)  # type: ignore[arg-type]

    def answered(self, exchange: Any, incoming: Any, seconds: float) -> Answered:
        exchange.seconds = seconds
        return Answered(incoming, UnderWay())

    def begin_answer(self, exchange: Any, answered: Answered) -> Any:
        if self.waits_for and self.waits_for in exchange.request.path.encode():
            return None
        exchange.sent.status = answered.status
        return exchange.request.respond(answered.status, answered.reason, answered.headers)

    def handed_back(self) -> None:
        self.handed += 1

    def left(self, exchange: Any) -> None:
        self.ended.append(exchange)


class Scene:
    """An upstream that answers as it is told, by path, and a server before it."""

    def __init__(self) -> None:
        self.answers: dict[str, list[bytes | float]] = {}
        self.asked: list[str] = []
        self.waited: list[str] = []
        self._serving: list[Any] = []

    async def handle(self, request: Any) -> web.StreamResponse:
        """Answer by waiting, as the proxy does for what was begun."""
        exchange, request.begun = request.begun, None
        self.waited.append(request.path)
        if exchange.answered is not None:
            answered = exchange.answered
        else:
            incoming = await self.pool.ask(request.method, request.path, (("Host", "a"),), exchange.asked)
            answered = Answered(incoming, UnderWay())
        try:
            body = b"".join([piece async for piece in answered.body()])
        finally:
            answered.close()
        made = request.respond(answered.status, "", (("Content-Length", str(len(body))), ("X-Waited", "yes")))
        await made.prepare(request)
        await made.write(body)
        await made.write_eof()
        return made  # type: ignore[no-any-return]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
            self.asked.append(path)
            for piece in self.answers.get(path, [answer_of(b"ok")]):
                if isinstance(piece, float):
                    await asyncio.sleep(piece)
                elif not piece:
                    return
                else:
                    writer.write(piece)
                    await writer.drain()

    @contextlib.asynccontextmanager
    async def running(self, read_seconds: float = 5.0) -> AsyncIterator["Scene"]:
        site = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.pool = Pool(
            "127.0.0.1", site.sockets[0].getsockname()[1], "", connect_seconds=2.0, read_seconds=read_seconds
        )
        self.visits = Visits(self.pool)
        made = FastServer(self.handle, tuple, room=Room(1000))
        made.visits = self.visits  # type: ignore[assignment]
        listening = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
        self.place = listening.sockets[0].getsockname()
        try:
            await self.get("first")  # after it there is an open line
            assert self.waited == ["/first"]
            yield self
        finally:
            listening.close()
            await made.shutdown(1)
            self.pool.close()
            site.close()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving)
            await asyncio.sleep(0.02)

    async def get(self, *paths: str) -> bytes:
        """Send requests at once on one connection; return all that comes in answer, and `(closed)` if it was."""
        reader, writer = await asyncio.open_connection(*self.place)
        writer.write(b"".join(HEAD % path.encode() for path in paths))
        said = b""
        try:
            for _ in paths:
                async with asyncio.timeout(10):
                    top = await reader.readuntil(b"\r\n\r\n")
                    said += top
                    length = int(top.split(b"Content-Length: ")[1].split(b"\r\n")[0])
                    said += await reader.readexactly(length)
        except asyncio.IncompleteReadError as error:
            said += error.partial + b"(closed)"
        except ConnectionError:
            said += b"(closed)"
        await closed(writer)
        return said

    async def until_ended(self, count: int = 1) -> Any:
        async with asyncio.timeout(10):
            while len(self.visits.ended) < count:  # noqa: ASYNC110  # what is waited for happens on sockets
                await asyncio.sleep(0.01)
        return self.visits.ended[-1].sent


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def spliced(monkeypatch: pytest.MonkeyPatch) -> list[Splice]:
    """Return the splices that were made."""
    made: list[Splice] = []

    class Told(Splice):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            made.append(self)

    monkeypatch.setattr(visit, "Splice", Told)
    return made


async def test_requests_sent_at_once_are_answered_in_order_over_one_line(scene: Scene):
    """Each by a visit, and counted as what it was."""
    scene.answers["/b"] = [answer_of(b"two")]
    async with scene.running():
        said = await scene.get("a", "b", "c")

        assert [one.rpartition(b"\r\n\r\n")[2] for one in said.split(b"HTTP/1.1 200")[1:]] == [b"ok", b"two", b"ok"]
        assert b"X-Waited" not in said
        assert [one.sent.bytes for one in scene.visits.ended] == [2, 3, 2]
        assert all(one.sent.completed and one.request.begun is None for one in scene.visits.ended)
        assert scene.waited == ["/first"]
        assert len(scene.pool._idle) == 1
        assert not scene.pool.waiting


async def test_the_kernel_passes_a_large_body_on(scene: Scene, spliced: list[Splice]):
    """Every byte of it, and the next answer on both connections is right."""
    scene.answers["/large"] = [answer_of(LARGE)]
    async with scene.running():
        said = await scene.get("large", "a", "large", "a")

        bodies = [one.rpartition(b"\r\n\r\n")[2] for one in said.split(b"HTTP/1.1 200")[1:]]
        assert bodies == [LARGE, b"ok", LARGE, b"ok"]
        assert [one.sent.bytes for one in scene.visits.ended] == [len(LARGE), 2, len(LARGE), 2]
        assert len(spliced) == 2
        assert sum(one.passed for one in spliced) > len(LARGE)
        assert all(one.state is splice.State.DONE and not one._open for one in spliced)
        assert splice._under_way == 0
        assert len(scene.pool._idle) == 1


async def test_where_no_more_can_pass_so_the_rest_is_copied(scene: Scene, spliced: list[Splice], monkeypatch):
    """The bytes are the same."""
    monkeypatch.setattr(splice, "MOST", 0)
    scene.answers["/large"] = [answer_of(LARGE)]
    async with scene.running():
        said = await scene.get("large")

    assert said.endswith(LARGE)
    assert not spliced


@pytest.mark.parametrize("size", [1000, 1_200_000], ids=["copied", "spliced"])
async def test_a_body_that_breaks_off_breaks_off_for_the_client(scene: Scene, spliced: list[Splice], size: int):
    """It is never ended as if it were whole, and both connections are closed."""
    scene.answers["/half"] = [answer_of(LARGE[:size], size * 2), 0.05, b""]
    async with scene.running():
        said = await scene.get("half", "a")
        sent = await scene.until_ended()

        assert said.endswith(b"(closed)")
        assert said.partition(b"\r\n\r\n")[2] == LARGE[:size] + b"(closed)"
        assert (sent.completed, sent.reason, sent.bytes) == (False, "upstream_broke_off", size)
        assert bool(spliced) == (size > 1000)
        assert not scene.pool._idle
        assert splice._under_way == 0


@pytest.mark.parametrize("size", [1000, 1_200_000], ids=["copied", "spliced"])
async def test_a_body_that_stops_coming_is_too_late(scene: Scene, spliced: list[Splice], size: int):
    """The client is hung up on after the time that the upstream has between two pieces."""
    scene.answers["/half"] = [answer_of(LARGE[:size], len(LARGE)), 8.0]
    async with scene.running(read_seconds=0.3):
        said = await scene.get("half")
        sent = await scene.until_ended()

        assert said.endswith(LARGE[:size] + b"(closed)")
        assert (sent.completed, sent.reason) == (False, "upstream_broke_off")
        assert splice._under_way == 0


@pytest.mark.parametrize("answer", [[answer_of(LARGE * 20)], [answer_of(b"slow", 40), 5.0]], ids=["spliced", "copied"])
async def test_a_client_that_goes_takes_the_line_with_it(scene: Scene, answer: list[bytes | float]):
    """What it did not take belongs to nobody."""
    scene.answers["/large"] = answer
    async with scene.running():
        _, writer = await asyncio.open_connection(*scene.place, limit=1024)
        writer.write(HEAD % b"large")
        await asyncio.sleep(0.2)
        writer.transport.abort()
        await closed(writer)
        sent = await scene.until_ended()

        assert (sent.completed, sent.reason) == (False, "client_gone")
        assert not scene.pool._idle
        assert splice._under_way == 0


async def test_who_takes_nothing_is_hung_up_on(scene: Scene, spliced: list[Splice], monkeypatch: pytest.MonkeyPatch):
    """Little is kept for it meanwhile."""
    monkeypatch.setattr(connection, "STALLED_SECONDS", 0.3)
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.05)
    scene.answers["/large"] = [b"HTTP/1.1 200 OK\r\nContent-Length: 80000000\r\n\r\n", bytes(80_000_000)]
    async with scene.running(read_seconds=0.1):
        _, writer = await asyncio.open_connection(*scene.place, limit=1024)
        writer.transport.pause_reading()
        writer.write(HEAD % b"large")
        sent = await scene.until_ended()
        await closed(writer)

        assert (sent.completed, sent.reason) == (False, "client_gone")
        assert 0 < sent.bytes < 80_000_000
        assert len(spliced) == 1


@pytest.mark.parametrize("most", [32, 0], ids=["spliced", "copied"])
async def test_a_slow_client_gets_all_of_it(
    scene: Scene, spliced: list[Splice], monkeypatch: pytest.MonkeyPatch, most: int
):
    """However often it stops; the upstream is not late while the client is."""
    monkeypatch.setattr(splice, "MOST", most)
    scene.answers["/large"] = [answer_of(LARGE * 8)]
    async with scene.running(read_seconds=0.1):
        reader, writer = await asyncio.open_connection(*scene.place, limit=4096)
        writer.write(HEAD % b"large")
        await reader.readuntil(b"\r\n\r\n")
        came = stops = 0
        while came < len(LARGE) * 8:
            data = await reader.read(1 << 20)
            assert data == (LARGE * 9)[came % len(LARGE) :][: len(data)]
            came += len(data)
            if came // (1 << 22) > stops:
                stops += 1
                await asyncio.sleep(0.6)
        await closed(writer)

        assert stops > 3
        assert (await scene.until_ended()).completed
        assert len(spliced) == (most > 0)


async def test_nothing_is_held_back_of_what_a_quick_client_takes(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    """To stop reading and to begin again costs two calls of the kernel for each piece."""
    monkeypatch.setattr(splice, "MOST", 0)
    scene.answers["/large"] = [part for at in range(0, len(LARGE), 1 << 15) for part in (LARGE[at : at + (1 << 15)],)]
    scene.answers["/large"].insert(0, answer_of(b"", len(LARGE)))
    stops: list[str] = []
    made = upstream.Line.connection_made

    def watched(line: upstream.Line, transport: Any) -> None:
        transport.pause_reading = lambda: stops.append("stop")
        made(line, transport)

    monkeypatch.setattr(upstream.Line, "connection_made", watched)
    async with scene.running():
        stops.clear()
        assert (await scene.get("large")).endswith(LARGE)

    assert len(stops) <= 2


async def test_a_visit_that_never_ends_is_counted_when_the_server_stops(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    """Also where the client still has to take much of it."""
    monkeypatch.setattr(splice, "MOST", 0)
    scene.answers["/large"] = [b"HTTP/1.1 200 OK\r\nContent-Length: 80000000\r\n\r\n", bytes(80_000_000)]
    async with scene.running():
        _, writer = await asyncio.open_connection(*scene.place, limit=1024)
        writer.transport.pause_reading()
        writer.write(HEAD % b"large")
        await asyncio.sleep(0.3)
    await asyncio.sleep(0.05)

    assert [one.sent.reason for one in scene.visits.ended] == ["client_gone"]
    await closed(writer)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
     b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer_of(b"ok")],
    ids=["chunks", "early hints"],
)  # fmt: skip
async def test_an_answer_that_is_not_plain_is_left_to_those_who_wait(scene: Scene, answer: bytes):
    """The upstream is not asked again."""
    scene.answers["/odd"] = [answer]
    async with scene.running():
        said = await scene.get("odd", "a")

        assert said.count(b"X-Waited") == 1
        assert said.endswith(b"ok")
        assert scene.asked == ["/first", "/odd", "/a"]
        assert scene.visits.handed == 1


async def test_what_takes_waiting_after_the_head_is_left_to_those_who_wait(scene: Scene):
    """With the answer as far as it has come."""
    scene.answers["/page"] = [answer_of(b"<html>", 12), 0.05, b"</html"]
    async with scene.running():
        scene.visits.waits_for = b"page"
        said = await scene.get("page", "a")

        assert b"<html></html" in said
        assert (said.count(b"X-Waited"), scene.visits.handed) == (1, 1)
        assert scene.asked == ["/first", "/page", "/a"]


async def test_a_line_that_was_just_closed_is_no_error(scene: Scene):
    """GET does no harm twice: those who wait ask again."""
    scene.answers["/first"] = [answer_of(b"ok"), 0.1, b""]
    async with scene.running():
        (line,) = scene.pool._idle
        line.transport.pause_reading()  # it does not see the end
        await asyncio.sleep(0.2)
        line.transport.resume_reading()
        said = await scene.get("a")

        assert said.endswith(b"ok")
        assert scene.waited == ["/first", "/a"]


async def test_a_fault_before_anything_is_sent_is_left_to_those_who_wait(
    scene: Scene, caplog: pytest.LogCaptureFixture
):
    """They can answer, or say that they can not; the connection goes on."""
    async with scene.running():
        begin = scene.visits.begin

        def fails(client: Any, request: Any) -> None:
            request.begun = SimpleNamespace(request=request, sent=Sent(), asked=None, answered=None)
            scene.visits.begin = begin  # type: ignore[method-assign]
            raise RuntimeError("a fault")

        scene.visits.begin = fails  # type: ignore[method-assign,assignment]
        said = await scene.get("a", "b")

        assert said.count(b"HTTP/1.1 200") == 2
        assert scene.waited == ["/first", "/a"]
        assert "this is a fault of the guard" in caplog.text


async def test_how_long_the_upstream_took_is_counted_from_when_it_was_asked(scene: Scene):
    """What comes before that is our own time."""
    scene.answers["/slow"] = [0.2, answer_of(b"ok")]
    async with scene.running():
        await scene.get("slow", "a")
        slow, quick = (one.seconds for one in scene.visits.ended)

    assert 0.2 <= slow < 5
    assert quick < slow


async def test_a_fault_of_ours_closes_both(scene: Scene, caplog: pytest.LogCaptureFixture):
    """And is told."""
    async with scene.running():
        scene.visits.begin_answer = lambda *_: 1 / 0  # type: ignore[method-assign,assignment,return-value]
        said = await scene.get("a")

        assert said == b"(closed)"
        assert "this is a fault of the guard" in caplog.text
        assert not scene.pool._idle
        assert scene.visits.ended[0].sent.reason == "fault"


async def test_stopping_lets_a_visit_under_way_end(scene: Scene):
    """But not for ever."""
    scene.answers["/slow"] = [0.3, answer_of(b"done")]
    scene.answers["/never"] = [30.0]
    async with scene.running():
        slow, never = asyncio.create_task(scene.get("slow")), asyncio.create_task(scene.get("never"))
        await asyncio.sleep(0.1)
    assert (await slow).endswith(b"done")
    assert (await never) == b"(closed)"
