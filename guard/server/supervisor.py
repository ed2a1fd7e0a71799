"""Which processes make up a running guard, and what if one ends?

One recorder, the only writer of the evidence log; one or more workers, which serve; where the
owner named time-stamp authorities or witnesses, one process that asks them; and this
supervisor, which starts them, restarts what crashes, answers on the admin listener, and passes
a stop on in the right order: workers first, so that their last records are written and stamped.

A SIGHUP has the configuration read anew. New workers come up on the same sockets beside the old
ones, which then end their answers; no request notices.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import orjson

from guard import __version__
from guard.core.challenge import KEY_SIZE
from guard.errors import GuardError
from guard.server import reload
from guard.server.admin import Admin
from guard.server.changing_workers import ChangingWorkers
from guard.server.children import Child, Children
from guard.server.digests import Digests
from guard.server.listeners import Listener, of_others, open_all
from guard.server.observer import Observer
from guard.server.own_metrics import own_metrics
from guard.server.process import has_terminal
from guard.server.reload import Loaded, Outcome
from guard.server.service_manager import ServiceManager
from guard.server.shared import NO_NETWORKS, Shared
from guard.server.state import State
from guard.settings import Settings
from guard.store import canary_pictures, decoy_secret, ticket_keys
from guard.store.cluster_keys import derive, share
from guard.store.first_start import first_start
from guard.store.mark_keys import folder_in, load_or_create
from guard.store.passphrase import passphrase

KILL_AFTER_SECONDS = 5.0
ANCHORING_SECONDS = 15.0
"""For a last time stamp, which the process itself bounds."""
SAVING_SECONDS = 600.0


class Supervisor:
    """Runs a guard until it is told to stop."""

    def __init__(self, loaded: Loaded, say: Callable[[str], None], read: Callable[[], Loaded]) -> None:
        """Take `read`, which reads the configuration anew, and raises GuardError where it has faults."""
        self.loaded = loaded
        self._read = read
        self._say = say
        self._directory = Path(tempfile.mkdtemp(prefix="guard-"))
        self._metrics = str(self._directory / "metrics")
        Path(self._metrics).mkdir()
        self._recorder_socket = str(self._directory / "recorder.sock")
        evidence = loaded.settings.evidence.directory
        _make_secrets(loaded.settings)
        self._learning_since = first_start(evidence)
        self._started = time.time()
        self._passphrase = passphrase(os.environ)
        self.own_token = secrets.token_urlsafe(32)
        shared = loaded.settings.cluster.valkey
        self._challenge_key = (derive(shared.secret, "challenges") if shared else secrets.token_bytes(KEY_SIZE)).hex()
        self._stopping = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._tasks: set[asyncio.Task[object]] = set()
        self.outcome = reload.first()
        self._manager = ServiceManager()
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": self._metrics}
        self._children = Children(environment, say, self._ended)
        self._changing = ChangingWorkers(self._children)
        self._observer = Observer(evidence, self._metrics, self._recorder_socket)
        self._workers: list[Child] = []
        self._listeners: list[tuple[Listener, ...]] = []
        """Of each worker: where visitors arrive, and where front servers ask."""

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            GuardError: A part could not be started.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._hung_up, has_terminal())
        settings = self.loaded.settings
        hosts = [site.host for site in settings.sites]
        self._shared = Shared(settings.evidence.directory, clients=settings.behaviour.clients, hosts=hosts)
        self._shared.renew(hosts, self.loaded.systems)
        admin = Admin(settings.admin, self)
        try:
            self._listeners = open_all(settings, self._manager.sockets)
            await admin.start()
            failed = await self._run_children(admin)
        finally:
            await admin.stop()
            for listener in chain(*self._listeners):
                listener.close()
            self._shared.close()
            shutil.rmtree(self._directory, ignore_errors=True)
        if failed is not None:
            raise GuardError(f"the {failed.name} did not start (exit status {failed.failed}); see above")

    async def _run_children(self, admin: Admin) -> Child | None:
        """Run until the end; return the process that did not come up, if that was the reason."""
        settings = self.loaded.settings
        recorder = Child(
            name="recorder",
            arguments=(
                "guard.server.recorder", "--directory", str(settings.evidence.directory),
                "--socket", self._recorder_socket, "--host", settings.sites[0].host,
                *settings.evidence.retention.options,
                *(("--guard-directory", str(settings.evidence.head_guard))
                  if settings.evidence.head_guard else ()),
                *(("--passphrase",) if self._passphrase else ()),
            ),
            stdin=self._passphrase,
        )  # fmt: skip
        self._workers = self._new_workers(self.loaded)
        anchoring = self._anchoring()
        sharing = _sharing(settings, self._shared)
        self._children.keep([recorder, *self._workers, *anchoring, *sharing])
        failed = await self._came_up([recorder, *self._workers])
        if failed is None and not self._stopping.is_set():
            visitors, *fronts = self._listeners[0]
            self._say(f"guard: listening on {visitors.url}")
            for listener in fronts:
                who = "HAProxy" if listener.name == "spoe" else "front servers"
                self._say(f"guard: {who} may ask at {listener.url}")
            if admin.url:
                self._say(f"guard: metrics and health on {admin.url}")
            if admin.console:
                self._say(f"guard: console on {admin.url}/console/")
            self._manager.ready(f"listening on {visitors.url}")
            watching = asyncio.create_task(self._manager.keep_watch(lambda: self.ready))
            self._spawn(self._tell_if_down(anchoring))
            await self._observer.start()
            saving = asyncio.create_task(self._keep_saving())
            writing = asyncio.create_task(Digests(self._say).run(lambda: self.loaded.settings))
            await self._stopping.wait()
            saving.cancel()
            writing.cancel()
            watching.cancel()
            self._manager.stopping()
            await self._observer.stop()
        self._stopping.set()
        for listener in chain(*self._listeners):
            listener.close()
        async with self._reloading:
            serving = [*self._workers, *self._changing.retiring]
            await self._children.stop(serving, settings.timeouts.drain + KILL_AFTER_SECONDS)
        await self._children.stop(sharing, ANCHORING_SECONDS)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for one in anchoring:  # one that is still starting would end without having asked anybody
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._children.came_up([one]), KILL_AFTER_SECONDS)
        await self._children.stop(anchoring, ANCHORING_SECONDS)
        await self._children.stop([recorder], KILL_AFTER_SECONDS)
        return failed

    def _anchoring(self) -> list[Child]:
        """Return the process that asks authorities and witnesses, where there are any."""
        evidence = self.loaded.settings.evidence
        if not evidence.anchored:
            return []
        given = {"evidence": evidence.model_dump(mode="json"), "recorder": self._recorder_socket}
        return [Child(name="anchoring", arguments=("guard.server.anchoring",), stdin=orjson.dumps(given))]

    async def reload(self) -> Outcome:
        """Read the configuration anew and go over to it; where it has faults, all stays as it is."""
        async with self._reloading:
            if not self._stopping.is_set():
                self._manager.reloading()
                try:
                    said = await self._go_over(await asyncio.to_thread(self._read))
                except GuardError as error:
                    self._say(f"{error}\nguard: the configuration was not loaded; what was in force stays in force")
                    self.outcome = Outcome(
                        at=time.time(),
                        successful=False,
                        said=tuple(str(error).splitlines()),
                        loaded_at=self.outcome.loaded_at,
                    )
                else:
                    for sentence in said:
                        self._say(f"guard: note: {sentence}")
                    self._say("guard: the configuration was loaded")
                    now = time.time()
                    self.outcome = Outcome(at=now, successful=True, said=said, loaded_at=now)
                done = "the configuration was loaded" if self.outcome.successful else "a configuration was not loaded"
                self._manager.ready(done)
        return self.outcome

    async def _go_over(self, loaded: Loaded) -> tuple[str, ...]:
        """Bring up workers that run on `loaded` and let the others end; return what is to be said about it.

        Raises:
            GuardError: They do not come up.
        """
        settings, said = reload.carried_over(self.loaded.settings, loaded.settings)
        fresh = replace(loaded, settings=settings)
        _make_secrets(settings)
        self._shared.renew([site.host for site in settings.sites], fresh.systems)
        workers = self._new_workers(fresh)
        self._children.keep(workers)
        if (failed := await self._came_up(workers)) is not None:
            await self._children.stop(workers, KILL_AFTER_SECONDS)
            before = self.loaded
            self._shared.renew([site.host for site in before.settings.sites], before.systems)
            raise GuardError(f"the new {failed.name} did not start (exit status {failed.failed}); see above")
        ending, self._workers, drain = self._workers, workers, self.loaded.settings.timeouts.drain
        self.loaded = fresh
        self._children.signal(ending, signal.SIGHUP)  # before anybody hears that it was loaded
        self._spawn(self._changing.see_off(ending, drain + KILL_AFTER_SECONDS))
        return (*loaded.warnings, *said)

    async def _came_up(self, children: list[Child]) -> Child | None:
        """Wait until all are ready, or the guard is to stop; return the first that did not come up."""
        coming = asyncio.create_task(self._children.came_up(children))
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([coming, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if coming.done():
            return coming.result()
        coming.cancel()
        return None

    async def _tell_if_down(self, anchoring: list[Child]) -> None:
        """A guard serves and records without it; but the owner counts on it."""
        if await self._came_up(anchoring) is not None:
            self._say("guard: nobody outside vouches for the log: the process that asks them did not start; see above")

    def _hung_up(self, had_terminal: bool) -> None:
        """Reload; unless there was a terminal and it is gone: then nobody is there any more to stop us."""
        if had_terminal and not has_terminal():
            self._stopping.set()
        else:
            self._spawn(self.reload())

    async def _keep_saving(self) -> None:
        while True:
            await asyncio.sleep(SAVING_SECONDS)
            self._shared.save_portfolios()

    @property
    def ready(self) -> bool:
        """Whether all workers serve."""
        return all(worker.ready.is_set() for worker in self._workers) and not self._stopping.is_set()

    async def state(self) -> State:
        """Return how the guard is."""
        loaded, workers = self.loaded, self._workers
        hosts = tuple(site.host for site in loaded.settings.sites)
        seen = await self._observer.look()
        learning = self._learning_since + timedelta(days=loaded.settings.behaviour.learning_days)
        return State(
            version=__version__,
            now=time.time(),
            started=self._started,
            url=self._listeners[0][0].url if self._listeners else "",
            sites=hosts,
            workers=len(workers),
            workers_ready=sum(worker.ready.is_set() for worker in workers),
            restarts=dict(self._children.restarts),
            outcome=self.outcome,
            policy=loaded.policy,
            policy_digest=loaded.policy_digest,
            paused_until=self._shared.pause.until,
            learning_until=learning.timestamp(),
            rules_checked=loaded.rules_checked,
            lists=seen.lists,
            evidence=seen.evidence,
            checkpoint_at=seen.checkpoint_at,
            disk=seen.disk,
            pictures={host: self._shared.portfolios.served(host) for host in hosts},
            today=seen.today,
            month=seen.month,
        )

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics in the form that was asked for, and its content type."""
        own = list(own_metrics(await self.state()))
        return await asyncio.to_thread(self._observer.joined.expose, accept, own)

    def pause_until(self, until: float) -> None:
        """Let every request pass until then, Unix seconds; 0.0 ends it. OSError where that can not be kept."""
        self._shared.pause_until(until)
        self._say(f"guard: paused until {_time(until)}" if until else "guard: the pause is over")
        self._spawn(self._observer.paused(until))

    def _ended(self, pid: int) -> None:
        living = {child.process.pid for child in self._workers if child.process is not None} - {pid}
        self._observer.ended(pid, living)
        self._spawn(self._changing.cover(lambda: () if self._stopping.is_set() else self._workers))

    def _new_workers(self, loaded: Loaded) -> list[Child]:
        shared = self._shared.for_worker()
        descriptors = [number for number in shared.values() if number != NO_NETWORKS]
        return [
            Child(
                name=f"worker {number}",
                arguments=("guard.server.worker",),
                stdin=self._for_worker(loaded, shared, mine, asks_itself=number == 0),
                pass_fds=(*(one.socket.fileno() for one in chain(*self._listeners)), *descriptors),
            )
            for number, mine in enumerate(self._listeners)
        ]

    def _for_worker(
        self, loaded: Loaded, shared: dict[str, int], listeners: tuple[Listener, ...], *, asks_itself: bool
    ) -> bytes:
        settings = loaded.settings
        learning_until = self._learning_since + timedelta(days=settings.behaviour.learning_days)
        return orjson.dumps(
            {
                **shared,
                "settings": settings.model_dump(mode="json", by_alias=True, exclude={"notify", "console"}),
                "as_of": loaded.as_of.isoformat(),
                "learning_until": learning_until.isoformat(),
                "challenge_key": self._challenge_key,
                "started": self._started,
                "listeners": {listener.name: listener.socket.fileno() for listener in listeners},
                "others": of_others(self._listeners, listeners),
                "recorder": self._recorder_socket,
                "own_token": self.own_token,
                "asks_itself": asks_itself,
            }
        )

    def _spawn(self, work: Coroutine[None, None, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _sharing(settings: Settings, shared: Shared) -> list[Child]:
    """Return the process that shares with other guards; most have none, and then nothing of it is loaded."""
    if not settings.cluster.wanted:
        return []
    from guard.server.sharing import child_of

    return [child_of(settings, shared)]


def _make_secrets(settings: Settings) -> None:
    """Make what all workers read before there are several of them to make one each."""
    evidence, today = settings.evidence.directory, datetime.now(UTC).date()
    if (shared := settings.cluster.valkey) is not None:
        share(evidence, shared.secret, today, decoys=settings.behaviour.decoys, tickets=settings.tickets.give)
    if settings.behaviour.decoys:
        decoy_secret.load_or_create(decoy_secret.file_in(evidence))
    if settings.marks.copies:
        load_or_create(folder_in(evidence))
    if settings.canaries is not None:
        canary_pictures.keep(settings.canaries, canary_pictures.folder_in(evidence))
    if settings.tickets.give:
        ticket_keys.renew(ticket_keys.folder_in(evidence), today)


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
