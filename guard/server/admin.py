"""What does the admin listener answer?

Metrics and health, on a listener of its own that only this machine reaches. Metrics are
collected here, in the supervisor, so that a scrape never makes a visitor wait.
"""

import asyncio
import os
from collections.abc import Callable

from aiohttp import web

from guard.errors import UsageError
from guard.exporter.metrics import expose
from guard.settings_text import endpoint


class Admin:
    """The admin listener; nothing if its address is `off`."""

    def __init__(self, address: str, metrics_directory: str, is_ready: Callable[[], bool]) -> None:
        self._address = address
        self._metrics_directory = metrics_directory
        self._is_ready = is_ready
        self._runner: web.AppRunner | None = None
        self.url = ""
        """Where it listens, once started; empty if it is off."""

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            UsageError: The address can not be listened on.
        """
        if self._address == "off":
            return
        app = web.Application()
        app.add_routes(
            [
                web.get("/metrics", self._metrics),
                web.get("/livez", self._live),
                web.get("/healthz", self._live),
                web.get("/readyz", self._ready),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        place = endpoint(self._address)
        try:
            if place.socket:
                await web.UnixSite(self._runner, place.socket).start()
                self.url = f"unix:{place.socket}"
            else:
                site = web.TCPSite(self._runner, place.host, place.port)
                await site.start()
                self.url = _url(self._runner.addresses[0])
        except OSError as error:
            reason = os.strerror(error.errno).lower() if error.errno else str(error)
            raise UsageError(
                f"can not listen on {self._address} for metrics and health: {reason}; "
                "set `admin:` to another address, or to off"
            ) from error

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        body, content_type = await asyncio.to_thread(expose, self._metrics_directory, request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _live(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        ready = self._is_ready()
        return web.Response(text="ready\n" if ready else "not ready\n", status=200 if ready else 503)


def _url(address: object) -> str:
    host, port = address[:2] if isinstance(address, tuple) else (str(address), 0)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
