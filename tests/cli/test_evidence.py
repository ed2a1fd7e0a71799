"""Does `guard evidence verify` say in words and by its exit status whether the log holds?"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guard.cli.evidence import app, lines_of, verify_directory
from guard.errors import UsageError
from tests.support.evidence import fill, open_log


@pytest.fixture
def root(tmp_path):
    log = open_log(tmp_path / "e")
    fill(log, 3)
    log.close()
    return tmp_path / "e"


def run(*arguments):
    return CliRunner().invoke(app, ["verify", *map(str, arguments)])


def test_a_whole_log_exits_with_0_and_says_so_first(root):
    """The first line is what scripts and people look for."""
    done = run(root)

    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "evidence verified: 10 records, unchanged since recording"


def test_a_changed_log_exits_with_1_and_names_the_place(root):
    """The word verified without a NOT is nowhere in it."""
    path = root / "log/seg/000000.seg"
    data = bytearray(path.read_bytes())
    data[400] ^= 1
    path.write_bytes(data)
    done = run(root)

    assert done.exit_code == 1
    assert done.stdout.startswith("evidence NOT verified: ")
    assert "log/seg/000000.seg, record" in done.stdout
    assert "evidence verified" not in done.stdout


def test_another_key_exits_with_1(root, tmp_path):
    """A reader who has the key from elsewhere trusts that one."""
    log = open_log(tmp_path / "other")
    other = str(log.key.public)
    log.close()

    assert run(root, "--vkey", other).exit_code == 1
    assert run(root, "--vkey", (root / "log/vkey").read_text().strip()).exit_code == 0
    assert run(root, "--vkey", "nonsense").exit_code == 1


def test_another_folder_is_a_usage_error(tmp_path):
    """It is said what was expected; the program's frame makes exit status 2 of it."""
    with pytest.raises(UsageError, match="expected a folder with log/seg/"):
        verify_directory(tmp_path)
    assert isinstance(run(tmp_path).exception, UsageError)


def test_a_file_that_is_not_there_is_said_not_to_be_there():
    """A mistyped name is no folder of the wrong kind."""
    with pytest.raises(UsageError, match=r"case\.asice: there is no such file or folder"):
        verify_directory(Path("/nowhere/case.asice"))


def test_json_has_the_whole_report(root):
    """For scripts, on standard output and nothing else there."""
    found = json.loads(run(root, "--json").stdout)

    assert (found["holds"], found["records"], found["faults"]) == (True, 10, [])
    assert dict(found["kinds"])["req"] == 3


def test_lines_fit_80_columns(root):
    """But for a key, which must be copied whole."""
    (root / "log/seg/000001.seg").write_bytes(b"x" * 50)
    lines = lines_of(verify_directory(root))

    assert all(len(line) <= 80 for line in lines if "+" not in line), lines


def test_bytes_from_a_log_can_not_steer_the_terminal(root):
    """Escape sequences in names are shown, not sent."""
    (root / "log/tile" / "\x1b[31mred").write_bytes(b"x")
    said = "\n".join(lines_of(verify_directory(root)))

    assert "red: no tile can be called so" in said
    assert "\x1b" not in said


def test_a_log_is_told_about_in_german(root):
    """Verdict, kinds, time and notes; and where something was changed."""
    whole = run(root, "--lang", "de").stdout
    path = root / "log/seg/000000.seg"
    data = bytearray(path.read_bytes())
    data[400] ^= 1
    path.write_bytes(data)
    changed = run(root, "--lang", "de").stdout

    assert whole.startswith("Beweise geprüft: 10 Aufzeichnungen, seit der Aufzeichnung unverändert\n")
    assert "entschiedene Abrufe" in whole
    assert "Keine äußere Stelle hat diesem Protokoll ihre Zeit gegeben" in whole
    assert changed.startswith("Beweise NICHT bestätigt: ")
    assert "log/seg/000000.seg, Aufzeichnung" in changed
    assert all(len(line) <= 80 for line in whole.splitlines() if "evidence/" not in line)
