"""Why is a request treated so?

Asks the same pipeline as the proxy and keeps every step: what the user agent named, what
the claim is worth, each rule in its order with the condition that failed, and what would be
sent. Where the answer depends on what the resource is and nobody has said, the answer is
given for each kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Final

from guard.core.classification import Classification, TicketState
from guard.core.crawlers import Sighting
from guard.core.facts import Kind, KindSource, RequestFacts, ResponseFacts
from guard.core.identity import IdentityVerdict
from guard.core.licence import NO_LICENCE, LicenceVerdict
from guard.core.pipeline import Pipeline
from guard.core.policy import Action, Condition, Decision, NeedsResponse, PreviewSize, Rule
from guard.core.response import ResponsePlan, plan
from guard.core.signals import Fired


class StepResult(StrEnum):
    """What became of a rule."""

    FAILED = "failed"
    """A condition does not hold."""
    DEPENDS = "depends"
    """Everything holds but what depends on the resource, of which nothing is known."""
    NOTED = "noted"
    """It matches, in monitor mode."""
    DECIDES = "decides"
    NOT_ASKED = "not_asked"
    """A rule before it decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCondition:
    """One condition of a rule that does not hold."""

    name: str
    wanted: tuple[str, ...]
    """Any of these would have done."""
    found: str
    """Empty where there is nothing of the kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rule and what became of it."""

    rule: Rule
    result: StepResult
    failed: tuple[FailedCondition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is decided and sent."""

    kinds: tuple[Kind, ...]
    """For resources of these kinds; empty where the kind does not matter or is known."""
    decision: Decision
    plan: ResponsePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that led to the answer."""

    facts: RequestFacts
    seen: ResponseFacts | None
    sighting: Sighting | None
    """What the user agent names; None where there is none, but a log that noted what was made of it."""
    who: Classification
    identity: IdentityVerdict | None
    """None where the claim was not checked."""
    signals: tuple[Fired, ...]
    policy: str
    digest: str
    steps: tuple[Step, ...]
    """Every rule in order; none where the reservation itself is asked for, which no rule withholds."""
    outcomes: tuple[Outcome, ...]
    """One, or one for each group of kinds that are treated alike."""


def explain(
    pipeline: Pipeline,
    facts: RequestFacts,
    seen: ResponseFacts | None = None,
    *,
    reservation_paths: frozenset[str] = frozenset(),
    who: Classification | None = None,
    identity: IdentityVerdict | None = None,
    signals: Sequence[Fired] = (),
    licence: LicenceVerdict = NO_LICENCE,
    ticket: TicketState = TicketState.NOT_ASKED,
) -> Explanation:
    """Explain what the proxy would do.

    Args:
        seen: What the resource is; None where nobody knows.
        reservation_paths: Canonical paths that are answered to everybody before any rule is asked.
        who: The classification, where more than the user agent and the check of the claim led to it.
        identity: What the check of the claim came to; None where nobody has checked it.
        signals: What is odd about how the client behaves; `who` must have been judged with them.
        licence: What came of the request's licence token.
        ticket: Whether it shows that its client has looked at a page.
    """
    sighting = None if who else pipeline.sight(facts)
    who = replace(who or pipeline.classify(facts, identity), licence=licence, ticket=ticket)
    if facts.path in reservation_paths:
        steps: tuple[Step, ...] = ()
        outcomes: tuple[Outcome, ...] = (_told_to_everybody(pipeline, facts),)
    else:
        steps, outcomes = _steps(pipeline.policy.rules, facts, who, seen), _outcomes(pipeline, facts, who, seen)
    return Explanation(
        facts=facts,
        seen=seen,
        sighting=sighting,
        who=who,
        identity=identity,
        signals=tuple(signals),
        policy=pipeline.policy.name,
        digest=pipeline.policy.digest,
        steps=steps,
        outcomes=outcomes,
    )


RESERVATION: Final = "reservation"


def _told_to_everybody(pipeline: Pipeline, facts: RequestFacts) -> Outcome:
    decision = Decision(
        action=Action.ALLOW,
        rule=RESERVATION,
        because="The reservation itself is given to everybody.",
        digest=pipeline.policy.digest,
        size=PreviewSize.PREVIEW,
        limit=None,
        monitored=(),
    )
    return Outcome(kinds=(), decision=decision, plan=plan(decision, facts, None))


def _outcomes(
    pipeline: Pipeline, facts: RequestFacts, who: Classification, seen: ResponseFacts | None
) -> tuple[Outcome, ...]:
    decided = pipeline.decide(facts, who, seen)
    if isinstance(decided, Decision):
        return (Outcome(kinds=(), decision=decided, plan=plan(decided, facts, seen)),)
    found: list[tuple[list[Kind], Decision, ResponsePlan]] = []
    for kind in Kind:
        known = ResponseFacts(kind=kind, source=KindSource.RESPONSE)
        decision = pipeline.decide(facts, who, known)
        assert not isinstance(decision, NeedsResponse)  # noqa: S101  # with response facts there is always a decision
        planned = plan(decision, facts, known)
        alike = next((kinds for kinds, one, other in found if (one, other) == (decision, planned)), None)
        if alike is None:
            found.append(([kind], decision, planned))
        else:
            alike.append(kind)
    return tuple(Outcome(kinds=tuple(kinds), decision=decision, plan=planned) for kinds, decision, planned in found)


def _steps(
    rules: Sequence[Rule], facts: RequestFacts, who: Classification, seen: ResponseFacts | None
) -> tuple[Step, ...]:
    steps: list[Step] = []
    decided = False
    for rule in rules:
        failed: tuple[FailedCondition, ...] = ()
        if decided:
            result = StepResult.NOT_ASKED
        elif failed := failed_conditions(rule.when, facts, who, seen):
            result = StepResult.FAILED
        elif rule.when.asks_for_resource(who) and seen is None:
            result = StepResult.DEPENDS
        elif rule.monitor:
            result = StepResult.NOTED
        else:
            result = StepResult.DECIDES
            decided = True
        steps.append(Step(rule=rule, result=result, failed=failed))
    return tuple(steps)


def failed_conditions(
    when: Condition, facts: RequestFacts, who: Classification, seen: ResponseFacts | None
) -> tuple[FailedCondition, ...]:
    """Return the conditions that do not hold, each asked alone, so that this can not differ from the decision."""
    failed = []
    for field in fields(Condition):
        wanted = getattr(when, field.name)
        if not wanted:
            continue
        alone = Condition(**{field.name: wanted})
        holds = alone.holds_for_request(facts, who) and (seen is None or alone.holds_for_resource(who, seen))
        if not holds:
            texts = tuple(str(one) for one in (sorted(wanted) if isinstance(wanted, frozenset) else wanted))
            failed.append(FailedCondition(name=field.name, wanted=texts, found=_found(field.name, facts, who, seen)))
    return tuple(failed)


def _found(name: str, facts: RequestFacts, who: Classification, seen: ResponseFacts | None) -> str:
    match name:
        case "crawler":
            return who.crawler.id if who.crawler else ""
        case "fact":
            return ", ".join(sorted(who.facts))
        case "kind":
            return seen.kind if seen else ""
        case "licence":
            return who.licence.state_for(seen.kind if seen else None)
        case "network":
            return str(facts.client.address or "")
        case "path" | "paths_file" | "login_path":
            return facts.path
        case "without_query":
            return facts.target.partition("?")[2]
        case "host" | "method":
            return str(getattr(facts, name))
        case _:
            return str(getattr(who, name, ""))
