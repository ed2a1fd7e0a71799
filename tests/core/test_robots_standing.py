"""Which robots.txt was a client served, since when, and did it break it?"""

from hypothesis import given
from hypothesis import strategies as st

from guard.core.robots_standing import HOSTS, SIZE, RobotsStanding, breach, serve, standing

OLD, NEW = b"12345678", b"abcdefgh"


def test_the_same_version_again_is_no_new_grace():
    """Whoever asks for it every minute is held to what it was told the first time."""
    entries = bytearray(SIZE)
    for minute in range(10):
        serve(entries, "photo.example", OLD + b"more of the digest", 1000 + 60 * minute)

    assert standing(entries, "photo.example") == RobotsStanding(version=OLD, since=1000, broken_at=0, breaches=0)


def test_another_version_begins_anew():
    """What the old one forbade is not held against it any more, nor is how it kept to it."""
    entries = bytearray(SIZE)
    serve(entries, "photo.example", OLD, 1000)
    breach(entries, "photo.example", 1100)
    breach(entries, "photo.example", 1200)
    assert standing(entries, "photo.example") == RobotsStanding(version=OLD, since=1000, broken_at=1200, breaches=2)
    serve(entries, "photo.example", NEW, 2000)

    assert standing(entries, "photo.example") == RobotsStanding(version=NEW, since=2000, broken_at=0, breaches=0)


def test_every_host_has_its_own():
    """What one host forbids is nothing to another; the host told about longest ago is forgotten first."""
    entries = bytearray(SIZE)
    for number in range(HOSTS):
        serve(entries, f"{number}.example", OLD, 1000 + number)
    breach(entries, "1.example", 1500)
    assert standing(entries, "nowhere.example") is None
    assert [standing(entries, f"{number}.example").breaches for number in range(HOSTS)] == [0, 1, 0]
    serve(entries, "new.example", NEW, 2000)

    assert standing(entries, "0.example") is None
    assert standing(entries, "1.example").breaches == 1
    assert standing(entries, "new.example").version == NEW


def test_who_was_told_nothing_breaks_nothing():
    """A breach without a version is none."""
    entries = bytearray(SIZE)
    breach(entries, "photo.example", 1000)

    assert entries == bytearray(SIZE)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.binary(min_size=8, max_size=8), st.floats(-1e12, 1e12))))
def test_clocks_that_jump_do_no_harm(served):
    """Any time, any order: the entries keep their size, and the last host is known."""
    entries = bytearray(SIZE)
    for host, version, at in served:
        serve(entries, host, version, at)
        breach(entries, host, at)
        assert standing(entries, host).version == version

    assert len(entries) == SIZE
