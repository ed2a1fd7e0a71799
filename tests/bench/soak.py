"""Does a guard that runs for long stay as large as it was, and is nothing lost whatever happens to it meanwhile?

Run by hand: `python3 dev.py bench soak [MINUTES] [--full-lane] [--json]` (30). A guard with two workers before two
small upstreams, all on the loopback: people, crawlers, an assistant, a search engine, scrapers, and clients that change
address and user agent with every request. In the first half the configuration is loaded anew each minute, the second
upstream comes and goes, and in turn a worker and the recorder are killed. Then clients ask as fast as they can, so that
what workers remember of the last hour comes to its bound. The last part is calm, so that memory, open files and threads
can be compared: each process at its beginning against its end. Afterwards the log is held against what
clients saw, and each request that failed against what had happened within the second before it.
"""

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    # Not the folder of this file, where a benchmark could have the name of a library's module.
    sys.path[0] = str(ROOT)

from tests.bench.accuracy import machine  # noqa: E402
from tests.support.causes import by_cause  # noqa: E402
from tests.support.running import PATIENT, RunningGuard, wait_until  # noqa: E402
from tests.support.strangers import Flapping, Strangers  # noqa: E402
from tests.support.told import BELIEVED, Crowd, Found, Told  # noqa: E402
from tests.support.upstream import Servers  # noqa: E402

SAMPLE_SECONDS = 5.0
FLAP_SECONDS = 7.0
FILLING = 0.2
"""Of all the time, after the half."""
MAY_GROW = 1.10
MAY_GROW_MIB = 8.0
"""A process is flat that has grown by no more than the larger of the two."""
MAY_OPEN = 8
LOADED = "the configuration was loaded"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One process at one time."""

    seconds: float
    module: str
    pid: int
    mib: float
    files: int
    threads: int


def processes(parent: int) -> dict[int, str]:
    """Return the processes of a guard, by what they run."""
    found = {parent: "supervisor"}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                if int((entry / "stat").read_text().rpartition(") ")[2].split()[1]) == parent:
                    arguments = (entry / "cmdline").read_bytes().split(b"\0")
                    found[int(entry.name)] = arguments[2].decode().rpartition(".")[2]
    return found


def own_mib(place: Path) -> float:
    """Return what a process has in memory, without the tables that all workers share: those fill up to their size."""
    lines = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
    return sum(int(lines[name].split()[0]) for name in ("RssAnon", "RssFile")) / 1024


def sample(parent: int, seconds: float) -> list[Sample]:
    rows = []
    for pid, module in processes(parent).items():
        place = Path(f"/proc/{pid}")
        with suppress(OSError):  # it has ended meanwhile
            rows.append(
                Sample(
                    seconds=seconds, module=module, pid=pid,
                    mib=own_mib(place),
                    files=len(os.listdir(place / "fd")), threads=len(os.listdir(place / "task")),
                )
            )  # fmt: skip
    return rows


def kill(parent: int, module: str) -> None:
    """Kill one process that runs this module."""
    for pid, runs in processes(parent).items():
        if runs == module:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return


def run(
    minutes: float, fast_lane: bool
) -> tuple[list[Sample], Told, Strangers, Found, dict[str, Any], Counter[tuple[str, str, str]]]:
    servers, flapping = Servers(), Flapping()
    good, _ = servers.start()
    told = Told()
    with tempfile.TemporaryDirectory() as scratch:
        guard = RunningGuard(
            Path(scratch),
            {
                "workers": 2,
                "sites": [
                    {"host": "photo.example", "upstream": good},
                    {"host": "flap.example", "upstream": f"http://127.0.0.1:{flapping.port}"},
                ],
                **BELIEVED,
                "rules": PATIENT,
                "timeouts": {"connect": 2, "read": 10, "drain": 5},
                "access_log": "off",
                "fast_lane": fast_lane,
            },
        )
        crowd, strangers = Crowd(guard.port, told, 0.05), Strangers(guard.port)
        begun = time.monotonic()
        half, end = minutes * 30, minutes * 60
        samples: list[Sample] = []
        events: list[tuple[float, str]] = []
        done: Counter[str] = Counter()
        next_flap, next_minute, killing = FLAP_SECONDS, min(60.0, half / 3), 0
        hasty: list[Crowd] = []
        try:
            while (now := time.monotonic() - begun) < end:
                samples += sample(guard.process.pid, now)
                if now < half and now >= next_flap:
                    flapping.turn()
                    next_flap += FLAP_SECONDS
                    done["turns of the upstream"] += 1
                if not hasty and half <= now < half + FILLING * end:
                    hasty += [Crowd(guard.port, told, 0.0) for _ in range(2)]
                elif hasty and now >= half + FILLING * end:
                    hasty.pop().end()
                if now < half - 20 and now >= next_minute:
                    next_minute += min(60.0, half / 3)
                    events.append((time.monotonic(), "reload"))
                    guard.process.send_signal(signal.SIGHUP)
                    done["reloads"] += 1
                    wait_until(lambda: sum(LOADED in one for one in guard.said) >= done["reloads"] or None, 60)
                    events.append((time.monotonic(), "reloaded"))
                    time.sleep(8)
                    module = ("worker", "recorder")[killing % 2]
                    events.append((time.monotonic(), f"{module} killed"))
                    kill(guard.process.pid, module)
                    done[f"{module}s killed"] += 1
                    killing += 1
                    print(f"soak: {now:.0f} s: reload, {module} killed", file=sys.stderr, flush=True)
                time.sleep(SAMPLE_SECONDS)
        finally:
            for one in (crowd, *hasty):
                one.end()
            strangers.end()
            status = guard.stop()
        done["exit status"] = status
        causes = by_cause([*told.failures, *strangers.failures], events)
        return samples, told, strangers, told.against(guard.evidence), dict(done), causes


def grown(samples: list[Sample], minutes: float) -> list[dict[str, Any]]:
    """Compare each process that lived through the calm: its first fifth against its last."""
    end = minutes * 60
    calm = end * (0.5 + FILLING)
    fifth = (end - calm) / 5
    rows = []
    last = max(one.seconds for one in samples)
    for pid in sorted({one.pid for one in samples if one.seconds == last}):
        mine = [one for one in samples if one.pid == pid]
        before = [one for one in mine if calm <= one.seconds < calm + fifth]
        after = [one for one in mine if one.seconds >= end - fifth]
        if not before or not after:
            continue

        def middle(rows: list[Sample], name: str) -> float:
            return statistics.median(getattr(one, name) for one in rows)

        row: dict[str, Any] = {"process": mine[0].module}
        for name in ("mib", "files", "threads"):
            row[name] = (middle(before, name), middle(after, name))
        first, then = row["mib"]
        row["flat"] = (
            then <= max(first * MAY_GROW, first + MAY_GROW_MIB)
            and row["files"][1] <= row["files"][0] + MAY_OPEN
            and row["threads"][1] <= row["threads"][0] + 2
        )
        rows.append(row)
    return rows


def table(rows: list[dict[str, Any]], samples: list[Sample]) -> str:
    lines = [
        "| process | memory, before and after the calm | most | open files | threads | |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        most = max(one.mib for one in samples if one.module == row["process"])
        (m1, m2), (f1, f2), (t1, t2) = row["mib"], row["files"], row["threads"]
        verdict = "flat" if row["flat"] else "**grows**"
        lines.append(
            f"| {row['process']} | {m1:.1f} → {m2:.1f} MiB | {most:.1f} MiB | {f1:.0f} → {f2:.0f} "
            f"| {t1:.0f} → {t2:.0f} | {verdict} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench soak", description="Runs a guard for long, and harms it.")
    parser.add_argument("minutes", nargs="?", type=float, default=30.0)
    parser.add_argument("--full-lane", action="store_true", help="with every request through the HTTP library")
    parser.add_argument("--json", action="store_true", help="every sample")
    chosen = parser.parse_args()
    samples, told, strangers, found, done, causes = run(chosen.minutes, not chosen.full_lane)
    rows = grown(samples, chosen.minutes)
    statuses = {who: dict(sorted(counts.items())) for who, counts in {**told.statuses, **strangers.statuses}.items()}
    flat = bool(rows) and all(row["flat"] for row in rows)
    if chosen.json:
        print(json.dumps({"machine": machine(), "samples": [vars(one) for one in samples], "grown": rows, "done": done,
                          "statuses": statuses,
                          "causes": [[*cause, count] for cause, count in causes.items()], "flat": flat,
                          "nothing_lost": found.nothing_lost}))  # fmt: skip
    else:
        print(machine(), done, sep="\n")
        print(table(rows, samples))
        for who, counts in statuses.items():
            print(f"{who}: " + ", ".join(f"{count:,} × {status or 'broken off'}" for status, count in counts.items()))
        for (what, who, how), count in causes.most_common():
            print(f"after {what}: {who}: {count:,} × {how}")
        print(f"slowest answer to a person: {told.slowest:.2f} s")
        print(
            f"log: holds={found.holds} {dict(found.kinds)}\n"
            f"of {len(told.references):,} reference codes {found.unknown} "
            f"are not on record, {found.admitted} admitted; of {told.previews:,} previews {found.unrecorded_previews} "
            f"unrecorded"
        )
        print(
            "verdict: " + ("flat" if flat else "NOT FLAT") + ", " + ("nothing lost" if found.nothing_lost else "LOST")
        )
    return 0 if flat and found.nothing_lost else 1


if __name__ == "__main__":
    sys.exit(main())
