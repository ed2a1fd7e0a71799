"""Which pictures has the site shown to crawlers lately?

Only what a crawler asked for, as its request is on record anyhow; what people look at leaves no trace.
Noted in memory when the upstream has answered, written once in a while in a thread; no request
waits for it, and what can not be written is tried again with the next ones.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from guard.core.facts import RequestFacts, ResponseFacts
from guard.evidence.private import PrivatePaths
from guard.server.upstream import Answered
from guard.store.log_values import microseconds_at
from guard.store.pictures_online import Online, add

EVERY: Final = 30.0
"""Seconds between two writes."""
MOST_WAITING: Final = 20_000
"""Pictures that wait to be written; more are not noted until then."""
LONGEST: Final = 500
"""Characters of a path or validator."""
_CREDENTIALS: Final = frozenset({"cookie", "authorization", "proxy-authorization"})

log = logging.getLogger("guard.online")


class PicturesOnline:
    """Notes for one worker."""

    def __init__(
        self,
        file: Path,
        *,
        now: Callable[[], datetime],
        every: float = EVERY,
        private: PrivatePaths | None = None,
    ) -> None:
        self._private = private or PrivatePaths()
        self._file = file
        self._now = now
        self._every = every
        self._waiting: dict[tuple[str, str, str], tuple[int, int]] = {}
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write; needs a running loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Write what waits, and end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self.write()

    def note(self, facts: RequestFacts, seen: ResponseFacts, answered: Answered) -> None:
        """Note that the upstream has just shown a picture, if anybody may see it."""
        if not seen.kind.is_picture or seen.hands_off or len(facts.path) > LONGEST:
            return
        if any(name.lower() in _CREDENTIALS for name, _ in facts.headers) or answered.header("set-cookie"):
            return
        if self._private.beginning(facts.path):
            return
        validator = answered.header("etag") or answered.header("last-modified")
        key = (facts.site, facts.path, validator[:LONGEST].encode("ascii", "replace").decode())
        now = microseconds_at(facts.at)
        known = self._waiting.get(key)
        if known is not None:
            self._waiting[key] = (known[0], now)
        elif len(self._waiting) < MOST_WAITING:
            self._waiting[key] = (now, now)

    async def write(self) -> None:
        """Write what waits; keep it if that fails."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        rows = [
            Online(site=site, path=path, validator=validator, first=first, last=last)
            for (site, path, validator), (first, last) in waiting.items()
        ]
        try:
            await asyncio.to_thread(add, self._file, rows)
        except (sqlite3.Error, OSError, UnicodeError) as error:
            if not self._failing:
                log.warning("guard: when pictures were online can not be written: %s", error)
            self._failing = True
            if len(self._waiting) + len(waiting) <= MOST_WAITING:
                self._waiting = {**waiting, **self._waiting}
        else:
            self._failing = False

    async def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(self._every)
                await self.write()
