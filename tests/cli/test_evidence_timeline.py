"""When requests came, and what had been reserved by then."""

import json

from tests.cli.test_evidence_show import root, run

__all__ = ["root"]


def test_periods_stand_between_the_changes_of_the_reservation(root):
    """A reservation that is put on record again unchanged is no change; a preview in place of a mark is a preview."""
    lines = run(root, "--timeline", "hour").stdout.splitlines()

    assert [line.split()[:8] for line in lines[1:]] == [
        lines[1].split()[:8],
        ["2026-01-01", "00:00", "1", "–", "–", "–", "1", "–"],
        ["2026-01-01", "01:00", "1", "–", "–", "1", "–", "–"],
        lines[4].split()[:8],
        ["2026-01-01", "02:00", "1", "–", "–", "–", "1", "–"],
        ["2026-01-01", "00:00", "–", "–", "–", "–", "–", "–"],
    ]
    assert "in force (record 2)" in lines[1]
    assert "changed to" in lines[4]
    assert all(len(line) <= 80 for line in lines)


def test_the_timeline_as_json(root):
    """One object a line: a period, or a reservation with its documents."""
    rows = list(map(json.loads, run(root, "--timeline", "day", "--json").stdout.splitlines()))

    assert [row["reservation"]["record"] for row in rows if "reservation" in row] == [2, 7]
    assert rows[0]["reservation"]["documents"] == ["/robots.txt"]
    assert [row["requests"] for row in rows if "period" in row] == [2, 1]


def test_the_timeline_speaks_german(root):
    """With points in numbers."""
    said = run(root, "--timeline", "day", "--lang", "de").stdout

    assert "Vorbehalt geändert" in said
    assert "0,0" in said
