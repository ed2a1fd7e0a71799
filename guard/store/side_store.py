"""Where are the values that records only commit to, and how are they erased for good?

An SQLite file outside the log. `synchronous=FULL`: with NORMAL a power cut can take back
what was committed. `secure_delete`: deleted values are overwritten with zeros. A row is
written before its leaf; after a crash between the two it has no leaf, so opening the log
purges the rows from its size on.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from guard.errors import EvidenceError

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS disclosures (
    leaf INTEGER NOT NULL,
    name TEXT NOT NULL,
    disclosure BLOB NOT NULL,
    expires INTEGER,
    hold INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (leaf, name)
) WITHOUT ROWID
"""
_INSERT: Final = "INSERT INTO disclosures (leaf, name, disclosure) VALUES (?, ?, ?)"
_INSERT_AGAIN: Final = "INSERT OR IGNORE INTO disclosures (leaf, name, disclosure) VALUES (?, ?, ?)"
_LARGEST_JOURNAL: Final = 4096
"""Pages (of 4 KiB) after which a writer folds the journal itself, if nobody else got round to it."""
Row = tuple[int, str, bytes]
"""Index of the leaf, group, bytes of the disclosure."""


class SideStore:
    """The erasable values beside one log. Raises sqlite3.Error where the disk does not do its part."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = self._open()
        self._folding = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2)

    def _open(self) -> sqlite3.Connection:
        self.path.touch(mode=0o600)
        # The recorder's writing thread is not the one that opens and closes; only one uses it at a time.
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=2)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LARGEST_JOURNAL}")
            connection.execute(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def reopen(self) -> None:
        """Begin anew after an error, from what is on the disk."""
        self._connection.close()
        self._connection = self._open()

    def put(self, rows: Iterable[Row], *, again: bool = False) -> None:
        """Keep `rows`, durably; with `again` those that are there already stay as they are."""
        insert = _INSERT_AGAIN if again else _INSERT
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(insert, rows)
            execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise

    def fold(self) -> None:
        """Move what the journal holds into the file. May run in another thread: nobody who writes waits for it."""
        self._folding.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def purge_from(self, size: int) -> int:
        """Delete the rows of leaves that do not exist, `size` and above, and say how many there were."""
        return self._connection.execute("DELETE FROM disclosures WHERE leaf >= ?", (size,)).rowcount

    def close(self) -> None:
        """Close the file and fold its journal into it."""
        self._folding.close()
        self._connection.close()


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of the side store at `path`, by leaf, without changing anything.

    Raises:
        EvidenceError: The file can not be read, or not further.
    """
    # Without a journal beside it nobody is writing, and `immutable` needs no right to write there.
    journal = path.with_name(path.name + "-wal")
    mode = "mode=ro" if journal.exists() else "mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=2)
    except sqlite3.Error as error:
        raise EvidenceError(f"can not be read: {error}") from None
    try:
        for leaf, name, data in connection.execute("SELECT leaf, name, disclosure FROM disclosures ORDER BY leaf"):
            if not (type(leaf) is int and type(name) is str and type(data) is bytes):
                raise EvidenceError("a row of other types than the store writes")
            yield leaf, name, data
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise EvidenceError(f"can not be read: {error}") from None
    finally:
        connection.close()
