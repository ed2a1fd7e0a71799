"""Can a command write to the log beside a running recorder, without one, and not against one?"""

import os
import subprocess
import sys
import threading
import time

import pytest

from guard.errors import EvidenceError, LeafError, RecorderUnavailableError, UsageError
from guard.server import command_socket
from guard.server.log_line import open_log
from guard.store.log_files import verify_directory
from guard.store.side_store import read_rows
from tests.support import evidence
from tests.support.evidence import end_all, end_leaf, request_entry, start_recorder, stop


@pytest.fixture
def place(tmp_path):
    (tmp_path / "run").mkdir(mode=0o700)
    yield tmp_path / "e", tmp_path / "run" / "s"
    end_all()


def write_all(line):
    entry = request_entry()
    index = line.append(entry.leaf, entry.disclosures[:1])
    line.disclose(index, entry.leaf, entry.disclosures)
    digest = line.blob(b"a document")
    line.append(end_leaf(index))
    with pytest.raises(LeafError, match="there is no record 99 to end"):
        line.append(end_leaf(99))
    with pytest.raises(LeafError, match="is another one"):
        line.disclose(0, entry.leaf, entry.disclosures)
    return index, digest


def check(root, index, digest):
    report = verify_directory(root)
    assert report.holds, report.faults
    assert report.disclosed == 2
    assert report.records == index + 2
    assert report.unsigned_records == 0
    assert (root / "log/blobs" / digest).read_bytes() == b"a document"


def test_a_command_writes_through_the_recorder_that_runs(place):
    """Records, values and documents; what can not be a record is refused with its reason."""
    root, path = place
    recorder = start_recorder(root, path)
    with open_log(root) as line:
        index, digest = write_all(line)
    stop(recorder)

    assert dict(verify_directory(root).kinds)["boot"] == 1
    check(root, index, digest)


def test_a_command_writes_by_itself_where_no_recorder_runs(place):
    """The same, and the log says that another program was at it."""
    root, path = place
    stop(start_recorder(root, path))
    with open_log(root) as line:
        index, digest = write_all(line)

    assert dict(verify_directory(root).kinds)["boot"] == 2
    check(root, index, digest)


def _erase(root, line):
    """Write two requests, hold one, erase both, and return what was said and what is left."""
    indexes = []
    for _ in range(2):
        entry = request_entry()
        indexes.append(line.append(entry.leaf, entry.disclosures))
    line.custody({"do": "hold", "name": "case-7", "wanted": {"records": indexes[:1]}, "matter": "310 O 1/26"})
    line.custody({"do": "hold_records", "name": "case-7", "records": indexes[:1]})
    said = line.custody({"do": "erase", "records": indexes, "values": "people", "ground": "asked for"})
    while line.custody({"do": "work"})["left"]:
        pass
    assert said == {"erased": 1, "held": {str(indexes[0]): ["case-7"]}}
    with pytest.raises(EvidenceError, match="no hold named case-8"):
        line.custody({"do": "release", "name": "case-8"})
    rows = [(leaf - indexes[0], name) for leaf, name, _ in read_rows(root / "side" / "disclosures.db")]
    return [row for row in rows if row[0] >= 0]


@pytest.mark.parametrize("running", [True, False], ids=["by the recorder", "by itself"])
def test_a_command_holds_and_erases(place, running):
    """The same whether a guard is running or not."""
    root, path = place
    recorder = start_recorder(root, path)
    if not running:
        stop(recorder)
    with open_log(root) as line:
        left = _erase(root, line)
    if running:
        stop(recorder)

    assert left == [(0, "person"), (0, "tool"), (1, "tool")]
    report = verify_directory(root)
    assert report.holds, report.faults
    assert {kind: count for kind, count in report.kinds if kind in {"era", "hold"}} == {"era": 1, "hold": 1}


def test_the_socket_of_a_killed_recorder_does_not_mislead(place):
    """A leftover that nobody answers at is passed by, and the next recorder takes its place."""
    root, path = place
    stop(start_recorder(root, path), kill=True)
    left = (root / command_socket.SOCKET).exists()
    with open_log(root) as line:
        index, digest = write_all(line)
    check(root, index, digest)
    recorder = start_recorder(root, path)
    with open_log(root) as line:
        line.append(request_entry().leaf)
    stop(recorder)

    assert left
    assert not (root / command_socket.SOCKET).exists()


def test_a_directory_with_a_long_name_has_a_socket_too(tmp_path):
    """The name of a socket may have 107 bytes; that of a folder 4,096."""
    root = tmp_path / ("e" * 120)
    (tmp_path / "run").mkdir(mode=0o700)
    recorder = start_recorder(root, tmp_path / "run" / "s")
    with open_log(root) as line:
        index, digest = write_all(line)
    stop(recorder)

    check(root, index, digest)


def test_a_log_that_somebody_else_holds_is_not_written(place):
    """Not even one whose recorder can not be asked: the sentence says what to do."""
    root, _ = place
    log = evidence.open_log(root)

    with pytest.raises(EvidenceError, match=r"in use.*stop the guard first"), open_log(root, patience=0.2):
        pass
    log.close()


def test_a_command_waits_for_a_recorder_that_is_just_ending(place):
    """A restart of the guard is no reason to fail."""
    root, _ = place
    log = evidence.open_log(root)
    ending = threading.Timer(0.5, log.close)
    ending.start()
    with open_log(root) as line:
        index, digest = write_all(line)
    ending.join()

    check(root, index, digest)


def test_a_recorder_waits_for_a_command_that_is_just_ending(place):
    """And the other way round."""
    root, path = place
    evidence.open_log(root).close()
    with open_log(root) as line:
        command = [sys.executable, "-m", "guard.server.recorder", "--directory", str(root), "--socket", str(path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        evidence.STARTED.append(process)
        time.sleep(1.0)
        line.append(request_entry().leaf)

    assert process.stdout.readline() == b"ready\n"


def test_a_log_does_not_begin_by_accident(tmp_path):
    """A wrong folder is a usage error; with the host for its name a log begins."""
    with pytest.raises(UsageError, match="holds no evidence log yet"), open_log(tmp_path / "e"):
        pass
    assert not (tmp_path / "e").exists()
    with open_log(tmp_path / "e", host="photo.example") as line:
        line.append(request_entry().leaf)

    assert verify_directory(tmp_path / "e").origin.startswith("photo.example/evidence/")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be in somebody else's log")
def test_files_that_the_guard_could_not_open_are_not_left_behind(tmp_path):
    """Root in the log of the guard's user is sent to that user."""
    evidence.open_log(tmp_path / "e").close()
    os.chown(tmp_path / "e", 12345, -1)

    with pytest.raises(UsageError, match="sudo -u '#12345'"), open_log(tmp_path / "e"):
        pass


def test_a_recorder_that_ends_ends_the_line_with_a_sentence(place):
    """The record is not reported as written."""
    root, path = place
    recorder = start_recorder(root, path)
    with open_log(root) as line:
        line.append(request_entry().leaf)
        stop(recorder)

        with pytest.raises(RecorderUnavailableError, match="the line to the recorder broke"):
            line.append(request_entry().leaf)
