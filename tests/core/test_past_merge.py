"""Several guards together know of a client what one would know that had seen all of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.behaviour import ASKED, FULL, PAGES, SIZE, VALUES, Past, summary
from guard.core.classification import Conduct
from guard.core.past_merge import merge
from tests.core.test_conduct import TOOLS
from tests.support.captures import FULL as FULL_KINDS
from tests.support.captures import ORIGINALS, START, capture, judge, names, rules

GUARDS = 3


class Together:
    """Guards that a client asks in turn, and what they keep in common."""

    def __init__(self) -> None:
        self.total: bytes | None = None
        self.mine: list[bytes | None] = [None] * GUARDS
        self.known: list[bytes | None] = [None] * GUARDS

    def share(self) -> None:
        """Let each guard tell what it has seen, and learn what the others have."""
        for number, mine in enumerate(self.mine):
            if mine is not None and mine != self.known[number]:
                self.total = mine if self.total is None else merge(self.known[number], mine, self.total, rules())
                self.mine[number] = self.known[number] = self.total
        for number, mine in enumerate(self.mine):
            if mine is not None:
                self.mine[number] = self.known[number] = self.total


def visit(name: str, every: int) -> tuple[dict[int, Conduct], Together]:
    """Play a capture to the guards in turn; they share after so many requests. Return the conduct by picture."""
    judged, together, found, pictures = judge(), Together(), {}, 0
    for number, (after, facts, answered) in enumerate(capture(name).requests):
        guard = number % GUARDS
        seen = judged.look(facts, START + after, originals=ORIGINALS)
        together.mine[guard], verdict = judged.at_request(together.mine[guard], seen)
        together.mine[guard], _ = judged.after_response(together.mine[guard], seen, answered)
        if answered.kind in FULL_KINDS:
            pictures += 1
            found[pictures] = verdict.conduct
        if number % every == every - 1:
            together.share()
    together.share()
    together.share()
    return found, together


@pytest.mark.parametrize("every", [1, 3, 6])
@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_that_goes_from_guard_to_guard_is_found_out(name: str, every: int):
    """As by one guard, but for what it takes before they have told one another."""
    found, _ = visit(name, every)

    assert found[15 + GUARDS * every] is not Conduct.CLEAN
    assert found[min(30 + GUARDS * every, max(found))] is Conduct.HOSTILE


@pytest.mark.parametrize("every", [1, 3, 12, 1000])
@pytest.mark.parametrize("name", names("person"))
def test_a_person_stays_clean_whichever_guard_answers(name: str, every: int):
    """Pages from one guard and their pictures from another, shared soon, late or not at all."""
    found, _ = visit(name, every)

    assert set(found.values()) <= {Conduct.CLEAN}


@pytest.mark.parametrize("name", ["tool-curl", "person-gallery"])
def test_together_they_count_what_one_would(name: str):
    """Requests, pictures and pages add up; different pictures are counted once."""
    _, together = visit(name, 5)
    judged, alone = judge(), None
    for after, facts, answered in capture(name).requests:
        seen = judged.look(facts, START + after, originals=ORIGINALS)
        alone, _ = judged.at_request(alone, seen)
        alone, _ = judged.after_response(alone, seen, answered)

    one, three = summary(alone), summary(together.total)
    assert (three.requests, three.pictures, three.first, three.last) == (
        one.requests,
        one.pictures,
        one.first,
        one.last,
    )
    assert three.distinct_pictures == pytest.approx(one.distinct_pictures, rel=0.01)
    values, expected = Past.from_bytes(together.total, 0).values, Past.from_bytes(alone, 0).values
    for counter in (FULL, PAGES, ASKED):
        assert values[counter] == pytest.approx(expected[counter], rel=0.01, abs=0.01)
    assert len(together.total) == SIZE


def a_past(name: str, first: int, count: int, record: bytes | None = None) -> bytes:
    judged = judge()
    for after, facts, answered in capture(name).requests[first : first + count]:
        seen = judged.look(facts, START + after)
        record, _ = judged.at_request(record, seen)
        record, _ = judged.after_response(record, seen, answered)
    assert record is not None
    return record


@given(st.sampled_from(["tool-curl", "person-gallery"]), st.integers(1, 20), st.integers(1, 20))
def test_who_has_nothing_to_add_changes_nothing(name: str, before: int, after: int):
    """What one guard knows and the other has built upon is what the other has."""
    base = a_past(name, 0, before)
    more = a_past(name, before, after, base)

    for merged in (merge(base, base, more, rules()), merge(base, more, base, rules())):
        told, expected = Past.from_bytes(merged, 0), Past.from_bytes(more, 0)
        assert told.values == pytest.approx(expected.values, abs=0.02, rel=0.02)
        assert (told.seen, told.full_seen, told.decoys) == (expected.seen, expected.full_seen, expected.decoys)
        assert (told.pictures, told.told, told.last_full) == (expected.pictures, expected.told, expected.last_full)


def test_a_record_that_began_anew_takes_nothing_back():
    """As where the store was emptied, or a table had no room: what both may have counted is counted once."""
    base = a_past("tool-curl", 0, 12)
    mine, theirs = a_past("tool-curl", 12, 3, base), a_past("tool-curl", 20, 5)

    for merged in (merge(base, mine, theirs, rules()), merge(base, theirs, mine, rules())):
        told, expected = Past.from_bytes(merged, 0), Past.from_bytes(mine, 0)
        assert told.seen == 15
        for counter in (FULL, ASKED):
            assert told.values[counter] == pytest.approx(expected.values[counter], rel=0.01)


@given(st.binary(min_size=SIZE, max_size=SIZE), st.binary(max_size=SIZE + 4))
def test_bytes_that_are_no_record_break_nothing(theirs: bytes, base: bytes):
    """A store that holds nonsense makes nobody a criminal."""
    mine = a_past("person-gallery", 0, 5)

    merged = Past.from_bytes(merge(base, mine, theirs[:-1], rules()), 0)

    assert merged.full_seen == Past.from_bytes(mine, 0).full_seen
    assert len(merged.values) == VALUES
