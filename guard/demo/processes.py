"""How does the demo start other programs, and make sure that none of them stays behind?

Every program runs in a session of its own, so that Ctrl-C in the terminal reaches the
demo alone and the demo ends the others in order. What a program says on standard error
is kept, the last part of it, to be shown when it fails.
"""

import asyncio
import os
import re
import signal
import sys
from collections import deque
from collections.abc import Container
from types import TracebackType
from typing import Final, Self

from guard.errors import GuardError

KEPT_LINES: Final = 100
"""Lines of standard error that are kept of each program."""

LISTENING: Final = re.compile(r"listening on (http://[0-9.]+:[0-9]+)")


class ProgramError(GuardError):
    """A program that the demo needs did not do its part."""

    def __init__(self, name: str, reason: str, said: str) -> None:
        super().__init__(name, reason, said)
        self.name = name
        self.reason = reason
        self.said = said
        """The end of its standard error."""

    def __str__(self) -> str:
        return f"{self.name} {self.reason}" + (f"; it said:\n{self.said}" if self.said else "")


def environment() -> dict[str, str]:
    """Return the environment without what would change the scene: proxies, and settings of a real guard."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("GUARD_")
    }
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


class Program:
    """A program that runs as long as the `async with` block does."""

    def __init__(self, name: str, *arguments: str, stop_within: float = 10.0) -> None:
        self.name = name
        self.arguments = arguments
        self.stop_within = stop_within
        """Seconds between SIGTERM and SIGKILL."""
        self._said: deque[str] = deque(maxlen=KEPT_LINES)

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self.arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=environment(),
            start_new_session=True,
        )
        self._address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._listener = asyncio.ensure_future(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def address(self, within: float) -> str:
        """Return where the program listens, once it says so.

        Raises:
            ProgramError: It ended, or took more than `within` seconds.
        """
        try:
            async with asyncio.timeout(within):
                return await asyncio.shield(self._address)
        except TimeoutError:
            raise ProgramError(self.name, f"did not start within {within:g} seconds", self.said()) from None

    def said(self) -> str:
        """Return the end of its standard error."""
        return "".join(self._said).rstrip()

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait until it ends by itself and return its status."""
        return await self._process.wait()

    async def stop(self) -> None:
        """End it: ask, then insist."""
        await end(self._process, self.stop_within)
        # A process of its own that is left over would keep standard error open.
        await asyncio.wait([self._listener], timeout=2.0)
        self._listener.cancel()
        if self._address.done() and not self._address.cancelled():
            self._address.exception()  # it has been told where it mattered

    async def _listen(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - it was asked for
        async for raw in self._process.stderr:
            line = raw.decode(errors="replace")
            self._said.append(line)
            if not self._address.done() and (found := LISTENING.search(line)):
                self._address.set_result(found[1])
        if not self._address.done():
            self._address.set_exception(ProgramError(self.name, "ended before it was ready", self.said()))


async def run(name: str, *arguments: str, given: bytes, within: float, answers: Container[int] = (0,)) -> bytes:
    """Run a Python program to its end, `given` on standard input, and return its standard output.

    Args:
        answers: Exit statuses with which it has done its part.

    Raises:
        ProgramError: It failed, or took more than `within` seconds.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(within):
            output, said = await process.communicate(given)
    except TimeoutError:
        raise ProgramError(name, f"did not finish within {within:g} seconds", "") from None
    finally:
        await end(process, 3.0)
    if process.returncode not in answers:
        lines = said.decode(errors="replace").splitlines()
        raise ProgramError(name, f"failed with status {process.returncode}", "\n".join(lines[-KEPT_LINES:]))
    return output


async def end(process: asyncio.subprocess.Process, within: float) -> None:
    """End `process` and what it started: SIGTERM to it, after `within` seconds SIGKILL to its whole session."""
    if process.returncode is not None:
        return
    # Its input closes as well: a program that missed the signal still notices.
    if process.stdin is not None:
        process.stdin.close()
    process.terminate()
    try:
        async with asyncio.timeout(within):
            await process.wait()
    except BaseException as error:
        # Too slow, or a second Ctrl-C while waiting: it is not left behind in either case.
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        if not isinstance(error, TimeoutError):
            raise
