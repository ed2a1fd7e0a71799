"""What does erasing cost those who record meanwhile, and how long does it take?

Run by hand: `python tests/bench/erasure.py [records]`. A log of that many requests (100,000) is made, a hundredth of
them of one address. Then 1,000 records a second are appended, as a proxy worker does: alone, and while
`guard evidence erase --address` runs beside it.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import uvloop

from guard.evidence import disclosure
from guard.server.recorder_client import RecorderClient
from guard.store.batch import Entry
from guard.store.log_files import verify_directory
from guard.store.side_store import read_rows
from tests.support.evidence import end_all, open_log, request_leaf, start_recorder, stop

RATE: Final = 1000
MINE: Final = "203.0.113.7"


def entry(address: str) -> Entry:
    groups = tuple(
        disclosure.commit(group, value, os.urandom(16))
        for group, value in (
            ("person", {"address": address, "headers": [], "port": 4711, "source": "peer"}),
            ("tool", {"headers": [["User-Agent", "Mozilla/5.0 (compatible; ExampleBot/1.2)"], ["Accept", "*/*"]]}),
            ("network", {"prefix": "203.0.113.0/24", "system": 64500}),
            ("target", {"method": "GET", "path": "/album/1/photo-17.jpg"}),
            ("request", {"headers": [["Referer", "https://photo.example/album/1"]], "query": "?size=large"}),
        )
    )
    return Entry(request_leaf(sd=[one.commitment for one in groups], at=time.time_ns() // 1000), groups)


async def appending(client: RecorderClient, until: "asyncio.Event") -> list[float]:
    """Append `RATE` records a second until told to stop; return how long each took, in milliseconds."""
    took: list[float] = []

    async def one() -> None:
        made = entry("198.51.100.9")
        begun = time.perf_counter()
        await client.append(made.leaf, made.disclosures)
        took.append((time.perf_counter() - begun) * 1000)

    begun, count = time.perf_counter(), 0
    tasks = []
    while not until.is_set():
        while count < (time.perf_counter() - begun) * RATE:
            tasks.append(asyncio.create_task(one()))
            count += 1
        await asyncio.sleep(0.002)
    await asyncio.gather(*tasks)
    return took


def told(name: str, took: list[float]) -> None:
    took.sort()
    at = [took[int(len(took) * share)] for share in (0.5, 0.99)]
    print(f"{name}: {len(took):,} records, ack p50 {at[0]:.1f} ms, p99 {at[1]:.1f} ms, max {took[-1]:.1f} ms")


async def run(root: Path, socket: Path, records: int) -> None:
    log = open_log(root)
    for _ in range(0, records, 500):
        log.append([entry(MINE if number % 100 == 0 else f"198.51.100.{number % 200}") for number in range(500)])
    log.close()
    recorder = start_recorder(root, socket)
    client = RecorderClient(timeout=30)
    await client.connect(str(socket))
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(5, done.set)
    told("alone", await appending(client, done))
    done = asyncio.Event()
    begun = time.perf_counter()
    erasing = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "guard", "evidence", "erase", str(root), "--address", MINE, "--ground", "bench",
        stdout=subprocess.PIPE,
    )  # fmt: skip

    async def watch() -> None:
        said, _ = await erasing.communicate()
        print(f"{said.decode().strip()}, in {time.perf_counter() - begun:.1f} s with the start of the command")
        done.set()

    watching = asyncio.create_task(watch())
    told("while it is erased", await appending(client, done))
    await watching
    await client.close()
    stop(recorder)
    left = sum(MINE.encode() in data for _, _, data in read_rows(root / "side" / "disclosures.db"))
    print(f"values that name the address: {left}; verified: {verify_directory(root).holds}")


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "run").mkdir(mode=0o700)
        try:
            uvloop.run(run(Path(folder) / "e", Path(folder) / "run" / "s", records))
        finally:
            end_all()


if __name__ == "__main__":
    main()
