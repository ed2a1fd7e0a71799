"""What becomes of a configuration that is read anew while the guard runs?

One with a fault changes nothing. What the processes were built upon stays as it is until the guard
is started anew, and that is said; everything else is in force as soon as new workers have come up
in the place of the old ones.
"""

import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from guard.core.autonomous_systems import AutonomousSystems
from guard.settings import Settings

FIXED: Final = ("listen", "admin", "console", "decisions", "workers", "evidence", "cluster")
"""Keys that say where the sockets, the log and the number of processes are, and who may see the console."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a guard runs on."""

    settings: Settings
    as_of: date
    """The day since which the rights statement holds."""
    systems: AutonomousSystems | None = field(default=None, repr=False)
    """The autonomous systems that the owner supplies."""
    policy: str = ""
    policy_digest: str = ""
    rules_checked: date = date.min
    """When the catalogue was last held against what operators publish."""
    warnings: tuple[str, ...] = ()
    file: Path | None = None
    """Where the configuration was read; None for a guard that was started with options only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the last reading went; also of the first one."""

    at: float
    """Unix seconds."""
    successful: bool
    said: tuple[str, ...] = ()
    """Faults, or what takes a new start."""
    loaded_at: float = 0.0
    """When what is in force now was read, Unix seconds."""


def first(now: float | None = None) -> Outcome:
    """Return the outcome of the reading that the guard was started with."""
    at = time.time() if now is None else now
    return Outcome(at=at, successful=True, loaded_at=at)


def carried_over(running: Settings, read: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Return what can come into force of what was `read`, and a sentence for each key that can not."""
    changed = [name for name in FIXED if getattr(running, name) != getattr(read, name)]
    settings = read.model_copy(update={name: getattr(running, name) for name in changed})
    sentences = [f"{name} has changed; that takes a new start" for name in changed]
    if running.behaviour.clients != read.behaviour.clients:
        kept = settings.behaviour.model_copy(update={"clients": running.behaviour.clients})
        settings = settings.model_copy(update={"behaviour": kept})
        sentences.append("behaviour.clients has changed; that takes a new start")
    return settings, tuple(sentences)
