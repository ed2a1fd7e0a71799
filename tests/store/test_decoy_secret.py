"""The secret that the addresses of decoys are made from."""

import stat

import pytest

from guard.errors import GuardError
from guard.store.decoy_secret import load_or_create


def test_the_secret_is_made_once(tmp_path):
    """It is the same after a restart, and readable by nobody else."""
    file = tmp_path / "guard" / "decoys.secret"
    secret = load_or_create(file)

    assert len(secret) == 32
    assert load_or_create(file) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_damaged_secret_is_an_error(tmp_path):
    """A short one could be guessed."""
    file = tmp_path / "decoys.secret"
    file.write_bytes(b"short")
    with pytest.raises(GuardError, match="32 bytes"):
        load_or_create(file)
