"""A client gets what the rule allows, and not more, however it spreads its requests."""

from hypothesis import given
from hypothesis import strategies as st

from guard.core.policy import Limit
from guard.server.limits import Limiter

THREE_A_MINUTE = Limit(count=3, per_seconds=60, pictures_only=False)


def test_a_burst_up_to_the_limit_is_allowed_and_the_next_has_to_wait():
    """The wait is until one more is free."""
    limiter = Limiter()

    waits = [limiter.take("r", "c", THREE_A_MINUTE, 1000.0) for _ in range(4)]

    assert waits[:3] == [0, 0, 0]
    assert 19 <= waits[3] <= 21


def test_who_comes_back_when_told_is_served():
    """Retry-After is honest."""
    limiter = Limiter()
    for _ in range(3):
        limiter.take("r", "c", THREE_A_MINUTE, 0.0)
    wait = limiter.take("r", "c", THREE_A_MINUTE, 0.0)

    assert limiter.take("r", "c", THREE_A_MINUTE, float(wait)) == 0


def test_asking_while_throttled_costs_nothing():
    """A client that hammers is not locked out for ever, only held to the rate."""
    limiter = Limiter()
    for _ in range(1000):
        limiter.take("r", "c", THREE_A_MINUTE, 0.0)

    assert limiter.take("r", "c", THREE_A_MINUTE, 21.0) == 0


def test_the_wait_can_be_known_without_taking():
    """However often it is asked for."""
    limiter = Limiter()
    assert not any(limiter.wait("r", "c", THREE_A_MINUTE, 0.0) for _ in range(10))
    taken = [limiter.take("r", "c", THREE_A_MINUTE, 0.0) for _ in range(4)]

    assert taken[:3] == [0, 0, 0]
    assert limiter.wait("r", "c", THREE_A_MINUTE, 0.0) == taken[3]


def test_clients_and_rules_have_allowances_of_their_own():
    """One client can not use up another's."""
    limiter = Limiter()
    for _ in range(4):
        limiter.take("r", "c", THREE_A_MINUTE, 0.0)

    assert limiter.take("r", "other", THREE_A_MINUTE, 0.0) == 0
    assert limiter.take("other", "c", THREE_A_MINUTE, 0.0) == 0


@given(st.lists(st.floats(0, 50), max_size=200), st.integers(1, 20))
def test_no_pattern_gets_more_than_burst_and_rate(gaps: list[float], count: int):
    """Over any time t at most count + t·rate requests pass."""
    limiter, limit = Limiter(), Limit(count=count, per_seconds=60, pictures_only=False)
    now, passed = 0.0, 0

    for gap in gaps:
        now += gap
        passed += limiter.take("r", "c", limit, now) == 0

    assert passed <= count + 1 + now * count / 60


def test_the_table_of_clients_is_bounded():
    """A flood of addresses does not fill memory."""
    limiter = Limiter(max_clients=100)
    for number in range(10_000):
        limiter.take("r", str(number), THREE_A_MINUTE, 0.0)

    assert len(limiter._whole_again) == 100
