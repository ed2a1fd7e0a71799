"""Which key signs this log, and under which name?

The name (origin) is made when the log begins: `<host>/evidence/<random>`. It is never used again,
so two logs can not be taken for one. The private key lies outside `log/`, which may be handed to
anybody. `log/vkey` is the first key, by which others know the log; when the key is rotated
the next one is named by a record that the one before has signed.

    keys/log.key        signs; PKCS#8, encrypted where there is a passphrase
    keys/next.key       while the key is being rotated: made, but not yet on record, or just so
    keys/retiring.key   the key before; it signs too for a while
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from guard.errors import LogDamagedError
from guard.evidence.checkpoint import CheckpointError, VerifierKey, parse_verifier_key, verifier_key
from guard.store.durable import FILE_MODE, replace, sync_folder, write_all

PUBLIC: Final = "guard/log.vkeys"
"""Where in the evidence directory the first and the newest verifier key stand, one a line, for whoever asks."""
_ENCRYPTED: Final = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKey:
    """The key of one log."""

    private: Ed25519PrivateKey = field(repr=False)
    first: VerifierKey
    """The one that the log began with."""
    retiring: Ed25519PrivateKey | None = field(default=None, repr=False)
    """The one before, while it signs too."""

    @property
    def public(self) -> VerifierKey:
        """The one that signs now."""
        return verifier_key(self.first.name, self.private)

    @property
    def signers(self) -> tuple[Ed25519PrivateKey, ...]:
        """All that sign now, the newest first."""
        return (self.private,) if self.retiring is None else (self.private, self.retiring)


class KeyFiles:
    """The private keys of one log."""

    def __init__(self, folder: Path, passphrase: bytes = b"") -> None:
        """Take the passphrase that keys are encrypted with; empty for none."""
        self.file = folder / "log.key"
        self._next = folder / "next.key"
        self._retiring = folder / "retiring.key"
        self._passphrase = passphrase

    def load_or_create(self, *, vkey_file: Path, host: str, has_records: bool) -> LogKey:
        """Return the key of the log, made now if the log has not begun.

        Raises:
            LogDamagedError: One of the files is missing from a log that has begun, or can not be used.
        """
        if not self.file.exists() and self._next.exists() and self._retiring.exists():
            self._next.rename(self.file)  # a crash came between the two steps of `take_over`
        if has_records:
            for file in (self.file, vkey_file):
                if not file.exists():
                    raise LogDamagedError(
                        str(file), "missing, and a log goes on only under its own key; put it back, or move the whole "
                        "evidence directory away and keep it: a new log then begins"
                    )  # fmt: skip
        private = self._load(self.file) if self.file.exists() else self._create(self.file)
        retiring = self._load(self._retiring) if self._retiring.exists() else None
        if not vkey_file.exists():
            first = verifier_key(f"{host}/evidence/{token_hex(8)}", private)
            replace(vkey_file, f"{first}\n".encode())
            return LogKey(private=private, first=first)
        try:
            first = parse_verifier_key(vkey_file.read_text().removesuffix("\n"))
        except (CheckpointError, UnicodeDecodeError) as error:
            raise LogDamagedError(str(vkey_file), str(error)) from None
        return LogKey(private=private, first=first, retiring=retiring)

    def settle(self, key: LogKey, newest: str) -> LogKey:
        """Return the key that signs on, given the newest one that the log's records name; empty if they name none.

        Goes on with a rotation that a crash ended.

        Raises:
            LogDamagedError: The private key is not that of the newest record.
        """
        newest = newest or str(key.first)
        if self._next.exists():
            following = self._load(self._next)
            if str(verifier_key(key.first.name, following)) == newest:
                return self.take_over(key, following)
            self._next.unlink()
        if str(key.public) != newest:
            raise LogDamagedError(
                str(self.file), f"is not the key that this log is signed with; that one is {newest}: put it back"
            )
        return key

    def make_next(self) -> Ed25519PrivateKey:
        """Make the key that comes next."""
        self._next.unlink(missing_ok=True)
        return self._create(self._next)

    def take_over(self, key: LogKey, following: Ed25519PrivateKey, *, overlap: bool = True) -> LogKey:
        """Let the key that `make_next` made, and that is on record, sign from now on; with `overlap` the old too."""
        if overlap:
            self.file.replace(self._retiring)
        self._next.replace(self.file)
        if not overlap:
            self._retiring.unlink(missing_ok=True)
        sync_folder(self.file.parent)
        return LogKey(private=following, first=key.first, retiring=key.private if overlap else None)

    def retire(self, key: LogKey) -> LogKey:
        """Destroy the key before."""
        self._retiring.unlink(missing_ok=True)
        sync_folder(self.file.parent)
        return LogKey(private=key.private, first=key.first)

    def _create(self, file: Path) -> Ed25519PrivateKey:
        private = Ed25519PrivateKey.generate()
        self._write(file, private)
        return private

    def _write(self, file: Path, private: Ed25519PrivateKey) -> None:
        temporary = file.with_name(f".{file.name}.new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        try:
            write_all(descriptor, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, self._encryption()))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(file)
        sync_folder(file.parent)

    def _encryption(self) -> KeySerializationEncryption:
        return BestAvailableEncryption(self._passphrase) if self._passphrase else NoEncryption()

    def _load(self, file: Path) -> Ed25519PrivateKey:
        data = file.read_bytes()
        encrypted = data.startswith(_ENCRYPTED)
        if encrypted and not self._passphrase:
            raise LogDamagedError(
                str(file), "is encrypted: give its passphrase through GUARD_EVIDENCE_PASSPHRASE_FD or the systemd "
                "credential guard-evidence"
            )  # fmt: skip
        try:
            private = load_pem_private_key(data, password=self._passphrase if encrypted else None)
        except (ValueError, TypeError) as error:
            why = "the passphrase is wrong" if encrypted else f"not a private key in PKCS#8 PEM: {error}"
            raise LogDamagedError(str(file), why) from None
        if not isinstance(private, Ed25519PrivateKey):
            raise LogDamagedError(str(file), "not an Ed25519 key")
        if self._passphrase and not encrypted:
            self._write(file, private)  # from now on it is
        return private
