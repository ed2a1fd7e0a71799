"""How many different pictures does a site have?"""

import os
from hashlib import sha256

import pytest

from guard.errors import GuardError
from guard.store.portfolio import GENERATION, Portfolios, picture_number

DAY = 86_400.0
WEEK = 7 * DAY
START = 1_790_000_000.0
HOSTS = ("photo.example", "other.example")


@pytest.fixture
def portfolios():
    made = Portfolios.create(HOSTS)
    yield made
    made.close()


def number(picture, salt=""):
    return picture_number(f"/o/{salt}{picture}.jpg", "", "", "")


def visit(portfolios, count, *, rounds=15, start=START, original=True, salt=""):
    """Let visitors look at all of `count` pictures, so many times in the eight days from `start` on."""
    for turn in range(rounds):
        for picture in range(count):
            at = start + 8 * DAY * (turn + picture / count) / rounds
            portfolios.note("photo.example", number(picture, salt), original=original, at=at)


@pytest.mark.parametrize(("count", "off"), [(8, 0.5), (30, 2), (100, 8), (1000, 150), (10_000, 1500)])
def test_pictures_are_counted_about_right(portfolios, count, off):
    """Thirty to within two, thousands to within three standard errors; how often each is looked at does not matter."""
    visit(portfolios, count, rounds=max(5, 1500 // count))

    assert portfolios.believed("photo.example", START + 9 * DAY) == pytest.approx(
        count, rel=0.15 if count > 100 else 0.06
    )
    assert portfolios.believed("other.example", START + 9 * DAY) == 0


def test_it_is_not_believed_before_a_week_is_over(portfolios):
    """The first visitors have seen a part of it only."""
    for turn in range(400):
        portfolios.note("photo.example", number(turn % 30), original=True, at=START + turn)

    assert portfolios.believed("photo.example", START + WEEK - 10) == 0
    again = Portfolios(os.dup(portfolios.fileno()), HOSTS)
    assert again.believed("photo.example", START + WEEK + 10) == pytest.approx(30, abs=2)
    again.close()


def test_it_is_not_believed_while_it_grows(portfolios):
    """A site of thousands with few visitors: every other picture is one that nobody has seen before."""
    for turn in range(600):
        portfolios.note("photo.example", number(turn if turn % 2 else turn % 7), original=True, at=START + 3600 * turn)

    assert portfolios.believed("photo.example", START + 600 * 3600) == 0


def test_several_sizes_of_a_picture_are_one(portfolios):
    """Display size and original of each: of those that there are most."""
    visit(portfolios, 40, original=False, salt="display")
    visit(portfolios, 30, original=True)

    assert portfolios.believed("photo.example", START + 9 * DAY) == pytest.approx(40, abs=3)


def test_what_was_not_served_for_half_a_year_is_forgotten(portfolios):
    """The portfolio of a year ago is not that of today; that of three months ago still counts."""
    visit(portfolios, 60)
    visit(portfolios, 30, start=START + GENERATION, salt="new")
    second = START + GENERATION + 9 * DAY
    both = Portfolios(os.dup(portfolios.fileno()), HOSTS)
    assert both.believed("photo.example", second) == pytest.approx(90, rel=0.1)
    both.close()
    visit(portfolios, 30, start=START + 2 * GENERATION + DAY, salt="new")

    assert portfolios.believed("photo.example", START + 2 * GENERATION + 10 * DAY) == pytest.approx(30, abs=2)


@pytest.mark.parametrize("jump", [-10 * 365 * DAY, 10 * 365 * DAY])
def test_a_clock_that_jumps_makes_it_wait(portfolios, jump):
    """What is of another time is not believed at once, and the count goes on."""
    visit(portfolios, 30)
    portfolios.note("photo.example", number(1), original=True, at=START + jump)
    visit(portfolios, 30, start=START + max(0, jump))

    assert portfolios.believed("photo.example", START + max(0, jump) + 9 * DAY) == pytest.approx(30, abs=2)


def test_all_workers_count_together(portfolios):
    """Each half of the pictures was seen by another process; all know of both."""
    other = Portfolios(os.dup(portfolios.fileno()), HOSTS)
    for turn in range(20):
        for picture in range(30):
            worker = portfolios if picture % 2 else other
            worker.note("photo.example", number(picture), original=True, at=START + turn * DAY)

    assert portfolios.believed("photo.example", START + 20 * DAY) == pytest.approx(30, abs=2)
    assert other.believed("photo.example", START + 20 * DAY) == pytest.approx(30, abs=2)
    other.close()


def test_it_survives_a_restart_and_a_change_of_sites(portfolios, tmp_path):
    """A site is known by its name, wherever in the configuration it stands."""
    visit(portfolios, 30)
    portfolios.save(tmp_path / "guard" / "portfolio")
    later = Portfolios.create(("new.example", "photo.example"))

    assert later.restore(tmp_path / "guard" / "portfolio") == 1
    assert later.believed("photo.example", START + 9 * DAY) == pytest.approx(30, abs=2)
    assert later.believed("new.example", START + 9 * DAY) == 0
    later.close()


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "absent", "foreign"])
def test_a_damaged_file_is_no_count(portfolios, tmp_path, damage):
    """It begins with nothing, as at the first start."""
    visit(portfolios, 30)
    file = tmp_path / "portfolio"
    portfolios.save(file)
    data = file.read_bytes()
    foreign = b"guardsn1" + data[8:-32]
    content = {
        "flipped": data[:200] + bytes([data[200] ^ 1]) + data[201:], "cut": data[:-5], "empty": b"",
        "foreign": foreign + sha256(foreign).digest(),
    }  # fmt: skip
    file.unlink()
    if damage in content:
        file.write_bytes(content[damage])
    later = Portfolios.create(HOSTS)

    assert later.restore(file) == 0
    later.close()


def test_counts_of_other_sites_are_refused(portfolios):
    """A worker that was given another configuration does not count into the wrong place."""
    with pytest.raises(GuardError, match="no counts"):
        Portfolios(portfolios.fileno(), ("photo.example",))


def test_a_site_that_is_not_configured_is_not_counted(portfolios):
    """Nobody asks for it, and nobody is measured by it."""
    portfolios.note("nowhere.example", number(1), original=True, at=START)

    assert portfolios.believed("nowhere.example", START + WEEK) == 0


def test_a_query_that_changes_nothing_makes_no_new_picture():
    """The upstream's own tag says what is the same; where the query chooses the picture, tag or length differ."""
    one = picture_number("/a.jpg", '"5f-2a"', "Mon", "42")

    assert picture_number("/a.jpg", 'W/"5f-2a"', "Tue", "42") == one
    assert len({one, *(picture_number("/image.php", "", "Mon", str(n)) for n in range(5)),
                picture_number("/b.jpg", '"5f-2a"', "Mon", "42")}) == 7  # fmt: skip
