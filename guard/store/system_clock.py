"""What does this machine know about its own time, and did the clock jump?

`adjtimex` tells without any rights whether the kernel believes the clock to be in step and how
wrong it may be. A jump is seen as a change of the difference between the clock and the time
since the boot; slewing (at most 500 parts in a million) stays below what counts as one.
"""

import ctypes
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from guard.evidence.clock_record import ClockReading, ClockState, Why, clock

EVERY: Final = 60_000_000
"""Microseconds between two records while nothing happens."""
LEAST_STEP: Final = 50_000
"""Microseconds that are a jump."""
LEAST_SLEEP: Final = 1_000_000
_UNSYNCHRONISED: Final = 0x40
"""STA_UNSYNC of linux/timex.h."""
_BOOTTIME: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_TRIES: Final = 5
_APART: Final = 1_000
"""Microseconds within which the clocks are read one after the other; a longer pause between makes no jump."""


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("constant", ctypes.c_long),
        ("precision", ctypes.c_long), ("tolerance", ctypes.c_long), ("seconds", ctypes.c_long),
        ("microseconds", ctypes.c_long), ("tick", ctypes.c_long), ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long), ("shift", ctypes.c_int), ("stabil", ctypes.c_long), ("jitcnt", ctypes.c_long),
        ("calcnt", ctypes.c_long), ("errcnt", ctypes.c_long), ("stbcnt", ctypes.c_long), ("tai", ctypes.c_int),
        ("padding", ctypes.c_int * 11),
    )  # fmt: skip


def read_clock() -> ClockReading:
    """Look at all clocks of this machine."""
    before = after = at = 0
    for _ in range(_TRIES):
        before = _boottime()
        at = time.time_ns() // 1000
        after = _boottime()
        if after - before <= _APART:
            break
    state, error, estimate = _kernel()
    boottime = (before + after) // 2
    return ClockReading(
        at=max(at, 0),
        boot=_boot_id(),
        boottime=boottime,
        slept=max(boottime - time.monotonic_ns() // 1000, 0),
        state=state,
        error=error,
        estimate=estimate,
    )


class ClockWatch:
    """Says when there is something to record about the clock."""

    def __init__(self, read: Callable[[], ClockReading] = read_clock) -> None:
        self._read = read
        self._last: ClockReading | None = None
        self._recorded = 0
        """Time since the boot of the last record."""

    def look(self) -> bytes | None:
        """Return the record that is due, if one is."""
        now, last = self._read(), self._last
        self._last = now
        step = 0
        if last is None:
            why = Why.START
        elif abs(step := (now.at - last.at) - (now.boottime - last.boottime)) > LEAST_STEP:
            why = Why.STEP
        elif now.slept - last.slept > LEAST_SLEEP:
            why = Why.SLEPT
        elif now.boottime - self._recorded >= EVERY:
            why = Why.MINUTE
        else:
            return None
        self._recorded = now.boottime
        return clock(now, why=why, step=step if why is Why.STEP else 0)


def _boottime() -> int:
    return time.clock_gettime_ns(_BOOTTIME) // 1000


def _kernel() -> tuple[ClockState, int, int]:
    timex = _Timex()
    ask = getattr(ctypes.CDLL(None), "adjtimex", None)
    if ask is None or ask(ctypes.byref(timex)) < 0:
        return ClockState.UNKNOWN, 0, 0
    state = ClockState.UNSYNCHRONISED if timex.status & _UNSYNCHRONISED else ClockState.SYNCHRONISED
    return state, max(int(timex.maxerror), 0), max(int(timex.esterror), 0)


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
