"""What in a request is a secret, and how is it left out so that one still sees it was there?

Evidence is read by strangers: a value that opens something (a cookie, a password, a share
link's key) must not be in it, not even in the erasable part. The name stays and the value
becomes a fixed marker. Deciding by name errs on the side of dropping: a lost `?key=3` costs
little, a kept key much.
"""

import re
from enum import Enum, auto
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

DROPPED: Final = "(present, not recorded)"
"""Stands for the value of a header field."""
DROPPED_PARAMETER: Final = "(not-recorded)"
"""Stands for a value inside a request target; only characters that RFC 3986 allows there."""

_SECRET_FIELDS: Final = frozenset(
    {
        "authorization", "proxy-authorization", "sec-websocket-protocol", "x-amz-signature",
        # Who has them can make the payment that they authorise (x402).
        "payment-signature", "x-payment",
    }
)  # fmt: skip
_SECRET_FIELD = re.compile(
    r"cookie|token|secret|api-?key|access-?key|private-?key|passw|session|credential|jwt|[-_]auth$|^auth[-_]|[-_]auth[-_]"
)
_SECRET_PARAMETERS: Final = frozenset(
    {
        "auth", "code", "key", "otp", "pass", "pin", "pw", "pwd", "sas", "sid", "sig", "sign", "signature", "state",
        "ticket", "hash", "hmac", "mac", "nonce",
    }
)  # fmt: skip
_SECRET_PARAMETER = re.compile(
    r"^x-(amz|goog)-|token|secret|api[-_]?key|access[-_]?key|share[-_]?key|passw|passphrase|session|sessid|credential"
    r"|jwt|[-_]auth$|^auth[-_]|^o?auth(?!or)|authoriz|[-_](sig|key|pwd)$|signature"
)
_JWT = re.compile(r"^eyJ[A-Za-z0-9_-]{4,}\.")
_USER_INFORMATION = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*@")
_PIECES = re.compile(r"([?&;#])")
_LINK_FIELDS: Final = frozenset({"referer", "x-original-url", "x-rewrite-url", "x-original-uri", "x-forwarded-uri"})
"""Fields whose value is itself a URL and may hold secrets as a request target does."""


class FieldKind(Enum):
    """What a header field holds."""

    SECRET = auto()
    LINK = auto()
    """A URL, which may itself hold secrets."""
    OTHER = auto()


def header_value(name: str, value: str) -> str:
    """Return the value of the field `name` as it may be recorded."""
    return value_of(kind_of_field(name), value)


def value_of(kind: FieldKind, value: str) -> str:
    """Return the value of a field of this kind as it may be recorded."""
    if kind is FieldKind.SECRET or _is_token(value):
        return DROPPED
    return target(value) if kind is FieldKind.LINK else value


def kind_of_field(name: str) -> FieldKind:
    """Say what the name of a field tells about its values."""
    lower = name.lower()
    if lower in _SECRET_FIELDS or _SECRET_FIELD.search(lower) is not None:
        return FieldKind.SECRET
    return FieldKind.LINK if lower in _LINK_FIELDS else FieldKind.OTHER


def target(text: str) -> str:
    """Return a request target or URL without the values of parameters that look like secrets.

    Parameters are looked for after every `?`, `&`, `;` and `#`, so those of a path segment
    (`;jsessionid=…`) count too. Nothing else is changed.
    """
    if "@" in text:
        text = _USER_INFORMATION.sub(lambda match: f"{match[1] or ''}//{DROPPED_PARAMETER}@", text)
    if "=" not in text:
        return text
    pieces = _PIECES.split(text)
    for place in range(2, len(pieces), 2):
        name, equals, value = pieces[place].partition("=")
        if equals and value and (is_secret_parameter(name) or _is_token(value)):
            pieces[place] = f"{name}={DROPPED_PARAMETER}"
    return "".join(pieces)


@lru_cache(maxsize=1024)
def is_secret_parameter(name: str) -> bool:
    """Say whether the parameter `name`, as it stands in a URL, looks like one that holds a secret."""
    for _ in range(3):  # a name encoded twice is still decoded by some application
        decoded = unquote(name)
        if decoded == name:
            break
        name = decoded
    lower = name.lower().strip()
    return lower in _SECRET_PARAMETERS or _SECRET_PARAMETER.search(lower) is not None


def _is_token(value: str) -> bool:
    """Say whether the value is a JSON Web Token, whatever its name."""
    return value.startswith("eyJ") and _JWT.match(value) is not None
