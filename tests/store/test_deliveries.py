import shutil

import pytest

from guard.errors import UsageError
from guard.evidence import disclosure
from guard.image.chips import commitment
from guard.store import deliveries as module
from guard.store.deliveries import deliveries
from tests.support.evidence import change_values
from tests.support.marked import MarkedLog

KEY = b"\x07" * 32
MINE, OTHER = b"8 bytes!", b"another!"
ORIGINAL, ELSE = "05" * 32, "06" * 32


@pytest.fixture
def marked(tmp_path):
    made = MarkedLog(tmp_path, KEY)
    made.indexes = [
        made.deliver(MINE, ORIGINAL),
        made.deliver(OTHER, ORIGINAL),
        made.deliver(MINE, ELSE),
        made.deliver(MINE, ORIGINAL, ended=False),
    ]
    made.log.close()
    return made


def test_the_deliveries_of_a_copy_are_told_with_all_that_belongs_to_them(marked):
    """Mark id and original together; how it ended, what was reserved, and what is still disclosed."""
    found = deliveries(marked.root, {MINE: frozenset({ORIGINAL})})

    assert list(found.copies) == [(MINE, ORIGINAL)]
    first, last = found.copies[MINE, ORIGINAL]
    assert [first.index, last.index] == [marked.indexes[0], marked.indexes[3]]
    assert (first.end.fields["req"], last.end) == (first.index, None)
    assert first.reservation.index == marked.reservation
    assert first.reservation.digest == marked.reserved.digest()
    assert first.reservation.paths == (("/press/", (("tdm-reservation", "0"),)),)
    assert first.values["person"] == {"address": "203.0.113.7", "port": 4711}
    assert first.values["request"] == {"target": "/1.jpg"}


def test_the_record_of_the_key_is_found(marked):
    """It says since when the key was fixed."""
    keys = deliveries(marked.root, {}).keys

    assert keys[commitment(KEY).hex()][0] == marked.key_record < marked.indexes[0]


def test_many_deliveries_are_counted_and_the_first_told(marked, monkeypatch):
    """What is shown is bounded; what is said of it is not."""
    monkeypatch.setattr(module, "MOST", 1)

    found = deliveries(marked.root, {MINE: frozenset({ORIGINAL})})

    assert (len(found.copies[MINE, ORIGINAL]), found.counts[MINE, ORIGINAL]) == (1, 2)


def test_a_value_that_is_not_the_recorded_one_is_not_told(marked):
    """The side store is no part of what is signed; only what its record commits to counts."""
    forged = disclosure.commit("person", {"address": "198.51.100.1", "port": 1}, b"0" * 16).data
    change_values(marked.root, lambda leaf, name, data: (leaf, name, forged if name == "person" else data))

    (first, _) = deliveries(marked.root, {MINE: frozenset({ORIGINAL})}).copies[MINE, ORIGINAL]

    assert set(first.values) == {"tool", "request"}


def test_without_the_side_store_only_the_records_are_left(marked):
    """Erased, or a copy of the log/ folder alone."""
    shutil.rmtree(marked.root / "side")

    (first, _) = deliveries(marked.root, {MINE: frozenset({ORIGINAL})}).copies[MINE, ORIGINAL]

    assert first.values == {}
    assert first.request.fields["claimed"] == "Wget"


def test_where_there_is_no_log_that_is_said(tmp_path):
    """Not: nothing was delivered."""
    with pytest.raises(UsageError):
        deliveries(tmp_path, {})
