"""What is left of a front server's own rate when it asks the guard about every request?

Run by hand: `python3 dev.py bench decisions [--seconds N] [--rounds N] [--json]`. nginx (`auth_request`, hand-over) and
HAProxy (SPOE) on one core together with the guard that they ask; the upstream and wrk on the other. Each front alone
and each front asking take turns; what is kept is the rate of the one by that of the other, the median of the rounds,
and likewise in processor time of front and guard together. Every question reaches the guard, but in the rows `kept`:
there nginx has kept the answers about 4,000 people (`decisions.cache_seconds`), who take turns in asking again.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    # Not the folder of this file, where a benchmark could have the name of a library's module.
    sys.path[0] = str(ROOT)

from tests.bench.proxy import IMAGES_OFF, PERSON, RULES, load, picture  # noqa: E402
from tests.support.proxies import Program, Proxies  # noqa: E402

SIZES = {"10k": 10_000, "200k": 200_000}
FRONTS = ("nginx", "haproxy", "nginx kept")


def measure(
    front: Program, asked: Program | None, path: str, seconds: int, turn: int, *, at_once: int
) -> tuple[float, float, float]:
    """Return requests a second, and microseconds a request of the front and of the guard that it asks."""
    before = front.used().cpu_ns, asked.used().cpu_ns if asked else 0
    told = load(front, path, PERSON, seconds, turn, at_once=at_once)
    after = front.used().cpu_ns, asked.used().cpu_ns if asked else 0
    if told["refused"] or told["broken"]:
        raise SystemExit(f"{front.name}: {told['refused']} refused, {told['broken']} broken of {told['requests']}")
    count = max(told["requests"], 1)
    spent = [(late - early) / count / 1000 for early, late in zip(before, after, strict=True)]
    return count / told["us"] * 1e6, spent[0], spent[1]


def run(seconds: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return for each front and size what is kept, and what a decision costs."""
    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as scratch, Proxies(Path(scratch), core=0, other=1) as proxies:
        proxies.start_upstream({f"{name}.jpg": picture(size) for name, size in SIZES.items()})
        decisions = {"listen": f"unix:{scratch}/http.sock", "spoe": f"unix:{scratch}/spoe.sock", "cache_seconds": 60}
        settings = {"workers": 1, "rules": RULES, "in_image": IMAGES_OFF, "decisions": decisions}
        guard = proxies.start_guard("guard", settings)
        sockets = {"nginx": Path(scratch, "http.sock"), "haproxy": Path(scratch, "spoe.sock")}
        alone = {name: proxies.start(name) for name in sockets}
        asking = {name: proxies.start_asking(name, sockets[name]) for name in sockets}
        asking["nginx kept"] = proxies.start_asking("nginx", sockets["nginx"], keeps=True)
        for turn in range(rounds + 1):
            for name in FRONTS:
                plain = alone[name.partition(" ")[0]]
                if plain is None:
                    raise SystemExit(f"{name} is needed for this")
                at_once = 1 if name.endswith("kept") else 20
                for size in SIZES:
                    path = f"/{size}.jpg"
                    rate, spent, _ = measure(plain, None, path, seconds, turn, at_once=at_once)
                    if at_once == 1:
                        load(asking[name], path, PERSON, seconds, turn, at_once=at_once)
                    asked_rate, front, decision = measure(asking[name], guard, path, seconds, turn, at_once=at_once)
                    if turn:  # the first one warms
                        cell = {
                            "kept": asked_rate / rate, "kept_cpu": spent / (front + decision),
                            "rate": rate, "asking_rate": asked_rate, "front_us": front, "guard_us": decision,
                        }  # fmt: skip
                        found.setdefault(f"{name}_{size}", []).append(cell)
    return {
        name: {key: round(statistics.median(one[key] for one in cells), 3) for key in cells[0]}
        for name, cells in found.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench decisions", description="Measures fronts that ask the guard.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    cells = run(options.seconds, options.rounds)
    if options.json:
        print(json.dumps(cells))
        return 0
    print("| front, size | kept | in CPU | alone a second | asking | front µs | guard µs |")
    print("|---|---|---|---|---|---|---|")
    for name, cell in cells.items():
        print(
            f"| {name} | {cell['kept']:.2f} | {cell['kept_cpu']:.2f} | {cell['rate']:,.0f} | "
            f"{cell['asking_rate']:,.0f} | {cell['front_us']:.0f} | {cell['guard_us']:.0f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
