"""Who says that the log had this many records and this root?

A checkpoint is three lines, origin, size and root (C2SP tlog-checkpoint), signed with Ed25519 as
a note (C2SP signed-note): a blank line, then one line a signature, an em dash, the key's
name, and in base64 the key's id and the signature. No extension lines: witnesses refuse
them. A signature of an unknown key is ignored, so keys can rotate and others can cosign;
a bad one under a known key is an error. One checkpoint has exactly one spelling.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from guard.errors import EvidenceError

_ED25519: Final = b"\x01"
_DASH: Final = "\u2014 "
NAME: Final = re.compile(r"[^\s+\x00-\x1f\x7f]{1,255}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
LARGEST_NOTE: Final = 64 * 1024


class CheckpointError(EvidenceError):
    """Bytes are not a checkpoint, or not one that a trusted key signed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A key that signatures are checked with, and the name it signs under."""

    name: str
    public: bytes
    """The 32 bytes of the Ed25519 public key."""

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature line names the key."""
        return key_id(self.name, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(_ED25519 + self.public).decode()}"


class UnknownSignerError(CheckpointError):
    """Nobody signed the note whose key is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The head of a log at one moment."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def key_id(name: str, public: bytes) -> bytes:
    """Return the id of an Ed25519 key: the first four bytes of SHA-256 over name, line feed, 0x01 and key."""
    return hashed_key(name, _ED25519 + public)


def hashed_key(name: str, typed_key: bytes) -> bytes:
    """Return the id of a key of any type, given with its type in front."""
    return sha256(name.encode() + b"\n" + typed_key).digest()[:4]


def signature_line(name: str, hashed: bytes, signature: bytes) -> str:
    """Return the line of a note, with its line feed, that holds a signature of the key with this id."""
    return f"{_DASH}{name} {b64encode(hashed + signature).decode()}\n"


def verifier_key(name: str, key: Ed25519PrivateKey) -> VerifierKey:
    """Return the verifier key that belongs to the private `key` under `name`."""
    if not NAME.fullmatch(name):
        raise CheckpointError(f"{name!r:.80} can not be the name of a key: no spaces, no plus sign, 255 characters")
    return VerifierKey(name=name, public=key.public_key().public_bytes_raw())


def parse_verifier_key(text: str) -> VerifierKey:
    """Return the key of the text form `<name>+<id>+<base64>`.

    Raises:
        CheckpointError: The text is something else, or its parts contradict each other.
    """
    name, _, rest = text.partition("+")
    hashed, _, encoded = rest.partition("+")
    data = _base64(encoded)
    if not NAME.fullmatch(name) or data is None or len(data) != 33 or data[:1] != _ED25519:
        raise CheckpointError("not an Ed25519 verifier key of the form <name>+<id>+<base64>")
    key = VerifierKey(name=name, public=data[1:])
    if hashed != key.id.hex():
        raise CheckpointError(f"the verifier key's id is {hashed!r:.20} but its name and bytes give {key.id.hex()}")
    return key


def sign(checkpoint: Checkpoint, *keys: Ed25519PrivateKey) -> bytes:
    """Return the note that says `checkpoint`, signed by all `keys` under its origin as their name."""
    text = checkpoint.text
    signers = [(verifier_key(checkpoint.origin, key), key) for key in keys]
    lines = [signature_line(signer.name, signer.id, key.sign(text.encode())) for signer, key in signers]
    return f"{text}\n{''.join(lines)}".encode()


def verify(note: bytes, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Return what `note` says, if at least one of `keys` signed it.

    Raises:
        UnknownSignerError: None of `keys` signed it.
        CheckpointError: It is no checkpoint, or a signature that claims one of them is wrong.
    """
    text, signatures = note_parts(note)
    found = 0
    for name, hashed, signature in signatures:
        for key in keys:
            if (name, hashed) == (key.name, key.id):
                _check_signature(key, signature, text)
                found += 1
    if not found:
        raise UnknownSignerError("no signature of a known key")
    return _parse_text(text)


def unsigned(note: bytes) -> Checkpoint:
    """Return what `note` says, whoever signed it: to compare with what is known, never to believe.

    Raises:
        CheckpointError: It is no checkpoint.
    """
    return _parse_text(note_parts(note)[0])


def split(data: bytes) -> Iterator[bytes]:
    """Yield the notes of a file that is one note after the other; a last piece may be unfinished.

    Everything in `data` is in exactly one piece, so whoever verifies every piece has read every byte.
    """
    start, at, signed = 0, 0, False
    while at < len(data):
        end = data.find(b"\n", at) + 1 or len(data)
        is_signature = data.startswith(_DASH.encode(), at)
        if signed and not is_signature:
            yield data[start:at]
            start = at
        signed = is_signature
        at = end
    if start < len(data):
        yield data[start:]


def note_parts(note: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Return the text of a note and its signatures, unchecked: the name, the id of the key, the signature.

    Raises:
        CheckpointError: It is no note.
    """
    if len(note) > LARGEST_NOTE:
        raise CheckpointError(f"longer than {LARGEST_NOTE} bytes")
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise CheckpointError("not UTF-8") from None
    head, separator, tail = whole.partition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise CheckpointError("not a signed note, or an unfinished one")
    signatures = []
    for line in tail[:-1].split("\n"):
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        data = _base64(encoded)
        if not line.startswith(_DASH) or not NAME.fullmatch(name) or data is None or len(data) < 5:
            raise CheckpointError(f"not a signature line: {line!r:.60}")
        signatures.append((name, data[:4], data[4:]))
    return head + "\n", signatures


def _check_signature(key: VerifierKey, signature: bytes, text: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        raise CheckpointError(f"the signature of {key.name} is wrong") from None


def _parse_text(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4:
        raise CheckpointError(f"a checkpoint has three lines, this has {len(lines) - 1}")
    origin, size, encoded, _ = lines
    root = _base64(encoded)
    if not NAME.fullmatch(origin) or not _SIZE.fullmatch(size) or root is None or len(root) != 32:
        raise CheckpointError("not an origin, a size and a root")
    return Checkpoint(origin=origin, size=int(size), root=root)


def _base64(text: str) -> bytes | None:
    """Return the bytes of `text`, only if it is the one right spelling of them."""
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return data if b64encode(data).decode() == text else None
