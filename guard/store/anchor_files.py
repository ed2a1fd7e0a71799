"""Where is kept what others vouch for, and by what a later reader can believe them?

    log/anchors/<sha256>.tsr      the reply of a time-stamp authority, as it came
    log/anchors/<sha256>.cosig    a checkpoint with the signature of a witness
    log/anchors/trust/*.pem       certificates that the authorities were trusted by
    log/anchors/trust/*.vkey      keys of witnesses

A file is durable before the `anc` record that names it. Files are named by their content,
so any process may add some; the log itself has one writer.
"""

from hashlib import sha256
from pathlib import Path

from guard.errors import EvidenceError
from guard.evidence.anchor import FOLDER, TRUST, AnchorKind
from guard.store.durable import make_folder, replace

_CERTIFICATES = (".pem", ".crt", ".cer", ".crl")


def keep(log: Path, kind: AnchorKind, data: bytes) -> str:
    """Keep what an authority or a witness sent, durably, and return its SHA-256 in hexadecimal.

    Raises:
        EvidenceError: It can not be written.
    """
    digest = sha256(data).hexdigest()
    _write(log / FOLDER / f"{digest}{kind.ending}", data)
    return digest


def keep_certificate(log: Path, pem: bytes) -> None:
    """Keep a certificate that an authority was trusted by; EvidenceError as in `keep`."""
    _keep_trust(log, f"{sha256(pem).hexdigest()[:16]}.pem", pem)


def keep_witness_key(log: Path, vkey: str) -> None:
    """Keep the key of a witness in its text form; EvidenceError as in `keep`."""
    data = f"{vkey}\n".encode()
    _keep_trust(log, f"{sha256(data).hexdigest()[:16]}.vkey", data)


def kept_certificates(log: Path) -> list[tuple[Path, bytes]]:
    """Return the files with certificates and revocation lists that lie with the log.

    Raises:
        EvidenceError: One can not be read.
    """
    try:
        files = [one for one in sorted((log / TRUST).glob("*")) if one.suffix in _CERTIFICATES]
        return [(file, file.read_bytes()) for file in files]
    except OSError as error:
        raise EvidenceError(f"{log / TRUST} can not be read: {(error.strerror or str(error)).lower()}") from None


def read_checkpoint(log: Path) -> bytes:
    """Return the newest checkpoint, with its signature.

    Raises:
        EvidenceError: There is none yet, or it can not be read.
    """
    try:
        return (log / "checkpoint").read_bytes()
    except FileNotFoundError:
        raise EvidenceError(f"{log} has no checkpoint yet: nothing was recorded") from None
    except OSError as error:
        raise EvidenceError(f"{log / 'checkpoint'} can not be read: {(error.strerror or str(error)).lower()}") from None


def _keep_trust(log: Path, name: str, data: bytes) -> None:
    path = log / TRUST / name
    if not path.exists():
        _write(path, data)


def _write(path: Path, data: bytes) -> None:
    try:
        for folder in (path.parent.parent, path.parent):
            make_folder(folder)
        replace(path, data)
    except OSError as error:
        raise EvidenceError(f"{path} can not be written: {(error.strerror or str(error)).lower()}") from None
