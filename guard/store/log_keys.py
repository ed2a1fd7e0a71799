"""Which key signs this log, and under which name?

Both are made when the log begins and stay with it: the name (origin) is `<host>/evidence/<random>`
and is never used again, so two logs can not be taken for one. The private key lies outside
`log/`, which may be handed to anybody.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from guard.errors import LogDamagedError
from guard.evidence.checkpoint import CheckpointError, VerifierKey, parse_verifier_key, verifier_key
from guard.store.durable import FILE_MODE, replace, sync_folder, write_all


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKey:
    """The key of one log."""

    private: Ed25519PrivateKey
    public: VerifierKey


def load_or_create(*, key_file: Path, vkey_file: Path, host: str, has_records: bool) -> LogKey:
    """Return the key of the log, made now if the log has not begun.

    Raises:
        LogDamagedError: One of the files is missing from a log that has begun, or they do not belong together.
    """
    if has_records:
        for file in (key_file, vkey_file):
            if not file.exists():
                raise LogDamagedError(
                    str(file), "missing, and a log goes on only under its own key; put it back, or move the whole "
                    "evidence directory away and keep it: a new log then begins"
                )  # fmt: skip
    private = _load(key_file) if key_file.exists() else _create(key_file)
    if not vkey_file.exists():
        public = verifier_key(f"{host}/evidence/{token_hex(8)}", private)
        replace(vkey_file, f"{public}\n".encode())
        return LogKey(private=private, public=public)
    try:
        public = parse_verifier_key(vkey_file.read_text().removesuffix("\n"))
    except (CheckpointError, UnicodeDecodeError) as error:
        raise LogDamagedError(str(vkey_file), str(error)) from None
    if public != verifier_key(public.name, private):
        raise LogDamagedError(str(vkey_file), f"does not belong to the private key in {key_file}")
    return LogKey(private=private, public=public)


def _create(file: Path) -> Ed25519PrivateKey:
    private = Ed25519PrivateKey.generate()
    temporary = file.with_name(f".{file.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    try:
        write_all(descriptor, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.rename(file)
    sync_folder(file.parent)
    return private


def _load(file: Path) -> Ed25519PrivateKey:
    try:
        private = load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise LogDamagedError(str(file), f"not a private key in PKCS#8 PEM: {error}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise LogDamagedError(str(file), "not an Ed25519 key")
    return private
