"""What processes counted is added to the day once, whatever ends when."""

import os
from datetime import date, timedelta
from pathlib import Path

import orjson

from guard.core.day_book import DayBook
from guard.store.day_files import KEPT_DAYS, days, fold, read_day, read_days, write_part

DAY = date(2026, 11, 25)


def book(requests: int) -> DayBook:
    made = DayBook()
    row = made.row(site="s", name="GPTBot", crawler="openai-gptbot", operator="OpenAI", purpose="ai_training")
    row.requests = requests
    return made


def requests(folder: Path, day: date = DAY) -> int:
    return sum(row.requests for row in read_day(folder, day).rows)


def test_a_part_counts_while_its_process_lives_and_afterwards(tmp_path: Path):
    """A process writes over its own part; when it has ended, the part goes into the day."""
    write_part(tmp_path, DAY, book(3))
    write_part(tmp_path, DAY, book(5))
    assert requests(tmp_path) == 5

    fold(tmp_path, {os.getpid()})
    assert list(tmp_path.glob("*.part")) != []
    fold(tmp_path, ())
    fold(tmp_path, ())

    assert requests(tmp_path) == 5
    assert list(tmp_path.glob("*.part")) == []
    assert list(days(tmp_path)) == [DAY]


def test_a_crash_between_adding_and_taking_away_counts_nothing_twice(tmp_path: Path):
    """The day names the parts that it holds."""
    write_part(tmp_path, DAY, book(3))
    (part,) = tmp_path.glob("*.part")
    content = part.read_bytes()
    fold(tmp_path, ())
    part.write_bytes(content)  # as if it had not been taken away

    assert requests(tmp_path) == 3
    fold(tmp_path, ())
    assert requests(tmp_path) == 3
    assert list(tmp_path.glob("*.part")) == []


def test_a_damaged_file_costs_only_itself(tmp_path: Path):
    """The others are read."""
    write_part(tmp_path, DAY, book(3))
    (tmp_path / f"{DAY}.json").write_bytes(b"{")
    (tmp_path / f"{DAY}.99-x.part").write_bytes(orjson.dumps({"people": "many"}))

    assert requests(tmp_path) == 3


def test_old_days_are_forgotten_and_a_week_is_added_up(tmp_path: Path):
    """Two months are kept."""
    for before in range(KEPT_DAYS + 5):
        write_part(tmp_path, DAY - timedelta(days=before), book(1))
        fold(tmp_path, ())

    assert len(list(days(tmp_path))) == KEPT_DAYS
    assert sum(row.requests for row in read_days(tmp_path, DAY, 7).rows) == 7
