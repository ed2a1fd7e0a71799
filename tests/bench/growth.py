"""How does the cost of a request grow with what a site has, and with who comes?

Run by hand: `python3 dev.py bench growth [CURVE…] [--quick] [--json]`. Without sockets: distinct clients, rules and
product tokens. Against a real guard with one worker before a real nginx: sites, bodies, open connections, readers that
take nothing. Each curve is flat where its last point costs at most half as much again as its first; what is not says
why. CPU is the kernel's account of the worker, so that what other programs do on the machine is not in it.
"""

import argparse
import contextlib
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_network
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    # Not the folder of this file, where a benchmark could have the name of a library's module.
    sys.path[0] = str(ROOT)

from guard.core.crawlers import Catalogue, Crawler, Purpose, RobotsStance  # noqa: E402
from guard.core.pipeline import Pipeline  # noqa: E402
from guard.core.policy import Action, Condition, Rule  # noqa: E402
from guard.core.policy_file import make_policy, parse_policy_file  # noqa: E402
from guard.store.rule_files import load_catalogue, read_policy_file, rules_root  # noqa: E402
from guard.yaml12 import load  # noqa: E402
from tests.bench.accuracy import machine  # noqa: E402
from tests.bench.accuracy_cost import Worker  # noqa: E402
from tests.bench.strangers import browser, cpu_ns, resident_kib, stranger  # noqa: E402
from tests.support.captures import capture  # noqa: E402
from tests.support.http import CHROME, connect, head  # noqa: E402
from tests.support.running import PATIENT, RunningGuard  # noqa: E402

FLAT = 1.5
PICTURE = b"\xff\xd8\xff\xe0"
NGINX = """user root; daemon off; pid {root}/pid; error_log /dev/null; events {{ worker_connections 16000; }}
http {{ access_log off; sendfile on; keepalive_requests 1000000; types {{ image/jpeg jpg; }}
server {{ listen 127.0.0.1:{port} backlog=4096; root {root}/www; }} }}"""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One step of a curve. Times in microseconds, memory in MiB."""

    size: int
    cpu: float
    p50: float
    p99: float
    mib: float
    per_byte: bool = False
    """Whether cost is to be compared by the megabyte."""

    @property
    def cost(self) -> float:
        return self.cpu / max(self.size, 1) if self.per_byte else self.cpu


def timed(work: Callable[[], object], count: int) -> tuple[float, float, float]:
    """Return CPU for one, p50 and p99 of one, in microseconds of this thread."""
    work()
    times = []
    began = time.thread_time()
    for _ in range(count):
        started = time.thread_time()
        work()
        times.append((time.thread_time() - started) * 1e6)
    whole = (time.thread_time() - began) / count * 1e6
    times.sort()
    return whole, times[count // 2], times[int(count * 0.99)]


def clients(quick: bool) -> Iterator[Point]:
    """Distinct addresses and user agents through all that a worker keeps of them."""
    worker, like = Worker(200_000), capture("person-slides").requests
    facts = next(one for _, one, _ in like if one.path.endswith(".jpg"))
    number, block = 0, 1000
    for size in (1, 1000, 10_000, 100_000) if quick else (1, 1000, 10_000, 100_000, 1_000_000):
        while number < size - block:
            worker.finish(stranger(facts, number))
            number += 1
        made = iter([stranger(facts, number + place) for place in range(block + 1)])
        number += block + 1
        cpu, p50, p99 = timed(lambda made=made: worker.finish(next(made)), block)  # type: ignore[misc]
        yield Point(size=size, cpu=cpu, p50=p50, p99=p99, mib=resident_kib() / 1024)
    worker.table.close()


def rules(quick: bool) -> Iterator[Point]:
    """Rules of an album, a network or a crawler each, before those of the shipped policy."""
    root = rules_root().path
    catalogue = load_catalogue(root)
    data, name = read_policy_file("moderate", root)
    shipped = parse_policy_file(load(data, name), catalogue).rules
    facts = next(one for _, one, _ in capture("person-slides").requests if one.path.endswith(".jpg"))
    for size in (10, 100, 1000) if quick else (10, 100, 1000, 10_000):
        conditions = (
            lambda n: Condition(path=(f"/album-{n}/*",)),
            lambda n: Condition(network=(ip_network((0x0B000000 + n * 256, 24)),)),
            lambda n: Condition(crawler=frozenset({f"crawler-{n}"})),
        )
        own = [Rule(id=f"r{n}", when=conditions[n % 3](n), action=Action.REFUSE) for n in range(size)]
        pipeline = Pipeline(catalogue, make_policy("growth", (*own, *shipped), catalogue))
        who = pipeline.classify(facts)
        cpu, p50, p99 = timed(lambda: pipeline.decide(facts, who), 2000)  # noqa: B023
        yield Point(size=size, cpu=cpu, p50=p50, p99=p99, mib=resident_kib() / 1024)


def tokens(quick: bool) -> Iterator[Point]:
    """Product tokens, against a user agent each time another."""
    for size in (10, 100, 1000) if quick else (10, 100, 1000, 10_000):
        catalogue = Catalogue(
            [
                Crawler(id=f"crawler-{n}", token=f"Pix{n:x}Fetch", operator="Pix", purpose=Purpose.AI_TRAINING,
                        robots=RobotsStance.UNKNOWN, references=(), checked=date(2026, 1, 1))
                for n in range(size)
            ]
        )  # fmt: skip
        made = iter([browser(number) for number in range(5001)])
        cpu, p50, p99 = timed(lambda: catalogue.find(next(made)), 5000)  # noqa: B023
        yield Point(size=size, cpu=cpu, p50=p50, p99=p99, mib=resident_kib() / 1024)


class Behind:
    """A real guard with one worker before a real nginx."""

    def __init__(self, scratch: Path, sizes: tuple[int, ...], sites: int = 1) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (scratch / "www").mkdir()
        scratch.chmod(0o755)
        for size in sizes:
            with (scratch / "www" / f"{size}.jpg").open("wb") as file:
                file.write(PICTURE)
                file.truncate(size)
        (scratch / "nginx.conf").write_text(NGINX.format(root=scratch, port=port))
        self._nginx = subprocess.Popen(["nginx", "-c", str(scratch / "nginx.conf")], stderr=subprocess.DEVNULL)
        names = ["photo.example", *(f"photo{number}.example" for number in range(1, sites))]
        self.guard = RunningGuard(
            scratch,
            {
                "sites": [{"host": name, "upstream": f"http://127.0.0.1:{port}"} for name in names],
                "rules": PATIENT,
                "workers": 1,
                "access_log": "off",
                "timeouts": {"connect": 5, "read": 60, "drain": 1},
            },
            120,
        )
        self.worker = self.guard.children()["guard.server.worker"]

    @property
    def mib(self) -> float:
        return int(Path(f"/proc/{self.worker}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def measure(
        self, size: int, target: str, count: int, *, per_byte: bool = False, host: str = "photo.example"
    ) -> Point:
        """Ask for the same thing on one connection."""
        times = []
        with connect(self.guard.port, 120) as connection:
            raw = head(target, agent=CHROME, host=host, close=False)

            def ask() -> None:
                connection.sendall(raw)
                take(connection)

            ask()
            before = cpu_ns(self.worker)
            for _ in range(count):
                started = time.perf_counter()
                ask()
                times.append((time.perf_counter() - started) * 1e6)
            cpu = (cpu_ns(self.worker) - before) / count / 1000
        times.sort()
        p50, p99 = statistics.median(times), times[int(count * 0.99)]
        return Point(size=size, cpu=cpu, p50=p50, p99=p99, mib=self.mib, per_byte=per_byte)

    def stop(self) -> None:
        self.guard.stop()
        self._nginx.terminate()
        self._nginx.wait(10)


def take(connection: socket.socket) -> None:
    """Read one answer and throw it away: a hundred megabytes need not be kept."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += (piece := connection.recv(65536))
        if not piece:
            raise RuntimeError("the guard closed the connection")
    top, _, rest = data.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b":", 1) for line in top.split(b"\r\n")[1:])
    if b" 200 " not in top.split(b"\r\n")[0]:
        raise RuntimeError(f"the guard answered {top[:40]!r}")
    left = int(lines[b"content-length"]) - len(rest)
    buffer = bytearray(1 << 20)
    while left > 0:
        got = connection.recv_into(buffer, min(left, len(buffer)))
        if not got:
            raise RuntimeError("the guard broke off")
        left -= got


def bodies(quick: bool) -> Iterator[Point]:
    """Bodies; per megabyte from 1 MB on."""
    sizes = (1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)[: 5 if quick else 6]
    with tempfile.TemporaryDirectory() as scratch:
        behind = Behind(Path(scratch), sizes)
        try:
            for size in sizes:
                count = max(5, min(300, 300_000_000 // (size + 300_000)))
                yield behind.measure(size, f"/{size}.jpg", count, per_byte=size >= 1_000_000)
        finally:
            behind.stop()


def sites(quick: bool) -> Iterator[Point]:
    """Sites; the last of them is asked."""
    for number in (1, 16) if quick else (1, 4, 16, 64):
        with tempfile.TemporaryDirectory() as scratch:
            behind = Behind(Path(scratch), (10_000,), sites=number)
            try:
                host = f"photo{number - 1}.example" if number > 1 else "photo.example"
                yield behind.measure(number, "/10000.jpg", 400, host=host)
            finally:
                behind.stop()


def connections(quick: bool) -> Iterator[Point]:
    """Connections that are open and say nothing, beside one that asks."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as opened:
        behind = Behind(Path(scratch), (10_000,))
        try:
            have = 0
            for size in (1, 500) if quick else (1, 100, 1000, 5000):
                while have < size - 1:
                    opened.enter_context(connect(behind.guard.port, 30))
                    have += 1
                time.sleep(1)
                yield behind.measure(size, "/10000.jpg", 400)
        finally:
            opened.close()
            behind.stop()


def slow_readers(quick: bool) -> Iterator[Point]:
    """Clients that ask for 20 MB and take nothing of it, beside one that asks for 10 KB."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as opened:
        behind = Behind(Path(scratch), (10_000, 20_000_000))
        try:
            have = 0
            for size in (1, 64) if quick else (1, 64, 500, 2000):
                while have < size - 1:
                    slow = opened.enter_context(socket.socket())
                    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    slow.connect(("127.0.0.1", behind.guard.port))
                    slow.sendall(head("/20000000.jpg"))
                    have += 1
                time.sleep(2)
                yield behind.measure(size, "/10000.jpg", 200)
        finally:
            opened.close()
            behind.stop()


CURVES: dict[str, Callable[[bool], Iterator[Point]]] = {
    "clients": clients, "rules": rules, "tokens": tokens, "sites": sites, "bodies": bodies,
    "connections": connections, "slow-readers": slow_readers,
}  # fmt: skip


def is_flat(points: list[Point]) -> bool:
    """Whether the last point costs at most half as much again as the first that is comparable with it."""
    alike = [one for one in points if one.per_byte == points[-1].per_byte]
    return alike[-1].cost <= FLAT * alike[0].cost


def table(curves: dict[str, list[Point]]) -> str:
    lines = ["| curve | size | CPU | p50 | p99 | memory | |", "|---|---|---|---|---|---|---|"]
    for name, points in curves.items():
        for one in points:
            verdict = ("flat" if is_flat(points) else "**grows**") if one is points[-1] else ""
            lines.append(
                f"| {name} | {one.size:,} | {one.cpu:,.1f} µs | {one.p50:,.1f} µs | {one.p99:,.1f} µs "
                f"| {one.mib:.0f} MiB | {verdict} |"
            )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench growth", description="Measures how cost grows.")
    parser.add_argument("curve", nargs="*", choices=[*CURVES, []], help="which; all where none is named")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller steps")
    parser.add_argument("--json", action="store_true", help="the points")
    chosen = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    curves: dict[str, list[Point]] = {}
    for name in chosen.curve or CURVES:
        for point in CURVES[name](chosen.quick):
            curves.setdefault(name, []).append(point)
            print(f"growth: {name} {point}", file=sys.stderr, flush=True)
    if chosen.json:
        print(json.dumps({"machine": machine(), "curves": {k: [vars(one) for one in v] for k, v in curves.items()}}))
    else:
        print(machine())
        print(table(curves))
    return 0 if all(is_flat(points) for points in curves.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
