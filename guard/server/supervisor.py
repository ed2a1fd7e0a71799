"""Which processes make up a running guard, and what if one ends?

One recorder, the only writer of the evidence log; one or more workers, which serve; and
this supervisor, which starts them, restarts what crashes, answers on the admin listener,
and passes a stop on in the right order: workers first, so that their last records are written.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson

from guard.core import behaviour
from guard.core.autonomous_systems import AutonomousSystems
from guard.core.challenge import KEY_SIZE
from guard.errors import GuardError
from guard.exporter.metrics import forget_process
from guard.server.admin import Admin
from guard.server.challenge import SPENT_LAYOUT, SPENT_SLOTS
from guard.server.decoys import load_or_create_secret
from guard.server.listeners import Listener, open_listeners
from guard.server.mark_ids import LAYOUT as MARK_ID_LAYOUT
from guard.server.mark_ids import SLOTS as MARK_ID_SLOTS
from guard.settings import Settings
from guard.store import ticket_keys
from guard.store.client_snapshot import restore, save
from guard.store.clients import ClientTable
from guard.store.first_start import first_start
from guard.store.mark_keys import folder_in, load_or_create
from guard.store.portfolio import Portfolios
from guard.store.prefixes import Crowds
from guard.store.sealed import sealed

READY_SECONDS = 60.0
KILL_AFTER_SECONDS = 5.0
SAVING_SECONDS = 600.0
RESTART_SECONDS = (0.1, 0.5, 2.0, 5.0, 15.0)


@dataclass(slots=True, kw_only=True)
class Child:
    """One process that is kept running."""

    name: str
    arguments: tuple[str, ...]
    stdin: bytes = b""
    pass_fds: tuple[int, ...] = ()
    process: asyncio.subprocess.Process | None = None
    crashes: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """Runs a guard until it is told to stop."""

    def __init__(
        self,
        settings: Settings,
        as_of: date,
        say: Callable[[str], None],
        systems: AutonomousSystems | None = None,
    ) -> None:
        """Take `systems`, which all workers share, if the operator supplies them."""
        self._settings = settings
        self._systems = systems
        self._as_of = as_of
        self._say = say
        self._directory = Path(tempfile.mkdtemp(prefix="guard-"))
        evidence = settings.evidence.directory
        self._snapshot = evidence / "guard" / "crawlers.past"
        self._portfolio = evidence / "guard" / "portfolio"
        if settings.behaviour.decoys:
            load_or_create_secret(evidence / "guard" / "decoys.secret")
        if settings.marks.copies:
            # Before there are several workers to make one each.
            load_or_create(folder_in(evidence))
        if settings.tickets.give:
            ticket_keys.renew(ticket_keys.folder_in(evidence), datetime.now(UTC).date())
        self._learning_until = first_start(evidence) + timedelta(days=settings.behaviour.learning_days)
        self._started = time.time()
        self._own_token = secrets.token_urlsafe(32)
        self._challenge_key = secrets.token_hex(KEY_SIZE)
        self._stopping = asyncio.Event()
        self._failed: GuardError | None = None
        self._environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(self._directory / "metrics")}

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            GuardError: A part could not be started.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        (self._directory / "metrics").mkdir()
        self._clients = ClientTable.create(self._settings.behaviour.clients, layout=behaviour.VERSION)
        restore(self._clients, self._snapshot)
        self._spent = ClientTable.create(SPENT_SLOTS, layout=SPENT_LAYOUT)
        self._mark_ids = ClientTable.create(MARK_ID_SLOTS, layout=MARK_ID_LAYOUT)
        self._crowds = Crowds.create()
        self._portfolios = Portfolios.create([site.host for site in self._settings.sites])
        self._portfolios.restore(self._portfolio)
        self._networks = -1 if self._systems is None else sealed(self._systems.to_bytes(), "guard-networks")
        listeners: list[Listener] = []
        admin = Admin(self._settings.admin, str(self._directory / "metrics"), self._is_ready)
        try:
            listeners = open_listeners(self._settings.listen, self._settings.workers or os.cpu_count() or 1)
            await admin.start()
            await self._run_children(listeners, admin)
        finally:
            await admin.stop()
            for listener in listeners:
                listener.close()
            with contextlib.suppress(OSError):
                save(self._clients, self._snapshot)
            self._save_portfolios()
            self._clients.close()
            self._spent.close()
            self._mark_ids.close()
            self._crowds.table.close()
            self._portfolios.close()
            if self._networks >= 0:
                os.close(self._networks)
            shutil.rmtree(self._directory, ignore_errors=True)
        if self._failed is not None:
            raise self._failed

    async def _run_children(self, listeners: list[Listener], admin: Admin) -> None:
        recorder_socket = str(self._directory / "recorder.sock")
        recorder = Child(
            name="recorder",
            arguments=(
                "guard.server.recorder", "--directory", str(self._settings.evidence.directory),
                "--socket", recorder_socket, "--host", self._settings.sites[0].host,
            ),
        )  # fmt: skip
        tables = (self._clients, self._spent, self._mark_ids, self._crowds.table, self._portfolios)
        shared = tuple(table.fileno() for table in tables)
        if self._networks >= 0:
            shared = (*shared, self._networks)
        self._workers = [
            Child(
                name=f"worker {number}",
                arguments=("guard.server.worker",),
                stdin=self._for_worker(listener.socket, recorder_socket, asks_itself=number == 0),
                pass_fds=(listener.socket.fileno(), *shared),
            )
            for number, listener in enumerate(listeners)
        ]
        keeping_recorder = asyncio.create_task(self._keep(recorder))
        keeping = [asyncio.create_task(self._keep(worker)) for worker in self._workers]
        for child in (recorder, *self._workers):
            await self._first_of(child.ready)
        if not self._stopping.is_set():
            self._say(f"guard: listening on {listeners[0].url}")
            if admin.url:
                self._say(f"guard: metrics and health on {admin.url}")
        saving = asyncio.create_task(self._keep_saving())
        await self._stopping.wait()
        saving.cancel()
        for listener in listeners:
            listener.close()
        await self._stop(self._workers, keeping, self._settings.timeouts.drain + KILL_AFTER_SECONDS)
        await self._stop([recorder], [keeping_recorder], KILL_AFTER_SECONDS)

    async def _keep_saving(self) -> None:
        """Write the counts down now and then: what was counted in weeks should outlive a crash."""
        while True:
            await asyncio.sleep(SAVING_SECONDS)
            self._save_portfolios()

    def _save_portfolios(self) -> None:
        with contextlib.suppress(OSError):
            self._portfolios.save(self._portfolio)

    def _is_ready(self) -> bool:
        return all(worker.ready.is_set() for worker in getattr(self, "_workers", ())) and not self._stopping.is_set()

    def _for_worker(self, listener: socket.socket, recorder_socket: str, *, asks_itself: bool) -> bytes:
        return orjson.dumps(
            {
                "settings": self._settings.model_dump(mode="json", by_alias=True),
                "as_of": self._as_of.isoformat(),
                "learning_until": self._learning_until.isoformat(),
                "clients": self._clients.fileno(),
                "challenge_key": self._challenge_key,
                "spent_challenges": self._spent.fileno(),
                "mark_ids": self._mark_ids.fileno(),
                "crowds": self._crowds.table.fileno(),
                "portfolios": self._portfolios.fileno(),
                "networks": self._networks,
                "started": self._started,
                "listener": listener.fileno(),
                "recorder": recorder_socket,
                "own_token": self._own_token,
                "asks_itself": asks_itself,
            }
        )

    async def _keep(self, child: Child) -> None:
        """Start a process, and start it again when it ends by itself; the first start must succeed."""
        first = True
        while not self._stopping.is_set():
            child.process = process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *child.arguments,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                pass_fds=child.pass_fds, env=self._environment, start_new_session=True,
            )  # fmt: skip
            assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  # both are pipes
            with contextlib.suppress(ConnectionError):
                process.stdin.write(child.stdin)
                await process.stdin.drain()
            process.stdin.close()
            with contextlib.suppress(TimeoutError):
                line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
                if line.strip() == b"ready":
                    child.ready.set()
                    first = False
            copying = asyncio.create_task(_copy(process.stdout))
            status = await process.wait()
            await copying
            child.ready.clear()
            forget_process(str(self._directory / "metrics"), process.pid)
            if self._stopping.is_set():
                return
            if first:
                self._failed = GuardError(f"the {child.name} did not start (exit status {status}); see above")
                self._stopping.set()
                return
            pause = RESTART_SECONDS[min(child.crashes, len(RESTART_SECONDS) - 1)]
            child.crashes += 1
            self._say(f"guard: the {child.name} ended (exit status {status}); starting it again in {pause} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _first_of(self, ready: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (ready, self._stopping)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _stop(self, children: list[Child], keeping: list["asyncio.Task[None]"], seconds: float) -> None:
        for child in children:
            _signal(child, signal.SIGTERM)
        _, late = await asyncio.wait(keeping, timeout=seconds)
        if late:
            for child in children:
                _signal(child, signal.SIGKILL)
            await asyncio.wait(late)


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process is not None and child.process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(number)


async def _copy(stream: asyncio.StreamReader) -> None:
    while piece := await stream.read(1 << 16):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
