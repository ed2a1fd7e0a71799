"""A log comes back whole or not at all."""

from contextlib import closing
from pathlib import Path

import pytest

from guard.errors import EvidenceError, UsageError
from guard.settings_cluster import ObjectStore
from guard.store import log_copies, segment_files
from guard.store.log_copies import LogCopies, folder_of
from guard.store.log_files import verify_directory
from guard.store.log_follower import head
from guard.store.log_restore import restore
from guard.store.object_store import Objects
from tests.support.clusters import S3Server
from tests.support.evidence import fill, open_log


@pytest.fixture
def objects(s3: S3Server):
    """A store for one test."""
    one = Objects(ObjectStore.model_validate(s3.settings))
    yield one
    one.close()


@pytest.fixture
def folder(objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return where the copies of a log are."""
    monkeypatch.setattr(log_copies, "PIECE", 1000)
    log = open_log(tmp_path / "e")
    fill(log, 6)
    LogCopies(objects, "r/", log.root).look()
    log.close()
    return folder_of("r/", head(log.root / "log").origin)


def test_a_missing_piece_is_told(objects: Objects, folder: str, tmp_path: Path):
    """A hole is no shorter log."""
    pieces = [name for name, _ in objects.names(f"{folder}growing/seg/")]
    assert len(pieces) > 2
    objects.delete(pieces[1])

    with pytest.raises(EvidenceError, match="a piece is missing"):
        restore(objects, folder, tmp_path / "back")


def test_a_shorter_copy_that_was_left_over_does_no_harm(objects: Objects, folder: str, tmp_path: Path):
    """As of a guard that was killed before it had taken it away."""
    last = [name for name, _ in objects.names(f"{folder}growing/seg/")][-1]
    begin, _, _ = last.rpartition("/")[2].partition("-")
    objects.put(f"{last.rpartition('/')[0]}/{begin}-{int(begin) + 7:012d}", b"shorter")

    assert restore(objects, folder, tmp_path / "back") > 6


@pytest.mark.parametrize("largest", [1 << 30, 6000], ids=["a longer piece", "a sealed segment"])
def test_a_log_that_grows_meanwhile_comes_back(
    objects: Objects, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest: int
):
    """A guard copies on while its log is read back: pieces go when longer ones are there, or the whole segment."""
    monkeypatch.setattr(segment_files, "LARGEST_SEGMENT", largest)
    times, missed, get = iter(range(3)), [], objects.get

    def meanwhile(name: str) -> bytes | None:
        if "/growing/seg/" in name and next(times, None) is not None:
            fill(log, 9)
            copies.look()
        data = get(name)
        missed.extend([name] * (data is None))
        return data

    with closing(open_log(tmp_path / "e")) as log, closing(Objects(ObjectStore.model_validate(s3.settings))) as other:
        copies = LogCopies(other, "r/", log.root)
        fill(log, 2)
        copies.look()
        monkeypatch.setattr(objects, "get", meanwhile)
        size = restore(objects, folder_of("r/", head(log.root / "log").origin), tmp_path / "back")

    assert missed
    assert size > 2
    assert verify_directory(tmp_path / "back").holds


def test_nothing_that_is_there_is_written_over(objects: Objects, folder: str, tmp_path: Path):
    """Another log is not mixed with this one."""
    with pytest.raises(UsageError, match="is not empty"):
        restore(objects, folder, tmp_path)
    with pytest.raises(EvidenceError, match="there is no log under"):
        restore(objects, "r/nobody/", tmp_path / "back")
