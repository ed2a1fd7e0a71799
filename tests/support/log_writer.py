"""A process that writes a log until it is killed, and says what it was told is durable.

`python -m tests.support.log_writer DIRECTORY BATCHES` appends that many batches, three records each and a
checkpoint after every second, and prints index and hash of each record once `append` has returned.
`kill_often` starts no interpreter for a kill: it forks, which takes milliseconds.
"""

import os
import random
import select
import signal
import sys
import time
from hashlib import sha256
from pathlib import Path

from guard.errors import GuardError, RecorderUnavailableError
from guard.evidence import record, segment
from guard.evidence.verify import cut_by_next
from guard.store.log_files import verify_directory
from tests.support.evidence import end_leaf, open_log, request_entry


def write(root: Path, batches: int, say: int) -> None:
    """Append, and write `index hash` for each record to the descriptor `say` when it is acknowledged."""
    log = open_log(root)
    for number in range(batches):
        entries = [request_entry(), request_entry()]
        try:
            indexes = log.append(entries)
            end = type(entries[0])(end_leaf(int(str(indexes[0]))))
            indexes += log.append([end])
        except RecorderUnavailableError:
            time.sleep(0.3)  # it tries again a quarter of a second later
            continue
        lines = [
            f"{index} {sha256(one.leaf).hexdigest()}\n"
            for one, index in zip([*entries, end], indexes, strict=True)
            if isinstance(index, int)
        ]
        os.write(say, "".join(lines).encode())
        if number % 2:
            log.checkpoint()
    log.close()


def acknowledged(said: str) -> dict[int, str]:
    """Return what a writer said, by index; a last line may be unfinished."""
    found = {}
    for line in said.splitlines(keepends=True):
        index, _, digest = line.strip().partition(" ")
        if line.endswith("\n") and len(digest) == 64:
            found[int(index)] = digest
    return found


def kept(root: Path) -> list[bytes]:
    """Return the leaves of a log, in order."""
    found: list[bytes] = []
    paths = sorted((root / "log/seg").iterdir())
    datas = [path.read_bytes() for path in paths]
    for number, data in enumerate(datas):
        end = cut_by_next(number, datas[number + 1] if number + 1 < len(datas) else None)
        found += [one.leaf for one in segment.scan(data, 0, end) if isinstance(one, segment.Frame)]
    return found


def missing(root: Path, told: dict[int, str]) -> list[int]:
    """Return the indexes of acknowledged records that are not in the log, or not there."""
    leaves = kept(root)
    return [
        index for index, digest in told.items()
        if index >= len(leaves) or sha256(leaves[index]).hexdigest() != digest
    ]  # fmt: skip


def repairs(root: Path) -> tuple[int, int]:
    """Return how many starts and how many repairs are on record."""
    kinds = [record.read(leaf).kind for leaf in kept(root)]
    return kinds.count(record.RecordKind.BOOT), kinds.count(record.RecordKind.REPAIR)


def kill_often(folder: Path, times: int, seed: int) -> tuple[int, list[str]]:
    """Kill a writer at random moments; return how many records were acknowledged, and what was wrong.

    One in four is killed while it opens the log, the others some milliseconds after some acknowledgement: how far
    they come does not depend on how busy the machine is. A log is written to by ten writers, one after the other,
    before the next log is begun.
    """
    chance = random.Random(seed)
    count, wrong, told = 0, [], {}
    root = folder / "0"
    for number in range(times):
        if number % 10 == 0:
            root, told = folder / str(number), {}
        here, there = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(here)
            try:
                write(root, 10_000, there)
            finally:
                os._exit(1)
        os.close(there)
        said = b""
        if chance.random() < 0.25:
            time.sleep(chance.uniform(0.001, 0.03))
        else:
            for _ in range(chance.randint(1, 6)):
                select.select([here], [], [], 20)
                said += os.read(here, 1 << 16)
            time.sleep(chance.uniform(0, 0.006))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(here, "rb") as rest:
            new = acknowledged((said + rest.read()).decode())
        count += len(new)
        told |= new
        if not (root / "log/seg").exists():
            continue
        if lost := missing(root, told):
            wrong.append(f"kill {number}: records {lost[:5]} are lost")
        if number % 10 == 9:
            open_log(root).close()
            report = verify_directory(root)
            starts, mended = repairs(root)
            if not report.holds or missing(root, told) or mended > starts:
                wrong.append(f"kill {number}: {report.faults[:3]}, {mended} repairs in {starts} starts")
    return count, wrong


if __name__ == "__main__":
    if sys.argv[1] == "kill":
        acknowledged_records, faults = kill_often(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        print(acknowledged_records)
        print("\n".join(faults))
    else:
        try:
            write(Path(sys.argv[1]), int(sys.argv[2]), 1)
        except (OSError, GuardError) as error:
            sys.exit(f"{error}")  # as the recorder does: it is started again
