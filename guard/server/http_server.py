"""What is answered where there is no request to speak of, or where answering it failed?

Bytes that are no HTTP get 400 and our own faults 500, from the HTTP library itself. Whoever sends
them is told the reservation too.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from guard.server.headers import Headers


class HttpServer(web.Server):
    """Makes a protocol for each connection."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        reservation: Callable[[], Headers],
        **options: Any,
    ) -> None:
        """Take `reservation`, which returns the header lines for an answer to nobody in particular."""
        super().__init__(handler, **options)
        self.reservation = reservation

    def __call__(self) -> RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class _Handler(RequestHandler):
    """One connection."""

    __slots__ = ("_server",)

    def __init__(self, server: HttpServer, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer as the library does, with the reservation."""
        response = super().handle_error(request, status, exc, message)
        for name, value in self._server.reservation():
            response.headers.add(name, value)
        response.headers["Server"] = "crawler-guard"
        return response
