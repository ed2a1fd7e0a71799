"""Is the clock's state read rightly, and is there a record when something happened to it?"""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from guard.evidence import record
from guard.evidence.clock_record import ClockReading, ClockState
from guard.evidence.record import RecordKind
from guard.store.log_files import open_folder, verify_directory
from guard.store.record_finder import leaves
from guard.store.system_clock import ClockWatch, read_clock

READING = ClockReading(
    at=10**15, boot="b", boottime=5_000_000, slept=0, state=ClockState.SYNCHRONISED, error=1, estimate=1
)
SECOND = 1_000_000


def after(reading: ClockReading, boottime: int, *, jump: int = 0, slept: int = 0) -> ClockReading:
    return replace(
        reading, at=reading.at + boottime + jump, boottime=reading.boottime + boottime, slept=reading.slept + slept
    )


def watched(*readings: ClockReading) -> list[tuple[str, int] | None]:
    following = iter(readings)
    watch = ClockWatch(lambda: next(following))
    found = []
    for _ in readings:
        leaf = watch.look()
        fields = record.read(leaf).fields if leaf else {}
        found.append((fields["why"], fields["step_us"]) if leaf else None)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_the_kernel_is_asked():
    """Against other ways to the same numbers."""
    one = read_clock()
    uptime = float(Path("/proc/uptime").read_text().split()[0])

    assert abs(one.at - time.time_ns() // 1000) < SECOND
    assert abs(one.boottime / SECOND - uptime) < 1
    assert len(one.boot) == 36
    assert one.state in (ClockState.SYNCHRONISED, ClockState.UNSYNCHRONISED)
    assert one.error >= one.estimate >= 0


def test_a_minute_without_events_is_one_record():
    """And the start another; in between nothing is said."""
    looks = [READING]
    for _ in range(61):
        looks.append(after(looks[-1], SECOND, jump=500))  # slewed as fast as the kernel does

    found = watched(*looks)

    assert found[0] == ("start", 0)
    assert found[60] == ("minute", 0)
    assert found.count(None) == 60


@pytest.mark.parametrize("jump", [51_000, -51_000, -3600 * SECOND, 366 * 86400 * SECOND, -(10**15)])
def test_a_jump_is_a_record_at_once(jump):
    """Forwards, back, by a year, to 1970: how far is said to the microsecond."""
    first = after(READING, SECOND, jump=jump)

    assert watched(READING, first, after(first, SECOND)) == [("start", 0), ("step", jump), None]


def test_what_is_no_jump_is_none():
    """A twentieth of a second is within what a busy machine does."""
    assert watched(READING, after(READING, SECOND, jump=49_000)) == [("start", 0), None]


def test_a_machine_that_slept_says_so():
    """The clock was right all along; that nothing was recorded meanwhile has its reason."""
    woken = after(READING, 3600 * SECOND, slept=3599 * SECOND)

    assert watched(READING, woken) == [("start", 0), ("slept", 0)]


def test_a_real_change_of_the_clock_is_seen_and_the_order_stays(tmp_path):
    """A process whose clock faketime sets back by an hour and then ahead by a year."""
    file = tmp_path / "time"
    file.write_text("+0")
    program = """
import sys, time
from pathlib import Path
from guard.store.system_clock import ClockWatch
from tests.support.evidence import open_log, request_entry
file, root = map(Path, sys.argv[1:])
log, watch = open_log(root), ClockWatch()
for shift in ("+0", "-3600", "-3600", "+31536000", "+31536000"):
    file.write_text(shift)
    if leaf := watch.look():
        log.say(leaf)
    log.append([request_entry()])
log.close()
"""
    library = subprocess.run(
        ["faketime", "-f", "+0", "printenv", "LD_PRELOAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    faked = {
        "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", program, str(file), str(tmp_path / "e")],
        env={**os.environ, **faked}, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = verify_directory(tmp_path / "e")
    records = [record.read(leaf) for _, leaf in leaves(open_folder(tmp_path / "e"))]
    steps = [one.fields["step_us"] for one in records if one.kind is RecordKind.CLOCK]

    assert report.holds, report.faults
    assert [round(one / SECOND) for one in steps] == [0, -3600, 31_536_000 + 3600]
    assert any("the clock jumped 2 times" in note for note in report.notes)
    assert [one.kind.value for one in records] == [
        "key",
        "boot",
        "clk",
        "req",
        "clk",
        *["req"] * 2,
        "clk",
        "req",
        "req",
    ]
