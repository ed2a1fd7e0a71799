import dataclasses
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from guard.cli.trace_command import moment
from guard.errors import UsageError

NOW = datetime(2026, 11, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2026-11-24", "2026-11-24"),
        ("2026-11-24T23:00Z", "2026-11-24T23:00:00Z"),
        ("2026-11-24 23:00", "2026-11-24T23:00:00Z"),
        ("2026-11-24T23:00:01+01:00", "2026-11-24T22:00:01Z"),
    ],
)
def test_a_time_goes_on_record_in_utc_and_a_day_stays_a_day(said, kept):
    """Nobody said midnight."""
    assert moment(said, NOW) == kept


@pytest.mark.parametrize(("said", "why"), [("yesterday", "no time"), ("2026-11-25T01:01Z", "in the future")])
def test_no_time_and_a_time_to_come_are_mistakes(said, why):
    """Nothing was retrieved tomorrow."""
    with pytest.raises(UsageError, match=why):
        moment(said, NOW)


@pytest.mark.parametrize(
    "option",
    [("--from", "a forum"), ("--retrieved", "2026-11-24"), ("--record-only",), ("--stamp", "https://tsa.example")],
)
def test_what_belongs_into_a_report_needs_one(option):
    """Else it would be said to nobody."""
    command = [sys.executable, "-m", "guard", "trace", "found.jpg", "--originals", ".", *option]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "name it with --report" in ended.stderr


def test_the_help_tells_every_key_of_the_json_and_fits_a_terminal():
    """It is a contract that other people's scripts rely on."""
    pytest.importorskip("cv2")
    from guard.cli.trace_search import Result

    command = [sys.executable, "-m", "guard", "trace", "--help"]
    said = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "80"}
    ).stdout

    for name in (*(field.name for field in dataclasses.fields(Result)), "together", "mark_ids", "originals", "pairs"):
        assert f'"{name}"' in said, name
    assert max(map(len, said.splitlines())) <= 80
