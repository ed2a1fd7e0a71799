"""What does a worker process do?

It is started by the supervisor with the settings on standard input and a listening socket
as a file descriptor, says `ready` on standard output, serves until SIGTERM, then lets the
answers under way end. At SIGHUP another one has taken its place: then connections end with
their next answer, so that nobody who keeps one open finds it closed in the middle of asking.
At SIGUSR1 another one is away: then this one takes the connections that wait for it.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Mapping, Sequence
from datetime import date, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

import orjson

from guard.core import behaviour
from guard.core.autonomous_systems import AutonomousSystems
from guard.exporter.metrics import stays_one_process
from guard.server.assembly import Worker
from guard.server.fast_lane.server import FastServer
from guard.server.given import Given
from guard.server.http_server import HttpServer, Serving
from guard.server.listeners import BACKLOG, RETIRE_SECONDS
from guard.server.process import FreeMemory, die_with_parent, raise_file_limit, tune_memory
from guard.server.quick_questions import QuestionServer
from guard.server.room import SWEEP_SECONDS, Room
from guard.server.shared import MARK_ID_LAYOUT, SPENT_LAYOUT
from guard.settings import Settings
from guard.store.clients import ClientTable
from guard.store.pause import Pause
from guard.store.portfolio import Portfolios
from guard.store.prefixes import Crowds
from guard.store.sealed import mapped

MAX_LINE = 16 << 10
MAX_FIELD = 128 << 10
"""Bytes; more than browsers send, so that an absurd header is a record and not a connection error."""


STAND_IN_SECONDS = 5.0
"""After the last time that somebody was said to be away."""
GIVING_BACK = 3
"""Sweeps between two looks whether memory is free."""
STOP_SECONDS = 15.0
"""For the last records, after the last answer; a worker that can not end in order ends all the same."""


async def serve(
    settings: Settings,
    given: Given,
    listeners: Mapping[str, socket.socket],
    others: Mapping[str, Sequence[socket.socket]],
    recorder_socket: str,
) -> None:
    """Serve until SIGTERM or SIGINT, on `listeners`, named as in `guard.server.listeners`.

    Args:
        others: The sockets of the other workers, for when one is away.
    """
    stopped, retired, away = asyncio.Event(), asyncio.Event(), asyncio.Event()
    hurried = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _set, stopped, hurried)
    loop.add_signal_handler(signal.SIGHUP, _set, stopped, retired)
    loop.add_signal_handler(signal.SIGUSR1, away.set)
    worker = Worker(settings, given)
    listener = listeners["listen"]
    policy = settings.client_ip.policy()
    own = _own_door(recorder_socket) if policy.preamble else None
    proxy = await worker.start(recorder_socket, (own or listener).getsockname())
    files = raise_file_limit()
    # Visitors take no connection from front servers that ask.
    room, fronts = (Room(files, lambda why: worker.metrics.connections_cut.labels(why).inc()) for _ in range(2))
    limits: dict[str, Any] = {"max_line_size": MAX_LINE, "max_field_size": MAX_FIELD, "room": room}
    # Connections that begin with a preamble are the library's.
    lane = FastServer if settings.fast_lane and not policy.preamble else HttpServer
    visitors = lane(proxy.handle, proxy.reservation, policy, **limits)
    if isinstance(visitors, FastServer):
        visitors.visits = worker.visits
    servers = {"listen": visitors}
    places = dict(listeners)
    if own is not None:
        servers["own"], places["own"] = HttpServer(proxy.handle, proxy.reservation, **limits), own
    if "decisions" in listeners and worker.decisions is not None:
        limits["room"] = fronts
        servers["decisions"] = QuestionServer(worker.decisions, proxy.reservation, **limits)
    spoe = None
    if "spoe" in listeners and worker.spoe is not None:
        spoe = await loop.create_server(worker.spoe, sock=listeners["spoe"], backlog=BACKLOG)
    drain = settings.timeouts.drain
    open_ = {name: await Serving.start(server, places[name], drain) for name, server in servers.items()}
    tune_memory()
    sweeping = asyncio.create_task(_sweep(room, fronts))
    standing_in = asyncio.create_task(_stand_in(away, open_, others))
    print("ready", flush=True)  # noqa: T201  # the supervisor waits for it
    await stopped.wait()
    standing_in.cancel()
    for one in open_.values():
        await one.take_no_more()
    await worker.search_guard.stop()
    if spoe is not None and worker.spoe is not None:
        spoe.close()
        worker.spoe.stop()
    if retired.is_set():
        await _first_of(hurried.wait(), asyncio.gather(*(one.retire(RETIRE_SECONDS) for one in open_.values())))
    sweeping.cancel()
    await asyncio.gather(*(one.stop() for one in open_.values()))
    async with asyncio.timeout(STOP_SECONDS):
        await worker.stop()


async def _sweep(*rooms: Room) -> None:
    memory = FreeMemory()
    for turn in count(1):
        await asyncio.sleep(SWEEP_SECONDS)
        for room in rooms:
            room.sweep()
        if turn % GIVING_BACK == 0:
            memory.give_back(sum(room.broken_off for room in rooms))


async def _first_of(*waits: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(one) for one in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _stand_in(
    away: asyncio.Event, serving: Mapping[str, Serving], others: Mapping[str, Sequence[socket.socket]]
) -> None:
    """Whenever a worker is said to be away take the connections that wait at its sockets, until it is there again."""
    while True:
        await away.wait()
        for name, sockets in others.items():
            if name in serving:
                await serving[name].stand_in(sockets)
        while away.is_set():
            away.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(away.wait(), STAND_IN_SECONDS)
        for one in serving.values():
            await one.stand_in(())


def _own_door(recorder_socket: str) -> socket.socket:
    """Open a socket for the guard's own requests, which come without a preamble; nobody else reaches its folder."""
    path = Path(recorder_socket).with_name(f"own-{os.getpid()}.sock")
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    opened.bind(str(path))
    opened.setblocking(False)
    return opened


def main() -> None:
    """Run one worker process."""
    die_with_parent()
    stays_one_process()
    given = orjson.loads(sys.stdin.buffer.read())
    settings = Settings.model_validate(given["settings"])
    listeners = {name: socket.socket(fileno=number) for name, number in given["listeners"].items()}
    others = {name: [socket.socket(fileno=one) for one in numbers] for name, numbers in given["others"].items()}
    parts = Given(
        as_of=date.fromisoformat(given["as_of"]),
        learning_until=datetime.fromisoformat(given["learning_until"]),
        clients=ClientTable(given["clients"], layout=behaviour.VERSION),
        challenge_key=bytes.fromhex(given["challenge_key"]),
        spent_challenges=ClientTable(given["spent_challenges"], layout=SPENT_LAYOUT),
        mark_ids=ClientTable(given["mark_ids"], layout=MARK_ID_LAYOUT),
        crowds=Crowds(given["crowds"]),
        pause=Pause(given["pause"]),
        portfolios=Portfolios(given["portfolios"], [site.host for site in settings.sites]),
        systems=AutonomousSystems(mapped(given["networks"])) if given["networks"] >= 0 else None,
        started=given["started"],
        own_token=given["own_token"],
        asks_itself=given["asks_itself"],
    )
    with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as opened:
        for one in chain(*others.values()):
            opened.enter_context(one)
        _run(serve(settings, parts, listeners, others, given["recorder"]))


def _set(*events: asyncio.Event) -> None:
    for event in events:
        event.set()


def _run(main_task: "asyncio.Future[None] | object") -> None:
    try:
        import uvloop
    except ImportError:
        asyncio.run(main_task)  # type: ignore[arg-type]
    else:
        uvloop.run(main_task)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
