"""How does a stranger learn what this site's evidence log has signed?

`/.well-known/guard/log/checkpoint` is the newest checkpoint and `/.well-known/guard/log/vkey` the
key to check it with, one line for each key where it was rotated. Whoever keeps a copy can show
later that the log goes on from it, or does not. Neither tells anything about a visitor.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiohttp import web

from guard.server.exchange import Exchange
from guard.server.sending import send_bytes
from guard.store.log_keys import PUBLIC

CHECKPOINT: Final = "/.well-known/guard/log/checkpoint"
KEY: Final = "/.well-known/guard/log/vkey"
KEPT: Final = 1.0
"""Seconds for which what was read is given out again; a checkpoint comes each second."""
_LARGEST: Final = 1 << 16


class LogHead:
    """Answers for the log; one per worker process."""

    def __init__(self, evidence: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the evidence directory."""
        self._files = {CHECKPOINT: evidence / "log" / "checkpoint", KEY: evidence / PUBLIC}
        self._clock = clock
        self._read: dict[str, tuple[float, bytes]] = {}

    def owns(self, exchange: Exchange) -> bool:
        """Say whether the request asks for one of the two."""
        return exchange.facts.path in self._files

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Send it: 200, 404 while there is none yet, or 405 for a method that would change something."""
        if exchange.facts.method not in ("GET", "HEAD"):
            return await send_bytes(exchange, 405, (("Allow", "GET, HEAD"),), b"")
        body = await self._body(exchange.facts.path)
        headers = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "public, max-age=60"))
        return await send_bytes(exchange, 200 if body else 404, headers, body)

    async def _body(self, path: str) -> bytes:
        now = self._clock()
        at, body = self._read.get(path, (-KEPT, b""))
        if now - at >= KEPT:
            body = await asyncio.to_thread(_read, self._files[path])
            self._read[path] = now, body
        return body


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST)
    except OSError:
        return b""
