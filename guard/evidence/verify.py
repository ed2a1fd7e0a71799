"""Is the log on disk still what was written, and where is it not?

Everything is read and nothing is believed: each frame against its hash, each leaf against the
profile and the schema, the tree against every checkpoint ever signed, each checkpoint
against the key, tiles against the tree, blobs against their names, disclosures against
their commitments. A *fault* is a contradiction; a *note* is what a reader should know and
is no contradiction: an append that a crash cut short, a value that was erased.

Works while the log is being written: the checkpoint is read first, and what came after
it is the unsigned tail. Hostile bytes give faults, never an exception.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from guard.errors import LeafError
from guard.evidence import record, reservation_record, segment
from guard.evidence.anchor_check import AnchorCheck, Believe, Head
from guard.evidence.checkpoint import Checkpoint, CheckpointError, VerifierKey, parse_verifier_key, split
from guard.evidence.clock_check import ClockCheck
from guard.evidence.comparison import Roots, Rows, Tiles
from guard.evidence.cosignature import CosignerKey
from guard.evidence.key_chain import KeyChain
from guard.evidence.merkle import EMPTY_ROOT, Frontier, leaf_hash
from guard.evidence.report import Findings, LogFiles, Report
from guard.evidence.segment import Damage, Flaw, Frame


def verify_log(
    files: LogFiles,
    vkey: str = "",
    *,
    believe: Believe | None = None,
    heads: Sequence[Head] = (),
    witnesses: Sequence[CosignerKey] = (),
) -> Report:
    """Check a whole log.

    Args:
        vkey: The key that the reader trusts, else the log's own is taken.
        believe: Whether time-stamp tokens hold; without it their signatures are not checked.
        heads: Checkpoints that the reader has from elsewhere, which this log must go on from.
        witnesses: Keys of witnesses, each of whom must have cosigned a head of this log.
    """
    findings = Findings()
    return _Verification(files, vkey, AnchorCheck(findings, files, believe, heads, witnesses), findings).run()


_Readers = tuple[Rows, Tiles, Roots]
_NO_COMMITMENTS: Final[list[str]] = []


@dataclass(slots=True)
class _Verification:
    files: LogFiles
    trusted: str
    anchors: AnchorCheck
    findings: Findings
    kinds: Counter[str] = field(default_factory=Counter)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    key: VerifierKey | None = None
    tree: Frontier = field(default_factory=Frontier)
    requests: dict[int, bool] = field(default_factory=dict)
    """Request records by index, until their end is seen."""
    reservations: set[str] = field(default_factory=set)
    rule_sets: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    blobs: dict[str, str] = field(default_factory=dict)
    """The digest of each blob that a reservation or a rule set names, and the place that named it."""
    chain: KeyChain | None = None
    at_least: int = 0
    """The size of the newest valid checkpoint."""
    unsigned_bytes: int = 0
    newer: int = 0
    clock: ClockCheck = field(default_factory=ClockCheck)
    first_at: int = 0
    last_at: int = 0

    def run(self) -> Report:
        self._read_key()
        self._read_checkpoints()
        rows = Rows(self.findings, self.files)
        tiles = Tiles(self.findings, self.files)
        self.tree = tiles.tree
        segments = self._read_segments(rows, tiles)
        rows.finish()
        tiles.finish()
        self._check_blobs()
        anchors = self.anchors.finish(self.chain.known if self.chain else (), self.at_least)
        if self.chain is not None:
            self.chain.check()
        self._write_notes(rows.undisclosed)
        return Report(
            holds=not self.findings.faults,
            origin=self.key.name if self.key else "",
            vkey=str(self.key) if self.key else "",
            records=self.tree.size,
            kinds=tuple(sorted(self.kinds.items())),
            segments=segments,
            checkpoints=len(self.checkpoints),
            signed_records=self.at_least,
            unsigned_records=max(0, self.tree.size - self.at_least),
            unsigned_bytes=self.unsigned_bytes,
            first_at=self.first_at,
            last_at=self.last_at,
            disclosed=rows.disclosed,
            undisclosed=rows.undisclosed,
            faults=tuple(self.findings.faults),
            more_faults=self.findings.more_faults,
            notes=tuple(self.findings.notes),
            anchors=anchors,
        )

    def _read_key(self) -> None:
        text = self.trusted
        stored = self.files.read("vkey")
        try:
            if stored is None:
                self.findings.fault("log/vkey", "the file is missing")
            elif not self.trusted:
                text = stored.decode().removesuffix("\n")
                self.findings.note("the key was taken from the log itself; compare it with one you got another way")
            elif stored != self.trusted.encode() + b"\n":
                self.findings.fault("log/vkey", "not the key that was given to verify with")
            if text or stored is not None:
                self.key = parse_verifier_key(text)
            if stored is not None and self.key is not None and stored != str(self.key).encode() + b"\n":
                self.findings.fault("log/vkey", "more in it than one key and a line feed")
        except (CheckpointError, UnicodeDecodeError) as error:
            self.findings.fault("log/vkey", str(error))

    def _read_checkpoints(self) -> None:
        # The newest is read first: while the log is being written, what is read later holds at least as much.
        newest_note = self.files.read("checkpoint")
        history = self.files.read("checkpoints.log") or b""
        if self.key is None:
            return
        self.chain = chain = KeyChain(self.findings, self.files, self.key)
        newest = chain.read(newest_note, "log/checkpoint") if newest_note is not None else None
        pieces = list(split(history))
        for count, piece in enumerate(pieces):
            place = f"log/checkpoints.log, checkpoint {count}"
            if count == len(pieces) - 1 and not piece.endswith(b"\n"):
                self.findings.note(f"an unfinished checkpoint of {len(piece)} bytes ends log/checkpoints.log")
                continue
            one = chain.read(piece, place)
            if one is None:
                continue
            if self.checkpoints and one.size < self.checkpoints[-1].size:
                self.findings.fault(
                    place, f"of size {one.size}, smaller than the {self.checkpoints[-1].size} before it"
                )
            self.checkpoints.append(one)
        if newest is not None and newest not in self.checkpoints[-1000:] and newest not in self.checkpoints:
            self.findings.fault("log/checkpoint", f"the checkpoint of size {newest.size} is not in log/checkpoints.log")
            self.checkpoints.append(newest)
        if newest_note is None and self.checkpoints:
            self.findings.fault("log/checkpoint", "the file is missing")
        self.anchors.expect(chain.known)
        self.at_least = max((one.size for one in self.checkpoints), default=0)

    def _read_segments(self, rows: Rows, tiles: Tiles) -> int:
        wanted = Roots(self.findings, self.checkpoints)
        wanted.check(0, EMPTY_ROOT)
        numbers = []
        for path in self.files.names("seg"):
            number = segment.number(path.removeprefix("seg/"))
            if number is None:
                self.findings.note(f"log/{path} is no file of the log")
            else:
                numbers.append(number)
        numbers.sort()
        missing = sorted(set(range(numbers[-1] + 1)) - set(numbers)) if numbers else []
        if missing:
            self.findings.fault(
                f"log/seg/{segment.name(missing[0])}", f"missing, as are {len(missing) - 1} further segments"
            )
            numbers = [one for one in numbers if one < missing[0]]
        data = self.files.read(f"seg/{segment.name(numbers[0])}") if numbers else None
        for one in numbers:
            after = self.files.read(f"seg/{segment.name(one + 1)}") if one < numbers[-1] else None
            if not self._read_segment(one, data, after, (rows, tiles, wanted)):
                break
            data = after
        if self.tree.size < self.at_least:
            place = f"log/seg/{segment.name(numbers[-1] if numbers else 0)}"
            self.findings.fault(
                f"{place}, record {self.tree.size}",
                f"the log ends after {self.tree.size} records, but {self.at_least} were signed",
            )
        return len(numbers)

    def _read_segment(self, number: int, data: bytes | None, after: bytes | None, readers: _Readers) -> bool:
        """Read one segment and say whether the next can be read."""
        file = f"log/seg/{segment.name(number)}"
        if data is None:
            self.findings.fault(file, "can not be read")
            return False
        end = len(data)
        dead = cut_by_next(number, after)
        if dead is not None and dead <= end:
            if dead < end:
                self.findings.note(f"{end - dead} bytes at the end of {file} were never part of the log, as it says")
            end = dead
        at: int | None = 0
        while at is not None:
            start, at = at, None
            for one in segment.scan(data, start, end):
                if isinstance(one, Frame):
                    self._leaf(file, one, readers)
                else:
                    at = self._damage(file, one, end, after is not None)
                    if at is None:
                        return False
                    # The stored hash is wrong for these bytes: count the record, by the bytes that are there.
                    body = data[one.offset + segment.HEAD_SIZE : at]
                    readers[0].leaf(self.tree.size, None)
                    self._grow(leaf_hash(body), readers)
        return True

    def _damage(self, file: str, damage: Damage, end: int, followed: bool) -> int | None:
        index = self.tree.size
        if index >= self.at_least and not followed:
            self.unsigned_bytes = end - damage.offset
            what = "was cut short by a crash" if damage.torn else f"is damaged ({damage.flaw})"
            self.findings.note(
                f"{self.unsigned_bytes} bytes beyond the last checkpoint are no whole records: the end of {file} {what}"
            )
            return None
        self.findings.fault(f"{file}, record {index}", f"{damage.flaw}, at byte {damage.offset}")
        return damage.resume if damage.flaw is Flaw.HASH else None

    def _grow(self, hashed: bytes, readers: _Readers) -> None:
        _, tiles, wanted = readers
        tiles.push(hashed)
        if self.tree.size in wanted.sizes:
            wanted.check(self.tree.size, self.tree.root())
        if self.tree.size in self.anchors.sizes:
            self.anchors.grown(self.tree.size, self.tree.root())

    def _leaf(self, file: str, frame: Frame, readers: _Readers) -> None:
        index = self.tree.size
        commitments: list[str] | None = None
        try:
            one = record.read(frame.leaf)
        except LeafError as error:
            self.findings.fault(f"{file}, record {index}", str(error))
        else:
            self.kinds[one.fields["kind"]] += 1
            self.newer += bool(one.unknown)
            self.first_at = self.first_at or one.at
            self.last_at = one.at
            commitments = one.fields.get("sd", _NO_COMMITMENTS)
            self.clock.see(one)
            self._meaning(file, index, one)
        readers[0].leaf(index, commitments)
        self._grow(frame.hash, readers)

    def _of_the_log(self, index: int, one: record.Record) -> None:
        """Take what a record says about the log itself."""
        if one.kind is record.RecordKind.KEY and self.chain is not None:
            self.chain.record(index, one)
        elif one.kind is record.RecordKind.BOOT and (before := one.fields.get("before_origin")):
            self.findings.note(
                f"this log goes on after another one, {before}, of which {one.fields.get('before_size', 0)} records "
                f"are known to have been signed: {one.fields.get('before_why', '')}"
            )

    def _request(self, one: record.Record) -> Iterator[str]:
        named = one.fields["rsv"]
        if named and named not in self.reservations:
            yield f"names the reservation {named[:16]}…, which no earlier record holds"
        rules = one.fields["rules"]
        if rules and rules not in self.rule_sets:
            yield f"names the rule set {rules[:16]}…, which no earlier record holds"
        for used in one.fields.get("sources", ()):
            if used not in self.sources:
                yield f"names the source {used[:16]}…, which no earlier record holds"

    def _meaning(self, file: str, index: int, one: record.Record) -> None:
        if one.kind is record.RecordKind.REQUEST:
            self.requests[index] = True
            for fault in self._request(one):
                self.findings.fault(f"{file}, record {index}", fault)
        elif one.kind is not record.RecordKind.END:
            self._of_the_log(index, one)
            self._named(f"{file}, record {index}", index, one)
        elif self.requests.pop(one.fields["req"], None) is None:
            self.findings.fault(
                f"{file}, record {index}",
                f"ends request {one.fields['req']}, which is no earlier request or has ended",
            )

    def _named(self, place: str, index: int, one: record.Record) -> None:
        """Take a record that later ones may name."""
        match one.kind:
            case record.RecordKind.RESERVATION:
                digest = reservation_record.reservation_digest(one)
                if digest != one.fields["digest"]:
                    self.findings.fault(
                        place, f"the reservation's digest is {digest[:16]}…, not {one.fields['digest'][:16]}…"
                    )
                self.reservations.add(digest)
                for document in one.fields["set"]["documents"]:
                    self.blobs.setdefault(document["sha256"], place)
            case record.RecordKind.IDENTITY:
                self.sources.add(one.fields["sha256"])
                self.blobs.setdefault(one.fields["sha256"], place)
            case record.RecordKind.RULES:
                self.rule_sets.add(one.fields["rules"])
                self.blobs.setdefault(one.fields["rules"], place)
            case record.RecordKind.ANCHOR:
                self.anchors.leaf(place, index, one)
            case _:
                pass

    def _check_blobs(self) -> None:
        stored = {path.removeprefix("blobs/") for path in self.files.names("blobs")}
        for digest, place in self.blobs.items():
            if digest not in stored:
                self.findings.fault(place, f"names the document {digest[:16]}…, but log/blobs/{digest} is missing")
        for name in sorted(stored):
            data = self.files.read(f"blobs/{name}")
            if data is None or sha256(data).hexdigest() != name:
                self.findings.fault(f"log/blobs/{name}", "not the bytes that its name is the hash of")
        unnamed = len(stored - self.blobs.keys())
        if unnamed:
            self.findings.note(f"{unnamed} stored documents are named by no record")

    def _write_notes(self, undisclosed: int) -> None:
        unsigned = self.tree.size - self.at_least
        if unsigned > 0:
            self.findings.note(f"{unsigned} records are newer than the last checkpoint and not signed yet")
        if self.requests:
            self.findings.note(f"{len(self.requests)} requests have no record of how their answer ended")
        if self.newer:
            self.findings.note(f"{self.newer} records have fields of a newer version, which were not looked at")
        if self.kinds["gap"]:
            self.findings.note(f"the log admits gaps: {self.kinds['gap']} records say what could not be recorded")
        if self.kinds["rec"]:
            self.findings.note(f"the log was repaired {self.kinds['rec']} times after a crash or a failed write")
        for note in self.clock.notes():
            self.findings.note(note)
        if undisclosed:
            self.findings.note(f"{undisclosed} committed values are not disclosable: erased or not here")


def cut_by_next(number: int, following: bytes | None) -> int | None:
    """Return the offset at which the segment after `number` says that `number` ends; None if it does not say.

    A segment whose write failed is left as it is; the next one begins with a `rec` record that names the place.
    """
    if following is None:
        return None
    first = next(segment.scan(following), None)
    if not isinstance(first, Frame):
        return None
    try:
        one = record.read(first.leaf)
    except LeafError:
        return None
    if one.kind is not record.RecordKind.REPAIR or one.fields["segment"] != number:
        return None
    return int(one.fields["offset"])
