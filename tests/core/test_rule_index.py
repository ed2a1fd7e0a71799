"""An index leaves out only what can not match: whatever the rules, the decision is that of the whole list."""

from dataclasses import replace
from ipaddress import ip_network

from hypothesis import given
from hypothesis import strategies as st

from guard.core.policy import Action, Condition, Policy, Rule, decide
from guard.core.rule_index import REMEMBERED, WORTH_IT, RuleIndex
from tests.support.facts import GPTBOT, request, who

PATTERNS = ("/", "/a", "/a$", "/a/*", "/a/*.jpg$", "*", "*.jpg$", "$", "/a/b", "/b*c", "")
NETWORKS = ("192.0.2.0/24", "192.0.2.7/32", "0.0.0.0/0", "10.0.0.0/8", "2001:db8::/32", "2001:db8::7/128", "::/0")


def some(*values: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=2)


CONDITIONS = st.builds(
    Condition,
    crawler=some("openai-gptbot", "other"),
    operator=some("openai", "other"),
    purpose=some("ai_training", "browser"),
    method=some("GET", "POST"),
    host=some("photo.example", "*.example", "other.example").map(tuple),
    path=some(*PATTERNS).map(tuple),
    network=some(*NETWORKS).map(lambda texts: tuple(map(ip_network, texts))),
)
REQUESTS = st.builds(
    lambda path, address, host: request(path, address=address, host=host),
    st.sampled_from(("/", "/a", "/a/b", "/a/c.jpg", "/b/c", "/ab")),
    st.sampled_from(("192.0.2.7", "192.0.2.8", "10.1.2.3", "2001:db8::7", "2001:db9::1")),
    st.sampled_from(("photo.example", "www.example", "elsewhere")),
)
CLIENTS = st.sampled_from((who(), who(crawler=None), who(crawler=replace(GPTBOT, id="other", operator="Other"))))
DEFAULT = Rule(id="default", when=Condition(), action=Action.ALLOW)


def policy_of(conditions: list[Condition], monitored: int = 0) -> Policy:
    """Return the rules of these conditions behind many that never match."""
    never = [Condition(path=(f"/never/{number}/",)) for number in range(WORTH_IT)]
    rules = [
        Rule(id=f"r{number}", when=when, action=Action.REFUSE, monitor=number < monitored)
        for number, when in enumerate([*conditions, *never])
    ]
    return Policy(name="test", rules=(*rules, DEFAULT), content=b"", digest="0" * 64)


@given(st.lists(CONDITIONS, max_size=8), st.integers(0, 3), REQUESTS, CLIENTS)
def test_the_decision_is_that_of_the_whole_list(conditions, monitored, facts, client):
    """Rule, action and what monitored rules would have done."""
    policy = policy_of(conditions, monitored)

    indexed = decide(policy, facts, client, None, RuleIndex(policy.rules).candidates(facts, client))

    assert indexed == decide(policy, facts, client, None)


@given(st.lists(CONDITIONS, max_size=8), st.integers(0, 3), st.lists(st.tuples(REQUESTS, CLIENTS), max_size=6))
def test_so_it_is_of_a_short_list_whoever_asked_before(conditions, monitored, asked):
    """Rules about other clients are left out, and those of one client are not another's."""
    policy = replace(policy_of(conditions, monitored), rules=policy_of(conditions, monitored).rules[: len(conditions)])
    policy = replace(policy, rules=(*policy.rules, DEFAULT))
    index = RuleIndex(policy.rules)
    for facts, client in asked:
        assert decide(policy, facts, client, None, index.candidates(facts, client)) == decide(
            policy, facts, client, None
        )


def test_of_ten_thousand_rules_a_few_are_looked_at():
    """One for an album each, one for a network each, one for a crawler each."""
    conditions = [Condition(path=(f"/album-{number}/*",)) for number in range(4000)]
    conditions += [Condition(network=(ip_network((0x0B000000 + number * 256, 24)),)) for number in range(4000)]
    conditions += [Condition(crawler=frozenset({f"crawler-{number}"})) for number in range(2000)]
    policy = policy_of(conditions)
    facts = request("/album-17/a.jpg", address="11.0.3.9")

    found = list(RuleIndex(policy.rules).candidates(facts, who()))

    assert [rule.id for rule in found] == ["r17", "r4003", "default"]


def test_a_short_list_is_looked_at_whole():
    """Asking an index would cost more."""
    rules = (Rule(id="one", when=Condition(path=("/never",)), action=Action.REFUSE), DEFAULT)

    assert tuple(RuleIndex(rules).candidates(request("/a"), who())) == rules


def test_few_rules_are_weighed_once_for_each_client_and_not_for_ever_kept():
    """Whoever comes and goes: the rules are those that hold for this one, and there is an end to it."""
    about = [Rule(id=name, when=Condition(crawler=frozenset({name})), action=Action.REFUSE) for name in ("a", "b")]
    index = RuleIndex([*about, DEFAULT])
    for number in range(3 * REMEMBERED):
        name = "ab"[number % 2]
        client = who(crawler=replace(GPTBOT, id=name, note=str(number)))
        assert [rule.id for rule in index.candidates(request(), client)] == [name, "default"]

    assert len(index._clients) <= REMEMBERED
