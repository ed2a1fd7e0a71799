"""Has a client used up what a rule allows it, at all guards together?

Nobody waits for the answer. A worker decides by what it knows, as without other guards, and tells the shared store
afterwards what it let pass: after `GATHERED` seconds, all clients in one round trip. The answer is how much of the
allowance is used up everywhere, and the next decision goes by that.

So the sharing has an error, and this is its size. A worker learns what the others have let pass with the first request
of that client that it lets pass itself; until then, and while it is being told (`GATHERED` and a round trip), it goes
by what it knew. Of N workers together a client gets one allowance, N - 1 requests, and what it asks for within these
few milliseconds; never more than N allowances. Whatever was too much is a debt that is waited off, so over a longer
time the rate is kept.

While the store is away, each worker gives its share of every allowance, one request at least, by its own memory;
what it lets pass is told when the store is there again.
"""

import asyncio
import contextlib
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from guard.core.policy import Limit
from guard.errors import StoreAwayError
from guard.exporter.metrics import Metrics, PartReport
from guard.server.limits import MAX_CLIENTS, Limiter
from guard.settings import Settings
from guard.store.cluster_keys import NAME_SIZE, Pseudonyms, derive
from guard.store.valkey import TAKE, Valkey

GATHERED: Final = 0.005
"""Seconds from the first request that is to be told of until it is: those that follow go along."""
LOOK: Final = 1.0
"""Seconds between questions whether the store is there, when there is nothing to tell."""
MOST_UNTOLD: Final = 20_000
"""Clients and rules that wait to be told of; of more, those that took longest ago are forgotten."""
LICENCE: Final = "licence"
"""The rule under which pictures of licences are counted; their names are no persons'."""


@dataclass(slots=True)
class _Untold:
    """What was let pass since the store last heard of it."""

    limit: Limit
    count: int = 0


class SharedLimiter(Limiter):
    """Counts what clients take, in this process and, moments later, at all guards."""

    def __init__(
        self,
        store: Valkey,
        secret: str,
        *,
        shares: int,
        report: PartReport,
        max_clients: int = MAX_CLIENTS,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take the store, away until it has answered.

        Args:
            shares: Among how many workers of all guards an allowance is divided while the store is away.
            clock: The one that `take` is asked by.
            now: Unix seconds.
        """
        super().__init__(max_clients)
        self._store = store
        self._names = Pseudonyms(secret)
        self._licences = derive(secret, "licences", NAME_SIZE).hex()
        self._shares = shares
        self._report = report
        self._clock = clock
        self._now = now
        self._untold: OrderedDict[tuple[str, str], _Untold] = OrderedDict()
        self._used_up: dict[tuple[str, str], float] = {}
        """Until when allowances are used up by what the store has heard of; for those that are untold."""
        self._something = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.away = True

    def take(self, rule: str, client: str, limit: Limit, now: float) -> int:
        """Take one; return 0, or the seconds until the client may come back. Waits for nobody."""
        key = (rule, client)
        known = self._whole_again.get(key, now)
        if wait := super().take(rule, client, self._own(limit), now):
            return wait
        untold = self._untold.get(key)
        if untold is None:
            if len(self._untold) >= MOST_UNTOLD:
                self._used_up.pop(self._untold.popitem(last=False)[0], None)
            untold = self._untold[key] = _Untold(limit)
            self._used_up[key] = known
        untold.limit = limit
        untold.count += 1
        self._something.set()
        return 0

    def wait(self, rule: str, client: str, limit: Limit, now: float) -> int:
        """Return what `take` would, and take nothing."""
        return super().wait(rule, client, self._own(limit), now)

    def _own(self, limit: Limit) -> Limit:
        return replace(limit, count=max(1, limit.count // self._shares)) if self.away else limit

    def start(self) -> None:
        """Begin to tell the store."""
        self._task = asyncio.create_task(self._keep_telling())

    async def stop(self) -> None:
        """Tell the last, and let go of the store."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            with contextlib.suppress(StoreAwayError):
                await self.tell()
        await self._store.close()

    async def _keep_telling(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._something.wait(), 0 if self.away else LOOK)
            try:
                await self.tell()
            except StoreAwayError:
                self.away = True
                self._report(up=False)
                await asyncio.sleep(LOOK)
            else:
                self.away = False
                await asyncio.sleep(GATHERED)

    async def tell(self) -> None:
        """Tell the store what was let pass, and take over what it knows.

        Raises:
            StoreAwayError: It does not answer; nothing is lost but what it may have heard all the same.
        """
        self._something.clear()
        started = self._clock()
        telling, self._untold = self._untold, OrderedDict()
        used_up, self._used_up = self._used_up, {}
        calls = [
            (self._name(*key), (_micro(max(0.0, used_up[key] - started)), _micro(_step(one.limit) * one.count)))
            for key, one in telling.items()
        ]
        try:
            if not calls:
                await self._store.ask("PING")
                found = []
            else:
                found = await self._store.run(TAKE, calls)
        except StoreAwayError:
            self._take_back(telling, used_up)
            raise
        now = self._clock()
        self._report(up=True, seconds=now - started)
        for key, remaining in zip(telling, found, strict=True):
            whole_again = now + remaining / 1e6
            later = self._untold.get(key)
            if later is not None:  # let pass while the store was being told
                self._used_up[key] = whole_again
                whole_again += _step(later.limit) * later.count
            self._put(key, whole_again)

    def _take_back(self, telling: OrderedDict[tuple[str, str], _Untold], used_up: dict[tuple[str, str], float]) -> None:
        for key, one in telling.items():
            later = self._untold.get(key)
            if later is not None:
                one.count += later.count
            elif len(self._untold) >= MOST_UNTOLD:
                continue
            self._untold[key] = one
            self._used_up[key] = used_up[key]

    def _name(self, rule: str, client: str) -> str:
        if rule == LICENCE:
            return f"guard:{LICENCE}:{self._licences}:{client}"
        return f"guard:limit:{self._names.of(f'{rule} {client}'.encode(), self._now())}"


def limiter_of(settings: Settings, metrics: Metrics) -> Limiter:
    """Return what counts the allowances of one worker; one by itself where nothing is shared."""
    shared = settings.cluster.valkey
    if shared is None:
        return Limiter()
    workers = settings.workers or os.cpu_count() or 1
    report = metrics.cluster_part("limits")
    return SharedLimiter(Valkey(shared.url), shared.secret, shares=shared.guards * workers, report=report)


def _step(limit: Limit) -> float:
    return limit.per_seconds / limit.count


def _micro(seconds: float) -> int:
    return round(seconds * 1e6)
