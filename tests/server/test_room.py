"""Whoever opens connections and says nothing loses them to people; whoever does not go on is not waited for."""

import asyncio
import resource
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from guard.server import room as rules
from guard.server.fast_lane.server import FastServer
from guard.server.http_server import HttpServer, Serving
from guard.server.room import SPARE_FILES, Room
from tests.support.http import head, read_reply


class Line:
    """A connection whose state a test writes down."""

    def __init__(self) -> None:
        self.received = self.unsent = self.written = 0
        self.lacks_body = False
        self.given_up = False

    def give_up(self) -> None:
        self.given_up = True


class Time:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def made() -> tuple[Room, Time, list[str]]:
    """Return a room for twenty connections."""
    clock, cut = Time(), list[str]()
    return Room(SPARE_FILES + 20, cut.append, clock=clock), clock, cut


def sweep(room: Room, clock: Time, seconds: float, then: Callable[[], None] = lambda: None) -> None:
    """Let time pass."""
    for _ in range(int(seconds / rules.SWEEP_SECONDS)):
        clock.now += rules.SWEEP_SECONDS
        room.sweep()
        then()


def test_who_has_waited_longest_makes_room(made: tuple[Room, Time, list[str]]):
    """A request that was answered in between counts as news."""
    room, _, cut = made
    lines = [Line() for _ in range(20)]
    entered = [room.enter(one) for one in lines]
    room.begin(lines[0])
    room.end(lines[0])

    assert all(entered)
    assert [one.given_up for one in lines[:3]] == [False, True, False]  # the answer took a second place for a while
    assert room.enter(Line())
    assert room.enter(Line())
    assert [one.given_up for one in lines[:4]] == [False, True, True, False]
    assert set(cut) == {"no_room"}


def test_an_answer_takes_two_places_and_is_never_given_up_for_a_newcomer(made: tuple[Room, Time, list[str]]):
    """The second is for the upstream; when all are being answered, who comes is turned away."""
    room, _, cut = made
    lines = [Line() for _ in range(10)]
    for one in lines:
        assert room.enter(one)
        room.begin(one)

    assert not room.enter(Line())
    assert not any(one.given_up for one in lines)
    assert cut == ["no_room"]
    room.leave(lines[0])
    assert room.enter(Line())


def test_who_takes_nothing_for_a_minute_is_given_up(made: tuple[Room, Time, list[str]]):
    """In the middle of an answer, and after the last byte was written as well."""
    room, clock, cut = made
    middle, after = Line(), Line()
    for one in (middle, after):
        room.enter(one)
        room.begin(one)
        one.unsent = one.written = 70_000
    room.end(after)
    sweep(room, clock, rules.TAKING_SECONDS)
    before = (middle.given_up, after.given_up)
    sweep(room, clock, rules.SWEEP_SECONDS)

    assert before == (False, False)
    assert (middle.given_up, after.given_up) == (True, True)
    assert cut == ["slow_reader", "slow_reader"]
    assert (len(room), room.broken_off) == (0, 2)


def test_who_takes_little_is_waited_for(made: tuple[Room, Time, list[str]]):
    """What is unsent may grow meanwhile: what counts is that more could be written, or less is left."""
    room, clock, cut = made
    growing, shrinking = Line(), Line()
    for one in (growing, shrinking):
        room.enter(one)
        room.begin(one)
        one.unsent = one.written = 100_000

    def go_on() -> None:
        growing.unsent += 10
        growing.written += 20
        shrinking.unsent -= 1

    sweep(room, clock, 600, go_on)

    assert cut == []


def test_a_body_that_trickles_in_is_given_up(made: tuple[Room, Time, list[str]]):
    """One that comes at 700 bytes a second is waited for, and so is a client that waits for us."""
    room, clock, _ = made
    trickle, steady, waits = Line(), Line(), Line()
    for one in (trickle, steady, waits):
        room.enter(one)
        room.begin(one)
        one.lacks_body = one is not waits

    def go_on() -> None:
        trickle.received += 10
        steady.received += 3500

    sweep(room, clock, 60, go_on)

    assert (trickle.given_up, steady.given_up, waits.given_up) == (True, False, False)


@pytest.fixture(params=[HttpServer, FastServer], ids=["library", "fast lane"])
async def served(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[int, Room]]:
    """Serve on a real socket, in either lane; 10 MB for /large, and what was sent for POST."""
    monkeypatch.setattr(rules, "TAKING_SECONDS", 0.6)
    monkeypatch.setattr(rules, "BODY_GRACE_SECONDS", 0.6)
    monkeypatch.setattr(rules, "SWEEP_SECONDS", 0.2)

    async def answer(request: web.BaseRequest) -> Any:
        size = 1_000_000 if request.path == "/large" else 0
        if isinstance(request, web.BaseRequest):
            await request.read()
            response: Any = web.StreamResponse(headers={"Content-Length": str(10 * size)})
        else:
            response = request.respond(200, "", (("Content-Length", str(10 * size)),))
        await response.prepare(request)
        for _ in range(10 if size else 0):
            await response.write(bytes(size))
        await response.write_eof()
        return response

    room = Room(SPARE_FILES + 30)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)
    listener.setblocking(False)
    serving = await Serving.start(request.param(answer, lambda: (), room=room), listener, 1)

    async def sweep_often() -> None:
        while True:
            await asyncio.sleep(0.2)
            room.sweep()

    sweeping = asyncio.create_task(sweep_often())
    yield listener.getsockname()[1], room
    sweeping.cancel()
    await serving.stop()


def ask_now(port: int, target: str = "/", **options: Any) -> int:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(head(target, **options) + options.get("body", b""))
        return read_reply(connection).status


def is_closed(connection: socket.socket) -> bool:
    """Tell whether the other side closes within ten seconds; what it still sends is thrown away."""
    connection.settimeout(10)
    try:
        while connection.recv(1 << 20):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


async def test_many_silent_connections_do_not_keep_people_out(served: tuple[int, Room]):
    """Three times as many as there is room for, half of them in the middle of a head."""
    port, room = served

    def open_many() -> tuple[list[socket.socket], int]:
        opened = []
        for number in range(90):
            opened.append(socket.create_connection(("127.0.0.1", port), 10))
            if number % 2:
                opened[-1].sendall(b"GET / HTTP/1.1\r\nHost: photo.ex")
        return opened, ask_now(port)

    opened, status = await asyncio.to_thread(open_many)

    assert status == 200
    assert len(room) <= 30
    for one in opened:
        one.close()


async def test_a_body_that_does_not_come_is_not_waited_for(served: tuple[int, Room]):
    """The connection is closed, and one that comes in time is answered."""
    port, _ = served

    def begin() -> tuple[bool, int]:
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(head("/", method="POST", body=bytes(1000)) + b"a")
            return is_closed(connection), ask_now(port, method="POST", body=bytes(1000))

    assert await asyncio.to_thread(begin) == (True, 200)


async def test_an_answer_that_is_not_taken_is_not_kept(served: tuple[int, Room]):
    """A client that asks for 10 MB and reads nothing is closed; its connection does not linger."""
    port, room = served

    def begin() -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        connection.sendall(head("/large"))
        return connection

    connection = await asyncio.to_thread(begin)
    for _ in range(100):
        await asyncio.sleep(0.1)
        if began := len(room) == 0:
            break

    assert began
    assert await asyncio.to_thread(is_closed, connection)
    connection.close()


def test_a_process_may_open_as_many_files_as_the_system_lets_it():
    """A shell gives 1024 by default, and lets programs ask for more."""
    program = "from guard.server.process import raise_file_limit; print(raise_file_limit(), raise_file_limit())"
    hard = min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1])

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)),
    )  # fmt: skip

    assert ended.stdout.split() == [str(hard), str(hard)]
