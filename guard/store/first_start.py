"""When did this guard run for the first time?

The learning week counts from then, across restarts. The answer is a file with one line in the
evidence directory; without a readable one, the first start is now.
"""

from datetime import UTC, datetime
from pathlib import Path

from guard.errors import EvidenceError


def first_start(evidence: Path, now: datetime | None = None) -> datetime:
    """Return when the guard first ran on the evidence directory, and note it down if this is the first time.

    Raises:
        EvidenceError: The directory can not be written.
    """
    now = now or datetime.now(UTC)
    file = evidence / "guard" / "first-start"
    try:
        return min(now, datetime.fromisoformat(file.read_text("ascii").strip()).astimezone(UTC))
    except (OSError, ValueError):
        pass
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text(f"{now.isoformat(timespec='seconds')}\n", "ascii")
    except OSError as error:
        raise EvidenceError(f"{evidence} can not be written: {(error.strerror or str(error)).lower()}") from error
    return now
