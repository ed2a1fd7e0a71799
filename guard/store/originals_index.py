"""Which originals are known from an earlier search, so that they need not be decoded again?

An SQLite file in the user's cache folder. What an original is known by is kept under the SHA-256 of its bytes and of
the program's way to find it; and for each path under which SHA-256 it was last seen, with size and times, so that an
unchanged file is not even read. It is a comfort, not a need: where nothing can be kept everything is as without it,
and what is damaged is made anew. Files that no search has used for `UNUSED_DAYS` are dropped, and what belongs to none.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import cv2
import PIL

from guard.image import decoding, described, luma, preview, registration
from guard.image.described import Described, describe, from_bytes, to_bytes
from guard.store.durable import FILE_MODE, FOLDER_MODE

FILE: Final = Path("crawler-guard", "originals.sqlite")
"""Below the cache folder."""
UNUSED_DAYS: Final = 90
_RENEWED_DAYS: Final = 7
"""After so many days a use is noted again; not every time, so that most searches write nothing."""
_WAIT: Final = 5.0
"""Seconds that one waits for another process."""
_TOGETHER: Final = 32
"""Originals, about 3 MB, that are written at once: seldom enough, and whoever is interrupted loses little."""
_SETTLED: Final = 2_000_000_000
"""Nanoseconds after which a change of a file shows in its times, on any file system (FAT has steps of two seconds)."""
_CHANGING: Final = -1
"""The size that is written of a file which may not have settled: it is read again."""
_DAY: Final = 86_400
_PASSING: Final = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
})  # fmt: skip
"""Errors that say nothing about what is in the file."""

_SCHEMA: Final = """
PRAGMA auto_vacuum = FULL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS originals (
    digest BLOB NOT NULL,
    method BLOB NOT NULL,
    described BLOB NOT NULL,
    PRIMARY KEY (digest, method)
);
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    digest BLOB NOT NULL,
    used INTEGER NOT NULL
);
COMMIT;
"""
"""Both tables at once: another process sees none of them, or both."""
_DROP: Final = (
    "DELETE FROM files WHERE used < :oldest",
    "DELETE FROM originals WHERE method <> :method OR digest NOT IN (SELECT digest FROM files)",
)

_Values = Sequence[bytes | int] | Mapping[str, bytes | int]
_Statement = tuple[str, _Values]


class _Seen(NamedTuple):
    """A file, before it is read."""

    path: bytes
    size: int
    modified: int
    """Nanoseconds since 1970."""
    changed: int
    """Likewise, the file or what is said of it."""


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Return where the user's programs keep what they can make again; None where nothing says so.

    As the XDG Base Directory Specification has it.
    """
    for name, below in (("XDG_CACHE_HOME", ""), ("HOME", ".cache")):
        if (folder := Path(environ.get(name, ""))).is_absolute():
            return folder / below
    return None


class OriginalsIndex:
    """What is kept between searches. Several processes may use it at once."""

    def __init__(self, folder: Path | None, tell: Callable[[str], None]) -> None:
        """Open or make the file below the cache `folder`; None keeps nothing.

        Args:
            tell: Is told in one sentence if it is made anew because it was damaged.
        """
        self._file = folder / FILE if folder is not None else None
        self._tell = tell
        self._method = _method()
        self._today = int(time.time()) // _DAY
        self._new: list[_Statement] = []
        self._anew = False
        self._connection: sqlite3.Connection | None = None
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is new, drop what is old, and let go of the file."""
        self._write()
        oldest: _Values = {"oldest": self._today - UNUSED_DAYS, "method": self._method}
        self._change(tuple((statement, oldest) for statement in _DROP))
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def described(self, path: Path, read: Callable[[], bytes | None]) -> Described | None:
        """Return what the original at `path` is known by.

        Args:
            read: Gives its bytes, and is asked only where they are needed; None where they can not be read.

        Raises:
            PictureError: It is no picture that can be read.
        """
        seen = _seen(path)
        if seen is not None and (known := self._unchanged(seen)) is not None:
            return known
        data = read()
        if data is None:
            return None
        digest = sha256(data).digest()
        known = self._of(digest)
        if known is None:
            known = describe(data)
            kept = (digest, self._method, to_bytes(known))
            self._new.append(("INSERT OR REPLACE INTO originals VALUES (?, ?, ?)", kept))
        if seen is not None:
            values = (*(seen if _settled(seen) else seen._replace(size=_CHANGING)), digest, self._today)
            self._new.append(("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", values))
        if len(self._new) >= 2 * _TOGETHER:
            self._write()
        return known

    def _unchanged(self, seen: _Seen) -> Described | None:
        select = "SELECT size, modified, changed, digest, used < ? FROM files WHERE path = ?"
        row = self._row(select, self._today - _RENEWED_DAYS, seen.path)
        if row is None or row[:3] != seen[1:] or (known := self._of(row[3])) is None:
            return None
        if row[4]:
            self._new.append(("UPDATE files SET used = ? WHERE path = ?", (self._today, seen.path)))
        return known

    def _of(self, digest: bytes) -> Described | None:
        row = self._row("SELECT described FROM originals WHERE digest = ? AND method = ?", digest, self._method)
        return from_bytes(row[0]) if row is not None and isinstance(row[0], bytes) else None

    def _row(self, select: str, *values: bytes | int) -> tuple[Any, ...] | None:
        if self._connection is None:
            return None
        try:
            found: tuple[Any, ...] | None = self._connection.execute(select, values).fetchone()
        except sqlite3.Error as error:
            self._fault(error)
            return None
        return found

    def _write(self) -> None:
        new, self._new = self._new, []
        if new:
            self._change(new)

    def _change(self, statements: Sequence[_Statement]) -> None:
        """Do all of them, or none; what could not be noted is found again by the next search."""
        if self._connection is None:
            return
        try:
            with self._connection:
                for statement, values in statements:
                    self._connection.execute(statement, values)
        except sqlite3.Error as error:
            self._fault(error)

    def _open(self) -> None:
        if self._file is None:
            return
        try:
            self._file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            if not self._file.exists():
                self._file.touch(FILE_MODE)
            new = not self._file.stat().st_size
            connection = sqlite3.connect(self._file, timeout=_WAIT, isolation_level="IMMEDIATE")
        except (OSError, sqlite3.Error):
            return
        try:
            connection.text_factory = bytes  # what is damaged may be no text
            if new:
                connection.executescript(_SCHEMA)
            self._connection = connection
        except sqlite3.Error as error:
            connection.close()
            self._fault(error)

    def _fault(self, error: sqlite3.Error) -> None:
        """Go on, with a new file where what is in the old one is damaged."""
        code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)  # of the module's own there is none
        if self._file is None or code & 0xFF in _PASSING:
            return
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._anew:
            return
        self._anew = True
        self._tell(f"{self._file}: damaged, and made anew: {error}")
        try:
            for one in (self._file, self._file.with_name(f"{self._file.name}-journal")):
                one.unlink(missing_ok=True)
        except OSError:
            return
        self._open()


def _seen(path: Path) -> _Seen | None:
    """Return what is seen of a file from outside; None where nothing is."""
    try:
        said = path.stat()
    except OSError:
        return None
    return _Seen(os.fsencode(path.absolute()), said.st_size, said.st_mtime_ns, said.st_ctime_ns)


def _settled(seen: _Seen) -> bool:
    """Tell whether the file can not have changed since without that being seen."""
    return time.time_ns() - max(seen.modified, seen.changed) > _SETTLED


def _method() -> bytes:
    """Return a digest of how originals are described: our own files, and the versions of what decodes and looks."""
    files = (Path(str(one.__file__)) for one in (preview, decoding, luma, registration, described))
    parts = [sha256(file.read_bytes()).digest() for file in files]
    return sha256(b"".join([*parts, cv2.__version__.encode(), PIL.__version__.encode()])).digest()
