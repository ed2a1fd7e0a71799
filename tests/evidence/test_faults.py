"""The table of faults names tests that are there."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
TABLE = (TESTS / "evidence" / "FAULTS.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+) \|(.+)$", TABLE, re.MULTILINE)


def test_every_fault_has_a_row_and_every_row_a_test():
    """Forty-six are listed in the design; none is left out quietly."""
    assert [int(number) for number, _ in ROWS] == list(range(1, 47))
    assert [number for number, row in ROWS if "`" not in row.rpartition("|")[0].rpartition(" | ")[2]] == []


def test_every_test_that_the_table_names_exists():
    """A test that was renamed takes its row with it."""
    named = re.findall(r"`([a-z_]+/[a-z_0-9]+\.py)::(test_\w+)`", TABLE)
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (TESTS / file).is_file() or f"def {name}(" not in (TESTS / file).read_text("utf-8")
    ]

    assert len(named) > 80
    assert missing == []
