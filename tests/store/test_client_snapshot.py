"""Do only declared crawlers come back after a full restart, and only from a file that is whole?"""

import os
import time

import pytest

from guard.store import client_snapshot
from guard.store.client_snapshot import forget, restore, save
from guard.store.clients import ClientTable, Standing


@pytest.fixture
def tables():
    made = [ClientTable.create(800, layout=1) for _ in range(2)]
    yield made
    for one in made:
        one.close()


def put(table, number, standing):
    state = b"state %d" % number * (1 + number % 30)
    table.update(number.to_bytes(16, "little"), lambda _old: (state, standing, None))
    return state


def test_only_declared_crawlers_come_back(tables, tmp_path):
    """Their states are what they were; of others, hostile or not, nothing was even written."""
    before, after = tables
    states = {number: put(before, number, Standing(number % 3)) for number in range(60)}
    path = tmp_path / "crawlers"

    assert save(before, path) == 20
    written = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert restore(after, path) == 20
    for number, state in states.items():
        expected = state if number % 3 == Standing.DECLARED else None
        assert after.get(number.to_bytes(16, "little")) == expected
        assert (number.to_bytes(16, "little") in written) == (expected is not None)
    assert after.count() == 20
    assert after.standing((2).to_bytes(16, "little")) is Standing.DECLARED
    assert not path.exists()


def test_what_is_known_already_is_not_overwritten(tables, tmp_path):
    """A snapshot read late is older than what a worker knows."""
    before, after = tables
    put(before, 5, Standing.DECLARED)
    save(before, tmp_path / "crawlers")
    after.update((5).to_bytes(16, "little"), lambda _old: (b"newer", Standing.DECLARED, None))
    restore(after, tmp_path / "crawlers")

    assert after.get((5).to_bytes(16, "little")) == b"newer"


def test_the_number_kept_is_bounded(tables, tmp_path, monkeypatch):
    """The last seen are kept."""
    monkeypatch.setattr(client_snapshot, "MOST", 10)
    before, after = tables
    for number in range(50):
        put(before, number, Standing.DECLARED)
    save(before, tmp_path / "crawlers")
    restore(after, tmp_path / "crawlers")

    assert [n for n in range(50) if after.get(n.to_bytes(16, "little"))] == list(range(40, 50))


def test_a_damaged_file_gives_nothing_back(tables, tmp_path):
    """Cut at any place, one bit flipped, of another layout, or missing: nothing, and no error."""
    before, after = tables
    put(before, 5, Standing.DECLARED)
    path = tmp_path / "crawlers"
    save(before, path)
    whole = path.read_bytes()
    other = ClientTable.create(8, layout=2)

    assert restore(other, path) == 0
    other.close()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        assert restore(after, path) == 0
        path.write_bytes(whole[:cut] + bytes((whole[cut] ^ 4,)) + whole[cut + 1 :])
        assert restore(after, path) == 0
    path.write_bytes(whole + b"x")
    assert restore(after, path) == 0
    assert not path.exists()
    assert restore(after, path) == 0
    assert after.count() == 0


def test_what_is_a_month_old_does_not_come_back(tables, tmp_path):
    """Nor does it stay on the disk."""
    before, after = tables
    put(before, 5, Standing.DECLARED)
    path = tmp_path / "crawlers"
    save(before, path)
    old = time.time() - client_snapshot.TOO_OLD - 10
    os.utime(path, (old, old))

    assert restore(after, path) == 0
    assert not path.exists()


@pytest.mark.parametrize("running", [True, False], ids=["a guard runs", "none runs"])
def test_what_is_forgotten_is_not_written_again(tables, tmp_path, running):
    """Once: what is seen after the next start is kept as ever."""
    before, after = tables
    put(before, 5, Standing.DECLARED)
    path = tmp_path / client_snapshot.FILE
    if not running:
        save(before, path)
    forget(tmp_path)
    if running:
        assert save(before, path) == 0

    assert not path.exists()
    assert restore(after, path) == 0
    assert list(tmp_path.iterdir()) == []
    assert save(before, path) == 1
