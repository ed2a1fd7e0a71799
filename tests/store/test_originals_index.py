import os
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("cv2")

from guard.errors import PictureError
from guard.image.described import describe, to_bytes
from guard.store import originals_index
from guard.store.originals_index import FILE, UNUSED_DAYS, OriginalsIndex, cache_folder
from tests.support.pictures import encoded, scenery

DATA = [encoded(scenery(96, 72, seed=seed), "PNG").ljust(30_000, b"\0") for seed in range(2)]
"""Of one length."""


@pytest.fixture
def original(tmp_path):
    """A picture that has been there for a while."""
    path = tmp_path / "a.png"
    path.write_bytes(DATA[0])
    return path


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """What a test writes counts as settled at once."""
    monkeypatch.setattr(originals_index, "_SETTLED", -1)


class Reading:
    """Reads a file, and counts how often."""

    def __init__(self, path):
        self.path, self.times = path, 0

    def __call__(self):
        self.times += 1
        return self.path.read_bytes()


def search(folder, *paths, tell=pytest.fail):
    """Return what is known of files, how many were read, and how many described."""
    described = 0

    def counted(data):
        nonlocal described
        described += 1
        return describe(data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(originals_index, "describe", counted)
        readings = [Reading(path) for path in paths]
        with OriginalsIndex(folder, tell) as index:
            known = [to_bytes(index.described(one.path, one)) for one in readings]
    return known, sum(one.times for one in readings), described


def test_what_was_described_once_is_not_even_read_again(tmp_path, original):
    """And the same is known of it."""
    first = search(tmp_path / "cache", original)
    second = search(tmp_path / "cache", original)

    assert first == ([to_bytes(describe(DATA[0]))], 1, 1)
    assert second == (first[0], 0, 0)


def test_the_same_picture_elsewhere_is_read_and_not_described(tmp_path, original):
    """It is known by its bytes; the next time by its new path."""
    search(tmp_path / "cache", original)
    moved = original.rename(tmp_path / os.fsdecode(b"\xff.png"))

    assert search(tmp_path / "cache", moved)[1:] == (1, 0)
    assert search(tmp_path / "cache", moved)[1:] == (0, 0)


def test_a_changed_original_is_described_anew(tmp_path, original):
    """Even one of the same size and with the same time of modification: its status changed."""
    search(tmp_path / "cache", original)
    before = original.stat()
    original.write_bytes(DATA[1])
    os.utime(original, ns=(before.st_atime_ns, before.st_mtime_ns))

    known, read, described = search(tmp_path / "cache", original)

    after = original.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert (read, described) == (1, 1)
    assert known == [to_bytes(describe(DATA[1]))]


def test_what_may_change_yet_is_read_again(tmp_path, original, monkeypatch):
    """A change within the step of a file system's clock would not be seen; it is known by its bytes all the same."""
    monkeypatch.setattr(originals_index, "_SETTLED", 60_000_000_000)
    search(tmp_path / "cache", original)

    assert search(tmp_path / "cache", original)[1:] == (1, 0)


def test_another_method_finds_nothing(tmp_path, original, monkeypatch):
    """What an earlier version of the program found may be something else; it is dropped."""
    search(tmp_path / "cache", original)
    monkeypatch.setattr(originals_index, "_method", lambda: b"another")

    assert search(tmp_path / "cache", original)[1:] == (1, 1)
    with closing(sqlite3.connect(tmp_path / "cache" / FILE)) as database:
        assert database.execute("SELECT method FROM originals").fetchall() == [(b"another",)]


def test_the_method_is_that_of_the_code_and_of_the_libraries(monkeypatch):
    """Each of them may change what is found."""
    before = originals_index._method()
    for module in ("cv2", "PIL"):
        with monkeypatch.context() as patch:
            patch.setattr(getattr(originals_index, module), "__version__", "0")
            assert originals_index._method() != before
    with monkeypatch.context() as patch:
        patch.setattr(originals_index.registration, "__file__", __file__)
        assert originals_index._method() != before


@pytest.mark.parametrize("number", range(4))
def test_a_damaged_file_is_made_anew(tmp_path, original, number):
    """With a sentence; the search goes on, and the next one is quick again."""
    search(tmp_path / "cache", original)
    file = tmp_path / "cache" / FILE
    whole = file.read_bytes()
    file.write_bytes([b"no database" * 500, whole[:100] + b"\xff" * (len(whole) - 100), whole[: len(whole) // 2],
                      whole[:16] + b"\xff" * 84 + whole[100:]][number])  # fmt: skip
    told = []

    assert search(tmp_path / "cache", original, tell=told.append)[1:] == (1, 1)
    assert [one.split(": ")[:2] for one in told] == [[str(file), "damaged, and made anew"]]
    assert search(tmp_path / "cache", original)[1:] == (0, 0)


def test_a_row_that_was_changed_is_described_anew(tmp_path, original):
    """SQLite does not see a changed byte inside a value; its checksum does."""
    first, *_ = search(tmp_path / "cache", original)
    with closing(sqlite3.connect(tmp_path / "cache" / FILE)) as database, database:
        value = bytearray(database.execute("SELECT described FROM originals").fetchone()[0])
        value[len(value) // 2] ^= 1
        database.execute("UPDATE originals SET described = ?", (bytes(value),))

    assert search(tmp_path / "cache", original) == (first, 1, 1)
    assert search(tmp_path / "cache", original) == (first, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        "originals SET described = 7",
        "files SET digest = CAST(X'ff' AS TEXT)",
        "files SET used = X'00'",
        "files SET size = ''",
    ],
)
def test_a_row_of_another_kind_is_no_fault(tmp_path, original, change):
    """Whatever stands there, the same is found."""
    first, *_ = search(tmp_path / "cache", original)
    with closing(sqlite3.connect(tmp_path / "cache" / FILE)) as database, database:
        database.execute(f"UPDATE {change}")

    assert search(tmp_path / "cache", original)[0] == first


def test_tables_of_another_program_are_made_anew(tmp_path, original):
    """It is only a cache."""
    file = tmp_path / "cache" / FILE
    file.parent.mkdir(parents=True)
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE files (x)")
    told = []

    assert search(tmp_path / "cache", original, tell=told.append)[2] == 1
    assert len(told) == 1
    assert search(tmp_path / "cache", original)[2] == 0


def test_where_nothing_can_be_kept_it_works_without(tmp_path, original):
    """No folder, one that is a file, and a file that is a folder: silently, as ever."""
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "deep" / FILE).mkdir(parents=True)
    for folder in (None, tmp_path / "file", tmp_path / "deep"):
        for _ in range(2):
            assert search(folder, original)[1:] == (1, 1)


def test_a_file_that_can_only_be_read_is_read(tmp_path, original, monkeypatch):
    """And what can not be kept is described as ever."""
    search(tmp_path / "cache", original)
    other = original.with_name("b.png")
    other.write_bytes(DATA[1])
    connect = sqlite3.connect

    def only_read(file, **options):
        return connect(f"{Path(file).as_uri()}?mode=ro", uri=True, **options)

    monkeypatch.setattr(originals_index.sqlite3, "connect", only_read)

    for _ in range(2):
        assert search(tmp_path / "cache", original, other)[1:] == (1, 1)


def test_one_that_is_locked_is_waited_for_and_then_done_without(tmp_path, original, monkeypatch):
    """It is not damaged, and stays."""
    monkeypatch.setattr(originals_index, "_WAIT", 0.1)
    search(tmp_path / "cache", original)
    other = original.with_name("b.png")
    other.write_bytes(DATA[1])
    with closing(sqlite3.connect(tmp_path / "cache" / FILE, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")

        assert search(tmp_path / "cache", original, other)[1:] == (2, 2)
    assert search(tmp_path / "cache", original, other)[1:] == (1, 1)
    assert search(tmp_path / "cache", original, other)[1:] == (0, 0)


def test_several_searches_at_once_do_each_other_no_harm(tmp_path):
    """All find the same, and all of it is kept."""
    paths = []
    for number in range(12):
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_bytes(encoded(scenery(60, 50, seed=number), "PNG"))
    faults, threads = [], []

    def run(turn):
        with OriginalsIndex(tmp_path / "cache", faults.append) as index:
            for path in [*paths[turn:], *paths[:turn]]:
                if to_bytes(index.described(path, path.read_bytes)) != to_bytes(describe(path.read_bytes())):
                    faults.append(path)
                index._write()

    for turn in range(0, 12, 3):
        threads.append(threading.Thread(target=run, args=(turn,)))
        threads[-1].start()
    for one in threads:
        one.join()

    assert faults == []
    assert search(tmp_path / "cache", *paths)[1:] == (0, 0)


def test_what_no_search_uses_is_dropped(tmp_path, original, monkeypatch):
    """After a while; what is used stays, and the file becomes smaller."""
    other = original.with_name("b.png")
    other.write_bytes(DATA[1])
    search(tmp_path / "cache", original, other)
    size = (tmp_path / "cache" / FILE).stat().st_size
    now = time.time()
    for days in (UNUSED_DAYS // 2, UNUSED_DAYS + 1):
        monkeypatch.setattr(originals_index.time, "time", lambda days=days: now + days * 86_400)
        assert search(tmp_path / "cache", original)[1:] == (0, 0)

    assert (tmp_path / "cache" / FILE).stat().st_size < size
    assert search(tmp_path / "cache", original, other)[1:] == (1, 1)


def test_many_are_written_while_it_goes_on(tmp_path, original, monkeypatch):
    """Whoever is interrupted finds them the next time."""
    monkeypatch.setattr(originals_index, "_TOGETHER", 1)

    OriginalsIndex(tmp_path / "cache", pytest.fail).described(original, original.read_bytes)

    assert search(tmp_path / "cache", original)[1:] == (0, 0)


def test_it_is_the_owners_alone(tmp_path, original):
    """It tells which files there are."""
    search(tmp_path / "cache", original)

    assert (tmp_path / "cache" / FILE).stat().st_mode & 0o077 == 0


def test_what_is_no_picture_is_refused_each_time(tmp_path, original):
    """And what can not be read is nothing."""
    original.write_bytes(b"<html>")
    for _ in range(2):
        with OriginalsIndex(tmp_path / "cache", pytest.fail) as index:
            with pytest.raises(PictureError):
                index.described(original, original.read_bytes)
            assert index.described(tmp_path / "nowhere", lambda: None) is None


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, Path("/c")),
        ({"HOME": "/h"}, Path("/h/.cache")),
        ({"XDG_CACHE_HOME": "here", "HOME": "/h"}, Path("/h/.cache")),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, Path("/h/.cache")),
        ({}, None),
    ],
)
def test_the_cache_folder_is_the_users(environ, folder):
    """What is no whole path says nothing."""
    assert cache_folder(environ) == folder
