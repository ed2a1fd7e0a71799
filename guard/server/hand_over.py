"""Which requests may a front server serve by itself?

It keeps the visitor and tells us each request as it came. What the policy simply allows it takes from the
site itself, and that is counted and recorded here. Everything else it sends through the guard, which
decides again, records it and answers as if it stood in front. Nobody waits for anything but a record.
"""

import time
from collections.abc import Callable
from typing import Final, cast

from aiohttp.web import BaseRequest

from guard.core.facts import RequestFacts
from guard.core.policy import NeedsResponse
from guard.core.response import Forward
from guard.exporter.metrics import Metrics
from guard.server.arrivals import Arrivals
from guard.server.deciding import Deciding
from guard.server.exchange import Exchange, Sent
from guard.server.intake import Intake
from guard.server.records import Records
from guard.server.reports import Reports

OWN_PATHS: Final = "/.well-known/guard/"
BY_FRONT: Final = "sent_by_front"
NO_BYTES: Final = cast(BaseRequest, None)
"""In the place of the request: its connection is the front server's, and who only decides needs none."""


class HandOver:
    """Tells what need not come by here; one per worker process."""

    def __init__(
        self,
        *,
        intake: Intake,
        arrivals: Arrivals,
        deciding: Deciding,
        records: Records,
        reports: Reports,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.intake = intake
        self._arrivals = arrivals
        self._deciding = deciding
        self._records = records
        self._reports = reports
        self._metrics = metrics
        self._clock = clock

    def look(self, facts: RequestFacts, *, asked_by: str) -> Exchange | None:
        """Return what is known of a request that the front server may serve itself; None for all others."""
        if facts.path.startswith(OWN_PATHS):
            return None
        started = self._clock()
        trusted = self.intake.trusts(facts.client.address)
        exchange = self._arrivals.of(NO_BYTES, facts, started, by_front=trusted, continued=trusted, tickets=False)
        if exchange.reservation.document(facts.path) is not None:
            return None
        exchange.asked_by = asked_by
        decided = self._deciding.before(exchange)
        # An allowance is counted where the request is answered, and only once.
        if isinstance(decided, NeedsResponse) or decided.limit is not None:
            return None
        passes = isinstance(self._deciding.plan(exchange, decided), Forward)
        self._metrics.decision_seconds.observe(self._clock() - started)
        return exchange if passes else None

    async def record(self, exchange: Exchange) -> None:
        """Make the record of a crawler's request durable, before the front server hears that it may serve it.

        Raises:
            RecorderUnavailableError: It could not be.
        """
        await self._records.begin(exchange)

    def done(self, exchange: Exchange) -> None:
        """Take note that the front server serves a visitor who is not recorded; what it sent is not known here."""
        self._left(exchange)
        self._records.note(exchange)

    async def end(self, exchange: Exchange) -> None:
        """Take note of the same for a crawler, and write the last record of its request."""
        self._left(exchange)
        await self._records.end(exchange)

    def _left(self, exchange: Exchange) -> None:
        exchange.sent = Sent(status=200, reason=BY_FRONT)
        self._arrivals.left(exchange)
        self._reports.finished(exchange)
