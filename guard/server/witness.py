"""What does a witness answer?

C2SP tlog-witness: `POST /add-checkpoint` gives a cosignature or says why not, `GET
/<origin hash>/checkpoint` the last checkpoint that was cosigned. The witness knows only the logs
whose keys it was given, keeps what it has seen before it answers, and never cosigns two
histories. TLS belongs to the server in front.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guard.errors import EvidenceError
from guard.evidence.checkpoint import Checkpoint, VerifierKey
from guard.evidence.cosignature import cosign
from guard.evidence.witness import (
    LARGEST_REQUEST,
    SIZE_TYPE,
    AddCheckpoint,
    Refused,
    RequestMalformedError,
    cosigned_note,
    judge,
    of_known_log,
    origin_hash,
    parse_request,
)
from guard.server.listeners import open_listeners
from guard.store.witness_store import WitnessStore

_TEXT: Final = "text/plain"
_DRAIN: Final = 3.0

log = logging.getLogger("guard.witness")


@dataclass(kw_only=True)
class Witness:
    """Cosigns the checkpoints of some logs."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)
    logs: Mapping[str, Sequence[VerifierKey]]
    """The keys of each log, by its origin."""
    store: WitnessStore
    now: Callable[[], float] = time.time
    _disk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "witness"))

    def app(self) -> web.Application:
        """Return the web application."""
        app = web.Application(client_max_size=LARGEST_REQUEST)
        app.add_routes(
            [
                web.post("/add-checkpoint", self._add_checkpoint),
                web.get("/{origin:[0-9a-f]{64}}/checkpoint", self._checkpoint),
            ]
        )
        return app

    def add(self, request: AddCheckpoint) -> str | Refused:
        """Return the cosignature line for a request, which is durable then, or why there is none.

        Raises:
            EvidenceError: It could not be kept, and so must not be given.
        """
        head = of_known_log(request.note, self.logs)
        if isinstance(head, Refused):
            return head
        line = ""

        def note() -> bytes:
            nonlocal line
            line = cosign(head, self.key, self.name, int(self.now()))
            return cosigned_note(request.note, self.logs[head.origin], line)

        verdict = self.store.add(head.origin, lambda seen: judge(request, self.logs, seen), note)
        if isinstance(verdict, Checkpoint):
            log.info("%s: cosigned %d records", head.origin, head.size)
            return line
        if (folder := self.store.keep_refused(verdict, request.note)) is not None:
            log.error(
                "%s: NOT cosigned, %d records: %s; the log signed it, and both notes are in %s", head.origin,
                head.size, verdict.reason, folder,
            )  # fmt: skip
        return verdict

    async def _add_checkpoint(self, web_request: web.Request) -> web.Response:
        try:
            request = parse_request(await web_request.read())
            answer = await asyncio.get_running_loop().run_in_executor(self._disk, self.add, request)
        except RequestMalformedError as error:
            return web.Response(status=400, text=f"{error}\n")
        except EvidenceError as error:
            log.error("%s", error)
            return web.Response(status=500, text="what was seen could not be kept, so nothing is cosigned\n")
        if isinstance(answer, str):
            return web.Response(text=answer, content_type=_TEXT)
        if answer.size is not None:
            return web.Response(status=answer.status, body=f"{answer.size}\n".encode(), content_type=SIZE_TYPE)
        return web.Response(status=answer.status, text=f"{answer.reason}\n")

    async def _checkpoint(self, web_request: web.Request) -> web.Response:
        wanted = web_request.match_info["origin"]
        origin = next((one for one in self.logs if origin_hash(one) == wanted), None)
        if origin is None:
            return web.Response(status=404, text="this log is not known here\n")
        try:
            last = await asyncio.get_running_loop().run_in_executor(self._disk, self.store.last, origin)
        except EvidenceError as error:
            log.error("%s", error)
            return web.Response(status=500, text="the checkpoint can not be read\n")
        if last is None:
            return web.Response(status=404, text="nothing of this log was cosigned yet\n")
        return web.Response(body=last.note, content_type=_TEXT, charset="utf-8")


async def serve(witness: Witness, address: str, say: Callable[[str], None]) -> None:
    """Listen on `address` until SIGTERM or SIGINT; `say` is told where.

    Raises:
        UsageError: It can not be listened on.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    (listener,) = open_listeners(address, 1)
    runner = web.AppRunner(witness.app(), access_log=None, shutdown_timeout=_DRAIN)
    try:
        await runner.setup()
        await web.SockSite(runner, listener.socket).start()
        say(f"guard: witness {witness.name} listens on {listener.url}, for {len(witness.logs)} logs")
        await stopped.wait()
    finally:
        await runner.cleanup()
        listener.close()
        witness.store.close()
