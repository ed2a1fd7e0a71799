"""Many proofs out of one tree are the same as one by one."""

from hashlib import sha256

import pytest

from guard.evidence.case import Levels
from guard.evidence.merkle import Frontier, inclusion_proof, nodes_of, subtree_root


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_roots_frontiers_and_proofs_are_those_of_the_tree(size: int):
    """For each size up to the whole."""
    leaves = [sha256(b"%d" % number).digest() for number in range(13)]
    levels, node = Levels(leaves), nodes_of(leaves)
    frontier = Frontier()
    for leaf in leaves[:size]:
        frontier.push(leaf)

    assert levels.root(size) == frontier.root() == subtree_root(0, size, node)
    assert levels.frontier(size) == frontier.nodes
    for index in range(size):
        assert inclusion_proof(index, size, levels.node) == inclusion_proof(index, size, node)
