"""What guards have in common they can make alike; what the shared store holds of people it can not tell."""

from datetime import date, timedelta
from pathlib import Path

from guard.store import decoy_secret, ticket_keys
from guard.store.cluster_keys import DAY, Pseudonyms, derive, share
from tests.support.clusters import SECRET

TODAY = date(2026, 11, 25)


def test_what_is_derived_is_for_one_purpose():
    """One secret leads to many, and none to another."""
    assert derive(SECRET, "a") == derive(SECRET, "a")
    assert len({derive(SECRET, "a"), derive(SECRET, "b"), derive(SECRET + "x", "a")}) == 3


def test_a_client_has_one_name_a_day_at_all_guards():
    """And another one tomorrow, which nobody can connect with it."""
    one, other, stranger = Pseudonyms(SECRET), Pseudonyms(SECRET), Pseudonyms(SECRET + "x")

    assert one.of(b"client", 10 * DAY) == other.of(b"client", 11 * DAY - 1)
    assert one.of(b"client", 11 * DAY) != one.of(b"client", 10 * DAY)
    assert stranger.of(b"client", 10 * DAY) != one.of(b"client", 10 * DAY)
    assert len(one._keys) == 2
    one.of(b"client", 20 * DAY)
    assert len(one._keys) == 1  # who takes the memory of a guard can not name the clients of last week


def test_guards_that_start_on_different_days_open_each_others_tickets(tmp_path: Path):
    """The key of a turn of thirty days is the same whenever it is made; the one before is known too."""
    for number, day in enumerate((TODAY, TODAY + timedelta(days=13), TODAY + timedelta(days=27))):
        share(tmp_path / str(number), SECRET, day, decoys=False, tickets=True)
    one, two, three = (
        ticket_keys.renew(ticket_keys.folder_in(tmp_path / str(number)), day)
        for number, day in enumerate((TODAY, TODAY + timedelta(days=13), TODAY + timedelta(days=27)))
    )

    assert one[0] in two
    assert one[0] in three
    assert two[0] in three or three[0] in two
    assert len(set(one)) == 2


def test_decoys_are_the_same_everywhere(tmp_path: Path):
    """A link that one guard has put into a page is known to all, also where a guard had a secret of its own."""
    alone = decoy_secret.load_or_create(tmp_path / "1" / "guard" / "decoys.secret")
    for name in ("1", "2"):
        share(tmp_path / name, SECRET, TODAY, decoys=True, tickets=False)

    one, two = (decoy_secret.load_or_create(tmp_path / name / "guard" / "decoys.secret") for name in ("1", "2"))
    assert one == two != alone
