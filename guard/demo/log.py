"""What does the guard's access log say about a client that was just there?

The demo sends its clients one after another, so the lines that appear while a client is
out belong to it.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

HARDNESS: Final = ("allow", "mark", "preview", "throttle", "challenge", "charge", "refuse", "drop")
"""Actions from mild to hard, as they stand in the log."""

PICTURE_KINDS: Final = frozenset({"thumbnail", "image", "original"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One finished request: the part of the line that the demo shows."""

    at: str
    """When it came, as the log writes it: UTC, to the microsecond."""
    path: str
    status: int
    bytes: int
    purpose: str
    operator: str
    claimed: str
    identity: str
    action: str
    rule: str
    because: str
    kind: str
    rendition: str

    @property
    def is_copy(self) -> bool:
        """It was answered with a whole copy under the client's own mark."""
        return self.rendition == "marked" and self.status == 200


class LogTail:
    """Reads what is appended to a log; a line that is not finished yet waits for its end."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._at = file.stat().st_size if file.exists() else 0

    def read(self) -> tuple[LogLine, ...]:
        """Return the lines that have been finished since the last call.

        Raises:
            ValueError: A line is not one of an access log.
        """
        if not self.file.exists():
            return ()
        with self.file.open("rb") as log:
            log.seek(self._at)
            lines = log.read().splitlines(keepends=True)
        found = []
        for line in lines:
            if not line.endswith(b"\n"):
                break
            self._at += len(line)
            found.append(read_line(line))
        return tuple(found)


def read_line(line: bytes) -> LogLine:
    """Read one line of the access log.

    Raises:
        ValueError: It is no JSON object, or a field that the demo shows is missing.
    """
    value = json.loads(line)
    names = [field.name for field in fields(LogLine)]
    if not isinstance(value, dict) or not set(names) <= set(value):
        raise ValueError("not a line of the guard's access log")
    return LogLine(**{name: value[name] for name in names})


def decisions(lines: Iterable[LogLine]) -> tuple[tuple[str, int], ...]:
    """Count the lines of each action, mildest first; an action that nobody has heard of comes last."""
    counts = Counter(line.action for line in lines)
    return tuple(sorted(counts.items(), key=lambda item: (_hardness(item[0]), item[0])))


def telling(lines: Iterable[LogLine]) -> LogLine | None:
    """Return the line that tells best how the client was treated.

    The hardest decision, one about a picture before one about anything else.
    """
    return max(lines, key=lambda line: (_hardness(line.action), line.kind in PICTURE_KINDS), default=None)


def _hardness(action: str) -> int:
    return HARDNESS.index(action) if action in HARDNESS else len(HARDNESS)
