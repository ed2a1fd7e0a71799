"""One line a request, as wide as a terminal; what may identify a person only on demand, and on record."""

import json
import os
import shutil

import pytest
from typer.testing import CliRunner

from guard.cli.evidence import app
from guard.errors import UsageError
from guard.evidence import disclosure, record, reservation_record
from guard.evidence.record import RecordKind
from guard.store.batch import Entry
from guard.store.log_files import open_folder, verify_directory
from guard.store.record_finder import leaves
from tests.support.evidence import AT, end_leaf, open_log, request_leaf

HOUR = 3_600_000_000
MINE = "203.0.113.7"


def entry(path: str = "/album/harbour.jpg", **fields: object) -> Entry:
    """Return a request with a person and a target."""
    groups = (
        disclosure.commit("person", {"address": MINE, "port": 4711}, os.urandom(16)),
        disclosure.commit("request", {"headers": [["Referer", "secret"]], "query": "?who=jane"}, os.urandom(16)),
        disclosure.commit("target", {"path": path}, os.urandom(16)),
    )  # fmt: skip
    return Entry(request_leaf(sd=[one.commitment for one in groups], **fields), groups)


def reserved(log, robots: bytes) -> Entry:
    """Return the record of a reservation with this robots.txt."""
    document = reservation_record.Document(path="/robots.txt", sha256=log.store_blob(robots), media_type="text/plain")
    one = reservation_record.ReservationSet(site="photo.example", documents=(document,), headers=())
    return Entry(reservation_record.reservation(at=AT, reserved=one))


@pytest.mark.parametrize("wrong", [("--grade", "Z"), ("--grade", "AB"), ("--action", "refus")])
def test_a_grade_or_an_action_that_there_is_not_is_said(root, wrong):
    """Else a slip of the pen reads as: nobody came. The known ones are named."""
    with pytest.raises(UsageError, match=r"is not known; there are (A, B, C, D, E|allow, mark, .*drop)$"):
        CliRunner().invoke(app, ["show", str(root), *wrong], catch_exceptions=False)


def test_a_time_that_ends_before_it_begins_is_said(root):
    """A day is meant whole, so the same day twice is one day."""
    wrong = ["show", str(root), "--since", "2026-01-02", "--until", "2026-01-01"]
    with pytest.raises(UsageError, match="--until 2026-01-01 is before --since 2026-01-02"):
        CliRunner().invoke(app, wrong, catch_exceptions=False)

    one_day = CliRunner().invoke(app, ["show", str(root), "--since", "2026-01-02", "--until", "2026-01-02"])
    assert one_day.exit_code == 0


@pytest.fixture
def root(tmp_path):
    """Return a log: 2 the reservation, 3 GPTBot, 4 its end, 5 nobody, 6 again, 7 changed, 8 GPTBot, 9, 10 the ends."""
    log = open_log(tmp_path / "e")
    log.append([reserved(log, b"User-agent: *\n")])
    log.append([entry(claimed="GPTBot", operator="OpenAI", grade="D"), Entry(end_leaf(3))])
    log.append(
        [
            entry(
                "/" + "long/" * 20 + "\x1b[31mend.jpg",
                claimed="",
                grade="E",
                action="mark",
                rendition="preview",
                at=AT + HOUR,
            )
        ]
    )
    log.append([reserved(log, b"User-agent: *\n"), reserved(log, b"User-agent: GPTBot\nDisallow: /\n")])
    log.append(
        [
            entry(claimed="GPTBot", operator="OpenAI", grade="D", at=AT + 2 * HOUR),
            Entry(end_leaf(8)),
            Entry(end_leaf(5)),
        ]
    )
    log.close()
    return tmp_path / "e"


def run(*arguments):
    done = CliRunner().invoke(app, ["show", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def of_kind(root, kind):
    found = [record.read(leaf) for _, leaf in leaves(open_folder(root))]
    return [one for one in found if one.kind is kind]


def test_a_request_is_one_line_of_80_columns(root):
    """Number, time, name, grade, answer, status, bytes and the end of the path; the day stands above."""
    lines = run(root).stdout.splitlines()

    assert lines[1] == "2026-01-01"
    assert lines[2].split() == ["3", "00:00:00", "GPTBot", "D", "refuse", "403", "10", "/album/harbour.jpg"]
    assert lines[3].split()[:6] == ["5", "01:00:00", "–", "E", "preview", "403"]
    assert lines[3].endswith("long/\\x1b[31mend.jpg")
    assert all(len(line) <= 80 for line in lines)
    assert lines[-2:] == ["D: the client’s claim alone", "E: no claim, behaviour only"]


def test_nothing_of_a_person_is_shown_unasked(root):
    """Neither in the table nor in JSON: no address, no query, no header line."""
    for said in (run(root).stdout, run(root, "--json").stdout, run(root, "--timeline", "day").stdout):
        assert MINE not in said
        assert "jane" not in said
        assert "secret" not in said
    assert of_kind(root, RecordKind.ACCESS) == []


def test_who_looks_at_values_is_on_record(root):
    """Before the first line, with the reason."""
    done = run(root, "--crawler", "gptbot", "--values", "--why", "310 O 1/26")

    assert "person: address 203.0.113.7" in done.stdout
    assert "request: query ?who=jane" in done.stdout
    (look,) = of_kind(root, RecordKind.ACCESS)
    assert (look.fields["by"], look.fields["why"]) == ("evidence show", "310 O 1/26")
    assert (look.fields["records"], look.fields["first"], look.fields["last"]) == (2, 3, 8)
    assert verify_directory(root).holds


def test_a_copy_is_not_written_to(root, tmp_path):
    """Who was given one says so; else nothing is shown that can not be put on record."""
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}

    assert MINE in run(copy, "--values", "--copy").stdout
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before
    (copy / "log" / "vkey").unlink()
    with pytest.raises(UsageError, match="say --copy"):
        run(copy, "--values")


def test_an_address_is_asked_for_with_values_only(root):
    """To find records by a person's address is to look at it."""
    with pytest.raises(UsageError, match="say --values"):
        run(root, "--address", MINE)
    assert len(run(root, "--address", MINE, "--values", "--json").stdout.splitlines()) == 3


def test_json_is_one_object_a_record(root):
    """With the fields of the record as they are in the log, and the end."""
    first, *_ = map(json.loads, run(root, "--json", "--operator", "openai").stdout.splitlines())

    assert (first["record"], first["time"], first["path"]) == (3, "2026-01-01T00:00:00.000000Z", "/album/harbour.jpg")
    assert (first["fields"]["claimed"], first["end"]["status"], "values" in first) == ("GPTBot", 403, False)


def test_what_fits_nothing_says_so(root):
    """On standard error; the table is empty."""
    done = run(root, "--crawler", "nobody")

    assert (done.stdout, done.stderr.strip()) == ("", "guard: no record fits")


def test_german_is_for_who_reads_it(root):
    """Headings, dates and grades."""
    lines = run(root, "--lang", "de").stdout.splitlines()

    assert "nannte sich" in lines[0]
    assert lines[1] == "01.01.2026"
    assert lines[-1] == "E: keine Angabe, nur das Verhalten"
    with pytest.raises(UsageError, match="there are en and de"):
        run(root, "--lang", "fr")
