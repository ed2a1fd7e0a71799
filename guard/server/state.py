"""How is this guard?

One value that is gathered when somebody asks, for the metrics and for `guard status` alike: so both
say the same. Nobody's address is in it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from guard.core.day_book import DayBook
from guard.server.reload import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Where the evidence is."""

    free: int
    """Bytes that the guard may still write."""
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known at one moment. Times are Unix seconds; 0.0 stands for never or none."""

    version: str
    now: float
    started: float
    url: str
    """Where visitors' requests arrive."""
    sites: tuple[str, ...]
    workers: int
    workers_ready: int
    restarts: Mapping[str, int]
    """How often a process was started again after it had ended by itself."""
    outcome: Outcome
    policy: str
    policy_digest: str
    paused_until: float
    learning_until: float
    rules_checked: date
    """When somebody last held the catalogue against what operators publish."""
    lists: Mapping[str, datetime | None]
    """When each list of addresses was read at its source."""
    evidence: Mapping[str, int | float | str] | None
    """The recorder's numbers; None where it does not answer."""
    checkpoint_at: float
    """When the newest checkpoint was written."""
    disk: Disk
    pictures: Mapping[str, int]
    """About how many different pictures each site has served."""
    today: DayBook
    month: DayBook
    """The last thirty days."""

    @property
    def paused(self) -> bool:
        """Whether the owner has stopped everything."""
        return self.paused_until > self.now


def disk_of(folder: Path) -> Disk:
    """Return the state of the file system that `folder` is on."""
    found = os.statvfs(folder)
    return Disk(free=found.f_bavail * found.f_frsize, size=found.f_blocks * found.f_frsize)


def checkpoint_at(evidence: Path) -> float:
    """Return when the newest checkpoint was written; 0.0 without one."""
    try:
        return (evidence / "log" / "checkpoint").stat().st_mtime
    except OSError:
        return 0.0
