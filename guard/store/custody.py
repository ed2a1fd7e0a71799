"""How are values erased, in time or on demand, and how are they kept for a case whatever their time?

All values of a day and a lifetime lie under one key. To erase some of them, those that stay are
moved under another key, a few at a time; then the old key is destroyed, and the rows that
nobody can read any more are taken away, a few at a time again. So recording never waits long,
and a crash at any point is gone on from: what was decided stands in the side store.

    live ─▶ erasing | expiring ─(what stays is moved)─▶ gone ─(rows are taken away)─▶ no key
            expired and all of it held: kept, until the hold is released

What was decided goes on record with it: the leaf is in `owed` from the same moment on, and leaves
that table when the log has it. A hold speaks before a period and before an erasure.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from guard.errors import EvidenceError, RecorderUnavailableError
from guard.evidence import custody, disclosure
from guard.evidence.custody import EXPIRY, HoldState, Values
from guard.evidence.disclosure import Disclosure
from guard.evidence.record import Record, RecordKind
from guard.evidence.retention import Lifetime, Retention
from guard.store.batch import Entry, Refusal
from guard.store.epochs import FOLDER
from guard.store.log_values import Clock
from guard.store.record_filter import Filter, words
from guard.store.side_store import DAY, USED, SideStore, transaction

MOVED: Final = 250
"""Rows that are moved to another key in one step, about five milliseconds."""
TAKEN: Final = 1000
"""Records whose rows are taken away in one step."""
_LIFETIMES: Final[Mapping[Values, tuple[Lifetime, ...]]] = {
    Values.PEOPLE: (Lifetime.PEOPLE,),
    Values.TOOLS: (Lifetime.TOOLS,),
    Values.ALL: (Lifetime.PEOPLE, Lifetime.TOOLS),
}
_STAYS: Final = {
    "erasing": "NOT EXISTS (SELECT 1 FROM doomed d WHERE d.leaf = s.leaf AND d.lifetime = s.lifetime)",
    "expiring": "EXISTS (SELECT 1 FROM held h WHERE h.leaf = s.leaf)"
    " AND NOT EXISTS (SELECT 1 FROM doomed d WHERE d.leaf = s.leaf AND d.lifetime = s.lifetime)",
}
"""Which rows outlive a key."""


class Log(Protocol):
    """What is needed of the log."""

    @property
    def size(self) -> int: ...

    def append(self, entries: Sequence[Entry]) -> list[int | Refusal]: ...

    def is_leaf(self, index: int, leaf: bytes) -> bool: ...


class Custody:
    """Keeps and erases the values of one log. Not for use by two threads at once.

    Raises sqlite3.Error and OSError where the disk does not do its part; then nothing is lost but time.
    """

    def __init__(self, log: Log, side: SideStore, *, retention: Retention, clock: Clock) -> None:
        self._log = log
        self._side = side
        self._retention = retention
        self._clock = clock
        self._of = ""
        """Of which log that was put away these are the values; empty for the log at hand."""
        self.others: dict[str, Custody] = {}
        """The values of logs that were put away, by the name of their folder."""
        rows = side.connection.execute("SELECT name, wanted FROM holds").fetchall()
        self._holds = {name: Filter.of(orjson.loads(wanted)) for name, wanted in rows}

    def holding(self, index: int, one: Record, disclosures: Sequence[Disclosure]) -> list[str]:
        """Return the names of the holds that a record which is about to be written falls under."""
        if not self._holds or one.kind not in (RecordKind.REQUEST, RecordKind.COMMITMENT):
            return []
        values = {}
        if any(wanted.asks_values for wanted in self._holds.values()):
            values = dict(disclosure.read(each.data) for each in disclosures)
        return [name for name, wanted in self._holds.items() if wanted.takes(index, one, values)]

    def settle(self, *, anew: bool = False) -> None:
        """Put on record what was decided and is not in the log yet. What fails is tried again the next time.

        With `anew` it is looked for first: the last process may have been killed after it had written it.
        """
        execute = self._side.connection.execute
        for number, leaf, size in execute("SELECT number, leaf, size FROM owed ORDER BY number").fetchall():
            with suppress(RecorderUnavailableError):
                if not (anew and any(self._log.is_leaf(index, leaf) for index in range(size, self._log.size))):
                    self._log.append([Entry(leaf)])
                execute("DELETE FROM owed WHERE number = ?", (number,))

    def take_epochs(self, root: Path) -> None:
        """Take care of the values of logs that were put away in the evidence directory, too: their time goes on."""
        for path in sorted((root / FOLDER).glob("*/side/disclosures.db")):
            name = path.parent.parent.name
            with suppress(sqlite3.Error, OSError, EvidenceError):  # where a log is damaged its values may be, too
                side = SideStore(path, clock=self._clock)
                other = Custody(self._log, side, retention=self._retention, clock=self._clock)
                other._of = f" (log {name})"
                self.others[name] = other

    def close(self) -> None:
        """Let go of everything."""
        for one in (self, *self.others.values()):
            with suppress(sqlite3.Error):
                one._side.close()

    def tick(self) -> None:
        """Do a little of what is to be done: settle, let expire what has expired, erase some rows."""
        for one in (self, *self.others.values()):
            one.settle()
            one.expire()
            one.work()

    def expire(self) -> None:
        """Begin to erase the values whose period has ended."""
        today = self._clock() // DAY
        for lifetime in Lifetime:
            days = self._retention.of(lifetime)
            if days is None:
                continue
            expired = self._side.connection.execute(
                "SELECT number, first, last, records FROM keys WHERE lifetime = ? AND state = 'live' AND day < ?",
                (int(lifetime), today - days),
            ).fetchall()
            for number, first, last, records in expired:
                self._expire(number, first, last, records, lifetime)

    def _expire(self, number: int, first: int, last: int, records: int, lifetime: Lifetime) -> None:
        execute = self._side.connection.execute
        (held,) = execute(
            "SELECT count(*) FROM sealed WHERE lifetime = ? AND key = ? AND leaf IN"
            " (SELECT leaf FROM held WHERE leaf BETWEEN ? AND ?)",
            (int(lifetime), number, first, last),
        ).fetchone()
        with transaction(self._side.connection):
            if held and held >= records:
                execute("UPDATE keys SET state = 'kept' WHERE number = ?", (number,))
                return
            execute("UPDATE keys SET state = 'expiring', cursor = first WHERE number = ?", (number,))
            if records > held:
                values = Values.PEOPLE if lifetime is Lifetime.PEOPLE else Values.TOOLS
                self._owe(
                    custody.erasure(
                        at=self._clock(),
                        ground=EXPIRY + self._of,
                        values=values,
                        records=records - held,
                        first=first,
                        last=last,
                    )
                )
        self._side.forget_current()
        self.settle()

    def erase(self, records: Iterable[int], values: Values, ground: str) -> dict[str, Any]:
        """Erase `values` of these records, but of those that are held.

        Nobody reads them from now on; `work` takes them away. Returns `erased`, the number of records, and `held`, the
        names of the holds by record.

        Raises:
            LeafError: `ground` can not go on record.
        """
        execute = self._side.connection.execute
        lifetimes = [int(one) for one in _LIFETIMES[values]]
        marks = ", ".join("?" * len(lifetimes))
        execute("CREATE TEMP TABLE IF NOT EXISTS chosen (leaf INTEGER PRIMARY KEY)")
        with transaction(self._side.connection):
            execute("DELETE FROM chosen")
            self._side.connection.executemany("INSERT OR IGNORE INTO chosen VALUES (?)", [(one,) for one in records])
            held: dict[int, list[str]] = {}
            for leaf, name in execute("SELECT leaf, hold FROM held WHERE leaf IN chosen ORDER BY leaf, hold"):
                held.setdefault(leaf, []).append(name)
            found = f"""
                FROM sealed WHERE leaf IN chosen AND lifetime IN ({marks}) AND leaf NOT IN (SELECT leaf FROM held)
                AND key NOT IN (SELECT number FROM keys WHERE state IN ('expiring', 'gone'))
                AND NOT EXISTS
                    (SELECT 1 FROM doomed d WHERE d.leaf = sealed.leaf AND d.lifetime = sealed.lifetime)"""  # noqa: S608
            count, first, last = execute(
                f"SELECT count(DISTINCT leaf), min(leaf), max(leaf) {found}", lifetimes
            ).fetchone()
            if count:
                keys = [number for (number,) in execute(f"SELECT DISTINCT key {found}", lifetimes)]
                execute(f"INSERT INTO doomed SELECT leaf, lifetime {found}", lifetimes)
                for number in keys:
                    execute(
                        "UPDATE keys SET state = 'erasing', cursor = first"
                        " WHERE number = ? AND state IN ('live', 'kept', 'erasing')",
                        (number,),
                    )
                self._owe(
                    custody.erasure(
                        at=self._clock(), ground=ground + self._of, values=values, records=count, first=first, last=last
                    )
                )
            execute("DELETE FROM chosen")
        self._side.forget_current()
        self.settle()
        return {"erased": count, "held": {str(leaf): names for leaf, names in held.items()}}

    def work(self) -> int:
        """Do one step of what is to be erased; return how many keys are still to be cleared."""
        execute = self._side.connection.execute
        found = execute(
            "SELECT number, lifetime, day, last, state, cursor FROM keys"
            " WHERE state IN ('erasing', 'expiring', 'gone') ORDER BY state = 'gone', number LIMIT 1"
        ).fetchone()
        if found is None:
            return 0
        number, lifetime, day, last, state, cursor = found
        if state == "gone":
            self._take_away(number, lifetime, cursor, last)
        else:
            self._move(number, Lifetime(lifetime), day, state, cursor)
        (left,) = execute("SELECT count(*) FROM keys WHERE state IN ('erasing', 'expiring', 'gone')").fetchone()
        return int(left)

    def _move(self, number: int, lifetime: Lifetime, day: int, state: str, cursor: int) -> None:
        """Move rows that stay under another key; when there are no more, destroy the old one."""
        execute, keys = self._side.connection.execute, self._side.keys
        rows = execute(
            f"SELECT leaf, body FROM sealed s WHERE leaf >= ? AND lifetime = ? AND key = ? AND {_STAYS[state]}"  # noqa: S608
            " ORDER BY leaf LIMIT ?",
            (cursor, int(lifetime), number, MOVED),
        ).fetchall()
        if rows:
            heir = self._side.key_for(lifetime, day, "live" if state == "erasing" else "kept")
            moved = []
            for leaf, body in rows:
                if (opened := keys.open(number, leaf, lifetime, body)) is not None:
                    moved.append((heir, keys.seal(heir, leaf, lifetime, opened), leaf, int(lifetime)))
            with transaction(self._side.connection):
                self._side.connection.executemany(
                    "UPDATE sealed SET key = ?, body = ? WHERE leaf = ? AND lifetime = ?", moved
                )
                execute(USED, (rows[0][0], rows[-1][0], len(moved), heir))
                execute("UPDATE keys SET cursor = ? WHERE number = ?", (rows[-1][0] + 1, number))
        if len(rows) < MOVED:
            keys.destroy(number)
            execute("UPDATE keys SET state = 'gone', cursor = first WHERE number = ?", (number,))

    def _take_away(self, number: int, lifetime: int, cursor: int, last: int) -> None:
        """Delete rows that nobody can read any more."""
        execute = self._side.connection.execute
        until = cursor + TAKEN
        with transaction(self._side.connection):
            execute(
                "DELETE FROM sealed WHERE leaf >= ? AND leaf < ? AND lifetime = ? AND key = ?",
                (cursor, until, lifetime, number),
            )
            execute(
                "DELETE FROM doomed WHERE leaf >= ? AND leaf < ? AND lifetime = ? AND NOT EXISTS"
                " (SELECT 1 FROM sealed s WHERE s.leaf = doomed.leaf AND s.lifetime = doomed.lifetime)",
                (cursor, until, lifetime),
            )
            if until <= last:
                execute("UPDATE keys SET cursor = ? WHERE number = ?", (until, number))
            else:
                execute("DELETE FROM keys WHERE number = ?", (number,))

    def hold(self, name: str, wanted: Filter, matter: str, what: str) -> None:
        """Keep what `wanted` means from now on; records that are there already are named with `hold_records`.

        Raises:
            EvidenceError: There is a hold of that name.
            LeafError: A text can not go on record.
        """
        if name in self._holds:
            raise EvidenceError(f"there is a hold named {name} already; release it first, or take another name")
        now = self._clock()
        with transaction(self._side.connection):
            self._side.connection.execute(
                "INSERT INTO holds (name, at, matter, wanted) VALUES (?, ?, ?, ?)",
                (name, now, matter, orjson.dumps(wanted.value()).decode()),
            )
            self._owe(custody.hold(at=now, name=name, state=HoldState.SET, matter=matter, what=what))
        self._holds[name] = wanted
        self.settle()

    def hold_records(self, name: str, records: Iterable[int]) -> int:
        """Keep those of these records that still have values; return how many these are.

        Raises:
            EvidenceError: There is no such hold.
        """
        self._must_be_held(name)
        count = 0
        with transaction(self._side.connection):
            for leaf in records:
                count += self._side.connection.execute(
                    "INSERT OR IGNORE INTO held (leaf, hold) SELECT ?, ? WHERE EXISTS"
                    " (SELECT 1 FROM sealed s WHERE s.leaf = ?)",
                    (leaf, name, leaf),
                ).rowcount
        return count

    def release(self, name: str) -> int:
        """End a hold and return how many records it held; what expired meanwhile is erased soon.

        Raises:
            EvidenceError: There is no such hold.
        """
        elsewhere = [one for one in self.others.values() if name in one._holds]
        count = sum(one.release(name) for one in elsewhere)
        return count if elsewhere and name not in self._holds else count + self._release(name)

    def _release(self, name: str) -> int:
        self._must_be_held(name)
        execute = self._side.connection.execute
        matter, wanted = execute("SELECT matter, wanted FROM holds WHERE name = ?", (name,)).fetchone()
        with transaction(self._side.connection):
            count: int = execute("DELETE FROM held WHERE hold = ?", (name,)).rowcount
            execute("DELETE FROM holds WHERE name = ?", (name,))
            execute("UPDATE keys SET state = 'live' WHERE state = 'kept'")
            what = words(Filter.of(orjson.loads(wanted)))
            self._owe(custody.hold(at=self._clock(), name=name, state=HoldState.RELEASED, matter=matter, what=what))
        del self._holds[name]
        self.settle()
        return count

    def do(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a command asks for; with `epoch` to the values of a log that was put away.

        Raises:
            EvidenceError: It can not be done; the message says why.
        """
        if name := request.get("epoch"):
            if name not in self.others:
                raise EvidenceError(f"no log named {name} was put away")
            return self.others[name].do({key: value for key, value in request.items() if key != "epoch"})
        commands: dict[str, Callable[[], dict[str, Any]]] = {
            "erase": lambda: self.erase(request["records"], Values(request["values"]), request["ground"]),
            "work": lambda: {"left": self.work()},
            "hold": lambda: self._hold(request),
            "hold_records": lambda: {"records": self.hold_records(request["name"], request["records"])},
            "release": lambda: {"records": self.release(request["name"])},
        }
        return commands[request["do"]]()

    def _hold(self, request: Mapping[str, Any]) -> dict[str, Any]:
        wanted = Filter.of(request["wanted"])
        self.hold(request["name"], wanted, request["matter"], words(wanted))
        return {}

    def _must_be_held(self, name: str) -> None:
        if name not in self._holds:
            known = ", ".join(sorted(self._holds)) or "none"
            raise EvidenceError(f"there is no hold named {name}; there are: {known}")

    def _owe(self, leaf: bytes) -> None:
        self._side.connection.execute("INSERT INTO owed (leaf, size) VALUES (?, ?)", (leaf, self._log.size))
