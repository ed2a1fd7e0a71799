"""Is the key of a witness kept safe, and together with its memory?"""

import pytest

from guard.errors import EvidenceError
from guard.evidence.checkpoint import CheckpointError
from guard.store import witness_key


def test_a_key_survives_its_file(tmp_path):
    """With its name, and with a memory beside it."""
    made = witness_key.create(tmp_path / "w.key", "w.example/1")
    found = witness_key.load(tmp_path / "w.key")

    assert found.public == made.public
    assert found.public.name == "w.example/1"
    assert witness_key.memory_of(tmp_path / "w.key").is_file()
    assert (tmp_path / "w.key").stat().st_mode & 0o077 == 0


def test_a_key_is_never_made_anew(tmp_path):
    """The logs know the old one."""
    witness_key.create(tmp_path / "w.key", "w.example/1")

    with pytest.raises(EvidenceError, match="a witness keeps its key"):
        witness_key.create(tmp_path / "w.key", "w.example/1")


def test_a_key_that_others_can_read_is_refused(tmp_path):
    """Whoever has it can sign as this witness."""
    witness_key.create(tmp_path / "w.key", "w.example/1")
    (tmp_path / "w.key").chmod(0o644)

    with pytest.raises(EvidenceError, match="chmod 600"):
        witness_key.load(tmp_path / "w.key")


@pytest.mark.parametrize(
    "data", [b"", b"witness: x\n", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_another_file_is_told(tmp_path, data):
    """And a missing one is too."""
    (tmp_path / "w.key").write_bytes(data)
    (tmp_path / "w.key").chmod(0o600)

    with pytest.raises(EvidenceError, match="is no key of a witness"):
        witness_key.load(tmp_path / "w.key")
    with pytest.raises(EvidenceError, match="`guard witness key` makes one"):
        witness_key.load(tmp_path / "gone.key")


def test_a_name_must_be_one(tmp_path):
    """Nothing is written then."""
    with pytest.raises(CheckpointError):
        witness_key.create(tmp_path / "w.key", "two words")

    assert list(tmp_path.iterdir()) == []
