"""What does an operator see of a finished request?

Counters with closed label sets, and one line in the access log. Nothing here can fail a request.
"""

import time
from collections.abc import Callable

from guard.core.licence import LicenceState
from guard.exporter.access_log import AccessLog, Line
from guard.exporter.metrics import Metrics
from guard.server.exchange import Exchange


class Reports:
    """Counts the requests of one worker and writes its access log."""

    def __init__(self, metrics: Metrics, log: AccessLog, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._log = log
        self._clock = clock

    def finished(self, exchange: Exchange) -> None:
        """Count a request that was answered, and write its line."""
        facts, who, sent, site = exchange.facts, exchange.who, exchange.sent, exchange.site.host
        action = exchange.decision.action if exchange.decision else "allow"
        if exchange.rendition == "reservation":
            self._metrics.reservation_requests.labels(site, who.purpose, facts.path).inc()
        else:
            self._metrics.requests.labels(site, who.purpose, action, exchange.kind).inc()
        if who.is_crawler:
            crawler = (who.crawler.id, who.crawler.operator) if who.crawler else ("other", "other")
            self._metrics.crawler_requests.labels(site, *crawler, who.identity, action).inc()
        if exchange.licence is not LicenceState.NONE:
            self._metrics.licence_requests.labels(site, exchange.licence).inc()
        self._metrics.response_bytes.labels(site, who.purpose, action).inc(sent.bytes)
        self._log.write(_line(exchange, self._clock() - exchange.started))

    def close(self) -> None:
        """Close the access log."""
        self._log.close()


def _line(exchange: Exchange, duration: float) -> Line:
    facts, who, sent, decision = exchange.facts, exchange.who, exchange.sent, exchange.decision
    return Line(
        at=facts.at.isoformat().replace("+00:00", "Z"),
        site=facts.site,
        method=facts.method,
        path=facts.path,
        status=sent.status,
        bytes=sent.bytes,
        purpose=who.purpose,
        operator=who.operator,
        crawler=who.crawler.id if who.crawler else "",
        claimed=who.claimed,
        identity=who.identity,
        conduct=who.conduct,
        action=decision.action if decision else "",
        rule=decision.rule if decision else "",
        because=decision.because if decision else "",
        kind=exchange.kind,
        rendition=exchange.rendition,
        licence=who.licence.id,
        reference=exchange.reference,
        duration_ms=round(duration * 1000, 3),
    )
