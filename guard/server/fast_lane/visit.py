"""How does a person's plain request get its answer, without anything that waits?

It is sent on, its answer comes, and passes: each as soon as the kernel has told of it, and in the same turn of the
event loop. Whatever turns out not to be as plain as that, before a byte of an answer is sent, is left to those who can
wait: with the exchange, and with the connection to the upstream as it is.
"""

import logging
from typing import TYPE_CHECKING

from guard.server.fast_lane.plain import PlainAnswer, PlainRequest

if TYPE_CHECKING:
    from guard.server.exchange import Exchange
    from guard.server.fast_lane.connection import Connection
    from guard.server.fast_lane.upstream import Line
    from guard.server.plain_visits import PlainVisits
    from guard.server.upstream import Answered

_log = logging.getLogger("guard.server")


class Visit:
    """One exchange that is under way."""

    __slots__ = ("_answer", "_answered", "_connection", "_line", "_request", "_visits", "exchange")

    def __init__(
        self,
        visits: "PlainVisits",
        connection: "Connection",
        request: PlainRequest,
        exchange: "Exchange",
        line: "Line",
    ) -> None:
        """Take the connection to the upstream, on which the request was sent."""
        self._visits = visits
        self._connection = connection
        self._request = request
        self.exchange = exchange
        self._line = line
        self._answered: Answered | None = None
        self._answer: PlainAnswer | None = None
        line.visit = self

    def __repr__(self) -> str:
        return f"<Visit {self._request.method} {self._request.path} of {self._connection!r} by {self._line!r}>"

    def moved(self) -> None:
        """Go on: the upstream has sent something, or has gone, or the client has taken something."""
        try:
            if self._answer is not None or self._begins():
                self._pass_on()
        except Exception as error:
            _log.error("a request could not be answered; this is a fault of the guard", exc_info=error)
            self._end("fault")

    def gone(self) -> None:
        """The client has gone."""
        self._end("client_gone")

    def _begins(self) -> bool:
        """Begin the answer, if its head has come; whether it has begun."""
        line = self._line
        if not line.is_settled:
            return False
        incoming = line.incoming
        if incoming is None:
            self._let_wait()
            return False
        self._answered = self._visits.answered(self.exchange, incoming)
        self._answer = self._visits.begin_answer(self.exchange, self._answered)
        if self._answer is None:
            self._let_wait()
            return False
        return True

    def _pass_on(self) -> None:
        connection, line, answer = self._connection, self._line, self._answer
        assert answer is not None  # noqa: S101  # it has begun
        while not line.wants_more and not connection.is_full:
            data = line.take()
            answer.put(data)
            self.exchange.sent.bytes += len(data)
        if line.is_through:
            answer.end()
            self._end("")
        elif line.broken is not None and line.wants_more:
            self._end("upstream_broke_off")
        elif connection.is_full:
            line.wait_no_more()
            connection.stalls()
        else:
            answer.flush()
            line.wait()

    def _let_wait(self) -> None:
        """Leave the rest to those who can wait."""
        line, connection = self._line, self._connection
        line.visit = None
        line.wait_no_more()
        if self._answered is None:
            self.exchange.asked = line
        self.exchange.answered = self._answered
        self._visits.handed_back()
        connection.visit_waits(self._request)

    def _end(self, why: str) -> None:
        """Close the books; `why` it did not end well, or nothing."""
        line, connection, exchange = self._line, self._connection, self.exchange
        line.visit = None
        line.wait_no_more()
        self._request.begun = None
        exchange.sent.completed, exchange.sent.reason = not why, why
        if self._answered is not None:
            self._answered.close()
        else:
            line.abort()
        self._visits.left(exchange)
        connection.visit_ended(whole=not why)
