"""What does the keeper of a log take and give, beside records?"""

import platform
import secrets
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from guard import __version__

Clock = Callable[[], int]
"""Gives the time in microseconds since 1970, UTC."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds() -> int:
    """Return the time as records have it."""
    return time.time_ns() // 1000


def microseconds_at(moment: datetime) -> int:
    """Return a moment as records have it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


QUIET: Final = 3_600_000_000
"""Microseconds without a verified crawler after which the next one begins a visit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a `boot` record says about the program that begins to write."""

    run: str
    program: str
    python: str
    openssl: str
    system: str
    config: str = ""


def environment(config: str = "") -> Environment:
    """Return what this process is; `config` is the SHA-256 of the configuration, if there is one."""
    return Environment(
        run=secrets.token_hex(16),
        program=f"crawler-guard {__version__}",
        python=platform.python_version(),
        openssl=ssl.OPENSSL_VERSION,
        system=f"{platform.system()} {platform.machine()}",
        config=config,
    )


@dataclass(slots=True, kw_only=True)
class Stats:
    """Numbers of this recorder since it started."""

    records: int = 0
    """Leaves in the log, all that were ever written."""
    signed: int = 0
    checkpoints: int = 0
    segments: int = 0
    bytes: int = 0
    """Length of all segments."""
    gaps: int = 0
    """Records refused because the disk did not work, since the start."""
    reservations: int = 0
    """Reservations that came into force since the start."""
    visits: int = 0
    """How often since the start a verified crawler came after none had for an hour."""
    verified_at: int = -QUIET
    """When one came last."""
    repaired_bytes: int = 0
    last_sync_seconds: float = 0.0
    failing: str = ""
    """Why nothing can be written now; empty while it can."""

    def came(self, times: Iterable[int]) -> None:
        """Count the visits of verified crawlers that begin at these times."""
        for at in times:
            self.visits += not 0 <= at - self.verified_at < QUIET
            self.verified_at = at


@dataclass(slots=True)
class Lost:
    """Records refused since the disk stopped working."""

    count: int = 0
    since: int = 0
    until: int = 0
    why: str = ""
