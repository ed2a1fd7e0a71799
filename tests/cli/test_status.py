"""What needs attention is said first by the exit status, and then in words that fit a terminal."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from guard.cli.status import Concern, concerns, lines, size, span
from guard.server.reload import Outcome
from guard.server.state import Disk
from guard.server.state_json import state_json
from tests.support.states import EVIDENCE, NOW, a_state


def found(numbers: dict[str, float] | None = None, **changes: Any) -> list[tuple[str, bool]]:
    return [(one.sentence, one.urgent) for one in concerns(state_json(a_state(**changes)), numbers or {})]


def test_a_guard_that_is_well_needs_no_attention():
    """Not even with crawlers, refusals and a forged claim: that is its work."""
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "numbers", "words", "urgent"),
    [
        ({}, {"different": 2}, "search engines and people do not get the same", True),
        ({"evidence": None}, {}, "nothing is being recorded", True),
        ({"evidence": {**EVIDENCE, "failing": "the evidence log can not be written"}}, {}, "can not be written", True),
        ({"evidence": {**EVIDENCE, "signed": 5000}, "checkpoint_at": NOW - 900}, {}, "210 records are not", True),
        ({"workers_ready": 1}, {}, "1 of 2 workers do not serve", True),
        ({"disk": Disk(free=10**8, size=10**12)}, {}, "only 100 MB left", True),
        ({"outcome": Outcome(at=NOW, successful=False, loaded_at=NOW - 9)}, {}, "has faults and is not in force", True),
        ({}, {"unanchored": 90_000.0}, "for 25 hours", True),
        ({}, {"appeals": 2.0}, "visitors say that 2 refusals were mistakes", False),
        ({"evidence": {**EVIDENCE, "gaps": 3}}, {}, "3 records were lost", False),
        ({"restarts": {"worker": 2, "recorder": 0}}, {}, "worker: ended by itself 2 times", False),
        ({"rules_checked": date(2026, 1, 1)}, {}, "last checked on 2026-01-01", False),
        ({"paused_until": NOW + 1800}, {}, "paused until 2026-11-25 12:30 UTC", False),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(changes: dict[str, Any], numbers: dict[str, float], words: str, urgent: bool):
    """With the next step where there is one; what is only worth knowing does not alarm a script."""
    ((sentence, is_urgent),) = found(numbers, **changes)

    assert words in sentence
    assert is_urgent is urgent


def test_records_of_the_last_seconds_are_signed_soon():
    """A checkpoint comes every second; between two of them nothing is wrong."""
    assert found(evidence={**EVIDENCE, "signed": 5000}, checkpoint_at=NOW - 5) == []


def test_the_page_fits_a_terminal_and_says_who_came():
    """Eighty columns; each crawler with what it asked for and what it got."""
    state = state_json(a_state(learning_until=NOW + 9999))
    page = list(lines(state, [], pictures=True))
    long = list(lines(state, [Concern("word " * 40)], pictures=False))

    assert max(map(len, (*page, *long))) <= 80
    assert any(row.split()[:6] == ["GPTBot", "830", "812", "0", "0", "812"] and "verified" in row for row in page)
    assert any("ClaudeBot" in row and "refuted" in row for row in page)
    assert any("/alps/ridge.jpg" in row for row in page)
    assert page[-1] == "Nothing needs attention."


def test_a_name_that_a_stranger_chose_can_not_move_the_cursor():
    """Nor break the columns."""
    book = a_state().today
    row = book.row(site="photo.example", name="\x1b[2J" + "x" * 60, crawler="", operator="", purpose="other")
    row.requests = 10_000
    page = list(lines(state_json(replace(a_state(), today=book)), [], pictures=False))

    assert not any("\x1b" in line for line in page)
    assert max(map(len, page)) <= 80


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 bytes"), (999, "999 bytes"), (3_400_000, "3.4 MB"), (2e12, "2.0 TB")]
)
def test_sizes_are_as_people_say_them(number: float, text: str):
    """In powers of ten, as disks are sold."""
    assert size(number) == text


def test_spans_are_as_people_say_them():
    """Rounded."""
    assert [span(one) for one in (5, 150, 7300, 200_000)] == ["5 seconds", "2 minutes", "2 hours", "2 days"]
