"""Which keys may sign this log's checkpoints, and since when?

One key is trusted from outside. Each further one is named by a record, and counts from there on
if a checkpoint that covers this record is signed by a key that counted before. So whoever
knows the first key can follow the log through every rotation. A key that a record calls lost
vouches for nothing alone any more after the checkpoint that covers that record.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from guard.evidence import segment
from guard.evidence.checkpoint import (
    Checkpoint,
    CheckpointError,
    UnknownSignerError,
    VerifierKey,
    parse_verifier_key,
    verify,
)
from guard.evidence.record import Record
from guard.evidence.report import Findings, LogFiles

_KEY_RECORD: Final = re.compile(rb'"kind":"key"[^{}]{0,200}?"vkey":"([^"\\]{1,500})"')
"""Where a segment may name a key; whether it does is found out when it is read as records."""


@dataclass(slots=True)
class KeyChain:
    """The keys of one log."""

    findings: Findings
    files: LogFiles
    first: VerifierKey
    known: list[VerifierKey] = field(default_factory=list)
    """All that might count, the first one first."""
    _records: list[tuple[int, str, bool]] = field(default_factory=list)
    _signed: list[tuple[str, int, frozenset[str]]] = field(default_factory=list)
    """Place, size and signers of each checkpoint, once there is more than one key."""
    _looked: bool = False

    def __post_init__(self) -> None:
        self.known = [self.first]

    def read(self, note: bytes, place: str) -> Checkpoint | None:
        """Return a checkpoint of this log that a key signed which may count; None, and a fault, if it is none."""
        try:
            one = self._verified(note)
            if one.origin != self.first.name:
                raise CheckpointError(f"of the log {one.origin!r:.80}, not of {self.first.name}")
        except CheckpointError as error:
            self.findings.fault(place, str(error))
            return None
        self._signed.append((place, one.size, self._signers(note)))
        return one

    def record(self, index: int, one: Record) -> None:
        """Take the record of a key."""
        self._records.append((index, one.fields["vkey"], one.fields.get("lost", False)))

    def check(self) -> None:
        """Compare who signed with what the records say."""
        if not self._records:
            return
        if str(self.first) not in {vkey for _, vkey, _ in self._records}:
            self.findings.fault("log/vkey", "the log names another key as its own")
            return
        since = {str(self.first): 0}
        lost: dict[str, int] = {}
        newest = str(self.first)
        for index, vkey, is_lost in self._records:
            if vkey == newest:
                continue
            if any(size > index and signers & since.keys() for _, size, signers in self._signed):
                since.setdefault(vkey, index + 1)
            if is_lost:
                lost.setdefault(newest, index)
            newest = vkey
        covered: set[str] = set()
        for place, size, signers in sorted(self._signed, key=lambda one: one[1]):
            counting = {one for one in signers if one in since and size >= since[one]}
            if not counting:
                self.findings.fault(place, "signed only by a key that nothing signed before it vouches for")
            elif counting <= lost.keys() and all(size > lost[one] for one in counting):
                if covered >= counting:
                    self.findings.fault(
                        place, f"signed only by a key that record {max(lost[one] for one in counting)} calls lost"
                    )
                covered |= counting
        if len(since) > 1:
            self.findings.note(
                f"the key was rotated {len(since) - 1} times; each one was vouched for by the one before"
            )

    def _verified(self, note: bytes) -> Checkpoint:
        try:
            return verify(note, self.known)
        except UnknownSignerError:
            if self._looked:
                raise
        self._look_for_keys()
        return verify(note, self.known)

    def _signers(self, note: bytes) -> frozenset[str]:
        if len(self.known) == 1:
            return frozenset((str(self.first),))
        found = set()
        for key in self.known:
            try:
                verify(note, (key,))
            except UnknownSignerError:
                continue
            found.add(str(key))
        return frozenset(found)

    def _look_for_keys(self) -> None:
        """Find the keys that records may name, before the records are read: checkpoints are read first."""
        self._looked = True
        for path in self.files.names("seg"):
            if segment.number(path.removeprefix("seg/")) is None:
                continue
            for match in _KEY_RECORD.finditer(self.files.read(path) or b""):
                try:
                    key = parse_verifier_key(match[1].decode())
                except (CheckpointError, UnicodeDecodeError):
                    continue
                if key.name == self.first.name and key not in self.known:
                    self.known.append(key)
