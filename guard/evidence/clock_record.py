"""What does a record say about the clock of the machine that writes the log?

Times in records are what this machine believed. Once a minute, at the start and at every jump
it is on record what the kernel knew about that belief: whether anything keeps the clock in
step with the world, and how wrong it may be (adjtimex, clock_adjtime(2)). The time since the
boot runs evenly whatever is done to the clock, so a jump shows, and a machine that slept too.
"""

from dataclasses import dataclass
from enum import StrEnum

from guard.evidence.record import RecordKind, leaf


class ClockState(StrEnum):
    """Whether something keeps the clock in step."""

    SYNCHRONISED = "synchronised"
    UNSYNCHRONISED = "unsynchronised"
    UNKNOWN = "unknown"
    """The kernel does not say."""


class Why(StrEnum):
    """Why the clock was looked at."""

    START = "start"
    MINUTE = "minute"
    STEP = "step"
    """It jumped: forwards or back, by more than it can have been wrong by running unevenly."""
    SLEPT = "slept"
    """The machine was suspended in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """What a machine knows about its time at one moment, in microseconds."""

    at: int
    """Since 1970 UTC, by the clock."""
    boot: str
    """The kernel's id of this boot; empty where it has none."""
    boottime: int
    """Since the boot, sleep included."""
    slept: int
    """How much of that the machine was suspended."""
    state: ClockState
    error: int
    """By how much the clock may be wrong at most, as the kernel says; 0 where it does not say."""
    estimate: int
    """By how much it is probably wrong, likewise."""


def clock(reading: ClockReading, *, why: Why, step: int = 0) -> bytes:
    """Say what is known of the clock; `step` is by how many microseconds it jumped since the last look."""
    return leaf(
        RecordKind.CLOCK, reading.at, boot=reading.boot, boottime_us=reading.boottime, error_us=reading.error,
        estimate_us=reading.estimate, slept_us=reading.slept, state=reading.state.value, step_us=step, why=why.value,
    )  # fmt: skip
