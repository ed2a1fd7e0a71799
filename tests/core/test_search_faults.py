"""Which rules keep from search engines what people see?"""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from guard.core.crawlers import Catalogue, Crawler, Purpose, RobotsStance
from guard.core.facts import Kind
from guard.core.policy import Action, Condition, PathList, Policy, Rule
from guard.core.policy_file import combine, make_policy, parse_policy_file
from guard.core.search_faults import equals, search_faults, unequal, verified
from guard.settings_text import SHIPPED_POLICIES
from guard.store.rule_files import load_catalogue, read_policy_file, rules_root
from guard.yaml12 import load
from tests.support.facts import GPTBOT, request, seen


def crawler(name: str, operator: str, purpose: Purpose, *, ranges: tuple[str, ...] = ("list",)) -> Crawler:
    return Crawler(
        id=name.lower(), token=name, operator=operator, purpose=purpose, robots=RobotsStance.DOCUMENTED, ranges=ranges,
        references=(), checked=date(2026, 11, 22),
    )  # fmt: skip


GOOGLEBOT = crawler("Googlebot", "Google", Purpose.SEARCH_ENGINE)
BINGBOT = crawler("bingbot", "Microsoft", Purpose.SEARCH_ENGINE)
PREVIEWER = crawler("Previewer", "Google", Purpose.SOCIAL_PREVIEW)
UNKEYED = crawler("Smallbot", "Small", Purpose.SEARCH_ENGINE, ranges=())
CATALOGUE = Catalogue([GOOGLEBOT, BINGBOT, PREVIEWER, UNKEYED, GPTBOT])


def policy(*rules: str, name: str = "moderate") -> Policy:
    """Return a shipped policy with an owner's rules, in YAML's flow style."""
    own = "name: own\nrules:\n" + "".join(f"- {rule}\n" for rule in rules) + "- {id: last, action: allow}\n"
    data, file = read_policy_file(name, rules_root().path)
    shipped = parse_policy_file(load(data, file), CATALOGUE).rules
    return make_policy(name, combine(parse_policy_file(load(own.encode(), "own"), None).rules[:-1], shipped), CATALOGUE)


@pytest.mark.parametrize("name", SHIPPED_POLICIES)
def test_the_shipped_policies_treat_verified_search_engines_as_people(name: str):
    """For every search engine and link preview of the catalogue that ships."""
    catalogue = load_catalogue(rules_root().path)

    assert len(equals(catalogue)) > 20
    assert search_faults(policy(name=name), catalogue) == []


def test_only_who_can_be_verified_is_looked_at():
    """The others never get what a person gets, and no rule can change that."""
    assert equals(CATALOGUE) == (GOOGLEBOT, BINGBOT, PREVIEWER)


HITS: dict[str, tuple[str, str]] = {
    "operator": ("{id: own, when: {operator: google}, action: refuse}", "Googlebot, Previewer something"),
    "crawler": ("{id: own, when: {crawler: bingbot}, action: preview}", "bingbot something"),
    "purpose": ("{id: own, when: {purpose: search_engine}, action: drop}", "Googlebot, bingbot something"),
    "verified": ("{id: own, when: {identity: verified}, action: charge}", "Googlebot, bingbot and 1 more something"),
    "limit": ("{id: own, when: {crawler: bingbot}, action: allow, limit: {requests: 5, per: hour}}", "bingbot"),
    "path": ("{id: own, when: {crawler: bingbot, path: '/a*/b*.jpg$'}, action: refuse}", "bingbot something"),
    "host": ("{id: own, when: {crawler: bingbot, host: '*.photo.example'}, action: refuse}", "bingbot something"),
    "kind": ("{id: own, when: {crawler: bingbot, kind: original}, action: preview}", "bingbot something"),
    "head": ("{id: own, when: {crawler: bingbot, method: HEAD}, action: refuse}", "bingbot something"),
    "suspect": ("{id: own, when: {conduct: suspect}, action: refuse}", "for how they behave"),
    "people": ("{id: own, when: {purpose: browser, path: /x/}, action: refuse}", "keeps from people"),
}


@pytest.mark.parametrize(("rule", "words"), HITS.values(), ids=HITS)
def test_a_rule_that_differs_is_told(rule: str, words: str):
    """Once, with its id, its action and whom it hits."""
    (told,) = search_faults(policy(rule), CATALOGUE)

    assert told.startswith("rule 'own' (")
    assert words in told


SPARES = {
    "everybody": "{id: own, when: {method: GET}, action: refuse}",
    "place": "{id: own, when: {path: /private/}, action: refuse}",
    "monitor": "{id: own, when: {operator: google}, action: refuse, monitor: yes}",
    "allowed": "{id: own, when: {operator: google}, action: allow}",
    "post": "{id: own, when: {operator: google, method: POST}, action: refuse}",
    "unverified": "{id: own, when: {operator: google, identity: unknown}, action: preview}",
    "training": "{id: own, when: {purpose: ai_training}, action: drop}",
    "person suspected": "{id: own, when: {conduct: suspect, purpose: [browser, unknown]}, action: refuse}",
    "file that is no picture": "{id: own, when: {operator: google, kind: other}, action: preview}",
}


@pytest.mark.parametrize("rule", SPARES.values(), ids=SPARES)
def test_a_rule_that_hits_both_or_no_search_engine_is_none_of_it(rule: str):
    """What everybody is refused, and what spares the verified, is the owner's to decide."""
    assert search_faults(policy(rule), CATALOGUE) == []


def test_an_unreachable_rule_is_no_fault():
    """An earlier rule decides for both."""
    rules = ("{id: first, when: {path: /}, action: allow}", "{id: own, when: {operator: google}, action: refuse}")

    assert search_faults(policy(*rules), CATALOGUE) == []


def test_one_request_is_compared_under_the_rules_in_force():
    """The rule that gives less is named, whichever party it is."""
    rules = policy("{id: own, when: {operator: google, kind: original}, action: preview}")

    def rule(*arguments: Any) -> str | None:
        one = unequal(rules, *arguments)
        return one and one.rule

    assert rule(verified(GOOGLEBOT), request(), seen(Kind.ORIGINAL)) == "own"
    assert rule(verified(GOOGLEBOT), request(), seen(Kind.THUMBNAIL)) is None
    assert rule(verified(GOOGLEBOT), request(), seen(Kind.ORIGINAL, hands_off=True)) is None
    assert rule(verified(BINGBOT), request(), seen(Kind.ORIGINAL)) is None


def test_a_list_of_paths_is_tried_at_one_of_them():
    """That hits who can be verified, or spares them."""
    listed = Condition(paths_file=(PathList("l.txt", frozenset({"/a.jpg"})),))
    default = Rule(id="default", when=Condition(), action=Action.ALLOW)

    def told(**more: frozenset[str]) -> list[str]:
        rule = Rule(id="own", when=replace(listed, **more), action=Action.REFUSE)
        return search_faults(make_policy("test", (rule, default), CATALOGUE), CATALOGUE)

    assert told(operator=frozenset({"google"}))[0].startswith("rule 'own' (refuse)")
    assert told(purpose=frozenset({"ai_training"})) == []
