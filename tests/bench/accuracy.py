"""How right is the guard about who is asking, and what does that cost?

Run by hand: `python3 dev.py bench accuracy [--quick] [--json] [--fetch] [--write]`. Prints one table: what was counted,
on which data, with Wilson's 95 % interval and the goal. It is a measurement, so it ends well whatever it finds.

  --quick   a minute instead of some minutes: fewer people, addresses and calls
  --json    everything, as JSON
  --fetch   get two lists of browsers from npm and PyPI into a scratch folder first; without it nothing is fetched
  --write   put the table into RESULTS.md, in place of the section of its name
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    # Not the folder of this file, where a benchmark could have the name of a library's module.
    sys.path[0] = str(ROOT)

from tests.bench import accuracy_claims, accuracy_cost, accuracy_strings, accuracy_visits  # noqa: E402
from tests.bench.accuracy_intervals import Result, Row  # noqa: E402

RESULTS = ROOT / "tests" / "bench" / "RESULTS.md"
NAME = "accuracy"
HEAD = ("measure", "data", "found", "95 %", "goal", "")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is played."""

    addresses: int
    """Of each kind, for each crawler."""
    sessions: int
    groups: int
    """Of 200 people behind one address."""
    calls: int


QUICK = Size(addresses=100, sessions=2000, groups=2, calls=5000)
FULL = Size(addresses=1000, sessions=10_000, groups=20, calls=20_000)


def machine() -> dict[str, Any]:
    """Return what a number depends on besides the code."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else 0.0
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def measure(size: Size, fetched: Path | None) -> Result:
    """Run every part; what a part can not do is told beside the table and stops no other."""
    parts: tuple[tuple[str, Callable[[], Result]], ...] = (
        # Time first, while nothing else has filled the memory.
        ("cost", lambda: accuracy_cost.measure(size.calls)),
        ("strings", lambda: accuracy_strings.measure(fetched)),
        ("claims", lambda: accuracy_claims.measure(size.addresses)),
        ("visits", lambda: accuracy_visits.measure(size.sessions, size.groups)),
    )
    rows: list[Row] = []
    misses: list[str] = []
    notes: list[str] = []
    for name, part in parts:
        started = time.monotonic()
        try:
            found = part()
        except ImportError as error:
            notes.append(f"skipped: {name}, {error}")
            continue
        print(f"accuracy: {name}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        rows += found.rows
        misses += found.misses
        notes += found.notes
    return Result(rows=tuple(rows), misses=tuple(misses), notes=tuple(notes))


def table(result: Result) -> str:
    """Return everything as Markdown."""
    lines = [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    for section, rows in groupby(result.rows, key=lambda row: row.section):
        lines.append(f"| **{section}** |" + " |" * (len(HEAD) - 1))
        for row in rows:
            what, data, found, between, goal, verdict = row.cells()
            shown = f"**{verdict}**" if verdict in ("missed", "not measured") else verdict
            lines.append(f"| {what} | {data} | {found} | {between} | {goal} | {shown} |")
    missed = [row for row in result.rows if row.verdict == "missed"]
    with_goal = [row for row in result.rows if row.goal is not None]
    lines.append(f"\nOf {len(with_goal)} lines with a goal {len(missed)} miss it.")
    for title, texts in (("Behind the numbers", result.misses), ("Notes", result.notes)):
        lines += [f"\n{title}:\n", *(f"- {_plain(text)}" for text in texts)] if texts else []
    return "\n".join(lines)


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def as_json(result: Result, about: dict[str, Any]) -> str:
    rows = [
        {
            "section": row.section, "measure": row.what, "data": row.data, "value": row.measured,
            "hits": row.hits if row.interval else None, "total": row.total if row.interval else None,
            "unit": "share" if row.interval else row.unit, "interval": row.interval,
            "goal": row.goal, "sense": row.sense if row.goal is not None else None, "verdict": row.verdict,
        }
        for row in result.rows
    ]  # fmt: skip
    return json.dumps({"about": about, "rows": rows, "misses": result.misses, "notes": result.notes}, indent=1)


def section(result: Result, about: dict[str, Any], command: str) -> str:
    """Return the section for RESULTS.md."""
    where = f"{about['cores']} cores, {about['memory_gib']} GiB, {about['system']}, Python {about['python']}"
    return (
        f"## {NAME}\n\n{about['date']}, {where}, load {about['load']}, {about['seconds']} s: `{command}`\n\n"
        "*Development* data were seen while tokens, rules and weights were made, so they tell how well they are "
        "covered and not how well strangers are known; *held out* ones were not looked at. *Met, unproven*: the share "
        f"reaches the goal, its interval does not.\n\n{table(result)}\n"
    )


def put(text: str, name: str, content: str) -> str:
    """Return `text` with the section `name` replaced by `content`, or with it at the end."""
    parts = text.split("\n## ")
    for index, part in enumerate(parts[1:], start=1):
        if part.split("\n", 1)[0].strip() == name:
            parts[index] = content.removeprefix("## ")
            return "\n## ".join(parts)
    return f"{text.rstrip()}\n\n{content}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench accuracy", description="Measures how right the guard is.")
    parser.add_argument("--quick", action="store_true", help="about a minute, with wider intervals")
    parser.add_argument("--json", action="store_true", help="everything, as JSON")
    parser.add_argument("--fetch", action="store_true", help="get user-agents (npm) and apify-fingerprint-datapoints")
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    chosen = parser.parse_args()
    started = time.monotonic()
    about = machine()
    with tempfile.TemporaryDirectory() as scratch:
        failed = accuracy_strings.fetch(Path(scratch)) if chosen.fetch else []
        result = measure(QUICK if chosen.quick else FULL, Path(scratch) if chosen.fetch else None)
    result = Result(rows=result.rows, misses=result.misses, notes=(*result.notes, *failed))
    about["seconds"] = round(time.monotonic() - started)
    print(as_json(result, about) if chosen.json else table(result))
    if chosen.write:
        options = [f"--{name}" for name in ("quick", "fetch") if getattr(chosen, name)]
        content = section(result, about, " ".join(["python3 dev.py bench accuracy", *options]))
        before = RESULTS.read_text(encoding="utf-8") if RESULTS.is_file() else "# What was measured\n"
        RESULTS.write_text(put(before, NAME, content), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
