"""Does a reader of the log learn how far its times can be believed?"""

from dataclasses import replace

from guard.evidence import record
from guard.evidence.clock_check import ClockCheck
from guard.evidence.clock_record import ClockState, Why, clock
from tests.evidence.test_clock_record import READING
from tests.support.evidence import request_leaf

HOUR = 3_600_000_000
GOOD, BAD = replace(READING, state=ClockState.SYNCHRONISED), READING


def said_of(*leaves: bytes) -> list[str]:
    check = ClockCheck()
    for one in leaves:
        check.see(record.read(one))
    return list(check.notes())


def test_a_good_clock_needs_no_word():
    """Nor do logs from before the clock was looked at, nor workers that hand in a little late."""
    minute = clock(GOOD, why=Why.MINUTE)

    assert said_of(request_leaf(at=HOUR), request_leaf(at=HOUR - 1)) == []
    assert said_of(minute, request_leaf(at=HOUR), request_leaf(at=HOUR - 1_000_000), minute) == [
        "1 times a record has a time of more than a minute before the record before it"
    ]


def test_records_between_a_bad_look_and_the_next_good_one_are_counted():
    """Those before and after are not."""
    assert said_of(
        clock(GOOD, why=Why.START), request_leaf(at=2), clock(BAD, why=Why.MINUTE), request_leaf(at=3),
        request_leaf(at=4), clock(GOOD, why=Why.MINUTE), request_leaf(at=5),
    ) == ["2 records were written while nothing kept the clock of the machine in step"]  # fmt: skip


def test_jumps_and_sleep_are_said():
    """The largest jump, with its direction."""
    leaves = (
        clock(GOOD, why=Why.STEP, step=60_000), clock(GOOD, why=Why.STEP, step=-HOUR), clock(GOOD, why=Why.SLEPT),
    )  # fmt: skip

    assert said_of(*leaves) == [
        "the clock jumped 2 times, at most by -3,600.0 s", "the machine had been suspended 1 times",
    ]  # fmt: skip
