"""May a witness cosign this checkpoint, given the last one it cosigned of the same log?

C2SP tlog-witness, add-checkpoint. The answer follows from the request, the keys of the logs and
what was seen before; whoever keeps that must compare and keep it in one step, and keep it
before the answer is sent. Signatures of unknown keys are ignored, a bad one under a known
key is refused. Only Ed25519, and no extension lines: this program's logs have none.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from guard.errors import EvidenceError
from guard.evidence.checkpoint import (
    Checkpoint,
    CheckpointError,
    VerifierKey,
    note_parts,
    signature_line,
    unsigned,
    verify,
)
from guard.evidence.merkle import EMPTY_ROOT, HASH_SIZE, consistency_holds

MOST_LINES: Final = 63
LARGEST_REQUEST: Final = 80 * 1024
SIZE_TYPE: Final = "text/x.tlog.size"

_OLD = re.compile(rb"old (0|[1-9][0-9]{0,15})")


class RequestMalformedError(EvidenceError):
    """Bytes are no request to a witness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """What a log sends."""

    old: int
    """The size that it thinks the witness knows."""
    proof: tuple[bytes, ...]
    note: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A head that the witness has cosigned."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why the witness does not cosign."""

    status: int
    reason: str
    size: int | None = None
    """What the witness knows, where that is the reason (409)."""
    signed: Checkpoint | None = None
    """The head, if the log did sign it: such a note may be proof that it has two histories."""


def parse_request(body: bytes) -> AddCheckpoint:
    """Read the body of a request.

    Raises:
        RequestMalformedError: It is not one.
    """
    head, separator, note = body.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    old = _OLD.fullmatch(first)
    if old is None or not separator or not note:
        raise RequestMalformedError("not an old size, a proof, an empty line and a checkpoint")
    if len(lines) > MOST_LINES:
        raise RequestMalformedError(f"a proof of more than {MOST_LINES} hashes")
    try:
        proof = tuple(b64decode(line, validate=True) for line in lines)
    except (Base64Error, ValueError):
        raise RequestMalformedError("a line of the proof is not base64") from None
    if any(len(one) != HASH_SIZE for one in proof):
        raise RequestMalformedError("a line of the proof is not a hash")
    return AddCheckpoint(old=int(old[1]), proof=proof, note=note)


def origin_hash(origin: str) -> str:
    """Return what stands for a log in the path at which a witness publishes its checkpoint."""
    return sha256(origin.encode()).hexdigest()


def judge(request: AddCheckpoint, logs: Mapping[str, Sequence[VerifierKey]], seen: Seen | None) -> Checkpoint | Refused:
    """Return the head to cosign, or why it is not cosigned.

    Args:
        logs: The keys of each log, by its origin.
        seen: The last head of this log that was cosigned; None for none.
    """
    head = of_known_log(request.note, logs)
    if isinstance(head, Refused):
        return head
    if request.old > head.size:
        return Refused(status=400, reason="the old size is larger than the checkpoint's")
    known = seen.size if seen else 0
    if request.old != known:
        return Refused(status=409, reason=f"the last one cosigned has {known} records", size=known, signed=head)
    if head.size == 0 and head.root != EMPTY_ROOT:
        return Refused(status=422, reason="an empty tree has another root", signed=head)
    if seen is None or known == 0:
        if request.proof:
            return Refused(status=422, reason="there is nothing to prove from an empty tree", signed=head)
    elif not consistency_holds(old=known, new=head.size, old_root=seen.root, new_root=head.root, proof=request.proof):
        same_size = known == head.size
        why = "it has another root of the same size" if same_size else "the proof does not show that it goes on from it"
        return Refused(status=422, reason=f"a checkpoint was cosigned, and {why}", signed=head)
    return head


def of_known_log(note: bytes, logs: Mapping[str, Sequence[VerifierKey]]) -> Checkpoint | Refused:
    """Return what a checkpoint says, if a log that is known here signed it."""
    try:
        keys = logs.get(unsigned(note).origin)
    except CheckpointError as error:
        return Refused(status=400, reason=str(error))
    if keys is None:
        return Refused(status=404, reason="this log is not known here")
    try:
        return verify(note, keys)
    except CheckpointError as error:
        return Refused(status=403, reason=str(error))


def cosigned_note(note: bytes, keys: Sequence[VerifierKey], line: str) -> bytes:
    """Return the checkpoint with the signatures of the log's `keys` and the cosignature `line`, and no others."""
    text, signatures = note_parts(note)
    known = {(key.name, key.id) for key in keys}
    kept = [signature_line(*one) for one in signatures if one[:2] in known]
    return f"{text}\n{''.join(kept)}{line}".encode()
