"""Does a policy treat verified search engines differently from a person?

Two parties can get different answers only where some rule holds for one of them and not for
the other. So each such rule is tried, at requests made up to fit what else it asks for, and
the policy is asked what it would do for both.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from itertools import product

from guard.core.classification import Classification, Conduct, Identity
from guard.core.crawlers import Catalogue, Crawler, Purpose
from guard.core.facts import AddressSource, ClientAddress, Kind, KindSource, RequestFacts, ResponseFacts
from guard.core.policy import Condition, Decision, Policy, decide, path_matches
from guard.core.response import Forward, ResponsePlan, plan

EQUAL_TO_PEOPLE = frozenset({Purpose.SEARCH_ENGINE, Purpose.SOCIAL_PREVIEW})
"""Once verified, these get the bytes that a person gets."""

PERSON = Classification(
    purpose=Purpose.BROWSER,
    identity=Identity.NONE_CLAIMED,
    conduct=Conduct.CLEAN,
    claimed="",
    crawler=None,
    facts=frozenset(),
)

_KINDS = tuple(kind for kind in Kind if kind is not Kind.UNKNOWN)
_METHODS = ("GET", "HEAD")
"""What search engines send."""
_ODD = (Conduct.SUSPECT, Conduct.HOSTILE)
_SHOWN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Unequal:
    """A rule that gives one of the two parties less than the other."""

    rule: str
    action: str
    against_people: bool
    """It is the person who gets less."""

    def __str__(self) -> str:
        return f"rule '{self.rule}' ({self.action}{', for people' if self.against_people else ''})"


def equals(catalogue: Catalogue) -> tuple[Crawler, ...]:
    """Return the crawlers that can be verified and then get what a person gets."""
    return tuple(one for one in catalogue.crawlers if one.purpose in EQUAL_TO_PEOPLE and one.verifiable)


def verified(crawler: Crawler, conduct: Conduct = Conduct.CLEAN) -> Classification:
    """Return what is believed of a client that was found to be `crawler`."""
    return Classification(
        purpose=crawler.purpose,
        identity=Identity.VERIFIED,
        conduct=conduct,
        claimed=crawler.token,
        crawler=crawler,
        facts=frozenset(),
    )


def unequal(policy: Policy, who: Classification, request: RequestFacts, response: ResponseFacts) -> Unequal | None:
    """Return the rule by which `who` and a person get different answers to one request, or None."""
    theirs, their_plan = _treatment(policy, who, request, response)
    ours, our_plan = _treatment(policy, PERSON, request, response)
    if their_plan == our_plan and theirs.limit == ours.limit:
        return None
    against_people = their_plan == Forward() and theirs.limit is None
    deciding = ours if against_people else theirs
    return Unequal(rule=deciding.rule, action=deciding.action, against_people=against_people)


def search_faults(policy: Policy, catalogue: Catalogue) -> list[str]:
    """Return a sentence for every rule by which a verified search engine or link preview and a person differ.

    Rules that name networks are not tried: whose networks they are is not known here.
    """
    found: dict[tuple[Unequal, bool], list[str]] = {}
    for crawler in equals(catalogue):
        always = _faults_for(policy, verified(crawler))
        for one in always:
            found.setdefault((one, False), []).append(crawler.token)
        at_times = {one: None for conduct in _ODD for one in _faults_for(policy, verified(crawler, conduct))}
        for one in at_times:
            if one not in always and not one.against_people:
                found.setdefault((one, True), []).append(crawler.token)
    return [_sentence(one, by_conduct, names) for (one, by_conduct), names in found.items()]


def _treatment(
    policy: Policy, who: Classification, request: RequestFacts, response: ResponseFacts
) -> tuple[Decision, ResponsePlan]:
    decided = decide(policy, request, who, response)
    assert isinstance(decided, Decision)  # noqa: S101  # with response facts there is always a decision
    return decided, plan(decided, request, response)


def _faults_for(policy: Policy, who: Classification) -> list[Unequal]:
    found: dict[Unequal, None] = {}
    for rule in policy.rules:
        if rule.monitor or _fits(rule.when, who) == _fits(rule.when, PERSON):
            continue
        for request, kind in _witnesses(rule.when):
            one = unequal(policy, who, request, ResponseFacts(kind=kind, source=KindSource.RESPONSE))
            if one is not None:
                found[one] = None
    return list(found)


def _fits(when: Condition, who: Classification) -> bool:
    """Tell whether what a condition asks about the client holds, whatever it asks about the request."""
    client = replace(when, path=(), host=(), method=frozenset(), network=(), paths_file=())
    return client.holds_for_request(_request(), who)


def _witnesses(when: Condition) -> Iterator[tuple[RequestFacts, Kind]]:
    """Make up requests to which everything in the condition that is not about who asks applies."""
    paths = [path for pattern in when.path or ("/",) for path in _paths(pattern)]
    if when.paths_file:
        # One of the list that the patterns fit, if there are any, is as good as all.
        listed = (path for one in when.paths_file for path in sorted(one.paths))
        paths = [next((one for one in listed if not when.path or any(path_matches(p, one) for p in when.path)), "/")]
    hosts = [f"www{pattern[1:]}" if pattern.startswith("*.") else pattern for pattern in when.host] or ["site.invalid"]
    methods = [method for method in _METHODS if not when.method or method in when.method]
    kinds = [kind for kind in _KINDS if not when.kind or kind in when.kind]
    for path, host, method, kind in product(paths, hosts, methods, kinds):
        yield _request(path, host, method), kind


def _paths(pattern: str) -> Iterable[str]:
    text = pattern.removesuffix("$")
    return {path if path.startswith("/") else f"/{path}" for path in (text.replace("*", "x"), text.replace("*", ""))}


def _request(path: str = "/", host: str = "site.invalid", method: str = "GET") -> RequestFacts:
    address = ip_address("127.0.0.1")
    return RequestFacts(
        at=datetime(2000, 1, 1, tzinfo=UTC),
        site=host,
        scheme="https",
        authority=host,
        host=host,
        method=method,
        target=path,
        path=path,
        version="1.1",
        headers=(),
        client=ClientAddress(address=address, port=0, source=AddressSource.PEER, peer=str(address)),
    )


def _sentence(one: Unequal, by_conduct: bool, names: list[str]) -> str:
    more = len(names) - _SHOWN
    who = ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    if one.against_people:
        return (
            f"rule '{one.rule}' ({one.action}) keeps from people what {who} get once they are verified: "
            "search engines should see what people see"
        )
    if by_conduct:
        return (
            f"rule '{one.rule}' ({one.action}) also applies to {who} for how they behave, verified or not; "
            "add 'purpose: [browser, unknown]' to spare search engines"
        )
    return (
        f"rule '{one.rule}' ({one.action}) gives {who} something else than a person gets, even when they are "
        "verified; search engines should see what people see"
    )
