"""The same command says the same through the index, and says so where there is none."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guard.cli.evidence import app
from guard.errors import UsageError
from guard.store.log_follower import head
from tests.cli.test_evidence_show import entry
from tests.support.clusters import PostgresqlServer, postgresql  # noqa: F401
from tests.support.evidence import AT, open_log

QUESTIONS = (
    ["--crawler", "GPTBot"], ["--operator", "openai", "--json"], ["--since", "2026-01-01", "--timeline", "hour"],
    ["--action", "mark", "--lang", "de"], ["--record", "3"], ["--crawler", "nobody"],
)  # fmt: skip


def run(*arguments: str) -> tuple[int, str, str]:
    ended = CliRunner().invoke(app, list(arguments))
    if isinstance(ended.exception, UsageError):
        raise ended.exception
    return ended.exit_code, ended.stdout, ended.stderr


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a log of two crawlers and somebody else."""
    log = open_log(tmp_path / "e")
    for number in range(12):
        claimed, operator = (("GPTBot", "OpenAI"), ("ClaudeBot", "Anthropic"), ("", ""))[number % 3]
        action = "mark" if number % 3 == 2 else "refuse"
        log.append([entry(f"/{number}.jpg", claimed=claimed, operator=operator, action=action, at=AT + number)])
    log.close()
    return tmp_path / "e"


def configuration(folder: Path, url: str) -> str:
    file = folder / "guard.yaml"
    site = {"host": "*", "upstream": "http://127.0.0.1:1"}
    file.write_text(json.dumps({"sites": [site], **({"cluster": {"postgresql": {"url": url}}} if url else {})}))
    return str(file)


def test_the_same_is_said_through_the_index(root: Path, tmp_path: Path, postgresql: PostgresqlServer):  # noqa: F811
    """Every way to ask, on an index that is whole."""
    file = configuration(tmp_path, postgresql.url)
    size, origin = head(root / "log").size, head(root / "log").origin

    assert run("index", str(root), "-c", file)[:2] == (0, f"{size} records taken into the index\n")
    assert run("index", str(root), "-c", file)[1] == "0 records taken into the index\n"
    for question in QUESTIONS:
        assert run("show", str(root), *question, "-c", file) == run("show", str(root), *question)
    other = run("show", str(root), "--crawler", "GPTBot", "-c", file, "--log", origin)
    assert other[1].count("GPTBot") == 4
    assert ".jpg" not in other[1]
    assert f"  index       {size} records of {origin}\n" in run("stats", str(root), "-c", file)[1]
    assert json.loads(run("stats", str(root), "-c", file, "--json")[1])["index"][origin] == size
    assert "index" not in run("stats", str(root))[1]
    assert run("index", str(root), "-c", file, "--anew")[1] == f"{size} records taken into the index\n"


def test_without_its_answer_the_log_is_read(root: Path, tmp_path: Path):
    """And who asks is told."""
    file = configuration(tmp_path, f"postgresql://guard@/postgres?host={tmp_path}")

    code, said, told = run("show", str(root), "--crawler", "GPTBot", "-c", file)

    assert (code, said) == run("show", str(root), "--crawler", "GPTBot")[:2]
    assert "the index is away, so the log is read" in told
    assert "the index is away" in run("stats", str(root), "-c", file)[2]


def test_what_takes_an_index_says_so(root: Path, tmp_path: Path):
    """With what is to be written where."""
    file = configuration(tmp_path, "")

    with pytest.raises(UsageError, match=r"cluster\.postgresql"):
        run("index", str(root), "-c", file)
    with pytest.raises(UsageError, match="none is configured"):
        run("show", str(root), "--log", "x")
    with pytest.raises(UsageError, match="another guard's"):
        run("show", str(root), "--log", "x", "--values")
    assert run("show", str(root), "--crawler", "GPTBot", "-c", file)[0] == 0
    assert "GUARD_CONFIG" not in os.environ
