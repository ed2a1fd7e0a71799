"""Which rules can match a request at all?

A list of ten thousand rules, one for an album or a network each, would be gone through with every
request: ten milliseconds. Each rule that names crawlers, networks, paths, hosts or operators is
filed under one of these instead, so that a request finds those that name what it has; the
others are always looked at. What is found still has to hold: this only leaves out what can not.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from guard.core.classification import Classification
from guard.core.facts import RequestFacts
from guard.core.policy import Condition, IPNetwork, Rule

WORTH_IT = 64
"""Rules; going through fewer costs no more than asking here."""

Place = int
REMEMBERED = 1024
"""Beliefs about clients, and the rules that hold for them."""

K = TypeVar("K")


class RuleIndex:
    """Finds rules of one list, in its order."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._clients: dict[int, tuple[Classification, tuple[Rule, ...]]] = {}
        self._always: list[Place] = []
        self._crawlers: dict[str, list[Place]] = {}
        self._operators: dict[str, list[Place]] = {}
        self._hosts: dict[str, list[Place]] = {}
        self._prefixes: dict[str, list[Place]] = {}
        self._networks: dict[tuple[int, int, int], list[Place]] = {}
        if len(self._rules) > WORTH_IT:
            for place, rule in enumerate(self._rules):
                self._file(place, rule.when)
        self._lengths = sorted({len(prefix) for prefix in self._prefixes})
        self._masks = sorted({(version, length) for version, length, _ in self._networks})

    def __repr__(self) -> str:
        return f"<RuleIndex of {len(self._rules)} rules, {len(self._always)} always looked at>"

    def candidates(self, request: RequestFacts, who: Classification) -> Iterable[Rule]:
        """Return at least those rules whose condition may hold for `request`, in order."""
        if len(self._rules) <= WORTH_IT:
            return self._of_client(who)
        places = [
            *self._crawlers.get(who.crawler.id if who.crawler else "", ()),
            *self._operators.get(who.operator.casefold(), ()),
            *self._hosts.get(request.host, ()),
        ]
        path = request.path
        for length in self._lengths:
            if length > len(path):
                break
            places += self._prefixes.get(path[:length], ())
        if self._masks and (address := request.client.address) is not None:
            number, bits = int(address), address.max_prefixlen
            for version, length in self._masks:
                if version == address.version:
                    places += self._networks.get((version, length, number >> (bits - length)), ())
        if not places:
            return [self._rules[place] for place in self._always]
        return [self._rules[place] for place in sorted({*self._always, *places})]

    def _of_client(self, who: Classification) -> tuple[Rule, ...]:
        """Return the rules that hold for a client, whatever it asks for; of most people the same is believed."""
        found = self._clients.get(id(who))  # nobody else has this id while `who` is kept with it
        if found is None:
            if len(self._clients) >= REMEMBERED:
                self._clients.clear()
            rules = tuple(rule for rule in self._rules if rule.when.holds_for_client(who))
            found = self._clients[id(who)] = who, rules
        return found[1]

    def _file(self, place: Place, when: Condition) -> None:
        prefixes = {_literal(pattern) for pattern in when.path}
        if when.crawler:
            _add(self._crawlers, when.crawler, place)
        elif when.network:
            _add(self._networks, map(_key, when.network), place)
        elif prefixes and "" not in prefixes:
            _add(self._prefixes, prefixes, place)
        elif when.host and not any(host.startswith("*.") for host in when.host):
            _add(self._hosts, when.host, place)
        elif when.operator:
            _add(self._operators, when.operator, place)
        else:
            self._always.append(place)


def _literal(pattern: str) -> str:
    """Return what every path that matches begins with, see `guard.core.policy.path_matches`."""
    return pattern.removesuffix("$").partition("*")[0]


def _key(network: IPNetwork) -> tuple[int, int, int]:
    number = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
    return network.version, network.prefixlen, number


def _add(filed: dict[K, list[Place]], keys: Iterable[K], place: Place) -> None:
    for key in keys:
        filed.setdefault(key, []).append(place)
