"""The numbers of a page are those of the books."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from guard.core.day_book import DayBook
from guard.server.console.figures import Day, Days, bars, parts, visitors
from tests.server.console.conftest import write_days
from tests.support.states import a_day

TODAY = datetime.now(UTC).date()


def test_a_crawler_of_several_sites_and_days_is_one(tmp_path: Path):
    """With the sum of what it wanted and got."""
    book = DayBook()
    for site in ("a.example", "b.example"):
        row = book.row(site=site, name="GPTBot", crawler="openai-gptbot", operator="OpenAI", purpose="ai_training")
        row.requests, row.asked, row.full, row.smaller = 10, 8, 1, 2

    (one,) = visitors([book, book])

    assert one.outcomes == {"full": 4, "marked": 0, "smaller": 8, "none": 20}
    assert one.none == 20


def test_a_claim_is_told_by_all_requests():
    """One refuted one is not all of them."""
    found = {one.name: one.claim for one in visitors([a_day()])}
    both = a_day()
    both.row(site="photo.example", name="ClaudeBot", crawler="", operator="", purpose="ai_training").requests = 9

    assert found == {"GPTBot": "verified", "Googlebot-Image": "verified", "ClaudeBot": "refuted"}
    assert {one.name: one.claim for one in visitors([both])}["ClaudeBot"] == "partly"


def test_days_are_read_with_today_last_and_old_ones_only_once(tmp_path: Path):
    """A worker may still have to write of yesterday; of the days before nothing comes any more."""
    write_days(tmp_path, [a_day()] * 4)
    days = Days(tmp_path / "guard" / "days")

    async def look() -> list[int]:
        return [one.book.people for one in await days.last(5)]

    assert asyncio.run(look()) == [0, 840, 840, 840, 840]
    for file in (tmp_path / "guard" / "days").iterdir():
        file.unlink()
    days = Days(tmp_path / "guard" / "days")
    write_days(tmp_path, [a_day()] * 4)

    async def look_twice() -> list[int]:
        await look()
        for file in (tmp_path / "guard" / "days").iterdir():
            file.unlink()
        return await look()

    assert asyncio.run(look_twice()) == [0, 840, 840, 0, 0]


def test_the_bars_of_a_day_stand_on_each_other():
    """The tallest day fills the height, and a day without pictures has no bar."""
    days = [Day(day=TODAY - timedelta(days=1), book=DayBook()), Day(day=TODAY, book=a_day())]

    found = list(bars(days, 100, 50))

    assert {one["day"] for one in found} == {TODAY}
    assert sum(one["height"] for one in found) == 50
    assert found[-1]["y"] + 0.0 == 0.0
    assert found[0]["y"] + found[0]["height"] == 50
    assert list(bars(days[:1], 100, 50)) == []


def test_the_pieces_of_a_bar_fill_it():
    """In their order, without those that are nothing."""
    assert list(parts({"full": 1, "marked": 0, "none": 3}, 100)) == [("full", 0.0, 25.0), ("none", 25.0, 75.0)]
    assert list(parts({"full": 0}, 100)) == []
