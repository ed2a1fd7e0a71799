"""Is this worker well?

Twice a second it looks how late its own event loop is, and how much waits for others.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from guard.exporter.metrics import Metrics

EVERY: Final = 0.5


class Pulse:
    """Measures one worker."""

    def __init__(
        self, metrics: Metrics, *, records_pending: Callable[[], int], packs_waiting: Callable[[], int]
    ) -> None:
        self._metrics = metrics
        self._records_pending = records_pending
        self._packs_waiting = packs_waiting
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to measure."""
        self._task = asyncio.create_task(self._beat())

    def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()

    async def _beat(self) -> None:
        while True:
            due = time.monotonic() + EVERY
            await asyncio.sleep(EVERY)
            self._metrics.loop_lag.observe(max(time.monotonic() - due, 0.0))
            self._metrics.evidence_pending.set(self._records_pending())
            self._metrics.packs_waiting.set(self._packs_waiting())
