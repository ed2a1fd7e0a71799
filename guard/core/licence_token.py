"""How is a licence written so that nobody but the owner can write one?

As a JSON Web Token (RFC 7519) in the compact form of RFC 7515: what RSL's licence servers
hand out as well, and every language can read. It is signed with Ed25519 under the
algorithm's own name (RFC 9864). The bindings are those of RFC 7800: `cnf` holds the
licensee's public key, or its thumbprint (`jkt`, RFC 9449).

The header is one constant, compared as text. No token chooses its algorithm, its type or its
key, so the mistakes of RFC 8725, section 2 (`none`, RSA keys taken for shared secrets, keys
fetched from where the token says) have nothing to act on; a general library, which must
offer that choice, would bring them back. A claim that is not known is refused, since a later
version may add one that limits the licence.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from guard.core.licence import Licence
from guard.core.signing_keys import SigningKey, parse_directory
from guard.errors import FetchError, LicenceError

TYPE: Final = "crawler-licence+jwt"
LONGEST: Final = 4096
"""Characters of a token. Front servers and clients often stop at 8 KiB for all header lines together."""
LONGEST_TEXT: Final = 200
"""Characters of a name, a path or a reference."""
MOST_ITEMS: Final = 32
"""Hosts, paths, purposes or kinds."""

SIGNED_HEADER: Final = (
    base64.urlsafe_b64encode(orjson.dumps({"alg": "Ed25519", "typ": TYPE}, option=orjson.OPT_SORT_KEYS))
    .rstrip(b"=")
    .decode()
)
_TOKEN = re.compile(r"([A-Za-z0-9_-]{2,200})\.([A-Za-z0-9_-]{2,4000})\.([A-Za-z0-9_-]{2,1000})", re.ASCII)
_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{10}", re.ASCII)
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_REQUIRED = frozenset({"aud", "exp", "iat", "jti", "sub"})
_KNOWN = _REQUIRED | {"cnf", "crawler", "kinds", "limit", "paths", "purposes", "ref"}


def is_ours(token: str) -> bool:
    """Tell whether a token says that it is a licence of ours, whatever else is wrong with it.

    Other tokens belong to the site behind us and are left alone.
    """
    head, dot, _ = token[: len(SIGNED_HEADER) + 200].partition(".")
    if not dot or not head.startswith("eyJ"):
        return False
    if head == SIGNED_HEADER:
        return True
    try:
        header = orjson.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(header, dict) and header.get("typ") == TYPE


def seal(licence: Licence, private: Ed25519PrivateKey) -> str:
    """Return the token of a licence.

    Raises:
        LicenceError: It says something that no token can.
    """
    payload = orjson.dumps(claims(licence), option=orjson.OPT_SORT_KEYS)
    if parse_claims(payload) != licence:
        raise LicenceError("this licence can not be written as a token")
    signed = f"{SIGNED_HEADER}.{_encode(payload)}"
    token = f"{signed}.{_encode(private.sign(signed.encode()))}"
    if len(token) > LONGEST:
        raise LicenceError(f"the token would have {len(token)} characters, at most {LONGEST} are accepted; say less")
    return token


def open_token(token: str, public: Ed25519PublicKey) -> Licence:
    """Return what a token says, if the owner signed it; nothing of it is read before that.

    Raises:
        LicenceError: It is not a token of this owner.
    """
    if len(token) > LONGEST:
        raise LicenceError(f"it has more than {LONGEST} characters")
    match = _TOKEN.fullmatch(token)
    if match is None or match[1] != SIGNED_HEADER:
        raise LicenceError("it is not written as a licence is")
    signature = _decode(match[3])
    try:
        public.verify(signature, f"{match[1]}.{match[2]}".encode())
    except InvalidSignature:
        raise LicenceError("its signature is not the rights holder's") from None
    return parse_claims(_decode(match[2]))


def claims(licence: Licence) -> dict[str, Any]:
    """Return the claims of a licence, as they stand in its token and in the register."""
    confirmation = {"jwk": dict(licence.key)} if licence.key else {"jkt": licence.thumbprint}
    said: dict[str, Any] = {
        "aud": list(licence.hosts),
        "cnf": confirmation if licence.thumbprint else None,
        "crawler": licence.crawler,
        "exp": int(licence.expires.timestamp()),
        "iat": int(licence.issued.timestamp()),
        "jti": licence.id,
        "kinds": sorted(licence.kinds),
        "limit": {"pictures": licence.pictures, "seconds": licence.per_seconds} if licence.pictures else None,
        "paths": list(licence.paths),
        "purposes": sorted(licence.purposes),
        "ref": licence.reference,
        "sub": licence.licensee,
    }
    return {name: value for name, value in said.items() if value or name in _REQUIRED}


def parse_claims(data: bytes) -> Licence:
    """Read claims, every one of them strictly.

    Raises:
        LicenceError: One is missing, not known, or not what it should be.
    """
    try:
        said = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise LicenceError("its claims are no JSON") from None
    if not isinstance(said, dict) or not _REQUIRED <= said.keys() <= _KNOWN:
        raise LicenceError("its claims are not those of a licence known here")
    thumbprint, key = _confirmation(said["cnf"]) if "cnf" in said else ("", None)
    pictures, seconds = _limit(said["limit"]) if "limit" in said else (0, 0)
    licence = Licence(
        id=_text(said, "jti", _ID),
        licensee=_text(said, "sub"),
        reference=_text(said, "ref") if "ref" in said else "",
        hosts=_texts(said, "aud"),
        paths=_texts(said, "paths"),
        purposes=frozenset(_texts(said, "purposes")),
        kinds=frozenset(_texts(said, "kinds")),
        crawler=_text(said, "crawler") if "crawler" in said else "",
        thumbprint=thumbprint,
        key=key,
        pictures=pictures,
        per_seconds=seconds,
        issued=_time(said, "iat"),
        expires=_time(said, "exp"),
    )
    if not licence.hosts or licence.expires <= licence.issued:
        raise LicenceError("it is for no host or for no time")
    return licence


def licensee_key(jwk: Mapping[str, Any]) -> SigningKey:
    """Return the public key that a licence is bound to.

    Raises:
        LicenceError: It is not one that requests can be signed with.
    """
    try:
        read = parse_directory(orjson.dumps({"keys": [dict(jwk)]}), "")
    except (FetchError, TypeError) as error:
        raise LicenceError(f"the key can not be read: {error}") from None
    if read.refused:
        raise LicenceError(f"the key {read.refused[0].partition(': ')[2]}")
    return next(iter(read.keys.values()))


def _confirmation(value: Any) -> tuple[str, Mapping[str, str] | None]:
    match value:
        case {"jkt": str(thumbprint), **rest} if not rest and _THUMBPRINT.fullmatch(thumbprint):
            return thumbprint, None
        case {"jwk": dict(jwk), **rest} if not rest:
            return licensee_key(jwk).thumbprint, jwk
    raise LicenceError("its key binding can not be read")


def _limit(value: Any) -> tuple[int, int]:
    match value:
        case {"pictures": int(pictures), "seconds": int(seconds), **rest} if not rest and pictures > 0 and seconds > 0:
            return pictures, seconds
    raise LicenceError("its limit can not be read")


def _text(said: Mapping[str, Any], name: str, form: re.Pattern[str] | None = None) -> str:
    value = said[name]
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT or not value.isprintable():
        raise LicenceError(f"its {name} can not be read")
    if form is not None and not form.fullmatch(value):
        raise LicenceError(f"its {name} can not be read")
    return value


def _texts(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = said.get(name, [])
    if not isinstance(values, list) or len(values) > MOST_ITEMS or (name in said and not values):
        raise LicenceError(f"its {name} can not be read")
    return tuple(_text({name: value}, name) for value in values)


def _time(said: Mapping[str, Any], name: str) -> datetime:
    value = said[name]
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise LicenceError(f"its {name} can not be read")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise LicenceError(f"its {name} can not be read") from None


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Read base64url; of the spellings that mean the same bytes only the right one, so that a token has one."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        raise LicenceError("it is not written as a licence is") from None
    if _encode(data) != text:
        raise LicenceError("it is not written as a licence is")
    return data
