"""How sure is a share that was counted, and is a goal reached?

Wilson's score interval (1927) at 95 %: unlike p ± 2 s it stays inside 0 and 1 and says something about 0 of n too.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_Z: Final = 1.959963984540054
"""The normal distribution's 97.5 % point."""


class Data(StrEnum):
    """What the data were used for before."""

    DEVELOPMENT = "development"
    """Seen while rules, tokens or weights were made."""
    HELD_OUT = "held out"
    """Not looked at before."""
    BOTH = "both"
    GENERATED = "generated"
    """Drawn at random from the rules' own data or from captures; nothing was fitted to it."""


class Sense(StrEnum):
    """On which side of its goal a number should lie."""

    AT_LEAST = ">="
    AT_MOST = "<="


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Return the bounds of the 95 % interval for a share of which `hits` in `total` were counted.

    Raises:
        ValueError: The counts are none.
    """
    if not 0 <= hits <= total:
        raise ValueError(f"{hits} of {total}")
    if not total:
        return 0.0, 1.0
    share, square = hits / total, _Z * _Z
    centre = share + square / (2 * total)
    spread = _Z * (share * (1 - share) / total + square / (4 * total * total)) ** 0.5
    low, high = (centre - spread) / (1 + square / total), (centre + spread) / (1 + square / total)
    return (0.0 if hits == 0 else max(0.0, low)), (1.0 if hits == total else min(1.0, high))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: a share that was counted, or a quantity that was measured."""

    section: str
    what: str
    data: Data
    hits: int = 0
    total: int = 0
    value: float | None = None
    """The quantity, where it is no share."""
    unit: str = "%"
    sense: Sense = Sense.AT_LEAST
    goal: float | None = None
    """A share from 0 to 1, or a quantity in `unit`; None where the line only explains another."""

    @property
    def measured(self) -> float:
        """The share from 0 to 1, or the quantity."""
        if self.value is not None:
            return self.value
        return self.hits / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float] | None:
        """The bounds of a share; None for a quantity."""
        return None if self.value is not None else wilson(self.hits, self.total)

    @property
    def verdict(self) -> str:
        """`met`, `met, unproven` (the interval reaches over the goal), `missed`, `not measured` or nothing."""
        if self.goal is None:
            return ""
        if self.value is None and not self.total:
            return "not measured"
        at_least = self.sense is Sense.AT_LEAST
        if (self.measured < self.goal) if at_least else (self.measured > self.goal):
            return "missed"
        # No sample proves "always" or "never".
        if self.interval is None or self.goal in (0.0, 1.0):
            return "met"
        low, high = self.interval
        return "met" if (low >= self.goal if at_least else high <= self.goal) else "met, unproven"

    def cells(self) -> tuple[str, str, str, str, str, str]:
        """Return what was measured, on what, the number, its interval, the goal and the verdict, as text."""
        if self.interval is None:
            number, between = f"{self.measured:.3g} {self.unit}", ""
        else:
            number = f"{self.hits}/{self.total} = {100 * self.measured:.2f} %" if self.total else "none"
            between = "[{:.2f}, {:.2f}]".format(*(100 * bound for bound in self.interval))
        goal = ""
        if self.goal is not None:
            wanted = f"{100 * self.goal:g} %" if self.interval is not None else f"{self.goal:g} {self.unit}"
            goal = f"{self.sense} {wanted}"
        return self.what, str(self.data), number, between, goal, self.verdict


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one part of the bench found."""

    rows: tuple[Row, ...]
    misses: tuple[str, ...] = ()
    """What stands behind the numbers that are not perfect, worst first."""
    notes: tuple[str, ...] = ()
    """How something was decided, and what was skipped."""
