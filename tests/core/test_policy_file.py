"""Policy files: the grammar of rules, every fault with its place, and how lists are combined."""

import json
from datetime import date
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.classification import Conduct, HardFact, Identity
from guard.core.crawlers import Catalogue, Crawler, Purpose, RobotsStance
from guard.core.facts import Kind
from guard.core.licence import LicenceState
from guard.core.policy import Action, Condition, Limit, PathList, Policy, PreviewSize, Rule
from guard.core.policy_file import combine, make_policy, parse_policy_file
from guard.errors import ConfigurationError
from guard.yaml12 import load

CATALOGUE = Catalogue(
    [
        Crawler(
            id="openai-gptbot",
            token="GPTBot",
            operator="OpenAI",
            purpose=Purpose.AI_TRAINING,
            robots=RobotsStance.DOCUMENTED,
            references=(),
            checked=date(2026, 11, 22),
        )
    ]
)

DEFAULT = "  - {id: default, action: allow}\n"


def parse(rules: str) -> tuple[Rule, ...]:
    """Read rules that are followed by a default; the default is left out."""
    document = load(f"name: test\nrules:\n{rules}{DEFAULT}".encode(), "p.yaml")
    return parse_policy_file(document, CATALOGUE).rules[:-1]


def faults(text: str) -> list[str]:
    """Return what is said about a policy file."""
    with pytest.raises(ConfigurationError) as caught:
        parse_policy_file(load(text.encode(), "p.yaml"), CATALOGUE)
    return [str(fault) for fault in caught.value.faults]


def test_a_rule_with_everything_is_read() -> None:
    """Lists and single values, in every condition."""
    (rule,) = parse("""\
  - id: everything
    when:
      purpose: [ai_assistant, ai_agent]
      operator: openai
      crawler: openai-gptbot
      identity: [unknown, none_claimed]
      conduct: suspect
      kind: [image, original]
      path: ["/a/*.jpg$", "*x"]
      host: ["*.Photo.example"]
      method: get
      network: [10.0.0.0/8, 2001:db8::/32, 192.0.2.1]
      fact: forged_token
      licence: [valid, not_covered]
    action: preview
    monitor: yes
    limit: {pictures: 30, per: minute}
    size: display
    because: A test.
""")

    assert rule == Rule(
        id="everything",
        when=Condition(
            purpose=frozenset({Purpose.AI_ASSISTANT, Purpose.AI_AGENT}),
            operator=frozenset({"openai"}),
            crawler=frozenset({"openai-gptbot"}),
            identity=frozenset({Identity.UNKNOWN, Identity.NONE_CLAIMED}),
            conduct=frozenset({Conduct.SUSPECT}),
            kind=frozenset({Kind.IMAGE, Kind.ORIGINAL}),
            path=("/a/*.jpg$", "*x"),
            host=("*.photo.example",),
            method=frozenset({"GET"}),
            network=(ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"), ip_network("192.0.2.1/32")),
            fact=frozenset({HardFact.FORGED_TOKEN}),
            licence=frozenset({LicenceState.VALID, LicenceState.NOT_COVERED}),
        ),
        action=Action.PREVIEW,
        monitor=True,
        limit=Limit(count=30, per_seconds=60, pictures_only=True),
        size=PreviewSize.DISPLAY,
        because="A test.",
    )


@pytest.mark.parametrize("when", ["", ", when: {}"], ids=["missing", "empty"])
def test_a_rule_without_condition_always_matches(when: str) -> None:
    """Both ways to write it are the same."""
    assert parse(f"  - {{id: a, action: allow{when}}}\n")[0].when == Condition()


def test_requests_are_counted_where_they_are_named() -> None:
    """A limit counts pictures or everything, never both."""
    (rule,) = parse("  - {id: a, action: allow, limit: {requests: 5, per: hour}}\n")

    assert rule.limit == Limit(count=5, per_seconds=3600, pictures_only=False)


RULES = {
    "without id": ("action: allow", "p.yaml:3:5: rules.0.id: is missing; add it"),
    "without action": ("id: a", "p.yaml:3:5: rules.0.action: is missing; add it"),
    "unknown key": ("id: a, action: allow, wen: {}", "rules.0.wen: unknown key (did you mean 'when'?)"),
    "unknown action": ("id: a, action: refus", "(did you mean 'refuse'?)"),
    "action off": ("id: a, action: off", "one of allow, mark, preview, throttle, challenge, charge, refuse, drop"),
    "id with space": ("id: A b, action: allow", "rules.0.id: must be lower-case words with '-' between them"),
    "id as time": ("id: 22:22, action: allow", "rules.0.id: must be lower-case words with '-' between them"),
    "id as number": ("id: 5, action: allow", "rules.0.id: must be text; put it in quotes"),
    "monitor": ("id: a, action: allow, monitor: later", "must be yes or no"),
    "size unused": ("id: a, action: refuse, size: display", "rules.0.size: has no effect on action 'refuse'"),
    "limit of both": (
        "id: a, action: allow, limit: {pictures: 1, requests: 1, per: day}",
        "must name either 'pictures' or 'requests'",
    ),
    "limit of none": ("id: a, action: allow, limit: {per: day}", "must name either 'pictures' or 'requests'"),
    "limit of zero": ("id: a, action: allow, limit: {pictures: 0, per: day}", "must be at least 1"),
    "limit per week": ("id: a, action: allow, limit: {pictures: 1, per: week}", "must be one of second, minute, hour"),
    "no condition": ("id: a, action: allow, when: ", "rules.0.when: has no value; must be a mapping"),
    "unknown condition": ("id: a, action: allow, when: {puprose: seo}", "(did you mean 'purpose'?)"),
    "empty condition": ("id: a, action: allow, when: {purpose: []}", "purpose: must have at least 1 item(s)"),
    "unknown purpose": ("id: a, action: allow, when: {purpose: ai_trainin}", "(did you mean 'ai_training'?)"),
    "unknown kind": ("id: a, action: allow, when: {kind: [page, imag]}", "rules.0.when.kind.1: must be one of page"),
    "unknown fact": ("id: a, action: allow, when: {fact: honeypot}", "rules.0.when.fact: must be one of forged_token"),
    "unknown crawler": (
        "id: a, action: allow, when: {crawler: openai-gptbt}",
        "rules.0.when.crawler: the catalogue knows no crawler 'openai-gptbt' (did you mean 'openai-gptbot'?)",
    ),
    "unknown operator": (
        "id: a, action: allow, when: {operator: [openai, opnai]}",
        "rules.0.when.operator.1: the catalogue knows no operator 'opnai' (did you mean 'OpenAI'?)",
    ),
    "bad network": ("id: a, action: allow, when: {network: 10.0.0.0/33}", "must be an address or a network"),
    "bits behind prefix": ("id: a, action: allow, when: {network: 10.0.0.1/8}", "(did you mean '10.0.0.0/8'?)"),
    "network as number": ("id: a, action: allow, when: {network: 10}", "must be an address or a network"),
    "path without slash": ("id: a, action: allow, when: {path: a.jpg}", "(did you mean '/a.jpg'?)"),
    "host with port": ("id: a, action: allow, when: {host: 'a:80'}", "must be a host name without port"),
    "method": ("id: a, action: allow, when: {method: 'G T'}", "must be a request method"),
    "status unused": ("id: a, action: allow, status: 410", "rules.0.status: has no effect on action 'allow'"),
    "other status": ("id: a, action: refuse, status: 200", "rules.0.status: must be 403 (not for you) or 410 (gone)"),
    "list of paths": ("id: a, action: refuse, when: {paths_file: l.txt}", "can stand only in guard.yaml, under rules"),
}


@pytest.mark.parametrize(("rule", "said"), RULES.values(), ids=list(RULES))
def test_a_wrong_rule_is_told_with_its_place(rule: str, said: str) -> None:
    """One fault, its place, and what was probably meant."""
    (told,) = faults(f"name: x\nrules:\n  - {{{rule}}}\n{DEFAULT}")

    assert told.startswith("p.yaml:3:")
    assert said in told


def test_an_id_given_twice_names_the_first_line() -> None:
    """Also when the rules have other faults."""
    told = faults(f"name: x\nrules:\n  - {{id: a, action: allow}}\n  - {{id: a, action: alow}}\n{DEFAULT}")

    assert told == [
        "p.yaml:4:10: rules.1.id: the id 'a' is already given in line 3; give this rule another",
        "p.yaml:4:21: rules.1.action: must be one of allow, mark, preview, throttle, challenge, charge, refuse, drop"
        " (did you mean 'allow'?)",
    ]


@pytest.mark.parametrize(
    "last",
    ["{id: a, action: allow, when: {kind: page}}", "{id: a, action: allow, monitor: yes}"],
    ids=["with a condition", "only watching"],
)
def test_a_file_without_default_is_a_fault(last: str) -> None:
    """The default is stated, never implied."""
    assert faults(f"name: x\nrules:\n  - {last}\n") == [
        "p.yaml:3:5: rules.0: the default is not stated; end with a rule 'default' without 'when'"
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", "rules: 5", "name: x\nrules: {a: 1}", "name: x\nrules: []", "name: x\nrules: [5, [6]]"]
)
def test_what_is_no_list_of_rules_is_a_fault(text: str) -> None:
    """Whatever stands there instead."""
    assert all(told.startswith("p.yaml:") for told in faults(text))


@given(
    when=st.dictionaries(
        st.sampled_from(
            ["purpose", "operator", "crawler", "network", "path", "host", "method", "fact", "licence", "x"]
        ),
        st.none() | st.text(max_size=12) | st.integers() | st.lists(st.text(max_size=8) | st.integers(), max_size=3),
        max_size=4,
    )
)
def test_conditions_of_any_kind_are_a_policy_or_faults(when: dict[str, object]) -> None:
    """Nothing but ConfigurationError ever comes out."""
    rules = [{"id": "a", "action": "allow", "when": when}, {"id": "default", "action": "allow"}]
    data = json.dumps({"name": "x", "rules": rules}, ensure_ascii=False).encode()
    told: tuple[object, ...] = ("a policy",)
    try:
        parse_policy_file(load(data, "p.yaml"), CATALOGUE)
    except ConfigurationError as error:
        told = error.faults

    assert told


def rules(*ids: str, action: Action = Action.ALLOW) -> list[Rule]:
    """Return rules that differ in their ids."""
    return [Rule(id=name, when=Condition(), action=action) for name in ids]


def test_own_rules_come_first_and_replace_in_place() -> None:
    """Changing a shipped rule does not change when it is asked; a new rule is asked before all shipped ones."""
    own = rules("mine", "b", "also-mine", action=Action.REFUSE)

    combined = combine(own, rules("a", "b", "c"))

    assert [(rule.id, rule.action.value) for rule in combined] == [
        ("mine", "refuse"),
        ("also-mine", "refuse"),
        ("a", "allow"),
        ("b", "refuse"),
        ("c", "allow"),
    ]


def test_the_digest_is_that_of_everything_that_decides() -> None:
    """An action, an order or a crawler changes it; reading the same thing again does not."""
    one, other = rules("a", "b"), rules("a", action=Action.DROP)

    def digest(given: list[Rule], catalogue: Catalogue = CATALOGUE) -> str:
        return make_policy("x", given, catalogue).digest

    assert len(digest(one)) == 64
    assert digest(one) == digest(rules("a", "b"))
    assert len({digest(one), digest(one[::-1]), digest(other), digest(one, Catalogue([]))}) == 4


def test_the_digest_does_not_depend_on_the_order_inside_a_condition() -> None:
    """Sets have no order, so the digest must not take one from memory addresses."""
    names = ["seo", "ads", "webhook", "academic"]
    there = parse(f"  - {{id: a, action: allow, when: {{purpose: [{', '.join(names)}]}}}}\n")
    back = parse(f"  - {{id: a, action: allow, when: {{purpose: [{', '.join(reversed(names))}]}}}}\n")

    assert make_policy("x", there, CATALOGUE).digest == make_policy("x", back, CATALOGUE).digest


def test_a_refusal_may_say_that_it_is_for_good() -> None:
    """Or that it is not; without a word it is 403."""
    rules = parse("".join(f"  - {{id: a{n}, action: refuse{more}}}\n" for n, more in enumerate(("", ", status: 410"))))

    assert [rule.status for rule in rules] == [403, 410]


def test_a_list_of_paths_is_bound_by_its_digest() -> None:
    """Another list is another policy, though the rule set holds no copy of it; the order in the file is nothing."""

    def made(name: str, *paths: str) -> Policy:
        rule = Rule(id="a", when=Condition(paths_file=(PathList(name, frozenset(paths)),)), action=Action.REFUSE)
        return make_policy("test", [rule], CATALOGUE)

    one = made("l.txt", "/a.jpg", "/b.jpg")
    assert one.digest == made("l.txt", "/b.jpg", "/a.jpg").digest != made("l.txt", "/a.jpg").digest
    assert b"/a.jpg" not in one.content
    assert b"l.txt (2 paths, SHA-256 " in one.content
