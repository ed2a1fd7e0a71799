"""Was a time-stamp token signed by an authority that is trusted?

Its signature must be good, and a chain of certificates, all valid at the time in the token, must
end at a trusted one. Two programs can tell: rfc3161-client (the extra `evidence`; OpenSSL
inside) and the `openssl` command, which is asked where the first says no. It takes
tokens that are not strict DER, and a trusted certificate that is no root.

A revocation list counts as RFC 3161, section 4, says: if the key was only retired, what it
stamped before stays good; if it may have been stolen, nothing does.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from guard.errors import GuardError
from guard.evidence import time_stamp
from guard.evidence.time_stamp import Token, TokenError, name_of

_OPENSSL_SECONDS: Final = 20
_LONGEST_CHAIN: Final = 8
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_REASON = re.compile(r'reason: "([^"]{1,100})"')
_RETIRED: Final = frozenset(
    {
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
    }
)


class TrustError(GuardError):
    """A file holds no certificates that could be trusted; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What tokens are held against."""

    certificates: tuple[x509.Certificate, ...]
    lists: tuple[x509.CertificateRevocationList, ...] = ()

    def __add__(self, other: "Trust") -> "Trust":
        return Trust(
            certificates=tuple(dict.fromkeys(self.certificates + other.certificates)),
            lists=self.lists + other.lists,
        )


NOBODY: Final = Trust(certificates=())


def parse(data: bytes, place: str) -> Trust:
    """Return the certificates and revocation lists in a PEM file, or the one certificate in a DER file.

    Raises:
        TrustError: There is none, or one can not be read.
    """
    certificates: list[x509.Certificate] = []
    lists: list[x509.CertificateRevocationList] = []
    try:
        for block in _PEM.finditer(data):
            if block[1] in (b"CERTIFICATE", b"TRUSTED CERTIFICATE"):
                certificates.append(x509.load_pem_x509_certificate(block[0]))
            elif block[1] == b"X509 CRL":
                lists.append(x509.load_pem_x509_crl(block[0]))
        if not certificates and not lists:
            certificates.append(x509.load_der_x509_certificate(data))
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm):
        raise TrustError(f"{place}: not a certificate in PEM or DER") from None
    return Trust(certificates=tuple(certificates), lists=tuple(lists))


def pem(certificate: x509.Certificate) -> bytes:
    """Return a certificate as it is kept in files."""
    return certificate.public_bytes(Encoding.PEM)


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate in hexadecimal, as authorities publish it."""
    return certificate.fingerprint(SHA256()).hex()


def verify(reply: bytes, data: bytes, trust: Trust, *, nonce: int | None = None) -> Token:
    """Return what the reply of an authority says, if it holds in every respect.

    Args:
        data: What was stamped.
        nonce: Of the request, if that is known.

    Raises:
        TokenError: It does not; the message says why.
    """
    token = time_stamp.read(reply)
    time_stamp.check(token, data, nonce)
    if not trust.certificates:
        raise TokenError("no certificate is given that the authority could be trusted by")
    if why := _by_library(reply, token, trust):
        why_not = _by_program(reply, token, trust)
        if why_not:
            raise TokenError(f"{_in_words(why_not, token)} ({why}; {why_not})")
    if why := revoked(token, trust):
        raise TokenError(why)
    return token


def revoked(token: Token, trust: Trust) -> str:
    """Return why a revocation list speaks against the token; empty if none does."""
    for one in trust.lists:
        if one.issuer != token.signer.issuer or not _signed_by_issuer(one, token, trust):
            continue
        entry = one.get_revoked_certificate_by_serial_number(token.signer.serial_number)
        if entry is None:
            continue
        try:
            reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
        except x509.ExtensionNotFound:
            reason = None
        since = entry.revocation_date_utc
        if reason in _RETIRED and moment(token.time) < since:
            continue
        said = reason.value if reason else "no reason given"
        return f"the authority's certificate was revoked on {since:%Y-%m-%d %H:%M:%S} UTC ({said})"
    return ""


def anchor_of(token: Token, trust: Trust) -> x509.Certificate | None:
    """Return the trusted certificate that the token's chain ends at; None where that is not plain to see."""
    current = token.signer
    for _ in range(_LONGEST_CHAIN):
        if current in trust.certificates:
            return current
        issuer = _issuer(current, trust.certificates) or _issuer(current, token.certificates)
        if issuer is None or issuer == current:
            return None
        current = issuer
    return None


def has_expired(token: Token) -> bool:
    """Say whether the certificate that signed has run out by now; the token stays good."""
    return token.signer.not_valid_after_utc < datetime.now(UTC)


def moment(microseconds: int) -> datetime:
    """Return a time of a token as a datetime in UTC."""
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC)


def _issuer(certificate: x509.Certificate, among: Iterable[x509.Certificate]) -> x509.Certificate | None:
    for one in among:
        if one.subject == certificate.issuer and one != certificate:
            try:
                certificate.verify_directly_issued_by(one)
            except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
                continue
            return one
    return None


def _signed_by_issuer(one: x509.CertificateRevocationList, token: Token, trust: Trust) -> bool:
    issuer = _issuer(token.signer, trust.certificates + token.certificates)
    if issuer is None:
        return False
    try:
        return one.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _by_library(reply: bytes, token: Token, trust: Trust) -> str:
    """Return why rfc3161-client does not take the token; empty if it does."""
    try:
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response
    except ImportError:
        return "rfc3161-client is not installed: pip install 'crawler-guard[evidence]'"
    roots = [one for one in trust.certificates if one.subject == one.issuer]
    if not roots:
        return "rfc3161-client needs a root"
    try:
        response = decode_timestamp_response(time_stamp.sorted_reply(reply))
        VerifierBuilder(roots=roots).build().verify(response, token.imprint)
    except (VerificationError, ValueError) as error:
        reasons = _REASON.findall(str(error))
        return f"rfc3161-client: {reasons[-1] if reasons else str(error)[:200]}"
    return ""


def _by_program(reply: bytes, token: Token, trust: Trust) -> str:
    """Return why `openssl ts -verify` does not take the token; empty if it does."""
    with tempfile.TemporaryDirectory(prefix="guard-") as name:
        folder = Path(name)
        (folder / "reply").write_bytes(reply)
        (folder / "trusted").write_bytes(b"".join(map(pem, trust.certificates)))
        command = [
            "openssl", "ts", "-verify", "-digest", token.imprint.hex(), "-in", str(folder / "reply"),
            "-CAfile", str(folder / "trusted"), "-partial_chain", "-attime", str(token.time // 1_000_000),
        ]  # fmt: skip
        if others := [one for one in token.certificates if one != token.signer]:
            (folder / "others").write_bytes(b"".join(map(pem, others)))
            command += ["-untrusted", str(folder / "others")]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_OPENSSL_SECONDS, check=False)
        except FileNotFoundError:
            return "the program openssl is not installed"
        except (OSError, subprocess.SubprocessError) as error:
            return f"openssl could not be run: {error}"
    if done.returncode == 0 and b"Verification: OK" in done.stdout + done.stderr:
        return ""
    return f"openssl: {_last(done.stderr.decode('utf-8', 'replace').splitlines())}"


def _last(lines: Sequence[str]) -> str:
    """Return what openssl is unhappy about: the detail of its first error line."""
    told = [line.split(":")[-1] or line.split(":")[-2] for line in lines if ":error:" in line or "error:" in line]
    return (told[0] if told else "verification failed")[:200]


def _in_words(why: str, token: Token) -> str:
    """Say the likely reason; what the programs said stands behind it."""
    signer = token.signer
    at = moment(token.time)
    if not signer.not_valid_before_utc <= at <= signer.not_valid_after_utc:
        return (
            f"the authority's certificate is valid from {signer.not_valid_before_utc:%Y-%m-%d} to "
            f"{signer.not_valid_after_utc:%Y-%m-%d}, and not at the time in the token"
        )
    if "issuer" in why or "self" in why or "chain" in why.lower():
        return f"{name_of(signer)!r} is no authority that is trusted here"
    return "its signature does not hold"
