"""`guard replay` says first in plain words what was taken, then in a table, JSON or CSV."""

import csv
import gzip
import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guard.cli import main
from guard.errors import UsageError
from tests.support.http import CHATGPT_USER, CHROME, GOOGLEBOT_IMAGE, GPTBOT

ENVIRON = {"PATH": "/usr/bin:/bin", "HOME": "/home/jane", "COLUMNS": "80", "TERM": "dumb", "LANG": "C.UTF-8"}


def line(path: str, user_agent: str, *, day: int = 22, status: int = 200, size: int = 1_500_000) -> str:
    return (
        f'192.0.2.7 - - [{day:02}/Nov/2026:10:00:00 +0000] "GET {path} HTTP/1.1" {status} {size} "-" "{user_agent}"\n'
    )


LOG = "".join(
    [
        *(line(f"/album/{number % 100}.jpg", GPTBOT, day=3 + number // 100) for number in range(812)),
        line("/robots.txt", CHATGPT_USER, size=500),
        *(line(f"/album/{number}.jpg", CHATGPT_USER) for number in range(20)),
        *(line(f"/album/{number}.jpg", GOOGLEBOT_IMAGE) for number in range(5)),
        *(line(f"/album/{number}.jpg", CHROME) for number in range(50)),
    ]
)


@pytest.fixture
def log(tmp_path) -> Path:
    path = tmp_path / "access.log"
    path.write_text(LOG)
    return path


def run(*arguments, stdin: str | bytes = ""):
    return CliRunner().invoke(main.app, ["replay", *map(str, arguments)], input=stdin)


def guard(*arguments, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "guard", "replay", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60, env=ENVIRON, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_first_sentence_is_what_a_photographer_asks(log):
    """How many pictures, who, when, what for, and what would have become of it."""
    done = guard(log)

    assert (done.returncode, done.stderr) == (0, "")
    assert flat(done.stdout).startswith(
        "GPTBot of OpenAI took 812 pictures (1.2 GB), 3 Nov 2026 – 11 Nov 2026. It collects to train AI: "
        "'moderate' would have refused it. ChatGPT-User of OpenAI took 20 pictures (30 MB), 22 Nov 2026. "
        "It is an AI assistant, sent by somebody: 'moderate' would have given it small previews. "
        "Together 3 crawlers took 837 pictures; with 'moderate', 832 of them would not have gone out as they are. "
        "Nothing changes for Googlebot-Image: they make your pictures known."
    )


def test_who_collects_for_models_is_named_first(log):
    """A service that took more comes after; a crawler that took nothing has no sentence."""
    seo = "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"
    log.write_text("".join(line(f"/{n}.jpg", seo) for n in range(900)) + LOG + line("/", "ClaudeBot/1.0"))
    text = flat(guard(log).stdout)

    assert text.startswith("GPTBot of OpenAI took 812 pictures")
    assert "AhrefsBot of Ahrefs took 900 pictures" in text
    assert "ClaudeBot of Anthropic took" not in text


def test_everything_fits_80_columns(log):
    """Tables included."""
    assert max(map(len, guard(log).stdout.splitlines())) <= 80


def test_the_tables_name_crawlers_purposes_operators_and_pictures(log):
    """With what hangs on the ending of a path marked, and what a log can not tell said below."""
    text = guard(log).stdout
    row = next(one for one in text.splitlines() if one.startswith("GPTBot  "))

    assert re.split(r"  +", row.rstrip()) == ["GPTBot", "812", "812", "1.2 GB", "never read", "refused 812"]
    assert "against 812" in text
    assert "smaller 20*" in text
    assert "read 1" in text
    assert re.search(r"^OpenAI +833 +832 ", text, re.MULTILINE)
    assert re.search(r"^ +\d+  /album/0\.jpg$", text, re.MULTILINE)
    assert "* if these are the pictures that their endings say" in text
    assert "Names are what clients call themselves" in text


def test_a_confirmed_claim_is_counted(tmp_path):
    """By the address in the log and the shipped list."""
    path = tmp_path / "access.log"
    path.write_text(line("/a.jpg", GOOGLEBOT_IMAGE).replace("192.0.2.7", "66.249.66.1"))

    assert "1 confirmed" in guard(path).stdout
    assert json.loads(run("--json", path).stdout)["crawlers"][0]["verified"] == 1


def test_german_is_spoken_too(log):
    """With its own way to write numbers and days."""
    text = flat(guard("--lang", "de", log).stdout)

    assert text.startswith(
        "GPTBot von OpenAI hat 812 Bilder geholt (1,2 GB), 03.11.2026 – 11.11.2026. "
        "Es sammelt, um KI zu trainieren: 'moderate' hätte das abgewiesen."
    )


def test_json_has_everything(log):
    """Files, shares of every grouping, pictures; what is certain and what is not in separate counts."""
    found = json.loads(run("--json", log).stdout)

    assert found["policy"] == "moderate"
    assert [(one["format"], one["lines"], one["requests"], one["skipped"]) for one in found["files"]] == [
        ("combined", 888, 888, 0)
    ]
    assert [(one["name"], one["pictures"]) for one in found["crawlers"]] == [
        ("GPTBot", 812), ("ChatGPT-User", 20), ("Googlebot-Image", 5)
    ]  # fmt: skip
    gptbot, assistant, _ = found["crawlers"]
    assert (gptbot["decided"], gptbot["if_picture"], gptbot["forbidden"]) == ({"refuse": 812}, {}, 812)
    assert (assistant["decided"], assistant["if_picture"]) == ({"allow": 1}, {"preview": 20})
    assert (gptbot["first"], gptbot["last"]) == ("2026-11-03T10:00:00+00:00", "2026-11-11T10:00:00+00:00")
    assert found["others"][0]["purpose"] == "browser"
    assert found["pictures"][0]["taken"] == 11
    assert found["total"]["requests"] == 888


def test_csv_is_one_table_that_computes_nothing(tmp_path):
    """A path that begins like a formula stays text, in one cell."""
    path = tmp_path / "access.log"
    path.write_text(line(r"/=1+1\x0D\x0A.jpg", GPTBOT) + line("/%2C,%22x.jpg", GPTBOT) + line("/b.jpg", "=cmd|x!A1bot"))
    rows = list(csv.reader(io.StringIO(run("--csv", path).stdout, newline="")))

    assert {len(row) for row in rows} == {len(rows[0])}
    assert rows[0][:3] == ["of", "name", "crawler"]
    assert {row[0] for row in rows[1:]} == {"crawler", "operator", "purpose", "picture"}
    assert not any(cell[:1] in "=+-@" for row in rows for cell in row if cell)


def test_what_a_terminal_would_obey_is_not_printed(tmp_path):
    """From paths, which strangers choose."""
    path = tmp_path / "access.log"
    path.write_text(line(r"/\xE2\x80\xAE[red]gpj.jpg", GPTBOT) + line(r"/\xC2\x9B31m.jpg", GPTBOT))
    text = run(path).stdout

    assert "/\\u202e[red]gpj.jpg" in text
    assert "/\\x9b31m.jpg" in text
    assert not set(text) & {"\x1b", "\x9b", "\u202e"}


def test_several_logs_gzip_and_standard_input_are_one(log, tmp_path):
    """Added up as if they were one file."""
    packed = tmp_path / "access.log.1.gz"
    packed.write_bytes(gzip.compress(LOG.encode()))
    found = json.loads(guard("--json", log, packed, "-", stdin=LOG.encode()).stdout)

    assert found["total"]["requests"] == 3 * 888
    assert [one["name"] for one in found["files"]] == [str(log), str(packed), "standard input"]


def test_wrong_lines_are_named_and_skipped(log):
    """The first five by number, on standard error; the rest of the log counts."""
    log.write_text("what is this\n" * 7 + LOG)
    done = guard("--json", log)

    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        *(f"guard: {log}: line {number}: not a line of the Combined format" for number in range(1, 6)),
        f"guard: {log}: 7 of 895 lines were skipped",
    ]
    assert json.loads(done.stdout)["files"][0]["first_skipped"][0]["line"] == 1


def test_a_log_of_no_format_is_a_problem(log):
    """Exit 1, and how to name the format."""
    log.write_bytes(b"\x89PNG\r\n" * 100)
    done = guard(log)

    assert done.returncode == 1
    assert "no line is of a known format; --format names it" in done.stderr
    assert done.stdout == "This log holds no request that could be judged.\n"


def test_a_log_that_breaks_off_is_a_problem(log):
    """What came before counts."""
    log.write_bytes(gzip.compress(LOG.encode())[:-30])
    done = guard("--json", log)

    assert done.returncode == 1
    assert "can not be read beyond line" in done.stderr
    assert json.loads(done.stdout)["total"]["requests"] > 0


def test_an_empty_log_is_none(log):
    """Nothing to say, nothing wrong."""
    log.write_bytes(b"")

    assert guard(log).returncode == 0


def test_another_policy_and_own_rules_are_asked(log, tmp_path):
    """By name, or with a configuration."""
    file = tmp_path / "guard.yaml"
    file.write_text(
        "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\nrights: {train: yes}\n"
        "rules: [{id: mine, when: {path: /album/7.jpg}, action: drop}]\n"
    )
    strict = json.loads(run("--json", "--policy", "strict", log).stdout)
    own = json.loads(run("--json", "-c", file, log).stdout)
    both = json.loads(run("--json", "-c", file, "--policy", "strict", log).stdout)

    assert strict["crawlers"][1]["decided"]["refuse"] == 20
    assert own["total"]["decided"]["drop"] == 9 + 1 + 1  # GPTBot, ChatGPT-User, Chrome
    assert own["crawlers"][0]["forbidden"] == 0
    assert (both["policy"], both["total"]["decided"]["drop"]) == ("strict", 11)
    assert both["crawlers"][1]["decided"]["refuse"] == 19


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--lang", "fr"), "take en or de"),
        (("--json", "--csv"), "take one of"),
        (("--format", "ngnix"), "did you mean 'nginx'?"),
        (("missing.log",), "missing.log: can not be read"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(arguments, says):
    """With what can be taken instead."""
    error = run(*arguments).exception

    assert isinstance(error, UsageError)
    assert says in str(error)


def test_progress_is_shown_on_a_terminal_only(tmp_path):
    """On standard error; what is printed on standard output is the same."""
    log = tmp_path / "access.log"
    log.write_text(LOG * 20)
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "guard", "replay", str(log), "--json"], stdout=subprocess.PIPE, stderr=follower,
        env={**ENVIRON, "TERM": "xterm"},
    ) as process:  # fmt: skip
        os.close(follower)
        shown = b""
        while piece := _read(leader):
            shown += piece
        assert process.stdout is not None
        found = json.loads(process.stdout.read())
    os.close(leader)

    assert b"reading" in shown
    assert found["total"]["requests"] == 888 * 20
    assert guard(log, "--json").stderr == ""


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 4096)
    except OSError:  # the other end is closed
        return b""
