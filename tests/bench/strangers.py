"""What does a request cost whose user agent nobody has seen before, and what do ten million strangers?

Run by hand: `python3 dev.py bench strangers [--requests N] [--distinct N] [--write]`. First a real guard with one
worker before a small upstream, all on the loopback: blocks of requests on one connection, with a user agent that is
always the same and with one that is always new, take turns, each with the seconds after it in which commitments are
written. Then, without sockets, so many distinct clients through all
that a worker keeps of them: name, claim, conduct, answer. All times are processor time by the kernel's account, so
what other programs do on the machine is not in them.

  --requests N   in a block (1500); there are 4 blocks of each kind
  --distinct N   strangers without sockets (1,000,000, about three minutes)
  --write        put the tables into RESULTS.md, in place of the section of its name
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    # Not the folder of this file, where a benchmark could have the name of a library's module.
    sys.path[0] = str(ROOT)

from guard.core.facts import RequestFacts  # noqa: E402
from tests.bench.accuracy import RESULTS, machine, put  # noqa: E402
from tests.bench.accuracy_cost import Worker  # noqa: E402
from tests.support.captures import capture  # noqa: E402
from tests.support.http import connect, head, read_reply  # noqa: E402
from tests.support.running import PATIENT, RunningGuard  # noqa: E402
from tests.support.upstream import Servers  # noqa: E402

NAME = "strangers"
BLOCKS = 4
SETTLING = 7.0
"""Seconds after a block: what is known of new clients is committed to within a few."""
GOAL = 1.2
SLOTS = 200_000
"""As many clients as a table has by default."""
LINES = (
    ("Accept", "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Accept-Language", "de-DE,de;q=0.9,en;q=0.8"),
    ("Referer", "http://photo.example/album/"),
)


def browser(number: int) -> str:
    """Return a user agent as a browser has it, another for each number."""
    version = f"{120 + number % 37}.0.{number // 37 % 9999}.{number // 369_963}"
    return f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version} Safari/537.36"


def crawler(number: int) -> str:
    """Return one of a crawler that nobody knows."""
    return f"Mozilla/5.0 (compatible; Pix{number:x}Bot/1.0; +https://pix{number:x}.example/bot)"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One comparison."""

    name: str
    agent: Callable[[int], str]
    new_address: bool = False


KINDS = (
    Kind(name="browser", agent=browser),
    Kind(name="browser, and a new address each time", agent=browser, new_address=True),
    Kind(name="unknown crawler", agent=crawler),
)


def cpu_ns(process: int) -> int:
    """Return the processor time of a process so far, its kernel time included."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0])


class Client:
    """Asks over one connection."""

    def __init__(self, port: int) -> None:
        self._connection = connect(port)
        self._number = 0

    def block(self, kind: Kind, count: int, *, new: bool) -> None:
        """Ask `count` times, with a user agent never sent before or always the same."""
        for turn in range(count):
            self._number += new
            number = self._number if new else -1
            place = number if kind.new_address and new else turn % 20
            address = str(IPv4Address("10.0.0.0") + place)
            lines = (*LINES, ("X-Forwarded-For", address))
            self._connection.sendall(head("/display.jpg", *lines, agent=kind.agent(number), close=False))
            reply = read_reply(self._connection, "GET")
            if reply.status not in {200, 403}:
                raise RuntimeError(f"the guard answered {reply.status}")

    def close(self) -> None:
        self._connection.close()


def through_the_proxy(requests: int) -> list[tuple[str, float, float, float, float]]:
    """Return of each kind: microseconds with a known and with a new user agent, their ratio, that of all processes."""
    servers = Servers()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        good, _ = servers.start(str(Path(scratch, "unix.sock")))
        guard = RunningGuard(
            Path(scratch),
            {
                "sites": [{"host": "photo.example", "upstream": good}],
                "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.0/8"]},
                "rules": PATIENT,
                "workers": 1,
            },
        )
        worker = guard.children()["guard.server.worker"]
        everybody = [guard.process.pid, *guard.children().values()]
        client = Client(guard.port)
        for kind in KINDS:
            for new in (False, True):
                client.block(kind, requests // 4, new=new)
            time.sleep(SETTLING)
            ratios, whole = [], []
            times: dict[bool, list[float]] = {False: [], True: []}
            for block in range(BLOCKS):
                of_worker, of_all = {}, {}
                # A B, B A: whatever drifts hits both.
                for new in (False, True) if block % 2 else (True, False):
                    before = cpu_ns(worker), sum(map(cpu_ns, everybody))
                    client.block(kind, requests, new=new)
                    time.sleep(SETTLING)
                    after = cpu_ns(worker), sum(map(cpu_ns, everybody))
                    of_worker[new], of_all[new] = after[0] - before[0], after[1] - before[1]
                    times[new].append(of_worker[new] / requests / 1000)
                ratios.append(of_worker[True] / of_worker[False])
                whole.append(of_all[True] / of_all[False])
            known, strange = statistics.median(times[False]), statistics.median(times[True])
            rows.append((kind.name, known, strange, statistics.median(ratios), statistics.median(whole)))
            print(f"strangers: {rows[-1]}, ratios {min(ratios):.3f} to {max(ratios):.3f}", file=sys.stderr, flush=True)
        client.close()
        guard.stop()
    servers.stop()
    return rows


def resident_kib() -> int:
    """Return how much memory this process has in use, the part of the shared table that it has touched included."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def stranger(like: RequestFacts, number: int) -> RequestFacts:
    """Return the request of a client that shares neither address nor user agent with any other number."""
    agent = browser(number) if number % 10 else crawler(number)
    headers = tuple((name, agent if name.lower() == "user-agent" else value) for name, value in like.headers)
    address = IPv4Address("1.0.0.0") + number
    return replace(like, headers=headers, client=replace(like.client, address=address, peer=str(address)))


def without_sockets(distinct: int) -> list[tuple[int, float, float, float, float, int, int]]:
    """Return for each tenth: strangers so far, p50, p99 and p99.9 of one, p99 of a regular, memory, clients known."""
    worker = Worker(SLOTS)
    like = next(facts for _, facts, _ in capture("person-slides").requests if facts.path.endswith(".jpg"))
    regulars = [stranger(like, -number - 1) for number in range(500)]
    for _ in range(4):
        for facts in regulars:
            worker.finish(facts)
    tenth = distinct // 10
    times, friendly = array("d", bytes(8 * tenth)), array("d")
    rows = []
    for number in range(distinct):
        facts = stranger(like, number)
        started = time.thread_time()
        worker.finish(facts)
        times[number % tenth] = time.thread_time() - started
        if number % 20 == 0:
            facts = regulars[number // 20 % len(regulars)]
            started = time.thread_time()
            worker.finish(facts)
            friendly.append(time.thread_time() - started)
        if (number + 1) % tenth == 0:
            ordered, theirs = sorted(times), sorted(friendly)
            p50, p99, p999 = (ordered[int(tenth * share)] * 1e6 for share in (0.5, 0.99, 0.999))
            known = worker.table.count()
            rows.append((number + 1, p50, p99, p999, theirs[int(len(theirs) * 0.99)] * 1e6, resident_kib(), known))
            print(f"strangers: {rows[-1]}", file=sys.stderr, flush=True)
            del ordered, theirs
            friendly = array("d")
    kept = sum(worker.conduct(facts).at_hand.known.past.seen > 4 for facts in regulars)
    print(f"strangers: {kept} of {len(regulars)} regulars are still known", file=sys.stderr, flush=True)
    worker.table.close()
    return rows


def tables(proxied: list[tuple[str, float, float, float, float]],
           flood: list[tuple[int, float, float, float, float, int, int]]) -> str:  # fmt: skip
    """Return both tables as Markdown."""
    lines = [
        "| through the whole proxy, CPU of a worker | known user agent | never seen | ratio | goal | | all processes |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, known, strange, ratio, whole in proxied:
        verdict = "met" if ratio <= GOAL else "**missed**"
        lines.append(
            f"| {name} | {known:.0f} µs | {strange:.0f} µs | {ratio:.3f} | <= {GOAL} | {verdict} | {whole:.3f} |"
        )
    lines += [
        "",
        "| strangers so far | p50 | p99 | p99.9 | p99 of a regular | memory | clients known |",
        "|---|---|---|---|---|---|---|",
    ]
    for number, p50, p99, p999, regular, memory, known in flood:
        lines.append(f"| {number:,} | {p50:.0f} µs | {p99:.0f} µs | {p999:.0f} µs | {regular:.0f} µs "
                     f"| {memory / 1024:.0f} MiB | {known:,} |")  # fmt: skip
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench strangers", description="Measures what strangers cost.")
    parser.add_argument("--requests", type=int, default=1500, help="in a block")
    parser.add_argument("--distinct", type=int, default=1_000_000, help="strangers without sockets")
    parser.add_argument("--write", action="store_true", help="put the tables into RESULTS.md")
    chosen = parser.parse_args()
    about = machine()
    text = tables(through_the_proxy(chosen.requests), without_sockets(chosen.distinct))
    print(text)
    if chosen.write:
        where = f"{about['cores']} cores, {about['memory_gib']} GiB, {about['system']}, Python {about['python']}"
        options = f" --distinct {chosen.distinct}" if chosen.distinct != parser.get_default("distinct") else ""
        command = f"python3 dev.py bench strangers{options}"
        content = (
            f"## {NAME}\n\n{about['date']}, {where}, load {about['load']}: `{command}`\n\n"
            f"Medians of {BLOCKS} pairs of blocks of {chosen.requests} requests for a picture. Strangers without "
            "sockets share neither address nor user agent; every twentieth request is one of 500 regulars. Times are "
            "processor time. Memory is all of the process, what it has touched of the table of "
            f"{SLOTS:,} slots included.\n\n{text}\n"
        )
        RESULTS.write_text(put(RESULTS.read_text(encoding="utf-8"), NAME, content), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
