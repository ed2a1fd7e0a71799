"""When was a picture first seen online, and when last?

An SQLite file beside the log: site, path, version, first and last time. Only what the site showed to
a crawler that sent neither a cookie nor credentials, and calls neither private nor a download; no
query, no client, and nothing of what people look at. All workers write to it, seldom and in the
background; SQLite keeps them apart. It is bounded: a full file takes no new pictures and still
renews those it has.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guard.errors import EvidenceError

FILE: Final = Path("guard", "pictures.db")
"""Below the evidence directory."""
MOST_ROWS: Final = 500_000
MOST_VERSIONS: Final = 16
"""Of one path; a site that invents a new version for every answer must not fill the file."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS pictures (
    site TEXT NOT NULL,
    path TEXT NOT NULL,
    validator TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (site, path, validator)
) WITHOUT ROWID
"""
_RENEW: Final = (
    "UPDATE pictures SET first = min(first, :first), last = max(last, :last) "
    "WHERE site = :site AND path = :path AND validator = :validator"
)
_RENEW_NEWEST: Final = (
    "UPDATE pictures SET last = max(last, :last) WHERE site = :site AND path = :path AND validator = "
    "(SELECT validator FROM pictures WHERE site = :site AND path = :path ORDER BY last DESC LIMIT 1)"
)
_ADD: Final = (
    "INSERT INTO pictures (site, path, validator, first, last) SELECT :site, :path, :validator, :first, :last "
    "WHERE (SELECT count(*) FROM pictures) < :most"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Online:
    """One version of a picture at one address."""

    site: str
    path: str
    """Canonical, without query."""
    validator: str
    """ETag, else Last-Modified, as the site sent it; empty for neither."""
    first: int
    """Microseconds since 1970."""
    last: int


def add(file: Path, seen: Iterable[Online], *, most: int = MOST_ROWS) -> None:
    """Note that these were online; sqlite3.Error or OSError if they could not be noted."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    with closing(sqlite3.connect(file, isolation_level=None, timeout=5)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_SCHEMA)
        connection.execute("BEGIN IMMEDIATE")
        for one in seen:
            _add(connection, one, most)
        connection.execute("COMMIT")


def _add(connection: sqlite3.Connection, one: Online, most: int) -> None:
    row = {"site": one.site, "path": one.path, "validator": one.validator, "first": one.first, "last": one.last}
    if connection.execute(_RENEW, row).rowcount:
        return
    count = "SELECT count(*) FROM pictures WHERE site = :site AND path = :path"
    versions = connection.execute(count, {"site": one.site, "path": one.path}).fetchone()[0]
    if versions and (not one.validator or versions >= MOST_VERSIONS):
        connection.execute(_RENEW_NEWEST, {"site": one.site, "path": one.path, "last": one.last})
    else:
        connection.execute(_ADD, {**row, "most": most})


def find(directory: Path, path: str, site: str = "") -> tuple[Online, ...]:
    """Return all versions seen at `path`, the oldest first.

    Raises:
        EvidenceError: The file can not be read.
    """
    file = directory / FILE
    if not file.is_file():
        return ()
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
            rows = connection.execute(
                "SELECT site, path, validator, first, last FROM pictures WHERE path = ? AND (? = '' OR site = ?) "
                "ORDER BY site, first, last",
                (path, site, site),
            ).fetchall()
    except sqlite3.Error as error:
        raise EvidenceError(f"{file} can not be read: {error}") from None
    return tuple(Online(site=s, path=p, validator=v, first=first, last=last) for s, p, v, first, last in rows)
