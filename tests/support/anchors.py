"""How does a test get outside time into a log, without a network between?"""

from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guard.evidence import checkpoint, time_stamp
from guard.evidence.anchor import Anchor, AnchorKind, anchor_record
from guard.evidence.cosignature import cosign, cosigner_key
from guard.exporter import token_trust
from guard.exporter.token_trust import Trust
from guard.server.log_line import open_log
from guard.store import anchor_files
from guard.store.log_values import microseconds
from tests.support.authority import Authority


def token_over(log: Path, authority: Authority, *, url: str = "https://tsa.example") -> Anchor:
    """Have the newest checkpoint stamped and keep the token; there is no record of it yet."""
    note = anchor_files.read_checkpoint(log)
    reply = authority.reply(time_stamp.request(time_stamp.digest(note), 7))
    token = time_stamp.read(reply)
    head = checkpoint.unsigned(note)
    anchor_files.keep_certificate(log, authority.root.pem)
    return Anchor(
        kind=AnchorKind.TIME_STAMP,
        size=head.size,
        root=head.root.hex(),
        imprint=sha256(note).hexdigest(),
        time=token.time,
        accuracy=token.accuracy,
        authority=url,
        sha256=anchor_files.keep(log, AnchorKind.TIME_STAMP, reply),
    )


def put_on_record(root: Path, anchor: Anchor, at: int = 0) -> int:
    """Write the `anc` record of an anchor and return its index."""
    with open_log(root) as line:
        return line.append(anchor_record(anchor, at=at or microseconds()))


def stamp(root: Path, authority: Authority, **options: str) -> int:
    """Have the log stamped and return the index of the `anc` record."""
    return put_on_record(root, token_over(root / "log", authority, **options))


def believer(*authorities: Authority):
    """Return what a verification that trusts these authorities asks."""
    trust = Trust(certificates=tuple(one.root.certificate for one in authorities))
    return lambda reply, note: token_trust.verify(reply, note, trust)


WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")
WITNESS_NAME = "witness.example/1"


def cosigned(log: Path, key: Ed25519PrivateKey = WITNESS, time: int = 1_795_575_600) -> Anchor:
    """Have the newest checkpoint cosigned and keep that; there is no record of it yet."""
    note = anchor_files.read_checkpoint(log)
    head = checkpoint.unsigned(note)
    anchor_files.keep_witness_key(log, str(cosigner_key(WITNESS_NAME, WITNESS)))
    data = note + cosign(head, key, WITNESS_NAME, time).encode()
    return Anchor(
        kind=AnchorKind.COSIGNATURE,
        size=head.size,
        root=head.root.hex(),
        imprint=sha256(note).hexdigest(),
        time=time * 1_000_000,
        accuracy=0,
        authority=WITNESS_NAME,
        sha256=anchor_files.keep(log, AnchorKind.COSIGNATURE, data),
    )
