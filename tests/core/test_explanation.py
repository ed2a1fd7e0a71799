"""An explanation names what the proxy decides, and why no other rule did."""

from dataclasses import replace
from datetime import date
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.classification import Conduct, Identity
from guard.core.crawlers import Catalogue, Purpose
from guard.core.explanation import StepResult, explain, failed_conditions
from guard.core.facts import Kind
from guard.core.identity import Grade, IdentityVerdict
from guard.core.licence import NO_LICENCE, LicenceState, LicenceVerdict
from guard.core.pipeline import Pipeline
from guard.core.policy import Action, Condition, NeedsResponse, PathList, Policy, Rule
from guard.core.response import Answer, Forward, Shrink, plan
from guard.core.signals import Family, Fired, SignalId
from tests.support.facts import GPTBOT, request, seen, who
from tests.support.http import CHROME
from tests.support.licences import licence

RULES = (
    Rule(id="seo", when=Condition(purpose=frozenset({"seo"})), action=Action.DROP),
    Rule(id="watched", when=Condition(method=frozenset({"GET"})), action=Action.DROP, monitor=True),
    Rule(id="pictures", when=Condition(kind=frozenset({"image", "original"})), action=Action.PREVIEW),
    Rule(id="training", when=Condition(purpose=frozenset({"ai_training"})), action=Action.REFUSE, because="Reserved."),
    Rule(id="default", when=Condition(), action=Action.ALLOW),
)
PIPELINE = Pipeline(Catalogue([GPTBOT]), Policy(name="test", rules=RULES, content=b"", digest="d" * 64))


def results(explained) -> dict[str, str]:
    return {step.rule.id: str(step.result) for step in explained.steps}


def test_every_rule_is_there_in_order_with_what_became_of_it():
    """Failed, noted, deciding, not asked any more."""
    explained = explain(PIPELINE, request(User_Agent="GPTBot/1.3"), seen(Kind.PAGE))

    assert results(explained) == {
        "seo": "failed", "watched": "noted", "pictures": "failed", "training": "decides", "default": "not_asked"
    }  # fmt: skip
    (outcome,) = explained.outcomes
    assert (outcome.decision.rule, outcome.decision.because) == ("training", "Reserved.")
    assert outcome.decision.monitored == ("watched",)
    assert isinstance(outcome.plan, Answer)
    assert outcome.plan.status == 403


def test_a_failed_condition_says_what_it_wanted_and_what_there_was():
    """Only those that do not hold."""
    explained = explain(PIPELINE, request(User_Agent="GPTBot/1.3"), seen(Kind.PAGE))
    (failed,) = explained.steps[2].failed

    assert (failed.name, failed.wanted, failed.found) == ("kind", ("image", "original"), "page")


def test_without_a_kind_the_answer_is_given_for_each_that_differs():
    """The rule that asks for it is undecided, the ones behind it are asked."""
    explained = explain(PIPELINE, request(User_Agent="GPTBot/1.3"))

    assert results(explained) == {
        "seo": "failed", "watched": "noted", "pictures": "depends", "training": "decides", "default": "not_asked"
    }  # fmt: skip
    pictures, *others = sorted(explained.outcomes, key=lambda one: Kind.IMAGE not in one.kinds)
    assert set(pictures.kinds) == {Kind.IMAGE, Kind.ORIGINAL}
    assert isinstance(pictures.plan, Shrink)
    assert {one.decision.rule for one in others} == {"training"}
    assert sorted(kind for one in explained.outcomes for kind in one.kinds) == sorted(Kind)


def test_the_match_and_its_reason_are_there():
    """The entry, how its token is looked for, and what else was named."""
    explained = explain(PIPELINE, request(User_Agent="x GPTBot/1.3"))

    assert explained.sighting is not None
    assert explained.sighting.crawler is GPTBOT
    assert explained.who.purpose is Purpose.AI_TRAINING


def test_the_reservation_is_told_to_everybody_before_any_rule():
    """As in the proxy."""
    explained = explain(
        PIPELINE, request("/robots.txt", User_Agent="GPTBot/1"), reservation_paths=frozenset({"/robots.txt"})
    )

    assert explained.steps == ()
    assert [(one.decision.rule, one.plan) for one in explained.outcomes] == [("reservation", Forward())]


def test_a_classification_from_elsewhere_takes_the_place_of_the_user_agent():
    """Our own access log has no user agent."""
    explained = explain(PIPELINE, request(User_Agent=CHROME), seen(Kind.PAGE), who=who())

    assert explained.sighting is None
    assert explained.outcomes[0].decision.rule == "training"


def test_a_check_of_the_claim_counts_as_in_the_proxy():
    """It is part of the classification that the rules see; without one the claim is unchecked."""
    verified = IdentityVerdict(identity=Identity.VERIFIED, grade=Grade.LIST, reason="in the operator's list")
    facts = request(User_Agent="GPTBot/1")
    explained = explain(PIPELINE, facts, identity=verified)

    assert explained.identity is verified
    assert explained.who.identity is Identity.VERIFIED
    assert explain(PIPELINE, facts).who.identity is Identity.UNKNOWN


def test_signals_are_kept_as_given():
    """Whoever has watched the client hands them in with the classification that they led to."""
    fired = Fired(id=SignalId.BREADTH, family=Family.COLLECTION, level=1.5, weight=2.0, value="40 pictures", hard=False)
    explained = explain(PIPELINE, request(), who=who(conduct=Conduct.SUSPECT), signals=[fired])

    assert explained.signals == (fired,)


CONDITIONS = {
    "purpose": (Condition(purpose=frozenset({"seo"})), "ai_training"),
    "operator": (Condition(operator=frozenset({"google"})), "OpenAI"),
    "crawler": (Condition(crawler=frozenset({"x"})), "openai-gptbot"),
    "identity": (Condition(identity=frozenset({"verified"})), "unknown"),
    "conduct": (Condition(conduct=frozenset({"hostile"})), "clean"),
    "path": (Condition(path=("/b",)), "/a.jpg"),
    "paths_file": (Condition(paths_file=(PathList("l.txt", frozenset({"/b"})),)), "/a.jpg"),
    "host": (Condition(host=("*.example",)), "photo.test"),
    "method": (Condition(method=frozenset({"POST"})), "GET"),
    "network": (Condition(network=(ip_network("10.0.0.0/8"),)), "192.0.2.7"),
    "fact": (Condition(fact=frozenset({"forged_token"})), ""),
    "licence": (Condition(licence=frozenset({"valid", "expired"})), "none"),
    "kind": (Condition(kind=frozenset({"page"})), "image"),
}


@pytest.mark.parametrize(("name", "when", "found"), [(name, *row) for name, row in CONDITIONS.items()], ids=CONDITIONS)
def test_each_condition_can_be_the_one_that_failed(name, when, found):
    """With what there was instead; a condition beside it that holds is not named."""
    (failed,) = failed_conditions(when, request(host="photo.test"), who(), seen(Kind.IMAGE))

    assert (failed.name, failed.found) == (name, found)


RULE = st.builds(
    Rule,
    id=st.just("r"),
    when=st.builds(
        Condition,
        purpose=st.frozensets(st.sampled_from(["ai_training", "browser", "seo"]), max_size=2),
        kind=st.frozensets(st.sampled_from([*Kind]), max_size=2),
        licence=st.frozensets(st.sampled_from([*LicenceState]), max_size=2),
        conduct=st.frozensets(st.sampled_from([*Conduct]), max_size=1),
        method=st.frozensets(st.sampled_from(["GET", "POST"]), max_size=1),
        path=st.lists(st.sampled_from(["/a", "/b", "*.jpg"]), max_size=2).map(tuple),
    ),
    action=st.sampled_from(Action),
    monitor=st.booleans(),
)


LICENCES = st.sampled_from(
    [
        NO_LICENCE,
        LicenceVerdict(state=LicenceState.EXPIRED, licence=licence()),
        LicenceVerdict(state=LicenceState.VALID, licence=licence()),
        LicenceVerdict(state=LicenceState.VALID, licence=licence(kinds=frozenset({Kind.IMAGE}))),
    ]
)


@given(st.lists(RULE, max_size=5), st.sampled_from(["GPTBot/1", CHROME]), st.none() | st.sampled_from(Kind), LICENCES)
def test_the_answer_is_that_of_the_pipeline(rules, user_agent, kind, licence):
    """Whatever the policy says: same decision, and the rule that is marked as deciding is its rule."""
    policy = Policy(name="p", rules=(*rules, RULES[-1]), content=b"", digest="d" * 64)
    pipeline = Pipeline(Catalogue([GPTBOT]), policy)
    facts = request(User_Agent=user_agent)
    given_kind = None if kind is None else seen(kind)
    explained = explain(pipeline, facts, given_kind, licence=licence)
    believed = replace(pipeline.classify(facts), licence=licence)
    decided = pipeline.decide(facts, believed, given_kind)

    if isinstance(decided, NeedsResponse):
        for outcome in explained.outcomes:
            for one in outcome.kinds:
                assert outcome.decision == pipeline.decide(facts, believed, seen(one))
        depends = next(step for step in explained.steps if step.result is StepResult.DEPENDS)
        assert depends.rule.when.asks_for_resource(believed)
    else:
        assert [one.decision for one in explained.outcomes] == [decided]
        assert explained.outcomes[0].plan == plan(decided, facts, given_kind)
        deciding = [index for index, step in enumerate(explained.steps) if step.result is StepResult.DECIDES]
        assert len(deciding) == 1
        assert explained.steps[deciding[0]].rule.id == decided.rule
    assert GPTBOT.checked == date(2026, 11, 22)
