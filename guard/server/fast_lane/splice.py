"""How does a large body pass without a copy in this process?

Linux moves it from one socket into a pipe and from there into the other (splice(2)). The transports keep their sockets:
what is used here are duplicates of their descriptors, for as long as it takes. At most `MOST` bodies pass so at a time,
each with four descriptors; further ones are copied.
"""

import fcntl
import os
from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from typing import Any, Final

MOST: Final = 32
LEAST: Final = 256 * 1024
"""Bytes for which it is worth it."""
_PIPE: Final = 512 * 1024
_TURNS: Final = 8
"""Pipes full in one turn of the event loop."""
_SET_SIZE: Final = getattr(fcntl, "F_SETPIPE_SZ", 1031)
_FLAGS: Final = getattr(os, "SPLICE_F_MOVE", 1) | getattr(os, "SPLICE_F_NONBLOCK", 2)
IS_POSSIBLE: Final = hasattr(os, "splice")

_under_way = 0


class State(Enum):
    """How it goes."""

    FOR_SOURCE = auto()
    """It waits for the source to send."""
    FOR_TARGET = auto()
    """It waits for the target to take."""
    DONE = auto()
    SOURCE_FAILED = auto()
    TARGET_FAILED = auto()


class Splice:
    """One body on its way."""

    def __init__(
        self, loop: AbstractEventLoop, source: int, target: int, length: int, told: Callable[[], None]
    ) -> None:
        """Take two descriptors, which stay their owners', and what is called when something has changed.

        Raises:
            OSError: There are no descriptors left.
        """
        global _under_way  # noqa: PLW0603  # descriptors are those of the process
        self.state = State.FOR_SOURCE
        self.left = length
        """Bytes that the source has not sent."""
        self.in_pipe = 0
        self.passed = 0
        """Bytes that the target has taken."""
        self._loop = loop
        self._told = told
        self._open: list[int] = []
        try:
            self._out, self._in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            self._open += [self._out, self._in]
            self._source, self._target = os.dup(source), -1
            self._open.append(self._source)
            self._target = os.dup(target)
            self._open.append(self._target)
        except OSError:
            self._close()
            raise
        with suppress(OSError):  # whoever has many pipes gets small ones
            fcntl.fcntl(self._in, _SET_SIZE, _PIPE)
        self._reading = self._writing = False
        _under_way += 1

    @staticmethod
    def is_room() -> bool:
        """Whether one more is possible."""
        return IS_POSSIBLE and _under_way < MOST

    def pump(self) -> None:
        """Move what can be moved, and see that it goes on."""
        self.state = self._moved()
        if self.state is State.FOR_SOURCE:
            self._wait(reading=True)
        elif self.state is State.FOR_TARGET:
            self._wait(reading=False)
        else:
            self.stop()
        self._told()

    def _moved(self) -> State:
        for _ in range(_TURNS):
            if not self.in_pipe:
                try:
                    count = os.splice(self._source, self._in, min(self.left, _PIPE), flags=_FLAGS)
                except BlockingIOError:
                    return State.FOR_SOURCE
                except OSError:
                    return State.SOURCE_FAILED
                if not count:
                    return State.SOURCE_FAILED
                self.left -= count
                self.in_pipe = count
            try:
                while self.in_pipe:
                    count = os.splice(self._out, self._target, self.in_pipe, flags=_FLAGS)
                    self.in_pipe -= count
                    self.passed += count
            except BlockingIOError:
                return State.FOR_TARGET
            except OSError:
                return State.TARGET_FAILED
            if not self.left:
                return State.DONE
        return State.FOR_SOURCE

    def _wait(self, *, reading: bool) -> None:
        if reading != self._reading:
            self._reading = reading
            _ = self._loop.add_reader(self._source, self.pump) if reading else self._loop.remove_reader(self._source)
        if reading == self._writing:
            self._writing = not reading
            _ = self._loop.remove_writer(self._target) if reading else self._loop.add_writer(self._target, self.pump)

    def stop(self) -> None:
        """Let go of everything."""
        global _under_way  # noqa: PLW0603
        if not self._open:
            return
        if self._reading:
            self._loop.remove_reader(self._source)
        if self._writing:
            self._loop.remove_writer(self._target)
        self._reading = self._writing = False
        self._close()
        _under_way -= 1

    def _close(self) -> None:
        opened, self._open = self._open, []
        for descriptor in opened:
            os.close(descriptor)


def descriptor_of(transport: Any) -> int:
    """Return the descriptor of a transport's socket; -1 where it has none of its own, as under TLS."""
    if transport is None or transport.is_closing() or transport.get_extra_info("sslcontext") is not None:
        return -1
    opened = transport.get_extra_info("socket")
    return -1 if opened is None else int(opened.fileno())
