"""What does the admin listener answer?

Metrics, health and state, the two orders that a running guard takes (to read its configuration anew
and to pause), and the console. It is a listener of its own; all is done in the supervisor, so that no
visitor waits for it. Where other machines reach it they get the console, which asks for a password,
and health.

A page in a browser on this machine could send forms here. An order therefore needs a header field that
no form can set, and a Host field that no strange name can lead here (DNS rebinding).
"""

import os
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Final, Protocol

import orjson
from aiohttp import web

from guard.errors import UsageError
from guard.server.reload import Loaded, Outcome
from guard.server.state import State
from guard.server.state_json import state_json
from guard.settings_text import endpoint

ORDER: Final = "X-Guard-Order"
CLOSING_SECONDS: Final = 2.0
"""For answers that are under way when the guard is stopped."""
LONGEST_PAUSE: Final = 7 * 86_400
MOST_BODY: Final = 16 * 1024
"""Bytes of an order or a form."""
_FOR_ALL: Final = ("/console", "/livez", "/healthz", "/readyz")


class Guard(Protocol):
    """What is asked."""

    @property
    def loaded(self) -> Loaded:
        """What it runs on."""
        ...

    @property
    def own_token(self) -> str:
        """By which it knows its own requests."""
        ...

    @property
    def ready(self) -> bool:
        """Whether all workers serve."""
        ...

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics and their content type."""
        ...

    async def state(self) -> State:
        """Return how the guard is."""
        ...

    async def reload(self) -> Outcome:
        """Read the configuration anew."""
        ...

    def pause_until(self, until: float) -> None:
        """Let every request pass until then."""
        ...


class Admin:
    """The admin listener; nothing if its address is `off`."""

    def __init__(self, address: str, guard: Guard) -> None:
        self._address = address
        self._guard = guard
        self._runner: web.AppRunner | None = None
        self.console = False
        """Whether there is a console."""
        self.url = ""
        """Where it listens, once started; empty if it is off."""

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            UsageError: The address can not be listened on, or the console's packages are not installed.
        """
        if self._address == "off":
            return
        app = web.Application(middlewares=[_not_for_others], client_max_size=MOST_BODY)
        if self._guard.loaded.settings.console.password:
            from guard.server.console.app import Console
            from guard.server.console.desk import ROOT

            app.add_routes([web.get("/", _to_console), web.get(ROOT.rstrip("/"), _to_console)])
            app.add_subapp(ROOT, Console(self._guard).app())
            self.console = True
        app.add_routes(
            [
                web.get("/metrics", self._metrics),
                web.get("/livez", self._live),
                web.get("/healthz", self._live),
                web.get("/readyz", self._ready),
                web.get("/status", self._status),
                web.post("/reload", self._reload),
                web.post("/pause", self._pause),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSING_SECONDS)
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
        body, content_type = await self._guard.metrics(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _live(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        ready = self._guard.ready
        return web.Response(text="ready\n" if ready else "not ready\n", status=200 if ready else 503)

    async def _status(self, request: web.Request) -> web.Response:
        _refuse_strangers(request)
        return _json(state_json(await self._guard.state()))

    async def _reload(self, request: web.Request) -> web.Response:
        _check_order(request)
        outcome = await self._guard.reload()
        return _json({"successful": outcome.successful, "said": list(outcome.said)})

    async def _pause(self, request: web.Request) -> web.Response:
        _check_order(request)
        text = (await request.read()).decode("ascii", "replace")
        if not text.isdigit() or int(text) > LONGEST_PAUSE:
            raise web.HTTPBadRequest(text="the body must be a number of seconds, at most a week; 0 ends the pause\n")
        until = time.time() + int(text) if int(text) else 0.0
        self._guard.pause_until(until)
        return _json({"paused_until": until})


async def _to_console(_request: web.Request) -> web.Response:
    return web.Response(status=303, headers={"Location": "/console/"})


@web.middleware
async def _not_for_others(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer other machines only what asks for a password, or says nothing but that the guard lives."""
    if not _is_here(request.remote) and not request.path.startswith(_FOR_ALL) and request.path != "/":
        raise web.HTTPForbidden(text="only this machine may ask for that\n")
    return await handler(request)


def _is_here(peer: str | None) -> bool:
    """Tell whether a peer is on this machine; on a unix socket it has no address."""
    return not peer or ip_address(peer).is_loopback


def _check_order(request: web.Request) -> None:
    _refuse_strangers(request)
    if ORDER not in request.headers:
        raise web.HTTPForbidden(text=f"an order needs the header field {ORDER}\n")


def _refuse_strangers(request: web.Request) -> None:
    """Answer only to an address, or to localhost: a name may be anybody's that leads here."""
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        if host != "localhost":
            raise web.HTTPForbidden(text="ask by an address or by localhost\n") from None


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")


def _url(address: object) -> str:
    host, port = address[:2] if isinstance(address, tuple) else (str(address), 0)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
