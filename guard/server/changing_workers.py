"""Who answers while a worker is away, and what of the connections of one that was replaced?

A worker that crashes leaves whoever waits at its socket: the others are told to take them, until it is there again. One
in whose place another has come is told so, and ends when its connections have; there are not many such at a time.
"""

import asyncio
import signal
from collections.abc import Callable, Sequence
from itertools import chain

from guard.server.children import Child, Children
from guard.server.listeners import RETIRE_SECONDS

MOST_RETIRING = 2
"""Generations of workers that see the last connections off; with one more the first has to hurry."""
COVER_SECONDS = 2.0
"""Less than a worker stands in for another."""


class ChangingWorkers:
    """Tells workers about each other."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._generations: list[list[Child]] = []

    @property
    def retiring(self) -> tuple[Child, ...]:
        """Return those that were replaced and have not ended."""
        return tuple(chain(*self._generations))

    async def see_off(self, ending: list[Child], seconds: float) -> None:
        """Let workers end whose connections end with the next answer, and give that, hurried, so many seconds."""
        self._generations.append(ending)
        hurried = chain(*self._generations[:-MOST_RETIRING])
        await asyncio.gather(
            self._children.stop(hurried, seconds),
            self._children.stop(ending, RETIRE_SECONDS + seconds, by=signal.SIGHUP),
        )
        self._generations.remove(ending)

    async def cover(self, workers: Callable[[], Sequence[Child]]) -> None:
        """As long as one of the workers is away have the others take the connections that wait for it."""
        while not all(worker.ready.is_set() for worker in workers()):
            self._children.signal((one for one in workers() if one.ready.is_set()), signal.SIGUSR1)
            await asyncio.sleep(COVER_SECONDS)
