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
from guard.server.arrivals import Arrivals
from guard.server.deciding import Deciding
from guard.server.exchange import Exchange
from guard.server.fast_lane.connection import Connection
from guard.server.fast_lane.plain import PlainAnswer, PlainRequest
from guard.server.fast_lane.upstream import Incoming
from guard.server.fast_lane.visit import Visit
from guard.server.pages import Pages
from guard.server.proxy import Proxy
from guard.server.records import Records
from guard.server.sending import begin_plain
from guard.server.upstream import Answered
from guard.server.upstream_requests import UpstreamRequests


class PlainVisits:
    """Answers what it can; one per worker process."""

    def __init__(
        self,
        proxy: Proxy,
        *,
        arrivals: Arrivals,
        deciding: Deciding,
        upstreams: UpstreamRequests,
        pages: Pages,
        records: Records,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the proxy that answers all others."""
        self._proxy = proxy
        self._arrivals = arrivals
        self._deciding = deciding
        self._upstreams = upstreams
        self._pages = pages
        self._records = records
        self._metrics = metrics
        self._clock = clock

    def begin(self, connection: Connection, request: PlainRequest) -> Visit | None:
        """Send a request on; None where it is not as plain as that.

        Then `request.begun` has what was found out, and nothing was sent.
        """
        try:
            exchange = self._arrivals.begin(request, self._clock())  # type: ignore[arg-type]  # what is used of one
        except RequestError:
            return None
        request.begun = exchange
        if self._proxy.ours(exchange) is not None or not self._passes(exchange):
            return None
        line = self._upstreams.ask_at_once(exchange)
        if line is None:
            return None
        self._metrics.requests_open.inc()
        return Visit(self, connection, request, exchange, line)

    def _passes(self, exchange: Exchange) -> bool:
        """Tell whether it is allowed as it is, to somebody who leaves no record."""
        if exchange.own or exchange.is_automatic or exchange.site.in_image:
            return False
        decided = self._deciding.before(exchange)
        if not isinstance(decided, Decision) or decided.action is not Action.ALLOW or decided.limit is not None:
            return False
        self._metrics.decision_seconds.observe(self._clock() - exchange.started)
        return isinstance(self._deciding.plan(exchange, decided), Forward)

    def answered(self, exchange: Exchange, incoming: Incoming, seconds: float) -> Answered:
        """Return the answer whose head has come in, so many seconds after the upstream was asked."""
        return self._upstreams.answered(exchange, incoming, seconds)

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
        headers = self._proxy.dressed(exchange, answered.status, answered.headers)
        return begin_plain(exchange, answered.status, answered.reason, headers)

    def handed_back(self) -> None:
        """Take note that others go on with a request."""
        self._metrics.requests_open.dec()

    def left(self, exchange: Exchange) -> None:
        """Take note of what became of a request."""
        self._metrics.requests_open.dec()
        self._proxy.left(exchange)
        self._records.note(exchange)
