"""Everything of a log that is signed is in the store, once and checked, and nothing of it is private."""

import contextlib
import shutil
from pathlib import Path

import pytest

from guard.errors import EvidenceError, StoreAwayError
from guard.settings_cluster import ObjectStore
from guard.store import log_copies, segment_files
from guard.store.log_copies import LogCopies, folder_of
from guard.store.log_directory import LogDirectory
from guard.store.log_files import verify_directory
from guard.store.log_follower import head
from guard.store.log_restore import logs, restore
from guard.store.object_store import Objects
from tests.support.clusters import S3Server
from tests.support.evidence import fill, open_log, request_entry


@pytest.fixture
def objects(s3: S3Server):
    """A store for one test."""
    one = Objects(ObjectStore.model_validate(s3.settings))
    yield one
    one.close()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A log that is open, of several short segments."""
    monkeypatch.setattr(segment_files, "LARGEST_SEGMENT", 6000)
    monkeypatch.setattr(log_copies, "PIECE", 2000)
    log = open_log(tmp_path / "e")
    fill(log, 12)
    yield log
    log.close()


def names(objects: Objects, log: LogDirectory) -> list[str]:
    folder = folder_of("guards/", head(log.root / "log").origin)
    return [name.removeprefix(folder) for name, _ in objects.names(folder)]


def test_a_log_comes_back_as_it_was(objects: Objects, log: LogDirectory, tmp_path: Path):
    """Up to the newest head that was copied, verified, with tiles; what came after it is not there."""
    copies = LogCopies(objects, "guards/", log.root)
    assert copies.look() > 5
    fill(log, 7)
    copied = copies.look()
    signed = head(log.root / "log")
    log.append([request_entry()])
    folder = folder_of("guards/", signed.origin)

    assert copied > 0
    assert copies.look() == 0
    assert restore(objects, folder, tmp_path / "back") == signed.size
    report = verify_directory(tmp_path / "back", vkey=str(log.key.public))
    assert report.holds, report.faults
    assert report.records == report.signed_records == signed.size
    assert folder in logs(objects, "guards/")


def test_a_sealed_segment_lies_there_as_it_lies_here(objects: Objects, log: LogDirectory):
    """Its pieces go when it is whole; the last segment is there in pieces."""
    copies = LogCopies(objects, "guards/", log.root)
    copies.look()
    for _ in range(4):
        fill(log, 4)
        copies.look()
    files = sorted(one.name for one in (log.root / "log" / "seg").iterdir())
    there = names(objects, log)

    assert [one for one in there if one.startswith("log/seg/")] == [f"log/seg/{one}" for one in files[:-1]]
    growing = {one.split("/")[2] for one in there if one.startswith("growing/seg/")}
    assert growing == {files[-1]}
    for name in files[:-1]:
        folder = folder_of("guards/", head(log.root / "log").origin)
        assert objects.get(f"{folder}log/seg/{name}") == (log.root / "log" / "seg" / name).read_bytes()


def test_a_log_that_was_put_away_has_a_folder_of_its_own(objects: Objects, tmp_path: Path):
    """What is copied of the one that began after it is whole from its first record."""
    root = tmp_path / "f"
    copies, folders = LogCopies(objects, "guards/", root), []
    for requests in (9, 2):
        with contextlib.closing(open_log(root)) as log:
            fill(log, requests)
            copies.look()
            folders.append(folder_of("guards/", head(root / "log").origin))
            size = restore(objects, folders[-1], tmp_path / f"back{requests}")
            assert size == head(root / "log").size
            assert verify_directory(tmp_path / f"back{requests}").holds
        for name in ("log", "side", "keys"):
            shutil.rmtree(root / name)
        (root / "guard" / "checkpoints.db").unlink()

    assert folders[0] != folders[1]


def test_neither_keys_nor_values_are_there(objects: Objects, log: LogDirectory):
    """What can be erased here must not be somewhere else; a key signs from one place."""
    LogCopies(objects, "guards/", log.root).look()
    folder = folder_of("guards/", head(log.root / "log").origin)
    everything = b"".join(objects.get(name) or b"" for name, _ in objects.names(folder))

    assert {one.partition("/")[0] for one in names(objects, log)} == {"log", "growing"}
    assert b"203.0.113.7" not in everything
    assert b"PRIVATE KEY" not in everything


def test_packs_are_copied_when_they_are_settled(objects: Objects, log: LogDirectory, tmp_path: Path):
    """And come back where they were; one that is still being written waits."""
    import os

    folder = log.root / "guard" / "marks" / "packs" / "ab"
    folder.mkdir(parents=True)
    (folder / "abcd.pack").write_bytes(b"a pack")
    os.utime(folder / "abcd.pack", (1, 1))
    (folder / "abce.pack").write_bytes(b"half a")
    copies = LogCopies(objects, "guards/", log.root)
    copies.look()
    restore(objects, folder_of("guards/", head(log.root / "log").origin), tmp_path / "back")

    assert (tmp_path / "back/guard/marks/packs/ab/abcd.pack").read_bytes() == b"a pack"
    assert not (tmp_path / "back/guard/marks/packs/ab/abce.pack").exists()
    assert copies.behind == 0


def test_whoever_starts_anew_copies_nothing_twice(objects: Objects, log: LogDirectory, monkeypatch: pytest.MonkeyPatch):
    """With the list of what was copied or without it."""
    LogCopies(objects, "guards/", log.root).look()
    before = names(objects, log)
    put: list[str] = []
    call = objects._call
    monkeypatch.setattr(objects, "_call", lambda method, **rest: (put.append(method), call(method, **rest))[1])

    LogCopies(objects, "guards/", log.root).look()
    assert put.count("put_object") == 1  # the head, whose place is always taken
    (log.root / "guard" / "copies").unlink()
    LogCopies(objects, "guards/", log.root).look()

    assert put.count("put_object") == 2
    assert names(objects, log) == before


def test_what_was_changed_there_is_told_and_left(objects: Objects, log: LogDirectory):
    """A store that has another segment under the name is no place to write over it."""
    folder = folder_of("guards/", head(log.root / "log").origin)
    objects.put(f"{folder}log/seg/000000.seg", b"something else")

    with pytest.raises(EvidenceError, match="something else under"):
        LogCopies(objects, "guards/", log.root).look()
    assert objects.get(f"{folder}log/seg/000000.seg") == b"something else"


def test_a_store_that_comes_back_is_given_the_rest(objects: Objects, s3: S3Server, log: LogDirectory, tmp_path: Path):
    """Nothing is lost while it is away; local files stay in any case."""
    copies = LogCopies(objects, "guards/", log.root)
    copies.look()
    s3.kill()
    fill(log, 10)
    files = sorted((log.root / "log" / "seg").iterdir())
    with pytest.raises(StoreAwayError):
        copies.look()
    behind = copies.behind
    s3.start()
    copies.look()
    size = restore(objects, folder_of("guards/", head(log.root / "log").origin), tmp_path / "back")

    assert behind > 0
    assert copies.behind == 0
    assert size == head(log.root / "log").size
    assert sorted((log.root / "log" / "seg").iterdir()) == files
