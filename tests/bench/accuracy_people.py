"""How many people are wronged, and how soon is each tool seen?

Run by hand: `python tests/bench/accuracy_people.py [sessions]`. Plays the captures of people many times over, with
other pauses, left-out requests and what stands between people and the site, and shared addresses of 200; and the
captures of tools at several speeds. A picture is below full size when a client is suspect or hostile as it asks for it.
Held-out captures were not looked at while weights were chosen and are counted apart. Intervals are Wilson's, at 95 %.
"""

import random
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from guard.core.classification import Conduct
from guard.core.header_print import Front
from tests.support.captures import FULL, ORIGINALS, capture, jittered, judge, names, play
from tests.support.people import CHANGES, changed, interleaved

SHARED = 200


def wilson(hits: int, total: int) -> str:
    if not total:
        return "none"
    z, p = 1.96, hits / total
    centre, spread = p + z * z / (2 * total), z * (p * (1 - p) / total + z * z / (4 * total * total)) ** 0.5
    low, high = ((centre - spread) / (1 + z * z / total), (centre + spread) / (1 + z * z / total))
    return f"{hits}/{total} = {100 * p:.2f} % [{100 * max(0, low):.2f}, {100 * high:.2f}]"


def worst(steps) -> Conduct:
    conducts = {step.verdict.conduct for step in steps if step.kind in FULL}
    return (
        Conduct.HOSTILE
        if Conduct.HOSTILE in conducts
        else Conduct.SUSPECT
        if conducts - {Conduct.CLEAN}
        else Conduct.CLEAN
    )


def people(sessions: int) -> None:
    chance = random.Random(7)
    print("| people | sessions | ever below the full picture | ever blocked |\n|---|---|---|---|")
    totals: dict[tuple[str, bool], Counter[str]] = {}
    scenarios = [capture(name) for name in names("person")]
    judges = {front: judge(front) for front in Front}
    blamed: Counter[str] = Counter()
    for number in range(sessions):
        one = scenarios[number % len(scenarios)]
        change = chance.choice([*CHANGES, *["as captured"] * len(CHANGES)])
        front = chance.choice(list(Front))
        conduct = worst(
            play(
                changed(jittered(one, chance), CHANGES[change]),
                judges[front],
                originals=chance.choice((0, ORIGINALS, 2000)),
            )
        )
        total = totals.setdefault((change, one.held_out), Counter())
        total["sessions"] += 1
        total[conduct] += 1
        if conduct is not Conduct.CLEAN:
            blamed[f"{one.name}, {change}: {conduct}"] += 1
    for held_out in (False, True):
        both = Counter[str]()
        for change in CHANGES:
            total = totals.get((change, held_out), Counter())
            both += total
            row(f"{change}{', held out' if held_out else ''}", total)
        row(f"**all{', held out' if held_out else ''}**", both)
    print("\nwho was wronged:", *(f"\n  {count} {who}" for who, count in blamed.most_common(40)))
    shared = Counter[str]()
    for _ in range(max(1, sessions // 2000)):
        group = [jittered(chance.choice(scenarios), chance) for _ in range(SHARED)]
        keys = Counter(
            step.verdict.conduct for step in play(interleaved(group, chance), judges[Front.NGINX]) if step.kind in FULL
        )
        shared += Counter({str(key): count for key, count in keys.items()})
    print(f"\npictures asked for by {SHARED} people behind one address:", dict(shared))


def row(name: str, total: Counter[str]) -> None:
    count = total["sessions"]
    below = total[Conduct.SUSPECT] + total[Conduct.HOSTILE]
    print(f"| {name} | {count} | {wilson(below, count)} | {wilson(total[Conduct.HOSTILE], count)} |")


def first(steps, conducts: set[Conduct]) -> str:
    return str(next((step.pictures for step in steps if step.kind in FULL and step.verdict.conduct in conducts), "-"))


def tools() -> None:
    print("\nPicture at which a tool is suspect, and hostile:\n")
    print("| tool | as captured | one a minute | one in five minutes | site of 60 originals | behind nginx |")
    print("|---|---|---|---|---|---|")
    for name in names("tool"):
        one = capture(name)
        cells = []
        for slow, originals, front in (
            (0, 0, Front.DIRECT),
            (60, 0, Front.DIRECT),
            (300, 0, Front.DIRECT),
            (0, ORIGINALS, Front.DIRECT),
            (0, 0, Front.NGINX),
        ):
            requests = [
                (at + slow * number, facts, answered) for number, (at, facts, answered) in enumerate(one.requests)
            ]
            steps = list(play(requests, judge(front), originals=originals))
            cells.append(f"{first(steps, {Conduct.SUSPECT, Conduct.HOSTILE})}, {first(steps, {Conduct.HOSTILE})}")
        print(f"| {name.removeprefix('tool-')}{' (held out)' if one.held_out else ''} | {' | '.join(cells)} |")


def cost() -> None:
    judged = judge()
    requests = capture("person-slides").requests
    for _ in play(requests, judged):
        pass
    started, count = time.process_time(), 0
    for _ in range(100):
        for _ in play(requests, judged):
            count += 1
    print(f"\nlook + at_request + after_response: {(time.process_time() - started) / count * 1e6:.1f} us")


if __name__ == "__main__":
    tools()
    cost()
    people(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
