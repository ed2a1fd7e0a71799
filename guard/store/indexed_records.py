"""Which records does a reader mean, where an index knows?

The same records in the same order as reading the whole log gives, only sooner. The index says which may be meant; each
leaf is held against the hashes of the log before it is shown, the values beside it come from this guard's own store,
and what the index does not have yet is read from the log. Of other guards' logs there is only what the index has: their
values stay with them.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import chain
from pathlib import Path
from struct import error as StructError  # noqa: N812  # it is one
from typing import Final

from guard.errors import EvidenceError, LeafError, LogDamagedError, UsageError
from guard.evidence import disclosure
from guard.evidence.merkle import HASH_SIZE, leaf_hash
from guard.evidence.record import Record, RecordKind
from guard.evidence.tile import WIDTH, Tile
from guard.store.evidence_index import EvidenceIndex, Indexed, helps
from guard.store.log_follower import follow, head, log_of
from guard.store.record_filter import Filter, Match, Values, matching, select
from guard.store.side_keys import FOLDER, SideKeys
from guard.store.side_store import open_to_read, unpacked
from guard.store.tile_files import read_tile

_READ: Final = """
SELECT lifetime, key, body FROM sealed WHERE leaf = ?
AND NOT EXISTS (SELECT 1 FROM doomed WHERE doomed.leaf = sealed.leaf AND doomed.lifetime = sealed.lifetime)
"""


@contextmanager
def opened(url: str) -> Iterator["IndexReader"]:
    """Open the index for reading, for as long as the block lasts.

    Raises:
        StoreAwayError: It does not answer.
    """
    with asyncio.Runner() as runner:
        index = EvidenceIndex(url)
        try:
            yield IndexReader(index, runner)
        finally:
            runner.run(index.close())


class IndexReader:
    """Reads the index, one question after the other."""

    def __init__(self, index: EvidenceIndex, runner: asyncio.Runner) -> None:
        self._index = index
        self._runner = runner

    def logs(self) -> list[Indexed]:
        """Return all logs that are in the index; StoreAwayError where it does not answer."""
        return self._runner.run(self._index.logs())

    def named(self, name: str) -> Indexed:
        """Return the log that is called so, or whose name alone begins or ends so.

        Raises:
            UsageError: There is none, or more than one.
            StoreAwayError: The index does not answer.
        """
        logs = self.logs()
        found = [one for one in logs if name == one.origin] or [
            one for one in logs if one.origin.startswith(name) or one.origin.endswith(name)
        ]
        if len(found) != 1:
            known = ", ".join(one.origin for one in logs) or "none"
            raise UsageError(f"--log {name!r} names {len(found)} logs of the index; it has: {known}")
        return found[0]

    def matching(self, path: Path, wanted: Filter, *, also: frozenset[RecordKind] = frozenset()) -> Iterator[Match]:
        """Yield what `record_filter.matching` does of the log at `path`.

        Raises:
            StoreAwayError: The index does not answer.
            LogDamagedError: It says something else than the log, or the log can not be read.
        """
        if not helps(wanted, also):
            yield from matching(path, wanted, also=also)
            return
        log = log_of(path)
        known = self._of_log(log)
        side = log.with_name("side") / "disclosures.db" if log.name == "log" else None
        tail = ((one.number, one.leaf) for one in follow(log, known.place))
        with _OneByOne(side) as values:
            yield from select(chain(self._checked(log, known, wanted, also), tail), values.of, wanted, also=also)

    def elsewhere(self, log: Indexed, wanted: Filter, *, also: frozenset[RecordKind] = frozenset()) -> Iterator[Match]:
        """Yield the records that are meant of another guard's log, without the values that only that guard has."""
        yield from select(self._found(log, wanted, also), lambda *_: {}, wanted, also=also)

    def _of_log(self, log: Path) -> Indexed:
        return self._runner.run(self._index.log(head(log).origin))

    def _found(self, log: Indexed, wanted: Filter, also: frozenset[RecordKind]) -> Iterator[tuple[int, bytes]]:
        pages = self._index.search(log, wanted, also)
        while (one := self._runner.run(_next(pages))) is not None:
            yield one

    def _checked(
        self, log: Path, known: Indexed, wanted: Filter, also: frozenset[RecordKind]
    ) -> Iterator[tuple[int, bytes]]:
        number, hashes = -1, b""
        size = head(log).size
        for index, leaf in self._found(known, wanted, also):
            if index // WIDTH != number:
                number = index // WIDTH
                hashes = read_tile(log, Tile(0, number, min(WIDTH, size - number * WIDTH)))
            place = index % WIDTH * HASH_SIZE
            if hashes[place : place + HASH_SIZE] != leaf_hash(leaf):
                raise LogDamagedError(
                    f"record {index}", "the index says something else than the log; make it anew with "
                    "'guard evidence index --anew'"
                )  # fmt: skip
            yield index, leaf


class _OneByOne:
    """The values beside a log, asked for one record at a time."""

    def __init__(self, side: Path | None) -> None:
        self._side = side
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> "_OneByOne":
        if self._side is not None and self._side.is_file():
            with suppress(EvidenceError):
                self._connection = open_to_read(self._side)
                self._keys = SideKeys(self._side.with_name(FOLDER))
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def of(self, index: int, one: Record) -> Values:
        """Return what is disclosed of the record at `index`; what can not be read is not."""
        commitments = one.fields.get("sd", ())
        found: Values = {}
        if self._connection is None or not commitments:
            return found
        with suppress(sqlite3.Error, EvidenceError, UnicodeDecodeError, OverflowError, StructError):
            for lifetime, number, body in self._connection.execute(_READ, (index,)).fetchall():
                plain = self._keys.open(number, index, lifetime, body)
                for _, data in sorted(unpacked(plain)) if plain is not None else ():
                    if sha256(data).hexdigest() in commitments:
                        with suppress(LeafError):
                            group, value = disclosure.read(data)
                            found[group] = value
        return found


async def _next(pages: AsyncIterator[tuple[int, bytes]]) -> tuple[int, bytes] | None:
    return await anext(pages, None)
