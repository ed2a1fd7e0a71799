"""Do tiles lie where C2SP tlog-tiles says, with the hashes that proofs need?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.evidence.merkle import Frontier, consistency_proof, inclusion_holds, inclusion_proof, leaf_hash, nodes_of
from guard.evidence.tile import Tile, TileRows, nodes_in_tiles, parse_path

PATHS = {
    Tile(0, 0): "tile/0/000",
    Tile(0, 5, 17): "tile/0/005.p/17",
    Tile(1, 1000): "tile/1/x001/000",
    Tile(0, 1234067): "tile/0/x001/x234/067",
    Tile(2, 999, 255): "tile/2/999.p/255",
}


@pytest.mark.parametrize("tile", PATHS, ids=str)
def test_a_path_is_that_of_the_specification(tile):
    """The example of the specification and the borders of its groups."""
    assert tile.path == PATHS[tile]
    assert parse_path(PATHS[tile]) == tile


@given(st.integers(0, 63), st.integers(0, 10**17), st.integers(1, 256))
def test_a_path_is_read_back(level, index, width):
    """Each tile has one path."""
    assert parse_path(Tile(level, index, width).path) == Tile(level, index, width)


@pytest.mark.parametrize(
    "path",
    ["tile/0/00", "tile/0/0000", "tile/00/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/007",
     "tile/0/x000/000", "tile/0/001/000", "tile/0/000/", "tile/0/000.p", "tile/-1/000", "tile/0/../000",
     "tile/100/000"],
)  # fmt: skip
def test_other_paths_are_no_tiles(path):
    """No second path leads to a tile."""
    assert parse_path(path) is None


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700, 65_536, 66_000])
def test_proofs_from_tiles_are_those_from_leaves(size):
    """The tiles of a tree hold all that its proofs need."""
    hashes = [leaf_hash(b"%d" % i) for i in range(size)]
    rows, tree, stored = TileRows(), Frontier(), {}
    for one in hashes:
        tree.push(one)
        for tile, data in rows.push(one):
            stored[tile] = data
    for tile, data in rows.partial():
        stored[tile] = data
    node = nodes_in_tiles(size, stored.__getitem__)

    assert (rows.tree.size, rows.tree.root()) == (size, tree.root())
    for index in {0, size // 2, size - 1}:
        proof = inclusion_proof(index, size, node)
        assert inclusion_holds(index=index, size=size, leaf=hashes[index], root=tree.root(), proof=proof)
    if size < 1000:
        assert consistency_proof(size // 2 + 1, size, node) == consistency_proof(size // 2 + 1, size, nodes_of(hashes))
