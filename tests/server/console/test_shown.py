"""Text of strangers stays text, and numbers are written as people write them."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from guard.server.console import shown


@given(st.text(max_size=400))
def test_whatever_comes_is_one_short_visible_line(text: str):
    """No character that a page would obey but for markup, which the templates escape."""
    written = shown.plain(text)

    assert written.isprintable()
    assert len(written) <= shown.LONGEST


def test_what_is_no_visible_character_is_told_by_its_code():
    """So that two names that look alike do not look alike."""
    assert shown.plain("a\u202eb\x1b[0m\udcff") == "a‹U+202E›b‹U+001B›[0m‹FF›"
    assert shown.plain("Größe 写真") == "Größe 写真"


def test_numbers_and_sizes_are_those_of_the_language():
    """Marks between thousands, and the point."""
    assert [shown.number(14_000, one) for one in ("en", "de")] == ["14,000", "14.000"]
    assert [shown.size(1_930_000, one) for one in ("en", "de")] == ["1.9 MB", "1,9 MB"]
    assert [shown.size(one, "en") for one in (0, 999, 1000, 999_600, 3e15)] == [
        "0 bytes",
        "999 bytes",
        "1 KB",
        "1.0 MB",
        "3000.0 TB",
    ]
    assert [shown.share(one, "de") for one in (0, 0.004, 0.174, 1)] == ["0 %", "0,4 %", "17 %", "100 %"]


def test_times_are_in_utc():
    """Whatever zone they came in."""
    at = datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))

    assert shown.clock(at, "en") == "28 Feb 22:30 UTC"
    assert shown.clock(at.timestamp(), "de") == "28. Feb. 22:30 UTC"
    assert shown.span(7300, "de") == "2 Stunden"
    assert shown.day(datetime(2026, 11, 25, tzinfo=UTC).date(), "en") == "25 Nov"
