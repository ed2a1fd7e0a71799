"""What do the rules in a file say, and how do two lists of them become one policy?

The owner's rules come first, then the shipped policy's. An owner's rule with the id of a
shipped one takes its place in the order, so that changing a rule's action does not change
when it is asked. The list must end with a rule without a condition: the default is
stated, never implied.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from guard.core.classification import Conduct, HardFact, Identity, TicketState
from guard.core.crawlers import Catalogue, Purpose
from guard.core.facts import Kind
from guard.core.licence import LicenceState
from guard.core.policy import FORBIDDEN, GONE, Action, Condition, Limit, PathList, Policy, PreviewSize, Rule
from guard.errors import ConfigurationError, Fault
from guard.validation import OneOrMore, WrongValueError, YesNo, in_file_order, suggest, validate
from guard.yaml12 import Document, Path

DEFAULT_RULE = "default"

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def _rule_id(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text, re.ASCII) or len(text) > 60:
        raise WrongValueError("must be lower-case words with '-' between them, at most 60 characters")
    return text


def _path(text: str) -> str:
    if not text.startswith(("/", "*")):
        raise WrongValueError("must start with '/' or '*', as in robots.txt", f"/{text}")
    return text


def _host(text: str) -> str:
    host = text.lower()
    name = host.removeprefix("*.")
    if not re.fullmatch(r"[a-z0-9_.-]+|\[[0-9a-f:.]+\]", name):
        raise WrongValueError("must be a host name without port, or *.name for everything below it")
    return host


def _status(value: Any) -> Any:
    if value not in (FORBIDDEN, GONE) or isinstance(value, bool):
        raise WrongValueError("must be 403 (not for you) or 410 (gone)")
    return value


def _method(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]+", text):
        raise WrongValueError("must be a request method like GET")
    return text.upper()


def _networks(value: Any) -> Any:
    if not isinstance(value, str):
        raise WrongValueError("must be an address or a network like 10.0.0.0/8")
    try:
        return _network(value, strict=True)
    except ValueError:
        pass
    try:
        meant = str(_network(value, strict=False))
    except ValueError:
        raise WrongValueError("must be an address or a network like 10.0.0.0/8") from None
    raise WrongValueError("has bits set behind its prefix", meant)


def _network(text: str, *, strict: bool) -> IPv4Network | IPv6Network:
    return IPv6Network(text, strict) if ":" in text else IPv4Network(text, strict)


class Entry(BaseModel):
    """Keys that are not known are faults, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WhenEntry(Entry):
    """All that is named must hold; inside a list, any one value will do."""

    purpose: OneOrMore[Purpose] = Field(default=(), description="What the crawler collects for.")
    operator: OneOrMore[str] = Field(default=(), description="Who runs the crawler.")
    crawler: OneOrMore[str] = Field(default=(), description="Ids of the catalogue.")
    identity: OneOrMore[Identity] = Field(default=(), description="What the claim is worth.")
    conduct: OneOrMore[Conduct] = Field(default=(), description="How the client has behaved.")
    kind: OneOrMore[Kind] = Field(default=(), description="What the resource is, by its content.")
    path: OneOrMore[Annotated[str, AfterValidator(_path)]] = Field(default=(), description="Patterns as in robots.txt.")
    host: OneOrMore[Annotated[str, AfterValidator(_host)]] = Field(default=(), description="A name, or *.name.")
    method: OneOrMore[Annotated[str, AfterValidator(_method)]] = Field(default=(), description="Request methods.")
    network: OneOrMore[Annotated[IPv4Network | IPv6Network, BeforeValidator(_networks)]] = Field(
        default=(), description="Addresses and networks of clients."
    )
    fact: OneOrMore[HardFact] = Field(default=(), description="Hard facts about the request.")
    licence: OneOrMore[LicenceState] = Field(default=(), description="What the request's licence token is worth.")
    ticket: OneOrMore[TicketState] = Field(default=(), description="Whether it has looked at a page before.")
    paths_file: str = Field(default="", description="A file with whole paths, one a line: any of them.")

    @model_serializer(mode="wrap")
    def _without_empty(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # What is not asked about must not come back as an empty list, which is a fault.
        return {key: value for key, value in handler(self).items() if value}

    def condition(self, listed: PathList | None = None) -> Condition:
        """Return the same as the value that decisions are made with; `listed` is what `paths_file` holds."""
        return Condition(
            purpose=frozenset(self.purpose),
            operator=frozenset(name.casefold() for name in self.operator),
            crawler=frozenset(self.crawler),
            identity=frozenset(self.identity),
            conduct=frozenset(self.conduct),
            kind=frozenset(self.kind),
            path=self.path,
            host=self.host,
            method=frozenset(self.method),
            network=self.network,
            fact=frozenset(self.fact),
            licence=frozenset(self.licence),
            ticket=frozenset(self.ticket),
            paths_file=(listed,) if listed is not None else (),
        )


class LimitEntry(Entry):
    """A rate for one client under one rule; what exceeds it is throttled."""

    pictures: int | None = Field(default=None, ge=1, le=1_000_000, description="Count pictures only.")
    requests: int | None = Field(default=None, ge=1, le=1_000_000, description="Count every request.")
    per: Literal["second", "minute", "hour", "day"]

    @model_validator(mode="after")
    def _one_count(self) -> "LimitEntry":
        if (self.pictures is None) == (self.requests is None):
            raise WrongValueError("must name either 'pictures' or 'requests', like {pictures: 30, per: minute}")
        return self

    def limit(self) -> Limit:
        """Return the same as the value that requests are counted with."""
        return Limit(
            count=self.pictures or self.requests or 1,
            per_seconds=_SECONDS[self.per],
            pictures_only=self.pictures is not None,
        )


class RuleEntry(Entry):
    """One condition and one action, under an id that is never given to another rule."""

    id: Annotated[str, AfterValidator(_rule_id)] = Field(description="Lower-case words with - between them.")
    when: WhenEntry = Field(default=WhenEntry(), description="The condition; without one the rule always matches.")
    action: Action = Field(description="What is done, from allow to drop.")
    monitor: YesNo = Field(default=False, description="Only note what the rule would have done, and go on.")
    limit: LimitEntry | None = Field(default=None, description="A rate; what exceeds it is throttled.")
    status: Annotated[int, BeforeValidator(_status)] | None = Field(
        default=None, description="Of a refusal: 410 says that there is nothing any more. Without it 403."
    )
    size: PreviewSize | None = Field(
        default=None, description="Of a preview: display, preview (visibly marked) or thumbnail."
    )
    because: str = Field(default="", max_length=300, description="One sentence for people: why this rule is here.")

    @model_validator(mode="after")
    def _status_is_used(self) -> "RuleEntry":
        if self.status is not None and self.action is not Action.REFUSE:
            raise WrongValueError(f"has no effect on action '{self.action}'; remove it", at=("status",))
        return self

    @model_validator(mode="after")
    def _size_is_used(self) -> "RuleEntry":
        if self.size is not None and self.action not in {Action.PREVIEW, Action.MARK}:
            raise WrongValueError(f"has no effect on action '{self.action}'; remove it", at=("size",))
        return self

    @property
    def always(self) -> bool:
        """True when the rule has no condition."""
        return self.when == WhenEntry()

    def rule(self, listed: PathList | None = None) -> Rule:
        """Return the same as the value that decisions are made with; `listed` is what `paths_file` holds."""
        return Rule(
            id=self.id,
            when=self.when.condition(listed),
            action=self.action,
            monitor=self.monitor,
            limit=self.limit.limit() if self.limit else None,
            size=self.size or PreviewSize.PREVIEW,
            status=self.status or FORBIDDEN,
            because=self.because,
        )


class PolicyEntry(Entry):
    """A policy file."""

    name: str = Field(min_length=1, max_length=60, description="How the policy is called in messages.")
    about: str = Field(default="", description="What it does, for whoever chooses one.")
    rules: tuple[RuleEntry, ...] = Field(min_length=1, description="In order; the first that matches wins.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """What a policy file says."""

    name: str
    about: str
    rules: tuple[Rule, ...]


def parse_policy_file(document: Document, catalogue: Catalogue | None) -> PolicyFile:
    """Read a policy file.

    Args:
        catalogue: Names of operators and crawlers must be in it; None leaves them unchecked.

    Raises:
        ConfigurationError: With every fault, in file order; also when the last rule is not a default.
    """
    faults = name_faults(document, ("rules",), catalogue)
    entry: PolicyEntry | None = None
    try:
        entry = validate(PolicyEntry, document)
    except ConfigurationError as error:
        faults += error.faults
    if entry is not None and not (entry.rules[-1].always and not entry.rules[-1].monitor):
        last = ("rules", len(entry.rules) - 1)
        faults.append(document.fault(last, "the default is not stated; end with a rule 'default' without 'when'"))
    for index, rule in enumerate(entry.rules if entry else ()):
        if rule.when.paths_file:
            place = ("rules", index, "when", "paths_file")
            faults.append(document.fault(place, "can stand only in guard.yaml, under rules; put the rule there"))
    if faults or entry is None:
        raise ConfigurationError(in_file_order(faults))
    return PolicyFile(name=entry.name, about=entry.about, rules=tuple(rule.rule() for rule in entry.rules))


def name_faults(document: Document, path: Path, catalogue: Catalogue | None) -> list[Fault]:
    """Return the ids given twice and the names nobody knows, in the list of rules at `path`.

    Looks at the raw value, whatever else is wrong with it, so that these faults are told with all others.
    """
    faults: list[Fault] = []
    try:
        rules = document.at(path)
    except (LookupError, TypeError):
        return faults
    known: dict[str, dict[str, str]] = {}
    if catalogue is not None:
        known["crawler"] = {crawler.id: crawler.id for crawler in catalogue.crawlers}
        known["operator"] = {crawler.operator.casefold(): crawler.operator for crawler in catalogue.crawlers}
    seen: dict[str, int] = {}
    for index, rule in enumerate(rules if isinstance(rules, list) else []):
        if not isinstance(rule, dict):
            continue
        here = (*path, index)
        rule_id = rule.get("id")
        if isinstance(rule_id, str) and (first := seen.setdefault(rule_id, index)) != index:
            line = document.place((*path, first, "id"))[0]
            message = f"the id '{rule_id}' is already given in line {line}; give this rule another"
            faults.append(document.fault((*here, "id"), message))
        when = rule.get("when")
        for key, names in known.items():
            given = when.get(key) if isinstance(when, dict) else None
            places: Sequence[tuple[Path, Any]] = (
                [((*here, "when", key, place), name) for place, name in enumerate(given)]
                if isinstance(given, list)
                else [((*here, "when", key), given)]
            )
            for place, name in places:
                if isinstance(name, str) and (name.casefold() if key == "operator" else name) not in names:
                    message = f"the catalogue knows no {key} '{name}'"
                    faults.append(document.fault(place, message, suggest(name, names.values())))
    return faults


def combine(own: Sequence[Rule], shipped: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return one list: the owner's new rules in front, those with a shipped id in the shipped rule's place."""
    by_id = {rule.id: rule for rule in own}
    shipped_ids = {rule.id for rule in shipped}
    return (
        *(rule for rule in own if rule.id not in shipped_ids),
        *(by_id.get(rule.id, rule) for rule in shipped),
    )


def make_policy(name: str, rules: Sequence[Rule], catalogue: Catalogue) -> Policy:
    """Return the policy with the digest of everything that a decision depends on besides the facts.

    The digest is over what was understood, not over bytes of files: a comment changes nothing, an action does.
    """
    content = {"policy": name, "rules": list(rules), "crawlers": sorted(catalogue.crawlers, key=lambda one: one.id)}
    data = orjson.dumps(content, default=_plain, option=orjson.OPT_SORT_KEYS)
    return Policy(name=name, rules=tuple(rules), content=data, digest=hashlib.sha256(data).hexdigest())


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else str(value)
