"""Does the terminal tell what the rules know, and does an update say what it did not believe?"""

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guard.cli.rules import app
from guard.errors import UsageError

SEED = Path(__file__).resolve().parents[2] / "rules" / "ranges"


def run(*arguments: str, code: int = 0):
    """Run a command of the group."""
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder for fetched lists, which is not there yet."""
    return tmp_path / "state" / "lists"


def test_the_crawlers_of_a_purpose_or_an_operator_are_listed():
    """As lines for people, and as JSON for programs; talk goes to standard error."""
    lines = run("list", "--operator", "openai").stdout
    document = json.loads(run("list", "--purpose", "ai_training", "--json").stdout)

    assert "openai-gptbot" in lines
    assert "lists" in lines
    assert {one["purpose"] for one in document} == {"ai_training"}
    assert "openai-gptbot" in {one["id"] for one in document}


def test_the_list_has_columns():
    """Whatever the longest name is, and with nobody in it."""
    lines = run("list").stdout.splitlines()[1:]
    rows = [re.split(" {2,}", line.rstrip()) for line in lines]

    assert len(rows) > 300
    assert {len(row) for row in rows} == {4}
    assert {line.index(row[1], len(row[0])) for line, row in zip(lines, rows, strict=True)} == {
        max(len(row[0]) for row in rows) + 2
    }
    assert run("list", "--operator", "nobody-of-that-name").exit_code == 0


@pytest.mark.parametrize("name", ["openai-gptbot", "GPTBot", "gptbot"])
def test_one_crawler_is_shown_with_the_age_of_its_list(kept: Path, name):
    """By its id or by its token; a list that is too old to refute is said to be."""
    text = run("show", name, "--lists", str(kept)).stdout
    document = json.loads(run("show", name, "--lists", str(kept), "--json").stdout)

    assert "openai-gptbot (2026-09-02): 21 prefixes" in text
    assert document["lists"] == [
        {"name": "openai-gptbot", "prefixes": 21, "fetched_at": "2026-09-02T14:41:05+00:00", "complete": True}
    ]


def test_a_crawler_that_is_not_known_is_a_wrong_command_line():
    """With the command that names them."""
    with pytest.raises(UsageError, match="guard rules list"):
        run("show", "NoSuchBot")


def test_an_update_from_a_folder_keeps_what_can_be_believed(kept: Path, tmp_path: Path):
    """Each list by itself: one is taken with its own date, one is refused, one is not there."""
    files = tmp_path / "files"
    files.mkdir()
    document = json.loads((SEED / "bing.json").read_text())
    document["fetchedAt"] = "2026-11-20T00:00:00Z"
    document["prefixes"].append({"ipv4Prefix": "8.8.8.0/24"})
    (files / "bing.json").write_text(json.dumps(document))
    (files / "apple.json").write_text('{"prefixes": [{"ipv4Prefix": "8.8.8.0/24"}]}')
    (files / "telegram.txt").write_text("91.108.56.0/22\n10.0.0.0/8\n149.154.160.0/20\n")
    done = run("update", "--from", str(files), "--lists", str(kept), "--json", code=1)
    found = json.loads(done.stdout)

    assert found["updated"] == [
        {"name": "bing", "prefixes": 29, "added": 1, "removed": 0, "complete": True},
        {"name": "telegram", "prefixes": 2, "added": 2, "removed": 0, "complete": False},
    ]
    assert found["refused"] == [{"name": "apple", "reason": "has 1 prefixes after 33"}]
    assert sorted(path.name for path in kept.glob("*.json")) == ["bing.json", "telegram.json"]
    rows = {row["name"]: row for row in json.loads(run("diff", "--lists", str(kept), "--json").stdout)["lists"]}
    assert (rows["bing"]["shipped"], rows["bing"]["used"], rows["bing"]["added"]) == ("2026-09-02", "2026-11-20", 1)
    assert rows["apple"]["used"] == "2026-09-02"


def test_the_lists_of_a_configuration_are_used(tmp_path: Path):
    """The same folder that its guard reads from."""
    configuration = tmp_path / "guard.yaml"
    configuration.write_text(
        "sites: [{host: photo.example, upstream: 'http://127.0.0.1:1'}]\nevidence: {directory: evidence}\n"
    )
    run("update", "-c", str(configuration), "--only", "bing", "--from", str(SEED))

    assert (tmp_path / "evidence" / "guard" / "ranges" / "bing.json").is_file()


def test_a_person_may_believe_what_the_program_does_not(kept: Path, tmp_path: Path):
    """After a look at the operator's page; the age is that of the file."""
    file = tmp_path / "new.json"
    file.write_text('{"prefixes": [{"ipv4Prefix": "17.58.96.0/19"}]}')
    os.utime(file, (1_795_000_000, 1_795_000_000))
    arguments = ["update", "--only", "apple", "--from", str(file), "--lists", str(kept)]

    assert "not believed: apple: has 1 prefixes after 33" in run(*arguments, code=1).stderr
    assert "apple" in run(*arguments, "--accept", "apple").stdout
    assert "apple (2026-11-18): 1 prefixes" in run("show", "Applebot", "--lists", str(kept)).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "no-such-list"], "there is no address list 'no-such-list'"),
        (["--accept", "no-such-list"], "there is no address list 'no-such-list'"),
        (["--from", str(SEED / "bing.json")], "name it with --only"),
        (["--from", "nowhere"], "nowhere is not there"),
    ],
)
def test_what_can_not_be_meant_is_said(kept: Path, arguments, said):
    """Before anything is fetched or written."""
    with pytest.raises(UsageError, match=said):
        run("update", "--lists", str(kept), *arguments)
    assert not kept.exists()


def test_a_folder_that_can_not_be_written_is_said(tmp_path: Path):
    """With its name and the reason."""
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match=r"Not a directory|File exists"):
        run("update", "--only", "bing", "--from", str(SEED), "--lists", str(tmp_path / "file" / "lists"))


def test_the_terminal_is_not_steered_by_a_list(kept: Path, tmp_path: Path):
    """What is quoted of a stranger's file is printable."""
    file = tmp_path / "bing.json"
    file.write_text('{"prefixes": ["\\u001b[2J8.8.8.8", "x"]}')
    done = run("update", "--only", "bing", "--from", str(file), "--lists", str(kept), code=1)

    assert "not believed: bing" in done.stderr
    assert "\x1b" not in done.stderr
