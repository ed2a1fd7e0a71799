"""What is answered where there is no request to speak of, or where answering it failed?

Bytes that are no HTTP get 400 and our own faults 500, from the HTTP library itself. Whoever sends
them is told the reservation too.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from guard.core.client_address import AddressPolicy, parse_address
from guard.core.facts import IPAddress
from guard.core.proxy_protocol import Preamble, read_preamble
from guard.errors import RequestError
from guard.server.headers import Headers
from guard.server.listeners import BACKLOG
from guard.server.room import Room

_log = logging.getLogger("guard.server")


NOBODY = AddressPolicy()
PREAMBLE_SECONDS = 5.0
"""A preamble is sent at once; section 2 of the PROXY protocol asks for 3 seconds at least."""


def peer_of(transport: asyncio.BaseTransport | None) -> tuple[IPAddress | None, int]:
    """Return address and port of who opened the connection; None and 0 for a unix socket."""
    peername = transport.get_extra_info("peername") if transport else None
    if not isinstance(peername, tuple) or len(peername) < 2:
        return None, 0
    return parse_address(str(peername[0])), int(peername[1])


def preamble_of(request: web.BaseRequest) -> Preamble | None:
    """Return what a front server has told about the connection that the request came in by."""
    return getattr(request.protocol, "preamble", None)


class HttpServer(web.Server):
    """Makes a protocol for each connection."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        reservation: Callable[[], Headers],
        preambles_from: AddressPolicy = NOBODY,
        *,
        room: Room,
        **options: Any,
    ) -> None:
        """Take `reservation`, which returns the header lines for an answer to nobody in particular.

        Args:
            preambles_from: Whose connections begin with a PROXY preamble, and are closed if they do not.
            room: For the connections of all servers of this process.
        """
        super().__init__(
            self._answer,
            request_factory=self._request,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=75,
            **options,
        )
        self.reservation = reservation
        self.preambles_from = preambles_from
        self.room = room
        self._handle = handler
        self._retiring = False
        self._empty = asyncio.Event()

    @property
    def is_retiring(self) -> bool:
        """Whether connections are to be closed with their next answer."""
        return self._retiring

    async def retire(self, seconds: float) -> None:
        """Close every connection with its next answer; wait so long for those that are kept open without asking."""
        self._retiring = True
        await asyncio.sleep(0.05)  # what was accepted just now becomes a connection in the next turns of the loop
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.connections:  # one that changes lanes is none for a moment
                    self._empty.clear()
                    await self._empty.wait()

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Take note that a connection is gone."""
        super().connection_lost(handler, exc)
        if self._retiring and not self.connections:
            self._empty.set()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        connection: Any = request.protocol  # either lane's
        self.room.begin(connection)
        try:
            return await self._handle(request)
        finally:
            self.room.end(connection)

    def _request(self, message: Any, *rest: Any) -> web.BaseRequest:
        if self._retiring:
            message = message._replace(should_close=True)
        return self._make_request(message, *rest)

    def __call__(self) -> "HttpHandler":
        return HttpHandler(self, loop=self._loop, **self._kwargs)


class Serving:
    """A server on a listening socket, and for a while on those of others."""

    def __init__(self, server: HttpServer, runner: web.ServerRunner, site: web.SockSite) -> None:
        self._server = server
        self._runner = runner
        self._site = site
        self._stand_ins: list[web.SockSite] = []

    @classmethod
    async def start(cls, server: HttpServer, listener: socket.socket, drain: float) -> "Serving":
        """Begin to serve; `drain` are the seconds that answers under way have when it ends."""
        runner = web.ServerRunner(server, shutdown_timeout=drain)
        await runner.setup()
        site = web.SockSite(runner, listener, backlog=BACKLOG)
        await site.start()
        return cls(server, runner, site)

    async def stand_in(self, listeners: Iterable[socket.socket]) -> None:
        """Take the connections that wait at other sockets too, of which we are no owner; none ends it."""
        sites, self._stand_ins = self._stand_ins, []
        for site in sites:
            await site.stop()
        for one in listeners:
            site = web.SockSite(self._runner, one.dup(), backlog=BACKLOG)
            await site.start()
            self._stand_ins.append(site)

    async def take_no_more(self) -> None:
        """Leave what waits at the sockets to others."""
        await self.stand_in(())
        await self._site.stop()

    async def retire(self, seconds: float) -> None:
        """See the connections off that are open (see `HttpServer.retire`)."""
        await self._server.retire(seconds)

    async def stop(self) -> None:
        """End it."""
        await self._runner.cleanup()


class HttpHandler(RequestHandler):
    """One connection."""

    __slots__ = ("_begun", "_line", "_patience", "_server", "finished", "preamble", "received")

    def __init__(self, server: HttpServer, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._begun: bytearray | None = None
        """What has come of a preamble that is not whole yet."""
        self._patience: asyncio.TimerHandle | None = None
        self.preamble: Preamble | None = None
        """What the front server has told about this connection."""
        self.finished: Callable[[], None] | None = None
        """Is called after each answer; set where only one request of a connection is answered here."""
        self._line: Any = None
        """Its transport, until the connection is lost; the library forgets it when it begins to close."""
        self.received = 0

    @property
    def waits(self) -> bool:
        """True between two requests."""
        return self._waiter is not None and not self._messages and self._current_request is None

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Finish, and say so."""
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            if self.finished is not None:
                self.finished()

    @property
    def unsent(self) -> int:
        """Bytes that the client has not taken from us yet."""
        return self._line.get_write_buffer_size() if self._line is not None else 0

    @property
    def written(self) -> int:
        """Bytes of this answer that were written so far."""
        request = self._current_request
        return request.writer.output_size if request is not None else 0

    @property
    def lacks_body(self) -> bool:
        """Whether it is the client that a request body waits for."""
        request = self._current_request
        paused = self._reading_paused or self._buffer_paused
        return request is not None and not paused and not request.content.is_eof()

    def give_up(self) -> None:
        """Close it at once."""
        if self._line is not None:
            self._line.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; a trusted front server's connection with its preamble."""
        self._line = transport
        if self.finished is None and not self._server.room.enter(self):
            self.give_up()
            return
        super().connection_made(transport)
        policy = self._server.preambles_from
        if policy.preamble and policy.trusts(peer_of(transport)[0]):
            self._begun = bytearray()
            self._patience = asyncio.get_running_loop().call_later(PREAMBLE_SECONDS, self._break_off)

    def data_received(self, data: bytes) -> None:
        """Take the preamble off, and hand the rest on."""
        self.received += len(data)
        if self._begun is not None:
            self._begun += data
            try:
                self.preamble = read_preamble(bytes(self._begun))
            except RequestError:
                self._break_off()
                return
            if self.preamble is None:
                return
            data = bytes(self._begun[self.preamble.length :])
            self._end_of_preamble()
            if not data:
                return
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._line = None
        self._server.room.leave(self)
        self._end_of_preamble()
        super().connection_lost(exc)

    @property
    def is_retiring(self) -> bool:
        """Whether connections are to be closed with their next answer."""
        return self._server.is_retiring

    def _end_of_preamble(self) -> None:
        self._begun = None
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _break_off(self) -> None:
        """Close without an answer: whoever is trusted to write a preamble and does not is wrongly configured."""
        if self.transport is not None:
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - the library's signature; it quotes what was sent
    ) -> web.StreamResponse:
        """Answer in one line, with the reservation, and close the connection.

        Our own faults are told with their place in the code; who sent bytes that are no HTTP is told to nobody.
        """
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("a request could not be answered; this is a fault of the guard", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("part of an answer is sent already")
        response = web.Response(status=status, text=f"{status} {HTTPStatus(status).phrase}\n")
        response.force_close()
        for name, value in self._server.reservation():
            response.headers.add(name, value)
        response.headers["Server"] = "crawler-guard"
        return response
