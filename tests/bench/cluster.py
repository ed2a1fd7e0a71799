"""What does it cost to share with other guards, and how exact is it? Run: `python3 dev.py bench cluster`.

Starts its own Valkey and PostgreSQL on unix sockets. Rounds with and without alternate: the machine may be busy.
"""

import asyncio
import http.client
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from guard.core import behaviour
from guard.core.policy import Limit
from guard.exporter.metrics import Metrics
from guard.server.limits import Limiter
from guard.server.shared_limits import SharedLimiter
from guard.server.shared_past import EVERY, SharedPast
from guard.store.clients import ClientTable, Standing
from guard.store.indexed_records import opened
from guard.store.record_filter import Filter, matching
from guard.store.valkey import TAKE, Valkey
from tests.support.captures import START, capture, judge, rules
from tests.support.clusters import SECRET, PostgresqlServer, ValkeyServer, until
from tests.support.evidence import AT, open_log, request_entry
from tests.support.indexes import take_in
from tests.support.running import PATIENT, RunningGuard
from tests.support.upstream import Servers

THIRTY = Limit(count=30, per_seconds=60, pictures_only=False)
PLENTY = Limit(count=1_000_000, per_seconds=3600, pictures_only=False)


def tell(name: str, value: str) -> None:
    """Print one row."""
    print(f"| {name} | {value} |", flush=True)


def spread(seconds: Sequence[float], unit: float = 1e6, word: str = "µs") -> str:
    """Return median and 99th of a hundred."""
    ordered = sorted(seconds)
    return (
        f"p50 {statistics.median(ordered) * unit:.1f} {word}, p99 {ordered[len(ordered) * 99 // 100] * unit:.1f} {word}"
    )


def shared(valkey: ValkeyServer, shares: int = 3) -> SharedLimiter:
    """Return a limiter of one worker."""
    return SharedLimiter(Valkey(valkey.url), SECRET, shares=shares, report=Metrics().cluster_part("limits"))


async def takes(limiter: Limiter, count: int = 20_000) -> list[float]:
    """Return how long each of many decisions took, of 500 clients; the loop runs in between."""
    found = []
    for number in range(count):
        began = time.perf_counter()
        limiter.take("r", f"192.0.2.{number % 500}", PLENTY, time.monotonic())
        found.append(time.perf_counter() - began)
        if number % 20 == 0:
            await asyncio.sleep(0)
    return found


async def of_decisions(valkey: ValkeyServer) -> None:
    """Measure what a decision waits."""
    one = shared(valkey)
    one.start()
    await until(lambda: not one.away)
    await takes(one, 2000)
    tell("a decision, alone", spread(await takes(Limiter())))
    tell("a decision, shared", spread(await takes(one)))
    valkey.hold()
    began = time.monotonic()
    found = await takes(one, 5000)
    await until(lambda: one.away)
    tell("… while Valkey hangs", spread(found))
    tell("… until the guard goes by its own share", f"{(time.monotonic() - began) * 1e3:.0f} ms")
    valkey.go_on()
    began = time.monotonic()
    await until(lambda: not one.away)
    tell("… and back, once Valkey answers", f"{(time.monotonic() - began) * 1e3:.0f} ms")
    await one.stop()
    store = Valkey(valkey.url)
    calls = [(f"k{number}", (0, 1000)) for number in range(500)]
    began = time.perf_counter()
    for _ in range(40):
        await store.run(TAKE, calls)
    tell("allowances told, 500 in a round trip", f"{20_000 / (time.perf_counter() - began):,.0f} a second")
    found = []
    for number in range(2000):
        began = time.perf_counter()
        await store.run(TAKE, [(f"k{number % 500}", (0, 1000))])
        found.append(time.perf_counter() - began)
    tell("… one in a round trip (nobody waits for it)", spread(found))
    await store.close()


async def of_error(valkey: ValkeyServer) -> None:
    """Measure how much more than its allowance of 30 a client gets that goes round three guards."""
    for rate in (20, 100, 500, 2000):
        three = [shared(valkey) for _ in range(3)]
        for one in three:
            one.start()
        await until(lambda: not any(one.away for one in three))  # noqa: B023  # of this round
        began, passed, number = time.monotonic(), 0, 0
        while number < max(90, rate):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            passed += three[number % 3].take("r", f"client {rate}", THIRTY, time.monotonic()) == 0
            number += 1
        lasted = time.monotonic() - began
        tell(f"at {rate} requests a second: passed of 30", f"{passed}, of which {lasted / 2:.1f} came back meanwhile")
        for one in three:
            await one.stop()
    three = [shared(valkey) for _ in range(3)]
    for one in three:
        one.start()
    await until(lambda: not any(one.away for one in three))
    passed = sum(three[number % 3].take("r", "at once", THIRTY, time.monotonic()) == 0 for number in range(300))
    tell("300 in the same instant: passed of 30", f"{passed}, the worst that there is")
    for one in three:
        await one.stop()


def rounds(valkey: ValkeyServer) -> None:
    """Measure whole requests, through a guard by itself and through one that shares."""
    servers = Servers()
    good, _ = servers.start()
    rule = {"id": "much", "when": {"path": "/"}, "action": "allow", "limit": {"requests": 1_000_000, "per": "hour"}}
    cluster = {"cluster": {"valkey": {"url": valkey.url, "secret": SECRET, "guards": 3}}}
    with tempfile.TemporaryDirectory() as folder:
        guards = []
        for name, more in (("alone", {}), ("shared", cluster)):
            (Path(folder) / name).mkdir()
            site = {"sites": [{"host": "*", "upstream": good}], "rules": [rule, *PATIENT]}
            guards.append(RunningGuard(Path(folder) / name, {**site, **more}))
        time.sleep(3)
        found: dict[str, list[float]] = {"alone": [], "shared": []}
        for _ in range(6):
            for name, guard in zip(found, guards, strict=True):
                found[name] += requests(guard.port, 500)
        for name, times in found.items():
            tell(f"a whole request, {name}", spread(times, 1e3, "ms"))
        valkey.hold()
        tell("… shared, while Valkey hangs", spread(requests(guards[1].port, 1500), 1e3, "ms"))
        valkey.go_on()
        for guard in guards:
            guard.stop()
    servers.stop()


def requests(port: int, count: int) -> list[float]:
    """Return how long requests took, one after the other on one connection."""
    connection, found = http.client.HTTPConnection("127.0.0.1", port, timeout=30), []
    for _ in range(count):
        began = time.perf_counter()
        connection.request("GET", "/thumb.jpg", headers={"Host": "photo.example", "User-Agent": "bench"})
        connection.getresponse().read()
        found.append(time.perf_counter() - began)
    connection.close()
    return found


def a_past() -> bytes:
    """Return what is known of a client after 30 requests."""
    judged, record = judge(), None
    for after, facts, answered in capture("tool-curl").requests[:30]:
        seen = judged.look(facts, START + after)
        record, _ = judged.at_request(record, seen)
        record, _ = judged.after_response(record, seen, answered)
    assert record is not None
    return record


async def of_pasts(valkey: ValkeyServer) -> None:
    """Measure what it takes to share clients' past, and how soon another guard knows it."""
    state = a_past()

    def put(table: ClientTable, number: int, record: bytes) -> None:
        table.update(number.to_bytes(16, "little"), lambda _: (record, Standing.NOTED, None))

    tables = [ClientTable.create(200_000, layout=behaviour.VERSION) for _ in range(2)]
    stores = [Valkey(valkey.url, patience=5.0) for _ in tables]
    one, other = (SharedPast(table, store, SECRET, rules()) for table, store in zip(tables, stores, strict=True))
    for number in range(2000):
        put(tables[0], number, state)
    began = time.process_time(), time.perf_counter()
    await one.look()
    tell("2,000 new clients told", f"{(time.process_time() - began[0]) / 2000 * 1e6:.0f} µs of a core each")
    for number in range(2000):
        put(tables[1], number, state)
    began = time.process_time(), time.perf_counter()
    await other.look()
    tell("2,000 clients merged", f"{(time.process_time() - began[0]) / 2000 * 1e6:.0f} µs of a core each")
    await one.look()
    for number in range(2000, 200_000):
        put(tables[0], number, state)
    list(tables[0].since(0))
    later, began_at = time.monotonic_ns(), time.process_time()
    list(tables[0].since(later))
    tell("a look through a full table, nothing new", f"{(time.process_time() - began_at) * 1e3:.0f} ms of a core")

    small = [ClientTable.create(1000, layout=behaviour.VERSION) for _ in range(2)]
    pasts = [SharedPast(table, store, SECRET, rules()) for table, store in zip(small, stores, strict=True)]
    over = asyncio.Event()

    async def keep(past: SharedPast) -> None:
        while not over.is_set():
            await past.look()
            await asyncio.sleep(EVERY)

    keeping = [asyncio.create_task(keep(past)) for past in pasts]
    delays, number = [], 1_000_000
    for _ in range(30):
        number += 1
        put(small[0], number, state)
        put(small[1], number, state)
        key = number.to_bytes(16, "little")
        began_at = time.monotonic()
        while any(behaviour.Past.from_bytes(one.get(key), 0).seen < 60 for one in small):  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        delays.append(time.monotonic() - began_at)
        await asyncio.sleep(0.05)
    tell("until both know what both have seen", spread(delays, 1e3, "ms"))
    over.set()
    await asyncio.gather(*keeping)
    for table in (*tables, *small):
        table.close()
    for store in stores:
        await store.close()


def of_index(postgresql: PostgresqlServer, count: int = 50_000) -> None:
    """Measure how fast a log is taken in, and how much sooner a question is answered."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        log = open_log(root)
        for start in range(0, count, 500):
            log.append(
                [
                    request_entry(at=AT + number, claimed="GPTBot" if number % 500 == 0 else f"Bot{number % 90}")
                    for number in range(start, start + 500)
                ]
            )
        log.close()
        began = time.perf_counter()
        took = take_in(postgresql.url, root / "log")
        tell("records taken into the index", f"{took / (time.perf_counter() - began):,.0f} a second")
        wanted = Filter(crawlers=frozenset({"gptbot"}))

        def timed(work: Callable[[], object]) -> float:
            began = time.perf_counter()
            work()
            return time.perf_counter() - began

        with opened(postgresql.url) as index:
            by_index = min(timed(lambda: list(index.matching(root, wanted))) for _ in range(3))
        by_log = min(timed(lambda: list(matching(root, wanted))) for _ in range(2))
        tell(f"100 of {count:,} records found by the index", f"{by_index * 1e3:.0f} ms")
        tell("… by reading the log", f"{by_log * 1e3:.0f} ms")


def main() -> None:
    """Measure everything."""
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n\n| measure | found |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        valkey = ValkeyServer(Path(folder))
        try:
            asyncio.run(of_decisions(valkey))
            asyncio.run(of_error(valkey))
            rounds(valkey)
            asyncio.run(of_pasts(valkey))
        finally:
            valkey.kill()
    postgresql = PostgresqlServer()
    try:
        of_index(postgresql)
    finally:
        postgresql.stop()


if __name__ == "__main__":
    main()
