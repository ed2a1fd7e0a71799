"""How long does it take to replay a log, and how much memory?

Run by hand: `python tests/bench/replay.py [lines] [format]`. Writes a log of invented visitors, a
million lines by default, as a busy gallery's would be (most requests by browsers of which
there are thousands, some by crawlers, some by strangers with a new user agent each time),
and replays it in a process of its own.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from guard.store.rule_files import load_catalogue, rules_root

START = datetime(2026, 11, 1, tzinfo=UTC)
BROWSERS = 4000
ADDRESSES = 50_000


def user_agents(chance: random.Random) -> tuple[list[str], list[str]]:
    browsers = [
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.{build}.0"
        f" Safari/537.36"
        for major, build in ((chance.randint(90, 144), chance.randint(1000, 9999)) for _ in range(BROWSERS))
    ]
    crawlers = [
        f"Mozilla/5.0 (compatible; {one.token}/1.{chance.randint(0, 9)}; +https://crawler.example/about)"
        for one in load_catalogue(rules_root().path).crawlers
    ]
    return browsers, crawlers


def write(path: Path, lines: int, form: str) -> None:
    chance = random.Random(7)
    browsers, crawlers = user_agents(chance)
    at = START
    with path.open("w") as file:
        for number in range(lines):
            at += timedelta(seconds=chance.expovariate(1 / 2))
            kind = chance.random()
            if kind < 0.75:
                agent = chance.choice(browsers)
            elif kind < 0.97:
                agent = chance.choice(crawlers[:40])
            elif kind < 0.99:
                agent = chance.choice(crawlers)
            else:
                agent = f"Stranger{number}Bot/1.0 (+https://stranger{number}.example)"
            picture = chance.random() < 0.8
            name = f"photo-{int(chance.paretovariate(1.1))}.jpg" if picture else "index.html"
            target = f"/album/{chance.randint(1, 300)}/{name}"
            number_of = chance.randint(1, ADDRESSES)
            address = f"203.{number_of >> 16 & 255}.{number_of >> 8 & 255}.{number_of & 255}"
            status = 200 if chance.random() < 0.9 else 304
            size = chance.randint(20_000, 900_000) if status == 200 else 0
            if form == "nginx":
                value = {
                    "time_iso8601": at.isoformat(timespec="seconds"), "remote_addr": address, "status": str(status),
                    "request": f"GET {target} HTTP/1.1", "body_bytes_sent": str(size), "http_user_agent": agent,
                    "http_referer": "", "sent_http_content_type": "image/jpeg" if picture else "text/html",
                }  # fmt: skip
                file.write(json.dumps(value) + "\n")
            else:
                stamp = at.strftime("%d/%b/%Y:%H:%M:%S +0000")
                file.write(f'{address} - - [{stamp}] "GET {target} HTTP/1.1" {status} {size} "-" "{agent}"\n')


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    form = sys.argv[2] if len(sys.argv) > 2 else "combined"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "access.log")
        write(path, lines, form)
        started = time.perf_counter()
        ended = subprocess.run(
            [sys.executable, "-m", "guard", "replay", str(path), "--json"], capture_output=True, check=True
        )
        took = time.perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        megabytes = path.stat().st_size / 1e6
    found = json.loads(ended.stdout)
    cpu = used.ru_utime + used.ru_stime
    print(
        f"{lines:,} lines of {form}, {megabytes:.0f} MB: {took:.1f} s, {cpu:.1f} s CPU, {cpu / lines * 1e6:.1f} µs each"
    )
    print(f"peak memory {used.ru_maxrss / 1024:.0f} MiB, machine's load {os.getloadavg()[0]:.1f}")
    pictures, skipped = found["total"]["pictures"], found["files"][0]["skipped"]
    print(f"{len(found['crawlers'])} crawlers, {pictures:,} pictures, {skipped} skipped")


if __name__ == "__main__":
    main()
