"""Which records may go to the disk together, and with what bytes?

Whoever writes the log is the last who can keep a contradiction out of it: a request that names
a reservation nobody recorded, an end without a request, a reservation whose documents are
not stored, a disclosure that no commitment fits. Such an entry is refused alone; the
others of its batch go on.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from guard.errors import LeafError
from guard.evidence import record, reservation_record, segment
from guard.evidence.disclosure import Disclosure
from guard.evidence.merkle import leaf_hash
from guard.evidence.record import RecordKind
from guard.evidence.retention import Lifetime, is_verified, lifetime_of, lifetime_of_group
from guard.store.side_store import Kept, Values, head

_OURS: Final = frozenset({RecordKind.BOOT, RecordKind.CLOCK, RecordKind.KEY, RecordKind.REPAIR})
"""Records that only the log's own keeper may write."""


_DOCUMENTS: Final = {RecordKind.RULES: ("rules", "rule set"), RecordKind.IDENTITY: ("sha256", "document")}
"""Records that name a blob: the field with its digest, and what it is."""
_KNOWN_ELSEWHERE: Final = (b'"kind":"gap"', b'"kind":"era"', b'"kind":"hold"')
"""Who wanted to write one of these keeps it until it is written."""


class Entry(NamedTuple):
    """One record to append, and the values it commits to."""

    leaf: bytes
    disclosures: Sequence[Disclosure] = ()

    @property
    def counts(self) -> bool:
        """Whether its loss is a gap."""
        return not any(kind in self.leaf for kind in _KNOWN_ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one entry of a batch can not become a record. Nothing of it was written."""

    reason: str


@dataclass(slots=True)
class Batch:
    """What one append puts on the disk."""

    first: int
    """Index of its first leaf."""
    known_reservations: AbstractSet[str]
    """Digests of the sets that earlier batches put on record."""
    has_blob: Callable[[str], bool]
    """Say whether the document with this SHA-256 is stored."""
    holding: Callable[[int, record.Record, Sequence[Disclosure]], Sequence[str]] = lambda _index, _one, _values: ()
    """Say which holds a record falls under that is about to be written."""
    hashes: list[bytes] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    rows: list[Values] = field(default_factory=list)
    held: list[tuple[int, str]] = field(default_factory=list)
    """Index of a record, and a hold that it falls under."""
    new_reservations: set[str] = field(default_factory=set)
    verified: list[int] = field(default_factory=list)
    """When a crawler came whose claim was verified."""

    @property
    def next(self) -> int:
        """Index of the next leaf."""
        return self.first + len(self.hashes)

    def admit(self, entry: Entry) -> int | Refusal:
        """Add a record that a client wants to have, if the log stays whole with it."""
        try:
            one = record.read(entry.leaf)
        except LeafError as error:
            return Refusal(str(error))
        reason = self._against(one) or undisclosable(one, entry.disclosures)
        if reason:
            return Refusal(reason)
        if one.kind is RecordKind.RESERVATION:
            self.new_reservations.add(one.fields["digest"])
        if is_verified(one):
            self.verified.append(one.at)
        index = self.add(entry.leaf)
        if entry.disclosures:
            self.rows += _values(index, one, entry.disclosures)
            if names := self.holding(index, one, entry.disclosures):
                self.held += [(index, name) for name in names]
        return index

    def add(self, leaf: bytes) -> int:
        """Add a leaf as it is and return its index."""
        index = self.next
        hashed = leaf_hash(leaf)
        self.hashes.append(hashed)
        self.frames.append(segment.encode(leaf, hashed))
        return index

    def _against(self, one: record.Record) -> str:
        """Return what speaks against the record; empty if nothing does."""
        fields = one.fields
        match one.kind:
            case RecordKind.REQUEST:
                named = fields["rsv"]
                if named and named not in self.known_reservations and named not in self.new_reservations:
                    return f"no record holds the reservation {named}"
            case RecordKind.END:
                if fields["req"] >= self.next:
                    return f"there is no record {fields['req']} to end"
            case RecordKind.RESERVATION:
                return self._against_reservation(one)
            case RecordKind.RULES | RecordKind.IDENTITY:
                name, what = _DOCUMENTS[one.kind]
                if not self.has_blob(fields[name]):
                    return f"the {what} {fields[name]} was not stored before"
            case RecordKind.ANCHOR:
                if fields["size"] > self.next:
                    return f"no head of this log has {fields['size']} records yet"
            case kind if kind in _OURS:
                return f"a {kind.value} record is written by the recorder alone"
            case _:
                pass
        return ""

    def _against_reservation(self, one: record.Record) -> str:
        if reservation_record.reservation_digest(one) != one.fields["digest"]:
            return "the digest is not that of the reservation"
        for document in one.fields["set"]["documents"]:
            if not self.has_blob(document["sha256"]):
                return f"the document {document['sha256']} was not stored before"
        return ""


def kept(index: int, one: record.Record, disclosures: Sequence[Disclosure]) -> list[Kept]:
    """Return what the side store keeps of the record at `index`, and how long."""
    return [(index, each.group, each.data, lifetime_of(one, each.group)) for each in disclosures]


def _values(index: int, one: record.Record, disclosures: Sequence[Disclosure]) -> list[Values]:
    """Return what `kept` does, as it lies in the store."""
    people: list[bytes] = []
    tools: list[bytes] = []
    verified = is_verified(one)
    for group, data, _ in disclosures:
        lifetime, length, name = _place_of(group)
        (tools if verified or lifetime is Lifetime.TOOLS else people).extend((head(length, len(data)), name, data))
    rows = ((Lifetime.PEOPLE, people), (Lifetime.TOOLS, tools))
    return [(index, lifetime, b"".join(parts)) for lifetime, parts in rows if parts]


@lru_cache(maxsize=64)
def _place_of(group: str) -> tuple[Lifetime, int, bytes]:
    name = group.encode()
    return lifetime_of_group(group), len(name), name


def undisclosable(one: record.Record, disclosures: Sequence[Disclosure]) -> str:
    """Return why `disclosures` are not values that the record commits to; empty if they are."""
    commitments = one.fields.get("sd", ())
    groups = set()
    for group, data, _ in disclosures:
        if sha256(data).hexdigest() not in commitments:
            return f"the record does not commit to its {group}"
        groups.add(group)
    return "" if len(groups) == len(disclosures) else "two values of one group"
