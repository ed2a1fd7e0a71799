"""Which keys does an origin publish for signed requests?

A directory is a JSON Web Key Set at a well-known path
(draft-ietf-webbotauth-httpsig-protocol, section "Directory Format"). A key is known by its
thumbprint (RFC 7638, RFC 8037 appendix A.3), computed here and never taken from the file,
and it belongs to the address that it was read at: the same key elsewhere is another one.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from guard.errors import FetchError

WELL_KNOWN = "/.well-known/http-message-signatures-directory"
MEDIA_TYPE = "application/http-message-signatures-directory+json"
MAX_BYTES = 64 * 1024
MAX_KEYS = 32

TEST_KEYS = frozenset({"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U", "oD0HwocPBSfpNy5W3bpJeyFGY_IQ_YpqxSjQ3Yd-CLA"})
"""Thumbprints of the keys printed in RFC 9421, appendix B.1, with their private halves: anybody signs with them."""

_RSA_BITS = range(2048, 4097)
"""Shorter ones are weak, longer ones cost us time."""


class Algorithm(StrEnum):
    """Signature algorithms of RFC 9421 that are accepted. Never one with a shared secret."""

    ED25519 = "ed25519"
    RSA_PSS_SHA512 = "rsa-pss-sha512"
    ECDSA_P256_SHA256 = "ecdsa-p256-sha256"


_NAMES = {
    Algorithm.ED25519: frozenset({"ed25519", "EdDSA", "Ed25519"}),
    Algorithm.RSA_PSS_SHA512: frozenset({"rsa-pss-sha512", "PS512"}),
    Algorithm.ECDSA_P256_SHA256: frozenset({"ecdsa-p256-sha256", "ES256"}),
}
"""What `alg` may say: the registered name, or that of JSON Web Algorithms."""

PublicKey = Ed25519PublicKey | RSAPublicKey | EllipticCurvePublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One public key, at one directory."""

    directory: str
    """The address it was read at: the identifier of whoever signs with it."""
    thumbprint: str
    algorithm: Algorithm
    key: PublicKey
    not_before: datetime | None = None
    expires: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDirectory:
    """What one directory says."""

    keys: Mapping[str, SigningKey]
    """By thumbprint."""
    refused: tuple[str, ...]
    """Why each other entry was not taken."""


def directory_url(origin: str) -> str:
    """Return the address of an origin's directory, normalised, so that one directory has one name.

    Raises:
        ValueError: `origin` is no https origin (RFC 6454, section 6.2); an empty path `/` may follow.
    """
    if not origin.isascii() or not origin.isprintable() or "\\" in origin or " " in origin:
        raise ValueError(origin)
    parts = urlsplit(origin)
    host = (parts.hostname or "").lower().rstrip(".")
    plain = parts.scheme.lower() == "https" and host and parts.path in ("", "/")
    if not plain or parts.username is not None or "?" in origin or "#" in origin or "@" in origin or ":" in host:
        raise ValueError(origin)
    port = "" if parts.port in (None, 443) else f":{parts.port}"
    return f"https://{host}{port}{WELL_KNOWN}"


def parse_directory(data: bytes, url: str, refused: frozenset[str] = TEST_KEYS) -> KeyDirectory:
    """Read a key directory; an entry that is not right is left out with its reason.

    Raises:
        FetchError: It is no directory at all, or over a limit.
    """
    if len(data) > MAX_BYTES:
        raise FetchError(f"the key directory has more than {MAX_BYTES} bytes")
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise FetchError("the key directory is no JSON") from None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise FetchError("the key directory has no array of keys")
    if len(entries) > MAX_KEYS:
        raise FetchError(f"the key directory has more than {MAX_KEYS} keys")
    keys: dict[str, SigningKey] = {}
    reasons: list[str] = []
    for number, entry in enumerate(entries):
        try:
            key = _key(entry, url)
            if key.thumbprint in refused:
                raise ValueError("is a key that everybody has")
        except (ValueError, UnsupportedAlgorithm) as error:
            reasons.append(f"key {number}: {error}")
        else:
            keys[key.thumbprint] = key
    return KeyDirectory(keys=keys, refused=tuple(reasons))


_MEMBERS = {"OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Return the SHA-256 thumbprint of a key (RFC 7638, section 3), whose members are strings."""
    required = {name: jwk[name] for name in _MEMBERS[jwk["kty"]]}
    digest = hashlib.sha256(orjson.dumps(required, option=orjson.OPT_SORT_KEYS)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _key(jwk: Any, url: str) -> SigningKey:
    """Make a key of an entry; ValueError says what is wrong."""
    if not isinstance(jwk, dict):
        raise ValueError("is no object")
    kind = jwk.get("kty")
    if not isinstance(kind, str) or kind not in _MEMBERS:
        raise ValueError("has a type that is not accepted")
    if not all(isinstance(jwk.get(name), str) and len(jwk[name]) <= 1024 for name in _MEMBERS[kind]):
        raise ValueError("lacks a member of its type")
    if "d" in jwk:
        raise ValueError("is a private key")
    if jwk.get("use", "sig") != "sig":
        raise ValueError("is not for signatures")
    name = thumbprint(jwk)
    if jwk.get("kid", name) != name:
        raise ValueError("has a kid that is not its thumbprint")
    algorithm, key = _material(jwk)
    if jwk.get("alg") is not None and not (isinstance(jwk["alg"], str) and jwk["alg"] in _NAMES[algorithm]):
        raise ValueError("has an algorithm that does not fit its type")
    return SigningKey(
        directory=url,
        thumbprint=name,
        algorithm=algorithm,
        key=key,
        not_before=_time(jwk.get("nbf")),
        expires=_time(jwk.get("exp")),
    )


def _material(jwk: Mapping[str, str]) -> tuple[Algorithm, PublicKey]:
    match jwk["kty"], jwk.get("crv"):
        case "OKP", "Ed25519":
            return Algorithm.ED25519, Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"]))
        case "EC", "P-256":
            point = EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), SECP256R1())
            return Algorithm.ECDSA_P256_SHA256, point.public_key()
        case "RSA", _:
            key = RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
            if key.key_size not in _RSA_BITS:
                raise ValueError("has a length that is not accepted")
            return Algorithm.RSA_PSS_SHA512, key
    raise ValueError("has a curve that is not accepted")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is not base64url") from None


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("has a time that is no number")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError("has a time that does not exist") from None
