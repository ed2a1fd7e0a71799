"""A fault is shown with its line and a caret, and never lets a file drive the terminal."""

from pathlib import Path

import pytest

from guard.cli.faults import render
from guard.errors import Fault


def fault(file: Path | str, line: int, column: int) -> Fault:
    """Return a fault at a place."""
    return Fault(file=str(file), line=line, column=column, where="a.b", message="wrong", suggestion="c")


def test_the_caret_stands_under_the_fault(tmp_path: Path) -> None:
    """The first line is what an editor opens."""
    file = tmp_path / "f.yaml"
    file.write_text("\ufeffa:\n  - ünx: 5\n")

    assert render([fault(file, 2, 5)]) == (
        f"{file}:2:5: a.b: wrong (did you mean 'c'?)\n    2 |   - ünx: 5\n      |     ^"
    )


def test_a_fault_without_a_place_or_a_file_is_its_sentence(tmp_path: Path) -> None:
    """A variable has no line; a file may be gone by now."""
    there = tmp_path / "f.yaml"
    there.write_text("a: 1\n")

    assert render([fault("GUARD_LISTEN", 0, 0)]) == "GUARD_LISTEN: a.b: wrong (did you mean 'c'?)"
    assert render([fault(tmp_path / "gone", 1, 1)]).count("\n") == 0
    assert render([fault(there, 9, 1)]).count("\n") == 0


def test_a_file_of_the_rules_is_found_where_the_rules_are(tmp_path: Path) -> None:
    """Its name starts at the folder of the rules."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "x.yaml").write_text("id: x\n")

    assert "    1 | id: x" in render([fault("rules/x.yaml", 1, 1)], tmp_path / "rules")


def test_a_long_line_is_cut_around_the_caret(tmp_path: Path) -> None:
    """The caret is under the same character as before."""
    file = tmp_path / "f.yaml"
    file.write_text("x" * 300 + "Y" + "z" * 300)

    _, source, caret = render([fault(file, 1, 301)]).split("\n")

    assert len(source) < 120
    assert source[caret.index("^")] == "Y"


def test_what_a_terminal_would_obey_is_replaced(tmp_path: Path) -> None:
    """Escape sequences and direction marks of a file are shown as what they are: unprintable."""
    file = tmp_path / "f\x1b[2J.yaml"
    file.write_text("a: \x1b[31m\u202e\tb\x00\n")

    shown = render([fault(file, 1, 4)])

    assert not set("\x1b\u202e\t\x00") & set(shown)
    assert shown.split("\n")[1] == "    1 | a: \ufffd[31m\ufffd b\ufffd"


SECRET_LINES = {
    "    secret: geheim": "    secret: ••••••",
    '  password: "geheim, x", port: 9': "  password: •••••••••••, port: 9",
    "{secret_key: 'geheim', bucket: X}": "{secret_key: ••••••••, bucket: X}",
    "url: redis://:geheim@127.0.0.1/0": "url: redis://•••••••@127.0.0.1/0",
    "webhook: https://hooks.example/geheim": "webhook: ••••••••••••••••••••••••••••",
    "secret: ${CLUSTER_SECRET}": "secret: ${CLUSTER_SECRET}",
    "password_file: /run/secret": "password_file: /run/secret",
    "terms: https://photo.example/terms": "terms: https://photo.example/terms",
}


@pytest.mark.parametrize("line", SECRET_LINES)
def test_a_secret_in_the_line_is_covered(line: str, tmp_path: Path) -> None:
    """A service writes its faults into a journal that others read; the caret stays where it is."""
    file = tmp_path / "guard.yaml"
    file.write_text(line + "\n")

    assert render([fault(file, 1, 1)]).splitlines()[1:] == [f"    1 | {SECRET_LINES[line]}", "      | ^"]
