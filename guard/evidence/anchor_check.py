"""Does what others vouch for agree with the log that is here?

Each file in `log/anchors/` must vouch for a checkpoint of this log, and be the one that an `anc`
record names. A file that vouches for a head that is not here is no stray: records were
taken away, or the history was written anew after it was stamped. The same is asked of heads
that the reader got elsewhere, from a witness for example.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from guard.errors import GuardError
from guard.evidence import time_stamp
from guard.evidence.anchor import FOLDER, TRUST, Anchor, AnchorKind, read_anchor
from guard.evidence.bracket import Brackets, disagreements
from guard.evidence.checkpoint import CheckpointError, VerifierKey, split, unsigned, verify
from guard.evidence.cosignature import CosignerKey, cosignatures, parse_cosigner_key
from guard.evidence.record import Record
from guard.evidence.report import Findings, LogFiles
from guard.evidence.time_stamp import Token

Believe = Callable[[bytes, bytes], Token]
"""Take the reply of an authority and what it stamped; return what it says, or raise GuardError if it does not hold."""
Head = tuple[str, bytes]
"""Where the reader has a checkpoint from, and its bytes."""

_CLOCK_TOLERANCE: Final = 60_000_000
_OTHER_HEAD: Final = (
    "vouches for a head that log/checkpoints.log does not have: records were taken away, or it is of another log"
)


class AnchorCheck:
    """Is fed the `anc` records in order, and reads the files when all are known."""

    def __init__(
        self,
        findings: Findings,
        files: LogFiles,
        believe: Believe | None,
        heads: Sequence[Head],
        demanded: Sequence[CosignerKey] = (),
    ) -> None:
        """Take what `guard.evidence.verify.verify_log` was given; of each of `demanded` there must be a cosignature."""
        self._findings = findings
        self._files = files
        self._believe = believe
        self._heads = heads
        self._demanded = demanded
        self._seen: dict[CosignerKey, int] = dict.fromkeys(demanded, 0)
        """How many records the newest head has that each of them cosigned."""
        self._wanted: dict[int, list[tuple[str, bytes]]] = defaultdict(list)
        self._records: dict[str, list[tuple[str, Anchor]]] = defaultdict(list)
        self._worst_clock: tuple[int, Anchor | None] = (0, None)
        """By how many microseconds our own clock differed most from an authority's, and at which anchor."""
        self._others = 0
        self._keys: Sequence[VerifierKey] = ()
        self._signed = 0

    def expect(self, keys: Sequence[VerifierKey]) -> None:
        """Take the heads that the reader got elsewhere; `keys` are those of the log."""
        for place, note in self._heads:
            try:
                one = verify(note, keys)
            except CheckpointError as error:
                self._findings.fault(place, str(error))
            else:
                self._wanted[one.size].append((place, one.root))

    @property
    def sizes(self) -> Mapping[int, object]:
        """At which sizes `grown` must be called."""
        return self._wanted

    def grown(self, size: int, root: bytes) -> None:
        """Compare the tree of `size` records with the heads of that size."""
        for place, expected in self._wanted.pop(size, ()):
            if root != expected:
                self._findings.fault(
                    place, f"has another root for {size} records than this log: there are two histories, and the same "
                    "key signed both"
                )  # fmt: skip

    def leaf(self, place: str, index: int, one: Record) -> None:
        """Take an `anc` record."""
        anchor = read_anchor(one, index)
        if anchor is None:
            self._others += 1
            return
        if anchor.size > index:
            self._findings.fault(place, f"vouches for {anchor.size} records, more than there are before it")
            return
        self._records[anchor.path].append((place, anchor))
        if anchor.kind is AnchorKind.TIME_STAMP and abs(one.at - anchor.time) > abs(self._worst_clock[0]):
            self._worst_clock = (one.at - anchor.time, anchor)

    def finish(self, keys: Sequence[VerifierKey], signed: int) -> tuple[Anchor, ...]:
        """Read all files and return the anchors that hold, by size; of the log the first `signed` records are known."""
        self._keys, self._signed = keys, signed
        for size, heads in self._wanted.items():
            for place, _ in heads:
                self._findings.fault(place, f"is of {size} records, and the log does not have that many any more")
        files: dict[str, bytes] = {}
        for path in self._files.names(FOLDER):
            if path.startswith(f"{TRUST}/"):
                continue
            data = self._files.read(path)
            if not path.endswith(tuple(one.ending for one in AnchorKind)):
                self._findings.note(f"log/{path} is no file of the log")
            elif data is None or sha256(data).hexdigest() != path.removeprefix(f"{FOLDER}/").partition(".")[0]:
                self._findings.fault(f"log/{path}", "not the bytes that its name is the hash of")
            else:
                files[path] = data
        for path, records in self._records.items():
            if path not in files and self._files.read(path) is None and records[0][1].index < signed:  # type: ignore[operator]
                self._findings.fault(records[0][0], f"names log/{path}, which is missing")
        found = [one for one in self._anchors(files) if one is not None]
        self._check_demanded()
        self._notes(found)
        return tuple(sorted(found, key=lambda one: (one.size, one.time)))

    def _anchors(self, files: Mapping[str, bytes]) -> Iterable[Anchor | None]:
        if not files or not self._keys:
            return
        says = {path: self._claim(path, data) for path, data in files.items()}
        imprints = {one.imprint for one in says.values() if one is not None}
        sizes = {one.size for one in says.values() if one is not None}
        notes, texts = self._history(imprints, sizes)
        witnesses = self._witnesses()
        for path, claim in says.items():
            if claim is None:
                continue
            if claim.kind is AnchorKind.TIME_STAMP:
                yield self._time_stamp(path, files[path], claim, notes)
            else:
                yield self._cosignature(path, files[path], claim, texts, witnesses)

    def _claim(self, path: str, data: bytes) -> Anchor | None:
        """Return what a file says of itself; size and root of a token come from the checkpoint that it is over."""
        record = self._records[path][0][1] if path in self._records else None
        try:
            if path.endswith(AnchorKind.TIME_STAMP.ending):
                token = time_stamp.read(data)
                return Anchor(
                    kind=AnchorKind.TIME_STAMP, size=-1, root="", imprint=token.imprint.hex(), time=token.time,
                    accuracy=token.accuracy, sha256=sha256(data).hexdigest(),
                    authority=record.authority if record else time_stamp.name_of(token.signer),
                    qualified=record.qualified if record else False,
                )  # fmt: skip
            one = verify(data, self._keys)
        except GuardError as error:
            self._findings.fault(f"log/{path}", str(error))
            return None
        return Anchor(
            kind=AnchorKind.COSIGNATURE, size=one.size, root=one.root.hex(), imprint="", time=0, accuracy=0,
            sha256=sha256(data).hexdigest(), authority=record.authority if record else "",
        )  # fmt: skip

    def _history(self, imprints: set[str], sizes: set[int]) -> tuple[dict[str, bytes], dict[tuple[int, str], str]]:
        """Return the notes with these hashes, and the hashes of the notes of these sizes by size and root."""
        notes: dict[str, bytes] = {}
        texts: dict[tuple[int, str], str] = {}
        # Read anew: what was stamped since the first reading is in it.
        for piece in split(self._files.read("checkpoints.log") or b""):
            digest = sha256(piece).hexdigest()
            if digest in imprints:
                notes[digest] = piece
            size = piece.split(b"\n", 2)[1:2]
            if size and size[0].isdigit() and len(size[0]) < 17 and int(size[0]) in sizes:
                try:
                    one = unsigned(piece)
                except CheckpointError:
                    continue
                texts[one.size, one.root.hex()] = digest
        return notes, texts

    def _witnesses(self) -> list[CosignerKey]:
        found = list(self._demanded)
        names = {one.name for one in found}
        for path in self._files.names(TRUST):
            if path.endswith(".vkey"):
                try:
                    key = parse_cosigner_key((self._files.read(path) or b"").decode("utf-8", "replace").strip())
                except CheckpointError as error:
                    self._findings.fault(f"log/{path}", str(error))
                else:
                    found += [key] if key.name not in names else []  # the reader's own copy goes first
        return found

    def _check_demanded(self) -> None:
        for key, size in self._seen.items():
            if not size:
                self._findings.fault(f"log/{FOLDER}", f"no cosignature of the witness {key.name}, and one was demanded")
            elif size < self._signed:
                self._findings.note(
                    f"the witness {key.name} saw the first {size} records and not the {self._signed - size} newer ones"
                )

    def _time_stamp(self, path: str, data: bytes, claim: Anchor, notes: Mapping[str, bytes]) -> Anchor | None:
        note = notes.get(claim.imprint)
        if note is None:
            self._findings.fault(f"log/{path}", _OTHER_HEAD)
            return None
        try:
            checkpoint = verify(note, self._keys)
            if self._believe is not None:
                self._believe(data, note)
        except GuardError as error:
            self._findings.fault(f"log/{path}", str(error))
            return None
        if checkpoint.size > self._signed:
            return None  # of a head that was made since the log was read
        return self._on_record(path, replace(claim, size=checkpoint.size, root=checkpoint.root.hex()))

    def _cosignature(
        self,
        path: str,
        data: bytes,
        claim: Anchor,
        texts: Mapping[tuple[int, str], str],
        witnesses: Sequence[CosignerKey],
    ) -> Anchor | None:
        imprint = texts.get((claim.size, claim.root))
        if imprint is None:
            self._findings.fault(f"log/{path}", _OTHER_HEAD)
            return None
        try:
            made = cosignatures(data, witnesses)
        except CheckpointError as error:
            self._findings.fault(f"log/{path}", str(error))
            return None
        if not made:
            self._findings.note(f"log/{path} could not be checked: the key of its witness is not in log/{TRUST}")
            return None
        if claim.size > self._signed:
            return None
        said = replace(claim, imprint=imprint, time=made[0].time * 1_000_000, authority=made[0].key.name)
        for one in made:
            if one.key in self._seen:
                self._seen[one.key] = max(self._seen[one.key], claim.size)
        return self._on_record(path, said)

    def _on_record(self, path: str, said: Anchor) -> Anchor | None:
        """Return the anchor with its place in the log, if its records say the same."""
        index = None
        for place, one in self._records.get(path, ()):
            if replace(one, index=None, qualified=said.qualified) != said:
                self._findings.fault(place, f"says something else than log/{path}, which it names")
                return None
            index = one.index if index is None else index
        if index is None:
            self._findings.note(f"no record names log/{path}: it tells how old records are, not how young")
        return replace(said, index=index)

    def _notes(self, found: Sequence[Anchor]) -> None:
        for one in disagreements(found):
            self._findings.note(
                f"two authorities disagree about the head of {one.early.size} records by {span(one.difference)}: "
                f"{one.early.authority} says {when(one.early.time)}, {one.late.authority} says {when(one.late.time)}; "
                "the bracket holds both"
            )
        brackets = Brackets(found)
        if any(one.index is not None and brackets.of(one.index).contradicts for one in found):
            self._findings.note(
                "an authority's clock ran backwards: a token is older than one that was on record before"
            )
        off, anchor = self._worst_clock
        if anchor is not None and abs(off) > _CLOCK_TOLERANCE:
            self._findings.note(
                f"this machine's clock was {span(abs(off))} {'fast' if off > 0 else 'slow'} at record {anchor.index}, "
                f"by that of {anchor.authority}"
            )
        if self._others:
            self._findings.note(f"{self._others} anchors are of a kind that is not known here, and were not looked at")
        if self._believe is None and any(one.kind is AnchorKind.TIME_STAMP for one in found):
            self._findings.note("the signatures of time-stamp tokens were not checked")


def when(microseconds: int) -> str:
    """Return a time in words, to the second."""
    try:
        return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{microseconds} µs"


def span(microseconds: int) -> str:
    """Return a length of time in words, in the two largest units that it has."""
    seconds = microseconds // 1_000_000
    if seconds < 1:
        return f"{microseconds / 1_000_000:.2g} s"
    units = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    parts = []
    for size, name in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])
