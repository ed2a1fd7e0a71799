"""How soon is a tool that does not name itself seen, and how many people are wronged?

Captures of real clients, played again through `guard.core.conduct`: tools as captured, slow, with a new user agent for
every picture, from several addresses; a walk spread over 500 addresses; and thousands of people with other pauses,
with what stands between them and the site, alone and 200 behind one address. A client is *marked or harder* when it is
suspect or hostile as it asks for a picture, and *blocked* when it is hostile (as the shipped policies have it); by the
15th picture means: for that one and all that follow.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Address

from guard.core.classification import Conduct
from guard.core.facts import Kind, RequestFacts
from guard.core.header_print import Front
from guard.core.observation import Answered
from tests.bench.accuracy_intervals import Data, Result, Row, Sense
from tests.support.captures import FULL, ORIGINALS, START, Capture, capture, jittered, judge, names, play
from tests.support.people import CHANGES, changed
from tests.support.world import World

Requests = Sequence[tuple[float, RequestFacts, Answered]]

SHARED = 200
WALKERS = 500
IMPERSONATORS = ("tool-curl-cffi-chrome", "tool-curl-cffi-firefox", "tool-curl-cffi-safari")


def measure(sessions: int, groups: int) -> Result:
    """Play all tools, the distributed walk, `sessions` people alone and `groups` times 200 behind one address."""
    parts = (_tools(), _distributed(), _people(sessions), _shared(groups))
    return Result(
        rows=tuple(row for part in parts for row in part.rows),
        misses=tuple(miss for part in parts for miss in part.misses),
        notes=tuple(note for part in parts for note in part.notes),
    )


def from_address(facts: RequestFacts, number: int) -> RequestFacts:
    """Return the request as another loopback address sends it; numbers 256 apart share no /24."""
    address = IPv4Address("127.1.0.0") + number
    return replace(facts, client=replace(facts.client, address=address, peer=str(address)))


def _slow(seconds: float) -> Callable[[Requests], Requests]:
    return lambda requests: [
        (at + seconds * number, facts, answered) for number, (at, facts, answered) in enumerate(requests)
    ]


@cache
def _user_agents() -> tuple[str, ...]:
    from fake_useragent import UserAgent

    source = UserAgent(browsers=["Chrome", "Firefox", "Safari", "Edge"])
    return tuple(sorted({one["useragent"] for one in source.data_browsers}))


def _rotating(requests: Requests) -> Requests:
    chance = random.Random(4)

    def turned(facts: RequestFacts) -> RequestFacts:
        agent = chance.choice(_user_agents())
        lines = tuple((name, agent if name.lower() == "user-agent" else value) for name, value in facts.headers)
        return replace(facts, headers=lines)

    return [(at, turned(facts), answered) for at, facts, answered in requests]


def _spread(addresses: int) -> Callable[[Requests], Requests]:
    return lambda requests: [
        (at, from_address(facts, number % addresses), answered) for number, (at, facts, answered) in enumerate(requests)
    ]


def _each_spread(addresses: int) -> Callable[[Requests], Requests]:
    """Let every address take as many pictures as were captured, in turn with the others."""
    return lambda requests: [
        (at, from_address(facts, number), answered) for at, facts, answered in requests for number in range(addresses)
    ]


VARIANTS: dict[str, tuple[Callable[[Requests], Requests], Front, bool]] = {
    "as captured": (lambda requests: requests, Front.DIRECT, True),
    "behind nginx": (lambda requests: requests, Front.NGINX, True),
    "behind Caddy": (lambda requests: requests, Front.CADDY, True),
    "one a minute": (_slow(60), Front.DIRECT, True),
    "one in five minutes": (_slow(300), Front.DIRECT, True),
    "one in ten minutes": (_slow(600), Front.DIRECT, True),
    "a new user agent each time": (_rotating, Front.DIRECT, True),
    "a new user agent each time, one a minute": (lambda requests: _slow(60)(_rotating(requests)), Front.DIRECT, True),
    "from 20 addresses, each taking all (its 15th, its 30th)": (_each_spread(20), Front.DIRECT, True),
    "from 3 addresses, taking turns (the tool's 15th, 30th)": (_spread(3), Front.DIRECT, False),
}
"""How, behind what, and whether it counts for the goal: a client that took its 15th picture is a client, not a tool."""


def _tools() -> Result:
    section = "undeclared bulk image clients"
    marked, blocked = Counter[tuple[str, bool]](), Counter[tuple[str, bool]]()
    misses = []
    tools = [capture(name) for name in names("tool")]
    for variant, (change, front, _) in VARIANTS.items():
        for tool in tools:
            by = _firsts(change(tool.requests), front, per_client="each taking" in variant)
            soon, late = by[0] <= 15, by[1] <= 30
            marked[variant, tool.held_out] += soon
            blocked[variant, tool.held_out] += late
            if not (soon and late):
                said = [f"marked {_from(by[0])}"] * (not soon)
                said += [f"blocked {_from(by[1])}"] * (not late)
                misses.append(f"{tool.name}, {variant}: {', '.join(said)}")
    size = {held_out: sum(tool.held_out is held_out for tool in tools) for held_out in (False, True)}
    counted = [variant for variant, (_, _, counts) in VARIANTS.items() if counts]
    rows = []
    for what, count, goal in (("marked or harder by the 15th picture", marked, 0.95),
                              ("blocked by the 30th picture", blocked, 0.90)):  # fmt: skip
        for held_out, data in ((False, Data.DEVELOPMENT), (True, Data.HELD_OUT)):
            for title, variants in ((f"{len(counted)} ways of asking", counted), ("all ways", list(VARIANTS))):
                rows.append(
                    Row(section=section, what=f"{what}, {size[held_out]} tools, {title}", data=data, goal=goal,
                        hits=sum(count[variant, held_out] for variant in variants),
                        total=size[held_out] * len(variants))
                )  # fmt: skip
        rows += [
            Row(section=section, what=f"… {what}: {variant}", data=Data.BOTH, total=len(tools),
                hits=count[variant, False] + count[variant, True])
            for variant in VARIANTS
        ]  # fmt: skip
    note = f"tools: {', '.join(tool.name.removeprefix('tool-') + ' (held out)' * tool.held_out for tool in tools)}"
    return Result(rows=tuple(rows), misses=tuple(misses), notes=(note,))


def _from(picture: int) -> str:
    return "never for good" if picture > 10**6 else f"from picture {picture}"


def _firsts(requests: Requests, front: Front, *, per_client: bool) -> tuple[int, int]:
    """Return from which picture on a tool is marked, and blocked, for good; of several clients the latest of theirs."""
    never = 10**9
    if per_client:
        by_client: dict[str, list[tuple[float, RequestFacts, Answered]]] = {}
        for one in requests:
            by_client.setdefault(one[1].client.peer, []).append(one)
        firsts = [_firsts(own, front, per_client=False) for own in list(by_client.values())]
        return max(one for one, _ in firsts), max(one for _, one in firsts)
    marked = blocked = never
    world, pictures = World(front), 0
    for at, facts, answered in requests:
        suspect = world.ask(START + at, facts, answered).suspect
        if answered.kind in FULL:
            pictures += 1
            # What is lifted again for a later picture was no mark: a tool with many faces must not be judged by one.
            marked = min(marked, pictures) if suspect or world.conduct is not Conduct.CLEAN else never
            blocked = min(blocked, pictures) if world.conduct is Conduct.HOSTILE else never
    world.close()
    return marked, blocked


def _distributed() -> Result:
    section = f"distributed walk, {WALKERS} addresses"
    rows = []
    for what, goal, taken, originals, gap in (
        ("1 to 3 pictures each, impersonated header lines", 0.60, (1, 3), 2000, 3.0),
        ("… of a portfolio of 60", None, (1, 3), ORIGINALS, 3.0),
        ("… 4 to 6 pictures each", None, (4, 6), 2000, 3.0),
        ("… 8 to 12 pictures each", None, (8, 12), 2000, 1.0),
    ):
        hits, total = _walk(taken, originals, gap)
        rows.append(Row(section=section, what=f"{what}: degraded after the first tenth", data=Data.BOTH, hits=hits,
                        total=total, goal=goal))  # fmt: skip
    return Result(rows=tuple(rows), notes=())


def _walk(taken: tuple[int, int], originals: int, gap: float) -> tuple[int, int]:
    """Walk through a portfolio from many addresses; return how many of the last nine tenths were not given whole."""
    chance = random.Random(500)
    heads = [capture(name).requests[0][1] for name in IMPERSONATORS]
    turns = [number for number in range(WALKERS) for _ in range(chance.randint(*taken))]
    chance.shuffle(turns)
    requests, at = [], 0.0
    for picture, number in enumerate(turns):
        at += chance.expovariate(1 / gap)
        target = f"/original/a{picture % originals // 30}/p{picture % originals:04}.jpg"
        facts = replace(from_address(heads[number % len(heads)], 256 * number), target=target, path=target)
        requests.append((at, facts, Answered(kind=Kind.ORIGINAL, status=200)))
    world = World()
    degraded = []
    for at, facts, answered in requests:
        believed = world.ask(START + at, facts, answered, originals=originals)
        degraded.append(believed.suspect or world.conduct is not Conduct.CLEAN)
    world.close()
    later = degraded[len(degraded) // 10 :]
    return sum(later), len(later)


def _people(sessions: int) -> Result:
    """Play sessions; half of them as captured, half through one of the changes, behind any front server."""
    chance = random.Random(7)
    scenarios = [capture(name) for name in names("person")]
    judges = {front: judge(front) for front in Front}
    count: dict[tuple[str, bool], Counter[str]] = {}
    blamed = Counter[str]()
    for number in range(sessions):
        one = scenarios[number % len(scenarios)]
        change = chance.choice([*CHANGES, *["as captured"] * len(CHANGES)])
        front = chance.choice(list(Front))
        requests = changed(jittered(one, chance), CHANGES[change])
        found = worst(
            (step.kind, step.verdict.conduct)
            for step in play(requests, judges[front], originals=chance.choice((0, ORIGINALS, 2000)))
        )
        count.setdefault((change, one.held_out), Counter()).update(("sessions", found))
        if found is not Conduct.CLEAN:
            blamed[f"person {found}: {one.name}, {change}, {front}"] += 1
    rows = []
    for held_out, data in ((False, Data.DEVELOPMENT), (True, Data.HELD_OUT)):
        total = sum((found for (_, out), found in count.items() if out is held_out), Counter[str]())
        rows += _wronged("people", "sessions alone", total, data)
    total = sum(count.values(), Counter[str]())
    rows += _wronged("people", f"all {sessions:,} sessions alone", total, Data.BOTH)
    for change in CHANGES:
        found = count.get((change, False), Counter[str]()) + count.get((change, True), Counter[str]())
        rows.append(
            Row(section="people", what=f"… {change}: ever below the full picture", data=Data.BOTH,
                hits=found["suspect"] + found["hostile"], total=found["sessions"], sense=Sense.AT_MOST)
        )  # fmt: skip
    note = f"people: {len(scenarios)} captures, held out: {', '.join(one.name for one in scenarios if one.held_out)}"
    return Result(rows=tuple(rows), misses=tuple(f"{n} × {who}" for who, n in blamed.most_common(12)), notes=(note,))


def _shared(groups: int) -> Result:
    """Let 200 people ask from one address within half an hour, and count whom the others' doings hurt."""
    chance = random.Random(200)
    scenarios: list[Capture] = [capture(name) for name in names("person")]
    total, blamed = Counter[str](), Counter[str]()
    hurt = 0
    for _ in range(groups):
        who = [chance.choice(scenarios) for _ in range(SHARED)]
        row = []
        for person, one in enumerate(who):
            start = chance.uniform(0, 1800)
            row += [(at + start, person, facts, answered) for at, facts, answered in jittered(one, chance)]
        row.sort(key=lambda one: one[:2])
        world = World(Front.NGINX)
        seen: dict[int, list[tuple[Kind, Conduct]]] = {person: [] for person in range(SHARED)}
        for at, person, facts, answered in row:
            suspect = world.ask(START + at, facts, answered, originals=2000).suspect
            conduct = Conduct.SUSPECT if suspect and world.conduct is Conduct.CLEAN else world.conduct
            seen[person].append((answered.kind, conduct))
        world.close()
        for person, steps in seen.items():
            found = worst(steps)
            total.update(("sessions", found))
            hurt += found is not Conduct.CLEAN
            if found is not Conduct.CLEAN:
                blamed[f"person {found}, {SHARED} behind one address: {who[person].name}"] += 1
    rows = _wronged("people", f"{groups} times {SHARED} people behind one address", total, Data.BOTH)
    return Result(rows=tuple(rows), misses=tuple(f"{n} × {who}" for who, n in blamed.most_common(6)))


def worst(steps: Iterable[tuple[Kind, Conduct]]) -> Conduct:
    """Return the worst that a client was taken for as it asked for a picture."""
    found = {conduct for kind, conduct in steps if kind in FULL}
    return next((one for one in (Conduct.HOSTILE, Conduct.SUSPECT) if one in found), Conduct.CLEAN)


def _wronged(section: str, who: str, count: Counter[str], data: Data) -> list[Row]:
    hostile, below = count["hostile"], count["suspect"] + count["hostile"]
    return [
        Row(section=section, what=f"{who}: ever {what}", data=data, hits=hits, total=count["sessions"], goal=goal,
            sense=Sense.AT_MOST)
        for what, hits, goal in (("blocked", hostile, 0.0), ("below the full picture", below, 0.005))
    ]  # fmt: skip
