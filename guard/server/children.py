"""How is a process kept running, and how is it ended?

A process that ends by itself is started again, after a pause that grows; one that does not come
up the first time is not. What it prints goes to our standard output.
"""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

READY_SECONDS = 60.0
RESTART_SECONDS = (0.1, 0.5, 2.0, 5.0, 15.0)
SOUND_AFTER = 60.0
"""Seconds after which a process that ends is no longer one that does not get on its feet."""


@dataclass(slots=True, kw_only=True, eq=False)
class Child:
    """One process that is kept running."""

    name: str
    arguments: tuple[str, ...]
    stdin: bytes = b""
    pass_fds: tuple[int, ...] = ()
    process: asyncio.subprocess.Process | None = None
    crashes: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """It has ended, and will not be started again."""
    failed: int | None = None
    """The exit status of a first start that came to nothing."""
    unwanted: asyncio.Event = field(default_factory=asyncio.Event)
    """It is to end."""
    keeping: "asyncio.Task[None] | None" = None


class Children:
    """The processes of one guard."""

    def __init__(
        self, environment: Mapping[str, str], say: Callable[[str], None], ended: Callable[[int], None]
    ) -> None:
        """Take `ended`, which is told the id of every process that has ended."""
        self._environment = environment
        self._say = say
        self._ended = ended
        self.sound_after = SOUND_AFTER
        self.restarts: dict[str, int] = {}
        """How often a process was started again, by what it is: worker, recorder, …"""

    def keep(self, children: Iterable[Child]) -> None:
        """Start processes, and start each again when it ends by itself."""
        for child in children:
            self.restarts.setdefault(_sort(child), 0)
            child.keeping = asyncio.create_task(self._keep(child))

    async def came_up(self, children: Iterable[Child]) -> Child | None:
        """Wait until all are ready; return the first that did not come up."""
        for child in children:
            waits = [asyncio.create_task(event.wait()) for event in (child.ready, child.over)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
            if not child.ready.is_set():
                return child
        return None

    async def stop(self, children: Iterable[Child], seconds: float, by: signal.Signals = signal.SIGTERM) -> None:
        """Ask processes by signal to end, and kill what has not ended after so many seconds."""
        children = [child for child in children if child.keeping is not None]
        for child in children:
            child.unwanted.set()
            _signal(child, by)
        keeping = [child.keeping for child in children if child.keeping is not None]
        if not keeping:
            return
        _, late = await asyncio.wait(keeping, timeout=seconds)
        if late:
            for child in children:
                _signal(child, signal.SIGKILL)
            await asyncio.wait(late)

    @staticmethod
    def signal(children: Iterable[Child], number: signal.Signals) -> None:
        """Send a signal to all that run."""
        for child in children:
            _signal(child, number)

    async def _keep(self, child: Child) -> None:
        try:
            while not child.unwanted.is_set():
                begun = time.monotonic()
                status, came_up = await self._run(child)
                if time.monotonic() - begun >= self.sound_after:
                    child.crashes = 0
                if child.unwanted.is_set():
                    return
                if not came_up and not child.crashes:
                    child.failed = status
                    return
                pause = RESTART_SECONDS[min(child.crashes, len(RESTART_SECONDS) - 1)]
                child.crashes += 1
                self.restarts[_sort(child)] += 1
                self._say(f"guard: the {child.name} ended (exit status {status}); starting it again in {pause} s")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(child.unwanted.wait(), pause)
        finally:
            child.over.set()

    async def _run(self, child: Child) -> tuple[int, bool]:
        """Run it once; return its exit status, and whether it was ready."""
        child.process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *child.arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            pass_fds=child.pass_fds, env=self._environment, start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  # both are pipes
        if child.unwanted.is_set():  # while it was being made
            _signal(child, signal.SIGTERM)
        with contextlib.suppress(ConnectionError):
            process.stdin.write(child.stdin)
            await process.stdin.drain()
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
            if line.strip() == b"ready":
                child.ready.set()
        came_up = child.ready.is_set()
        copying = asyncio.create_task(_copy(process.stdout))
        status = await process.wait()
        await copying
        child.ready.clear()
        self._ended(process.pid)
        return status, came_up


def _sort(child: Child) -> str:
    return child.name.partition(" ")[0]


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process is not None and child.process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(number)


async def _copy(stream: asyncio.StreamReader) -> None:
    while piece := await stream.read(1 << 16):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
