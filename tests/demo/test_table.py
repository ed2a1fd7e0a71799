"""Can the owner read what happened, at any width, with colours and without?"""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from guard.demo.cast import CAST
from guard.demo.scene import Visit
from guard.demo.table import (
    LiveTable,
    PlainLines,
    as_svg,
    header,
    layout_for,
    plain,
    row,
)
from tests.support.visits import GOOD, GPTBOT


def drawn(width: int, visit: Visit = GPTBOT) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, legacy_windows=False)
    layout = layout_for(console)
    console.print(header(layout))
    console.print(row(visit, layout))
    return re.sub(r"\x1b\[[0-9;]*m", "", console.file.getvalue()).splitlines()


@pytest.mark.parametrize("width", [60, 80, 100, 110, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Whatever the width, nothing wraps into the next line, and no word of the reason is lost."""
    lines = drawn(width, replace(GPTBOT, faults=("/dunes/one.jpg was handed over",)))

    assert max(map(len, lines)) <= width
    for word in ("refused", "7×", "collects", "reserved.", "refusals", "123", "OpenAI", "handed"):
        assert any(word in line for line in lines), word


def test_a_wide_terminal_shows_the_expectation() -> None:
    """From 110 columns there is room for what was expected."""
    assert not any("asks for one" in line for line in drawn(109))
    assert any("asks" in line for line in drawn(120))


def test_the_tick_tells_what_was_expected_from_what_was_not() -> None:
    """A row says in one sign, and where it is wrong in a sentence, whether it is as it should be."""
    right = "\n".join(drawn(80))
    wrong = "\n".join(drawn(80, replace(GPTBOT, faults=("it got a picture",))))

    assert ("✓" in right, "✗" in right) == (True, False)
    assert ("✓" in wrong, "✗ it got a picture" in wrong) == (False, True)


def played(audience_of: type, console: Console) -> str:
    audience = audience_of(console)
    for done in range(1, 25):
        audience.building(done, 24)
    audience.opened("http://127.0.0.1:1", 24)
    audience.arriving(CAST[1], 1, 1)
    audience.left(GPTBOT)
    audience.ended(GOOD)
    audience.close()
    return console.file.getvalue()


def test_without_a_terminal_there_are_plain_lines() -> None:
    """A file or a pipe gets no control codes, and every fact on its line, unbroken."""
    text = played(PlainLines, Console(file=io.StringIO(), width=80))

    assert "\x1b" not in text
    assert "    decided   refused 7×, served 1×. It collects for training, and that right is reserved.\n" in text
    assert "    expected  is refused, with a picture where it asks for one\n" in text
    assert text.endswith("evidence verified: 17 records, unchanged since recording\n")
    assert text.count("taking photographs") <= 5


def test_on_a_terminal_the_table_grows_and_the_moving_line_goes() -> None:
    """The finished rows stay, the line of the one at the door does not, and the last line is the evidence."""
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    text = played(LiveTable, console)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)

    assert "Who came" in plain
    assert plain.rstrip().endswith("evidence verified: 17 records, unchanged since recording")
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h")  # the cursor comes back as often as it goes


def test_a_console_without_unicode_gets_letters() -> None:
    """Where ✓ can not be written, nothing fails and nothing is lost."""
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    console = Console(file=file, width=80)
    layout = layout_for(console)

    console.print(header(layout))
    console.print("\n".join(plain(GPTBOT, layout)))

    assert (layout.tick, layout.cross) == ("+", "X")


def test_the_picture_of_the_table_is_an_svg() -> None:
    """The picture for the documentation holds the rows and the last line, and loads nothing from elsewhere."""
    svg = as_svg(GOOD)

    assert svg.startswith("<svg")
    assert "GPTBot" in svg
    assert "unchanged" in svg
    assert "url(http" not in svg
    assert "@font-face" not in svg
