import pytest

from guard.errors import UsageError
from guard.evidence import record
from guard.store.batch import Entry
from guard.store.marked_records import issued
from tests.support.evidence import AT, open_log, request_leaf

FIRST, SECOND = "00c0ffee00c0ffee", "0123456789abcdef"


def test_every_mark_is_found_with_its_records(tmp_path):
    """How often, when, by whom as they called themselves; other records do not count."""
    leaves = (
        record.mark_key(at=AT, commitment="01" * 32),
        request_leaf(mark=FIRST, original="05" * 32, claimed="Wget"),
        request_leaf(claimed="GPTBot"),
        request_leaf(mark=SECOND, original="05" * 32),
        request_leaf(mark=FIRST, original="06" * 32, claimed="Wget"),
    )
    log = open_log(tmp_path)
    log.append([Entry(leaf, ()) for leaf in leaves])
    log.close()

    found = issued(tmp_path)

    assert set(found) == {bytes.fromhex(FIRST), bytes.fromhex(SECOND)}
    first = found[bytes.fromhex(FIRST)]
    assert (first.requests, first.claimed) == (2, {"Wget"})
    assert len(first.records) == 2
    assert set(first.renditions) == {"05" * 32, "06" * 32}


def test_where_there_is_no_log_that_is_said(tmp_path):
    """Not: nothing was issued."""
    with pytest.raises(UsageError):
        issued(tmp_path / "nowhere")
