"""Which part of a log makes one case whole, and is it what was signed?

One pass over the log for its tree, one for the records that are asked for, one for the fetches of
the reservation by the same clients. The tree is compared with the signed head before anything is
given out: nobody should export from a log that contradicts itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from guard.errors import EvidenceError, LeafError, LogDamagedError, UsageError
from guard.evidence import disclosure, record
from guard.evidence.anchor import FOLDER, TRUST, Anchor, AnchorKind, read_anchor
from guard.evidence.bracket import Brackets
from guard.evidence.case import Case, CaseRecord, Head, Levels, Role
from guard.evidence.checkpoint import Checkpoint, CheckpointError, VerifierKey, parse_verifier_key, split, verify
from guard.evidence.merkle import consistency_proof, inclusion_proof, leaf_hash
from guard.evidence.record import Record, RecordKind
from guard.store.log_files import LogFolder, open_folder
from guard.store.record_filter import Filter, addresses_of, matching
from guard.store.record_finder import leaves

WHOLE: Final = 10_000
"""Records up to which a range is shown record by record; of a longer one the hashes are."""
MOST_ANCHORS: Final = 24
"""Times of others up to which all are shown; of more those that brackets rest on are."""
_TRAFFIC: Final = frozenset({"req", "end", "agg", "cmt"})
_RESERVATION_SENT: Final = b'"rendition":"reservation"'
_KIND: Final = b'"kind":"'


@dataclass(slots=True)
class _Log:
    """What one pass over the log gives."""

    hashes: list[bytes] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    context: dict[int, bytes] = field(default_factory=dict)
    """Leaves that are about no single client."""
    told: list[int] = field(default_factory=list)
    """Indexes of requests that were answered with a document of the reservation."""


def read_case(path: Path, wanted: Filter, *, at_size: int | None = None) -> Case:
    """Take the records that are meant out of the log at `path`, with all that is needed to check them.

    Args:
        at_size: Take the log as it was with so many records or fewer: the newest head that was signed for no more.

    Raises:
        UsageError: There is no log, no signed head, or no such record.
        LogDamagedError: The log contradicts its signed head; `guard evidence verify` says where.
    """
    folder = open_folder(path)
    key = _key(folder)
    notes = _notes(folder, key)
    size = max((one for one in notes if at_size is None or one <= at_size), default=0)
    if not size:
        raise UsageError(f"no head of {path} was signed" + (f" for {at_size:,} records or fewer" if at_size else ""))
    log = _read(folder, size)
    if len(log.hashes) < size:
        raise LogDamagedError("log/seg", f"{len(log.hashes):,} records, but {size:,} were signed")
    levels = Levels(log.hashes)
    keys = _keys(log, key, notes)
    if levels.root(size) != _checked(notes[size], keys).root:
        raise LogDamagedError(
            "log/seg", f"the tree of {size:,} records is not what was signed; run guard evidence verify"
        )
    chosen = {index: (leaf, one) for index, leaf, one, _ in matching(path, wanted, size=size)}
    if not any(one.kind is RecordKind.REQUEST for _, one in chosen.values()):
        raise UsageError(f"no request in {path} fits; guard evidence show lists what is there")
    disclosed = _disclosed(folder, chosen)
    fetches = _fetches(path, log, size, chosen, disclosed)
    disclosed |= _disclosed(folder, fetches)
    _leave_out(log, chosen, disclosed)
    roles = dict.fromkeys(log.context, Role.BELONGS) | dict.fromkeys(fetches, Role.BELONGS)
    roles |= dict.fromkeys(chosen, Role.CHOSEN)
    start, end = _range(notes, size, chosen)
    shown = range(start, end) if end - start <= WHOLE else range(0)
    kept = {index: leaf for index, (leaf, _) in (fetches | chosen).items()} | log.context
    records = _records(_leaves(folder, kept, shown), roles, levels, size, disclosed)
    anchors = _anchors(folder, records, notes, chosen)
    sizes = {start, end, size, *(one.size for one in anchors), *keys.values()} - {0}
    return Case(
        origin=key.name,
        vkeys=tuple(map(str, keys)),
        wanted=wanted_value(wanted),
        size=size,
        heads=tuple(_head(one, notes[one], levels, size) for one in sorted(sizes)),
        start=start,
        end=end,
        frontier=levels.frontier(start),
        hashes=tuple(log.hashes[start:end]),
        records=records,
        kinds=dict(sorted(log.kinds.items())),
        blobs=_blobs(folder, records),
        anchors=_anchor_files(folder, anchors),
    )


def wanted_value(wanted: Filter) -> dict[str, Any]:
    """Return a filter as it is written down: only what is asked, in a fixed order."""
    value: dict[str, Any] = {
        "actions": sorted(wanted.actions),
        "addresses": sorted(map(str, wanted.addresses)),
        "crawlers": sorted(wanted.crawlers),
        "grades": sorted(wanted.grades),
        "marks": sorted(wanted.marks),
        "operators": sorted(wanted.operators),
        "pictures": sorted(wanted.pictures),
        "records": sorted(wanted.records),
        "since": wanted.since,
        "until": wanted.until,
    }
    return {name: said for name, said in value.items() if said not in ([], None)}


def _key(folder: LogFolder) -> VerifierKey:
    try:
        return parse_verifier_key((folder.read("vkey") or b"").decode().removesuffix("\n"))
    except (CheckpointError, UnicodeDecodeError) as error:
        raise LogDamagedError("log/vkey", str(error)) from None


def _notes(folder: LogFolder, key: VerifierKey) -> dict[int, bytes]:
    """Return the newest note of each size; their signatures are checked when they are used."""
    found: dict[int, bytes] = {}
    for piece in split(folder.read("checkpoints.log") or b""):
        size = piece.split(b"\n", 2)[1:2]
        if piece.startswith(f"{key.name}\n".encode()) and piece.endswith(b"\n") and size and size[0].isdigit():
            found[int(size[0])] = piece
    return found


def _keys(log: _Log, first: VerifierKey, notes: Mapping[int, bytes]) -> dict[VerifierKey, int]:
    """Return the keys of the log so far, and the size of the head by which the key before vouches for each."""
    keys, newest = {first: 0}, first
    for index, leaf in log.context.items():
        if b'"kind":"key"' not in leaf:
            continue
        try:
            following = parse_verifier_key(record.read(leaf).fields["vkey"])
        except (LeafError, CheckpointError) as error:
            raise LogDamagedError(f"record {index}", str(error)) from None
        if following != newest:
            keys.setdefault(following, _vouched(notes, index, newest))
            newest = following
    return keys


def _vouched(notes: Mapping[int, bytes], index: int, key: VerifierKey) -> int:
    for size in sorted(one for one in notes if one > index):
        try:
            verify(notes[size], (key,))
        except CheckpointError:
            continue
        return size
    raise LogDamagedError(f"record {index}", "names a key that the one before did not sign for")


def _checked(note: bytes, keys: Iterable[VerifierKey]) -> Checkpoint:
    try:
        return verify(note, tuple(keys))
    except CheckpointError as error:
        raise LogDamagedError("log/checkpoints.log", str(error)) from None


def _read(folder: LogFolder, size: int) -> _Log:
    log = _Log()
    for index, leaf in leaves(folder):
        if index >= size:
            break
        if index != len(log.hashes):
            raise LogDamagedError(
                f"record {len(log.hashes)}", "not the bytes that were written; run guard evidence verify"
            )
        log.hashes.append(leaf_hash(leaf))
        # The bytes can stand nowhere else in canonical JSON: inside a text the quotes would have backslashes.
        kind = leaf.partition(_KIND)[2].partition(b'"')[0].decode("ascii", "replace")
        log.kinds[kind] += 1
        if kind not in _TRAFFIC:
            log.context[index] = leaf
        elif _RESERVATION_SENT in leaf:
            log.told.append(index)
    return log


def _disclosed(folder: LogFolder, found: Mapping[int, tuple[bytes, Record]]) -> dict[int, tuple[bytes, ...]]:
    """Return the bytes behind the commitments of these records, as far as they are still there."""
    kept: dict[int, tuple[bytes, ...]] = {}
    try:
        for index, _, data in folder.disclosures() or ():
            if index in found and sha256(data).hexdigest() in found[index][1].fields.get("sd", ()):
                kept[index] = (*kept.get(index, ()), data)
    except EvidenceError:  # the side store is away; the log alone says enough
        pass
    return kept


def _values(disclosures: Iterable[bytes]) -> dict[str, Any]:
    return dict(map(disclosure.read, disclosures))


def _fetches(
    path: Path,
    log: _Log,
    size: int,
    chosen: Mapping[int, tuple[bytes, Record]],
    disclosed: Mapping[int, tuple[bytes, ...]],
) -> dict[int, tuple[bytes, Record]]:
    """Return the fetches of the reservation by the clients of the chosen requests, and how they ended.

    A client is who came from the same address under the same name; without an address nobody can say who it was.
    """
    clients = {
        (address, one.fields["claimed"])
        for index, (_, one) in chosen.items()
        if one.kind is RecordKind.REQUEST
        for address in addresses_of(_values(disclosed.get(index, ())).get(disclosure.Group.PERSON.value))
    }
    last = max(chosen, default=0)
    wanted = frozenset(index for index in log.told if index not in chosen and index < last)
    if not clients or not wanted:
        return {}
    found: dict[int, tuple[bytes, Record]] = {}
    for index, leaf, one, values in matching(path, Filter(records=wanted), size=size):
        if one.kind is RecordKind.REQUEST:
            claimed = one.fields["claimed"]
            seen = addresses_of(values.get(disclosure.Group.PERSON.value))
            if any((address, claimed) in clients for address in seen):
                found[index] = leaf, one
        elif one.fields["req"] in found:
            found[index] = leaf, one
    return found


def _leave_out(
    log: _Log, chosen: Mapping[int, tuple[bytes, Record]], disclosed: Mapping[int, tuple[bytes, ...]]
) -> None:
    """Drop from the context the pictures that are not asked about, and looks at the clock at other times."""
    requests = [(index, one) for index, (_, one) in chosen.items() if one.kind is RecordKind.REQUEST]
    originals = {str(one.fields.get("original", "")) for _, one in requests}
    paths = (disclosure.target_of(_values(disclosed.get(index, ()))).partition("?")[0] for index, _ in requests)
    names = {path.rpartition("/")[2] for path in paths} - {""}
    first, last = min(chosen), max(chosen)
    looks = [index for index, leaf in log.context.items() if b'"kind":"clk"' in leaf]
    before = max((index for index in looks if index < first), default=first)
    after = min((index for index in looks if index > last), default=last)
    for index, leaf in list(log.context.items()):
        try:
            one = record.read(leaf)
        except LeafError:
            continue
        about = one.fields.get("sha256") in originals or one.fields.get("name") in names
        if (one.kind in (RecordKind.PICTURE, RecordKind.CANARY) and not about) or (
            one.kind is RecordKind.CLOCK and not before <= index <= after
        ):
            del log.context[index]


def _range(notes: Mapping[int, bytes], size: int, chosen: Iterable[int]) -> tuple[int, int]:
    """Return first and last signed size between which nothing is left out: the whole log, if it is short."""
    if size <= WHOLE:
        return 0, size
    first, last = min(chosen), max(chosen)
    start = max((one for one in notes if one <= first), default=0)
    return start, min(one for one in notes if last < one <= size)


def _leaves(folder: LogFolder, kept: dict[int, bytes], shown: range) -> dict[int, bytes]:
    if not shown:
        return dict(sorted(kept.items()))
    found = dict(kept)
    for index, leaf in leaves(folder):
        if index >= shown.stop:
            break
        if index in shown:
            found[index] = leaf
    return dict(sorted(found.items()))


def _records(
    found: Mapping[int, bytes],
    roles: Mapping[int, Role],
    levels: Levels,
    size: int,
    disclosed: Mapping[int, tuple[bytes, ...]],
) -> tuple[CaseRecord, ...]:
    records = []
    for index, leaf in found.items():
        role = roles.get(index, Role.RANGE)
        try:
            one: Record | None = record.read(leaf)
        except LeafError:
            one = None
        shown = tuple(sorted(disclosed.get(index, ()), key=lambda data: sha256(data).hexdigest()))
        records.append(
            CaseRecord(
                index=index,
                leaf=leaf,
                record=one,
                role=role,
                proof=() if role is Role.RANGE else inclusion_proof(index, size, levels.node),
                values=_values(shown),
                disclosures=shown,
            )
        )
    return tuple(records)


def _head(size: int, note: bytes, levels: Levels, whole: int) -> Head:
    return Head(size=size, note=note, proof=() if size == whole else consistency_proof(size, whole, levels.node))


def _anchors(
    folder: LogFolder, records: Iterable[CaseRecord], notes: Mapping[int, bytes], chosen: Iterable[int]
) -> tuple[Anchor, ...]:
    """Return those of others' times that the brackets of the chosen records rest on, and all of a short list."""
    read = [read_anchor(one.record, one.index) for one in records if one.record and one.kind == "anc"]
    # One over a head that is not here as it was, or whose file is gone, proves nothing any more.
    known = [
        one
        for one in read
        if one is not None
        and sha256(notes.get(one.size, b"")).hexdigest() == one.imprint
        and sha256(folder.read(one.path) or b"").hexdigest() == one.sha256
    ]
    if len(known) <= MOST_ANCHORS:
        return tuple(known)
    brackets = Brackets(known)
    used = {anchor for index in chosen for anchor in (*brackets.of(index).after, *brackets.of(index).before)}
    last = {one.authority: one for one in known if one.kind is AnchorKind.COSIGNATURE}  # of each witness
    used |= set(last.values())
    return tuple(one for one in known if one in used)


def _anchor_files(folder: LogFolder, anchors: Iterable[Anchor]) -> tuple[tuple[str, bytes], ...]:
    """Return what others sent, and by which certificates and keys the owner trusts them, by path in `data/`."""
    paths = [(f"anchors/{one.path.removeprefix(f'{FOLDER}/')}", one.path) for one in anchors]
    paths += [(f"trust/{path.removeprefix(f'{TRUST}/')}", path) for path in folder.names(TRUST) if paths]
    return tuple((name, folder.read(path) or b"") for name, path in paths)


def _blobs(folder: LogFolder, records: Iterable[CaseRecord]) -> dict[str, bytes]:
    """Return the documents that reservations and rule sets name.

    Raises:
        LogDamagedError: One is missing, or not the bytes that were recorded.
    """
    wanted: set[str] = set()
    for one in records:
        if one.role is not Role.RANGE and one.kind == "rsv":
            wanted |= {document["sha256"] for document in one.fields["set"]["documents"]}
        elif one.role is not Role.RANGE and one.kind == "cls":
            wanted.add(one.fields["rules"])
    found = {}
    for digest in sorted(wanted):
        data = folder.read(f"blobs/{digest}")
        if data is None or sha256(data).hexdigest() != digest:
            raise LogDamagedError(f"log/blobs/{digest}", "missing, or not the bytes that were recorded")
        found[digest] = data
    return found
