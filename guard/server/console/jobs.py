"""What becomes of work that takes minutes, while nobody waits for it?

One of each sort at a time; its end is kept until the next one begins.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from guard.errors import GuardError
from guard.server.console.commands import CommandError


@dataclass(slots=True, kw_only=True)
class Job:
    """One piece of work."""

    began: float
    """Unix seconds."""
    ended: float = 0.0
    value: Any = None
    """What came of it."""
    complaint: str = ""
    """Why nothing came of it."""

    @property
    def running(self) -> bool:
        return not self.ended


class Jobs:
    """The work of one console."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def get(self, sort: str) -> Job | None:
        """Return the newest of its sort."""
        return self._jobs.get(sort)

    def begin(self, sort: str, work: Callable[[], Coroutine[None, None, Any]]) -> bool:
        """Begin, unless one of this sort is under way; tell whether it began."""
        before = self._jobs.get(sort)
        if before is not None and before.running:
            return False
        job = self._jobs[sort] = Job(began=time.time())
        self._tasks[sort] = asyncio.create_task(self._run(job, work))
        return True

    async def _run(self, job: Job, work: Callable[[], Coroutine[None, None, Any]]) -> None:
        try:
            job.value = await work()
        except (CommandError, GuardError, OSError) as error:
            job.complaint = str(error)
        finally:
            job.ended = time.time()

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
