"""How are the first pictures of a scraper on record, while a person leaves nothing that can be read?

Who asks for a picture and is not (yet) known to be automatic gets one record for a few seconds
of its requests: salted commitments over who it was, what it used and the list of what it
asked for. That record says nothing. The committed values stay in the memory of this process,
bounded in time and bytes, and are gone after an hour. Only if the client turns out to be a
crawler in the meantime are they handed to the recorder, which puts them beside the log: then
the log shows that they were what was committed to at the time.

    note ─▶ open window of a client ─▶ record in the log, values in the ring ─▶ forgotten
                                                             promote ─▶ values beside the log

Commitments are not waited for: they say what was asked for, not what was delivered. What could not
be committed to is counted, and becomes a `gap` record.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from guard.core.facts import RequestFacts
from guard.errors import LeafError, RecorderUnavailableError
from guard.evidence import disclosure, record
from guard.evidence.disclosure import Disclosure, Group
from guard.server import ring
from guard.store.log_values import microseconds, microseconds_at

WINDOW_SECONDS: Final = 5
RING_SECONDS: Final = 3600

MOST_REQUESTS: Final = 256
"""Requests under one commitment; more begin the next."""
MOST_VARIANTS: Final = 32
"""Different sets of header lines under one commitment. A page with its pictures has a handful."""
MOST_WINDOW_BYTES: Final = 64 << 10
MOST_OPEN: Final = 2000
"""Clients with an open window: 400 records a second at most, whoever floods."""
MOST_OPEN_BYTES: Final = 16 << 20
"""Of all open windows together; two thousand that are full would take 128 MiB."""
_EVERY_SECONDS: Final = 1.0
_BREATH: Final = 20
"""Windows that are closed before the event loop gets its turn."""
_VARIANT_OVERHEAD: Final = 400
_REQUEST_OVERHEAD: Final = 100
_SECOND: Final = 1_000_000


_Place = tuple[bytes, str]
"""Client and site."""


class Recorder(Protocol):
    """What is needed of `RecorderClient`."""

    async def append(self, leaf: bytes, disclosures: Sequence[Disclosure] = ()) -> int: ...

    async def disclose(self, index: int, leaf: bytes, disclosures: Sequence[Disclosure]) -> None: ...

    def note_unrecorded(self, why: str) -> None: ...


@dataclass(slots=True)
class _Window:
    """What one client asked for in a few seconds."""

    closes: float
    since: int
    until: int
    variants: dict[tuple[object, ...], int] = field(default_factory=dict)
    facts: list[RequestFacts] = field(default_factory=list)
    """The first request of each variant."""
    requests: list[tuple[int, int, str, int]] = field(default_factory=list)
    """Time, variant, target and the client's port of each request."""
    size: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.requests) >= MOST_REQUESTS or len(self.facts) >= MOST_VARIANTS or self.size >= MOST_WINDOW_BYTES


class Unclassified:
    """Commits to the picture requests of clients who may be people. Belongs to one event loop."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        is_crawler: Callable[[bytes], bool] = lambda _key: False,
        system_of: Callable[[RequestFacts], int] = lambda _facts: 0,
        window_seconds: float = WINDOW_SECONDS,
        ring_seconds: float = RING_SECONDS,
        ring_bytes: int = ring.RING_BYTES,
        sampled: int = 0,
        clock: Callable[[], int] = microseconds,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing.

        Args:
            is_crawler: Says whether a client has turned out to be automatic, maybe in another process. It is asked
                before values are forgotten.
            system_of: Says which autonomous system the client's address belongs to; 0 where nobody knows.
            sampled: Seconds for which a front server may answer again without asking, see `record.aggregate`.
            clock: The time of day, for the records.
            timer: Seconds that never go back, for windows and ring.
        """
        self._recorder = recorder
        self._is_crawler = is_crawler
        self._sampled = sampled
        self._system_of = system_of
        self._window_seconds = window_seconds
        self._ring_seconds = ring_seconds
        self._clock = clock
        self._timer = timer
        self._open: dict[_Place, _Window] = {}
        self._full: list[tuple[_Place, _Window]] = []
        self._size = 0
        """Bytes of both, about."""
        self.ring = ring.Ring(ring_bytes)
        self._due: set[bytes] = set()
        """Clients whose values are to be kept."""
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._away = False
        """The recorder did not take values in this turn: no more are offered, as each would be waited for."""
        self.committed = self.promoted = self.lost = 0
        """Records written, records whose values were kept later, and those where that was wanted and failed."""

    def start(self) -> None:
        """Begin to write commitments, about once a second."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Commit to what is open, keep the values of crawlers, and forget the others."""
        self._stopping.set()
        if self._task is not None:
            await self._task
        await self.tick(closing=True)
        self.lost += sum(len(self.ring.of(key)) for key in self._due)
        self.ring.clear()

    def note(self, key: bytes, facts: RequestFacts) -> None:
        """Take note of a picture request of the client `key`, who may be a person."""
        at = microseconds_at(facts.at)
        place = key, facts.site
        window = self._open.get(place)
        if window is not None and window.is_full:
            self._full.append((place, self._open.pop(place)))
            window = None
        if window is None:
            if len(self._open) + len(self._full) >= MOST_OPEN or self._size >= MOST_OPEN_BYTES:
                self._recorder.note_unrecorded("too_many_clients")
                return
            window = self._open[place] = _Window(self._timer() + self._window_seconds, at, at)
        client = facts.client
        variant = (
            facts.headers, client.address, client.peer, client.chain, client.source, facts.method, facts.authority,
            facts.scheme, facts.version,
        )  # fmt: skip
        before = window.size
        number = window.variants.get(variant)
        if number is None:
            number = window.variants[variant] = len(window.facts)
            window.facts.append(facts)
            window.size += _VARIANT_OVERHEAD + sum(len(name) + len(value) for name, value in facts.headers)
        window.requests.append((at, number, facts.target, client.port))
        window.size += _REQUEST_OVERHEAD + len(facts.target)
        window.until = max(window.until, at)
        self._size += window.size - before

    def promote(self, key: bytes) -> None:
        """Keep what is known of the client `key`, who is automatic after all. It is done within about a second."""
        self._due.add(key)

    async def tick(self, *, closing: bool = False) -> None:
        """Write what is due (everything, if `closing`), keep what was promoted, forget what is too old."""
        now = self._timer()
        ended, self._full = self._full, []
        for place, window in list(self._open.items()):
            if closing or place[0] in self._due or window.closes <= now:
                ended.append((place, self._open.pop(place)))
        self._size -= sum(window.size for _, window in ended)
        writing = []
        for start in range(0, len(ended), _BREATH):
            writing += [asyncio.create_task(self._commit(*one, now)) for one in ended[start : start + _BREATH]]
            await asyncio.sleep(0)
        await asyncio.gather(*writing)
        if closing:
            self._due.update(filter(self._is_crawler, self.ring.keys))
        self._away = False
        for key in tuple(self._due):
            await self._promote(key)
        await self._forget(now)

    async def _run(self) -> None:
        # It is not cancelled: windows that are being written would be lost without a word.
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _EVERY_SECONDS)
            await self.tick()

    async def _commit(self, place: _Place, window: _Window, now: float) -> None:
        key, site = place
        try:
            groups = _commitments(window, self._system_of)
            leaf = record.commitment(
                at=self._clock(),
                site=site,
                since=window.since // _SECOND * _SECOND,  # coarse: a person's record need not tell a moment
                until=-(-window.until // _SECOND) * _SECOND,
                count=len(window.requests),
                sampled=self._sampled,
                sd=[one.commitment for one in groups],
            )
        except LeafError:
            self._recorder.note_unrecorded("not_recordable")
            return
        try:
            index = await self._recorder.append(leaf)
        except RecorderUnavailableError:
            return  # counted already; without a record the values prove nothing
        self.committed += 1
        self.ring.hold(key, index, now + self._ring_seconds, leaf, groups)

    async def _promote(self, key: bytes) -> None:
        """Keep all values of `key`; if the recorder is away the rest is due again."""
        for held in self.ring.of(key):
            if not await self._disclose(held):
                return
            self.ring.let_go(held)
        self._due.discard(key)

    async def _disclose(self, held: ring.Held) -> bool:
        """Hand in values and say whether they are kept."""
        if self._away:
            return False
        try:
            await self._recorder.disclose(held.index, *held.values())
        except RecorderUnavailableError:
            self._away = True
            return False
        self.promoted += 1
        return True

    async def _forget(self, now: float) -> None:
        while (held := self.ring.next_due(now)) is not None:
            if held.key in self._due or self._is_crawler(held.key):
                self.lost += not await self._disclose(held)
            self.ring.let_go(held)


def _commitments(
    window: _Window, system_of: Callable[[RequestFacts], int] = lambda _facts: 0
) -> tuple[Disclosure, ...]:
    """Commit to who it was, what it used and what it asked for; each is erased on its own.

    `requests` are time, place in `seen` and path; what is `seen` there names its place among tools and networks.
    `queries` and `ports`, one for each request, belong to the person, as do the further header lines of what is seen.
    """
    values = [disclosure.values_of_request(facts, system_of(facts)) for facts in window.facts]
    persons: list[Any] = []
    tools: list[Any] = []
    networks: list[Any] = []
    of_persons: list[dict[str, Any]] = []
    seen: list[dict[str, Any]] = []
    for one in values:
        del one.person["port"], one.target["path"], one.request["query"]
        of_persons.append({**one.request, "person": _number(persons, one.person)})
        seen.append({**one.target, "network": _number(networks, one.network), "tool": _number(tools, one.tool)})
    targets = [disclosure.split_target(target) for _, _, target, _ in window.requests]
    requests = [[at, number, path] for (at, number, _, _), (path, _) in zip(window.requests, targets, strict=True)]
    ports = [port for _, _, _, port in window.requests]
    groups = {
        Group.PERSON: {"ports": ports, "seen": persons},
        Group.TOOL: {"seen": tools},
        Group.NETWORK: {"seen": networks},
        Group.TARGET: {"requests": requests, "seen": seen},
        Group.REQUEST: {"queries": [query for _, query in targets], "seen": of_persons},
    }
    return tuple(
        disclosure.commit(group.value, value, secrets.token_bytes(disclosure.SALT_SIZE))
        for group, value in groups.items()
    )


def _number(values: list[Any], value: Any) -> int:
    """Return where `value` is in `values`; it is put there if it is not."""
    if value in values:
        return values.index(value)
    values.append(value)
    return len(values) - 1
