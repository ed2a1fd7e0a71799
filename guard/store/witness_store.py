"""What has a witness cosigned, so that it never cosigns two histories of one log?

One SQLite file beside the key, made together with it: a witness whose memory is gone must not go
on under the same key, for it could cosign what it would have refused. Comparing and keeping
is one transaction, synced before the caller may answer. Every head that was cosigned stays,
so that a log which signs another one of an earlier size is found out too.

What a log signed and the witness refused may prove that the log has two histories. Both
notes are kept, as files that anybody can hold against the log's key.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guard.errors import EvidenceError
from guard.evidence.checkpoint import Checkpoint
from guard.evidence.witness import Refused, Seen, origin_hash
from guard.store.durable import make_folder, replace

REFUSED: Final = "refused"
MOST_REFUSED: Final = 100
"""Notes kept of one log; what a log can sign without end must not fill the disk."""

_SCHEMA: Final = """
CREATE TABLE cosigned (
    origin TEXT NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note BLOB NOT NULL,
    PRIMARY KEY (origin, size)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """A head, and the note with which it was cosigned."""

    size: int
    root: bytes
    note: bytes


class WitnessStore:
    """The memory of one witness. Raises EvidenceError where the disk does not do its part."""

    def __init__(self, path: Path) -> None:
        """Open what `create` has made.

        Raises:
            EvidenceError: It is not there, or can not be used.
        """
        if not path.is_file():
            raise EvidenceError(
                f"{path} is missing: this witness no longer knows what it has cosigned, and must not go on with this "
                "key. Put the file back, or make a new key with `guard witness key` and tell the logs"
            )
        self._path = path
        with _told(path):
            self._connection = _connect(path)

    @staticmethod
    def create(path: Path) -> None:
        """Make an empty memory at `path`.

        Raises:
            EvidenceError: There is one already, or it can not be made.
        """
        if path.exists():
            raise EvidenceError(f"{path} exists already: it is the memory of another witness; choose another file")
        with _told(path):
            path.touch(mode=0o600)
            connection = _connect(path)
            connection.execute(_SCHEMA)
            connection.close()

    def last(self, origin: str) -> Cosigned | None:
        """Return the newest head of the log `origin` that was cosigned; None for none."""
        with _told(self._path):
            row = self._connection.execute(
                "SELECT size, root, note FROM cosigned WHERE origin = ? ORDER BY size DESC LIMIT 1", (origin,)
            ).fetchone()
        return None if row is None else Cosigned(size=row[0], root=row[1], note=row[2])

    def add(
        self, origin: str, judge: Callable[[Seen | None], Checkpoint | Refused], note: Callable[[], bytes]
    ) -> Checkpoint | Refused:
        """Ask `judge` with the last head of the log; if it agrees, keep what `note` gives, and only then return.

        Nobody else can add in between. Once this returns a checkpoint, that survives a power cut.
        """
        with _told(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                last = self.last(origin)
                verdict = judge(None if last is None else Seen(size=last.size, root=last.root))
                if isinstance(verdict, Checkpoint):
                    self._connection.execute(
                        "INSERT INTO cosigned (origin, size, root, note) VALUES (?, ?, ?, ?) "
                        "ON CONFLICT (origin, size) DO UPDATE SET note = excluded.note WHERE root = excluded.root",
                        (origin, verdict.size, verdict.root, note()),
                    )
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
        return verdict

    def keep_refused(self, refused: Refused, note: bytes) -> Path | None:
        """Keep a note that its log signed and that contradicts what was cosigned, with that; return the folder.

        None if it contradicts nothing that is known, as when an old request is sent again, or if enough are kept.
        """
        head = refused.signed
        if head is None:
            return None
        with _told(self._path):
            row = self._connection.execute(
                "SELECT note FROM cosigned WHERE origin = ? AND size = ? AND root <> ?",
                (head.origin, head.size, head.root),
            ).fetchone()
        if row is None and refused.size is None and (last := self.last(head.origin)) is not None:
            row = (last.note,)
        if row is None:
            return None
        hashed = origin_hash(head.origin)[:16]
        folder = self._path.parent / REFUSED / f"{hashed}-{head.size}-{head.root.hex()[:16]}"
        try:
            make_folder(folder.parent)
            if folder.exists() or sum(1 for _ in folder.parent.glob(f"{hashed}-*")) >= MOST_REFUSED:
                return None
            make_folder(folder)
            replace(folder / "cosigned.note", row[0])
            replace(folder / "refused.note", note)
        except OSError as error:
            raise EvidenceError(f"{folder} can not be written: {(error.strerror or str(error)).lower()}") from None
        return folder

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise EvidenceError(f"{path} can not be used: {error}") from None
