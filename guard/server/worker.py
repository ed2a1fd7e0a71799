"""What does a worker process do?

It is started by the supervisor with the settings on standard input and a listening socket
as a file descriptor, says `ready` on standard output, serves until SIGTERM, then lets the
answers under way end. At SIGHUP another one has taken its place: then connections end with
their next answer, so that nobody who keeps one open finds it closed in the middle of asking.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from datetime import date, datetime

import orjson
from aiohttp import web

from guard.core import behaviour
from guard.core.autonomous_systems import AutonomousSystems
from guard.server.assembly import Given, Worker
from guard.server.challenge import SPENT_LAYOUT
from guard.server.http_server import HttpServer
from guard.server.mark_ids import LAYOUT as MARK_ID_LAYOUT
from guard.server.process import die_with_parent, tune_memory
from guard.settings import Settings
from guard.store.clients import ClientTable
from guard.store.pause import Pause
from guard.store.portfolio import Portfolios
from guard.store.prefixes import Crowds
from guard.store.sealed import mapped

MAX_LINE = 16 << 10
MAX_FIELD = 128 << 10
"""Bytes; more than browsers send, so that an absurd header is a record and not a connection error."""


RETIRE_SECONDS = 2.0
"""For connections that are kept open, to be used once more."""
STOP_SECONDS = 15.0
"""For the last records, after the last answer; a worker that can not end in order ends all the same."""


async def serve(settings: Settings, given: Given, listener: socket.socket, recorder_socket: str) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopped, retired = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    loop.add_signal_handler(signal.SIGHUP, _retire, retired, stopped)
    worker = Worker(settings, given)
    proxy = await worker.start(recorder_socket, listener.getsockname())
    server = HttpServer(
        proxy.handle,
        proxy.reservation,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=75,
        max_line_size=MAX_LINE,
        max_field_size=MAX_FIELD,
    )
    runner = web.ServerRunner(server, shutdown_timeout=settings.timeouts.drain)
    await runner.setup()
    site = web.SockSite(runner, listener, backlog=1024)
    await site.start()
    tune_memory()
    print("ready", flush=True)  # noqa: T201  # the supervisor waits for it
    await stopped.wait()
    await worker.search_guard.stop()
    if retired.is_set():
        await site.stop()
        await server.retire(RETIRE_SECONDS)
    await runner.cleanup()
    async with asyncio.timeout(STOP_SECONDS):
        await worker.stop()


def main() -> None:
    """Run one worker process."""
    die_with_parent()
    given = orjson.loads(sys.stdin.buffer.read())
    settings = Settings.model_validate(given["settings"])
    listener = socket.socket(fileno=given["listener"])
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
    with contextlib.suppress(KeyboardInterrupt):
        _run(serve(settings, parts, listener, given["recorder"]))


def _retire(*events: asyncio.Event) -> None:
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
