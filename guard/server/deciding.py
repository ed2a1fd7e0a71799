"""What is decided about one request, limits and the learning week included?

The proxy and whoever only answers a front server's question ask here, so that both say the same.
"""

import time
from collections.abc import Callable
from datetime import datetime

from guard.core.classification import Identity
from guard.core.client_address import client_network
from guard.core.facts import Kind, KindSource, ResponseFacts
from guard.core.licence import LicenceState
from guard.core.pipeline import Pipeline
from guard.core.policy import Action, Decision, NeedsResponse
from guard.core.response import ResponsePlan, plan
from guard.server.challenge import Challenges
from guard.server.exchange import Exchange
from guard.server.instead import SERVED_UNRECORDED
from guard.server.licences import Licences
from guard.server.limits import Limiter
from guard.store.pause import Pause


class Deciding:
    """Decides for one worker."""

    def __init__(
        self,
        pipeline: Pipeline,
        challenges: Challenges,
        licences: Licences,
        *,
        learning_until: datetime,
        pause: Pause,
        limiter: Limiter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pipeline = pipeline
        self._challenges = challenges
        self._licences = licences
        self._learning_until = learning_until
        self._pause = pause
        self._clock = clock
        self._limiter = limiter or Limiter()

    def before(self, exchange: Exchange, seen: ResponseFacts | None = None) -> Decision | NeedsResponse:
        """Decide without a response if the policy can; with `seen` it always can."""
        return self.pipeline.decide(exchange.facts, exchange.who, seen)

    def on_response(self, exchange: Exchange) -> Decision:
        """Decide by what was seen of the resource, or that nothing was."""
        seen = exchange.seen or ResponseFacts(kind=Kind.UNKNOWN, source=KindSource.RESPONSE)
        decided = self.before(exchange, seen)
        assert isinstance(decided, Decision)  # noqa: S101  # with response facts there is always a decision
        return decided

    def plan(self, exchange: Exchange, decision: Decision) -> ResponsePlan:
        """Hold the client to the limit of the rule, once a request, and say what to send."""
        if not exchange.who.is_crawler and exchange.facts.at < self._learning_until:
            decision = decision.while_learning()
        if (until := self._pause.until) and exchange.facts.at.timestamp() < until:
            decision = decision.paused()
        if decision.action is Action.CHALLENGE and (_is_known(exchange) or self._challenges.has_pass(exchange)):
            decision = decision.passed()
        retry_after, why = 0, ""
        if exchange.decision is None and not exchange.own:
            retry_after, why = self._hold_to_limits(exchange, decision)
        exchange.decision = decision.throttled(why) if retry_after else decision
        return plan(exchange.decision, exchange.facts, exchange.seen, retry_after=retry_after)

    def _hold_to_limits(self, exchange: Exchange, decision: Decision) -> tuple[int, str]:
        """Return the seconds until the client may come back, and why; 0 if it may go on."""
        picture = exchange.kind is Kind.UNKNOWN or exchange.kind.is_picture
        licensed = exchange.licence is LicenceState.VALID and decision.action is Action.ALLOW
        if licensed and picture and (wait := self._licences.take(exchange.who.licence, self._clock())):
            return wait, f"more than licence {exchange.who.licence.id} allows"
        limit = decision.limit
        if limit is None or (limit.pictures_only and not picture):
            return 0, ""
        client = client_network(exchange.facts.client.address)
        return self._limiter.take(decision.rule, client, limit, self._clock()), ""


def reservation_told(rules: str) -> Decision:
    """Return what is on record for a request for the reservation's own documents; `rules` is the rule set's digest."""
    return Decision.without_rules(Action.ALLOW, "reservation", "The reservation itself is given to everybody.", rules)


def _is_known(exchange: Exchange) -> bool:
    """Tell whether this is a search engine or its like, proven: whatever a rule says, it sees what a person sees."""
    return exchange.who.identity is Identity.VERIFIED and exchange.who.purpose in SERVED_UNRECORDED
