"""A log is followed from where one was, up to what is signed, and nothing is left out or told twice."""

import os
from pathlib import Path

import pytest

from guard.errors import EvidenceError, LogDamagedError, UsageError
from guard.evidence import segment
from guard.evidence.merkle import leaf_hash
from guard.store import segment_files
from guard.store.log_files import open_folder
from guard.store.log_follower import Place, follow, head, is_there, log_of
from guard.store.record_finder import leaves
from tests.support.evidence import fill, open_log, request_entry


def all_of(root: Path) -> list[tuple[int, bytes]]:
    return list(leaves(open_folder(root)))


def followed(root: Path, place: Place = Place(), size: int | None = None) -> list[tuple[int, bytes]]:  # noqa: B008
    return [(one.number, one.leaf) for one in follow(root / "log", place, size)]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a log of several short segments, opened and closed twice."""
    monkeypatch.setattr(segment_files, "LARGEST_SEGMENT", 4000)
    for _ in range(2):
        log = open_log(tmp_path)
        fill(log, 12)
        log.close()
    return tmp_path


def test_what_is_followed_is_the_log(root: Path):
    """Over all segments, in order."""
    assert len(list((root / "log" / "seg").iterdir())) > 3
    assert followed(root) == all_of(root)


def test_one_goes_on_from_any_place(root: Path):
    """At the end of a segment as well."""
    expected, at = all_of(root), Place()
    for number, one in enumerate(list(follow(root / "log", Place()))):
        assert followed(root, at) == expected[number:]
        assert one.after.next == number + 1
        at = one.after
    assert followed(root, at) == []


def test_it_ends_where_the_signature_does(tmp_path: Path):
    """What a crash could take back is not passed on; it comes when it is signed."""
    log = open_log(tmp_path)
    fill(log, 2)
    signed = head(tmp_path / "log").size
    log.append([request_entry()])
    found = list(follow(tmp_path / "log", Place(), signed))
    log.checkpoint()
    more = followed(tmp_path, found[-1].after, head(tmp_path / "log").size)
    log.close()

    assert [one.number for one in found] == list(range(signed))
    assert [number for number, _ in more] == [signed]


def test_a_changed_leaf_is_left_out_and_counted(root: Path):
    """As everywhere: the numbers of the others stay."""
    file = root / "log" / "seg" / segment.name(1)
    data = bytearray(file.read_bytes())
    data[segment.HEAD_SIZE + 10] ^= 1
    file.write_bytes(data)

    assert followed(root) == all_of(root)
    assert len(followed(root)) == head(root / "log").size - 1


def test_a_missing_segment_is_told(root: Path):
    """Nobody goes on behind a hole, or believes that the log ends before it."""
    (root / "log" / "seg" / segment.name(1)).unlink()

    with pytest.raises(LogDamagedError, match=r"00000[01]\.seg: (missing|ends before record)"):
        followed(root, size=head(root / "log").size)


def test_it_is_known_whether_a_place_is_of_this_log(root: Path, tmp_path_factory: pytest.TempPathFactory):
    """By the leaf that was read last."""
    one = list(follow(root / "log", Place()))[20]
    other = tmp_path_factory.mktemp("other")
    log = open_log(other)
    fill(log, 30)
    log.close()

    assert is_there(root / "log", one.after, leaf_hash(one.leaf))
    assert is_there(root / "log", Place(), b"")
    assert not is_there(other / "log", one.after, leaf_hash(one.leaf))
    assert not is_there(root / "log", one.after, os.urandom(32))


def test_what_is_no_log_is_told(tmp_path: Path):
    """In words for who typed the name."""
    with pytest.raises(UsageError, match="no evidence directory"):
        log_of(tmp_path)
    (tmp_path / "log" / "seg").mkdir(parents=True)
    assert log_of(tmp_path) == log_of(tmp_path / "log") == tmp_path / "log"
    with pytest.raises(EvidenceError, match="no checkpoint yet"):
        head(tmp_path / "log")
