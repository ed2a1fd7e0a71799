"""Is a person's data gone on demand, is what is held kept, and is both said and on record?"""

import json
import shutil
from ipaddress import ip_network

import pytest
from typer.testing import CliRunner

from guard.cli.evidence import app
from guard.errors import EvidenceError, UsageError
from guard.evidence.record import RecordKind
from guard.store import client_snapshot
from guard.store.log_files import verify_directory
from guard.store.record_filter import Filter, matching
from guard.store.side_store import read_rows
from tests.cli.test_evidence_show import entry, of_kind
from tests.store.test_custody import request, traces
from tests.support.evidence import AT, end_all, open_log, start_recorder, stop

MINE, OTHER = "203.0.113.7", "198.51.100.9"
DAY = 86_400_000_000


@pytest.fixture
def root(tmp_path):
    """Return a log of two clients with two requests each, at indexes 2 to 5."""
    log = open_log(tmp_path / "e")
    log.append([request(MINE), request(OTHER), request(MINE, at=AT + DAY), request(OTHER, at=AT + DAY)])
    log.close()
    yield tmp_path / "e"
    end_all()


def run(*arguments):
    done = CliRunner().invoke(app, list(map(str, arguments)))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def values(root):
    found: dict[int, set[str]] = {}
    for leaf, name, _ in read_rows(root / "side" / "disclosures.db"):
        found.setdefault(leaf, set()).add(name)
    return found


@pytest.mark.parametrize("running", [True, False], ids=["a guard runs", "none runs"])
def test_one_address_is_erased_and_nobody_elses(root, tmp_path, running):
    """No file holds it, nothing reads it, every proof verifies, and the clients' past on disk is gone with it."""
    (root / "guard" / client_snapshot.FILE).write_bytes(b"hashes of addresses")
    (tmp_path / "run").mkdir(mode=0o700)
    recorder = start_recorder(root, tmp_path / "run" / "s") if running else None
    done = run("erase", root, "--address", MINE, "--ground", "request of 2026-11-20")
    if recorder is not None:
        stop(recorder)

    assert (done.exit_code, done.stdout) == (0, "what may identify a person of 2 records was erased\n")
    whole = {"person", "tool", "request"}
    assert values(root) == {2: {"tool"}, 3: whole, 4: {"tool"}, 5: whole}
    assert traces(root, MINE) == []
    assert list(matching(root, Filter(addresses=(ip_network(MINE),)))) == []
    assert not (root / "guard" / client_snapshot.FILE).exists()
    report = verify_directory(root)
    assert report.holds, report.faults
    (era,) = of_kind(root, RecordKind.ERASURE)
    assert (era.fields["ground"], era.fields["records"]) == ("request of 2026-11-20", 2)


def test_a_dry_run_only_says_what_would_be_erased(root):
    """Nothing is written, not even on record."""
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    done = run("erase", root, "--before", "2026-01-02", "--dry-run", "--everything")

    assert done.stdout == "all values of 2 records would be erased\n"
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_everything_from_before_a_day_is_erased(root):
    """Also tool and picture, where that is wanted."""
    done = run("erase", root, "--before", "2026-01-02", "--everything", "--ground", "no case is open", "--json")

    assert json.loads(done.stdout) == {"erased": 2, "held": {}, "dry_run": False}
    assert set(values(root)) == {4, 5}


def test_what_is_held_is_refused_and_the_hold_named(root):
    """The others are erased; the exit status says that not all was."""
    run("hold", "set", root, "case-7", "--record", 2, "--matter", "310 O 1/26")
    done = run("erase", root, "--address", MINE, "--ground", "request no. 12")

    assert (done.exit_code, done.stdout) == (1, "what may identify a person of 1 record was erased\n")
    assert done.stderr == "guard: record 2 is not erased: it is held for case-7\n"
    assert "person" in values(root)[2]
    assert "person" not in values(root)[4]


def test_a_hold_is_set_listed_and_released(root):
    """By what records say; both ends are on record."""
    set_ = run("hold", "set", root, "case-7", "--crawler", "ExampleBot", "--until", "2026-01-01", "--matter", "1/26")
    listed = run("hold", "list", root)
    as_json = json.loads(run("hold", "list", root, "--json").stdout)
    released = run("hold", "release", root, "case-7")

    assert set_.stdout == "case-7 holds 2 records, and those to come that fit\n"
    assert "records held: 2, 1/26" in listed.stdout
    assert (as_json["name"], as_json["records"]) == ("case-7", 2)
    assert as_json["what"] == "crawlers: examplebot; until: 2026-01-02T00:00:00Z"
    assert released.stdout == "case-7 is released; it held 2 records\n"
    assert run("hold", "list", root).stderr == "guard: nothing is held\n"
    assert [one.fields["state"] for one in of_kind(root, RecordKind.HOLD)] == ["set", "released"]
    with pytest.raises(EvidenceError, match="no hold named case-7; there are: none"):
        run("hold", "release", root, "case-7")


WRONG = {
    "nothing named": (["erase", "--ground", "x"], "name what is to be erased"),
    "no ground": (["erase", "--address", MINE], "--ground is missing"),
    "a ground that names somebody": (["erase", "--record", "2", "--ground", f"for {MINE}"], "write a reference"),
    "no address": (["erase", "--address", "nowhere", "--ground", "x"], "is no address or network"),
    "no time": (["erase", "--before", "soon", "--ground", "x"], "is no time"),
    "a hold of nothing": (["hold", "set", "case-7"], "name what is to be held"),
    "a hold that names somebody": (["hold", "set", "jane@photo.example", "--record", "2"], "NAME: "),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_command_changes_nothing(root, arguments, said):
    """It says what is missing."""
    before = values(root)
    words = 2 if arguments[0] == "hold" else 1

    with pytest.raises(UsageError, match=said):
        run(*arguments[:words], root, *arguments[words:])
    assert values(root) == before


def test_where_there_is_no_log_nothing_is_erased(tmp_path):
    """Not: it was."""
    with pytest.raises(UsageError, match="no evidence directory"):
        run("erase", tmp_path, "--record", 1, "--ground", "x")


def test_a_folder_without_values_says_so(root):
    """The log/ folder alone holds none."""
    shutil.rmtree(root / "side")
    with pytest.raises(UsageError, match="there is no side/disclosures"):
        run("erase", root, "--record", 2, "--ground", "x")


def test_the_entry_helper_holds_a_person():
    """What these tests erase is what the table hides."""
    assert {one.group for one in entry().disclosures} == {"person", "request", "target"}


def test_a_log_that_was_put_away_is_no_hiding_place(root, monkeypatch):
    """Its values expire, are told to whom they are about, and are erased with those of the log at hand."""
    aside = root / "epochs" / "0123456789abcdef"
    aside.mkdir(parents=True)
    for name in ("log", "side"):
        (root / name).rename(aside / name)
    (root / "guard" / "checkpoints.db").unlink()
    for path in (root / "keys").iterdir():
        path.unlink()
    log = open_log(root)
    log.append([request(MINE)])
    log.close()
    told = root.parent / "access.txt"
    run("access", root, "--address", MINE, "-o", told)
    done = run("erase", root, "--address", MINE, "--ground", "request no. 12")

    assert len(json.loads((root.parent / "access.txt.json").read_text())["records"]) == 3
    assert done.stdout == "what may identify a person of 3 records was erased\n"
    assert {leaf for leaf, groups in values(aside).items() if "person" in groups} == {3, 5}
    assert [one.fields["ground"] for one in of_kind(root, RecordKind.ERASURE)] == [
        "request no. 12", "request no. 12 (log 0123456789abcdef)"
    ]  # fmt: skip
    later = open_log(root, clock=lambda: 100 * DAY + AT * 2)
    for _ in range(10):
        later.custody.tick()
    later.close()
    assert {group for groups in values(aside).values() for group in groups} == {"tool"}
