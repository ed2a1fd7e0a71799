"""Who is there at this moment?

The newest requests on record, and for a page that is open each further one as it is recorded (server-sent
events). Visitors who behave like people are on no record, so they are not here.
"""

import asyncio
import contextlib
from typing import Any, Final

import orjson
from aiohttp import web

from guard.errors import GuardError
from guard.server.console.commands import CommandError
from guard.server.console.desk import SESSION, Desk
from guard.server.console.gate import guarded
from guard.server.console.requests import on_record
from guard.server.console.shown import Language, moment, plain, size
from guard.server.console.tail import Event, Tail
from guard.server.console.words import ACTIONS, PURPOSES, RENDITIONS, say

LOOK_SECONDS: Final = 1.0
QUIET_SECONDS: Final = 15.0
"""After so long without an event a comment is sent, so that a browser that is gone is noticed."""
READY_SECONDS: Final = 90.0
"""For finding the end of the log."""
MOST_READERS: Final = 8
LONGEST_SECONDS: Final = 3600.0
"""Then the browser connects again, and must still be signed in."""
LISTED: Final = 40


class Live:
    """The newest requests."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._readers: set[asyncio.Queue[list[Event] | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        """The end of the log is found: what comes from here on is told."""

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered here."""
        return [web.get("/live", self._page), web.get("/live/events", self._events)]

    async def close(self) -> None:
        """Send everybody away."""
        for reader in self._readers:
            with contextlib.suppress(asyncio.QueueFull):
                reader.put_nowait(None)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        rows = await on_record(self._desk, [], LISTED)
        return self._desk.page(request, "live.html", values={"rows": rows})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if len(self._readers) >= MOST_READERS:
            return guarded(web.Response(status=429, text="too many pages are open\n", headers={"Retry-After": "30"}))
        language = self._desk.language(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        guarded(response)
        await response.prepare(request)
        reader: asyncio.Queue[list[Event] | None] = asyncio.Queue(maxsize=16)
        self._readers.add(reader)
        if self._task is None or self._task.done():
            self._ready.clear()
            self._task = asyncio.create_task(self._follow())
        try:
            await response.write(b": here\n\n")
            async with asyncio.timeout(LONGEST_SECONDS):
                await self._send(response, reader, language, request)
        except (ConnectionError, TimeoutError):
            pass
        finally:
            self._readers.discard(reader)
        return response

    async def _send(
        self,
        response: web.StreamResponse,
        reader: "asyncio.Queue[list[Event] | None]",
        language: Language,
        request: web.Request,
    ) -> None:
        async with asyncio.timeout(READY_SECONDS):
            await self._ready.wait()
        await response.write(b"event: ready\ndata: {}\n\n")
        while self._desk.still_signed_in(request[SESSION]):
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    events = await reader.get()
            except TimeoutError:
                await response.write(b": quiet\n\n")
                continue
            if events is None:
                return
            lines = (orjson.dumps(_said(one, language)).join((b"data: ", b"\n\n")) for one in events)
            await response.write(b"".join(lines))

    async def _follow(self) -> None:
        """Read on as long as anybody is there."""
        directory = self._desk.guard.loaded.settings.evidence.directory
        tail = Tail(directory)
        try:
            newest = await self._desk.commands.last_lines(["evidence", "show", "--json", "--", str(directory)], 1)
            known = (int(newest[0]["record"]), list(newest[0]["fields"]["sd"])) if newest else (-1, [])
            await asyncio.to_thread(tail.begin, *known)
            self._ready.set()
            while self._readers:
                if events := await asyncio.to_thread(tail.look):
                    for reader in self._readers:
                        with contextlib.suppress(asyncio.QueueFull):  # it does not read; it misses these
                            reader.put_nowait(events)
                await asyncio.sleep(LOOK_SECONDS)
        except (CommandError, GuardError, OSError):
            for reader in self._readers:  # the browser tries again
                with contextlib.suppress(asyncio.QueueFull):
                    reader.put_nowait(None)


def _said(event: Event, language: Language) -> dict[str, Any]:
    """Return an event as a page shows it: text, in the reader's language."""
    said = event.said
    if "status" in said:
        return {"record": event.record, "end": f"{said['status']}, {size(said['bytes'], language)}"}
    return {
        "record": event.record,
        "at": moment(event.at / 1e6, language),
        "who": plain(said["claimed"], 32) or str(say(language, "names nobody")),
        "what": str(say(language, PURPOSES.get(said["purpose"], said["purpose"]))),
        "path": plain(said["path"], 90) or str(say(language, "erased")),
        "action": said["action"],
        "decision": str(say(language, ACTIONS.get(said["action"], said["action"]))),
        "sent": str(say(language, RENDITIONS.get(said["rendition"], said["rendition"]))),
    }
