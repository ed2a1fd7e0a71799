"""Are claims confirmed and refuted rightly, and never refuted for want of data?

Every crawler whose operator's lists are shipped, or that can be known by its host's name, is claimed from random
addresses inside of its lists, outside of them, and just beside them. Lists are taken as fetched a day ago and whole.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from guard.core.addresses import IPNetwork, is_public
from guard.core.classification import Identity
from guard.core.crawlers import Crawler, Sighting
from guard.core.facts import IPAddress
from guard.core.identity import NAMES_OFF, NAMES_PENDING, HostNames, NameState, Published, judge
from guard.core.range_lists import CLOCK_SLACK, MAX_AGE, RangeList
from guard.store.range_files import load_lists
from guard.store.rule_files import load_catalogue, load_crawler_files, rules_root
from tests.bench.accuracy_intervals import Data, Result, Row, Sense

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANSWERED = HostNames(state=NameState.ANSWERED, at=NOW)
FAILED = HostNames(state=NameState.FAILED)


def measure(addresses: int) -> Result:
    """Claim every crawler from `addresses` random addresses of each kind."""
    root = rules_root().path
    crawlers = [one for one in load_catalogue(root).crawlers if one.verifiable]
    shipped = load_lists(load_crawler_files(root)[1].ranges, root / "ranges", None).lists
    fresh = {name: replace(one, fetched_at=NOW - timedelta(days=1), complete=True) for name, one in shipped.items()}
    published = Published.of(fresh, crawlers)
    chance = random.Random(2026)
    missing, misses = [], Counter[str]()
    verified, impostor = Identity.VERIFIED, Identity.IMPOSTOR
    inside, named = Tally("inside", verified, misses), Tally("named", verified, misses)
    out, beside = Tally("outside", impostor, misses), Tally("beside", impostor, misses)
    for crawler in crawlers:
        held = [fresh[name] for name in crawler.ranges if name in fresh]
        refutable = bool(crawler.ranges or crawler.rdns) and len(held) == len(crawler.ranges)
        names = ANSWERED if crawler.rdns else NAMES_OFF
        for address in _inside(held, addresses, chance):
            inside.add(crawler, _ask(crawler, address, published, names))
        for _ in range(addresses if crawler.rdns else 0):
            host = HostNames(state=NameState.ANSWERED, confirmed=(_name(crawler, chance),), at=NOW)
            who = _ask(crawler, _anywhere(chance), published, host)
            named.add(crawler, who)
        if not refutable:
            missing.append(crawler)
            continue
        own = published.of_operator[crawler.operator]
        for address in _outside(published, own, addresses, chance):
            out.add(crawler, _ask(crawler, address, published, names))
        for address in _beside(held, published, own, chance):
            beside.add(crawler, _ask(crawler, address, published, names))
    failing = _failing(crawlers, fresh, addresses, chance)
    section, both = "impostors", inside.found + named.found
    refuted = len(crawlers) - len(missing)
    rows = (
        _row(section, "inside a list of the crawler's own hosts: verified", inside.found, verified, 1.0),
        _row(section, "host name under a mask: verified", named.found, verified, 1.0),
        _row(section, "inside, or named: impostor", both, impostor, 0.0),
        _row(section, f"outside everything of the operator ({refuted} crawlers): impostor", out.found, impostor, 1.0),
        _row(section, "one address before or behind a published prefix: impostor", beside.found, impostor, 1.0),
        *(_row(section, f"{what}: impostor", count, impostor, 0.0) for what, count in failing.items()),
        Row(
            section=section,
            what="verifiable crawlers that can be refuted with what is shipped",
            data=Data.DEVELOPMENT,
            hits=refuted,
            total=len(crawlers),
        ),
    )
    without = ", ".join(sorted({name for one in missing for name in one.ranges if name not in fresh}))
    stale = sorted(name for name, one in shipped.items() if not one.refutes(NOW))
    notes = (
        f"not refutable, because their lists are not shipped (`guard rules update` fetches them): {without}",
        f"shipped lists that are too old or incomplete to refute on {NOW:%Y-%m-%d} until refreshed: {len(stale)} of "
        f"{len(shipped)}",
        "lists with customers' hosts in them (google-user-triggered) confirm nobody and are not in the first line",
    )
    return Result(rows=rows, misses=tuple(f"{count} × {miss}" for miss, count in misses.most_common(12)), notes=notes)


def _failing(
    crawlers: list[Crawler], fresh: Mapping[str, RangeList], addresses: int, chance: random.Random
) -> dict[str, Counter[Identity]]:
    """Ask from outside while something is out of reach; a name server's answer then refutes nothing either."""
    ages = {"stale lists": MAX_AGE + timedelta(minutes=1), "lists from the future": -CLOCK_SLACK - timedelta(minutes=1)}
    lists = {what: {name: replace(one, fetched_at=NOW - age) for name, one in fresh.items()}
             for what, age in ages.items()}  # fmt: skip
    lists["incomplete lists"] = {name: replace(one, complete=False) for name, one in fresh.items()}
    lists["undated lists"] = {name: replace(one, fetched_at=None) for name, one in fresh.items()}
    lists["no list was ever fetched"] = {}
    result = {}
    some = max(1, addresses // 5)
    for what, held in lists.items():
        published, count = Published.of(held, crawlers), Counter[Identity]()
        for crawler in crawlers:
            # Without a list that was promised nothing refutes; an old list beside an answered name look-up may.
            states = [NAMES_OFF, NAMES_PENDING, FAILED, *([ANSWERED] if not held and crawler.ranges else [])]
            for names in states:
                count.update(_ask(crawler, _anywhere(chance), published, names) for _ in range(some))
        result[what] = count
    published, count = Published.of(fresh, crawlers), Counter[Identity]()
    for crawler in crawlers:
        for names in (NAMES_PENDING, FAILED):
            if crawler.rdns:
                count.update(_ask(crawler, _anywhere(chance), published, names) for _ in range(some))
    result["fresh lists, but name servers fail or are still being asked"] = count
    count = Counter[Identity]()
    for crawler in crawlers:
        for text in ("127.0.0.1", "10.1.2.3", "100.64.0.1", "192.168.7.7"):
            count[_ask(crawler, IPv4Address(text), published, ANSWERED)] += 1
        count[_ask(crawler, None, published, ANSWERED)] += 1
    result["no public address"] = count
    return result


def _ask(crawler: Crawler, address: IPAddress | None, published: Published, names: HostNames) -> Identity:
    sighting = Sighting(crawler=crawler, purpose=crawler.purpose, claimed=crawler.token)
    return judge(sighting, address, published, names, at=NOW).identity


class Tally:
    """What claims of one kind were found to be worth, and which were not what they should be."""

    def __init__(self, where: str, wanted: Identity, misses: Counter[str]) -> None:
        self.found = Counter[Identity]()
        self._where, self._wanted, self._misses = where, wanted, misses

    def add(self, crawler: Crawler, found: Identity) -> None:
        self.found[found] += 1
        if found is not self._wanted:
            self._misses[f"{crawler.id}, {self._where}: {found}"] += 1


def _inside(held: list[RangeList], count: int, chance: random.Random) -> Iterator[IPAddress]:
    prefixes = [prefix for one in held if one.own_network for prefix in one.prefixes]
    for _ in range(count if prefixes else 0):
        prefix = chance.choice(prefixes)
        yield prefix[chance.randrange(prefix.num_addresses)]


def _outside(published: Published, own: frozenset[str], count: int, chance: random.Random) -> Iterator[IPAddress]:
    """Yield public addresses, half of them of other operators' lists, where impostors like to be."""
    others = [prefix for name, one in published.lists.items() if name not in own for prefix in one.prefixes]
    found = 0
    while found < count:
        prefix: IPNetwork = chance.choice(others)
        address = prefix[chance.randrange(prefix.num_addresses)] if found % 2 else _anywhere(chance)
        if not published.addresses.lists_of(address) & own:
            found += 1
            yield address


def _beside(
    held: list[RangeList], published: Published, own: frozenset[str], chance: random.Random
) -> Iterator[IPAddress]:
    prefixes = [prefix for one in held for prefix in one.prefixes]
    for prefix in chance.sample(prefixes, min(len(prefixes), 100)):
        for address in (prefix.network_address - 1, prefix.broadcast_address + 1):
            if is_public(address) and not published.addresses.lists_of(address) & own:
                yield address


def _anywhere(chance: random.Random) -> IPAddress:
    while True:
        address: IPAddress = (
            IPv4Address(chance.getrandbits(32))
            if chance.random() < 0.7
            else IPv6Address(0x2 << 124 | chance.getrandbits(124))
        )
        if is_public(address):
            return address


def _name(crawler: Crawler, chance: random.Random) -> str:
    number = f"{chance.randrange(256)}-{chance.randrange(256)}-{chance.randrange(256)}"
    return chance.choice(crawler.rdns).replace("*", number)


def _row(section: str, what: str, count: Counter[Identity], verdict: Identity, goal: float) -> Row:
    sense = Sense.AT_LEAST if goal else Sense.AT_MOST
    hits, total = count[verdict], count.total()
    return Row(section=section, what=what, data=Data.GENERATED, hits=hits, total=total, goal=goal, sense=sense)
