"""What do the other parts of the server see of a plain request, and how is its answer written down?

As much of the HTTP library's own request and response as they use. The head that is written has the lines that the
library would write, in its order.
"""

import asyncio
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiohttp.helpers import must_be_empty_body, rfc822_formatted_time, should_remove_content_length
from aiohttp.http import HttpVersion11
from aiohttp.streams import EMPTY_PAYLOAD

from guard.server.fast_lane.heads import RequestHead, written
from guard.server.headers import Headers

if TYPE_CHECKING:
    from guard.server.exchange import Exchange
    from guard.server.fast_lane.connection import Connection

_TOGETHER: Final = 64 * 1024
"""Bytes of a body that are copied to leave in one piece with the head."""
_PHRASES: Final = {int(status): status.phrase for status in HTTPStatus}


class _Said(NamedTuple):
    """Which of the fields that an answer needs are there."""

    length: int | None
    """Where the first Content-Length is."""
    type: bool
    date: bool
    connection: bool


@lru_cache(maxsize=512)
def _said(names: tuple[str, ...]) -> _Said:
    """Look at the names of an answer's fields, which are the same again and again."""
    lower = [name.lower() for name in names]
    place = lower.index("content-length") if "content-length" in lower else None
    return _Said(place, "content-type" in lower, "date" in lower, "connection" in lower)


class PlainRequest:
    """A GET or HEAD request without a body, read by us."""

    __slots__ = ("_connection", "answer", "begun", "method", "path", "raw_headers")

    version = HttpVersion11
    secure = False
    can_read_body = False
    content = EMPTY_PAYLOAD

    def __init__(self, connection: "Connection", head: RequestHead) -> None:
        self._connection = connection
        self.method = head.method
        self.path = head.target
        self.raw_headers = head.fields
        self.answer: PlainAnswer | None = None
        self.begun: Exchange | None = None
        """What is known of it, if it was begun to answer it without waiting."""

    @property
    def _message(self) -> "PlainRequest":
        return self  # where the library keeps the target as it was received

    @property
    def protocol(self) -> "Connection":
        """The connection, which has no preamble."""
        return self._connection

    @property
    def transport(self) -> Any:
        """Return the transport; None once the client has gone."""
        return self._connection.transport

    @property
    def peer(self) -> Any:
        """Address and port of who opened the connection."""
        return self._connection.peer

    def respond(self, status: int, reason: str, lines: Headers) -> "PlainAnswer":
        """Begin the answer."""
        self.answer = PlainAnswer(self._connection, self.method, status, reason, lines)
        return self.answer


class PlainAnswer:
    """An answer on its way; the head waits for the first piece of the body, but no longer than a turn of the loop."""

    keep_alive = None

    def __init__(self, connection: "Connection", method: str, status: int, reason: str, lines: Headers) -> None:
        self._connection = connection
        self.status = status
        empty = must_be_empty_body(method, status)
        said = _said(tuple([name for name, _ in lines]))
        length = None if said.length is None else lines[said.length][1]
        if length is not None and not (length.isascii() and length.isdecimal()):
            raise ValueError("the Content-Length is no number")
        more: list[tuple[str, str]] = []
        self._chunked = length is None and not empty
        self._left = 0 if empty or length is None else int(length)
        if self._chunked:
            more.append(("Transfer-Encoding", "chunked"))
        if empty and length is not None and should_remove_content_length(method, status):
            lines = tuple(line for line in lines if line[0].lower() != "content-length")
        if not empty and length != "0" and not said.type:
            more.append(("Content-Type", "application/octet-stream"))
        if not said.date:
            more.append(("Date", rfc822_formatted_time()))
        if connection.ends and not said.connection:
            more.append(("Connection", "close"))
        reason = reason or _PHRASES.get(status, "")
        self._head = written(f"HTTP/1.1 {status} {reason}", (*lines, *more))
        self.whole = False

    async def prepare(self, _request: object) -> None:
        """Send the head, with the next piece of the body if that comes at once."""
        self._connection.check()
        asyncio.get_running_loop().call_soon(self.flush)

    async def write(self, data: bytes | memoryview) -> None:
        """Send a piece of the body, and wait while the client takes nothing.

        Raises:
            ConnectionResetError: The client has gone.
            ValueError: There is more of it than was announced.
        """
        self._connection.check()
        self.put(data)
        if self._connection.is_full:
            await self._connection.drained()

    def put(self, data: bytes | memoryview) -> None:
        """Send a piece of the body.

        Raises:
            ValueError: There is more of it than was announced.
        """
        if not data:
            return
        head, self._head = self._head, b""
        if self._chunked:
            self._connection.write(b"%s%x\r\n%s\r\n" % (head, len(data), data))
            return
        self._left -= len(data)
        if self._left < 0:
            raise ValueError("the body is longer than its head says")
        if head and len(data) <= _TOGETHER:
            self._connection.write(head + data)
            return
        if head:
            self._connection.write(head)
        self._connection.write(data)

    @property
    def is_counted(self) -> bool:
        """Whether the body's length was announced."""
        return not self._chunked

    async def write_eof(self) -> None:
        """End the body.

        Raises:
            ConnectionResetError: The client has gone.
            ValueError: There is less of it than was announced.
        """
        self._connection.check()
        if self._left:
            raise ValueError("the body is shorter than its head says")
        self.end()

    def end(self) -> None:
        """Write what ends the body, after which the connection is free."""
        self.flush(b"0\r\n\r\n" if self._chunked else b"")
        self.whole = True

    def flush(self, more: bytes = b"") -> None:
        """Send the head if it still waits for the body."""
        head, self._head = self._head, b""
        if (head or more) and not self._connection.is_gone:
            self._connection.write(head + more)
