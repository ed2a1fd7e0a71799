"""Who answers the requests of one connection, one after the other?

Plain ones the proxy, from here. What is not plain, but ends for certain where it says, is lent to the HTTP library: it
sees this one request and a connection that has nothing behind it, and the next request is looked at here again. The
rest goes to the library together with the connection, for good. What comes while an answer is under way waits, and
nothing of a request is kept for the next one.
"""

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, cast

from aiohttp import web

from guard.server.fast_lane import heads
from guard.server.fast_lane.guest import Guest
from guard.server.fast_lane.heads import Way
from guard.server.fast_lane.plain import PlainRequest
from guard.server.fast_lane.visit import Visit
from guard.server.headers import Headers
from guard.server.http_server import peer_of

if TYPE_CHECKING:
    from guard.server.fast_lane.server import FastServer

_log = logging.getLogger("guard.server")

HEAD_SECONDS: Final = 20.0
"""From the first byte of a head to its last."""
IDLE_SECONDS: Final = 75.0
"""Between two requests."""
STALLED_SECONDS: Final = 300.0
"""For a client to take what was sent, a quarter of a megabyte at most."""
BUFFER: Final = 64 * 1024
_END: Final = b"\r\n\r\n"


class Connection(asyncio.Protocol):
    """One client's connection."""

    preamble = None
    _task_handler = None  # the library's server asks for it

    def __init__(self, server: "FastServer") -> None:
        self._server = server
        self.loop = asyncio.get_running_loop()
        self.transport: Any = None
        self.peer: Any = None
        self.ends = False
        """The answer under way is the last one."""
        self.is_full = False
        self._data = b""
        """What nobody has looked at yet."""
        self._task: asyncio.Task[None] | None = None
        self._guest: Guest | None = None
        self._visit: Visit | None = None
        self._drain: asyncio.Future[None] | None = None
        self._reading = True
        self._head_begun = False
        self._rest: asyncio.Future[None] | None = None
        """Done when the answer under way is."""
        self.deadline = 0.0
        """Loop time at which it is closed; 0 for never."""
        self.received = 0
        self._written = 0
        self._in_pipe = 0
        """Bytes that the kernel holds for the client."""

    def __repr__(self) -> str:
        return f"<Connection busy={self._is_busy} waiting={len(self._data)} gone={self.is_gone}>"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.set_write_buffer_limits(high=BUFFER)
        self.peer = peer_of(transport)
        if not self._server.room.enter(self):
            self._abort()
            return
        self.deadline = self.loop.time() + IDLE_SECONDS
        self._server.connection_made(cast(Any, self), self.transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._server.room.leave(self)
        self.transport = None
        self._data = b""
        if self._guest is not None:
            self._guest.lost(exc)
            self._guest = None
        if self._visit is not None:
            self._visit.gone()
        if self._drain is not None and not self._drain.done():
            self._drain.set_exception(ConnectionResetError("the client has gone"))
        self._server.connection_lost(cast(Any, self), exc)

    @property
    def is_gone(self) -> bool:
        """True when nothing can be sent any more."""
        return self.transport is None or self.transport.is_closing()

    @property
    def _is_busy(self) -> bool:
        return self._visit is not None or self._task is not None or self._guest is not None

    @property
    def unsent(self) -> int:
        """Bytes that the client has not taken from us yet."""
        return self._in_pipe + (self.transport.get_write_buffer_size() if self.transport is not None else 0)

    @property
    def written(self) -> int:
        """Bytes that were written so far."""
        return self._written + (self._guest.handler.written if self._guest is not None else 0)

    @property
    def lacks_body(self) -> bool:
        """Whether it is the client that a request body waits for."""
        return self._guest is not None and self._guest.handler.lacks_body

    def give_up(self) -> None:
        """Close it at once."""
        self._abort()

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self._data = self._data + data if self._data else data
        if not self._is_busy:
            self._next()
        elif self._guest is not None and self._guest.owed:
            self._data = self._guest.feed(self._data)
        elif len(self._data) > heads.LARGEST and self._reading:
            self._reading = False
            self.transport.pause_reading()

    def _next(self) -> None:
        """Look at what has come, until something is under way or more has to come."""
        if self.is_gone:
            return
        end = self._data.find(_END, 0, heads.LARGEST + len(_END))
        if end < 0:
            if self._data and not heads.may_become_one(self._data):
                self._leave()
            elif self._data and not self._head_begun:
                self._head_begun = True
                self.deadline = self.loop.time() + HEAD_SECONDS
            return
        self._head_begun = False
        self.deadline = 0.0
        head = heads.request(self._data[:end])
        if head.close and len(self._data) > end + 4 + head.length:
            head = heads.NOT_PLAIN  # it says that nothing follows, and something does
        match head.way:
            case Way.HERE:
                raw, self._data = self._data[: end + 4], self._data[end + 4 :]
                self._begin(PlainRequest(self, head), head.close, raw)
            case Way.COUNTED:
                self._server.room.begin(self)
                self._guest = Guest(self.transport, self._server.library(), end + 4 + head.length, self._guest_left)
                self._data = self._guest.feed(self._data)
            case Way.LIBRARY:
                self._leave()

    def _leave(self) -> None:
        """Give the connection, and all that has come, to the library."""
        transport, data, self._data, self.deadline = self.transport, self._data, b"", 0.0
        self._server.connection_lost(cast(Any, self))
        self._server.room.leave(self)
        handler = self._server.library()
        transport.set_protocol(handler)
        handler.connection_made(transport)
        if self.is_full:
            handler.pause_writing()
        if not self._reading:
            transport.resume_reading()
        handler.data_received(data)

    def _begin(self, request: PlainRequest, close: bool, raw: bytes) -> None:
        """Answer a request: at once if that can be, else with a task that can wait."""
        self.ends = close or self._server.is_retiring
        if self._server.visits is not None:
            try:
                self._visit = self._server.visits.begin(self, request)
            except Exception as error:  # whoever can wait can also say that it failed
                _log.error("a request could not be answered at once; this is a fault of the guard", exc_info=error)
        if self._visit is not None:
            self._server.room.begin(self)
        else:
            self._task = self.loop.create_task(self._answer(request, raw))

    def visit_waits(self, request: PlainRequest) -> None:
        """Go on with a task: what comes next takes waiting."""
        self._visit = None
        self._task = self.loop.create_task(self._answer(request, b""))

    def visit_ended(self, *, whole: bool) -> None:
        """Take the next request, or close if the answer is not whole."""
        self._visit = None
        self._in_pipe = 0
        self._server.room.end(self)
        if not whole:
            self._abort()
        self._answered()

    def stalls(self) -> None:
        """See that the client takes what was sent."""
        self.deadline = self.loop.time() + STALLED_SECONDS

    async def _answer(self, request: PlainRequest, raw: bytes) -> None:
        try:
            await self._server.request_handler(cast(web.BaseRequest, request))
            if request.answer is None and not self.is_gone:
                # It makes no sense, and nothing was done about it. How that is said is the library's matter.
                self._task, self._data = None, raw + self._data
                self._leave()
                return
            if request.answer is None or not request.answer.whole:
                self._abort()
        except ConnectionError:
            self._abort()
        except Exception as error:
            _log.error("a request could not be answered; this is a fault of the guard", exc_info=error)
            await self._apologise(request)
        except BaseException:
            self._abort()
            raise
        self._answered()

    async def _apologise(self, request: PlainRequest) -> None:
        self.ends = True
        if request.answer is not None or self.is_gone:
            return self._abort()  # part of an answer may be sent already
        body = b"500 Internal Server Error\n"
        lines: Headers = (
            ("Content-Type", "text/plain; charset=utf-8"),
            *self._server.reservation(),
            ("Content-Length", str(len(body))),
            ("Server", "crawler-guard"),
        )
        answer = request.respond(500, "", lines)
        await answer.prepare(request)
        await answer.write(b"" if request.method == "HEAD" else body)
        answer.end()
        return None

    def _answered(self) -> None:
        """Go on with what has come meanwhile, or close."""
        self._task = None
        if self._rest is not None and not self._rest.done():
            self._rest.set_result(None)
        if self.is_gone:
            return
        if self.ends:  # a server that retires tells so with the next answer, and not after this one
            self.transport.close()
            return
        self._go_on()

    def _guest_left(self) -> None:
        self._guest = None
        self._server.room.end(self)
        if self._rest is not None and not self._rest.done():
            self._rest.set_result(None)
        if not self.is_gone:
            self._go_on()

    def _go_on(self) -> None:
        if not self._reading:
            self._reading = True
            self.transport.resume_reading()
        self.deadline = self.loop.time() + IDLE_SECONDS
        if self._data:
            self._next()

    def write(self, data: bytes | memoryview) -> None:
        """Send bytes."""
        self._written += len(data)
        self.transport.write(data)

    def passed(self, length: int, waiting: int) -> None:
        """Take note of bytes that went out past the transport, and of those that wait to."""
        self._written += length
        self._in_pipe = waiting

    def check(self) -> None:
        """Do nothing while there is a client.

        Raises:
            ConnectionResetError: It has gone.
        """
        if self.is_gone:
            raise ConnectionResetError("the client has gone")

    async def drained(self) -> None:
        """Wait until the client has taken what was sent.

        Raises:
            ConnectionResetError: It has gone.
        """
        self.check()
        self._drain = self.loop.create_future()
        self.stalls()
        try:
            await self._drain
        finally:
            self._drain, self.deadline = None, 0.0

    def pause_writing(self) -> None:
        self.is_full = True
        if self._guest is not None:
            self._guest.handler.pause_writing()

    def resume_writing(self) -> None:
        self.is_full = False
        if self._guest is not None:
            self._guest.handler.resume_writing()
        if self._drain is not None and not self._drain.done():
            self._drain.set_result(None)
        if self._visit is not None:
            self.deadline = 0.0
            self._visit.moved()

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def late(self) -> None:
        """Close: nothing came, or was taken, for too long."""
        self._abort()

    def close(self) -> None:
        """Take no further request."""
        self.ends = True
        if self._guest is not None:
            self._guest.handler.close()
        elif not self._is_busy and self.transport is not None:
            self.transport.close()

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109  # the library's
        """Wait so long for the answer under way, and close."""
        self.close()
        if self._is_busy:
            self._rest = self.loop.create_future()
            try:
                await asyncio.wait_for(self._rest, timeout)
            except TimeoutError:
                if self._task is not None:
                    self._task.cancel()
                elif self._visit is not None:
                    self._abort()
        if self.transport is not None:
            self.transport.close()
