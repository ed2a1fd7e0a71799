"""The command line: what is listed, what is imported, and how the program ends."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from guard import __version__
from guard.cli import main
from guard.errors import ConfigurationError, EvidenceError, Fault, UsageError


def guard(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the program as a user does, without the settings of whoever runs the tests."""
    environ = {"PATH": "/usr/bin:/bin", "HOME": "/home/jane", "COLUMNS": "80", "TERM": "dumb"}
    command = [sys.executable, "-m", "guard", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=cwd, env=environ, check=False)


def test_help_lists_every_command_with_examples() -> None:
    """Within 80 columns, on standard output."""
    ended = guard("--help")

    assert ended.returncode == 0
    assert ended.stderr == ""
    commands = re.findall(r"^  (\w+)  +\S", ended.stdout.split("Commands:")[1], re.MULTILINE)
    assert commands == ["serve", "demo", "check", "classify", "explain", "replay", *main.GROUPS]
    assert list(main.GROUPS) == sorted(main.GROUPS)
    assert "guard serve --upstream http://127.0.0.1:8080" in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("serve", "--upstream URL"),
        ("demo", "--keep DIR"),
        ("check", "--json"),
        ("classify", "--kind KIND"),
        ("explain", "--line TEXT"),
        ("replay", "--lang LANG"),
    ],
)
def test_every_command_has_help_with_examples(command: str, option: str) -> None:
    """Examples are what people read."""
    ended = guard(command, "--help")

    assert ended.returncode == 0
    assert "Examples:\n" in ended.stdout
    assert option in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 80


def test_help_imports_only_what_it_shows() -> None:
    """`guard --help` is there at once."""
    program = (
        "import sys; sys.argv = ['guard', '--help']\n"
        "from guard.cli.main import run\n"
        "try: run()\nexcept SystemExit: pass\n"
        "print([name for name in ('aiohttp', 'asyncio', 'pydantic', 'yaml') if name in sys.modules], file=sys.stderr)"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert ended.stderr.strip() == "[]"


def test_version_is_that_of_the_package() -> None:
    """One line, for bug reports."""
    ended = guard("--version")

    assert (ended.returncode, ended.stdout) == (0, f"crawler-guard {__version__}\n")


def test_a_wrong_command_is_a_usage_error_with_a_suggestion() -> None:
    """Exit 2, and nothing on standard output."""
    ended = guard("chek")

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "Did you mean 'check'?" in ended.stderr


def test_a_missing_file_is_a_usage_error_that_says_how_to_make_one(tmp_path: Path) -> None:
    """`guard check` looks for guard.yaml where it is started."""
    ended = guard("check", cwd=tmp_path)

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("guard: guard.yaml: there is no such file; `guard init` writes one")


def test_check_ends_with_its_status(tmp_path: Path) -> None:
    """0 for a right configuration, 1 for one with faults; both on standard output."""
    (tmp_path / "guard.yaml").write_text("sites: [{host: a, upstream: 'http://127.0.0.1:8080'}]\n")
    (tmp_path / "wrong.yaml").write_text("sites: [{hots: a, upstream: 'http://127.0.0.1:8080'}]\n")

    right, wrong = guard("check", cwd=tmp_path), guard("check", "-c", "wrong.yaml", cwd=tmp_path)

    assert (right.returncode, right.stderr) == (0, "")
    assert right.stdout.startswith("guard.yaml is right")
    assert (wrong.returncode, wrong.stderr) == (1, "")
    assert "wrong.yaml:1:10: sites.0.hots: unknown key (did you mean 'host'?)\n    1 | sites: [{hots: a" in wrong.stdout


def _raises(error: BaseException) -> Callable[..., None]:
    def command() -> None:
        raise error

    return command


FAULT = Fault(file="f.yaml", line=0, column=0, where="a", message="wrong")

ENDINGS = {
    "usage": (UsageError("do this"), 2, "guard: do this\n"),
    "evidence": (EvidenceError("the log is damaged"), 1, "guard: the log is damaged\n"),
    "configuration": (ConfigurationError((FAULT, FAULT)), 1, "f.yaml: a: wrong\nf.yaml: a: wrong\n"),
    "interrupted": (KeyboardInterrupt(), 130, ""),
}


@pytest.mark.parametrize(("error", "status", "said"), ENDINGS.values(), ids=list(ENDINGS))
def test_what_is_expected_ends_without_a_traceback(
    error: BaseException, status: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence goes to standard error, and the exit status says which kind it was."""
    app = typer.Typer()
    app.command()(_raises(error))
    monkeypatch.setattr(main, "app", app)
    monkeypatch.setattr(sys, "argv", ["guard"])

    with pytest.raises(SystemExit) as ended:
        main.run()

    shown = capsys.readouterr()
    assert ended.value.code == status
    assert (shown.out, shown.err) == ("", said)


def test_a_group_is_imported_when_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own commands and options take over from the stub in the list."""
    module = type(sys)("guard_test_group")
    module.app = typer.Typer()  # type: ignore[attr-defined]

    @module.app.command()  # type: ignore[attr-defined,untyped-decorator]
    def verify(directory: str) -> None:
        typer.echo(f"verified {directory}")

    @module.app.command()  # type: ignore[attr-defined,untyped-decorator]
    def show() -> None:
        typer.echo("shown")

    monkeypatch.setitem(sys.modules, "guard_test_group", module)
    monkeypatch.setitem(main.GROUPS, "evidence", ("guard_test_group", "Test."))

    assert CliRunner().invoke(main.app, ["evidence", "verify", "x"]).output == "verified x\n"


@pytest.mark.parametrize(
    ("words", "offered"),
    [("guard stat", "status"), ("guard evidence verif", "verify"), ("guard status --pict", "--pictures")],
)
def test_the_shell_completes_commands_of_groups_too(words: str, offered: str) -> None:
    """As bash asks; what a lazy group holds is there although nothing else imports it."""
    asked = {"_GUARD_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    ended = subprocess.run(
        [sys.executable, "-m", "guard"], env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )

    assert offered in ended.stdout.split()
