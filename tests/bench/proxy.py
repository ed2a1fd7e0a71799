"""What does a request cost a proxy, beside other proxies?

Run by hand: `python3 dev.py bench proxy [--quick] [--json] [--seconds N] [--rounds N] [--only NAME…]`. One upstream
(nginx, sendfile), 64 connections of wrk that send what a browser sends, every visitor from an address of its own. What
is measured has one core, the upstream and wrk the other. The programs take turns within one run, in the other direction
every second round. A ratio is the median of those of the rounds, in processor time of all processes of a program by the
kernel's account: over 1 where the guard is cheaper: what else runs on the machine, and how fast it is, is not in it.
The guard classifies, decides and keeps evidence; pictures pass as they are, unless the row says otherwise. It has its
fast lane on; `full lane` is the same without.

Anubis has its own policy and a visitor who has passed; go-away a policy of three rules that lets pictures pass.
Which of the others are not on the PATH (`nginx`, `haproxy`, `caddy`, `go`, `anubis`, `go-away`) are left out.
"""

import argparse
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    # Not the folder of this file, where a benchmark could have the name of a library's module.
    sys.path[0] = str(ROOT)

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from tests.support.anubis import cookies_of_one_who_passed  # noqa: E402
from tests.support.http import CHROME, GPTBOT  # noqa: E402
from tests.support.proxies import Program, Proxies  # noqa: E402

PERSON = {
    "User-Agent": CHROME,
    "Accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-US,en;q=0.9",
    "Referer": "http://127.0.0.1/gallery/spring/",
    "Sec-Fetch-Dest": "image",
    "Sec-Fetch-Mode": "no-cors",
    "Sec-Fetch-Site": "same-origin",
    "Cookie": "sid=3f6b0f4e1c2d4a5b9c8d7e6f",
}
CRAWLER = {"User-Agent": GPTBOT, "Accept": "*/*"}
SIZES = {"10k": 10_000, "200k": 200_000, "3m": 3_000_000}
OTHERS = ("nginx", "haproxy", "caddy", "go", "anubis", "go-away")
GUARDS: dict[str, dict[str, Any]] = {
    "guard": {"fast_lane": True},
    "full lane": {"fast_lane": False},
}
IMAGES_OFF = {"rights": "no", "privacy": "keep"}
RULES = [
    {"id": "bench-marked", "when": {"path": "/marked.jpg"}, "action": "mark"},
    # A site behind an address that asks so often would be told apart from people by that alone.
    {"id": "bulk-marked", "when": {"conduct": "suspect"}, "action": "allow"},
    {"id": "bulk-refused", "when": {"conduct": "hostile"}, "action": "allow"},
]


@dataclass(frozen=True)
class Sample:
    """One program at one task in one round."""

    cpu_us: float
    """For a request."""
    rate: float
    p50_us: float
    p99_us: float
    faults: float
    """For a request."""
    rss: float
    """MiB, of all processes."""
    refused: int
    broken: int


def picture(size: int) -> bytes:
    """Return a JPEG of `size` bytes."""
    out = io.BytesIO()
    noise = np.random.default_rng(5).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    Image.fromarray(noise).save(out, "JPEG", quality=60)
    data = out.getvalue()
    scan = data.index(b"\xff\xda")
    missing = size - len(data)
    filling = b""
    while missing > 4:
        length = min(missing - 2, 65535)
        filling += b"\xff\xfe" + length.to_bytes(2, "big") + b"c" * (length - 2)
        missing -= length + 2
    return data[:scan] + filling + data[scan:]


def load(
    program: Program, path: str, headers: dict[str, str], seconds: int, turn: int, *, at_once: int = 20
) -> dict[str, int]:
    """Let wrk ask one program for one thing, each visitor so often before the next of 4,000 has its turn."""
    lines = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = [
        "taskset", "-c", "1", "wrk", "-t1", "-c64", f"-d{seconds}s", "--timeout", "20s",
        "-s", str(ROOT / "tests" / "bench" / "proxy.lua"), *lines, f"http://127.0.0.1:{program.port}{path}",
        "--", str(turn), str(at_once),
    ]  # fmt: skip
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[str, int] = json.loads(out.splitlines()[-1])
    return found


def measure(program: Program, path: str, headers: dict[str, str], seconds: int, turn: int) -> Sample:
    before = program.used()
    told = load(program, path, headers, seconds, turn)
    after = program.used()
    requests = max(told["requests"], 1)
    return Sample(
        cpu_us=(after.cpu_ns - before.cpu_ns) / requests / 1000,
        rate=requests / told["us"] * 1e6,
        p50_us=told["p50"],
        p99_us=told["p99"],
        faults=(after.faults - before.faults) / requests,
        rss=after.rss / (1 << 20),
        refused=told["refused"],
        broken=told["broken"],
    )


def run(seconds: int, rounds: int, only: list[str], among: Collection[str] = ()) -> dict[tuple[str, str], list[Sample]]:
    """Return the samples of each program at each task (`among` these, or all), one a round."""
    files = {f"{name}.jpg": picture(size) for name, size in SIZES.items()}
    y, x = np.mgrid[0:800, 0:1200].astype(np.float32)
    scene = 128 + 60 * np.sin(x / 90) + 50 * np.cos(y / 70) + np.random.default_rng(1).normal(0, 6, (800, 1200))
    out = io.BytesIO()
    Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8)).convert("RGB").save(out, "JPEG", quality=90)
    files["marked.jpg"] = out.getvalue()
    tasks: dict[str, tuple[str, dict[str, str], Collection[str]]] = {
        **{name: (f"/{name}.jpg", PERSON, (*OTHERS, *GUARDS)) for name in SIZES},
        "refused": ("/10k.jpg", CRAWLER, ("anubis", *GUARDS)),
        "marked": ("/marked.jpg", {"User-Agent": "python-requests/2.32.3"}, GUARDS),
    }
    tasks = {name: task for name, task in tasks.items() if not among or name in among}
    samples: dict[tuple[str, str], list[Sample]] = {}
    with tempfile.TemporaryDirectory() as scratch, Proxies(Path(scratch), core=0, other=1) as proxies:
        proxies.start_upstream(files)
        wanted = [name for name in (*OTHERS, *GUARDS) if not only or name in only]
        programs = []
        for name in wanted:
            settings = {"workers": 1, "rules": RULES, "in_image": IMAGES_OFF, **GUARDS.get(name, {})}
            program = proxies.start_guard(name, settings) if name in GUARDS else proxies.start(name)
            if program is not None:
                programs.append(program)
        passes = {one.name: cookies_of_one_who_passed(one.port, PERSON) for one in programs if one.name == "anubis"}
        for program in programs:
            for path, headers, asked in tasks.values():
                if program.name in asked:
                    for _ in range(20):
                        # The first marked copies are there when their picture has been worked on.
                        if (
                            not load(program, path, _with_pass(headers, passes.get(program.name)), 1, 0)["refused"]
                            or path != "/marked.jpg"
                        ):
                            break
        for turn in range(1, rounds + 1):
            for task, (path, headers, asked) in tasks.items():
                for program in programs if turn % 2 else programs[::-1]:
                    if program.name in asked:
                        sample = measure(program, path, _with_pass(headers, passes.get(program.name)), seconds, turn)
                        samples.setdefault((program.name, task), []).append(sample)
    return samples


def _with_pass(headers: dict[str, str], cookies: str | None) -> dict[str, str]:
    if cookies is None or "Cookie" not in headers:
        return headers
    return {**headers, "Cookie": f"{headers['Cookie']}; {cookies}"}


def ratios(samples: dict[tuple[str, str], list[Sample]]) -> dict[str, float]:
    """Return how many times the processor time of the guard each of the others needs."""
    found = {}
    for (name, task), theirs in samples.items():
        ours = samples.get(("guard", task))
        if name == "guard" or not ours:
            continue
        each = [a.cpu_us / b.cpu_us for a, b in zip(theirs, ours, strict=True)]
        found[f"{name}_{task}_cpu"] = round(statistics.median(each), 3)
    return found


def median(samples: list[Sample]) -> dict[str, float]:
    values = [asdict(one) for one in samples]
    return {key: round(statistics.median(one[key] for one in values), 2) for key in values[0]}


def table(cells: dict[str, dict[str, dict[str, float]]], found: dict[str, float]) -> None:
    """Print what was measured."""
    for task, programs in cells.items():
        print(f"\n| {task} | CPU µs | guard is cheaper by | a second | p50 ms | p99 ms | faults | RSS MiB |")
        print("|---|---|---|---|---|---|---|---|")
        for name, cell in programs.items():
            ratio = found.get(f"{name}_{task}_cpu")
            print(
                f"| {name} | {cell['cpu_us']:.0f} | {f'{ratio:.2f}×' if ratio else ''} | {cell['rate']:,.0f} "
                f"| {cell['p50_us'] / 1000:.2f} | {cell['p99_us'] / 1000:.1f} | {cell['faults']:.2f} "
                f"| {cell['rss']:.0f} |"
            )


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench proxy", description="Measures proxies beside each other.")
    parser.add_argument("--quick", action="store_true", help="in under a minute")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=3, help="of each program at each task in each round")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("bench proxy: wrk is needed for this: apt-get install wrk", file=sys.stderr)
        return 2
    if (os.cpu_count() or 1) < 2:
        print("bench proxy: two cores are needed, one for what is measured", file=sys.stderr)
        return 2
    seconds, rounds = (1, 1) if options.quick else (options.seconds, options.rounds)
    samples = run(seconds, rounds, options.only)
    found = ratios(samples)
    cells: dict[str, dict[str, dict[str, float]]] = {}
    for (name, task), values in samples.items():
        cells.setdefault(task, {})[name] = median(values)
    wrong = sum(one.broken for values in samples.values() for one in values)
    wrong += sum(one.refused for (_, task), values in samples.items() if task != "refused" for one in values)
    if options.json:
        print(json.dumps({"ratios": found, "cells": cells, "wrong": wrong}))
    else:
        table(cells, found)
        print(f"\n{rounds} rounds of {seconds} s; {wrong} answers were not what they should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
