"""What does the tree over the leaves commit to, and how is that shown with few hashes?

RFC 6962, section 2.1: the hash of a leaf is SHA-256 of 0x00 and its bytes, that of a node
SHA-256 of 0x01 and its two children; the left subtree is the largest full one. A *frontier*
is the list of full subtrees of a tree, largest first: it is all that is needed to append
and to know the root. Proofs need the hashes of full subtrees; where these are kept (in
memory, in tiles) is the caller's affair, who passes a function `node(level, index)`.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

Node = Callable[[int, int], bytes]
"""Give the hash of the full subtree of 2^level leaves that begins at leaf index * 2^level."""

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
_NONE: Final[list[bytes]] = []


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf's bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above `left` and `right`."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """An append-only tree that remembers its root and nothing else: at most 64 hashes."""

    __slots__ = ("_nodes", "size")

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        if len(nodes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} full subtrees, not {len(nodes)}")
        self.size = size
        self._nodes = list(nodes)

    def __repr__(self) -> str:
        return f"<Frontier size={self.size} root={self.root().hex()[:16]}>"

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """The full subtrees, largest first: enough to make this frontier again."""
        return tuple(self._nodes)

    def push(self, leaf: bytes) -> Sequence[bytes]:
        """Append one leaf, given by its leaf hash.

        Return the hashes of the full subtrees of 256, 65,536, … leaves that end with it: mostly none.
        """
        nodes, size, level = self._nodes, self.size, 0
        tall = [] if size & 255 == 255 else _NONE
        while size & 1:
            leaf = sha256(b"\x01" + nodes.pop() + leaf).digest()
            size >>= 1
            level += 1
            if level & 7 == 0:
                tall.append(leaf)
        nodes.append(leaf)
        self.size += 1
        return tall

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        if not self._nodes:
            return EMPTY_ROOT
        root = self._nodes[-1]
        for node in reversed(self._nodes[:-1]):
            root = node_hash(node, root)
        return root


def nodes_of(leaves: Sequence[bytes]) -> Node:
    """Return a `node` function over leaf hashes in memory. It computes anew each time: for small trees."""

    def node(level: int, index: int) -> bytes:
        row = list(leaves[index << level : (index + 1) << level])
        if len(row) != 1 << level:
            raise IndexError(f"the subtree at level {level}, index {index} is not full")
        return fold(row)

    return node


def fold(row: Sequence[bytes]) -> bytes:
    """Return the root of a full subtree, given its 2^k hashes of one level."""
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def subtree_root(start: int, end: int, node: Node) -> bytes:
    """Return the RFC 6962 hash of the leaves from `start` up to `end`, `start` being aligned to the whole."""
    count = end - start
    if count == 0:
        return EMPTY_ROOT
    level = count.bit_length() - 1
    if count == 1 << level and start % count == 0:
        return node(level, start >> level)
    middle = start + _split(count)
    return node_hash(subtree_root(start, middle, node), subtree_root(middle, end, node))


def inclusion_proof(index: int, size: int, node: Node) -> tuple[bytes, ...]:
    """Return the hashes that lead from leaf `index` to the root of the first `size` leaves, lowest first."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(subtree_root(middle, end, node))
            end = middle
        else:
            proof.append(subtree_root(start, middle, node))
            start = middle
    return tuple(reversed(proof))


def consistency_proof(old: int, new: int, node: Node) -> tuple[bytes, ...]:
    """Return the hashes that show that the tree of `old` leaves is the beginning of that of `new` leaves."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {old} can not be the beginning of a tree of {new}")
    proof: list[bytes] = []
    start, end, whole = 0, new, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(subtree_root(middle, end, node))
            end = middle
        else:
            proof.append(subtree_root(start, middle, node))
            start, whole = middle, False
    if not whole:
        proof.append(subtree_root(start, end, node))
    return tuple(reversed(proof))


def inclusion_holds(*, index: int, size: int, leaf: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether `proof` leads from the leaf hash `leaf` at `index` to `root` (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, seen = index, size - 1, leaf
    for sibling in proof:
        if last == 0 or len(sibling) != HASH_SIZE:
            return False
        if at & 1 or at == last:
            seen = node_hash(sibling, seen)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            seen = node_hash(seen, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and seen == root


def consistency_holds(*, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether `proof` shows that `old_root` is the beginning of `new_root` (RFC 9162, section 2.1.4.2)."""
    if not 0 < old <= new or any(len(one) != HASH_SIZE for one in proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    seen_old = seen_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            seen_old, seen_new = node_hash(sibling, seen_old), node_hash(sibling, seen_new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            seen_new = node_hash(seen_new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and seen_old == old_root and seen_new == new_root


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)
