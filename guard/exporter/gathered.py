"""How does counting stay cheap where a request raises a dozen numbers?

Worker processes keep their numbers in a memory-mapped file, of which every increment writes a value. Here what one
turn of the event loop adds to a number is written together, when the turn is over. A process that is killed takes
the increments of that turn with it. And the series of given labels is looked up once.
"""

import asyncio
import atexit
from collections.abc import Callable
from typing import Any, Self

import prometheus_client
from prometheus_client.metrics import MetricWrapperBase


class _Remembering(MetricWrapperBase):
    """A metric that remembers its series: of labels that come from a closed set."""

    def __init__(self, *given: Any, **options: Any) -> None:
        self._known: dict[tuple[object, ...], Self] = {}
        super().__init__(*given, **options)

    def labels(self, *values: object, **named: object) -> Self:
        """Return the series of these values."""
        found = self._known.get(values)
        if found is None:
            found = super().labels(*values, **named)
            if values:
                self._known[values] = found
        return found


class Counter(_Remembering, prometheus_client.Counter):
    """A counter that does."""


class Histogram(_Remembering, prometheus_client.Histogram):
    """A histogram that does."""


def gathering(plain: Any) -> Any:
    """Return a class of values that is `plain`, but for increments in a running event loop."""
    owing: list[Any] = []

    def pay() -> None:
        values, owing[:] = owing[:], []
        for value in values:
            value.pay()

    class Gathered(plain):  # type: ignore[misc]
        """One number."""

        def __init__(self, *given: Any, **options: Any) -> None:
            super().__init__(*given, **options)
            self._owed = 0.0

        def inc(self, amount: float) -> None:
            # What other threads count is written at once: they have no loop.
            if (loop := _running_loop()) is None:
                super().inc(amount)
                return
            if not owing:
                loop.call_soon(pay)
            if not self._owed:
                owing.append(self)
            self._owed += amount

        def pay(self) -> None:
            owed, self._owed = self._owed, 0.0
            if owed:
                super().inc(owed)

        def set(self, value: float, timestamp: float | None = None) -> None:
            self._owed = 0.0
            super().set(value, timestamp)

        def get(self) -> float:
            return float(super().get()) + self._owed

    atexit.register(pay)  # what is owed when a loop ends
    return Gathered


_running_loop: Callable[[], asyncio.AbstractEventLoop | None] = asyncio._get_running_loop
