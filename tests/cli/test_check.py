"""`guard check` says all that is wrong, or what the configuration comes to."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from guard.cli.check import check

SITE = "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n"
HOME = {"HOME": "/home/jane"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where a configuration is written."""
    return tmp_path / "guard.yaml"


def test_a_right_configuration_is_summed_up(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sites, policy, own rules, crawlers, which copy of the rules, and warnings; exit 0."""
    file.write_text(SITE + "rules: [{id: a, when: {purpose: seo}, action: drop}]\n")

    status = check(file, HOME, as_json=False)

    shown = capsys.readouterr().out
    assert status == 0
    assert "photo.example -> http://127.0.0.1:8080" in shown
    assert "moderate: 20 rules, 1 of them yours" in shown
    assert "crawlers" in shown
    assert "rules of the checkout" in shown
    assert "warning: rights.contact is empty" in shown


def test_faults_are_shown_with_their_lines(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Place, sentence, source line and caret for each, then the count; exit 1."""
    file.write_text("sites:\n\t- host: x\n")

    status = check(file, HOME, as_json=False)

    assert status == 1
    assert capsys.readouterr().out == (
        f"{file}:2:1: a tab is used for indentation; YAML allows only spaces there\n"
        "    2 |  - host: x\n      | ^\n\n1 fault\n"
    )


def test_faults_are_told_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object, each fault with its parts."""
    file.write_text(SITE + "listn: x\nworkers: 0\n")

    status = check(file, HOME, as_json=True)

    told = json.loads(capsys.readouterr().out)
    assert status == 1
    assert told["ok"] is False
    assert [(fault["line"], fault["column"], fault["where"]) for fault in told["faults"]] == [
        (2, 1, "listn"),
        (3, 10, "workers"),
    ]
    assert told["faults"][0]["suggestion"] == "listen"


def test_a_right_configuration_is_told_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as in words."""
    file.write_text(SITE)

    status = check(file, HOME, as_json=True)

    told = json.loads(capsys.readouterr().out)
    assert status == 0
    assert (told["ok"], told["faults"], told["policy"], told["own_rules"]) == (True, [], "moderate", 0)
    assert told["rules"][-1]["id"] == "default"
    assert told["crawlers"] >= 250
    assert len(told["digest"]) == 64


def test_checking_does_not_wait_for_the_server(file: Path) -> None:
    """Nothing of the network is imported, so the answer is there at once."""
    file.write_text(SITE)
    program = (
        "import sys, os; from pathlib import Path; from guard.cli.check import check;"
        f"check(Path({str(file)!r}), os.environ, as_json=True);"
        "print([name for name in ('aiohttp', 'asyncio', 'PIL', 'numpy') if name in sys.modules], file=sys.stderr)"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert ended.stderr.strip() == "[]"
