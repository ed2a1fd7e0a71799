"""How does a page get what takes long?

By the commands that people type: what `guard evidence verify`, `explain` or `doctor` say is said in one
place. Each runs in a process of its own, a few at a time, that ends when it takes too long or when
nobody waits for it any more; the listener goes on answering.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

AT_ONCE: Final = 2
PATIENCE: Final = 60.0
"""Seconds."""
LONGEST: Final = 4 << 20
"""Bytes of an answer."""
_NICE: Final = 10
"""Visitors come first."""


class CommandError(Exception):
    """A command did not do what it was asked; its text is what it said."""

    def __init__(self, said: str, status: int = 1) -> None:
        super().__init__(said)
        self.status = status
        """With which the command ended; 2 is a wrong call: what it was asked for there is not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said."""

    status: int
    """0: well; 1: it found problems."""
    out: bytes

    def value(self) -> Any:
        """Return its JSON.

        Raises:
            CommandError: It is none.
        """
        try:
            return orjson.loads(self.out)
        except orjson.JSONDecodeError:
            raise CommandError("the command gave no answer that can be read") from None


class Commands:
    """Runs commands of this program."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE)

    async def ask(self, arguments: Sequence[str], *, seconds: float = PATIENCE, usable: Sequence[int] = (0,)) -> Answer:
        """Run `guard` with these arguments and return what it said.

        Args:
            usable: Exit statuses with which the output counts.

        Raises:
            CommandError: It ended otherwise, took too long, or said too much.
        """
        async with self._room:
            process = await _started(arguments)
            try:
                async with asyncio.timeout(seconds):
                    assert process.stdout is not None  # noqa: S101  # it is a pipe
                    assert process.stderr is not None  # noqa: S101  # likewise
                    out, complaint = await asyncio.gather(_all(process.stdout), _end(process.stderr))
                    status = await process.wait()
            except TimeoutError:
                raise CommandError(f"it took longer than {seconds:.0f} seconds and was ended") from None
            finally:
                await _stop(process)
        if status not in usable:
            said = complaint.decode("utf-8", "replace").strip() or f"the command ended with status {status}"
            raise CommandError(said.removeprefix("guard: "), status)
        return Answer(status, out)

    async def last_lines(self, arguments: Sequence[str], most: int, *, seconds: float = PATIENCE) -> list[Any]:
        """Return the last values, at most `most`, of a command that prints one JSON value a line.

        Raises:
            CommandError: As with `ask`.
        """
        async with self._room:
            process = await _started(arguments)
            kept: deque[bytes] = deque(maxlen=most)
            try:
                async with asyncio.timeout(seconds):
                    assert process.stdout is not None  # noqa: S101  # it is a pipe
                    assert process.stderr is not None  # noqa: S101  # likewise
                    complaining = asyncio.create_task(_end(process.stderr))
                    async for line in process.stdout:
                        kept.append(line)
                    complaint, status = await complaining, await process.wait()
            except TimeoutError:
                raise CommandError(f"it took longer than {seconds:.0f} seconds and was ended") from None
            except ValueError:
                raise CommandError("the command said more in one line than is read") from None
            finally:
                await _stop(process)
        if status:
            raise CommandError(complaint.decode("utf-8", "replace").strip().removeprefix("guard: "))
        return [orjson.loads(line) for line in kept]


async def _started(arguments: Sequence[str]) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "guard", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        limit=LONGEST, start_new_session=True,
        # What it prints is read by a program: no colours, no width of a terminal.
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
    return process


async def _all(stream: asyncio.StreamReader) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := await stream.read(1 << 16):
        size += len(piece)
        if size > LONGEST:
            raise CommandError("the command said more than is read")
        pieces.append(piece)
    return b"".join(pieces)


async def _end(stream: asyncio.StreamReader) -> bytes:
    """Return the last 4 KiB, and read everything so that the process does not wait."""
    kept = b""
    while piece := await stream.read(1 << 14):
        kept = (kept + piece)[-4096:]
    return kept


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
