"""The first and the last time of a picture are kept, in a file that stays small."""

import sqlite3
from pathlib import Path

import pytest

from guard.errors import EvidenceError
from guard.store.pictures_online import FILE, MOST_VERSIONS, Online, add, find


def seen(first: int, last: int, *, path: str = "/a.jpg", validator: str = '"1"', site: str = "photo.example") -> Online:
    return Online(site=site, path=path, validator=validator, first=first, last=last)


def times(directory: Path, path: str = "/a.jpg") -> list[tuple[str, int, int]]:
    return [(one.validator, one.first, one.last) for one in find(directory, path)]


def test_the_first_time_stays_and_the_last_moves(tmp_path: Path):
    """Whatever order the workers write in."""
    file = tmp_path / FILE

    add(file, [seen(20, 30)])
    add(file, [seen(10, 15), seen(40, 50, site="b.example")])

    assert times(tmp_path) == [('"1"', 40, 50), ('"1"', 10, 30)]
    assert [one.first for one in find(tmp_path, "/a.jpg", "photo.example")] == [10]


def test_a_new_version_is_a_new_row_and_none_renews_the_newest(tmp_path: Path):
    """An answer without a validator is of the version that was seen last."""
    file = tmp_path / FILE

    add(file, [seen(1, 2), seen(3, 4, validator='"2"'), seen(9, 9, validator="")])

    assert times(tmp_path) == [('"1"', 1, 2), ('"2"', 3, 9)]


def test_versions_and_rows_are_bounded(tmp_path: Path):
    """A site that invents validators, or a full file, adds nothing and loses nothing."""
    file = tmp_path / FILE

    add(file, [seen(n, n, validator=f'"{n}"') for n in range(MOST_VERSIONS + 20)])
    add(file, [seen(99, 99, path="/b.jpg")], most=MOST_VERSIONS)
    add(file, [seen(99, 99, validator='"3"')], most=MOST_VERSIONS)

    assert len(times(tmp_path)) == MOST_VERSIONS
    assert times(tmp_path, "/b.jpg") == []
    assert ('"3"', 3, 99) in times(tmp_path)


def test_a_damaged_file_is_an_error_for_who_reads(tmp_path: Path):
    """And none for who serves: there it is a log line."""
    (tmp_path / "guard").mkdir()
    (tmp_path / FILE).write_bytes(b"not a database at all, but long enough to be one" * 50)

    with pytest.raises(EvidenceError, match="can not be read"):
        find(tmp_path, "/a.jpg")
    with pytest.raises(sqlite3.Error):
        add(tmp_path / FILE, [seen(1, 1)])
    assert find(tmp_path / "elsewhere", "/a.jpg") == ()
