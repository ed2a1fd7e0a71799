"""Values are erased in time and on demand, for good and with every proof intact; a hold speaks before both."""

import os
import shutil
import signal
from ipaddress import ip_address, ip_network

import pytest

from guard.errors import EvidenceError, LeafError, RecorderUnavailableError
from guard.evidence import disclosure, record
from guard.evidence.custody import Values
from guard.evidence.record import RecordKind
from guard.evidence.retention import Retention
from guard.store import custody as module
from guard.store.batch import Entry
from guard.store.log_files import open_folder, verify_directory
from guard.store.record_filter import Filter, matching
from guard.store.record_finder import leaves
from guard.store.side_store import DAY, read_rows
from tests.support.evidence import AT, open_log, request_leaf

MINE, OTHER = "203.0.113.7", "198.51.100.9"
LONG = 1_000_000


class Clock:
    now = AT

    def __call__(self) -> int:
        return self.now


def request(address: str = MINE, at: int = AT, **changes: object) -> Entry:
    """Return a request that commits to a person, a tool, and what the person sent."""
    groups = (
        disclosure.commit("person", {"address": address}, os.urandom(16)),
        disclosure.commit("tool", {"headers": [["User-Agent", "ExampleBot/1"]]}, os.urandom(16)),
        disclosure.commit("request", {"headers": [], "query": "?from=" + address}, os.urandom(16)),
    )
    return Entry(request_leaf(sd=[one.commitment for one in groups], at=at, **changes), groups)


class Place:
    """A log whose clock is set by hand."""

    def __init__(self, root):
        self.root = root
        self.clock = Clock()
        self.log = self.open()

    def open(self, root=None):
        return open_log(root or self.root, clock=self.clock, retention=Retention(people=30, tools=None))

    def write(self, *entries: Entry) -> list[int]:
        results = self.log.append(entries)
        assert all(isinstance(one, int) for one in results), results
        return results  # type: ignore[return-value]

    def work(self) -> None:
        for _ in range(LONG):
            if not self.log.custody.work():
                return

    def values(self) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for leaf, name, _ in read_rows(self.root / "side" / "disclosures.db"):
            found.setdefault(leaf, set()).add(name)
        return found

    def records(self, kind: RecordKind) -> list[record.Record]:
        self.log.checkpoint()
        found = [record.read(leaf) for _, leaf in leaves(open_folder(self.root))]
        return [one for one in found if one.kind is kind]


@pytest.fixture
def place(tmp_path):
    one = Place(tmp_path / "e")
    yield one
    one.log.close()


def traces(root, address: str) -> list[str]:
    """Return the files below `root` that hold the address, as text or packed."""
    forms = (address.encode(), ip_address(address).packed)
    return [
        str(path.relative_to(root))
        for path in sorted(root.rglob("*"))
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    ]


def test_the_search_for_traces_finds_one(tmp_path):
    """A search that finds nothing anywhere would be content."""
    (tmp_path / "a").write_bytes(b"xx203.0.113.7xx")
    (tmp_path / "b").write_bytes(b"xx\xcb\x00\x71\x07xx")
    (tmp_path / "c").write_bytes(b"203.0.113.8")

    assert traces(tmp_path, MINE) == ["a", "b"]


def test_what_identifies_a_person_goes_after_its_period_and_a_trace_stays(place):
    """Not a day early; the record that says so holds no personal data, and the log verifies."""
    indexes = place.write(request(), request(OTHER))
    place.clock.now += 30 * DAY
    place.log.custody.expire()
    place.work()
    assert place.values() == {index: {"person", "tool", "request"} for index in indexes}
    place.clock.now += DAY
    place.log.custody.expire()
    place.work()

    assert place.values() == {index: {"tool"} for index in indexes}
    (era,) = place.records(RecordKind.ERASURE)
    assert {name: era.fields[name] for name in ("ground", "values", "records", "first", "last")} == {
        "ground": "expiry", "values": "people", "records": 2, "first": indexes[0], "last": indexes[1]
    }  # fmt: skip
    assert traces(place.root, MINE) == []
    report = verify_directory(place.root)
    assert report.holds, report.faults
    assert (report.disclosed, report.undisclosed) == (2, 4)


def test_a_verified_crawlers_address_is_no_persons(place):
    """It proves who it was for as long as a trace may be needed."""
    (index,) = place.write(request(grade="B"))
    place.clock.now += 1000 * DAY
    place.log.custody.expire()
    place.work()

    assert place.values() == {index: {"person", "tool", "request"}}


def test_nobody_reads_an_erased_address_again_and_every_proof_holds(place):
    """Not from any file, not from one that was copied away before, as only its key could open that."""
    entries = [request(MINE if number % 7 == 0 else OTHER) for number in range(1000)]
    indexes = place.write(*entries)
    place.log.checkpoint()
    copied = place.root.parent / "backup"
    shutil.copytree(place.root / "side", copied, ignore=shutil.ignore_patterns("keys"))
    keys = {path.read_bytes() for path in (place.root / "side" / "keys").iterdir()}
    mine = [index for index, *_ in matching(place.root, Filter(addresses=(ip_network(MINE),)), ends=False)]
    done = place.log.custody.erase(mine, Values.PEOPLE, "request of 2026-11-20")
    hidden = place.values()
    place.work()

    assert mine == indexes[::7]
    assert done == {"erased": len(mine), "held": {}}
    assert (
        place.values()
        == hidden
        == {index: {"tool"} if index in mine else {"person", "tool", "request"} for index in indexes}
    )
    assert traces(place.root, MINE) == []
    left = b"".join(path.read_bytes() for path in place.root.rglob("*") if path.is_file())
    assert sum(key in left for key in keys) == 1, "the key of the tools alone is still there"
    shutil.copytree(place.root / "side" / "keys", copied / "keys")
    assert {name for _, name, _ in read_rows(copied / "disclosures.db")} == {"tool"}
    place.log.checkpoint()
    report = verify_directory(place.root)
    assert report.holds, report.faults
    assert report.undisclosed == 2 * len(mine)
    (era,) = place.records(RecordKind.ERASURE)
    assert (era.fields["records"], era.fields["first"], era.fields["last"]) == (len(mine), mine[0], mine[-1])


def test_a_crash_at_any_step_is_gone_on_from(place, monkeypatch):
    """After every step of an erasure the directory is copied, and the copy ends at the same."""
    monkeypatch.setattr(module, "MOVED", 7)
    monkeypatch.setattr(module, "TAKEN", 10)
    indexes = place.write(*[request(MINE if number % 3 else OTHER) for number in range(40)])
    mine = [index for number, index in enumerate(indexes) if number % 3]
    place.log.custody.erase(mine, Values.ALL, "asked for")
    copies = []
    for step in range(LONG):
        copy = place.root.parent / f"copy{step}"
        shutil.copytree(place.root, copy)
        copies.append(copy)
        if not place.log.custody.work():
            break
    expected = {index: {"person", "tool", "request"} for index in indexes if index not in mine}
    place.log.checkpoint()

    assert len(copies) > 10
    assert place.values() == expected
    for copy in copies:
        other = Place(copy)
        assert other.values() == expected, copy
        other.work()
        assert other.values() == expected, copy
        assert len(list((copy / "side" / "keys").iterdir())) == 2, copy
        other.log.close()
        assert verify_directory(copy).holds, copy


def test_a_kill_at_any_point_of_an_erasure_leaves_all_or_nothing(place):
    """At every statement of the side store and every write and sync beside it: what is on record is erased, what is
    erased is on record, and what was not erased can be read as before."""
    mine, *others = place.write(*[request(MINE if number == 0 else OTHER) for number in range(6)])
    place.log.checkpoint()
    place.log.close()
    whole = {"person", "tool", "request"}
    outcomes = []
    for point in range(1, LONG):
        copy = place.root.parent / f"killed{point}"
        shutil.copytree(place.root, copy)
        status = _erase_until(copy, mine, point)
        other = Place(copy)
        other.work()
        erased = len(other.records(RecordKind.ERASURE))
        assert other.values() == {mine: {"tool"} if erased else whole} | dict.fromkeys(others, whole), point
        assert erased <= 1, point
        if erased:
            assert len(list((copy / "side" / "keys").iterdir())) == 2, point
        other.log.close()
        report = verify_directory(copy)
        assert report.holds, (point, report.faults)
        shutil.rmtree(copy)
        outcomes.append(erased)
        if status == 0:
            break
    place.log = place.open()

    assert len(outcomes) > 30
    assert (outcomes[0], outcomes[-1]) == (0, 1)
    assert outcomes == sorted(outcomes)


def _erase_until(root, index, point):
    """Erase in a process of its own that is killed at the point of that number; return 0 if it came to its end."""
    child = os.fork()
    if not child:
        try:
            count = 0

            def tick(*_: object) -> None:
                nonlocal count
                count += 1
                if count == point:
                    os.kill(os.getpid(), signal.SIGKILL)

            log = open_log(root)
            log.custody._side.connection.set_trace_callback(tick)
            for name in ("fsync", "fdatasync", "write", "open", "unlink"):
                setattr(os, name, _after(tick, getattr(os, name)))
            log.custody.erase([index], Values.PEOPLE, "asked for")
            while log.custody.work():
                pass
            log.close()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def _after(tick, call):
    def called(*arguments, **options):
        tick()
        return call(*arguments, **options)

    return called


def test_a_destroyed_key_is_not_waited_for(place, monkeypatch):
    """A crash between destroying the key and writing that down."""
    (index, other) = place.write(request(), request(OTHER))
    place.log.custody.erase([index], Values.PEOPLE, "asked for")
    (number,) = place.log.custody._side.connection.execute("SELECT number FROM keys WHERE state = 'erasing'").fetchone()
    place.log.custody.work()
    place.log.custody._side.connection.execute("UPDATE keys SET state = 'erasing' WHERE number = ?", (number,))
    place.work()

    assert place.values() == {index: {"tool"}, other: {"person", "tool", "request"}}


def test_a_hold_refuses_erasure_and_is_named(place):
    """The others are erased."""
    held, free = place.write(request(), request())
    place.log.custody.hold("case-7", Filter(records=frozenset({held})), "310 O 1/26", "")
    assert place.log.custody.hold_records("case-7", [held]) == 1
    done = place.log.custody.erase([held, free], Values.PEOPLE, "asked for")
    place.work()

    assert done == {"erased": 1, "held": {str(held): ["case-7"]}}
    assert place.values() == {held: {"person", "tool", "request"}, free: {"tool"}}


def test_nothing_is_recorded_where_everything_is_held(place):
    """An erasure of nothing is none."""
    (held,) = place.write(request())
    place.log.custody.hold("case-7", Filter(), "", "")
    place.log.custody.hold_records("case-7", [held])
    done = place.log.custody.erase([held], Values.ALL, "asked for")

    assert done["erased"] == 0
    assert place.records(RecordKind.ERASURE) == []


def test_a_hold_beats_expiry_until_it_is_released(place):
    """Also for what comes after it was set; then the period counts again, and all of it is on record."""
    first, other = place.write(request(crawler="example-bot"), request(crawler="other-bot"))
    place.log.custody.hold("case-7", Filter(crawlers=frozenset({"example-bot"})), "310 O 1/26", "")
    place.log.custody.hold_records("case-7", [first])
    (later,) = place.write(request(crawler="example-bot"))
    place.clock.now += 40 * DAY
    for _ in range(3):
        place.log.custody.expire()
        place.work()
    assert place.values() == {
        first: {"person", "tool", "request"},
        other: {"tool"},
        later: {"person", "tool", "request"},
    }
    assert place.log.custody.release("case-7") == 2
    place.log.custody.expire()
    place.work()

    assert place.values() == {index: {"tool"} for index in (first, other, later)}
    assert [one.fields["state"] for one in place.records(RecordKind.HOLD)] == ["set", "released"]
    assert [one.fields["records"] for one in place.records(RecordKind.ERASURE)] == [1, 2]
    assert verify_directory(place.root).holds


def test_holds_outlive_a_restart(place):
    """They are read again with the log."""
    place.log.custody.hold("case-7", Filter(operators=frozenset({"example"})), "", "")
    place.log.close()
    place.log = place.open()
    (index,) = place.write(request())

    assert place.log.custody.erase([index], Values.ALL, "asked for")["held"] == {str(index): ["case-7"]}
    with pytest.raises(EvidenceError, match="there is a hold named case-7"):
        place.log.custody.hold("case-7", Filter(), "", "")
    with pytest.raises(EvidenceError, match="no hold named case-8; there are: case-7"):
        place.log.custody.release("case-8")


def test_a_hold_for_a_path_sees_what_is_about_to_be_sealed(place):
    """The record itself does not name it."""
    place.log.custody.hold("case-7", Filter(pictures=frozenset({"/a.jpg"})), "", "")
    target = disclosure.commit("target", {"path": "/a.jpg"}, os.urandom(16))
    (index,) = place.write(Entry(request_leaf(sd=[target.commitment]), [target]))

    assert place.log.custody.erase([index], Values.ALL, "asked for")["held"] == {str(index): ["case-7"]}


def test_what_was_decided_goes_on_record_even_after_a_crash(place):
    """It stands in the side store from the moment on that it holds."""
    (index,) = place.write(request())
    place.log.custody._log = type("Down", (), {"append": _unavailable, "size": place.log.size})()
    place.log.custody.erase([index], Values.PEOPLE, "asked for")
    assert place.records(RecordKind.ERASURE) == []
    place.log.close()
    place.log = place.open()

    assert [one.fields["ground"] for one in place.records(RecordKind.ERASURE)] == ["asked for"]
    place.log.close()
    place.log = place.open()
    assert len(place.records(RecordKind.ERASURE)) == 1


def _unavailable(_self, _entries):
    raise RecorderUnavailableError("the disk is full")


def test_a_ground_that_names_the_person_erases_nothing(place):
    """It would stay in the log for ever."""
    (index,) = place.write(request())

    with pytest.raises(LeafError, match="write a reference"):
        place.log.custody.erase([index], Values.PEOPLE, f"asked by {MINE}")
    assert place.values() == {index: {"person", "tool", "request"}}


def test_a_step_is_small_whatever_is_erased(place):
    """Recording goes on between the steps: none of them takes more rows than it may."""
    place.write(*[request(MINE if number == 5 else OTHER) for number in range(3000)])
    place.log.custody.erase([7], Values.PEOPLE, "asked for")
    steps = 0
    while place.log.custody.work():
        steps += 1

    assert steps >= 3000 / module.MOVED + 3000 / module.TAKEN - 2
