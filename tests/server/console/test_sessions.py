"""Sessions end, and tries run out."""

from guard.server.console.sessions import (
    ALL_TRIES,
    IDLE_SECONDS,
    LONGEST_SECONDS,
    MOST_ADDRESSES,
    MOST_SESSIONS,
    REFILL_SECONDS,
    TRIES,
    Sessions,
    Tries,
)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_a_session_ends_when_nobody_comes_and_in_the_end_anyway():
    """Two hours, and twelve."""
    clock = Clock()
    sessions = Sessions(now=clock)
    idle, busy = sessions.open(), sessions.open()

    clock.at += IDLE_SECONDS + 1
    assert sessions.find(idle) is None
    assert sessions.find(busy) is None
    busy = sessions.open()
    for _ in range(int(LONGEST_SECONDS / IDLE_SECONDS)):
        assert sessions.find(busy) is not None
        clock.at += IDLE_SECONDS
    clock.at += 1
    assert sessions.find(busy) is None


def test_there_are_never_more_than_so_many_sessions():
    """The one that was used least recently goes."""
    sessions = Sessions(now=Clock())
    tokens = [sessions.open() for _ in range(MOST_SESSIONS)]
    sessions.find(tokens[0])

    sessions.open()

    assert sessions.find(tokens[0]) is not None
    assert sessions.find(tokens[1]) is None


def test_a_form_token_is_of_one_session():
    """Nobody else's opens it."""
    sessions = Sessions(now=Clock())
    one, other = (sessions.find(sessions.open()) for _ in range(2))

    assert one is not None
    assert other is not None
    assert one.owns(one.form_token)
    assert not one.owns(other.form_token)
    assert not one.owns("")
    assert not one.owns("ü")


def test_tries_come_back_one_by_one():
    """And another address has its own."""
    clock = Clock()
    tries = Tries(now=clock)

    assert [tries.wait("a") for _ in range(TRIES)] == [0] * TRIES
    assert 0 < tries.wait("a") <= REFILL_SECONDS + 1
    assert tries.wait("b") == 0
    clock.at += REFILL_SECONDS + 1
    assert tries.wait("a") == 0
    assert tries.wait("a") > 0


def test_many_addresses_together_run_out_too_and_take_no_memory():
    """A sign-in costs memory and time, whoever asks."""
    tries = Tries(now=Clock())

    waits = [tries.wait(f"10.0.{number >> 8}.{number & 255}") for number in range(MOST_ADDRESSES * 2)]

    assert waits.count(0) == ALL_TRIES
    assert len(tries._each) <= MOST_ADDRESSES


def test_the_right_password_costs_nothing():
    """Signing in often must not keep an owner out."""
    tries = Tries(now=Clock())

    for _ in range(ALL_TRIES * 2):
        assert tries.wait("a") == 0
        tries.succeeded("a")
