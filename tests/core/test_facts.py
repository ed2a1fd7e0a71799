"""Header lines that keep what was made of them are still header lines."""

from dataclasses import replace

import pytest

from guard.core.facts import HeaderLines
from tests.support.facts import request

LINES = (("Host", "photo.example"), ("ACCEPT", "a"), ("Accept", "b"), ("Empty", ""))


def test_they_are_the_lines():
    """Equal, of one hash, and in their order; the first of a name counts, as it does for a plain tuple."""
    lines = HeaderLines(LINES)
    facts = request()

    assert lines == LINES
    assert hash(lines) == hash(LINES)
    assert tuple(lines) == LINES
    assert lines.first == {"host": "photo.example", "accept": "a", "empty": ""}
    for name in ("accept", "host", "empty", "none"):
        assert replace(facts, headers=lines).header(name) == replace(facts, headers=LINES).header(name)


def test_what_is_made_of_them_is_made_once():
    """For as long as it is about the same."""
    lines, made = HeaderLines(LINES), []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [lines.once("a", about, make) for about in (1, 1, 2, 2, 1)] == [1, 1, 2, 2, 3]
    assert lines.once("b", 1, make) == 4
    assert lines.once("a", 1, make) == 3
    with pytest.raises(ZeroDivisionError):
        lines.once("c", 1, lambda: 1 // 0)
    assert lines.once("c", 1, lambda: 5) == 5
