"""How is a plain request sent over one connection to the site behind us, and its answer read?

An answer with a plain head and a length is read here. For any other the connection gets the HTTP library's own reader,
with the bytes that have come so far, so that it is read as the other lane reads it. A connection is used again only
after an answer that ended exactly where it said; one byte more or less, and it is closed.
"""

import asyncio
import socket
from collections import deque
from typing import TYPE_CHECKING, Any, Final, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.streams import StreamReader

from guard.server.fast_lane import heads

if TYPE_CHECKING:
    from guard.server.fast_lane.pool import Pool
    from guard.server.fast_lane.visit import Visit

MOST_WAITING: Final = 64 * 1024
"""Bytes of a body that have come and nobody has taken. Beyond them, and as soon as nobody waits for them, no more is
read: a client that takes nothing has one piece lying here, a quarter of a megabyte at most."""
_END: Final = b"\r\n\r\n"
_INTERIM: Final = 1000
"""1xx answers before the real one; a server that sends more is at fault."""


class Incoming:
    """An answer, as `guard.server.upstream.Answered` wants it: head, then pieces."""

    def __init__(self, line: "Line", head: heads.ResponseHead) -> None:
        self._line = line
        self.status, self.reason, self.raw_headers = head.status, head.reason, head.fields

    @property
    def content(self) -> "Incoming":
        """What the body is read from; kept as an attribute it would be a ring, which waits for the collector."""
        return self

    async def readany(self) -> bytes:
        """Return the next piece, empty at the end.

        Raises:
            TimeoutError: Nothing came for too long.
            ConnectionError: It broke off.
        """
        return await self._line.piece()

    def release(self) -> None:
        """Give the connection back: the body was read to its end."""
        self._line.give_back()

    def close(self) -> None:
        """Close the connection if the body was not read to its end."""
        self._line.give_back()


class LibraryAnswer:
    """The same for an answer that the library reads."""

    def __init__(self, pool: "Pool", reader: ResponseHandler, message: Any, payload: StreamReader) -> None:
        self._pool = pool
        self._reader: ResponseHandler | None = reader
        self.status: int = message.code
        self.reason: str = message.reason
        self.raw_headers: heads.Fields = message.raw_headers
        self.content = payload

    def release(self) -> None:
        """Give the connection back if the library has no objection to that."""
        reader = self._reader
        if reader is None or reader.should_close or reader.transport is None or reader.transport.is_closing():
            self.close()
            return
        self._reader = None
        self._pool.adopt(reader.transport)

    def close(self) -> None:
        """Close the connection, unless it was given back."""
        if self._reader is not None and self._reader.transport is not None:
            self._reader.transport.abort()


class Line(asyncio.Protocol):
    """One connection; at most one request at a time."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._transport: Any = None
        self._begun = b""
        """What has come of a head."""
        self._pieces: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._left = 0
        """Bytes of the body that have not come."""
        self._busy = False
        self._method = ""
        self._reusable = False
        self._paused = self._lent = False
        self._waiter: asyncio.Future[None] | None = None
        self._answer: heads.ResponseHead | None = None
        self._odd = False
        """The head has come, and is not for us to read."""
        self.broken: Exception | None = None
        self.visit: Visit | None = None
        """Who is told at once of all that comes, in place of somebody who waits."""
        self.deadline = 0.0
        """Loop time by which something has to come, while somebody waits; by which it is taken, while nobody does."""

    def __repr__(self) -> str:
        return f"<Line busy={self._busy} left={self._left} broken={self.broken!r}>"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    @property
    def socket(self) -> socket.socket:
        """What it is for the kernel."""
        return cast(socket.socket, self._transport.get_extra_info("socket"))

    @property
    def is_open(self) -> bool:
        """True while a request can be sent."""
        return self.broken is None and not self._transport.is_closing()

    async def ask(self, method: str, head: bytes) -> Incoming | LibraryAnswer:
        """Send a head and return the answer's.

        Raises:
            TimeoutError: It did not come in time.
            ConnectionError: The connection ended first; `untouched` tells whether anything had come.
        """
        self.send(method, head)
        return await self.answered()

    def send(self, method: str, head: bytes) -> None:
        """Send a head."""
        self._busy, self._method, self._answer, self._odd, self._reusable = True, method, None, False, False
        self._transport.write(head)

    async def answered(self) -> Incoming | LibraryAnswer:
        """Return the head of the answer to what was sent; raises what `ask` does."""
        while self._answer is None and not self._odd:
            await self._more()
        if self._answer is not None:
            return Incoming(self, self._answer)
        return await self._left_to_library()

    @property
    def is_settled(self) -> bool:
        """True once it is known that no plain head will come, or that it has."""
        return self._answer is not None or self._odd or self.broken is not None

    @property
    def incoming(self) -> Incoming | None:
        """The answer whose head has come, if it is a plain one."""
        return Incoming(self, self._answer) if self._answer is not None else None

    @property
    def left(self) -> int:
        """Bytes of the body that have not come."""
        return self._left

    @property
    def transport(self) -> Any:
        """The connection's transport."""
        return self._transport

    def lend(self) -> None:
        """Read no more: others take the rest of the body from the socket itself, and all of it or nothing."""
        self._lent = self._paused = True
        self._transport.pause_reading()

    def took_back(self) -> None:
        """Read on: they have taken it."""
        self._left = 0
        self._lent = self._paused = False
        self._transport.resume_reading()

    @property
    def is_through(self) -> bool:
        """True when all of the body has come and was taken."""
        return self._left == 0 and not self._pieces

    @property
    def wants_more(self) -> bool:
        """True while nothing is here that could be taken."""
        return not self._pieces

    @property
    def untouched(self) -> bool:
        """True while no byte of an answer has come."""
        return not self._begun and self._answer is None

    async def piece(self) -> bytes:
        """Return the next piece of the body; empty at its end."""
        while not self._pieces:
            if self._left == 0:
                return b""
            await self._more()
        return self.take()

    def take(self) -> bytes:
        """Return the next piece that is here already."""
        data = self._pieces.popleft()
        self._waiting_bytes -= len(data)
        return data

    def give_back(self) -> None:
        """End the exchange: keep the connection if the answer ended as it should, else close it."""
        if not self._busy:
            return
        self._busy = False
        whole = self._answer is not None and self._left == 0 and not self._pieces and not self._begun
        if whole and self._reusable and self.is_open and not self._paused:
            self._pool.keep(self)
        else:
            self.abort()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def late(self) -> None:
        """End the waiting: it was too long."""
        self._fail(TimeoutError())
        self.abort()

    def data_received(self, data: bytes) -> None:
        """Take what has come: of the head, then of the body."""
        if not self._busy or self._odd:
            self._fail(ConnectionError("it answered what nobody had asked"))
            self.abort()
            return
        if self._answer is None:
            self._begun += data
            end = self._begun.find(_END)
            if end >= 0:
                self._answer = heads.response(self._begun[:end], self._method)
            if end < 0 and len(self._begun) <= heads.LARGEST:
                return
            if self._answer is None or len(self._begun) - end - 4 > self._answer.length:
                # Also where more has come than was said: how that is taken is the library's matter.
                self._answer = None
                self._leave()
                self._wake()
                return
            data, self._begun = self._begun[end + 4 :], b""
            self._left, self._reusable = self._answer.length, not self._answer.close
        if len(data) > self._left:
            self._reusable = False  # what comes behind an answer belongs to nobody
            data = data[: self._left]
        if data:
            self._left -= len(data)
            self._pieces.append(data)
            self._waiting_bytes += len(data)
        self._wake()
        # Only now: a visit has taken what came, if its client takes it.
        wanted = self._waiter is not None or self.visit is not None
        enough = not wanted or self._waiting_bytes >= MOST_WAITING
        if enough and self._left and not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionError("the connection ended"))
        self._pool.gone(self)

    def _leave(self) -> None:
        self._odd = True
        if not self._transport.is_closing():
            self._transport.pause_reading()  # what comes next is the library's

    async def _left_to_library(self) -> LibraryAnswer:
        """Let the library read the answer, from its first byte."""
        reader = self._pool.reader()
        transport, begun = self._transport, self._begun
        transport.set_protocol(reader)
        reader.connection_made(transport)
        reader.set_response_params(
            skip_payload=self._method == "HEAD",
            read_until_eof=True,
            auto_decompress=False,
            read_timeout=self._pool.read_seconds,
            read_bufsize=MOST_WAITING,
            max_line_size=1 << 14,
            max_field_size=1 << 17,
        )
        self._busy, self._begun = False, b""
        transport.resume_reading()
        try:
            reader.data_received(begun)
            # The library's own limit ends with the first 1xx answer.
            async with asyncio.timeout(self._pool.read_seconds):
                for _ in range(_INTERIM):
                    message, payload = await reader.read()
                    if not 100 <= message.code <= 199 or message.code == 101:
                        return LibraryAnswer(self._pool, reader, message, payload)
            raise aiohttp.ClientConnectionError("it only says that it is going to answer")
        except BaseException:
            transport.abort()
            raise

    async def _more(self) -> None:
        if self.broken is not None:
            raise self.broken
        self._waiter = self._pool.loop.create_future()
        self.wait()
        try:
            await self._waiter
        finally:
            self._waiter = None
            self.wait_no_more()

    def wait(self) -> None:
        """See that the waiting ends, if nothing comes in time."""
        self.deadline = self._pool.loop.time() + self._pool.read_seconds
        self._pool.waiting.add(self)
        if self._paused and not self._lent and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def wait_no_more(self) -> None:
        """Let it take its time."""
        self._pool.waiting.discard(self)

    def _wake(self) -> None:
        if self.visit is not None:
            self.visit.moved()
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self.broken is None:
            self.broken = error
        if self.visit is not None:
            self.visit.moved()
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(self.broken)
