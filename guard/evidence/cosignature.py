"""Does a witness vouch that it saw this head, and no other of the same log?

C2SP tlog-cosignature: a signature line of a note whose bytes are the time (8, big-endian
seconds since 1970) and an Ed25519 signature over `cosignature/v1`, that time and the text of
the checkpoint. Its key has another type (0x04) than the key of a log, so neither can be
taken for the other.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from guard.evidence.checkpoint import NAME, Checkpoint, CheckpointError, hashed_key, note_parts, signature_line

_COSIGNATURE: Final = b"\x04"
_TIME: Final = 8
_SIGNATURE: Final = 64
_LATEST: Final = 1 << 53


@dataclass(frozen=True, slots=True, kw_only=True)
class CosignerKey:
    """The key of a witness, and the name it signs under."""

    name: str
    public: bytes
    """The 32 bytes of the Ed25519 public key."""

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature line names the key."""
        return hashed_key(self.name, _COSIGNATURE + self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(_COSIGNATURE + self.public).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """One witness saw one head."""

    key: CosignerKey
    time: int
    """Seconds since 1970, as the witness's clock said."""


def cosigner_key(name: str, key: Ed25519PrivateKey) -> CosignerKey:
    """Return the public side of `key` under `name`.

    Raises:
        CheckpointError: It can not be a name.
    """
    if not NAME.fullmatch(name):
        raise CheckpointError(f"{name!r:.80} can not be the name of a witness: no spaces, no plus sign, 255 characters")
    return CosignerKey(name=name, public=key.public_key().public_bytes_raw())


def parse_cosigner_key(text: str) -> CosignerKey:
    """Return the key of the text form `<name>+<id>+<base64>`.

    Raises:
        CheckpointError: It is something else; the key of a log is told apart.
    """
    name, _, rest = text.partition("+")
    hashed, _, encoded = rest.partition("+")
    try:
        data = b64decode(encoded, validate=True)
    except ValueError:
        data = b""
    if len(data) == 33 and data[:1] == b"\x01":
        raise CheckpointError("this is the key of a log; the key of a witness is needed, as `guard witness key` prints")
    if not NAME.fullmatch(name) or len(data) != 33 or data[:1] != _COSIGNATURE or b64encode(data).decode() != encoded:
        raise CheckpointError("not the Ed25519 key of a witness, of the form <name>+<id>+<base64>")
    key = CosignerKey(name=name, public=data[1:])
    if hashed != key.id.hex():
        raise CheckpointError(f"the key's id is {hashed!r:.20} but its name and bytes give {key.id.hex()}")
    return key


def cosign(checkpoint: Checkpoint, key: Ed25519PrivateKey, name: str, time: int) -> str:
    """Return the signature line, with its line feed, that says: at `time` (seconds) this was the newest head seen."""
    signer = cosigner_key(name, key)
    signature = time.to_bytes(_TIME, "big") + key.sign(_message(checkpoint.text, time))
    return signature_line(name, signer.id, signature)


def cosignatures(note: bytes, keys: Sequence[CosignerKey]) -> tuple[Cosignature, ...]:
    """Return what those of `keys` whose signatures are on `note` say; other signatures are ignored.

    Raises:
        CheckpointError: It is no note, or a signature that claims one of the keys is wrong.
    """
    text, signatures = note_parts(note)
    found = []
    for name, hashed, data in signatures:
        for key in keys:
            if (name, hashed) == (key.name, key.id):
                found.append(Cosignature(key=key, time=_checked(key, data, text)))
    return tuple(found)


def _checked(key: CosignerKey, data: bytes, text: str) -> int:
    time = int.from_bytes(data[:_TIME], "big")
    if len(data) != _TIME + _SIGNATURE or not 0 < time < _LATEST:
        raise CheckpointError(f"the cosignature of {key.name} is no time and signature")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(data[_TIME:], _message(text, time))
    except (InvalidSignature, ValueError):
        raise CheckpointError(f"the cosignature of {key.name} is wrong") from None
    return time


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
