"""What does an operator see of a finished request?

Counters with closed label sets, the book of the day, and one line in the access log. Nothing here
can fail a request.
"""

import time
from collections.abc import Callable
from typing import Final

from guard.core.classification import Conduct
from guard.core.facts import Kind
from guard.core.licence import LicenceState
from guard.core.referrers import Referrers
from guard.exporter.access_log import AccessLog, Line
from guard.exporter.metrics import Metrics
from guard.reservation import robots
from guard.server.census import NOT_SERVED, SMALLER, Census, Sizes, asks_for_picture, broke_robots, is_given
from guard.server.exchange import Exchange
from guard.server.pulse import Pulse

UNDECLARED = "undeclared"


class Reports:
    """Counts the requests of one worker and writes its access log."""

    def __init__(
        self,
        metrics: Metrics,
        log: AccessLog,
        census: Census,
        pulse: Pulse,
        referrers: Referrers,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._metrics = metrics
        self._log = log
        self._census = census
        self._pulse = pulse
        self._referrers = referrers
        self._sizes = Sizes()
        self._clock = clock

    def start(self) -> None:
        """Begin to measure the worker, and to write the book of the day."""
        self._census.start()
        self._pulse.start()

    def finished(self, exchange: Exchange) -> None:
        """Count a request that was answered, and write its line."""
        facts, who, sent, site = exchange.facts, exchange.who, exchange.sent, exchange.site.host
        action = exchange.decision.action if exchange.decision else "allow"
        if exchange.rendition == "reservation":
            self._metrics.reservation_requests.labels(site, who.purpose, facts.path).inc()
        else:
            self._metrics.requests.labels(site, who.purpose, action, exchange.kind).inc()
        self._metrics.responses.labels(site, _sort(exchange), _CLASSES[sent.status // 100]).inc()
        withheld = self._withheld(exchange, action)
        if who.is_crawler:
            self._crawler(exchange, action)
        else:
            self._metrics.undeclared_requests.labels(site, who.conduct, action).inc()
            if operator := self._sent_by(exchange):
                self._metrics.referred_visits.labels(site, operator).inc()
            if broke_robots(exchange):
                self._metrics.robots_violations.labels(site, UNDECLARED, UNDECLARED).inc()
        for rule in exchange.decision.monitored if exchange.decision else ():
            self._metrics.monitored.labels(site, rule).inc()
        self._census.count(exchange, withheld)
        if exchange.licence is not LicenceState.NONE:
            self._metrics.licence_requests.labels(site, exchange.licence).inc()
        self._metrics.response_bytes.labels(site, who.purpose, action).inc(sent.bytes)
        if self._log.is_on:
            self._log.write(_line(exchange, self._clock() - exchange.started))

    def _crawler(self, exchange: Exchange, action: str) -> None:
        who, site, metrics = exchange.who, exchange.site.host, self._metrics
        crawler = (who.crawler.id, who.crawler.operator) if who.crawler else ("other", "other")
        metrics.crawler_requests.labels(site, *crawler, who.purpose, who.identity, action).inc()
        metrics.crawler_bytes.labels(site, *crawler).inc(exchange.sent.bytes)
        if exchange.rendition == "reservation" and exchange.facts.path == robots.PATH:
            metrics.crawler_robots.labels(site, *crawler).inc()
        if broke_robots(exchange):
            metrics.robots_violations.labels(site, *crawler).inc()
        if asks_for_picture(exchange):
            metrics.crawler_pictures.labels(site, *crawler, _got(exchange)).inc()

    def _sent_by(self, exchange: Exchange) -> str:
        """Return the operator that sent a person who opens a page; empty for others."""
        if exchange.kind is not Kind.PAGE or exchange.who.conduct is not Conduct.CLEAN or exchange.sent.status >= 400:
            return ""
        return self._referrers.operator(exchange.facts)

    def _withheld(self, exchange: Exchange, action: str) -> int | None:
        """Count a picture that was not handed out in full; return its bytes where they are known."""
        if not asks_for_picture(exchange) or is_given(exchange) or exchange.sent.status == 304:
            self._sizes.learn(exchange)
            return None
        if action not in NOT_SERVED and exchange.rendition not in SMALLER:
            return None
        labels = (exchange.site.host, exchange.who.purpose)
        withheld = self._sizes.withheld(exchange)
        self._metrics.withheld_pictures.labels(*labels, "unknown" if withheld is None else "known").inc()
        if withheld is not None:
            self._metrics.withheld_bytes.labels(*labels).inc(withheld)
        return withheld

    async def stop(self) -> None:
        """Write what is left to write, and close the access log."""
        self._pulse.stop()
        await self._census.stop()
        self._log.close()


_CLASSES: Final = tuple(f"{number}xx" for number in range(10))
"""Of status codes, as labels."""


def _sort(exchange: Exchange) -> str:
    if exchange.who.is_crawler:
        return "crawler"
    return "person" if exchange.who.conduct is Conduct.CLEAN else UNDECLARED


def _got(exchange: Exchange) -> str:
    if is_given(exchange) or exchange.sent.status == 304:
        return "marked" if exchange.rendition == "marked" else "full"
    return "smaller" if exchange.rendition in SMALLER else "none"


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
