"""What is remembered of a client?"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.behaviour import FULL, GAP_VARIANCE, LEVELS, SCORE, SIZE, VERSION, Past, summary
from guard.core.robots_standing import serve
from guard.core.signals import Memory

MEMORY = Memory(rate=600, visits=3600, score=1800, hard=86400, robots_grace=60)


def numbers(count: int, salt: int = 1) -> list[int]:
    """Return well mixed 64-bit numbers, the same ones every time."""
    import hashlib

    texts = (f"{salt}/{number}" for number in range(count))
    return [int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") for text in texts]


def test_a_record_is_small():
    """With key and slot it stays under 600 bytes a client."""
    assert len(Past(0).to_bytes()) == SIZE <= 512


def test_a_record_survives_the_way_there_and_back():
    """What is written is what is read."""
    past = Past(10.0)
    past.seen, past.full_seen, past.user_agent, past.last_number, past.decoys = 3, 2, 0xFFFFFFFF, 17, 1
    past.hard_at, past.last_full, past.last_stem = 5.5, 9.25, 0xFFFFFFFE
    serve(past.told, "photo.example", b"12345678", 1_790_000_000)
    past.values[FULL], past.values[SCORE] = 2.5, -1.5
    past.add_picture(12345678901)
    past.add_album(98765432109)

    again = Past.from_bytes(past.to_bytes(), 99.0)

    assert {name: getattr(again, name) for name in Past.__slots__} == {
        name: getattr(past, name) for name in Past.__slots__
    }


@given(st.binary(max_size=SIZE + 8))
def test_bytes_that_are_no_record_are_a_client_never_seen(data):
    """A slot of another version or a torn one makes nobody a criminal."""
    if len(data) == SIZE and data[0] == VERSION:
        return
    assert Past.from_bytes(data, 5.0).seen == 0
    assert summary(data) is None


@pytest.mark.parametrize("count", [1, 5, 15, 40, 200, 2000])
def test_different_pictures_are_counted_about_right(count):
    """Within three standard errors of a sketch with 64 registers; small counts are nearly exact."""
    past = Past(0)
    for number in numbers(count):
        past.add_picture(number)
        past.add_picture(number)

    assert past.distinct_pictures == pytest.approx(count, rel=0.4, abs=1.6)


def test_the_running_sum_is_the_sum():
    """The estimate is kept up to date without going over the registers, and stays the same as if it did."""
    past = Past(0)
    for number in numbers(500, salt=2):
        past.add_picture(number)

    from guard.core.behaviour import PICTURE_SUM, PICTURE_ZEROS

    assert past.values[PICTURE_SUM] == pytest.approx(sum(2.0**-rank for rank in past.pictures), rel=1e-4)
    assert past.values[PICTURE_ZEROS] == past.pictures.count(0)


def test_counters_fade():
    """After one memory a thing counts 1/e."""
    past = Past(0.0)
    past.values[FULL], past.values[SCORE], past.values[LEVELS] = 10.0, 4.0, 2.0

    past.advance(3600.0, MEMORY)

    assert past.values[FULL] == pytest.approx(10 / math.e, rel=1e-5)
    assert past.values[SCORE] == pytest.approx(4 / math.e**2, rel=1e-5)
    assert past.values[LEVELS] == pytest.approx(2 / math.e**2, rel=1e-5)


def test_many_short_steps_fade_like_a_long_one():
    """A client can not keep its past, or lose it, by asking often."""
    often, once = Past(0.0), Past(0.0)
    often.values[FULL] = once.values[FULL] = 10.0
    for tenth in range(6001):
        often.advance(tenth / 10, MEMORY)
    once.advance(600.0, MEMORY)

    assert often.values[FULL] == pytest.approx(once.values[FULL], rel=1e-3)


@given(st.lists(st.floats(min_value=0, max_value=4e9, allow_nan=False), min_size=1, max_size=30))
def test_clocks_that_jump_do_no_harm(times):
    """Back or ahead: no gap is negative, nothing grows, the record is still a record."""
    past = Past(times[0])
    past.values[FULL] = 10.0
    for at in times:
        assert past.advance(at, MEMORY) >= 0

    assert 0 <= past.values[FULL] <= 10
    assert Past.from_bytes(past.to_bytes(), 0).last == times[-1]


def test_regular_gaps_have_a_small_variance():
    """A timer is told from a person by the spread of the logarithm of its gaps."""
    timer, person = Past(0), Past(0)
    for number in range(40):
        timer.time_gap(5.0 + 0.1 * (number % 2))
        person.time_gap((2.0, 9.0, 31.0, 4.0, 75.0)[number % 5])

    assert timer.values[GAP_VARIANCE] < 0.001
    assert person.values[GAP_VARIANCE] > 0.5
