"""How is a question to a name server written, and what does its answer say?

Only what reverse look-ups need: PTR, A and AAAA, with CNAME on the way (RFC 1035; RFC 2317
makes reverse names aliases). Answers come from strangers' servers, so every jump and every
count is bounded, and whatever is not plainly an answer to the question is an error.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address

from guard.core.facts import IPAddress

MAX_ANSWER = 4096
"""Bytes that are read; we announce 1232 (RFC 6891, and what fits one packet everywhere)."""
MAX_RECORDS = 64
MAX_ALIASES = 8
_ANNOUNCED = 1232
_MAX_JUMPS = 32
_IN = 1
_OPT = 41
_NO_SUCH_NAME = 3
_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")


class RecordType(IntEnum):
    """Types of records that are asked for."""

    A = 1
    CNAME = 5
    PTR = 12
    AAAA = 28


class DnsError(Exception):
    """The answer can not be used: malformed, cut short, for another question, or the server failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsAnswer:
    """What a server says about one name; nothing if there is no such name or no such record."""

    names: tuple[str, ...] = ()
    """PTR: names in lower case, without the dot at the end."""
    addresses: frozenset[IPAddress] = frozenset()


def reverse_name(address: IPAddress) -> str:
    """Return the name under which an address's names are found (RFC 1035, section 3.5; RFC 3596, section 2.5)."""
    return address.reverse_pointer


def encode_query(number: int, name: str, kind: RecordType) -> bytes:
    """Write a recursive question with an announcement of how much we take.

    Raises:
        DnsError: `name` is no host name.
    """
    additional = b"\0" + struct.pack("!HHIH", _OPT, _ANNOUNCED, 0, 0)
    return _HEADER.pack(number, 0x0100, 1, 0, 0, 1) + _encode_name(name) + struct.pack("!HH", kind, _IN) + additional


def parse_answer(data: bytes, number: int, name: str, kind: RecordType) -> DnsAnswer:
    """Read the answer to the question that `encode_query` wrote.

    Raises:
        DnsError: It is no usable answer to it.
    """
    try:
        return _parse(data, number, name, kind)
    except (struct.error, IndexError, ValueError):
        raise DnsError("the answer is malformed") from None


def _parse_question(data: bytes, number: int, name: str, kind: RecordType) -> tuple[str, int, int]:
    """Check that this answers the question; return its name, where the answers begin and how many there are."""
    answered, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
    if answered != number or not flags & 0x8000 or questions != 1:
        raise DnsError("it is no answer to the question")
    asked, at = _name(data, _HEADER.size)
    if asked != name.lower().rstrip(".") or struct.unpack_from("!HH", data, at) != (kind, _IN):
        raise DnsError("it answers another question")
    if flags & 0x0200:
        raise DnsError("the answer was cut short")
    status = flags & 15
    if status not in (0, _NO_SUCH_NAME):
        raise DnsError(f"the name server failed with status {status}")
    if answers > MAX_RECORDS:
        raise DnsError(f"the answer has more than {MAX_RECORDS} records")
    return asked, at + 4, 0 if status == _NO_SUCH_NAME else answers


def _parse(data: bytes, number: int, name: str, kind: RecordType) -> DnsAnswer:
    asked, at, answers = _parse_question(data, number, name, kind)
    aliases: dict[str, str] = {}
    found: list[tuple[str, str | IPAddress]] = []
    for _ in range(answers):
        owner, at = _name(data, at)
        record, network, _, length = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        content = data[at : at + length]
        if len(content) != length:
            raise DnsError("the answer ends too early")
        if network == _IN and record == RecordType.CNAME:
            aliases[owner] = _name(data, at)[0]
        elif network == _IN and record == kind:
            found.append((owner, _value(data, at, content, kind)))
        at += length
    owner = asked
    for _ in range(MAX_ALIASES):
        if owner not in aliases:
            break
        owner = aliases[owner]
    else:
        raise DnsError("the answer has too many aliases")
    values = [value for at_name, value in found if at_name == owner]
    return DnsAnswer(
        names=tuple(dict.fromkeys(value for value in values if isinstance(value, str))),
        addresses=frozenset(value for value in values if not isinstance(value, str)),
    )


def _value(data: bytes, at: int, content: bytes, kind: RecordType) -> str | IPAddress:
    match kind:
        case RecordType.A:
            return IPv4Address(content)
        case RecordType.AAAA:
            address = IPv6Address(content)
            return address.ipv4_mapped or address
        case RecordType.PTR | RecordType.CNAME:
            return _name(data, at)[0]


def _encode_name(name: str) -> bytes:
    encoded = b""
    for label in name.rstrip(".").split("."):
        raw = label.encode("ascii", "replace")
        if not 0 < len(raw) < 64:
            raise DnsError("it is no host name")
        encoded += bytes([len(raw)]) + raw
    if len(encoded) > 254:
        raise DnsError("it is no host name")
    return encoded + b"\0"


def _name(data: bytes, at: int) -> tuple[str, int]:
    """Read a name, which may jump backwards (RFC 1035, section 4.1.4); return it and where the next thing begins."""
    labels: list[str] = []
    behind = -1
    size = 0
    for _ in range(_MAX_JUMPS + 128):
        length = data[at]
        if length >= 192:
            target = (length & 63) << 8 | data[at + 1]
            behind = at + 2 if behind < 0 else behind
            if target >= at:
                raise DnsError("a name jumps forwards")
            at = target
        elif length >= 64:
            raise DnsError("a name has an unknown form")
        elif length == 0:
            return ".".join(labels), at + 1 if behind < 0 else behind
        else:
            label = data[at + 1 : at + 1 + length]
            size += length + 1
            if len(label) != length or size > 254:
                raise DnsError("a name is too long")
            # A dot or a byte beyond ASCII inside a label must not look like a border between two.
            labels.append("".join(chr(byte) if byte in _PLAIN else "?" for byte in label).lower())
            at += 1 + length
    raise DnsError("a name has too many parts")


_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
