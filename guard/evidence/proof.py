"""How is it shown in one small file that a record is in a signed log?

C2SP tlog-proof: the index of the record, the hashes that lead from it to the root, and the
signed checkpoint with that root. Whoever has the record's bytes, this file and the log's
key needs nothing else, now or in ten years.
"""

from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from guard.errors import EvidenceError
from guard.evidence.checkpoint import Checkpoint, CheckpointError, VerifierKey, verify
from guard.evidence.merkle import HASH_SIZE, inclusion_holds

HEAD: Final = "c2sp.org/tlog-proof@v1"
LONGEST: Final = 63
"""Hashes in a proof: a tree of 2^63 leaves needs no more (RFC 9162, section 2.1.3)."""


class ProofError(EvidenceError):
    """A proof that does not show what it is for; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Where a record is in a tree, and what that tree is."""

    index: int
    hashes: tuple[bytes, ...]
    """Lowest first."""
    note: bytes
    """The signed checkpoint."""


def write(proof: Proof) -> bytes:
    """Return the file of a proof."""
    return f"{HEAD}\nindex {proof.index}\n{_lines(proof.hashes)}\n".encode() + proof.note


def parse(data: bytes) -> Proof:
    """Read the file of a proof.

    Raises:
        ProofError: It is none. A line with data that an application added (`extra`) is passed over.
    """
    text, separator, note = data.partition(b"\n\n")
    try:
        lines = text.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ProofError("not ASCII before the checkpoint") from None
    if not separator or lines[0] != HEAD:
        raise ProofError(f"not a {HEAD} file")
    lines = lines[2:] if len(lines) > 1 and lines[1].startswith("extra ") else lines[1:]
    word, _, digits = (lines[0] if lines else "").partition(" ")
    if word != "index" or not (digits.isascii() and digits.isdigit()) or digits != str(int(digits[:20])):
        raise ProofError("no index of the record")
    if len(lines) - 1 > LONGEST:
        raise ProofError(f"{len(lines) - 1} hashes, at most {LONGEST} can be needed")
    return Proof(index=int(digits), hashes=tuple(_hash(line) for line in lines[1:]), note=note)


def check(proof: Proof, leaf: bytes, key: VerifierKey) -> Checkpoint:
    """Return the checkpoint of a proof, if it shows that the tree holds the leaf with the hash `leaf`.

    Raises:
        ProofError: It does not: the checkpoint is not signed by `key`, or the hashes do not lead to its root.
    """
    try:
        checkpoint = verify(proof.note, (key,))
    except CheckpointError as error:
        raise ProofError(f"the checkpoint in it: {error}") from None
    if checkpoint.origin != key.name:
        raise ProofError(f"the checkpoint in it is of the log {checkpoint.origin!r:.80}, not of {key.name}")
    if not inclusion_holds(
        index=proof.index, size=checkpoint.size, leaf=leaf, root=checkpoint.root, proof=proof.hashes
    ):
        raise ProofError(f"the record is not number {proof.index} of the {checkpoint.size} that were signed")
    return checkpoint


def _lines(hashes: Sequence[bytes]) -> str:
    return "".join(f"{b64encode(one).decode()}\n" for one in hashes)


def _hash(line: str) -> bytes:
    try:
        data = a2b_base64(line, strict_mode=True)
    except Base64Error:
        data = b""
    if len(data) != HASH_SIZE or b64encode(data).decode() != line:
        raise ProofError(f"not a hash: {line!r:.60}")
    return data
