"""How does a worker get a record written, and what does it do when it can not?

`append` returns when the record is durable. It never waits longer than its timeout and never
keeps more than a bounded number of records: a recorder that is away, slow or out of disk
gives RecorderUnavailableError, and the caller decides what the client gets. What could
not be recorded is counted here, and becomes a `gap` record as soon as there is a recorder
that takes it.

The connection is made again by itself. A record that was sent when the connection broke is not
sent again: it may be in the log, and twice would be wrong.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from guard.errors import EvidenceError, RecorderUnavailableError
from guard.evidence import record
from guard.evidence.disclosure import Disclosure
from guard.server.recorder_protocol import (
    LARGEST_MESSAGE,
    Message,
    ProtocolError,
    Reader,
    append_body,
    disclose_body,
    index_of,
    message,
    pairs_of,
)
from guard.store.log_values import microseconds

MOST_PENDING: Final = 10_000
MOST_PENDING_BYTES: Final = 64 * 1024 * 1024
TIMEOUT: Final = 2.0
_SWEEP_EVERY: Final = 0.05
_GAP_EVERY: Final = 1.0
_BACKOFF: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


@dataclass(slots=True)
class _Pending:
    """One message that is not answered yet."""

    future: "asyncio.Future[Any]"
    """Of the answer's body, or of the index that it says."""
    deadline: float
    data: bytes | None
    """The message while it waits for a connection; None once it is sent."""
    size: int
    counts: bool
    """Whether it is a record whose loss is a gap."""


@dataclass(slots=True)
class _Gap:
    """What could not be recorded for one reason."""

    count: int
    since: int
    until: int


class RecorderClient:
    """A worker's line to the recorder. Belongs to one event loop."""

    def __init__(self, *, timeout: float = TIMEOUT, clock: Callable[[], int] = microseconds) -> None:
        self._timeout = timeout
        self._clock = clock
        self._pending: dict[int, _Pending] = {}
        self._oldest = 0
        """No number before it is pending: of a dict that loses its first members, the first left takes long to find."""
        self._pending_bytes = 0
        self._number = 0
        self._outgoing: list[bytes] = []
        self._flushing = False
        self._transport: asyncio.Transport | None = None
        self._gone: asyncio.Future[None] | None = None
        self._gaps: dict[str, _Gap] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False

    def __repr__(self) -> str:
        return f"<RecorderClient connected={self.connected} pending={len(self._pending)} unrecorded={self.unrecorded}>"

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._transport is not None

    @property
    def pending(self) -> int:
        """How many messages are not answered yet."""
        return len(self._pending)

    @property
    def unrecorded(self) -> int:
        """How many records are lost and not yet confessed to the log."""
        return sum(gap.count for gap in self._gaps.values())

    async def connect(self, path: str) -> None:
        """Begin to keep a connection to the recorder at `path`, and wait a little for the first.

        It is no error if there is none yet.
        """
        first = asyncio.Event()
        work = (self._keep_connected(path, first), self._sweep(), self._confess_forever())
        self._tasks = [asyncio.create_task(one) for one in work]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(first.wait(), self._timeout)

    async def close(self) -> None:
        """Say what was not recorded, if the recorder is there, and end the connection."""
        if self.connected and not self._closing:
            await self._confess()
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._transport is not None:
            self._transport.close()
        self._lose("closed")

    async def append(self, leaf: bytes, disclosures: Sequence[Disclosure] = ()) -> int:
        """Add a record and return its index in the log. Once this returns the record survives a power cut.

        Raises:
            RecorderUnavailableError: It did not become durable in time, or was refused. It may be in the log all the
                same; it must not be reported as recorded. It has been counted.
        """
        answer = await self._ask(Message.APPEND, append_body(leaf, disclosures), counts=True)
        return answer if type(answer) is int else index_of(answer)

    async def disclose(self, index: int, leaf: bytes, disclosures: Sequence[Disclosure]) -> None:
        """Keep values that the record `leaf` at `index` commits to and that were not handed in with it, durably.

        Handing them in twice is no error.

        Raises:
            RecorderUnavailableError: They were not kept, or they are not that record's.
        """
        await self._ask(Message.DISCLOSE, disclose_body(index, leaf, disclosures), counts=False)

    async def blob(self, data: bytes) -> str:
        """Store a document durably and return its SHA-256 in hexadecimal.

        Raises:
            RecorderUnavailableError: It was not stored.
        """
        digest: bytes = await self._ask(Message.BLOB, data, counts=False)
        return digest.decode()

    async def stats(self) -> dict[str, int | float | str]:
        """Return the recorder's numbers, see `guard.store.log_values.Stats`, and `queued`.

        Raises:
            RecorderUnavailableError: It did not answer.
        """
        numbers: dict[str, int | float | str] = orjson.loads(await self._ask(Message.STATS, b"", counts=False))
        return numbers

    def note_unrecorded(self, why: str) -> None:
        """Count a record that the caller did not even try to append; `why` is a short code."""
        now = self._clock()
        gap = self._gaps.setdefault(why, _Gap(0, now, now))
        gap.count += 1
        gap.until = now

    async def _ask(self, kind: Message, body: bytes, *, counts: bool) -> Any:
        size = len(body)
        now = time.monotonic()
        if size > LARGEST_MESSAGE // 2:
            raise RecorderUnavailableError(f"a message of {size} bytes is too large")
        if self._closing:
            self._count(counts, "closed")
            raise RecorderUnavailableError("the line to the recorder is closed")
        if len(self._pending) >= MOST_PENDING or self._pending_bytes + size > MOST_PENDING_BYTES:
            self._count(counts, "queue_full")
            raise RecorderUnavailableError(f"{len(self._pending)} records wait already")
        if counts and self._is_slow(now):
            self.note_unrecorded("recorder_slow")
            raise RecorderUnavailableError(f"the recorder is {self._timeout * 0.75:.1f} s behind")
        self._number = number = self._number + 1
        future = asyncio.get_running_loop().create_future()
        one = _Pending(future, now + self._timeout, message(kind, number, body), size, counts)
        self._pending[number] = one
        self._pending_bytes += size
        if self._transport is not None:
            self._send(one)
        return await future

    def _is_slow(self, now: float) -> bool:
        """Say whether the recorder is so far behind that what is added now would be too late as well.

        Else, offered more than it can write, it would write everything and acknowledge nothing in time.
        """
        if self._transport is None:
            return False  # what waits for it to come back is sent at once then
        while self._pending:
            if (oldest := self._pending.get(self._oldest)) is not None:
                return oldest.deadline - now < self._timeout / 4
            self._oldest += 1
        return False

    def _send(self, one: _Pending) -> None:
        """Hand a message to the connection, together with those that come in this turn of the loop."""
        assert one.data is not None  # noqa: S101 - only what was not sent yet is sent
        self._outgoing.append(one.data)
        one.data = None
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        data, self._outgoing = self._outgoing, []
        if self._transport is not None and data:
            self._transport.write(b"".join(data))

    async def _keep_connected(self, path: str, first: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        attempt = 0
        while True:
            self._gone = loop.create_future()
            try:
                await loop.create_unix_connection(lambda: _Line(self), path)
            except OSError:
                await asyncio.sleep(_BACKOFF[min(attempt, len(_BACKOFF) - 1)])
                attempt += 1
                continue
            first.set()
            started = time.monotonic()
            await self._gone
            attempt = 0 if time.monotonic() - started > 1 else attempt + 1
            await asyncio.sleep(_BACKOFF[min(attempt, len(_BACKOFF) - 1)])

    def made(self, transport: asyncio.Transport) -> None:
        """Take a new connection and send what waited for it."""
        self._transport = transport
        for one in self._pending.values():
            if one.data is not None:
                self._send(one)

    def lost(self) -> None:
        """Give up what was sent on the connection that is gone."""
        self._transport = None
        self._outgoing.clear()
        self._lose("connection_lost")
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    def recorded(self, body: bytes) -> None:
        """Take an answer to several appends.

        Raises:
            ProtocolError: It is none.
        """
        pending = self._pending
        for number, index in pairs_of(body):
            one = pending.pop(number, None)
            if one is not None:
                self._pending_bytes -= one.size
                if not one.future.done():
                    one.future.set_result(index)

    def answered(self, kind: int, number: int, body: bytes) -> None:
        """Take an answer of the recorder."""
        one = self._pending.pop(number, None)
        if one is None:
            return
        self._pending_bytes -= one.size
        future = one.future
        if kind == Message.DONE:
            if not future.done():
                future.set_result(body)
            return
        reason = body.decode(errors="replace")
        if kind == Message.REFUSED:
            self._count(one.counts, "refused")
        if not future.done():
            future.set_exception(RecorderUnavailableError(reason))

    def _lose(self, why: str) -> None:
        for number, one in list(self._pending.items()):
            self._give_up(number, one, why)

    def _give_up(self, number: int, one: _Pending, why: str) -> None:
        del self._pending[number]
        self._pending_bytes -= one.size
        self._count(one.counts, why)
        if not one.future.done():
            one.future.set_exception(RecorderUnavailableError(f"not recorded: {why.replace('_', ' ')}"))

    def _count(self, counts: bool, why: str) -> None:
        if counts:
            self.note_unrecorded(why)

    async def _sweep(self) -> None:
        """End waits that are over."""
        while True:
            await asyncio.sleep(_SWEEP_EVERY)
            now = time.monotonic()
            over = []
            for number, one in self._pending.items():
                if one.deadline > now:
                    break  # they are in the order of their deadlines, as every message waits equally long
                over.append((number, one))
            for number, one in over:
                if one.data is not None:
                    self._give_up(number, one, "recorder_away")
                elif not one.future.done():
                    # It stays pending: it is lost only if the recorder says so or goes, and counts against the bound.
                    one.future.set_exception(RecorderUnavailableError("not durable in time"))

    async def _confess_forever(self) -> None:
        while True:
            await asyncio.sleep(_GAP_EVERY)
            if self._gaps and self.connected:
                await self._confess()

    async def _confess(self) -> None:
        """Write what was not recorded as `gap` records; what can not be written is kept for the next time."""
        gaps, self._gaps = self._gaps, {}
        for why, gap in gaps.items():
            leaf = record.gap(at=self._clock(), count=gap.count, since=gap.since, until=gap.until, why=why)
            try:
                await self._ask(Message.APPEND, append_body(leaf, ()), counts=False)
            except EvidenceError:
                newer = self._gaps.get(why)
                self._gaps[why] = gap if newer is None else _Gap(gap.count + newer.count, gap.since, newer.until)


class _Line(asyncio.Protocol):
    """The connection."""

    def __init__(self, client: RecorderClient) -> None:
        self._client = client
        self._reader = Reader()
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._client.made(self._transport)  # uvloop's are transports without being of that class

    def data_received(self, data: bytes) -> None:
        try:
            for kind, number, body in self._reader.feed(data):
                if kind == Message.DONE_MANY:
                    self._client.recorded(body)
                else:
                    self._client.answered(kind, number, body)
        except ProtocolError:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._client.lost()
