"""How many records become durable in a second, how fast is each, and what does one cost?

Run by hand: `python tests/bench/evidence.py [seconds] [million]`. Starts a recorder process on a
temporary directory and appends request records, each with its three committed groups, through
the client, as a proxy worker does: first 10,000 a second, then as many as go with 2,000 under way,
and once more with the end of each request, as every recorded request has one.
Beside it, on the same disk: SQLite and a plain file with one JSON line a record. With `million` a
log of a million records is made, verified, and a record of it proven.
"""

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import uvloop

from guard.core.facts import AddressSource, ClientAddress, RequestFacts
from guard.errors import RecorderUnavailableError
from guard.evidence import disclosure, merkle, proof, record, tile
from guard.evidence.checkpoint import parse_verifier_key, verify
from guard.server.process import tune_memory
from guard.server.recorder_client import RecorderClient
from guard.store.batch import Entry
from guard.store.log_directory import LogDirectory
from guard.store.log_files import verify_directory
from guard.store.log_values import environment

RATE: Final = 10_000
IN_FLIGHT: Final = 2000
MOST_OFFERED: Final = 9000
MILLION: Final = 1_000_000
FACTS = RequestFacts(
    at=datetime(2026, 1, 1, tzinfo=UTC),
    site="photo.example",
    scheme="https",
    authority="photo.example",
    host="photo.example",
    method="GET",
    target="/album/1/photo-17.jpg?size=large",
    path="/album/1/photo-17.jpg",
    version="1.1",
    headers=(
        ("Host", "photo.example"),
        ("User-Agent", "Mozilla/5.0 (compatible; ExampleBot/1.2; +https://bot.example/about)"),
        ("Accept", "image/avif,image/webp,*/*"),
        ("Accept-Encoding", "gzip, br"),
        ("Referer", "https://photo.example/album/1"),
        ("X-Forwarded-For", "203.0.113.7"),
    ),
    client=ClientAddress(
        address=ip_address("203.0.113.7"), port=0, source=AddressSource.HEADER, peer="127.0.0.1", chain="203.0.113.7"
    ),
)


def make_record() -> Entry:
    groups = disclosure.of_request(FACTS, os.urandom(disclosure.SALTS_OF_REQUEST))
    leaf = record.request(
        at=time.time_ns() // 1000, site="photo.example", method="GET", action="refuse", rule="training-refused",
        rules="", purpose="ai_training", operator="Example", crawler="example-bot", claimed="ExampleBot",
        identity="unverifiable", conduct="clean", facts=["broke_robots"], resource="image",
        resource_source="response", rsv="", rendition="card", ref="ABCD-EFGH", monitor=[],
        sd=[one.commitment for one in groups],
    )  # fmt: skip
    return Entry(leaf, groups)


def make_end(req: int) -> bytes:
    return record.end(
        at=time.time_ns() // 1000, req=req, status=403, body_bytes=900, completed=True, body_sha256="", duration_us=900
    )


async def offer(client: RecorderClient, seconds: float, rate: float) -> tuple[list[float], int]:
    """Append `rate` records a second, each when it is due."""
    times: list[float] = []
    lost = 0
    places = asyncio.Semaphore(MOST_OFFERED)
    running: set[asyncio.Task[None]] = set()

    async def one() -> None:
        nonlocal lost
        started = time.perf_counter()
        try:
            await client.append(*make_record())
            times.append(time.perf_counter() - started)
        except RecorderUnavailableError:
            lost += 1
        finally:
            places.release()

    begun = time.perf_counter()
    offered = 0
    while (elapsed := time.perf_counter() - begun) < seconds:
        for _ in range(int(elapsed * rate) - offered):
            await places.acquire()
            task = asyncio.create_task(one())
            running.add(task)
            task.add_done_callback(running.discard)
            offered += 1
        await asyncio.sleep(0.001)
    await asyncio.gather(*running)
    return times, lost


async def crowd(client: RecorderClient, seconds: float, ends: bool) -> tuple[list[float], int]:
    """Append one record after the other in 2,000 places at once, as the connections of a worker do.

    With `ends` each request is followed by the record of its end, which commits to nothing.
    """
    times: list[float] = []
    lost = 0
    until = time.perf_counter() + seconds

    async def place() -> None:
        nonlocal lost
        while (started := time.perf_counter()) < until:
            try:
                index = await client.append(*make_record())
                times.append(time.perf_counter() - started)
                if ends:
                    started = time.perf_counter()
                    await client.append(make_end(index))
                    times.append(time.perf_counter() - started)
            except RecorderUnavailableError:
                lost += 1

    await asyncio.gather(*(place() for _ in range(IN_FLIGHT)))
    return times, lost


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def through_the_recorder(folder: Path, seconds: float, rate: float, ends: bool = False) -> None:
    socket, directory = f"{folder}/s", folder / "evidence"
    command = [sys.executable, "-m", "guard.server.recorder", "--directory", str(directory), "--socket", socket]
    recorder = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: ASYNC220
    assert recorder.stdout is not None
    recorder.stdout.readline()
    client = RecorderClient()
    await client.connect(socket)
    before, cpu_before, started = cpu_of(recorder.pid), time.process_time(), time.perf_counter()
    times, lost = await (offer(client, seconds, rate) if rate else crowd(client, seconds, ends))
    took = time.perf_counter() - started
    ours, its = time.process_time() - cpu_before, cpu_of(recorder.pid) - before
    await client.close()
    recorder.terminate()
    recorder.wait(30)
    recorder.stdout.close()
    report = verify_directory(directory)
    times.sort()
    count = len(times)
    p50, p99, slowest = (times[at] * 1e3 for at in (count // 2, int(count * 0.99), -1))
    said = f"{rate:,.0f} records/s offered" if rate else f"{IN_FLIGHT:,} records under way"
    said += ", every other the end of a request" if ends else ", all of requests"
    print(f"{said}: {count / took:,.0f}/s durable ({count:,} in {took:.1f} s, {lost} refused), holds={report.holds}")
    print(f"  ack p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {slowest:.1f} ms, machine's load {os.getloadavg()[0]:.1f}")
    print(f"  CPU a record: worker {ours / count * 1e6:.1f} µs, recorder {its / count * 1e6:.1f} µs")


async def nothing() -> None:
    await asyncio.sleep(0)


async def what_is_not_ours() -> None:
    """Say what making a record costs, and what the benchmark's own task for each."""
    started = time.process_time()
    for _ in range(5000):
        make_record()
    making = (time.process_time() - started) / 5000 * 1e6
    started = time.process_time()
    for _ in range(10):
        await asyncio.gather(*(nothing() for _ in range(1000)))
    task = (time.process_time() - started) / 10_000 * 1e6
    print(f"  of the worker's: {making:.1f} µs make the record, {task:.1f} µs are this benchmark's task for each\n")


def others(folder: Path, seconds: float) -> None:
    """Say what others reach with the same leaves on this disk: each record synced alone, and a thousand together."""
    database = sqlite3.connect(folder / "rows.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE records (leaf BLOB)")
    lines = (folder / "lines").open("ab", buffering=0)

    def rows(leaves: list[bytes]) -> None:
        database.execute("BEGIN")
        database.executemany("INSERT INTO records VALUES (?)", ((leaf,) for leaf in leaves))
        database.execute("COMMIT")

    def text(leaves: list[bytes]) -> None:
        lines.write(b"".join(leaf + b"\n" for leaf in leaves))
        os.fsync(lines.fileno())

    leaf = make_record().leaf
    for name, write in (("SQLite WAL FULL, one row a record", rows), ("a JSON line a record, fsync", text)):
        alone, together = (_rate(write, [leaf] * size, seconds) for size in (1, 1000))
        print(
            f"{name}: {alone:,.0f}/s each synced alone, {together:,.0f}/s by the thousand; no proofs, no values apart"
        )
    database.close()
    lines.close()


def _rate(write: Callable[[list[bytes]], None], leaves: list[bytes], seconds: float) -> float:
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        write(leaves)
        count += len(leaves)
    return count / (time.perf_counter() - started)


def a_million(folder: Path) -> None:
    """Say how large a proof is in a log of a million records, requests and their ends, and what verifying it costs."""
    root = folder / "million"
    log = LogDirectory(root, host="photo.example", environment=environment())
    while log.size < MILLION:
        first = log.size
        made = [make_record() for _ in range(2000)]
        log.append(made)
        log.append([Entry(make_end(first + i)) for i in range(2000)])
        log.checkpoint()
    log.close()
    note = (root / "log/checkpoint").read_bytes()
    key = parse_verifier_key((root / "log/vkey").read_text().strip())
    head = verify(note, (key,))
    node = tile.nodes_in_tiles(head.size, lambda one: (root / "log" / one.path).read_bytes())
    index = MILLION // 3
    started = time.process_time()
    shown = proof.Proof(index=index, hashes=merkle.inclusion_proof(index, head.size, node), note=note)
    proving = time.process_time() - started
    hashed = node(0, index)
    started = time.process_time()
    proof.check(shown, hashed, key)
    checking = time.process_time() - started
    print(f"proof of a record among {head.size:,}: {len(proof.write(shown)):,} bytes ({len(shown.hashes)} hashes), "
          f"{proving * 1e3:.2f} ms to make, {checking * 1e3:.2f} ms to check")  # fmt: skip
    started = time.process_time()
    report = verify_directory(root)
    took = time.process_time() - started
    print(f"verify: holds={report.holds}, {report.records:,} records, {report.disclosed:,} values: {took:.1f} s CPU")
    started = time.process_time()
    LogDirectory(root, host="photo.example", environment=environment()).close()
    print(f"opening it: {time.process_time() - started:.1f} s CPU")


async def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    tune_memory()
    with tempfile.TemporaryDirectory() as name:
        for number, (rate, ends) in enumerate(((RATE, False), (0, False), (0, True))):
            (folder := Path(name) / str(number)).mkdir()
            await through_the_recorder(folder, seconds, rate, ends)
        await what_is_not_ours()
        others(Path(name), seconds / 2)
        if "million" in sys.argv:
            a_million(Path(name))


if __name__ == "__main__":
    uvloop.run(main())
