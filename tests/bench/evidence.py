"""How many records become durable in a second, how fast is each, and what does one cost?

Run by hand: `python tests/bench/evidence.py [seconds] [rate]`. Starts a recorder process on a
temporary directory and appends request records, each with its three committed groups, through
the client, as a proxy worker does. With a rate it offers that many a second, else it keeps
2,000 records in flight.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from guard.core.facts import AddressSource, ClientAddress, RequestFacts
from guard.errors import RecorderUnavailableError
from guard.evidence import disclosure, record
from guard.server.recorder_client import RecorderClient
from guard.store.log_files import verify_directory

IN_FLIGHT = 2000
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


def make_record() -> tuple[bytes, tuple[disclosure.Disclosure, ...]]:
    salts = os.urandom(16 * disclosure.GROUPS_OF_REQUEST)
    groups = disclosure.of_request(FACTS, [salts[at : at + 16] for at in range(0, len(salts), 16)])
    leaf = record.request(
        at=time.time_ns() // 1000, site="photo.example", method="GET", action="refuse", rule="training-refused",
        rules="", purpose="ai_training", operator="Example", crawler="example-bot", claimed="ExampleBot",
        identity="unverifiable", conduct="clean", facts=["broke_robots"], resource="image",
        resource_source="response", rsv="", rendition="card", ref="ABCD-EFGH", monitor=[],
        sd=[one.commitment for one in groups],
    )  # fmt: skip
    return leaf, groups


async def load(client: RecorderClient, seconds: float, rate: float) -> tuple[list[float], int]:
    times: list[float] = []
    lost = 0
    places = asyncio.Semaphore(IN_FLIGHT if not rate else 9_000)
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
        due = int(elapsed * rate) - offered if rate else 200
        for _ in range(due):
            await places.acquire()
            task = asyncio.create_task(one())
            running.add(task)
            task.add_done_callback(running.discard)
            offered += 1
        await asyncio.sleep(0.001 if rate else 0)
    await asyncio.gather(*running)
    return times, lost


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    rate = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    with tempfile.TemporaryDirectory() as folder:
        socket, directory = f"{folder}/s", f"{folder}/evidence"
        command = [sys.executable, "-m", "guard.server.recorder", "--directory", directory, "--socket", socket]
        recorder = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: ASYNC220
        assert recorder.stdout is not None
        recorder.stdout.readline()
        client = RecorderClient()
        await client.connect(socket)
        before, cpu_before, started = cpu_of(recorder.pid), time.process_time(), time.perf_counter()
        times, lost = await load(client, seconds, rate)
        took = time.perf_counter() - started
        ours, its = time.process_time() - cpu_before, cpu_of(recorder.pid) - before
        await client.close()
        recorder.terminate()
        recorder.wait(30)
        recorder.stdout.close()
        started = time.process_time()
        report = verify_directory(Path(directory))
        verifying = time.process_time() - started
    started = time.process_time()
    for _ in range(5000):
        make_record()
    making = (time.process_time() - started) / 5000 * 1e6
    times.sort()
    count = len(times)
    rate, crowd = count / took, os.getloadavg()[0]
    p50, p99, slowest = (times[at] * 1e3 for at in (count // 2, int(count * 0.99), -1))
    print(f"{rate:,.0f} records/s durable ({count:,} in {took:.1f} s, {lost} refused), machine's load {crowd:.1f}")
    print(f"ack p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {slowest:.1f} ms")
    worker, its = ours / count * 1e6, its / count * 1e6
    print(f"CPU per record: {worker:.1f} µs worker (of which {making:.1f} make it) + {its:.1f} µs recorder")
    print(
        f"verify: holds={report.holds}, {report.records:,} records, {verifying / report.records * 1e6:.1f} µs CPU each"
    )


if __name__ == "__main__":
    asyncio.run(main())
