"""Is a log whole whatever happens to its writer, its disk and its memory?

Real processes are killed, real system calls fail: what was acknowledged must be there
afterwards, at its place, and the log must verify.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from guard.errors import RecorderUnavailableError
from guard.evidence import record
from guard.store.log_files import verify_directory
from tests.support.evidence import open_log, request_entry
from tests.support.log_writer import acknowledged, kept, missing, repairs

KILLS = int(os.environ.get("TEST_KILLS", "200"))
STRACE = shutil.which("strace")


@pytest.mark.timeout(300)
def test_a_writer_that_is_killed_loses_nothing_that_it_acknowledged(tmp_path):
    """At random moments, on the way in too: every acknowledged record stays, and each start repairs at most once."""
    command = [sys.executable, "-m", "tests.support.log_writer", "kill", str(tmp_path), str(KILLS), "11"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    count, *wrong = done.stdout.split("\n")

    assert [one for one in wrong if one] == []
    assert int(count) > KILLS


def traced(root: Path, inject: str) -> "subprocess.CompletedProcess[str]":
    """Run a writer of four batches whose system calls fail, or kill it, as `inject` says."""
    assert STRACE is not None
    call = inject.partition(":")[0]
    paths = [part for path in PATHS for part in ("-P", str(root / path))]
    writer = [sys.executable, "-m", "tests.support.log_writer", str(root), "4"]
    trace = str(root.parent / "trace")
    command = [STRACE, "-f", "-qq", "-o", trace, *paths, "-e", f"trace={call}", "-e", f"inject={inject}", *writer]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    said = Path(trace).read_text()
    assert "INJECTED" in said or "killed by SIGKILL" in said, said  # else nothing was tried
    return done


PATHS = (
    "log/seg", "log/seg/000000.seg", "log/seg/000001.seg", "log/checkpoints.log", "log/checkpoint",
    "log/.checkpoint.new", "log/tile/0", "log/tile/0/.000.p", "log/tile/0/000.p", "side/disclosures.db",
    "side/disclosures.db-wal",
    "guard/checkpoints.db", "guard/checkpoints.db-wal", "keys/log.key", "log/vkey",
)  # fmt: skip
"""What is in an evidence directory: only calls on these are looked at, so that a number names a step of the log."""


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A log with a few records, so that what fails is on the way of a later one."""
    if STRACE is None:
        pytest.fail("strace is needed: apt-get install strace")
    log = open_log(tmp_path / "e")
    log.append([request_entry()])
    log.close()
    return tmp_path / "e"


def check(root: Path, told: dict[int, str]) -> None:
    log = open_log(root)
    log.append([request_entry()])
    log.close()
    report = verify_directory(root)
    starts, mended = repairs(root)

    assert report.holds, report.faults
    assert missing(root, told) == []
    assert mended <= starts


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("call", "numbers"),
    [
        ("write", (1, 2, 3, 5)), ("fdatasync", (1, 2, 3)), ("fsync", (1, 2, 3)), ("pwrite64", (2, 9)),
        ("rename", (1, 2)), ("ftruncate", (1,)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_writer_killed_at_a_system_call_loses_nothing(begun, call, numbers):
    """Before it is carried out, at several steps of appending and of publishing a checkpoint."""
    told: dict[int, str] = {}
    for number in numbers:
        done = traced(begun, f"{call}:signal=KILL:when={number}")
        told |= acknowledged(done.stdout)

        assert done.returncode == -signal.SIGKILL
        check(begun, told)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "inject",
    [
        "fdatasync:error=EIO:when=2", "write:error=ENOSPC:when=2", "write:error=EDQUOT:when=3",
        "pwrite64:error=EIO:when=6", "fsync:error=EIO:when=2", "rename:error=ENOSPC:when=1",
        "openat:error=EROFS:when=9+", "openat:error=EMFILE:when=9..12",
    ],
)  # fmt: skip
def test_a_system_call_that_fails_is_survived(begun, inject):
    """EIO, no space, over quota, a short write, a read-only disk, no descriptors: it goes on, and nothing is lost."""
    done = traced(begun, inject)

    assert "Traceback" not in done.stderr, done.stderr
    check(begun, acknowledged(done.stdout))


class PowerCut:
    """A disk that forgets what was not synced: contents by their file, names by their folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._contents: dict[int, bytes] = {}
        self._names: dict[Path, dict[str, int]] = {}

    def synced(self, descriptor: int) -> None:
        about = os.fstat(descriptor)
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if path.is_dir():
            self._names[path] = {one.name: one.stat().st_ino for one in path.iterdir() if one.is_file()}
        else:
            self._contents[about.st_ino] = os.pread(descriptor, about.st_size, 0) if readable(descriptor) else (
                Path(f"/proc/self/fd/{descriptor}").read_bytes()
            )  # fmt: skip

    def leave(self, target: Path) -> None:
        """Write what is left after the power came back."""
        for folder in self._root.rglob("*"):
            if folder.is_dir():
                (target / folder.relative_to(self._root)).mkdir(parents=True, exist_ok=True)
        for folder, names in self._names.items():
            if folder.is_relative_to(self._root):
                for name, inode in names.items():
                    (target / folder.relative_to(self._root) / name).write_bytes(self._contents.get(inode, b""))
        for name in ("side", "guard"):  # SQLite's own syncing is SQLite's
            shutil.rmtree(target / name, ignore_errors=True)


def readable(descriptor: int) -> bool:
    return fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_WRONLY


def test_what_was_not_synced_is_not_acknowledged(tmp_path, monkeypatch):
    """After each append and each checkpoint the power is cut: all that was acknowledged is on the disk."""
    root = tmp_path / "e"
    disk = PowerCut(root)
    for name in ("fsync", "fdatasync"):
        real = getattr(os, name)

        def sync(descriptor, real=real):
            real(descriptor)
            disk.synced(descriptor)

        monkeypatch.setattr(os, name, sync)
    log = open_log(root)
    told: dict[int, str] = {}
    for number in range(6):
        entry = request_entry()
        (index,) = log.append([entry])
        told[index] = sha256(entry.leaf).hexdigest()
        if number % 2:
            log.checkpoint()
        left = tmp_path / f"left{number}"
        disk.leave(left)
        assert missing(left, told) == []
        published = (left / "log/checkpoint").read_bytes() if (left / "log/checkpoint").exists() else b""
        assert number == 0 or published
        again = open_log(left)
        again.close()
        assert verify_directory(left).holds
    log.close()


def test_a_disk_that_fails_again_and_again_is_told_of_in_one_gap(tmp_path, monkeypatch):
    """What was refused meanwhile is counted to the record."""
    log = open_log(tmp_path / "e")
    real = os.fdatasync

    def broken(_descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken)
    refused = 0
    for _ in range(5):
        try:
            log.append([request_entry(), request_entry()])
        except RecorderUnavailableError:
            refused += 2
    monkeypatch.setattr(os, "fdatasync", real)
    log._retry_at = 0.0
    log.append([request_entry()])
    log.close()
    report = verify_directory(tmp_path / "e")

    assert refused == 10
    assert report.holds, report.faults
    (gap,) = [one for leaf in kept(tmp_path / "e") if (one := record.read(leaf)).kind is record.RecordKind.GAP]
    assert gap.fields["count"] == 10
