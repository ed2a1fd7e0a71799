"""Which requests are answered without anything that waits?

People's, by far the most: a GET or HEAD for something of the site's own that is allowed to everybody like them, that
is not recorded, not limited and not changed on its way. What is believed, decided and counted is what `Proxy` would
believe, decide and count.
"""

import time
from collections.abc import Callable

from guard.core.facts import KindSource
from guard.core.policy import Action, Decision
from guard.core.response import Forward
from guard.errors import RequestError
from guard.exporter.metrics import Metrics
from guard.server.appeals import Appeals
from guard.server.arrivals import Arrivals
from guard.server.challenge import Challenges
from guard.server.deciding import Deciding
from guard.server.decoys import Decoys
from guard.server.exchange import Exchange
from guard.server.fast_lane.connection import Connection
from guard.server.fast_lane.plain import PlainAnswer, PlainRequest
from guard.server.fast_lane.upstream import Incoming
from guard.server.fast_lane.visit import Visit
from guard.server.pages import Pages
from guard.server.records import Records
from guard.server.reports import Reports
from guard.server.search_guard import SearchGuard
from guard.server.sending import begin_plain
from guard.server.shared_caches import SharedCaches
from guard.server.upstream import Answered
from guard.server.upstream_requests import UpstreamRequests
from guard.server.well_known import WellKnown


class PlainVisits:
    """Answers what it can; one per worker process."""

    def __init__(
        self,
        *,
        arrivals: Arrivals,
        deciding: Deciding,
        upstreams: UpstreamRequests,
        well_known: WellKnown,
        challenges: Challenges,
        appeals: Appeals,
        decoys: Decoys | None,
        pages: Pages,
        records: Records,
        reports: Reports,
        search_guard: SearchGuard,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._arrivals = arrivals
        self._deciding = deciding
        self._upstreams = upstreams
        self._well_known = well_known
        self._challenges = challenges
        self._appeals = appeals
        self._decoys = decoys
        self._pages = pages
        self._records = records
        self._reports = reports
        self._search_guard = search_guard
        self._metrics = metrics
        self._clock = clock
        self._caches = SharedCaches(deciding.pipeline.policy)

    def begin(self, connection: Connection, request: PlainRequest) -> Visit | None:
        """Send a request on; None where it is not as plain as that.

        Then `request.begun` has what was found out, and nothing was sent.
        """
        try:
            exchange = self._arrivals.begin(request, self._clock())  # type: ignore[arg-type]  # what is used of one
        except RequestError:
            return None
        request.begun = exchange
        if self._is_ours(exchange) or not self._passes(exchange):
            return None
        line = self._upstreams.ask_at_once(exchange)
        if line is None:
            return None
        self._metrics.requests_open.inc()
        return Visit(self, connection, request, exchange, line)

    def _is_ours(self, exchange: Exchange) -> bool:
        """Tell whether the guard itself answers for what is asked."""
        return (
            self._well_known.find(exchange) is not None
            or self._well_known.log.owns(exchange)
            or self._challenges.owns(exchange)
            or self._appeals.owns(exchange)
            or (self._decoys is not None and self._decoys.find(exchange.facts) is not None)
        )

    def _passes(self, exchange: Exchange) -> bool:
        """Tell whether it is allowed as it is, to somebody who leaves no record."""
        if exchange.own or exchange.is_automatic or exchange.site.in_image:
            return False
        decided = self._deciding.before(exchange)
        if not isinstance(decided, Decision) or decided.action is not Action.ALLOW or decided.limit is not None:
            return False
        self._metrics.decision_seconds.observe(self._clock() - exchange.started)
        return isinstance(self._deciding.plan(exchange, decided), Forward)

    def answered(self, exchange: Exchange, incoming: Incoming) -> Answered:
        """Return the answer whose head has come in."""
        return self._upstreams.answered(exchange, incoming, self._clock() - exchange.started)

    def begin_answer(self, exchange: Exchange, answered: Answered) -> PlainAnswer | None:
        """Return what the client is answered with, its head made; None where that takes waiting."""
        seen = self._upstreams.look_at_once(exchange, answered)
        if seen is None or self._pages.may_change(exchange, answered):
            return None
        exchange.seen = seen
        if seen.source is KindSource.RESPONSE and (answered.is_success or answered.status == 304):
            self._arrivals.learnt(exchange, seen, answered)
        if not isinstance(self._deciding.plan(exchange, exchange.decided), Forward):
            return None
        exchange.rendition = "as_is"
        headers = self._caches.dressed(exchange, answered.status, answered.headers)
        return begin_plain(exchange, answered.status, answered.reason, headers)

    def handed_back(self) -> None:
        """Take note that others go on with a request."""
        self._metrics.requests_open.dec()

    def left(self, exchange: Exchange) -> None:
        """Take note of what became of a request."""
        self._metrics.requests_open.dec()
        self._arrivals.left(exchange)
        self._reports.finished(exchange)
        self._search_guard.note(exchange)
        self._records.note(exchange)
