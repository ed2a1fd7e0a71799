"""How long do a scan and a clean of ten million rows take, and how much memory?

Run by hand: `python3 dev.py bench dataset [rows]`. Makes a Parquet file as LAION's are in a
temporary folder (about 100 bytes a row; it stops if the disk has not three times that), in
which every 10,000th row is the owner's in some way, scans and cleans it in processes of their
own, and does the same search with a plain loop over pyarrow's batches for comparison. Text
forms are measured with a tenth of the rows.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow
import pyarrow.parquet

BATCH = 100_000
EVERY = 10_000
BYTES_A_ROW = 250
MINE = (
    "https://photo.example/album/{n}.jpg",
    "http://WWW.photo.example:8080/album/{n}.jpg?w=300",
    "https://i0.wp.com/photo.example/album/{n}.jpg",
    "https://images.weserv.nl/?url=photo.example%2Falbum%2F{n}.jpg&w=300",
    "https://agency.example/jane-doe/{n}",
)
IDENTIFIERS = """\
hosts: [photo.example, bücher.example]
urls: [https://agency.example/jane-doe/]
ids: ["1234567890", "9876543210"]
names: [Jane Doe]
files: [westerhever-2019.jpg, husum-harbour-2020.jpg]
"""
LOOP = """\
import sys
import pyarrow.parquet
found = 0
for batch in pyarrow.parquet.ParquetFile(sys.argv[1]).iter_batches(columns=["URL", "TEXT"]):
    for url, text in zip(batch["URL"].to_pylist(), batch["TEXT"].to_pylist()):
        if url and "photo.example" in url.lower() or text and "jane doe" in text.lower():
            found += 1
print(found)
"""
WORDS = (
    "boat",
    "harbour",
    "sea",
    "light",
    "red",
    "old",
    "stock",
    "photo",
    "of",
    "the",
    "in",
    "at",
    "dusk",
    "wall",
    "art",
)


def table(first: int, count: int, chance: random.Random) -> pyarrow.Table:
    urls, texts = [], []
    for n in range(first, first + count):
        if n % EVERY == 0:
            urls.append(MINE[n // EVERY % len(MINE)].format(n=n))
        else:
            urls.append(
                f"https://cdn{chance.randrange(500_000)}.shop.test/images/{chance.getrandbits(64):016x}/p-{n}.jpg"
            )
        texts.append(" ".join(chance.choices(WORDS, k=9)))
    return pyarrow.table(
        {
            "SAMPLE_ID": pyarrow.array(range(first, first + count), pyarrow.int64()),
            "URL": urls,
            "TEXT": texts,
            "HEIGHT": pyarrow.array([chance.randrange(100, 2000) for _ in range(count)], pyarrow.int32()),
            "WIDTH": pyarrow.array([chance.randrange(100, 2000) for _ in range(count)], pyarrow.int32()),
            "similarity": [chance.random() for _ in range(count)],
            "hash": pyarrow.array([chance.getrandbits(63) for _ in range(count)], pyarrow.int64()),
        }
    )


def write(path: Path, rows: int) -> None:
    chance = random.Random(7)
    writer = None
    for first in range(0, rows, BATCH):
        piece = table(first, min(BATCH, rows - first), chance)
        writer = writer or pyarrow.parquet.ParquetWriter(path, piece.schema, compression="snappy")
        writer.write_table(piece)
    assert writer is not None
    writer.close()


def write_text(source: Path, folder: Path) -> tuple[Path, Path]:
    lines, commas = folder / "rows.jsonl", folder / "rows.csv"
    with lines.open("w") as one, commas.open("w") as other:
        other.write("URL,TEXT,HEIGHT,WIDTH\n")
        for batch in pyarrow.parquet.ParquetFile(source).iter_batches():
            for row in batch.to_pylist():
                one.write(json.dumps(row) + "\n")
                other.write(f'{row["URL"]},"{row["TEXT"]}",{row["HEIGHT"]},{row["WIDTH"]}\n')
    return lines, commas


def high_water(pid: int) -> float:
    """Return the most MiB that a process has had in memory so far; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def measured(label: str, rows: int, *command: str) -> str:
    """Run a command in a process of its own, print its time and memory, and return its output."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out)
        # Not ru_maxrss: that of a child begins with what its parent had.
        peak, ended = 0.0, 0
        while not ended:
            peak = max(peak, high_water(process.pid))
            time.sleep(0.02)
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, label
        out.seek(0)
        text = out.read().decode()
    took = time.perf_counter() - started
    cpu = used.ru_utime + used.ru_stime
    print(f"| {label} | {rows:,} | {took:.1f} s | {cpu:.1f} s | {rows / took:,.0f} | {peak:.0f} MiB |", flush=True)
    return text


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < 3 * rows * BYTES_A_ROW:
        print(f"too little space: {free / 1e9:.1f} GB free, {3 * rows * BYTES_A_ROW / 1e9:.1f} needed", file=sys.stderr)
        return 2
    guard = (sys.executable, "-m", "guard", "dataset")
    with tempfile.TemporaryDirectory(prefix="guard-bench-") as name:
        folder = Path(name)
        source, small, mine = folder / "rows.parquet", folder / "small.parquet", folder / "mine.yaml"
        started = time.perf_counter()
        write(source, rows)
        mine.write_text(IDENTIFIERS, encoding="utf-8")
        size = source.stat().st_size
        print(f"{rows:,} rows, {size / 1e6:,.0f} MB, made in {time.perf_counter() - started:.0f} s; "
              f"machine's load {os.getloadavg()[0]:.1f}\n")  # fmt: skip
        print("| what | rows | time | CPU | rows/s | peak memory |\n|---|---|---|---|---|---|")
        looked = ("--identifiers", str(mine), "--json")
        found = json.loads(measured("scan, Parquet", rows, *guard, "scan", str(source), *looked))["summary"]
        assert found["rows_found"] == -(-rows // EVERY), found
        plain = int(measured("a loop over pyarrow's batches", rows, sys.executable, "-c", LOOP, str(source)))
        clean = folder / "clean.parquet"
        done = json.loads(
            measured("clean, Parquet", rows, *guard, "clean", str(source), "--reserved", str(mine), "--out", str(clean),
                     "--json")
        )["files"][0]  # fmt: skip
        assert done["kept"] == rows - found["rows_found"] == pyarrow.parquet.ParquetFile(clean).metadata.num_rows
        clean.unlink()
        write(small, max(rows // 10, 1))
        measured("scan, Parquet, a tenth", rows // 10, *guard, "scan", str(small), *looked)
        for path in write_text(small, folder):
            form = path.suffix.removeprefix(".")
            measured(f"scan, {form}", rows // 10, *guard, "scan", str(path), *looked)
            out = folder / f"clean.{form}"
            command = (*guard, "clean", str(path), "--reserved", str(mine), "--out", str(out), "--json")
            measured(f"clean, {form}", rows // 10, *command)
    counts = ", ".join(f"{found[one]:,} {one}" for one in ("certain", "likely", "weak"))
    print(f"\nfound {found['rows_found']:,} ({counts}); the loop, which looks for two words, found {plain:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
