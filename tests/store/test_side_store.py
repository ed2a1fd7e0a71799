"""Are values beside the log kept, found again, and gone with the key of their day?"""

import os
import sqlite3

import pytest

from guard.errors import EvidenceError
from guard.evidence.retention import Lifetime
from guard.store.side_store import DAY, SideStore, packed, read_rows, unpacked

PEOPLE, TOOLS = Lifetime.PEOPLE, Lifetime.TOOLS


class Clock:
    now = 100 * DAY

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    (tmp_path / "side").mkdir()
    one = SideStore(tmp_path / "side" / "disclosures.db", clock=clock)
    yield one
    one.close()


def test_values_come_back_by_record(store):
    """Whatever their lifetime; the file has nothing of them that can be read."""
    store.put([(3, "tool", b"agent", TOOLS), (3, "person", b"203.0.113.7", PEOPLE), (1, "tool", b"other", TOOLS)])

    assert list(read_rows(store.path)) == [(1, "tool", b"other"), (3, "person", b"203.0.113.7"), (3, "tool", b"agent")]
    for path in store.path.parent.rglob("*"):
        assert not path.is_file() or b"203.0.113.7" not in path.read_bytes()


@pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 127])
def test_values_of_new_records_come_back_however_many_they_are(store, count):
    """Also what does not fill a statement for many rows; two rows a record, in any order."""
    rows = [(leaf, one, packed([("x", b"%d" % leaf)])) for leaf in range(count) for one in (TOOLS, PEOPLE)]
    store.put_new([*reversed(rows)], [(0, "case")] if count else [])

    assert sorted(read_rows(store.path)) == sorted((leaf, "x", b"%d" % leaf) for leaf, _, _ in rows)
    held = store.connection.execute("SELECT leaf, hold FROM held").fetchall()
    assert held == ([(0, "case")] if count else [])
    seen = dict(store.connection.execute("SELECT lifetime, records FROM keys").fetchall())
    assert seen == ({int(PEOPLE): count, int(TOOLS): count} if count else {})


def test_values_that_come_later_are_added_once(store):
    """What is there already stays; what lies under the same key or another does not matter."""
    store.put([(3, "person", b"first", PEOPLE)])
    for _ in range(2):
        store.put(
            [(3, "person", b"second", PEOPLE), (3, "request", b"new", PEOPLE), (3, "tool", b"t", TOOLS)], again=True
        )

    assert list(read_rows(store.path)) == [(3, "person", b"first"), (3, "request", b"new"), (3, "tool", b"t")]


def test_each_day_has_its_own_keys(store, clock):
    """One for each lifetime; a store that is opened again goes on with those of today."""
    for _ in range(2):
        store.put([(number := len(list(read_rows(store.path))), "person", b"x", PEOPLE)])
        store.reopen()
    clock.now += DAY
    store.put([(number + 1, "person", b"x", PEOPLE), (number + 1, "tool", b"x", TOOLS)])

    assert store.connection.execute("SELECT number, lifetime, day, first, last, records FROM keys").fetchall() == [
        (1, 1, 100, 0, 1, 2), (2, 1, 101, 2, 2, 1), (3, 2, 101, 2, 2, 1)
    ]  # fmt: skip


def test_a_clock_that_was_ahead_keeps_nothing_longer(store, clock):
    """A key of a day to come is today's, once the clock is right."""
    clock.now += 400 * DAY
    store.put([(1, "person", b"x", PEOPLE)])
    clock.now -= 400 * DAY
    store.put([(2, "person", b"x", PEOPLE)])

    assert store.connection.execute("SELECT DISTINCT day FROM keys").fetchall() == [(100,)]


def test_rows_without_a_record_are_purged(store):
    """Those from the log's size on."""
    store.put([(number, "person", b"x", PEOPLE) for number in range(5)], held=[(4, "case")])

    assert store.purge_from(3) == 2
    assert [leaf for leaf, _, _ in read_rows(store.path)] == [0, 1, 2]
    assert store.connection.execute("SELECT * FROM held").fetchall() == []


def test_nothing_of_a_failed_write_stays(store):
    """A record that has its values already is an error, and takes the others of its batch with it."""
    store.put([(1, "person", b"x", PEOPLE)])

    with pytest.raises(sqlite3.IntegrityError):
        store.put([(2, "person", b"x", PEOPLE), (1, "person", b"y", PEOPLE)])
    assert list(read_rows(store.path)) == [(1, "person", b"x")]


def test_values_that_lie_open_are_sealed(tmp_path, clock):
    """A store of the first weeks is taken over, and nothing of it can be read in the file any more."""
    old = tmp_path / "disclosures.db"
    connection = sqlite3.connect(old)
    connection.execute("CREATE TABLE disclosures (leaf INTEGER, name TEXT, disclosure BLOB)")
    rows = [(number, name, b"203.0.113.7 %d" % number) for number in range(500) for name in ("person", "tool")]
    connection.executemany("INSERT INTO disclosures (leaf, name, disclosure) VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()

    SideStore(old, clock=clock).close()

    assert list(read_rows(old)) == rows
    assert b"203.0.113.7" not in old.read_bytes()


def test_any_values_survive_their_row():
    """There and back, also of length nothing."""
    values = [("person", os.urandom(70_000)), ("", b""), ("x" * 255, b"[]")]

    assert list(unpacked(packed(values))) == values
    assert list(unpacked(b"")) == []


def test_a_file_that_is_no_store_is_said_to_be_none(tmp_path):
    """Not: there are no values."""
    (tmp_path / "disclosures.db").write_bytes(b"x" * 5000)

    with pytest.raises(EvidenceError, match="can not be read"):
        list(read_rows(tmp_path / "disclosures.db"))
