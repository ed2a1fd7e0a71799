"""What does the supervisor see of its workers, the recorder and the disk?

It looks when somebody asks, and remembers for a few seconds what is dear to look at.
"""

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from guard.core.day_book import DayBook
from guard.errors import ConfigurationError, RecorderUnavailableError
from guard.evidence.pause_record import pause
from guard.exporter.joined import Joined
from guard.server.recorder_client import RecorderClient
from guard.server.state import Disk, checkpoint_at, disk_of
from guard.store.day_files import FOLDER, fold, read_day, read_days
from guard.store.log_values import microseconds
from guard.store.range_files import KEPT, SEED, load_lists
from guard.store.rule_files import load_crawler_files, rules_root

PATIENCE: Final = 1.0
"""Seconds that a recorder has to answer."""
FRESH: Final = 2.0
LISTS_FRESH: Final = 600.0
MONTH: Final = 30
"""Days."""
MONTH_FRESH: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen."""

    evidence: Mapping[str, int | float | str] | None
    checkpoint_at: float
    disk: Disk
    lists: Mapping[str, datetime | None]
    today: DayBook
    month: DayBook


class Observer:
    """Looks at one guard."""

    def __init__(self, evidence: Path, metrics: str, recorder_socket: str) -> None:
        """Take the folder of the evidence, that of the metrics, and the recorder's socket."""
        self._evidence = evidence
        self._days = evidence / FOLDER
        self._socket = recorder_socket
        self._recorder = RecorderClient(timeout=PATIENCE)
        self._looking = asyncio.Lock()
        self._last: tuple[float, Seen] | None = None
        self._lists: tuple[float, Mapping[str, datetime | None]] | None = None
        self._month: tuple[float, DayBook] | None = None
        self.joined = Joined(metrics)

    async def start(self) -> None:
        """Connect to the recorder, and take up what a guard that was killed had counted."""
        await asyncio.to_thread(fold, self._days, ())
        await self._recorder.connect(self._socket)

    async def stop(self) -> None:
        """Let go of the recorder."""
        await self._recorder.close()

    def ended(self, pid: int, living: Collection[int]) -> None:
        """Take over what a process that has ended had counted."""
        self.joined.add_ended(pid)
        fold(self._days, living)

    async def paused(self, until: float) -> None:
        """Put on record that every request passes until then (Unix seconds, 0.0: no longer); a recorder that is away
        does not hinder it."""
        leaf = pause(at=microseconds(), until=round(until * 1_000_000))
        with contextlib.suppress(RecorderUnavailableError):
            await self._recorder.append(leaf)

    async def look(self) -> Seen:
        """Return what is seen, at most two seconds old."""
        async with self._looking:
            now = time.monotonic()
            if self._last is None or now - self._last[0] > FRESH:
                try:
                    numbers = await self._recorder.stats()
                except RecorderUnavailableError:
                    numbers = None
                self._last = now, await asyncio.to_thread(self._seen, numbers)
            return self._last[1]

    def _seen(self, numbers: Mapping[str, int | float | str] | None) -> Seen:
        return Seen(
            evidence=numbers,
            checkpoint_at=checkpoint_at(self._evidence),
            disk=disk_of(self._evidence),
            lists=self._known_lists(),
            today=read_day(self._days, datetime.now(UTC).date()),
            month=self._last_month(),
        )

    def _last_month(self) -> DayBook:
        now = time.monotonic()
        if self._month is None or now - self._month[0] > MONTH_FRESH:
            self._month = now, read_days(self._days, datetime.now(UTC).date(), MONTH)
        return self._month[1]

    def _known_lists(self) -> Mapping[str, datetime | None]:
        now = time.monotonic()
        if self._lists is None or now - self._lists[0] > LISTS_FRESH:
            root = rules_root().path
            try:
                sources = load_crawler_files(root)[1].ranges
            except ConfigurationError:  # rules that were changed under us; workers run on those that were right
                return self._lists[1] if self._lists else {}
            found = load_lists(sources, root / SEED, self._evidence / KEPT).lists
            # Those that are written in the rules themselves are as old as the rules.
            self._lists = now, {name: one.fetched_at for name, one in found.items()}
        return self._lists[1]
