"""First match wins; monitor goes on; `kind` waits for the response."""

import time
from dataclasses import replace
from ipaddress import ip_network

import pytest

from guard.core.classification import Conduct, HardFact, Identity
from guard.core.crawlers import Purpose
from guard.core.facts import Kind, ResponseFacts
from guard.core.licence_check import check
from guard.core.policy import (
    GONE,
    Action,
    Condition,
    Decision,
    Limit,
    NeedsResponse,
    PathList,
    Policy,
    Rule,
    decide,
    path_matches,
)
from tests.support.facts import GPTBOT, request, seen, who
from tests.support.licences import licence
from tests.support.signing import NOW

DEFAULT = Rule(id="default", when=Condition(), action=Action.ALLOW)


def policy(*rules: Rule) -> Policy:
    return Policy(name="test", rules=(*rules, DEFAULT), content=b"", digest="0" * 64)


def decided(rules: Policy, *arguments: object) -> Decision:
    decision = decide(rules, *arguments)  # type: ignore[arg-type]
    assert isinstance(decision, Decision)
    return decision


def test_the_first_matching_rule_decides():
    """Order is everything: a later rule that matches too is not asked."""
    rules = policy(
        Rule(id="one", when=Condition(purpose=frozenset({Purpose.AI_TRAINING})), action=Action.REFUSE),
        Rule(id="two", when=Condition(purpose=frozenset({Purpose.AI_TRAINING})), action=Action.DROP),
    )

    assert decided(rules, request(), who(), None).rule == "one"


def test_the_default_rule_answers_when_none_matches():
    """There is always a decision."""
    rules = policy(Rule(id="one", when=Condition(purpose=frozenset({"seo"})), action=Action.REFUSE))

    assert decided(rules, request(), who(), None).rule == "default"


def test_a_monitoring_rule_is_noted_and_the_next_one_decides():
    """Monitor mode shows what a rule would do without doing it."""
    rules = policy(Rule(id="watch", when=Condition(), action=Action.REFUSE, monitor=True))

    decision = decided(rules, request(), who(), None)

    assert (decision.rule, decision.monitored) == ("default", ("watch",))


def test_a_rule_about_the_resource_asks_for_the_response_only_if_all_else_holds():
    """A person is never made to wait for a look at the picture because of a rule for crawlers."""
    rules = policy(
        Rule(
            id="k", when=Condition(purpose=frozenset({"ai_training"}), kind=frozenset({"image"})), action=Action.REFUSE
        )
    )

    assert decide(rules, request(), who(), None) == NeedsResponse(rule="k")
    assert decided(rules, request(), who(Purpose.BROWSER, crawler=None), None).rule == "default"
    assert decided(rules, request(), who(), seen(Kind.IMAGE)).rule == "k"
    assert decided(rules, request(), who(), seen(Kind.PAGE)).rule == "default"
    assert decided(rules, request(), who(), seen(Kind.UNKNOWN)).rule == "default"


def test_a_monitoring_rule_before_a_question_is_noted_once_the_response_is_there():
    """Phase two starts from the first rule again, so nothing noted in phase one is lost."""
    rules = policy(
        Rule(id="watch", when=Condition(), action=Action.DROP, monitor=True),
        Rule(id="k", when=Condition(kind=frozenset({"image"})), action=Action.REFUSE),
    )

    assert isinstance(decide(rules, request(), who(), None), NeedsResponse)
    assert decided(rules, request(), who(), seen(Kind.IMAGE)).monitored == ("watch",)


MATCHING = {
    "purpose": Condition(purpose=frozenset({"ai_training", "seo"})),
    "operator, whatever its case": Condition(operator=frozenset({"openai"})),
    "crawler id": Condition(crawler=frozenset({"openai-gptbot"})),
    "identity": Condition(identity=frozenset({Identity.UNKNOWN})),
    "conduct": Condition(conduct=frozenset({Conduct.CLEAN})),
    "path": Condition(path=("/albums/",)),
    "host below a name": Condition(host=("*.example",)),
    "method": Condition(method=frozenset({"GET"})),
    "network": Condition(network=(ip_network("192.0.2.0/24"),)),
    "hard fact": Condition(fact=frozenset({HardFact.FORGED_TOKEN})),
}
SPARING = {
    "purpose": Condition(purpose=frozenset({"seo"})),
    "operator": Condition(operator=frozenset({"google"})),
    "crawler id": Condition(crawler=frozenset({"openai-chatgpt-user"})),
    "identity": Condition(identity=frozenset({Identity.VERIFIED})),
    "conduct": Condition(conduct=frozenset({Conduct.SUSPECT})),
    "path": Condition(path=("/private/",)),
    "host": Condition(host=("example", "other.example")),
    "method": Condition(method=frozenset({"POST"})),
    "network": Condition(network=(ip_network("198.51.100.0/24"), ip_network("::/0"))),
    "two conditions of which one fails": Condition(method=frozenset({"GET"}), path=("/private/",)),
}


@pytest.mark.parametrize("condition", MATCHING.values(), ids=MATCHING.keys())
def test_a_condition_holds(condition: Condition):
    """Each field can be what makes a rule match."""
    claim = who(facts=frozenset({HardFact.FORGED_TOKEN}))

    assert condition.holds_for_request(request("/albums/a.jpg"), claim)


@pytest.mark.parametrize("condition", SPARING.values(), ids=SPARING.keys())
def test_a_condition_spares(condition: Condition):
    """Each field can be what keeps a rule from matching."""
    assert not condition.holds_for_request(request("/albums/a.jpg"), who())


def test_an_operator_is_compared_in_the_case_folded_form():
    """Operators in conditions are case-folded when policies are read."""
    crawler = replace(GPTBOT, operator="OpenAI")

    assert Condition(operator=frozenset({"openai"})).holds_for_request(request(), who(crawler=crawler))


def test_a_network_condition_spares_a_client_without_an_address():
    """Behind a unix socket nobody's address may be known; a missing fact is no match."""
    facts = request()
    facts = replace(facts, client=replace(facts.client, address=None))

    assert not Condition(network=(ip_network("0.0.0.0/0"),)).holds_for_request(facts, who())


def test_a_throttled_decision_keeps_its_rule():
    """What was exceeded must be findable later."""
    limit = Limit(count=1, per_seconds=60, pictures_only=True)
    rules = policy(Rule(id="slow", when=Condition(), action=Action.PREVIEW, limit=limit))

    throttled = decided(rules, request(), who(), None).throttled()

    assert (throttled.action, throttled.rule) == (Action.THROTTLE, "slow")


PATHS = [
    ("/", "/anything", True),
    ("/fish", "/fish.html", True),
    ("/fish", "/Fish", False),
    ("/fish/", "/fish", False),
    ("/*.php", "/folder/any.php.file.php/", True),
    ("/*.php", "/windows.PHP", False),
    ("/*.php$", "/filename.php", True),
    ("/*.php$", "/filename.php5", False),
    ("/fish*.php", "/fishheads/catfish.php", True),
    ("/fish$", "/fish", True),
    ("/fish$", "/fishes", False),
    ("/a*b*c$", "/abc", True),
    ("/a*bc*c$", "/abc", False),
    ("*", "/", True),
    ("/*$", "/x", True),
]


@pytest.mark.parametrize(("pattern", "path", "matches"), PATHS)
def test_paths_match_as_in_robots_txt(pattern: str, path: str, matches: bool):
    """The table is that of RFC 9309's matching rules, with its edge cases."""
    assert path_matches(pattern, path) is matches


def test_a_hostile_path_does_not_backtrack():
    """Sixteen wildcards against a path made for them: with a regular expression this test would not end."""
    pattern, path = "/" + "a*" * 16 + "b$", "/" + "a" * 8000

    assert not path_matches(pattern, path)


def licensed(rules: Policy, found: ResponseFacts | None, **limits: object) -> str:
    """Return the rule that decides about GPTBot with a licence."""
    believed = replace(who(), licence=check(licence(**limits), request(), who()))
    decision = decide(rules, request(), believed, found)
    return f"{decision.rule}, once there is a response" if isinstance(decision, NeedsResponse) else decision.rule


LICENSED = Rule(id="licensed", when=Condition(licence=frozenset({"valid"})), action=Action.ALLOW)


def test_a_licence_is_a_condition_like_any_other():
    """What it is worth, in one word; without a token that word is none."""
    rules = policy(
        LICENSED,
        Rule(id="ended", when=Condition(licence=frozenset({"expired", "revoked"})), action=Action.CHARGE),
        Rule(id="without", when=Condition(licence=frozenset({"none"})), action=Action.REFUSE),
    )

    assert licensed(rules, None) == "licensed"
    assert licensed(rules, None, expires=NOW) == "ended"
    assert licensed(rules, None, paths=("/b",)) == "default"
    assert decided(rules, request(), who(), None).rule == "without"


def test_a_licence_that_depends_on_the_resource_waits_for_the_response():
    """One for some kinds or for so many pictures, and no other."""
    rules = policy(LICENSED)

    assert licensed(rules, None, kinds=frozenset({"image"})) == "licensed, once there is a response"
    assert licensed(rules, seen(Kind.IMAGE), kinds=frozenset({"image"})) == "licensed"
    assert licensed(rules, seen(Kind.PAGE), kinds=frozenset({"image"})) == "default"
    assert licensed(rules, None, pictures=3, per_seconds=60) == "licensed, once there is a response"
    assert licensed(rules, None, kinds=frozenset({"image"}), expires=NOW) == "default"


def test_what_a_licence_is_not_for_is_known_once_the_resource_is():
    """A rule for tokens that do not cover the request is asked again then."""
    rules = policy(Rule(id="other", when=Condition(licence=frozenset({"not_covered"})), action=Action.CHARGE))

    assert licensed(rules, None, kinds=frozenset({"image"})) == "other, once there is a response"
    assert licensed(rules, seen(Kind.PAGE), kinds=frozenset({"image"})) == "other"
    assert licensed(rules, seen(Kind.IMAGE), kinds=frozenset({"image"})) == "default"


def test_a_list_of_paths_holds_for_whole_paths_only():
    """Neither a beginning nor a pattern; together with what else the rule asks."""
    listed = Condition(
        paths_file=(PathList("l.txt", frozenset({"/a.jpg", "/b/*"})),), purpose=frozenset({"ai_training"})
    )
    rules = policy(Rule(id="listed", when=listed, action=Action.REFUSE, status=GONE))

    assert decided(rules, request("/a.jpg"), who(), None).rule == "listed"
    assert decided(rules, request("/a.jpg"), who(), None).status == GONE
    for path in ("/a.jpg2", "/a", "/b/c", "/x/a.jpg"):
        assert decided(rules, request(path), who(), None).rule == "default"
    other = replace(who(), purpose=Purpose.SEO)
    assert decided(rules, request("/a.jpg"), other, None).rule == "default"


def test_a_long_list_of_paths_costs_what_a_short_one_does():
    """A hundred thousand paths are looked up, not gone through."""
    listed = PathList("l.txt", frozenset(f"/album/{number}.jpg" for number in range(100_000)))
    rules = policy(Rule(id="listed", when=Condition(paths_file=(listed,)), action=Action.REFUSE))
    facts, client = request("/nothing.jpg"), who()
    started = time.perf_counter()
    for _ in range(1000):
        decide(rules, facts, client, None)

    assert time.perf_counter() - started < 0.5
