"""Which records of which guard's log are about a crawler, a picture, a mark or a time?

An index in PostgreSQL, for several guards together. It is made from the logs and can be made again from them at any
time: the logs are the truth, and what the index says is held against them before it is shown. In it are the leaves as
they are in the log, and beside each what is asked for; values that may identify a person are not, they stay with their
guard and can be erased there.

How far each log was taken in stands in the same transaction as what was taken in: whoever is interrupted goes on from
there, and of two who do it at once one finds that it was done.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from guard.errors import LeafError, StoreAwayError
from guard.evidence import record
from guard.evidence.merkle import leaf_hash
from guard.evidence.record import Record, RecordKind
from guard.extras import need
from guard.store.log_follower import Followed, Place
from guard.store.record_filter import Filter

CONNECTING: Final = 3.0
"""Seconds."""
ANSWERING: Final = 60.0
PAGE: Final = 2000
"""Records that are asked for at once."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS guard_logs (
    id serial PRIMARY KEY,
    origin text NOT NULL UNIQUE,
    next bigint NOT NULL DEFAULT 0,
    segment integer NOT NULL DEFAULT 0,
    place bigint NOT NULL DEFAULT 0,
    newest bytea NOT NULL DEFAULT '',
    followed timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS guard_records (
    log integer NOT NULL REFERENCES guard_logs ON DELETE CASCADE,
    index bigint NOT NULL,
    kind text NOT NULL,
    req bigint,
    at bigint NOT NULL,
    site text NOT NULL,
    crawler text NOT NULL,
    claimed text NOT NULL,
    operator text NOT NULL,
    action text NOT NULL,
    grade text NOT NULL,
    mark text NOT NULL,
    original text NOT NULL,
    leaf bytea NOT NULL,
    PRIMARY KEY (log, index)
);
CREATE INDEX IF NOT EXISTS guard_records_crawler ON guard_records (log, crawler, index);
CREATE INDEX IF NOT EXISTS guard_records_claimed ON guard_records (log, claimed, index);
CREATE INDEX IF NOT EXISTS guard_records_operator ON guard_records (log, operator, index);
CREATE INDEX IF NOT EXISTS guard_records_at ON guard_records (log, at);
CREATE INDEX IF NOT EXISTS guard_records_req ON guard_records (log, req) WHERE req IS NOT NULL;
CREATE INDEX IF NOT EXISTS guard_records_mark ON guard_records (log, mark) WHERE mark <> '';
CREATE INDEX IF NOT EXISTS guard_records_original ON guard_records (log, original) WHERE original <> '';
"""
_LOCK: Final = 0x67756172
"""So that guards which start together do not make the tables at the same moment."""
_ASKED: Final = ("site", "crawler", "claimed", "operator", "action", "grade", "mark", "original")
_LOWER: Final = frozenset({"crawler", "claimed", "operator"})
_COLUMNS: Final = ("log", "index", "kind", "req", "at", *_ASKED, "leaf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """What the index has of one log."""

    id: int
    origin: str
    place: Place
    newest: bytes
    """Leaf hash of the record taken in last; empty if none was."""


class EvidenceIndex:
    """The index, over one connection."""

    def __init__(self, url: str) -> None:
        """Take the database's `url`; nothing is connected yet.

        Raises:
            UsageError: The client library is not installed.
        """
        self._url = url
        self._asyncpg = need("asyncpg", "cluster")
        self._errors = (OSError, TimeoutError, self._asyncpg.PostgresError, self._asyncpg.InterfaceError)
        self._connection: Any = None

    async def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*self._errors):
                await connection.close(timeout=CONNECTING)

    async def log(self, origin: str) -> Indexed:
        """Return how far the log called `origin` was taken in.

        Raises:
            StoreAwayError: The database does not answer, or not as it should.
        """
        row = await self._do(
            "fetchrow",
            "INSERT INTO guard_logs (origin) VALUES ($1) ON CONFLICT (origin) DO UPDATE SET followed = now() "
            "RETURNING id, origin, next, segment, place, newest",
            origin,
        )
        return _indexed(row)

    async def logs(self) -> list[Indexed]:
        """Return all logs, by name; StoreAwayError as `log`."""
        rows = await self._do("fetch", "SELECT * FROM guard_logs ORDER BY origin")
        return [_indexed(row) for row in rows]

    async def forget(self, origin: str) -> None:
        """Take everything of a log out; StoreAwayError as `log`."""
        await self._do("execute", "DELETE FROM guard_logs WHERE origin = $1", origin)

    async def add(self, log: Indexed, found: Sequence[Followed]) -> tuple[Indexed, int]:
        """Take in what follows on `log.place`; return how far the log is in now, and how many were taken in here: none
        where another has done it.

        Raises:
            StoreAwayError: As `log`. All of it was taken in, or nothing.
        """
        if not found:
            return log, 0
        connection = await self._connected()
        try:
            async with asyncio.timeout(ANSWERING), connection.transaction():
                after, newest = found[-1].after, leaf_hash(found[-1].leaf)
                moved = await connection.execute(
                    "UPDATE guard_logs SET next = $3, segment = $4, place = $5, newest = $6, followed = now() "
                    "WHERE id = $1 AND next = $2",
                    log.id, log.place.next, after.next, after.segment, after.offset, newest,
                )  # fmt: skip
                taken = len(found) if moved == "UPDATE 1" else 0
                if taken:
                    rows = await self._rows(connection, log.id, found)
                    await connection.copy_records_to_table("guard_records", records=rows, columns=_COLUMNS)
        except self._errors as error:
            raise await self._away(error) from error
        return await self.log(log.origin), taken

    async def _rows(self, connection: Any, log: int, found: Sequence[Followed]) -> list[tuple[Any, ...]]:
        requests: dict[int, tuple[Any, ...]] = {}
        read = [(one, _read(one.leaf)) for one in found]
        ends = [int(one.fields["req"]) for _, one in read if one is not None and one.kind is RecordKind.END]
        if ends:
            columns = ", ".join(("at", *_ASKED))
            known = await connection.fetch(
                f"SELECT index, {columns} FROM guard_records WHERE log = $1 AND index = ANY($2)",  # noqa: S608
                log, ends,
            )  # fmt: skip
            requests = {row[0]: tuple(row)[1:] for row in known}
        rows = []
        for one, told in read:
            asked: tuple[Any, ...] = (0 if told is None else told.at, *("",) * len(_ASKED))
            req = None
            if told is not None and told.kind is RecordKind.REQUEST:
                req = one.number
                asked = requests[req] = (told.at, *(_text(told.fields, name) for name in _ASKED))
            elif told is not None and told.kind is RecordKind.END:
                req = int(told.fields["req"])
                asked = requests.get(req, asked)  # an end is found by what its request says
            rows.append((log, one.number, "" if told is None else told.kind.value, req, *asked, one.leaf))
        return rows

    async def search(
        self, log: Indexed, wanted: Filter, also: frozenset[RecordKind] = frozenset()
    ) -> AsyncIterator[tuple[int, bytes]]:
        """Yield index and leaf of every record that may be meant, in order, requests with their ends.

        What only disclosed values say (a path, an address) is not in the index: whoever asks for that looks itself
        at what comes.

        Raises:
            StoreAwayError: As `log`.
        """
        conditions, values = _conditions(wanted, also)
        after = -1
        # The conditions are made here, of column names and the numbers of arguments.
        query = (
            "SELECT index, leaf FROM guard_records WHERE log = $1 AND index > $2 AND index < $3 "  # noqa: S608
            f"AND ({conditions}) ORDER BY index LIMIT {PAGE}"
        )
        while True:
            rows = await self._do("fetch", query, log.id, after, log.place.next, *values)
            for index, leaf in rows:
                yield index, bytes(leaf)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    async def _do(self, method: str, query: str, *values: Any) -> Any:
        connection = await self._connected()
        try:
            return await getattr(connection, method)(query, *values, timeout=ANSWERING)
        except self._errors as error:
            raise await self._away(error) from error

    async def _connected(self) -> Any:
        if self._connection is None:
            try:
                self._connection = await self._asyncpg.connect(self._url, timeout=CONNECTING)
                async with self._connection.transaction():
                    await self._connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
                    await self._connection.execute(_SCHEMA)
            except (*self._errors, ValueError) as error:
                raise await self._away(error) from error
        return self._connection

    async def _away(self, error: BaseException) -> StoreAwayError:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
        return StoreAwayError(f"PostgreSQL does not answer: {str(error) or 'it takes too long'}")


def helps(wanted: Filter, also: frozenset[RecordKind] = frozenset()) -> bool:
    """Tell whether the index finds what is meant without looking at everything."""
    hashes = any(not one.startswith("/") for one in wanted.pictures) and not any(
        one.startswith("/") for one in wanted.pictures
    )
    named = (wanted.crawlers, wanted.operators, wanted.marks, wanted.actions, wanted.grades, wanted.records)
    times = wanted.since is not None or wanted.until is not None
    return bool(any(named) or hashes or (times and not also))


def _conditions(wanted: Filter, also: frozenset[RecordKind]) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []

    def some(condition: str, value: Any) -> None:
        values.append(value)
        parts.append(condition.replace("?", f"${len(values) + 3}"))

    if wanted.records:
        some("(index = ANY(?::bigint[]) OR req = ANY(?::bigint[]))", sorted(wanted.records))
    if wanted.crawlers:
        some("(crawler = ANY(?::text[]) OR claimed = ANY(?::text[]))", sorted(wanted.crawlers))
    for column, names in (
        ("operator", wanted.operators),
        ("mark", wanted.marks),
        ("action", wanted.actions),
        ("grade", wanted.grades),
    ):
        if names:
            some(f"{column} = ANY(?::text[])", sorted(names))
    if wanted.pictures and not any(one.startswith("/") for one in wanted.pictures):
        some("original = ANY(?::text[])", sorted(wanted.pictures))
    if wanted.since is not None:
        some("at >= ?::bigint", wanted.since)
    if wanted.until is not None:
        some("at < ?::bigint", wanted.until)
    meant = " AND ".join(parts) or "true"
    if also:
        values.append(sorted(one.value for one in also))
        meant = f"({meant}) OR kind = ANY(${len(values) + 3}::text[])"
    return meant, values


def _read(leaf: bytes) -> Record | None:
    try:
        return record.read(leaf)
    except LeafError:
        return None


def _text(fields: Mapping[str, Any], name: str) -> str:
    text = str(fields.get(name, "")).replace("\0", "")
    return text.lower() if name in _LOWER else text


def _indexed(row: Any) -> Indexed:
    place = Place(next=row["next"], segment=row["segment"], offset=row["place"])
    return Indexed(id=row["id"], origin=row["origin"], place=place, newest=bytes(row["newest"]))
