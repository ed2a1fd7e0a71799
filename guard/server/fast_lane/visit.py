"""How does a person's plain request get its answer, without anything that waits?

It is sent on, its answer comes, and passes: each as soon as the kernel has told of it, and in the same turn of the
event loop. Whatever turns out not to be as plain as that, before a byte of an answer is sent, is left to those who can
wait: with the exchange, and with the connection to the upstream as it is.
"""

import logging
from typing import TYPE_CHECKING

from guard.server.fast_lane import splice
from guard.server.fast_lane.plain import PlainAnswer, PlainRequest
from guard.server.fast_lane.splice import Splice, State

if TYPE_CHECKING:
    from guard.server.exchange import Exchange
    from guard.server.fast_lane.connection import Connection
    from guard.server.fast_lane.upstream import Line
    from guard.server.plain_visits import PlainVisits
    from guard.server.upstream import Answered

_log = logging.getLogger("guard.server")


class Visit:
    """One exchange that is under way."""

    __slots__ = (
        "_answer", "_answered", "_asked_at", "_connection", "_counted", "_exchange", "_line", "_request", "_splice",
        "_visits",
    )  # fmt: skip

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
        self._exchange = exchange
        self._line = line
        self._asked_at = connection.loop.time()
        self._answered: Answered | None = None
        self._answer: PlainAnswer | None = None
        self._splice: Splice | None = None
        self._counted = 0
        """Bytes that are known to have passed by it."""
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
        seconds = self._connection.loop.time() - self._asked_at
        self._answered = self._visits.answered(self._exchange, incoming, seconds)
        self._answer = self._visits.begin_answer(self._exchange, self._answered)
        if self._answer is None:
            self._let_wait()
            return False
        return True

    def _pass_on(self) -> None:
        connection, line, answer = self._connection, self._line, self._answer
        assert answer is not None  # noqa: S101  # it has begun
        if self._splice is not None:
            self._follow(self._splice)
            return
        while not line.wants_more and not connection.is_full:
            data = line.take()
            answer.put(data)
            self._exchange.sent.bytes += len(data)
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
            if line.left >= splice.LEAST:
                self._try_to_splice()

    def _try_to_splice(self) -> None:
        """Let the kernel pass the rest of the body on, if it can."""
        line, connection, answer = self._line, self._connection, self._answer
        source, target = splice.descriptor_of(line.transport), splice.descriptor_of(connection.transport)
        assert answer is not None  # noqa: S101  # it has begun
        if min(source, target) < 0 or connection.unsent or not answer.is_counted or not Splice.is_room():
            return
        try:
            self._splice = Splice(connection.loop, source, target, line.left, self.moved)
        except OSError:
            return
        line.lend()
        self._splice.pump()

    def _follow(self, rest: Splice) -> None:
        """Take note of how far the rest of the body has passed."""
        line, connection, answer = self._line, self._connection, self._answer
        assert answer is not None  # noqa: S101  # it has begun
        more, self._counted = rest.passed - self._counted, rest.passed
        self._exchange.sent.bytes += more
        connection.passed(more, waiting=rest.in_pipe)
        match rest.state:
            case _ if line.broken is not None:  # nothing came for too long
                self._end("upstream_broke_off")
            case State.FOR_SOURCE:
                connection.deadline = 0.0
                line.wait()
            case State.FOR_TARGET:
                line.wait_no_more()
                if more or not connection.deadline:
                    connection.stalls()
            case State.DONE:
                line.took_back()
                answer.end()
                self._end("")
            case State.SOURCE_FAILED:
                self._end("upstream_broke_off")
            case State.TARGET_FAILED:
                self._end("client_gone")

    def _let_wait(self) -> None:
        """Leave the rest to those who can wait."""
        line, connection = self._line, self._connection
        line.visit = None
        line.wait_no_more()
        if self._answered is None:
            self._exchange.asked = line
        self._exchange.answered = self._answered
        self._visits.handed_back()
        connection.visit_waits(self._request)

    def _end(self, why: str) -> None:
        """Close the books; `why` it did not end well, or nothing."""
        line, connection, exchange = self._line, self._connection, self._exchange
        line.visit = None
        line.wait_no_more()
        if self._splice is not None:
            self._splice.stop()
        self._request.begun = None
        exchange.sent.completed, exchange.sent.reason = not why, why
        if self._answered is not None:
            self._answered.close()
        else:
            line.abort()
        self._visits.left(exchange)
        connection.visit_ended(whole=not why)
