"""Is a share given with the right interval, and a goal called met only where it is?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.accuracy_intervals import Data, Row, Sense, wilson


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        (0, 952, 0.0, 0.00402),
        (81, 263, 0.25525, 0.36618),
        (15, 148, 0.06236, 0.16047),
        (1, 29, 0.00611, 0.17176),
        (29, 29, 0.88302, 1.0),
    ],
)
def test_bounds_are_those_of_the_literature(hits, total, low, high):
    """Newcombe 1998 (Statistics in Medicine 17), method 3, and the rule that 0 of 952 proves less than 0.41 %."""
    assert wilson(hits, total) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 10**6).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_an_interval_holds_its_share_and_mirrors(counts):
    """Bounds lie inside 0 and 1 around the share, and the misses' interval is the hits' turned around."""
    hits, total = counts
    low, high = wilson(hits, total)

    assert 0 <= low <= hits / total <= high <= 1
    assert wilson(total - hits, total) == pytest.approx((1 - high, 1 - low))


def test_nothing_counted_says_nothing():
    """Of none anything may be so; more hits than trials is a mistake of the caller."""
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2)


@pytest.mark.parametrize(
    ("hits", "total", "sense", "goal", "verdict"),
    [
        (95, 100, Sense.AT_LEAST, 0.97, "missed"),
        (98, 100, Sense.AT_LEAST, 0.97, "met, unproven"),
        (9990, 10000, Sense.AT_LEAST, 0.97, "met"),
        (100, 100, Sense.AT_LEAST, 1.0, "met"),
        (99, 100, Sense.AT_LEAST, 1.0, "missed"),
        (0, 100, Sense.AT_MOST, 0.0, "met"),
        (1, 100, Sense.AT_MOST, 0.0, "missed"),
        (0, 100, Sense.AT_MOST, 0.005, "met, unproven"),
        (0, 0, Sense.AT_LEAST, 0.9, "not measured"),
        (1, 2, Sense.AT_LEAST, None, ""),
    ],
)
def test_a_goal_is_met_only_where_the_number_lies_on_its_side(hits, total, sense, goal, verdict):
    """And proven only where the whole interval does."""
    row = Row(section="x", what="y", data=Data.HELD_OUT, hits=hits, total=total, sense=sense, goal=goal)

    assert row.verdict == verdict


def test_a_quantity_has_no_interval():
    """Microseconds are compared as they are."""
    slow = Row(section="x", what="cost", data=Data.GENERATED, value=7.25, unit="us", sense=Sense.AT_MOST, goal=5)

    assert slow.interval is None
    assert slow.cells() == ("cost", "generated", "7.25 us", "", "<= 5 us", "missed")
