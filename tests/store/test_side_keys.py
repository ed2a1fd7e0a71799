"""What was sealed is read with its key, in its place, and with no other."""

import pytest

from guard.errors import EvidenceError
from guard.store.side_keys import SideKeys


@pytest.fixture
def keys(tmp_path):
    one = SideKeys(tmp_path / "keys")
    one.create(1)
    return one


def test_what_is_sealed_can_be_opened_by_who_has_the_key(keys, tmp_path):
    """Also later, by another process."""
    sealed = keys.seal(1, 7, 2, b"203.0.113.7")

    assert b"203.0.113.7" not in sealed
    assert keys.open(1, 7, 2, sealed) == SideKeys(tmp_path / "keys").open(1, 7, 2, sealed) == b"203.0.113.7"
    assert (tmp_path / "keys" / "1").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("leaf", "lifetime"), [(8, 2), (7, 1)])
def test_what_is_sealed_is_bound_to_its_place(keys, leaf, lifetime):
    """A row that was moved to another record says nothing there."""
    with pytest.raises(EvidenceError, match="were changed"):
        keys.open(1, leaf, lifetime, keys.seal(1, 7, 2, b"x"))


@pytest.mark.parametrize("place", range(0, 29, 4))
def test_a_changed_byte_is_noticed(keys, place):
    """In the nonce, the text or the tag."""
    sealed = bytearray(keys.seal(1, 7, 2, b"x"))
    sealed[place] ^= 1

    with pytest.raises(EvidenceError):
        keys.open(1, 7, 2, bytes(sealed))


def test_without_its_key_nothing_is_opened(keys, tmp_path):
    """For who had it in memory, too; destroying twice is no error."""
    sealed = keys.seal(1, 7, 2, b"x")
    key = (tmp_path / "keys" / "1").read_bytes()
    descriptor = (tmp_path / "keys" / "1").open("rb")
    keys.destroy(1)
    keys.destroy(1)

    assert keys.open(1, 7, 2, sealed) is None
    assert not keys.has(1)
    assert list((tmp_path / "keys").iterdir()) == []
    assert descriptor.read() == bytes(32) != key  # the file itself was overwritten
    descriptor.close()
    with pytest.raises(EvidenceError, match="is missing"):
        keys.seal(1, 7, 2, b"x")


def test_a_key_of_zeros_is_none(keys, tmp_path):
    """So a crash leaves it between overwriting and taking away."""
    sealed = keys.seal(1, 7, 2, b"x")
    (tmp_path / "keys" / "1").write_bytes(bytes(32))

    assert SideKeys(tmp_path / "keys").open(1, 7, 2, sealed) is None
