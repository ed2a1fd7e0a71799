"""Where are the keys that pictures are signed with, and how is a chain of certificates made?

C2PA (2.2, section 14.5) wants an end-entity certificate that did not sign itself, with the key
usage digitalSignature, an extended key usage (emailProtection is one of those it names) and the
identifiers of its own key and its issuer's. So a root is made as well; its key signs once and is
forgotten. Nobody trusts such a root: viewers show the signature as valid, and the signer as
unknown.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from guard.errors import UsageError

CHAIN: Final = "chain.pem"
KEY: Final = "key.pem"
YEARS: Final = 10


def create(folder: Path, holder: str, *, now: datetime) -> x509.Certificate:
    """Make a key and its chain for `holder`, write both into `folder`, and return the certificate.

    Raises:
        UsageError: There is a chain or a key already, or the folder can not be written to.
    """
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer, subject = (_name(holder, role) for role in ("root of signatures in pictures", "signatures in pictures"))
    root = (
        _certificate(issuer, issuer, root_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    own = (
        _certificate(subject, issuer, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(folder / KEY, pem)
        _write_new(folder / CHAIN, own.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM))
    except FileExistsError as error:
        raise UsageError(f"{error.filename} is there already; signatures made with it need it") from None
    except OSError as error:
        raise UsageError(f"{error.filename}: {(error.strerror or str(error)).lower()}") from None
    return own


def read(folder: Path) -> tuple[bytes, bytes]:
    """Return chain and key, both PEM.

    Raises:
        UsageError: One of them is not there.
    """
    try:
        return (folder / CHAIN).read_bytes(), (folder / KEY).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{error.filename}: {(error.strerror or str(error)).lower()}; `guard image certificate` makes it"
        ) from None


def _name(holder: str, role: str) -> x509.Name:
    # X.520 allows 64 characters in each of the two.
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, holder[:64] or "unknown"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{holder[: 64 - len(role) - 2]}: {role}"),
        ]
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=10))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read; FileExistsError if there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
