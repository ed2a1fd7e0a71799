"""Is the tree that of RFC 6962, and do proofs hold exactly when they should?"""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.evidence.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    leaf_hash,
    nodes_of,
)

# The leaves and roots of Certificate Transparency's reference implementation.
LEAVES = [
    bytes.fromhex(one)
    for one in ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(b"%d" % i) for i in range(70)]


def by_definition(hashes):
    """RFC 6962, section 2.1, word for word, over leaf hashes."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + by_definition(hashes[:k]) + by_definition(hashes[k:])).digest()


def grown(count):
    tree = Frontier()
    for one in HASHES[:count]:
        tree.push(one)
    return tree


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size):
    """The published vectors come out."""
    tree = Frontier()
    for leaf in LEAVES[:size]:
        tree.push(leaf_hash(leaf))

    assert tree.root().hex() == ROOTS[size - 1]


def test_roots_are_those_of_the_definition():
    """The incremental tree equals the recursive definition at every size."""
    tree = Frontier()
    assert tree.root() == EMPTY_ROOT == by_definition([])
    for size, one in enumerate(HASHES, 1):
        tree.push(one)
        assert tree.root() == by_definition(HASHES[:size])


def test_a_frontier_goes_on_from_its_nodes():
    """What a frontier remembers is enough to grow the same tree."""
    for size in range(40):
        one = grown(size)
        other = Frontier(one.size, one.nodes)
        other.push(HASHES[size])
        assert other.root() == by_definition(HASHES[: size + 1])


def test_a_frontier_of_another_size_is_refused():
    """The number of full subtrees is that of the bits of the size."""
    with pytest.raises(ValueError, match="full subtrees"):
        Frontier(3, [HASHES[0]])


def test_every_inclusion_proof_holds_for_its_place_only():
    """A proof leads from this leaf at this index to this root, and from nothing else."""
    for size in range(1, 35):
        node, root = nodes_of(HASHES[:size]), by_definition(HASHES[:size])
        for index in range(size):
            proof = inclusion_proof(index, size, node)
            good = {"index": index, "size": size, "leaf": HASHES[index], "root": root, "proof": proof}
            assert inclusion_holds(**good)
            assert not inclusion_holds(**{**good, "leaf": HASHES[-1]})
            assert not inclusion_holds(**{**good, "root": HASHES[-1]})
            assert not inclusion_holds(**{**good, "proof": (*proof, HASHES[-1])})
            assert not inclusion_holds(**{**good, "index": size})
            assert not inclusion_holds(**{**good, "index": -1})
            if proof:
                assert not inclusion_holds(**{**good, "proof": proof[:-1]})
                assert not inclusion_holds(**{**good, "proof": (HASHES[-1], *proof[1:])})
                assert not inclusion_holds(**{**good, "proof": (proof[0][:31], *proof[1:])})
                assert not inclusion_holds(**{**good, "index": (index + 1) % size})


def test_every_consistency_proof_holds_for_its_sizes_only():
    """A proof shows that this tree is the beginning of that one, and of no other."""
    for new in range(1, 35):
        node, new_root = nodes_of(HASHES[:new]), by_definition(HASHES[:new])
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, node)
            good = {
                "old": old,
                "new": new,
                "old_root": by_definition(HASHES[:old]),
                "new_root": new_root,
                "proof": proof,
            }
            assert consistency_holds(**good)
            assert not consistency_holds(**{**good, "old_root": HASHES[-1]})
            assert not consistency_holds(**{**good, "new_root": HASHES[-1]})
            assert not consistency_holds(**{**good, "proof": (*proof, HASHES[-1])})
            assert not consistency_holds(**{**good, "old": 0})
            assert not consistency_holds(**{**good, "old": new + 1})
            if proof:
                assert not consistency_holds(**{**good, "proof": proof[:-1]})
                assert not consistency_holds(**{**good, "proof": (*proof[:-1], proof[-1][:31])})


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_no_proof_is_made_for_a_leaf_outside(index, size):
    """Asking for it is the caller's mistake."""
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_proof(index, size, nodes_of(HASHES))


@given(st.integers(-2, 40), st.integers(-2, 40), st.lists(st.binary(max_size=33), max_size=8))
def test_hostile_proofs_do_not_hold(index, size, proof):
    """Arbitrary bytes are no proof, and checking them raises nothing."""
    assert not inclusion_holds(index=index, size=size, leaf=HASHES[0], root=b"", proof=proof)
    assert not consistency_holds(old=index, new=size, old_root=b"", new_root=HASHES[0], proof=proof)
