"""Has this log been further than it is now?

A log restored from a backup, or cut back on purpose, is whole in itself: its checkpoint is
signed and its root is right. Only someone who remembers a newer head can tell. This file
remembers, and moves on only from the head it knows (compare-and-swap, as sunlight's lock
backend does), so two recorders on two copies of a log can not both go on. It helps most
on another disk than the log.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guard.errors import LogDamagedError
from guard.evidence.checkpoint import Checkpoint

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS heads (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note BLOB NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest head that was seen of a log."""

    size: int
    root: bytes


class HeadGuard:
    """The newest heads. Raises sqlite3.Error where the disk does not do its part."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(_SCHEMA)

    def head(self, origin: str) -> Head | None:
        """Return the newest head seen of the log `origin`; None if it was never seen."""
        row = self._connection.execute("SELECT size, root FROM heads WHERE origin = ?", (origin,)).fetchone()
        return None if row is None else Head(row[0], row[1])

    def advance(self, known: Head | None, checkpoint: Checkpoint, note: bytes) -> None:
        """Remember `checkpoint` in place of `known`.

        Raises:
            LogDamagedError: Something else than `known` is remembered: another recorder has written.
        """
        new = (checkpoint.size, checkpoint.root, note, checkpoint.origin)
        if known is None:
            statement = "INSERT OR IGNORE INTO heads (size, root, note, origin) VALUES (?, ?, ?, ?)"
            changed = self._connection.execute(statement, new).rowcount
        else:
            statement = "UPDATE heads SET size = ?, root = ?, note = ? WHERE origin = ? AND size = ? AND root = ?"
            changed = self._connection.execute(statement, (*new, known.size, known.root)).rowcount
        if changed != 1:
            raise LogDamagedError(
                str(self.path), "another recorder has moved this log on; stop it, and keep both copies as they are"
            )

    def close(self) -> None:
        """Close the file and fold its journal into it."""
        self._connection.close()
