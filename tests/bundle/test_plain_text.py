"""Text of strangers stays text, and times are told as clocks showed them."""

import csv
import io
import json

import pytest
import typst

from guard.bundle import plain_text
from guard.bundle.plain_text import berlin, csv_bytes, iso, utc, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GPTBot/1.2", "GPTBot/1.2"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202eb", "a\\u202eb"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("two\nlines", "two\\x0alines"),
        ("\udcff", "\\xff"),
        ("猫", "\\u732b"),
        ("Größe – Ж Ω", "Größe – Ж Ω"),
    ],
)
def test_what_is_no_plain_character_becomes_a_code(text: str, shown: str):
    """Nothing turns a line around, colours a terminal, or is missing from the faces of a report."""
    assert visible(text) == shown


def test_every_plain_character_has_a_shape_in_both_faces():
    """PDF/A refuses a letter without one, and then there would be no report."""
    letters = [chr(code) for known in plain_text._KNOWN for code in known] + sorted(plain_text._SIGNS)
    for face in ("Libertinus Serif", "DejaVu Sans Mono"):
        source = f'#set text(font: "{face}", fallback: false)\n#for one in json(bytes(sys.inputs.said)) {{ text(one) }}'
        made = typst.compile(
            source.encode(), sys_inputs={"said": json.dumps(letters)}, pdf_standards=["a-3b"], ignore_system_fonts=True
        )
        assert isinstance(made, bytes)


def test_a_letter_without_a_shape_would_be_refused():
    """Else the test above could not fail."""
    with pytest.raises(typst.TypstError):
        typst.compile(
            '#text(font: "Libertinus Serif", "猫")'.encode(), pdf_standards=["a-3b"], ignore_system_fonts=True
        )


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1"])
def test_no_cell_is_a_formula(text: str):
    """A spreadsheet shows it, and computes nothing."""
    table = csv_bytes(("a", "b"), [(text, 5)]).decode()
    (_, (cell, number)) = csv.reader(io.StringIO(table))

    assert cell.startswith("'")
    assert number == "5"


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (1_767_225_600_000_000, "2026-01-01 01:00:00 CET"),
        (1_774_745_999_000_000, "2026-03-29 01:59:59 CET"),
        (1_774_746_000_000_000, "2026-03-29 03:00:00 CEST"),
        (1_792_889_999_000_000, "2026-10-25 02:59:59 CEST"),
        (1_792_890_000_000_000, "2026-10-25 02:00:00 CET"),
    ],
)
def test_times_in_berlin_follow_summer_time(at: int, shown: str):
    """The hour that comes twice is told apart by its zone."""
    assert berlin(at) == shown


def test_times_in_utc_are_to_the_microsecond_where_that_is_asked():
    """Tables have all of it, reports what a reader needs."""
    assert utc(1_767_225_600_123_456, fraction=True) == "2026-01-01 00:00:00.123"
    assert iso(1_767_225_600_123_456) == "2026-01-01T00:00:00.123456Z"
    assert iso(2**53 - 1).startswith("2255-")
