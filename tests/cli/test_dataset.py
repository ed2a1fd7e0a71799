"""`guard dataset` says first how many rows are whose, then which and why; and helps to have them left out."""

import contextlib
import csv
import io
import json
import os
import pty
import subprocess
import sys

import pytest

from guard.cli import main
from guard.store.rule_files import read_path_list
from tests.dataset.test_fetches import asked
from tests.image.test_codes import picture, saved
from tests.support.datasets import URLS, laion
from tests.support.evidence import AT, open_log

ENVIRON = {"PATH": "/usr/bin:/bin", "HOME": "/home/jane", "COLUMNS": "80", "TERM": "dumb", "LANG": "C.UTF-8"}
HOST = ("--host", "photo.example")


def guard(*arguments, cwd=None) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process would, but in this one: thirty starts would take half a minute."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    argv = ["guard", "dataset", *map(str, arguments)]
    status: object = 0
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.chdir(cwd or os.getcwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", argv)
        patch.setenv("COLUMNS", "80")
        patch.setenv("TERM", "dumb")
        try:
            main.run()
        except SystemExit as end:
            status = end.code
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
    assert isinstance(status, int) or status is None
    return subprocess.CompletedProcess(argv, status or 0, *texts)


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def rows(tmp_path):
    return laion(tmp_path / "laion.parquet")


def test_the_first_sentence_is_what_a_photographer_asks(rows):
    """How many rows, how sure, where; then each with its reason."""
    done = guard("scan", rows, *HOST)

    assert (done.returncode, done.stderr) == (0, "")
    assert flat(done.stdout).startswith(
        "Of 9 rows in 1 file, 2 are certainly yours, 1 is likely yours, 1 may be chance. "
        "They name 4 pictures on 4 hosts."
    )
    assert (
        "certain  laion.parquet:2\n  https://photo.example/a.jpg\n    lies on your host photo.example\n" in done.stdout
    )
    assert "lies on i0.wp.com, whose address carries one of your host photo.example" in flat(done.stdout)
    assert "It does not say that anybody took the picture" in flat(done.stdout)
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_german_is_spoken_too(rows):
    """With its own reasons."""
    done = guard("scan", rows, *HOST, "--lang", "de")

    assert flat(done.stdout).startswith(
        "Gelesen: 9 Zeilen in 1 Datei; davon 2 sicher von Ihnen, 1 wahrscheinlich von Ihnen, bei 1 kann es Zufall sein."
    )
    assert "liegt auf Ihrem Host photo.example" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_nothing_found_is_well_read(rows):
    """The status tells whether everything could be read, not whether anything was there."""
    done = guard("scan", rows, "--host", "other.example")

    assert done.returncode == 0
    assert flat(done.stdout).startswith("None of the 9 rows in 1 file is yours, by what was looked for.")


def test_json_has_all_rows_and_the_summary(rows):
    """Written while reading, and valid as a whole."""
    found = json.loads(guard("scan", rows, *HOST, "--json").stdout)

    assert [(one["row"], one["confidence"], one["matches"][0]["reason"]) for one in found["rows"]] == [
        (2, "certain", "host"), (3, "certain", "below_host"), (4, "likely", "inside"), (9, "weak", "mentioned"),
    ]  # fmt: skip
    assert found["summary"]["rows_read"] == 9
    assert found["summary"]["files"][0]["columns"]["url"] == "URL"


def test_csv_computes_nothing(tmp_path):
    """A caption that begins like a formula stays text."""
    path = tmp_path / "a.csv"
    path.write_text('url,text\nhttps://photo.example/a,"=HYPERLINK(""x"")"\nhttps://photo.example/b,+1\n')
    table = list(csv.reader(io.StringIO(guard("scan", path, *HOST, "--csv").stdout, newline="")))

    assert [row[:3] for row in table] == [
        ["file", "row", "confidence"],
        [str(path), "2", "certain"],
        [str(path), "3", "certain"],
    ]
    assert not any(cell[:1] in "=+-@" for row in table for cell in row if cell)


def test_what_a_terminal_would_obey_is_not_printed(tmp_path):
    """From addresses, captions, columns and names of files, which strangers choose."""
    path = tmp_path / "\x1b[31m.csv"
    path.write_text("url,text\nhttps://photo.example/\x1b[31m\u202e,x\nbroken\n")
    other = tmp_path / "b.csv"
    other.write_text("\x1b[2J,b\n1,2\n")
    done = guard("scan", path, other, *HOST)

    assert not set(done.stdout + done.stderr) & {"\x1b", "\u202e"}
    assert "https://photo.example/\\x1b[31m\\u202e" in done.stdout


def test_the_evidence_says_who_asked(rows, tmp_path):
    """With days and deliveries, and what that does not prove."""
    log = open_log(tmp_path / "e")
    asked(log, "/a.jpg", at=AT, delivered=True, claimed="GPTBot", operator="OpenAI")
    log.checkpoint()
    log.close()
    done = guard("scan", rows, *HOST, "--evidence", tmp_path / "e")
    text = flat(done.stdout)

    assert "Crawlers on record asked for 1 of the pictures that were found." in text
    assert "asked for by GPTBot of OpenAI: 1×, 1× delivered whole, 1 Jan 2026" in text
    assert "That a crawler asked for a picture does not say that the row comes from it." in text
    assert "unchanged since recording" in text
    german = flat(guard("scan", rows, *HOST, "--evidence", tmp_path / "e", "--lang", "de").stdout)
    assert "angefragt von GPTBot von OpenAI: 1×, 1× ganz ausgeliefert, 01.01.2026" in german


def test_an_owners_list_is_looked_for(tmp_path):
    """Together with the hosts of a configuration; faults are shown with their place."""
    (tmp_path / "guard.yaml").write_text("sites: [{host: photo.example, upstream: 'http://127.0.0.1:1'}]\n")
    (tmp_path / "mine.yaml").write_text("names: [Jane Doe]\nlists: optout.csv\n")
    (tmp_path / "optout.csv").write_text(f"sha256,file\n{'ab' * 32},boat.jpg\n")
    (tmp_path / "a.csv").write_text(
        f"url,text,sha256\nhttps://photo.example/a,,\nhttps://x.test/b,by Jane Doe,\nhttps://x.test/c,,{'AB' * 32}\n"
    )
    done = guard("scan", "a.csv", "-c", "guard.yaml", "--identifiers", "mine.yaml", "--json", cwd=tmp_path)
    (tmp_path / "mine.yaml").write_text("name: Jane\n")
    wrong = guard("scan", "a.csv", "--identifiers", "mine.yaml", cwd=tmp_path)

    assert [one["matches"][0]["reason"] for one in json.loads(done.stdout)["rows"]] == ["host", "name", "sha256"]
    assert wrong.returncode == 1
    assert "mine.yaml:1:1: name: unknown key (did you mean 'names'?)" in wrong.stderr


def test_files_that_can_not_be_read_are_named_and_the_others_read(rows, tmp_path):
    """And the status says so."""
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    (tmp_path / "renamed.csv").write_text("link,words\nhttps://photo.example/a,x\n")
    done = guard("scan", rows, tmp_path / "bad.parquet", tmp_path / "renamed.csv", tmp_path / "gone.csv", *HOST)

    assert done.returncode == 1
    assert "Of 9 rows in 1 file, 2 are certainly yours" in flat(done.stdout)
    assert f"guard: {tmp_path}/bad.parquet: is no Parquet file that can be read" in done.stderr
    assert (
        "renamed.csv: has no column that is known to hold addresses, captions or hashes (found: 'link', 'words')"
        in (done.stderr)
    )
    assert "gone.csv" in done.stderr


USAGE = {
    "nothing to look for": ((), "name your site with --host or -c"),
    "a host that is none": (("--host", "https://photo.example"), "--host: must be a host name"),
    "two forms": ((*HOST, "--json", "--csv"), "take one of --json and --csv"),
    "another language": ((*HOST, "--lang", "fr"), "take en or de"),
    "another field": ((*HOST, "--column", "x=y"), "write FIELD=NAME"),
    "another answer": ((*HOST, "--answer", "drop"), "take gone or preview or ticket"),
    "a list that is not there": ((*HOST, "--identifiers", "gone.yaml"), "gone.yaml"),
    "a file that is there": ((*HOST, "--out", "/dev/null"), "is there already"),
}


@pytest.mark.parametrize(("options", "message"), USAGE.values(), ids=USAGE)
def test_a_wrong_command_line_is_explained(rows, options, message):
    """In one sentence, with status 2."""
    done = guard("scan", rows, *options)

    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_rules_are_written_beside_their_list(rows, tmp_path):
    """For the paths on the owner's hosts; nothing is overwritten."""
    done = guard("scan", rows, *HOST, "--rules", "listed.yaml", "--out", "all.csv", cwd=tmp_path)
    again = guard("scan", rows, *HOST, "--rules", "listed.yaml", cwd=tmp_path)

    assert done.returncode == 0
    assert "rules for 2 paths: listed.yaml, listed.txt" in done.stderr
    assert "Of 9 rows" in done.stdout
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 5
    assert read_path_list(tmp_path / "listed.txt").paths == {"/a.jpg", "/album/b.jpg"}
    assert "status: 410" in (tmp_path / "listed.yaml").read_text()
    assert again.returncode == 2


def test_clean_writes_what_is_left(rows, tmp_path):
    """One file, or many into a folder; a list or a host."""
    (tmp_path / "hosts.txt").write_text("photo.example\n")
    (tmp_path / "b.csv").write_text("url\n" + "".join(f"{one}\n" for one in URLS if one))
    done = guard("clean", rows, tmp_path / "b.csv", "--reserved", "hosts.txt", "--out", "clean", cwd=tmp_path)
    more = guard("clean", rows, *HOST, "--out", "one.parquet", "--json", cwd=tmp_path)
    again = guard("clean", rows, *HOST, "--out", "one.parquet", cwd=tmp_path)

    assert done.stdout.splitlines() == [
        "clean/laion.parquet: 6 of 9 rows kept, 3 reserved",
        "clean/b.csv: 4 of 7 rows kept, 3 reserved",
        "together: 10 of 16 rows kept",
    ]
    assert json.loads(more.stdout)["files"][0]["kept"] == 6
    assert (again.returncode, again.stdout) == (2, "")
    assert "one.parquet is there already" in again.stderr


def test_clean_says_what_it_could_not_do(tmp_path):
    """A file that breaks off has no result; without a list nothing is done."""
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    done = guard("clean", tmp_path / "bad.parquet", *HOST, "--out", tmp_path / "out.parquet")

    assert done.returncode == 1
    assert done.stdout == f"{tmp_path}/out.parquet: not written\n"
    assert not (tmp_path / "out.parquet").exists()
    assert guard("clean", tmp_path / "bad.parquet", "--out", tmp_path / "x").returncode == 2


def test_optout_lists_the_pictures_of_a_configuration(tmp_path):
    """With its holder, contact and terms; broken ones are named. The list then cleans a data set."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.jpg").write_bytes(saved(picture()))
    (tmp_path / "p" / "b.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "guard.yaml").write_text(
        "sites: [{host: photo.example, upstream: 'http://127.0.0.1:1'}]\n"
        "rights: {holder: Jane Doe, contact: a@b.example}\n"
    )
    done = guard("optout", "p", "-c", "guard.yaml", "--out", "list.csv", cwd=tmp_path)
    site, row = csv.DictReader(io.StringIO((tmp_path / "list.csv").read_text(), newline=""))

    assert (done.returncode, done.stdout) == (1, "list.csv: 1 picture and 1 site\n")
    assert done.stderr.startswith("guard: p/b.jpg: ")
    assert (site["kind"], site["url"]) == ("site", "https://photo.example/*")
    assert (row["url"], row["holder"], row["contact"], row["reserved"]) == (
        "https://photo.example/a.jpg", "Jane Doe", "a@b.example", "train ai-use tdm",
    )  # fmt: skip
    assert row["terms"] == "https://photo.example/.well-known/guard/terms"
    laion(tmp_path / "laion.parquet")
    cleaned = guard("clean", "laion.parquet", "--reserved", "list.csv", "--out", "c.parquet", cwd=tmp_path)
    assert cleaned.stdout == "c.parquet: 8 of 9 rows kept, 1 reserved\n"


def test_optout_says_where_a_folder_below_the_site_is(tmp_path):
    """With --base the addresses begin there; the help says what they are made of without it."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.jpg").write_bytes(saved(picture()))
    base = "https://photo.example/p"
    done = guard("optout", "p", "--base", base, "--contact", "a@b.example", "--out", "list.csv", cwd=tmp_path)
    rows = csv.DictReader(io.StringIO((tmp_path / "list.csv").read_text(), newline=""))
    told = " ".join(guard("optout", "--help").stdout.split())

    assert done.returncode == 0, done.stderr
    assert [row["url"] for row in rows if row["kind"] != "site"] == [f"{base}/a.jpg"]
    assert "without --base the folder is taken for the root of the site" in told


def test_without_the_extra_it_says_how_to_install_it(tmp_path, rows):
    """Text is read without DuckDB all the same."""
    for name in ("duckdb", "imagehash"):
        (tmp_path / f"{name}.py").write_text("raise ImportError")
    (tmp_path / "a.csv").write_text("url\nhttps://photo.example/a\n")
    (tmp_path / "p").mkdir()
    environ = {**os.environ, "PYTHONPATH": f"{tmp_path}:{os.getcwd()}"}
    command = [sys.executable, "-m", "guard", "dataset"]

    for arguments in (("scan", rows, *HOST), ("optout", tmp_path / "p", "--out", tmp_path / "o.csv")):
        done = subprocess.run(
            [*command, *map(str, arguments)], capture_output=True, text=True, env=environ, check=False
        )
        assert done.returncode == 2
        assert "pip install 'crawler-guard[dataset]'" in done.stderr
    done = subprocess.run(
        [*command, "scan", str(tmp_path / "a.csv"), *HOST], capture_output=True, env=environ, check=False
    )
    assert done.returncode == 0


def test_a_terminal_sees_how_far_it_is(rows):
    """A bar on standard error only, gone at the end."""
    ours, other = pty.openpty()
    command = [sys.executable, "-m", "guard", "dataset", "scan", str(rows), *HOST]
    environ = {**ENVIRON, "TERM": "xterm", "PYTHONPATH": os.getcwd()}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=other, env=environ) as process:
        os.close(other)
        out, _ = process.communicate(timeout=30)
    seen = os.read(ours, 65536).decode()
    os.close(ours)

    assert "reading" in seen
    assert "reading" not in out.decode()
