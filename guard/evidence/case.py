"""What was taken from a log to be shown to somebody who can not see the rest?

A case is a tree of one size, a contiguous range of it that is complete, and the records that
matter with a proof each. Its parts are what a bundle is made of; nothing in it depends on when
it was taken, but on the log up to its size, what is still disclosed, and what was asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from guard.evidence.merkle import Node, node_hash, subtree_root
from guard.evidence.record import Record


class Role(StrEnum):
    """Why a record is in a case."""

    CHOSEN = "chosen"
    """It is what was asked for, or says how the answer to such a request ended."""
    BELONGS = "belongs"
    """It is needed to understand the chosen ones: a key, a reservation, a fetch of it by the same client."""
    RANGE = "range"
    """It lies between them. It is shown as it was committed, and nothing of it is disclosed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """One record whose bytes are in the case."""

    index: int
    leaf: bytes
    record: Record | None
    """None for one that this version can not read."""
    role: Role
    proof: tuple[bytes, ...] = ()
    """From its leaf hash to the root of the case's tree; only of chosen records and those that belong to them."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """By group, what is disclosed of it."""
    disclosures: tuple[bytes, ...] = ()
    """The bytes that its commitments are over."""

    @property
    def kind(self) -> str:
        """Its kind; empty if it can not be read."""
        return "" if self.record is None else self.record.kind.value

    @property
    def fields(self) -> Mapping[str, Any]:
        """What it says; nothing if it can not be read."""
        return {} if self.record is None else self.record.fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One signed head of the log, and how the case's tree grew out of it."""

    size: int
    note: bytes
    proof: tuple[bytes, ...]
    """Consistency proof to the case's size; empty for that size itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that is needed to show some records of a log."""

    origin: str
    vkeys: tuple[str, ...]
    """The keys that signed it, the first one first: by that one others know the log."""
    wanted: Mapping[str, Any]
    """What was asked for, as it is written down."""
    size: int
    """Records in the tree that all proofs lead to."""
    heads: tuple[Head, ...]
    """By size; the last is of the case's size."""
    start: int
    """The first record of the complete range."""
    end: int
    """The record after its last."""
    frontier: tuple[bytes, ...]
    """The full subtrees of the records before the range, the largest first."""
    hashes: tuple[bytes, ...]
    """Leaf hashes of the range."""
    records: tuple[CaseRecord, ...]
    """In the order of the log."""
    kinds: Mapping[str, int]
    """How many records of each kind the whole tree has."""
    blobs: Mapping[str, bytes]
    """By hex SHA-256, the documents that the records name."""
    anchors: tuple[tuple[str, bytes], ...] = ()
    """Path and bytes of what others say about heads in `heads`, and of the certificates that they are trusted by."""

    @property
    def vkey(self) -> str:
        """The key by which others know the log."""
        return self.vkeys[0]

    def of_kind(self, *kinds: str) -> tuple[CaseRecord, ...]:
        """Return the records of these kinds."""
        return tuple(one for one in self.records if one.kind in kinds)


class Levels:
    """All full subtrees over many leaf hashes, so that many proofs are quick."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.size = len(leaves)
        self._rows: list[Sequence[bytes]] = [leaves]
        while len(row := self._rows[-1]) > 1:
            self._rows.append([node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)])

    @property
    def node(self) -> Node:
        """A `node` function for proofs."""

        def of(level: int, index: int) -> bytes:
            return self._rows[level][index]

        return of

    def root(self, size: int) -> bytes:
        """Return the root of the first `size` leaves."""
        return subtree_root(0, size, self.node)

    def frontier(self, size: int) -> tuple[bytes, ...]:
        """Return the full subtrees of the first `size` leaves, the largest first."""
        found, at = [], 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                found.append(self._rows[level][at >> level])
                at += 1 << level
        return tuple(found)
