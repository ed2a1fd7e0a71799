"""Where are the licences that the owner has issued, and who may know what of them?

    licence.key      the private key, readable by its owner only; nothing but `guard licence issue` opens it
    licence.pub      its public half, which is all that a worker needs
    issued/ID.json   one file a licence: what it says, never its token
    revoked          one line a revoked licence: its id and when

A file is replaced whole or not at all, so a reader never sees half of one. Whoever finds the
revocations missing or unreadable must accept no licence: else deleting a file would bring
every revoked one back.
"""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from guard.core.licence import Licence
from guard.core.licence_token import claims, parse_claims, seal
from guard.errors import LicenceError
from guard.store.durable import FILE_MODE, make_folder, replace

MOST_BYTES: Final = 4 << 20
"""Of the revocations: a hundred thousand lines. Those of licences that have ended are dropped."""

_REVOKED = re.compile(r"([0-9A-HJKMNP-TV-Z]{10}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What tokens are held against at one moment."""

    public: Ed25519PublicKey | None
    """None: no licence was ever issued, or the files can not be read; then no token is accepted."""
    revoked: frozenset[str]
    fault: str = ""
    """What is wrong with the files; empty if nothing is."""


NOTHING_ISSUED: Final = Trust(public=None, revoked=frozenset())


class LicenceBook:
    """The licences of one guard. Workers read `trust`; the command line does the rest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key, self._public, self._revoked = (folder / name for name in ("licence.key", "licence.pub", "revoked"))
        self._issued = folder / "issued"

    def changed(self) -> tuple[tuple[int, int, int], ...]:
        """Return what differs after every change of what `trust` reads; costs two look-ups of names."""
        return tuple(_changed(file) for file in (self._public, self._revoked))

    def trust(self) -> Trust:
        """Read what tokens are held against; never raises."""
        if not self._public.exists() and not self._revoked.exists():
            return NOTHING_ISSUED
        try:
            return Trust(public=self._read_public(), revoked=frozenset(self.revocations()))
        except LicenceError as error:
            return Trust(public=None, revoked=frozenset(), fault=str(error))

    def issue(self, licence: Licence) -> str:
        """Note the licence down and return its token, which is kept nowhere.

        Raises:
            LicenceError: It can not be written, or its id is taken.
        """
        with self._alone():
            private = self._private()
            token = seal(licence, private)
            file = self._issued / f"{licence.id}.json"
            if file.exists():
                raise LicenceError(f"a licence {licence.id} exists already")
            _write(file, orjson.dumps(claims(licence), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return token

    def licences(self) -> tuple[list[Licence], list[str]]:
        """Return what was issued, the oldest first, and a sentence on each file that can not be read."""
        found: list[Licence] = []
        faults: list[str] = []
        for file in sorted(self._issued.glob("*.json")):
            try:
                licence = parse_claims(_read(file))
                if licence.id != file.stem:
                    raise LicenceError("it is named like another licence")
                found.append(licence)
            except LicenceError as error:
                faults.append(f"{file}: {error}")
        return sorted(found, key=lambda one: (one.issued, one.id)), faults

    def revocations(self) -> Mapping[str, datetime]:
        """Return when each revoked licence was; empty where none was ever issued.

        Raises:
            LicenceError: They can not be read, and so no licence can be believed.
        """
        if not self._revoked.exists() and not self._public.exists():
            return {}
        found: dict[str, datetime] = {}
        for number, line in enumerate(_read(self._revoked).decode("utf-8", "replace").splitlines(), 1):
            match = _REVOKED.fullmatch(line)
            if match is None:
                raise LicenceError(f"{self._revoked}:{number}: not an id and a time; restore the file")
            try:
                found[match[1]] = datetime.fromisoformat(match[2]).astimezone(UTC)
            except ValueError:
                raise LicenceError(f"{self._revoked}:{number}: not a time; restore the file") from None
        return found

    def revoke(self, ids: list[str], now: datetime) -> list[str]:
        """Revoke licences and return the ids that were not revoked before; all or none.

        Raises:
            LicenceError: One of them was never issued here, or the list can not be written.
        """
        with self._alone():
            licences, _ = self.licences()
            known = {one.id: one for one in licences}
            unknown = [one for one in ids if one not in known]
            if unknown:
                raise LicenceError(f"there is no licence {unknown[0]}; 'guard licence list' names all")
            revoked = dict(self.revocations())
            new = [one for one in dict.fromkeys(ids) if one not in revoked]
            revoked |= dict.fromkeys(new, now)
            # One that has ended opens nothing any more. What is not in the register is kept: its end is not known.
            kept = {
                one: at for one, at in revoked.items() if one not in known or one in new or known[one].expires > now
            }
            self._write_revocations(kept)
        return new

    def _write_revocations(self, revoked: Mapping[str, datetime]) -> None:
        lines = "".join(f"{one} {at:%Y-%m-%dT%H:%M:%SZ}\n" for one, at in sorted(revoked.items()))
        _write(self._revoked, lines.encode())

    def _private(self) -> Ed25519PrivateKey:
        """Return the key, made now if there is none."""
        if not self._key.exists():
            if self._public.exists():
                raise LicenceError(
                    f"{self._key}: missing, and licences were issued with it; put it back, or move {self.folder} away: "
                    "a new key then begins, and no licence issued before is accepted"
                )
            private = Ed25519PrivateKey.generate()
            # In this order: a key that is there always has its revocations, and a public key its private one.
            self._write_revocations({})
            _write(self._key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        try:
            private_read = load_pem_private_key(_read(self._key), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise LicenceError(f"{self._key}: not a private key in PKCS#8 PEM without a password") from None
        if not isinstance(private_read, Ed25519PrivateKey):
            raise LicenceError(f"{self._key}: not an Ed25519 key")
        public = private_read.public_key()
        if not self._public.exists():
            _write(self._public, public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        elif self._read_public() != public:
            raise LicenceError(f"{self._public}: does not belong to the private key in {self._key}")
        return private_read

    def _read_public(self) -> Ed25519PublicKey:
        try:
            public = load_pem_public_key(_read(self._public))
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise LicenceError(f"{self._public}: not a public key in PEM") from None
        if not isinstance(public, Ed25519PublicKey):
            raise LicenceError(f"{self._public}: not an Ed25519 key")
        return public

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other commands out while files are changed."""
        try:
            for folder in (*reversed(self.folder.parents), self.folder, self._issued):
                make_folder(folder)  # one by one: `parents=True` gives those in between other rights
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        except OSError as error:
            raise _failed(self.folder, error) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _changed(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except OSError as error:
        return (0, 0, error.errno or 0)
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise _failed(file, error) from None
    if len(data) > MOST_BYTES:
        raise LicenceError(f"{file}: more than {MOST_BYTES} bytes")
    return data


def _write(file: Path, data: bytes) -> None:
    try:
        replace(file, data)
    except OSError as error:
        raise _failed(file, error) from None


def _failed(file: Path, error: OSError) -> LicenceError:
    return LicenceError(f"{file}: {(error.strerror or str(error)).lower()}")
