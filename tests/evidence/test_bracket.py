"""Is the time of a record bracketed by what others said, and by nothing else?"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.evidence.anchor import Anchor, AnchorKind
from guard.evidence.bracket import Brackets, bracket, disagreements

SECOND = 1_000_000
NOON = 1_767_268_800 * SECOND
HOUR = 3600 * SECOND


def token(size: int, time: int, index: int | None, authority: str = "a", accuracy: int = 0) -> Anchor:
    return Anchor(
        kind=AnchorKind.TIME_STAMP,
        size=size,
        root=f"{size:064x}",
        imprint=f"{size:064x}",
        time=time,
        accuracy=accuracy,
        authority=authority,
        sha256=f"{hash((size, time, authority)) & (1 << 256) - 1:064x}",
        index=index,
    )


FIRST = token(10, NOON, 10)
SECOND_TOKEN = token(100, NOON + HOUR, 100, accuracy=SECOND)


def test_a_record_between_two_tokens_has_both_bounds():
    """The first is on record before it, the second is over a head that covers it; each with its accuracy."""
    found = bracket(50, [SECOND_TOKEN, FIRST])

    assert (found.not_before, found.not_after) == (NOON, NOON + HOUR + SECOND)
    assert (found.after, found.before) == ((FIRST,), (SECOND_TOKEN,))
    assert not found.contradicts


@pytest.mark.parametrize(
    ("index", "not_before", "not_after"),
    [
        (0, None, NOON),
        (9, None, NOON),
        (10, NOON, NOON + HOUR + SECOND),
        (99, NOON, NOON + HOUR + SECOND),
        (100, NOON + HOUR - SECOND, None),
        (5000, NOON + HOUR - SECOND, None),
    ],
    ids=["first of all", "last covered", "the anc record itself", "last covered again", "the second anc", "newest"],
)
def test_bounds_change_exactly_at_the_records(index, not_before, not_after):
    """A head of size n covers the records 0 to n - 1; an `anc` record is itself younger than its token."""
    found = bracket(index, [FIRST, SECOND_TOKEN])

    assert (found.not_before, found.not_after) == (not_before, not_after)


def test_a_token_without_a_record_bounds_only_from_above():
    """Nobody knows since when its bytes were known."""
    found = bracket(50, [replace(FIRST, index=None), replace(SECOND_TOKEN, index=None)])

    assert (found.not_before, found.not_after) == (None, NOON + HOUR + SECOND)


def test_of_two_authorities_the_cautious_one_counts():
    """With one clock ten minutes fast the bracket is wider, and still true."""
    fast = 600 * SECOND
    anchors = [
        FIRST,
        token(10, NOON + fast, 11, "fast"),
        SECOND_TOKEN,
        token(100, NOON + HOUR + fast, 101, "fast"),
    ]
    found = bracket(50, anchors)

    assert (found.not_before, found.not_after) == (NOON, NOON + HOUR + fast)
    assert {one.authority for one in found.after} == {"a", "fast"}


def test_two_clocks_ten_minutes_apart_are_told():
    """Both times are there to be printed."""
    late = token(10, NOON + 600 * SECOND, 11, "b")
    (found,) = disagreements([late, FIRST, SECOND_TOKEN])

    assert (found.early, found.late, found.difference) == (FIRST, late, 600 * SECOND)


def test_clocks_within_their_accuracy_do_not_disagree():
    """Nor do those that were merely asked one after the other."""
    assert disagreements([FIRST, token(10, NOON + 59 * SECOND, 11, "b")]) == ()
    assert disagreements([FIRST, token(10, NOON + 90 * SECOND, 11, "b", accuracy=40 * SECOND)]) == ()
    assert disagreements([FIRST, token(10, NOON + 600 * SECOND, 11, "a")]) == ()


def test_a_clock_that_ran_backwards_is_no_bracket():
    """A token on record before, younger than one that covers: no time fits, and that is said."""
    found = bracket(50, [token(10, NOON + HOUR, 10), token(100, NOON, 100)])

    assert found.contradicts


def test_cosignatures_bound_nothing():
    """Witnesses are asked for something else."""
    witness = replace(FIRST, kind=AnchorKind.COSIGNATURE)

    assert bracket(5, [witness]) == bracket(5, [])


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 100), st.booleans(), st.sampled_from("ab")), max_size=12),
    st.integers(0, 45),
)
def test_the_quick_answer_is_that_of_the_definition(tokens, index):
    """Over all heads: the latest of the earliest that are on record, the earliest of the latest that cover."""
    anchors = [
        token(size, time, size + place if on else None, who) for place, (size, time, on, who) in enumerate(tokens)
    ]
    heads = {one.size: [other for other in anchors if other.size == one.size] for one in anchors}
    lower, upper = [], []
    for size, here in heads.items():
        recorded = [one for one in here if one.index is not None]
        if recorded and max(one.index for one in recorded) <= index:
            lower.append(min(one.time for one in recorded))
        if size > index:
            upper.append(max(one.time for one in here))
    found = Brackets(anchors).of(index)

    assert found.not_before == max(lower, default=None)
    assert found.not_after == min(upper, default=None)
