"""Which connections to the site behind us are kept open, and for how long?"""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError

from guard.errors import UpstreamError, UpstreamTimeoutError
from guard.server.fast_lane.heads import written
from guard.server.fast_lane.upstream import Incoming, LibraryAnswer, Line
from guard.server.headers import Headers

IDLE_SECONDS: Final = 15.0
"""For a connection that nobody needs; shorter than servers wait, so that none is closed as it is taken."""
MOST_IDLE: Final = 256
SWEEP_SECONDS: Final = 0.25


class Pool:
    """All connections to one site behind us; belongs to the running event loop."""

    def __init__(
        self,
        host: str,
        port: int,
        unix_socket: str,
        *,
        connect_seconds: float,
        read_seconds: float,
        fit: Callable[[socket.socket], None] = lambda _connection: None,
    ) -> None:
        """Take where the site is: a path of a unix socket, or host and port where that is empty.

        Args:
            fit: Is given every connection that is opened.
        """
        self._fit = fit
        self._host, self._port, self._unix_socket = host, port, unix_socket
        self._connect_seconds = connect_seconds
        self.read_seconds = read_seconds
        self.loop = asyncio.get_running_loop()
        self.waiting: set[Line] = set()
        """Lines on which somebody waits for something to come."""
        self._idle: deque[Line] = deque()
        self._sweeper = self.loop.call_later(SWEEP_SECONDS, self._sweep)

    def ask_at_once(self, method: str, target: str, headers: Headers) -> Line | None:
        """Send a request on a connection that is open; None if there is none, and then nothing is sent."""
        head = written(f"{method} {target} HTTP/1.1", headers)
        line = self._take()
        if line is not None:
            line.send(method, head)
            line.wait()
        return line

    async def ask(
        self, method: str, target: str, headers: Headers, sent: Line | None = None
    ) -> Incoming | LibraryAnswer:
        """Send a request without a body and return the answer's head.

        Args:
            sent: The connection on which `ask_at_once` has sent it already.

        Raises:
            UpstreamError: There is none; `UpstreamTimeoutError` if it did not come in time.
        """
        head = written(f"{method} {target} HTTP/1.1", headers)
        while True:
            was_sent, line, sent = sent is not None, sent or self._take(), None
            fresh = line is None
            if line is None:
                line = await self._connected()
            try:
                return await (line.answered() if was_sent else line.ask(method, head))
            except TimeoutError as error:
                raise UpstreamTimeoutError("the site behind the guard did not answer in time") from error
            except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
                line.abort()
                # A server may end a connection just as it is used again; GET and HEAD do no harm twice.
                if fresh or not line.untouched or not isinstance(error, OSError):
                    raise UpstreamError("the site behind the guard gave no usable answer") from error
            except BaseException:
                line.abort()
                raise

    def _take(self) -> Line | None:
        while self._idle:
            line = self._idle.pop()
            if line.is_open:
                return line
        return None

    async def _connected(self) -> Line:
        loop, made = self.loop, Line(self)
        try:
            async with asyncio.timeout(self._connect_seconds):
                if self._unix_socket:
                    await loop.create_unix_connection(lambda: made, self._unix_socket)
                else:
                    await loop.create_connection(lambda: made, self._host, self._port)
        except TimeoutError as error:
            raise UpstreamTimeoutError("the site behind the guard did not answer in time") from error
        except OSError as error:
            raise UpstreamError("the site behind the guard can not be reached") from error
        self._fit(made.socket)
        return made

    def keep(self, line: Line) -> None:
        """Take a connection back."""
        line.deadline = self.loop.time() + IDLE_SECONDS
        self._idle.append(line)
        if len(self._idle) > MOST_IDLE:
            self._idle.popleft().abort()

    def adopt(self, transport: asyncio.Transport) -> None:
        """Take a connection back from the library."""
        line = Line(self)
        transport.set_protocol(line)
        line.connection_made(transport)
        self.keep(line)

    def gone(self, line: Line) -> None:
        """Forget a connection that has ended."""
        with contextlib.suppress(ValueError):
            self._idle.remove(line)

    def reader(self) -> ResponseHandler:
        """Return the library's reader for one connection."""
        return ResponseHandler(self.loop)

    def close(self) -> None:
        """Close all that nobody uses."""
        self._sweeper.cancel()
        for line in tuple(self._idle):
            line.abort()

    def _sweep(self) -> None:
        """End waits that are over: one timer for all is cheaper than one for each."""
        now = self.loop.time()
        for line in [line for line in self.waiting if line.deadline < now]:
            line.late()
        while self._idle and self._idle[0].deadline < now:
            self._idle.popleft().abort()
        self._sweeper = self.loop.call_later(SWEEP_SECONDS, self._sweep)
