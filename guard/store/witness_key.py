"""Where is the key of a witness, and under which name does it sign?

A PEM file, readable by its owner only, with the name in a line above it (RFC 7468 allows
text there), and the witness's memory beside it.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from guard.errors import EvidenceError
from guard.evidence.cosignature import CosignerKey, cosigner_key
from guard.store.durable import replace
from guard.store.witness_store import WitnessStore

_NAME = re.compile(rb"witness: ([^\n]+)\n")
_LARGEST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessKey:
    """A key and its name."""

    private: Ed25519PrivateKey = field(repr=False)
    public: CosignerKey


def memory_of(path: Path) -> Path:
    """Return where the memory of the witness with the key at `path` is."""
    return path.with_name(f"{path.name}.seen")


def create(path: Path, name: str) -> WitnessKey:
    """Make a key at `path`, and the memory beside it.

    Raises:
        CheckpointError: It can not be a name.
        EvidenceError: There is one already, or it can not be written.
    """
    private = Ed25519PrivateKey.generate()
    public = cosigner_key(name, private)
    if path.exists():
        raise EvidenceError(f"{path} exists already; a witness keeps its key")
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    WitnessStore.create(memory_of(path))
    try:
        replace(path, f"witness: {name}\n".encode() + pem)
    except OSError as error:
        raise EvidenceError(f"{path} can not be written: {(error.strerror or str(error)).lower()}") from None
    return WitnessKey(private=private, public=public)


def load(path: Path) -> WitnessKey:
    """Return the key at `path`.

    Raises:
        EvidenceError: It can not be read, or others can read it too.
    """
    try:
        with path.open("rb") as opened:
            data = opened.read(_LARGEST)
        readable = os.stat(path).st_mode & 0o077
    except OSError as error:
        raise EvidenceError(
            f"{path} can not be read: {(error.strerror or str(error)).lower()}; `guard witness key` makes one"
        ) from None
    if readable:
        raise EvidenceError(f"{path} can be read by others; chmod 600 {path}")
    name = _NAME.match(data)
    private = _private(data)
    if name is None or private is None:
        raise EvidenceError(f"{path} is no key of a witness, as `guard witness key` makes them")
    return WitnessKey(private=private, public=cosigner_key(name[1].decode("utf-8", "replace"), private))


def _private(data: bytes) -> Ed25519PrivateKey | None:
    try:
        found = load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return found if isinstance(found, Ed25519PrivateKey) else None
