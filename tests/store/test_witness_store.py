"""Does a witness remember, so that it can not be led to cosign two histories?"""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from guard.errors import EvidenceError
from guard.evidence.checkpoint import Checkpoint
from guard.evidence.witness import Refused, Seen
from guard.store.witness_store import MOST_REFUSED, WitnessStore

ORIGIN = "photo.example/evidence/1"


@pytest.fixture
def path(tmp_path) -> Path:
    WitnessStore.create(tmp_path / "w.seen")
    return tmp_path / "w.seen"


@pytest.fixture
def store(path):
    opened = WitnessStore(path)
    yield opened
    opened.close()


def head(size: int, root: bytes = b"1" * 32, origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin=origin, size=size, root=root)


def add(store: WitnessStore, one: Checkpoint) -> None:
    assert store.add(one.origin, lambda _: one, lambda: b"note of %d" % one.size) == one


def test_the_last_head_is_what_is_judged_by(store):
    """By log; another log does not count."""
    asked: list[Seen | None] = []
    add(store, head(5))
    add(store, head(7))
    add(store, head(99, origin="other"))

    def judge(seen: Seen | None) -> Refused:
        asked.append(seen)
        return Refused(status=422, reason="no")

    assert isinstance(store.add(ORIGIN, judge, lambda: b""), Refused)
    assert asked == [Seen(size=7, root=b"1" * 32)]


def test_what_was_refused_changes_nothing(store):
    """The last head stays."""
    add(store, head(5))
    store.add(ORIGIN, lambda _: Refused(status=409, reason="no", size=5), lambda: b"")
    last = store.last(ORIGIN)

    assert last is not None
    assert (last.size, last.note) == (5, b"note of 5")


def test_a_memory_that_is_gone_stops_the_witness(tmp_path):
    """It could cosign what it would have refused."""
    with pytest.raises(EvidenceError, match="must not go on with this key"):
        WitnessStore(tmp_path / "gone.seen")


def test_a_memory_is_never_made_anew(path):
    """Nor taken for that of another witness."""
    with pytest.raises(EvidenceError, match="exists already"):
        WitnessStore.create(path)


def test_two_requests_at_one_time_are_judged_one_after_the_other(path):
    """The race of the specification: the slower one must see what the faster one has kept."""
    first, second = WitnessStore(path), WitnessStore(path)
    judging = threading.Event()
    seen: list[int] = []

    def slow(known: Seen | None) -> Checkpoint:
        seen.append(known.size if known else 0)
        judging.set()
        threading.Event().wait(0.3)
        return head(10)

    def quick(known: Seen | None) -> Checkpoint:
        seen.append(known.size if known else 0)
        return head(20)

    thread = threading.Thread(target=lambda: first.add(ORIGIN, slow, lambda: b"10"))
    thread.start()
    judging.wait(5)
    second.add(ORIGIN, quick, lambda: b"20")
    thread.join()

    assert seen == [0, 10]
    first.close()
    second.close()


KILLED = """
import sys
from pathlib import Path
from guard.evidence.checkpoint import Checkpoint
from guard.store.witness_store import WitnessStore
store = WitnessStore(Path(sys.argv[1]))
for size in range(1, 100000):
    store.add("log", lambda _: Checkpoint(origin="log", size=size, root=b"1" * 32), lambda: b"note")
    print(size, flush=True)
"""


def test_a_witness_that_is_killed_remembers_all_it_has_answered(path):
    """Kept before the answer: whatever was printed is there afterwards."""
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    answered = 0
    while answered < 20:
        answered = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    for line in process.stdout:
        answered = int(line)
    process.wait()
    process.stdout.close()
    store = WitnessStore(path)
    last = store.last("log")
    store.close()

    assert last is not None
    assert last.size >= answered


FORKED = Refused(status=422, reason="forked", signed=head(7, b"2" * 32))


def test_two_histories_of_one_size_are_kept_as_proof(store, path):
    """Also where the log has gone on since, and the witness answers with 409."""
    add(store, head(7))
    add(store, head(9))
    late = Refused(status=409, reason="", size=9, signed=head(7, b"2" * 32))
    folder = store.keep_refused(late, b"the other 7")

    assert folder is not None
    assert folder.parent == path.parent / "refused"
    assert (folder / "cosigned.note").read_bytes() == b"note of 7"
    assert (folder / "refused.note").read_bytes() == b"the other 7"


def test_a_log_that_does_not_go_on_is_kept_with_the_last_head(store):
    """A bad proof may be a slip; who has both notes can ask the log for a good one."""
    add(store, head(5))
    folder = store.keep_refused(FORKED, b"7")

    assert folder is not None
    assert (folder / "cosigned.note").read_bytes() == b"note of 5"


def test_an_old_request_that_comes_again_is_no_contradiction(store):
    """Anybody can send it, and it was once cosigned."""
    add(store, head(5))
    add(store, head(9))

    assert store.keep_refused(Refused(status=409, reason="", size=9, signed=head(5)), b"") is None
    assert store.keep_refused(Refused(status=409, reason="", size=9, signed=head(12)), b"") is None
    assert store.keep_refused(Refused(status=404, reason=""), b"") is None


def test_what_a_log_can_sign_without_end_does_not_fill_the_disk(store, path):
    """Enough is kept to prove it."""
    add(store, head(5))
    for number in range(MOST_REFUSED + 5):
        store.keep_refused(Refused(status=422, reason="", signed=head(7, number.to_bytes(32, "little"))), b"x")

    assert len(list((path.parent / "refused").iterdir())) == MOST_REFUSED
