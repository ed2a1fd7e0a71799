"""What does the reply of a time-stamp authority say?

RFC 3161, section 2.4.2: a status and a token, which is CMS signed data (RFC 5652) around a
TSTInfo: the hash that was stamped, the time, how far the clock may be off, the nonce of the
request. This module reads it and checks what needs no trust; that the signature is good and
by whom is checked by others (`guard.exporter.token_trust`).

The certificates lie outside the signature, in any order: real authorities send them
unsorted, which strict readers refuse. `sorted_token` is the same token in strict order.
"""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID

from guard.errors import EvidenceError
from guard.evidence import der
from guard.evidence.der import DerError, Element

LARGEST_REPLY: Final = 256 * 1024
"""Bytes; real ones have 3 to 8 thousand."""

_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
"""What may be stamped, by object identifier; SHA-1 and MD5 may not."""
_SHA256: Final = der.write(der.SEQUENCE, bytes.fromhex("0609608648016503040201") + b"\x05\x00")
_STATUS: Final = {
    1: "granted with changes",
    2: "rejected",
    3: "waiting",
    4: "revocation warning",
    5: "revocation notification",
}


class TokenError(EvidenceError):
    """A reply of a time-stamp authority is no good; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a granted reply says."""

    hash: str
    """sha256, sha384 or sha512."""
    imprint: bytes
    time: int
    """Microseconds since 1970."""
    accuracy: int
    """Microseconds; 0 where it is not said."""
    nonce: int | None
    serial: int
    policy: str
    signer: x509.Certificate
    """Whose signature it is, by what the token says."""
    certificates: tuple[x509.Certificate, ...]
    """All that came with it, the signer's among them."""


def digest(data: bytes) -> bytes:
    """Return the imprint of `data` that is stamped: its SHA-256."""
    return hashlib.sha256(data).digest()


def request(imprint: bytes, nonce: int) -> bytes:
    """Return a query for a token over a SHA-256, with certificates, under `nonce` (64 random bits, positive)."""
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1, "big")
    body = (
        der.write(der.INTEGER, b"\x01")
        + der.write(der.SEQUENCE, _SHA256 + der.write(der.OCTET_STRING, imprint))
        + der.write(der.INTEGER, number)
        + der.write(der.BOOLEAN, b"\xff")
    )
    return der.write(der.SEQUENCE, body)


def read(reply: bytes) -> Token:
    """Return what a reply says.

    Raises:
        TokenError: It is no reply, or no token was granted, or one that is good for nothing: over a SHA-1, or signed
            with a certificate that is not only for time stamps.
    """
    if len(reply) > LARGEST_REPLY:
        raise TokenError(f"it has more than {LARGEST_REPLY} bytes")
    try:
        return _token(_content(reply))
    except (DerError, ValueError) as error:  # ValueError where there are more or fewer parts than there should be
        raise TokenError(f"it is no time-stamp reply: {error}") from None


def check(token: Token, data: bytes, nonce: int | None = None) -> None:
    """Make sure that `token` is one over `data`, and the answer to the request with `nonce` if one is given.

    Raises:
        TokenError: It is not.
    """
    if not compare_digest(hashlib.new(token.hash, data).digest(), token.imprint):
        raise TokenError("its imprint is of something else")
    if nonce is not None and token.nonce != nonce:
        raise TokenError("its nonce is not that of the request: an old reply, or somebody else's")


def sorted_reply(reply: bytes) -> bytes:
    """Return the reply with the certificates of its token in the order of DER; they are outside every signature.

    Raises:
        TokenError: It is no reply.
    """
    try:
        parts = der.read(reply).expect(der.SEQUENCE).parts()
        status, token = parts.take(der.SEQUENCE), parts.take(der.SEQUENCE)
        kind, content = token.parts().rest()
        (signed,) = content.parts().rest()
        made = b"".join(_sorted(one) if one.tag == 0xA0 else one.whole for one in signed.parts().rest())
    except (DerError, ValueError) as error:
        raise TokenError(f"it is no time-stamp reply: {error}") from None
    made = der.write(0xA0, der.write(der.SEQUENCE, made))
    return der.write(der.SEQUENCE, status.whole + der.write(der.SEQUENCE, kind.whole + made))


def token_of(reply: bytes) -> bytes:
    """Return the token in a granted reply, as it stands there.

    Raises:
        TokenError: There is none.
    """
    try:
        _content(reply)
        return der.read(reply).expect(der.SEQUENCE).parts().rest()[1].whole
    except (DerError, ValueError) as error:
        raise TokenError(f"it is no time-stamp reply: {error}") from None


def reply_of(token: bytes) -> bytes:
    """Return a reply that grants `token`: what those read who take a whole reply."""
    granted = der.write(der.SEQUENCE, der.write(der.INTEGER, b"\x00"))
    return der.write(der.SEQUENCE, granted + token)


def _sorted(row: Element) -> bytes:
    return der.write(row.tag, b"".join(sorted(one.whole for one in row.parts().rest())))


def _content(reply: bytes) -> Element:
    """Return the SignedData of a granted reply."""
    parts = der.read(reply).expect(der.SEQUENCE).parts()
    said = parts.take(der.SEQUENCE).parts()
    status = said.take(der.INTEGER).integer()
    if status != 0:
        reasons = said.take_if(der.SEQUENCE)
        text = "; ".join(one.body.decode("utf-8", "replace") for one in reasons.parts().rest()) if reasons else ""
        raise TokenError(f"not granted: {_STATUS.get(status, f'status {status}')}{f' ({text:.200})' if text else ''}")
    return _signed_data(parts.take(der.SEQUENCE), _SIGNED_DATA)


def _signed_data(content: Element, kind: str) -> Element:
    parts = content.parts()
    if parts.take(der.OBJECT).oid() != kind:
        raise DerError("its content is of another type")
    (inner,) = parts.take(0xA0).parts().rest()
    return inner


def _token(signed: Element) -> Token:
    parts = signed.expect(der.SEQUENCE).parts()
    parts.take(der.INTEGER)
    parts.take(der.SET)
    info = _signed_data(parts.take(der.SEQUENCE), _TST_INFO).expect(der.OCTET_STRING).body
    row = parts.take_if(0xA0)
    parts.take_if(0xA1)  # revocation lists, which are looked at by whoever trusts them
    signers = parts.take(der.SET).parts().rest()
    if len(signers) != 1:
        raise TokenError(f"signed by {len(signers)}, and by one it must be")
    delivered = row.parts().rest() if row else []
    signer = _signer(signers[0], delivered)
    said = der.read(info).expect(der.SEQUENCE).parts()
    if said.take(der.INTEGER).integer() != 1:
        raise DerError("its version is not known")
    policy = said.take(der.OBJECT).oid()
    algorithm, digest = said.take(der.SEQUENCE).parts().rest()
    name = HASHES.get(algorithm.parts().take(der.OBJECT).oid())
    if name is None:
        raise TokenError("its imprint is by a hash that is not to be trusted, like SHA-1")
    serial = said.take(der.INTEGER).integer()
    time = said.take(der.TIME).time()
    accuracy = _accuracy(said.take_if(der.SEQUENCE))
    said.take_if(der.BOOLEAN)
    nonce = said.take_if(der.INTEGER)
    return Token(
        hash=name,
        imprint=digest.expect(der.OCTET_STRING).body,
        time=time,
        accuracy=accuracy,
        nonce=nonce.integer() if nonce else None,
        serial=serial,
        policy=policy,
        signer=signer,
        certificates=tuple(map(_certificate, delivered)),
    )


def _accuracy(said: Element | None) -> int:
    """Return microseconds: of whole seconds, thousandths [0] and millionths [1], all of which may be missing."""
    if said is None:
        return 0
    parts, found = said.parts(), 0
    for tag, unit in ((der.INTEGER, 1_000_000), (0x80, 1000), (0x81, 1)):
        one = parts.take_if(tag)
        found += one.integer() * unit if one else 0
    if not 0 <= found < 1 << 53:
        raise DerError("no accuracy can be that")
    return found


def _certificate(one: Element) -> x509.Certificate:
    try:
        with warnings.catch_warnings():
            # What the library merely warns of today, like a negative serial number, it will refuse tomorrow.
            warnings.simplefilter("error", CryptographyDeprecationWarning)
            return x509.load_der_x509_certificate(one.expect(der.SEQUENCE).whole)
    except (ValueError, TypeError, x509.InvalidVersion, CryptographyDeprecationWarning) as error:
        raise TokenError(f"a certificate in it can not be read: {error}") from None


def _signer(info: Element, delivered: Sequence[Element]) -> x509.Certificate:
    """Return the certificate that signed, and make sure that it may and that the signature names it."""
    parts = info.parts()
    parts.take(der.INTEGER)
    issuer, serial = parts.take(der.SEQUENCE).parts().rest()
    parts.take(der.SEQUENCE)
    attributes = parts.take(0xA0).parts().rest()
    for one in delivered:
        if _issuer_and_serial(one) == (issuer.whole, serial.whole):
            certificate = _certificate(one)
            _may_stamp(certificate)
            _is_named(one.whole, attributes)
            return certificate
    raise TokenError("the certificate that signed it did not come with it")


def _issuer_and_serial(certificate: Element) -> tuple[bytes, bytes]:
    """RFC 5280, section 4.1: as they are spelled in it."""
    parts = certificate.parts().take(der.SEQUENCE).parts()
    parts.take_if(0xA0)
    serial = parts.take(der.INTEGER)
    parts.take(der.SEQUENCE)
    return parts.take(der.SEQUENCE).whole, serial.whole


def name_of(certificate: x509.Certificate) -> str:
    """Return whose certificate it is, on one short line; also of one that nobody has believed yet."""
    try:
        return certificate.subject.rfc4514_string()[:200]
    except ValueError:
        return "unreadable"


def _may_stamp(certificate: x509.Certificate) -> None:
    """RFC 3161, section 2.3: time stamps are the only use of the key, and that is critical."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        raise TokenError("the certificate that signed it is not for time stamps") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TokenError("the certificate that signed it is not for time stamps alone")


def _is_named(certificate: bytes, attributes: Sequence[Element]) -> None:
    """RFC 5816: what is signed names the certificate by its hash, so that another one of the same key is not taken."""
    for attribute in attributes:
        parts = attribute.parts()
        kind = parts.take(der.OBJECT).oid()
        if kind not in {_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2}:
            continue
        (value,) = parts.take(der.SET).parts().rest()
        named = value.parts().take(der.SEQUENCE).parts().take(der.SEQUENCE).parts()
        algorithm = named.take_if(der.SEQUENCE)
        name = "sha1" if kind == _SIGNING_CERTIFICATE else "sha256"
        if algorithm is not None:
            name = HASHES.get(algorithm.parts().take(der.OBJECT).oid(), "")
        if name and hashlib.new(name, certificate).digest() == named.take(der.OCTET_STRING).body:
            return
        raise TokenError("it names another certificate than the one that came with it")
    raise TokenError("it does not name the certificate that signed it")
