"""What is done about a request, and which rule says so?

A policy is an ordered list of rules; the first that matches wins. A rule asks about the
request, about the client, and sometimes about the resource (`kind`). Rules that do not
ask about the resource answer before the upstream is touched; when the first rule that
could match does ask, the answer is `NeedsResponse` and the caller comes back with the
head of the response. A rule in monitor mode is noted and evaluation goes on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network

from guard.core.classification import Classification
from guard.core.facts import RequestFacts, ResponseFacts
from guard.core.login_path import has_parameter, is_below

IPNetwork = IPv4Network | IPv6Network


class Action(StrEnum):
    """What can be done, from mild to hard."""

    ALLOW = "allow"
    MARK = "mark"
    """A full-looking picture with an invisible mark; a preview as long as no marked copy is ready."""
    PREVIEW = "preview"
    """A smaller picture."""
    THROTTLE = "throttle"
    """429 with Retry-After."""
    CHALLENGE = "challenge"
    """A page that lets through who keeps a cookie; only in place of pages."""
    CHARGE = "charge"
    """402 with the address of the terms."""
    REFUSE = "refuse"
    """403, or 410 where the rule says so; a picture where a picture was asked for."""
    DROP = "drop"
    """The connection is closed without an answer."""


FORBIDDEN, GONE = 403, 410
"""What a refusal may say: that this client gets nothing, or that there is nothing any more (RFC 9110, section 15.5)."""

MILD = frozenset({Action.ALLOW, Action.MARK})


class PreviewSize(StrEnum):
    """Which size a preview has: the preview size is visibly marked, the others are not."""

    DISPLAY = "display"
    PREVIEW = "preview"
    THUMBNAIL = "thumbnail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A rate for one client (an address, or an IPv6 /64) under one rule; what exceeds it is throttled."""

    count: int
    per_seconds: int
    pictures_only: bool
    """Count only requests whose resource is a picture or not known yet."""


class PathList:
    """Whole paths of a file, as many as there are: one look-up whatever their number."""

    __slots__ = ("digest", "name", "paths")

    def __init__(self, name: str, paths: frozenset[str]) -> None:
        """Take the file's name and its canonical paths."""
        self.name = name
        self.paths = paths
        self.digest = sha256("\n".join(sorted(paths)).encode("utf-8", "surrogatepass")).hexdigest()

    def __str__(self) -> str:
        # What stands in the rule set that is kept as evidence: the digest binds the list without copying it.
        return f"{self.name} ({len(self.paths)} paths, SHA-256 {self.digest})"

    def __repr__(self) -> str:
        return f"PathList({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PathList) and (self.name, self.digest) == (other.name, other.digest)

    def __hash__(self) -> int:
        return hash(self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """All fields that name something must hold; inside a field, any one value will do. Empty matches all."""

    purpose: frozenset[str] = frozenset()
    operator: frozenset[str] = frozenset()
    """Compared without regard to case."""
    crawler: frozenset[str] = frozenset()
    """Ids of catalogue entries."""
    identity: frozenset[str] = frozenset()
    conduct: frozenset[str] = frozenset()
    kind: frozenset[str] = frozenset()
    path: tuple[str, ...] = ()
    """Patterns as in robots.txt (RFC 9309, section 2.2.3): a prefix, `*`, and `$` at the end."""
    host: tuple[str, ...] = ()
    """Names, or `*.name` for everything below it."""
    method: frozenset[str] = frozenset()
    network: tuple[IPNetwork, ...] = ()
    fact: frozenset[str] = frozenset()
    licence: frozenset[str] = frozenset()
    """What the request's licence token is worth. Of a licence for some kinds of resources the response decides."""
    paths_file: tuple[PathList, ...] = ()
    """Lists of whole paths."""
    ticket: frozenset[str] = frozenset()
    """Whether the client shows that it has looked at a page before."""
    login_path: tuple[str, ...] = ()
    """Prefixes of paths that the gallery answers only after a login. Only profiles have these two."""
    without_query: frozenset[str] = frozenset()
    """Names of parameters that open such a path to everybody: none of them is there."""

    def holds_for_request(self, request: RequestFacts, who: Classification) -> bool:
        """Tell whether everything holds that does not depend on the resource: all but `kind`, and most licences."""
        return self.holds_for_client(who) and (
            (not self.method or request.method in self.method)
            and (not self.host or any(_host_matches(pattern, request.host) for pattern in self.host))
            and (not self.path or any(path_matches(pattern, request.path) for pattern in self.path))
            and (not self.network or _inside(request, self.network))
            and (not self.paths_file or any(request.path in one.paths for one in self.paths_file))
            and (not self.login_path or is_below(request.path, self.login_path))
            and (not self.without_query or not has_parameter(request.target, self.without_query))
        )

    def holds_for_client(self, who: Classification) -> bool:
        """Tell whether everything holds that does not depend on what is asked for either."""
        return (
            (not self.purpose or who.purpose in self.purpose)
            and (not self.identity or who.identity in self.identity)
            and (not self.conduct or who.conduct in self.conduct)
            and (not self.fact or not self.fact.isdisjoint(who.facts))
            and (not self.operator or who.operator.casefold() in self.operator)
            and (not self.crawler or (who.crawler is not None and who.crawler.id in self.crawler))
            and (not self.licence or who.licence.depends_on_kind or who.licence.state in self.licence)
            and (not self.ticket or who.ticket in self.ticket)
        )

    def asks_for_resource(self, who: Classification) -> bool:
        """Tell whether what the resource is makes a difference for this client."""
        return bool(self.kind) or (bool(self.licence) and who.licence.depends_on_kind)

    def holds_for_resource(self, who: Classification, response: ResponseFacts) -> bool:
        """Tell whether the rest of the condition holds for what was found."""
        return (not self.kind or response.kind in self.kind) and (
            not self.licence or who.licence.state_for(response.kind) in self.licence
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One condition and one action, under an id that is never given to another rule."""

    id: str
    when: Condition
    action: Action
    monitor: bool = False
    limit: Limit | None = None
    size: PreviewSize = PreviewSize.PREVIEW
    """Only with `preview` and `mark`."""
    status: int = FORBIDDEN
    """Only with `refuse`: 403, or 410 for what is gone for good."""
    because: str = ""
    """One sentence for people: why this rule is here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Ordered rules; the last has no condition, so that there is always a decision."""

    name: str
    rules: tuple[Rule, ...]
    content: bytes
    """The rule set as canonical text: these rules and the catalogue. Kept as evidence, so that a decision can be
    explained from it years later."""
    digest: str
    """Hex SHA-256 of `content`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The action chosen, with the rule that chose it and the rule set it belongs to."""

    action: Action
    rule: str
    because: str
    digest: str
    size: PreviewSize
    limit: Limit | None
    monitored: tuple[str, ...]
    """Ids of the rules in monitor mode that would have decided otherwise, in order."""
    status: int = FORBIDDEN
    """Of a refusal."""
    by_conduct: bool = False
    """The rule asked how the client behaves: such a decision is softened in the learning week."""
    by_ticket: bool = False
    """The rule asked for a page view first: whoever opens the picture by itself is told so."""

    @classmethod
    def without_rules(cls, action: Action, rule: str, because: str, digest: str) -> "Decision":
        """Return what is decided for everybody, whatever the rules of the set `digest` say; `rule` names the reason."""
        return cls(
            action=action, rule=rule, because=because, digest=digest, size=PreviewSize.PREVIEW, limit=None, monitored=()
        )  # fmt: skip

    def while_learning(self) -> "Decision":
        """Return what is done instead while the guard still learns: a client is at most marked for its behaviour.

        What the rule would have done is noted as for a rule in monitor mode.
        """
        if not self.by_conduct or self.action in MILD:
            return self
        return replace(
            self,
            action=Action.MARK,
            because=f"still learning; rule {self.rule} would {self.action}",
            monitored=(*self.monitored, self.rule),
        )

    def paused(self) -> "Decision":
        """Return what is done instead while the owner has stopped everything: nothing is, and it is noted likewise."""
        if self.action is Action.ALLOW and self.limit is None:
            return self
        return replace(
            self,
            action=Action.ALLOW,
            limit=None,
            because=f"paused by the owner; rule {self.rule} would {self.action}",
            monitored=(*self.monitored, self.rule),
        )

    def passed(self) -> "Decision":
        """Return this decision for a client that is not, or no longer, to be challenged."""
        return replace(self, action=Action.ALLOW, because=f"needs no challenge of rule {self.rule}")

    def throttled(self, because: str = "") -> "Decision":
        """Return this decision after a limit was exceeded, by default its rule's."""
        return replace(self, action=Action.THROTTLE, because=because or f"more than the limit of rule {self.rule}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsResponse:
    """The first rule that could match asks what the resource is."""

    rule: str


def decide(
    policy: Policy,
    request: RequestFacts,
    who: Classification,
    response: ResponseFacts | None,
    rules: Iterable[Rule] | None = None,
) -> Decision | NeedsResponse:
    """Return the decision of the first matching rule of `policy`.

    Args:
        rules: Those of its rules that can match, in order; by default all.
        response: What is known of the resource; None while the upstream has not answered.
            With a value (even one of kind `unknown`) the result is always a `Decision`.
    """
    monitored: list[str] = []
    for rule in policy.rules if rules is None else rules:
        if not rule.when.holds_for_request(request, who):
            continue
        if rule.when.asks_for_resource(who):
            if response is None:
                return NeedsResponse(rule=rule.id)
            if not rule.when.holds_for_resource(who, response):
                continue
        if rule.monitor:
            monitored.append(rule.id)
            continue
        return Decision(
            action=rule.action,
            rule=rule.id,
            because=rule.because,
            digest=policy.digest,
            size=rule.size,
            limit=rule.limit,
            monitored=tuple(monitored),
            status=rule.status,
            by_conduct=bool(rule.when.conduct),
            by_ticket=bool(rule.when.ticket),
        )
    raise AssertionError(f"policy {policy.name} has no rule without a condition at its end")


def _host_matches(pattern: str, host: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _inside(request: RequestFacts, networks: tuple[IPNetwork, ...]) -> bool:
    address = request.client.address
    return address is not None and any(address in network for network in networks)


def path_matches(pattern: str, path: str) -> bool:
    """Match a robots.txt path pattern in linear time.

    The path is the client's: a regular expression would let it choose the cost.
    """
    anchored = pattern.endswith("$")
    first, *pieces = (pattern[:-1] if anchored else pattern).split("*")
    if not path.startswith(first):
        return False
    if not pieces:
        return not anchored or path == first
    last = pieces.pop() if anchored else ""
    position = len(first)
    for piece in pieces:
        found = path.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return path.endswith(last) and len(path) - len(last) >= position
