"""How is a witness asked to cosign a head of this log?

C2SP tlog-witness, add-checkpoint: the size that it saw last, a proof that the log only grew since,
the checkpoint. What it answers is believed only if it is a good signature of its key. A
witness that knows a longer log, or another one of the same size, says that this log is not
the only one: that is no failure of the line but an alarm.
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import aiohttp

from guard.errors import EvidenceError
from guard.evidence.anchor import Anchor, AnchorKind
from guard.evidence.checkpoint import Checkpoint, CheckpointError, unsigned
from guard.evidence.cosignature import CosignerKey, cosignatures
from guard.exporter.authority import SECONDS, AskError, post
from guard.store import anchor_files
from guard.store.tile_files import consistency

LARGEST_ANSWER: Final = 64 * 1024
ATTEMPTS: Final = 3
"""A witness says once what it knows; then another of our own processes may have been faster."""
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,15})\n")


class ContradictionError(EvidenceError):
    """A witness has seen another history of this log than this one."""


@dataclass(frozen=True, slots=True)
class _Answer:
    cosigned: bytes = b""
    size: int = 0
    """What the witness knows, where it does not cosign because of that."""


async def ask_witness(
    http: aiohttp.ClientSession,
    url: str,
    key: CosignerKey,
    log: Path,
    note: bytes,
    *,
    known: int,
    seconds: float = SECONDS,
) -> Anchor:
    """Have the checkpoint `note` cosigned and keep that with the log; its record is still to be written.

    Args:
        key: The witness's.
        known: The size that it is thought to know.

    Raises:
        ContradictionError: It has seen another history.
        GuardError: It did not cosign for another reason, or the cosignature could not be kept.
    """
    head = unsigned(note)
    address = f"{url.rstrip('/')}/add-checkpoint"
    size = min(known, head.size)
    for _ in range(ATTEMPTS):
        body = request(size, consistency(log, size, head.size), note)
        answer = await _post(http, address, body, head, seconds)
        if answer.cosigned:
            return _kept(answer.cosigned, key, head, log, note)
        size = answer.size
    raise AskError("it knows another size each time it is asked")


def request(old: int, proof: tuple[bytes, ...], note: bytes) -> bytes:
    """Return the body of a request."""
    lines = "".join(f"{b64encode(one).decode()}\n" for one in proof)
    return f"old {old}\n{lines}\n".encode() + note


async def _post(http: aiohttp.ClientSession, address: str, body: bytes, head: Checkpoint, seconds: float) -> _Answer:
    status, _, answer = await post(http, address, body, "text/plain", seconds=seconds, limit=LARGEST_ANSWER)
    if status == 200:
        return _Answer(cosigned=answer)
    if status == 409:
        found = _SIZE.fullmatch(answer)
        if found is None:
            raise AskError("it answers with status 409 and no size")
        if int(found[1]) > head.size:
            raise ContradictionError(
                f"it has seen {int(found[1]):,} records of this log, which has {head.size:,}: a backup was restored, "
                "or there is another copy of this log"
            )
        return _Answer(size=int(found[1]))
    if status == 422:
        raise ContradictionError(
            f"it does not find that this log of {head.size:,} records goes on from the one it saw: there are two "
            "histories"
        )
    if status in {403, 404}:
        raise AskError(f"it does not know the log {head.origin}: whoever runs it must add the key in log/vkey")
    raise AskError(f"it answers with status {status}")


def _kept(lines: bytes, key: CosignerKey, head: Checkpoint, log: Path, note: bytes) -> Anchor:
    try:
        made = cosignatures(note + lines, [key])
    except CheckpointError as error:
        raise AskError(str(error)) from None
    if not made:
        raise AskError(f"its answer has no signature of {key.name}")
    anchor_files.keep_witness_key(log, str(key))
    return Anchor(
        kind=AnchorKind.COSIGNATURE,
        size=head.size,
        root=head.root.hex(),
        imprint=sha256(note).hexdigest(),
        time=made[0].time * 1_000_000,
        accuracy=0,
        authority=key.name,
        sha256=anchor_files.keep(log, AnchorKind.COSIGNATURE, note + lines),
    )
