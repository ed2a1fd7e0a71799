"""What do the records of a log tell about the clock that they were written by?

The order of a log is its own: it does not depend on a clock. How far the times in it can be
believed does, so a verification says which records were written while nothing kept the
clock in step, where it jumped, and where times go back. None of that is a contradiction.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from guard.evidence.clock_record import ClockState, Why
from guard.evidence.record import Record, RecordKind

FAR_BACK: Final = 60_000_000
"""Microseconds; several workers hand in their records a little out of order, but not by a minute."""


@dataclass(slots=True)
class ClockCheck:
    """Is fed all records in the order of the log."""

    unsure: int = 0
    """Records after a look at the clock that nothing kept in step."""
    jumps: int = 0
    largest: int = 0
    """Microseconds of the largest jump, with its sign."""
    slept: int = 0
    """How often the machine had been suspended."""
    backwards: int = 0
    _state: str = ""
    _last: int = 0

    def see(self, one: Record) -> None:
        """Take the next record."""
        if one.kind is RecordKind.CLOCK:
            self._clock(one)
        elif self._state and self._state != ClockState.SYNCHRONISED:
            self.unsure += 1
        if self._state:  # logs from before the clock was looked at say nothing about it
            self.backwards += one.at < self._last - FAR_BACK
            self._last = one.at

    def _clock(self, one: Record) -> None:
        self._state = one.fields["state"]
        step = one.fields["step_us"]
        if step:
            self.jumps += 1
            self.largest = max(self.largest, step, key=abs)
        self.slept += one.fields["why"] == Why.SLEPT

    def notes(self) -> Iterator[str]:
        """Say what a reader of the times should know."""
        if self.unsure:
            yield f"{self.unsure} records were written while nothing kept the clock of the machine in step"
        if self.jumps:
            yield f"the clock jumped {self.jumps} times, at most by {self.largest / 1_000_000:+,.1f} s"
        if self.slept:
            yield f"the machine had been suspended {self.slept} times"
        if self.backwards:
            yield f"{self.backwards} times a record has a time of more than a minute before the record before it"
