"""How does HAProxy ask us about every request?

Its SPOE filter (HAProxy, doc/SPOE.txt) sends one message a request over a few connections that stay open, and goes
on when the answer is there. Many questions stand in one read and their answers go out in one write, so that
a decision costs a few microseconds. What may be served without us is told so; about anything else HAProxy hears
nothing, and its configuration sends that through the guard.
"""

import asyncio
import logging
import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeVar, cast

from guard.core import spop
from guard.core.client_address import AddressPolicy, unmapped
from guard.core.facts import RequestFacts
from guard.core.spop import Disconnect, Hello, Notify, SpopError, Value
from guard.errors import RecorderUnavailableError, RequestError
from guard.server.exchange import Exchange
from guard.server.hand_over import HandOver
from guard.server.headers import Headers
from guard.server.http_server import peer_of
from guard.server.seldom import Seldom

MESSAGE: Final = "guard-request"
"""How `deploy/haproxy` calls the message; its arguments are `method`, `url`, `version`, `source`, `port`, `tls`, and
`headers` in HAProxy's own form."""
PASSES: Final = "passes"
"""The variable that is true where HAProxy may serve the request itself."""
ASKED_BY: Final = "haproxy"
HELLO_SECONDS: Final = 5.0
MOST_WAITING: Final = 4096
"""Questions of one connection whose records are being written; further ones go through the guard."""
_KEPT_ANSWERS: Final = 256
_T = TypeVar("_T")
_log = logging.getLogger("guard.server")
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}")
_VERSION = re.compile(r"[0-9]\.[0-9]")


class SpoeServer:
    """Answers HAProxy; one per worker process."""

    def __init__(self, hand_over: HandOver, askers: AddressPolicy) -> None:
        """Take `askers`, who are answered."""
        self.hand_over = hand_over
        self._askers = askers
        self._answers: dict[Headers, bytes] = {}
        self._agents: set[_Agent] = set()
        self.say = Seldom().say

    def __call__(self) -> asyncio.Protocol:
        """Return what answers on a new connection."""
        return _Agent(self)

    def take(self, agent: "_Agent") -> bool:
        """Take a new connection, if it comes from somebody who may ask."""
        if not self._askers.trusts(peer_of(agent.transport)[0]):
            self.say("guard: decisions: a connection from an address that decisions.trusted does not name")
            return False
        self._agents.add(agent)
        return True

    def leave(self, agent: "_Agent") -> None:
        """Let a connection go."""
        self._agents.discard(agent)

    def stop(self) -> None:
        """End every conversation; HAProxy opens others, with whoever is there then."""
        for agent in tuple(self._agents):
            agent.end(spop.Status.NORMAL, "the guard ends")

    def look(self, question: Notify) -> Exchange | None:
        """Return what is known of the request asked about, if HAProxy may serve it."""
        try:
            facts = self._facts(question)
        except (RequestError, SpopError) as error:
            # Nonsense of a visitor the guard itself answers; a message without its arguments is wrongly configured.
            self.say(f"guard: decisions: HAProxy's question can not be read: {error}")
            return None
        try:
            return self.hand_over.look(facts, asked_by=ASKED_BY)
        except Exception:
            # One request that we fail on must not end a conversation about others, which HAProxy would let pass then.
            _log.exception("a question could not be answered; this is a fault of the guard")
            return None

    async def record(self, exchange: Exchange) -> bool:
        """Make the record of a crawler's request durable; False where that can not be done."""
        try:
            await self.hand_over.record(exchange)
        except RecorderUnavailableError:
            return False
        return True

    def actions(self, exchange: Exchange) -> bytes:
        """Return what HAProxy is told of a request that it may serve: that it may, and the reservation's lines."""
        lines = exchange.reservation.headers_for(exchange.facts.path)
        known = self._answers.get(lines)
        if known is None:
            values: dict[str, list[str]] = {}
            for name, value in lines:
                values.setdefault(name.lower().replace("-", "_"), []).append(value)
            known = spop.set_variable(PASSES, True)
            known += b"".join(spop.set_variable(name, ", ".join(several)) for name, several in values.items())
            if len(self._answers) >= _KEPT_ANSWERS:
                self._answers.clear()
            self._answers[lines] = known
        return known

    def _facts(self, question: Notify) -> RequestFacts:
        asked = next((arguments for name, arguments in question.messages if name == MESSAGE), None)
        if asked is None:
            raise RequestError(f"there is no message {MESSAGE}")
        method, version = _of(asked, "method", str), _of(asked, "version", str)
        source = asked.get("source")
        if source is not None and not isinstance(source, IPv4Address | IPv6Address):
            raise RequestError("source is no address")
        if not _METHOD.fullmatch(method):
            raise RequestError("method is no method")
        return self.hand_over.intake.told(
            method=method,
            target=_of(asked, "url", str),
            version=version if _VERSION.fullmatch(version) else "1.1",
            headers=spop.header_lines(_of(asked, "headers", bytes)),
            peer=unmapped(source),
            port=_of(asked, "port", int),
            tls=asked.get("tls") is True,
        )


class _Agent(asyncio.Protocol):
    """One conversation."""

    def __init__(self, server: SpoeServer) -> None:
        self._server = server
        self._buffer = bytearray()
        self._largest = spop.LARGEST_FRAME
        self._greeted = False
        self._waiting: set[asyncio.Task[None]] = set()
        self._patience: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are transports without being of that class
        if not self._server.take(self):
            self.transport.abort()
            return
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(HELLO_SECONDS, self.end, spop.Status.INVALID, "nobody says hello")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._server.leave(self)
        self._calm()
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers: list[bytes] = []
        served: list[Exchange] = []
        try:
            for frame in spop.frames(self._buffer, self._largest):
                match frame:
                    case Hello():
                        self._greet(frame, answers)
                    case Disconnect():
                        self._write(answers)
                        self.end(spop.Status.NORMAL, "")
                        break
                    case Notify() if self._greeted:
                        self._ask(frame, answers, served)
                    case Notify():
                        raise SpopError(spop.Status.INVALID, "a question came before the greeting")
        except SpopError as error:
            self._server.say(f"guard: decisions: {error}")
            self._write(answers)
            self.end(error.status, str(error))
        else:
            self._write(answers)
        for exchange in served:
            self._server.hand_over.done(exchange)

    def _greet(self, frame: Hello, answers: list[bytes]) -> None:
        if self._greeted:
            raise SpopError(spop.Status.INVALID, "the greeting came twice")
        self._greeted, self._largest = True, frame.frame_size
        self._calm()
        answers.append(spop.hello(frame.frame_size))
        if frame.healthcheck:
            self._write(answers)
            self._close()

    def _ask(self, frame: Notify, answers: list[bytes], served: list[Exchange]) -> None:
        exchange = self._server.look(frame)
        if exchange is None or (exchange.is_automatic and len(self._waiting) >= MOST_WAITING):
            answers.append(spop.acknowledge(frame.numbers, b""))
        elif exchange.is_automatic:
            task = asyncio.get_running_loop().create_task(self._record(frame.numbers, exchange))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)
        else:
            answers.append(spop.acknowledge(frame.numbers, self._server.actions(exchange)))
            served.append(exchange)

    async def _record(self, numbers: bytes, exchange: Exchange) -> None:
        recorded = await self._server.record(exchange)
        self._write([spop.acknowledge(numbers, self._server.actions(exchange) if recorded else b"")])
        if recorded:
            await self._server.hand_over.end(exchange)

    def end(self, status: spop.Status, message: str) -> None:
        """Say why the conversation ends, and end it."""
        self._write([spop.disconnect(status, message)])
        self._close()

    def _write(self, answers: list[bytes]) -> None:
        if answers and self.transport is not None and not self.transport.is_closing():
            self.transport.write(b"".join(answers))
        answers.clear()

    def _close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def _of(asked: Mapping[str, Value], name: str, kind: type[_T]) -> _T:
    value = asked.get(name)
    if not isinstance(value, kind):
        raise RequestError(f"{name} is missing, or not what it should be")
    return value
