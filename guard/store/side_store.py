"""Where are the values that records only commit to?

In an SQLite file outside the log, encrypted under the keys of `side_keys`; how they are erased is
said in `custody`. The values of one record that have one lifetime are one row. `synchronous=FULL`:
with NORMAL a power cut can take back what was committed. A row is written before its leaf;
after a crash between the two it has no leaf, so opening the log purges the rows from its size on.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from struct import Struct
from struct import error as StructError  # noqa: N812 - it is one
from typing import Final

from guard.errors import EvidenceError
from guard.evidence.retention import Lifetime, lifetime_of_group
from guard.store.log_values import Clock, microseconds
from guard.store.side_keys import FOLDER, SideKeys

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sealed (
    leaf INTEGER NOT NULL,
    lifetime INTEGER NOT NULL,
    key INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (leaf, lifetime)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (
    number INTEGER PRIMARY KEY,
    lifetime INTEGER NOT NULL,
    day INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    records INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'live',
    cursor INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS doomed (
    leaf INTEGER NOT NULL, lifetime INTEGER NOT NULL, PRIMARY KEY (leaf, lifetime)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holds (
    name TEXT PRIMARY KEY, at INTEGER NOT NULL, matter TEXT NOT NULL, wanted TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (
    leaf INTEGER NOT NULL, hold TEXT NOT NULL, PRIMARY KEY (leaf, hold)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS owed (number INTEGER PRIMARY KEY, leaf BLOB NOT NULL, size INTEGER NOT NULL)
"""
"""`keys` says what lies under each key: the day on which it was first used, and between which records. `doomed` rows
are erased, only not taken away yet. `owed` are leaves that the log does not have yet about what was done here, and how
many records it had then."""

_LARGEST_JOURNAL: Final = 4096
"""Pages (of 4 KiB) after which a writer folds the journal itself, if nobody else got round to it."""
DAY: Final = 86_400_000_000
Row = tuple[int, str, bytes]
"""Index of the leaf, group, bytes of the disclosure."""
Kept = tuple[int, str, bytes, Lifetime]
"""The same, and how long it is kept."""
Values = tuple[int, Lifetime, bytes]
"""Index of the leaf, how long they are kept, and its values of that lifetime, `packed`."""
_HEAD: Final = Struct(">BI")
head: Final = _HEAD.pack
"""Makes what stands before a group and its disclosure in a row, out of their lengths."""


class SideStore:
    """The erasable values beside one log. Raises sqlite3.Error and OSError where the disk does not do its part."""

    def __init__(self, path: Path, *, clock: Clock = microseconds) -> None:
        self.path = path
        self.keys = SideKeys(path.with_name(FOLDER))
        self._clock = clock
        self._current: dict[Lifetime, tuple[int, int]] = {}
        self.connection = self._open()
        self._folding = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2)
        self._take_over()

    def _open(self) -> sqlite3.Connection:
        self.path.touch(mode=0o600)
        # The recorder's writing thread is not the one that opens and closes; only one uses it at a time.
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=2)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LARGEST_JOURNAL}")
            connection.executescript(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        self._current.clear()
        return connection

    def reopen(self) -> None:
        """Begin anew after an error, from what is on the disk."""
        self.connection.close()
        self.connection = self._open()

    def put(self, rows: Iterable[Kept], *, again: bool = False, held: Iterable[tuple[int, str]] = ()) -> None:
        """Keep `rows`, durably, and that these records are `held`; with `again` what is there already stays."""
        values: defaultdict[tuple[int, Lifetime], list[tuple[str, bytes]]] = defaultdict(list)
        for leaf, name, data, lifetime in rows:
            values[leaf, lifetime].append((name, data))
        keys = self._keys_for({one for _, one in values})
        with transaction(self.connection):
            places = [place for place in values if not again or self._add(*place, values[place])]
            self._put([(*place, packed(values[place])) for place in places], keys, held)

    def put_new(self, rows: list[Values], held: Iterable[tuple[int, str]] = ()) -> None:
        """Keep what new records commit to, durably, and that these records are `held`."""
        keys = self._keys_for({one for _, one, _ in rows})
        with transaction(self.connection):
            self._put(rows, keys, held)

    def _keys_for(self, lifetimes: Iterable[Lifetime]) -> dict[Lifetime, int]:
        return {one: self.key_for(one) for one in lifetimes}

    def _put(self, rows: list[Values], keys: Mapping[Lifetime, int], held: Iterable[tuple[int, str]]) -> None:
        rows.sort()  # in the order of the table, so that the rows of a batch fill one page after the other
        sealed = self.keys.seal_many(rows, keys)
        many = len(sealed) // _AT_ONCE * _AT_ONCE
        for at in range(0, many, _AT_ONCE):
            self.connection.execute(_INSERT_MANY, sealed[at : at + _AT_ONCE])
        self.connection.executemany(_INSERT, zip(*[iter(sealed[many:])] * 4, strict=True))
        for lifetime, number in keys.items():
            if leaves := [leaf for leaf, one, _ in rows if one is lifetime]:
                self.connection.execute(USED, (leaves[0], leaves[-1], len(leaves), number))
        self.connection.executemany("INSERT OR IGNORE INTO held (leaf, hold) VALUES (?, ?)", held)

    def _add(self, leaf: int, lifetime: Lifetime, values: list[tuple[str, bytes]]) -> bool:
        """Add values to a row that is there, unless they are in it; say whether there is none."""
        found = self.connection.execute(
            "SELECT key, body FROM sealed WHERE leaf = ? AND lifetime = ?", (leaf, int(lifetime))
        ).fetchone()
        if found is None:
            return True
        number, body = found
        opened = self.keys.open(number, leaf, lifetime, body)
        if opened is not None:
            kept = dict(unpacked(opened))
            if new := [one for one in values if one[0] not in kept]:
                sealed = self.keys.seal(number, leaf, lifetime, packed([*kept.items(), *new]))
                self.connection.execute(
                    "UPDATE sealed SET body = ? WHERE leaf = ? AND lifetime = ?", (sealed, leaf, int(lifetime))
                )
        return False

    def key_for(self, lifetime: Lifetime, day: int | None = None, state: str = "live") -> int:
        """Return the key for new values, of today or of another `day`; it is made if there is none."""
        today = self._clock() // DAY
        if day is None and self._current.get(lifetime, (0, -1))[1] == today:
            return self._current[lifetime][0]
        # A clock that was ahead has made a key of the future, whose values would be kept too long.
        self.connection.execute("UPDATE keys SET day = ? WHERE day > ?", (today, today))
        found = self.connection.execute(
            "SELECT number FROM keys WHERE lifetime = ? AND day = ? AND state = ? ORDER BY number DESC LIMIT 1",
            (int(lifetime), today if day is None else day, state),
        ).fetchone()
        number: int
        if found is None:
            (number,) = self.connection.execute("SELECT coalesce(max(number), 0) + 1 FROM keys").fetchone()
            self.keys.create(number)
            self.connection.execute(
                "INSERT INTO keys (number, lifetime, day, first, last, state) VALUES (?, ?, ?, ?, -1, ?)",
                (number, int(lifetime), today if day is None else day, (1 << 62), state),
            )
        else:
            (number,) = found
        if day is None:
            self._current[lifetime] = number, today
        return number

    def _take_over(self) -> None:
        """Seal the values that lie open in a store of the first weeks; nobody knows their age, so it begins now."""
        find = "SELECT name FROM sqlite_master WHERE name = 'disclosures'"
        if self.connection.execute(find).fetchone() is None:
            return
        rows = self.connection.execute("SELECT leaf, name, disclosure FROM disclosures ORDER BY leaf").fetchall()
        self.put([(leaf, name, data, lifetime_of_group(name)) for leaf, name, data in rows], again=True)
        self.connection.execute("DROP TABLE disclosures")
        self.connection.execute("VACUUM")

    def forget_current(self) -> None:
        """Look anew for the keys to use: one of them is being cleared."""
        self._current.clear()

    def fold(self) -> None:
        """Move what the journal holds into the file. May run in another thread: nobody who writes waits for it."""
        self._folding.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def purge_from(self, size: int) -> int:
        """Delete the rows of leaves that do not exist, `size` and above, and say how many there were."""
        self.connection.execute("DELETE FROM held WHERE leaf >= ?", (size,))
        return self.connection.execute("DELETE FROM sealed WHERE leaf >= ?", (size,)).rowcount

    def close(self) -> None:
        """Close the file and fold its journal into it."""
        self._folding.close()
        self.connection.close()


ANY_LEAF: Final = -(1 << 63)
"""Also what no record can be: a verifier has to see such a row."""
USED: Final = "UPDATE keys SET first = min(first, ?), last = max(last, ?), records = records + ? WHERE number = ?"


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do what is done in it wholly or, on any error, not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def read_rows(path: Path, first: int = ANY_LEAF) -> Iterator[Row]:
    """Yield the values in the side store at `path`, by leaf from `first` on, without changing anything.

    Raises:
        EvidenceError: The file can not be read, or not further, or its values were changed.
    """
    connection = open_to_read(path)
    keys = SideKeys(path.with_name(FOLDER))
    try:
        for leaf, lifetime, number, body in connection.execute(_READ, (first,)):
            if (type(leaf), type(lifetime), type(number), type(body)) != _TYPES:
                raise EvidenceError("a row of other types than the store writes")
            opened = keys.open(number, leaf, lifetime, body)
            if opened is not None:
                for name, data in unpacked(opened):
                    yield leaf, name, data
    except (sqlite3.Error, UnicodeDecodeError, OverflowError, StructError) as error:
        raise EvidenceError(f"can not be read: {error}") from None
    finally:
        connection.close()


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the side store at `path` without changing anything.

    Raises:
        EvidenceError: It can not be read.
    """
    # Without a journal beside it nobody is writing, and `immutable` needs no right to write there.
    journal = path.with_name(path.name + "-wal")
    mode = "mode=ro" if journal.exists() else "mode=ro&immutable=1"
    try:
        return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=2)
    except sqlite3.Error as error:
        raise EvidenceError(f"can not be read: {error}") from None


_INSERT: Final = "INSERT INTO sealed (leaf, lifetime, key, body) VALUES (?, ?, ?, ?)"
_ROWS: Final = 50
"""A statement for so many rows takes two thirds of the time that it takes for each row alone."""
_INSERT_MANY: Final = _INSERT + ", (?, ?, ?, ?)" * (_ROWS - 1)
_AT_ONCE: Final = 4 * _ROWS
_TYPES: Final = int, int, int, bytes
_READ: Final = """
SELECT leaf, lifetime, key, body FROM sealed
WHERE leaf >= ?
AND NOT EXISTS (SELECT 1 FROM doomed WHERE doomed.leaf = sealed.leaf AND doomed.lifetime = sealed.lifetime)
ORDER BY leaf
"""


def packed(values: Iterable[tuple[str, bytes]]) -> bytes:
    """Return groups and disclosures as they lie in one row."""
    parts: list[bytes] = []
    for name, data in values:
        encoded = name.encode()
        parts += (head(len(encoded), len(data)), encoded, data)
    return b"".join(parts)


def unpacked(body: bytes) -> list[tuple[str, bytes]]:
    """Return what `packed` put together."""
    found = []
    at, end = 0, len(body)
    while at < end:
        name, size = _HEAD.unpack_from(body, at)
        at += _HEAD.size
        start = at + name
        text = body[at:start].decode()
        at = start + size
        found.append((text, body[start:at]))
    return found
