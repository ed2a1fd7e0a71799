"""Does a record of the clock say what was read?"""

from dataclasses import replace

import pytest

from guard.errors import LeafError
from guard.evidence import record
from guard.evidence.clock_record import ClockReading, ClockState, Why, clock

READING = ClockReading(
    at=1, boot="id", boottime=9_000_000, slept=2, state=ClockState.UNSYNCHRONISED, error=16_000_000, estimate=3
)


def test_everything_that_was_read_is_in_the_record():
    """The jump has its sign."""
    fields = record.read(clock(READING, why=Why.STEP, step=-5)).fields

    assert {name: fields[name] for name in fields if name not in ("v", "kind")} == {
        "at": 1, "boot": "id", "boottime_us": 9_000_000, "error_us": 16_000_000, "estimate_us": 3, "slept_us": 2,
        "state": "unsynchronised", "step_us": -5, "why": "step",
    }  # fmt: skip


@pytest.mark.parametrize("step", [2**53, -(2**53)])
def test_a_jump_that_no_reader_can_hold_is_refused(step):
    """As every integer of 2^53 or more."""
    with pytest.raises(LeafError):
        clock(replace(READING), why=Why.STEP, step=step)
