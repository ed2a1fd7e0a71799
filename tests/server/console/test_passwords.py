"""Only the right password is right."""

import pytest

from guard.errors import UsageError
from guard.server.console.passwords import LONGEST, hashed, is_right
from tests.server.console.conftest import PASSWORD


def test_only_the_password_itself_opens(password_hash: str):
    """Not a part of it, not one with a space, not one without end."""
    assert is_right(password_hash, PASSWORD)
    for wrong in ("", PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper(), PASSWORD + "x" * LONGEST):
        assert not is_right(password_hash, wrong)


def test_two_hashes_of_one_password_differ(password_hash: str):
    """Each has a salt of its own."""
    assert hashed(PASSWORD) != password_hash


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * (LONGEST + 1)])
def test_a_password_that_is_too_short_or_too_long_is_not_taken(password: str):
    """Before anything is computed."""
    with pytest.raises(UsageError):
        hashed(password)


def test_something_that_is_no_hash_opens_to_nobody():
    """Settings refuse it before; here it is no error either."""
    assert not is_right("$argon2id$nonsense", PASSWORD)
