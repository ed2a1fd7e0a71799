"""Are proofs made from tiles, also of a log that has grown since?"""

import shutil

import pytest

from guard.errors import EvidenceError
from guard.evidence.checkpoint import split, unsigned
from guard.evidence.merkle import consistency_holds
from guard.evidence.tile import Tile
from guard.store.tile_files import consistency, read_tile
from tests.support.evidence import fill, open_log


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    root = tmp_path_factory.mktemp("tiles") / "e"
    opened = open_log(root)
    fill(opened, 150)
    opened.close()
    return root / "log"


def heads(log):
    return [unsigned(one) for one in split((log / "checkpoints.log").read_bytes())]


def test_every_checkpoint_is_shown_to_be_the_beginning_of_every_later_one(log):
    """Most of their partial tiles are gone since a tile became full."""
    found = heads(log)
    for old in found[::7]:
        for new in found[::11]:
            if 0 < old.size < new.size:
                proof = consistency(log, old.size, new.size)
                assert consistency_holds(
                    old=old.size, new=new.size, old_root=old.root, new_root=new.root, proof=proof
                ), (old.size, new.size)
    assert not (log / Tile(0, 0, 255).path).exists()


def test_nothing_is_to_be_proved_from_nothing_or_from_itself(log):
    """So the specification of witnesses says."""
    assert consistency(log, 0, 5) == ()
    assert consistency(log, 5, 5) == ()


def test_a_tile_that_is_gone_is_named(log, tmp_path):
    """The guard writes it again when it starts."""
    shutil.copytree(log, tmp_path / "log")
    shutil.rmtree(tmp_path / "log/tile/0")
    with pytest.raises(EvidenceError, match="tile/0/000 is missing"):
        read_tile(tmp_path / "log", Tile(0, 0))
    with pytest.raises(EvidenceError, match="is missing: no proof can be made"):
        consistency(tmp_path / "log", 5, 300)
