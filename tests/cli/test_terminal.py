"""Text of strangers stays text, on a terminal and in a spreadsheet."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.cli.terminal import csv_lines, printable

TEXTS = {
    "an escape sequence": ("\x1b[31mred", "\\x1b[31mred"),
    "a line turned around": ("a\u202egpj.exe", "a\\u202egpj.exe"),
    "line ends": ("a\r\nb\u2028c", "a\\x0d\\x0ab\\u2028c"),
    "a byte that is not UTF-8": ("a\udcff", "a\\xff"),
    "an invisible character": ("a\u200bb", "a\\u200bb"),
    "a private plane": ("\U000f0000", "\\U000f0000"),
    "letters of the world": ("été 写真 ✓", "été 写真 ✓"),
}


@pytest.mark.parametrize(("text", "shown"), TEXTS.values(), ids=list(TEXTS))
def test_what_a_terminal_would_obey_is_shown_as_a_code(text, shown):
    """What people can read stays as it is."""
    assert printable(text) == shown


def test_a_long_text_is_cut_and_says_so():
    """By an ellipsis."""
    assert printable("abcdef", 4) == "abc…"
    assert printable("abcd", 4) == "abcd"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "  =1", '=HYPERLINK("x")'])
def test_no_cell_begins_as_a_formula(text):
    """A quote mark in front makes it text in every spreadsheet."""
    (cell,), *_ = csv.reader(io.StringIO(csv_lines([[text]])))

    assert cell == f"'{printable(text)}"


def test_plain_cells_and_numbers_stay():
    """Commas and quotes are the format's own affair."""
    assert csv_lines([["GPTBot", 812, 'a,"b"', ""]]) == 'GPTBot,812,"a,""b""",\r\n'


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_any_row_is_one_line_of_as_many_cells(row):
    """No text breaks out of its cell."""
    written = csv_lines([row])
    (read,) = csv.reader(io.StringIO(written, newline=""))

    assert len(read) == len(row)
    assert written.removesuffix("\r\n").isprintable()
    assert not any(cell.lstrip(" ")[:1] in "=+-@" for cell in read if cell.strip())
