"""How does a record hold a personal value without containing it?

A leaf holds only a *commitment*: SHA-256 over the canonical JSON array `[salt, name, value]`,
the form of RFC 9901 (section 4.2.1), the salt being 128 random bits in base64url. Those
bytes, the *disclosure*, lie in an erasable store beside the log: whoever has them can show
that this was the value; when they are deleted the log stays whole and nobody can guess.

What identifies a person and what identifies a program, a network or a picture are separate
groups with separate lifetimes (see `retention`), so each value is in exactly one of them.
"""

from base64 import b64decode, b64encode
from binascii import b2a_base64
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv4Address, ip_network
from typing import Any, Final, NamedTuple

from guard.core.facts import IPAddress, RequestFacts
from guard.core.signatures import SignatureVerdict
from guard.errors import LeafError
from guard.evidence import canonical, redaction
from guard.evidence.text import escape

SALT_SIZE: Final = 16
LARGEST_DISCLOSURE: Final = 512 * 1024
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


class Group(StrEnum):
    """Values that are kept and erased together."""

    PERSON = "person"
    """Address, port, peer, forwarding chain and the header fields that repeat them."""
    TOOL = "tool"
    """The header print: names of all fields in order, with the values that the program itself chose."""
    NETWORK = "network"
    """Where the client sits, coarse: the /24 or /48 of its address and the autonomous system."""
    TARGET = "target"
    """What was asked for: method, authority and path."""
    REQUEST = "request"
    """The query and the remaining header fields: they may tell who somebody is."""
    NAMES = "names"
    """What the name servers said of the address, where that proved a claim."""
    CAMERA = "camera"
    """What a camera wrote about itself into a picture of the owner's."""
    SIGNATURE = "signature"
    """A verified request signature, the text that was signed, and whose key it was."""


PERSON_FIELDS: Final = frozenset(
    {
        "cf-connecting-ip", "cf-connecting-ipv6", "cf-pseudo-ipv4", "client-ip", "fastly-client-ip", "forwarded",
        "true-client-ip", "x-client-ip", "x-cluster-client-ip", "x-forwarded", "x-forwarded-for", "x-real-ip",
        "x-remote-addr", "x-remote-ip", "remote-user", "x-remote-user", "x-forwarded-user", "x-forwarded-email", "from",
    }
)  # fmt: skip
"""Fields whose value names the client's address or account; `From` holds a mail address (RFC 9110, section 10.1.2)."""

_TOOL_FIELDS: Final = frozenset(
    {
        "accept", "accept-charset", "accept-encoding", "accept-language", "connection", "dnt", "keep-alive",
        "pragma", "priority", "proxy-connection", "save-data", "sec-gpc", "te", "upgrade-insecure-requests",
        "user-agent", "x-requested-with", "signature-agent",
    }
)  # fmt: skip


class Disclosure(NamedTuple):
    """One committed value, in the exact bytes that its commitment is over."""

    group: str
    data: bytes
    commitment: str
    """64 lower-case hexadecimal digits: SHA-256 of `data`."""


_new: Final = tuple.__new__
"""Makes a named tuple in half the time, where thousands are made."""


def commit(group: str, value: object, salt: bytes) -> Disclosure:
    """Commit to `value` under `group` with 16 fresh random bytes.

    Raises:
        LeafError: The value has no canonical form, is too large, or the salt is too short.
    """
    if len(salt) != SALT_SIZE:
        raise LeafError(f"a salt of {len(salt)} bytes, {SALT_SIZE} are needed")
    canonical.check([group, value])
    data = canonical.spell([_salt_text(salt), group, value])
    _check_size(data)
    return Disclosure(group, data, sha256(data).hexdigest())


def _check_size(data: bytes) -> None:
    if len(data) > LARGEST_DISCLOSURE:
        raise LeafError(f"a disclosure of {len(data)} bytes, at most {LARGEST_DISCLOSURE} are kept")


def read(data: bytes) -> tuple[str, Any]:
    """Return group and value of a disclosure's bytes.

    Raises:
        LeafError: The bytes are no disclosure.
    """
    parts = canonical.decode(data)
    if not (type(parts) is list and len(parts) == 3 and type(parts[0]) is str and type(parts[1]) is str):
        raise LeafError("not a disclosure: an array of salt, name and value is needed")
    try:
        salt = b64decode(parts[0] + "==", altchars=b"-_", validate=True)
    except ValueError:
        salt = b""
    if len(salt) != SALT_SIZE or _salt_text(salt) != parts[0]:
        raise LeafError("not a disclosure: the salt is not 128 bits in base64url")
    return parts[1], parts[2]


class RequestValues(NamedTuple):
    """What is known of one request, secrets left out, by the group that it belongs to."""

    person: dict[str, Any]
    tool: dict[str, Any]
    network: dict[str, Any]
    target: dict[str, Any]
    request: dict[str, Any]


GROUPS_OF_REQUEST: Final = len(RequestValues._fields)
SALTS_OF_REQUEST: Final = GROUPS_OF_REQUEST * SALT_SIZE
"""How many random bytes a request needs."""
_SALT_PLACES: Final = tuple(range(0, SALTS_OF_REQUEST, SALT_SIZE))
_TEXT_PLACES: Final = tuple(range(0, 24 * GROUPS_OF_REQUEST, 24))
_NAMES: Final = tuple(Group(name).value for name in RequestValues._fields)
_PERSON, _TOOL, _OTHER = Group.PERSON, Group.TOOL, redaction.FieldKind.OTHER


def of_request(facts: RequestFacts, salts: bytes, system: int = 0) -> list[Disclosure]:
    """Commit to what `facts` tell, with 80 fresh random bytes; `system` as in `values_of_request`."""
    if len(salts) != SALTS_OF_REQUEST:
        raise LeafError(f"salts of {len(salts)} bytes, {SALTS_OF_REQUEST} are needed")
    # Two zero bytes after each salt make it 24 characters, of which the first 22 are those of the salt alone.
    padded = b"\0\0".join([salts[at : at + SALT_SIZE] for at in _SALT_PLACES])
    texts = b2a_base64(padded).translate(_URL_SAFE).decode()
    found = []
    for name, value, at in zip(_NAMES, values_of_request(facts, system), _TEXT_PLACES, strict=True):
        data = canonical.spell([texts[at : at + 22], name, value])
        if len(data) > LARGEST_DISCLOSURE:
            _check_size(data)
        found.append(_new(Disclosure, (name, data, sha256(data).hexdigest())))
    return found


def values_of_request(facts: RequestFacts, system: int = 0) -> RequestValues:
    """Return what `of_request` commits to; `system` is the autonomous system of the client's address, or 0."""
    client = facts.client
    address, prefix = _shown(client.address)
    in_person: list[list[str]] = []
    in_tool: list[list[str | None]] = []
    in_request: list[list[str]] = []
    for name, value in facts.headers:
        group, shown, kind = _field(name)
        if kind is not _OTHER or value[:3] == "eyJ" or "\\" in value or not value.isascii():
            value = escape(redaction.value_of(kind, value))  # noqa: PLW2901 - anything else stays as it is
        if group is _TOOL:
            in_tool.append([shown, value])
        else:
            in_tool.append([shown, None])
            (in_person if group is _PERSON else in_request).append([shown, value])
    path, query = split_target(facts.target)
    return RequestValues(
        {
            "address": address,
            "chain": escape(client.chain),
            "headers": in_person,
            "peer": escape(client.peer),
            "port": client.port,
            "source": client.source,
        },
        {"headers": in_tool},
        {"prefix": prefix, "system": system},
        {
            "authority": escape(facts.authority.rpartition("@")[2]),
            "method": escape(facts.method),
            "path": path,
            "scheme": facts.scheme,
            "version": facts.version,
        },
        {"headers": in_request, "query": query},
    )


def split_target(target: str) -> tuple[str, str]:
    """Return path and query of a request target as they are recorded, secrets left out; the query with its `?`."""
    path, mark, query = redaction.target(target).partition("?")
    return escape(path), escape(mark + query)


def target_of(values: Mapping[str, Any]) -> str:
    """Return the request target as far as the values, by group, still tell it; empty if they do not.

    In logs of the first weeks it is whole in the request group.
    """
    target, request = values.get(Group.TARGET.value), values.get(Group.REQUEST.value)
    request = request if isinstance(request, dict) else {}
    if isinstance(target, dict):
        return f"{target.get('path', '')}{request.get('query', '')}"
    return str(request.get("target", ""))


def prefix_of(address: IPAddress | None) -> str:
    """Return the network in which an address is looked for in public."""
    return _shown(address)[1]


@lru_cache(maxsize=1024)
def _shown(address: IPAddress | None) -> tuple[str, str]:
    """Return an address, and the network in which it is looked for in public: /24 or /48; empty where there is none."""
    if address is None:
        return "", ""
    length = 24 if isinstance(address, IPv4Address) else 48
    return str(address), str(ip_network((address, length), strict=False))


@lru_cache(maxsize=1024)
def _field(name: str) -> tuple[Group, str, redaction.FieldKind]:
    """Return the group that the field's value belongs to, its name as it is recorded, and what to do to its value."""
    lower = name.lower()
    group = Group.REQUEST
    if lower in PERSON_FIELDS:
        group = Group.PERSON
    elif lower in _TOOL_FIELDS or lower.startswith("sec-"):
        group = Group.TOOL
    return group, escape(name), redaction.kind_of_field(name)


def of_signature(verified: SignatureVerdict, salt: bytes) -> Disclosure:
    """Commit to a verified signature with everything that is needed to verify it again, but the key itself."""
    value = {
        "agent": escape(verified.agent),
        "base": escape(verified.base.decode("utf-8", "surrogateescape")),
        "keyid": escape(verified.keyid),
        "signature": b64encode(verified.signature).decode(),
    }
    return commit(Group.SIGNATURE.value, value, salt)


def _salt_text(salt: bytes) -> str:
    return b2a_base64(salt)[:22].translate(_URL_SAFE).decode()
