"""Which request does a front server's question tell about, and can it be answered at once?

Most questions are about people who are let through. Nothing has to be waited for then: no record, no look at the
resource, no allowance; so the whole answer is known as soon as the question is read.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from guard.core.asked import Dialect, method_of, original, told_besides
from guard.core.client_address import AddressPolicy
from guard.core.facts import IPAddress, RequestFacts
from guard.core.policy import Action, Decision
from guard.core.response import Forward
from guard.core.target import split_absolute
from guard.core.told import ToldBefore
from guard.exporter.metrics import Metrics
from guard.server.arrivals import Arrivals
from guard.server.deciding import Deciding
from guard.server.exchange import Exchange
from guard.server.hand_over import NO_BYTES, HandOver
from guard.server.headers import Headers
from guard.server.sending import in_one
from guard.server.site import Sites

STATUS: Final = "Guard-Status"
"""Tells nginx the status of a refusal; 444 where the connection is to be closed without an answer."""
ALIKE: Final = (
    "Accept, Accept-Encoding, Accept-Language, Authorization, Cookie, Referer, Sec-Fetch-Dest, Signature, User-Agent"
)
"""Which of a visitor's lines must be the same where a front answers by what it has kept; nginx takes 128 characters."""
MOST_WRITTEN: Final = 256
"""Answers that are kept as they are sent."""


class Questions:
    """Reads questions; one per worker process."""

    def __init__(
        self,
        askers: AddressPolicy,
        addresses: AddressPolicy,
        *,
        sites: Sites,
        arrivals: Arrivals,
        deciding: Deciding,
        hand_over: HandOver,
        metrics: Metrics,
        now: Callable[[], datetime],
        cache_seconds: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take `askers`, who are answered, and `addresses`, whose word counts about a visitor's address; and for how
        long answers may be kept that were given at once: no others, so that each request of a crawler is asked about.
        """
        self._askers = askers
        self._addresses = addresses
        self._sites = sites
        self._arrivals = arrivals
        self._deciding = deciding
        self._hand_over = hand_over
        self._metrics = metrics
        self._now = now
        self._clock = clock
        kept = ("Cache-Control", f"max-age={cache_seconds}"), ("Vary", ALIKE)
        self._kept: Headers = kept if cache_seconds else ()
        self._begun: tuple[tuple[tuple[str, str], ...], Exchange] | None = None
        """The question that `at_once` has looked at last, if it was not answered there."""
        self._written: dict[tuple[Headers, str, str], bytes] = {}
        self._told = ToldBefore()

    def at_once(
        self, dialect: Dialect, lines: tuple[tuple[str, str], ...], peer: IPAddress | None, place: int
    ) -> bytes | None:
        """Return the whole answer to a question about a person who is let through; None for every other.

        Args:
            place: Where in `lines` the target is told, and nowhere else.

        Whoever sends it calls `answered` then; for a question that is not answered here, `begun` has what was found.

        Raises:
            RequestError: The question has no meaning.
        """
        self._begun = None
        if not self._askers.trusts(peer):
            return None
        exchange = self._exchange(dialect, self._facts(dialect, lines, peer, place))
        self._begun = lines, exchange
        decided = self._deciding.before(exchange)
        if not isinstance(decided, Decision) or decided.action is not Action.ALLOW or decided.limit is not None:
            return None
        documents = exchange.reservation.document(exchange.facts.path)
        if exchange.is_automatic or exchange.own or documents is not None:
            return None
        if not isinstance(self._deciding.plan(exchange, decided), Forward):
            return None
        self._metrics.decision_seconds.observe(self._clock() - exchange.started)
        lines_of_ours = exchange.reservation.headers_for(exchange.facts.path)
        key = (lines_of_ours, decided.rule, exchange.who.purpose)
        known = self._written.get(key)
        if known is None:
            if len(self._written) >= MOST_WRITTEN:
                self._written.clear()
            head = (*in_one(lines_of_ours), *told_of(exchange), (STATUS, "200"), *self._kept, ("Content-Length", "0"))
            written = "".join(f"{name}: {value}\r\n" for name, value in (*head, ("Server", "crawler-guard")))
            known = self._written[key] = f"HTTP/1.1 200 OK\r\n{written}\r\n".encode("utf-8", "surrogateescape")
        return known

    def answered(self) -> None:
        """Take note that the answer of `at_once` was sent."""
        assert self._begun is not None  # noqa: S101  # it has returned one
        exchange, self._begun = self._begun[1], None
        self._hand_over.done(exchange)

    def about(
        self, dialect: Dialect, lines: tuple[tuple[str, str], ...], version: str, peer: IPAddress | None
    ) -> Exchange:
        """Return what is known of the request that a question tells about; `version` is that of the question.

        Raises:
            RequestError: The question has no meaning.
        """
        facts = original(
            dialect,
            lines,
            at=self._now(),
            version=version,
            peer=peer,
            addresses=self._addresses,
            site_of=self._site_of,
        )
        return self._exchange(dialect, facts)

    def _facts(
        self, dialect: Dialect, lines: tuple[tuple[str, str], ...], peer: IPAddress | None, place: int
    ) -> RequestFacts:
        """Return the facts that `original` would, from what is known of the lines besides the target's."""
        absolute, target = split_absolute(lines[place][1])
        if absolute:
            return original(
                dialect, lines, at=self._now(), version="1.1", peer=peer, addresses=self._addresses,
                site_of=self._site_of,
            )  # fmt: skip
        others = lines[:place] + lines[place + 1 :]
        key = (dialect.name, others, peer)
        told = self._told.get(key) or self._told.keep(
            key,
            told_besides(
                dialect, others, "", version="1.1", peer=peer, addresses=self._addresses, site_of=self._site_of
            ),
        )
        return told.asks(method_of(dialect, others), target, at=self._now())

    def _site_of(self, host: str) -> str:
        return self._sites.find(host).host

    def _exchange(self, dialect: Dialect, facts: RequestFacts) -> Exchange:
        exchange = self._arrivals.of(
            NO_BYTES, facts, self._clock(), by_front=True, continued=False, tickets=dialect.hands_over
        )
        exchange.asked_by = dialect.name
        return exchange

    def begun(self, lines: tuple[tuple[str, str], ...]) -> Exchange | None:
        """Return what `at_once` has found out about the question with these lines, if it was the last one; once."""
        begun, self._begun = self._begun, None
        return begun[1] if begun is not None and begun[0] == lines else None

    def trusts(self, peer: IPAddress | None) -> bool:
        """Tell whether this one is answered; None stands for a unix socket."""
        return self._askers.trusts(peer)


def told_of(exchange: Exchange) -> Headers:
    """Return the lines that a front may put into the request that it passes on: never empty, so that none is left out
    and a client's own of that name is always replaced."""
    decided = exchange.decided
    return (
        ("Guard-Action", decided.action),
        ("Guard-Rule", decided.rule),
        ("Guard-Purpose", exchange.who.purpose),
    )
