"""Which keys seal tickets, and how long do they open?"""

import stat
from datetime import date, timedelta

import pytest

from guard.errors import GuardError
from guard.store.ticket_keys import folder_in, load, renew

TODAY = date(2026, 11, 25)


def test_a_key_is_made_once_a_month_and_the_one_before_still_opens(tmp_path):
    """A restart in between changes nothing; what is too old to have sealed a living ticket is forgotten."""
    folder = folder_in(tmp_path)
    first = renew(folder, TODAY)

    assert renew(folder, TODAY + timedelta(days=29)) == first == load(folder)
    second = renew(folder, TODAY + timedelta(days=30))
    assert second[1:] == first
    assert len(set(second)) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    later = renew(folder, TODAY + timedelta(days=60))
    assert later[1:] == second
    assert renew(folder, TODAY + timedelta(days=91))[1:] == later[:2]


def test_a_guard_that_ran_for_a_year_keeps_what_it_sealed_with_until_now(tmp_path):
    """The key of its start has sealed until this minute."""
    old = renew(tmp_path, TODAY)

    keys = renew(tmp_path, TODAY + timedelta(days=365))

    assert keys[1:] == old


def test_a_damaged_or_open_key_is_an_error(tmp_path):
    """With the file's name and what to do."""
    with pytest.raises(GuardError, match="no key in"):
        load(tmp_path)
    renew(tmp_path, TODAY)
    file = next(tmp_path.iterdir())
    file.chmod(0o644)
    with pytest.raises(GuardError, match="remove it"):
        load(tmp_path)
    file.chmod(0o600)
    file.write_bytes(b"short")
    with pytest.raises(GuardError, match=r"2026-11-25\.key is no secret"):
        load(tmp_path)
