"""Who does a front server say has connected, before the first byte of HTTP?

HAProxy, nginx's stream module and cloud load balancers pass on bytes, not requests; so they write
a preamble: the PROXY protocol, version 1 (text) or 2 (binary), haproxy.org/download/3.0/doc/proxy-protocol.txt,
sections 2.1 and 2.2. It is read strictly: whoever may write it is trusted and does so rightly,
and what is not exactly a preamble must not become part of a request.
"""

import re
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from guard.core.client_address import unmapped
from guard.core.facts import IPAddress
from guard.errors import RequestError

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
LONGEST_V1: Final = 107
"""Bytes, with the line's end; section 2.1."""
LONGEST_V2: Final = 2048
"""Bytes after the first 16: addresses have at most 216, the rest is what else is told."""

_TEXT: Final = b"PROXY "
_HEAD: Final = 16
_PORT = re.compile(r"0|[1-9][0-9]{0,4}", re.ASCII)
_V4_ADDRESSES, _V6_ADDRESSES, _UNIX_ADDRESSES = 12, 36, 216
_SIZES: Final = {0x00: 0, 0x11: _V4_ADDRESSES, 0x21: _V6_ADDRESSES, 0x31: _UNIX_ADDRESSES}
"""By family and protocol: unspecified, TCP over IPv4, TCP over IPv6, unix stream. We listen for nothing else."""
_CHECKSUM, _TLS = 0x03, 0x20
_CLIENT_TLS: Final = 0x01


@dataclass(frozen=True, slots=True, kw_only=True)
class Preamble:
    """What stood before the first request."""

    length: int
    """Bytes."""
    address: IPAddress | None
    """The visitor's; None where the front server speaks for itself (a health check) or does not know."""
    port: int = 0
    tls: bool = False
    """The visitor's connection to the front server is encrypted. Only version 2 can tell."""


def read_preamble(data: bytes) -> Preamble | None:
    """Read a preamble at the start of `data`; None while more bytes are needed.

    Raises:
        RequestError: There is none, or it is malformed.
    """
    if data.startswith(SIGNATURE[: len(data)]):
        return _version_2(data) if len(data) >= _HEAD else None
    if data.startswith(_TEXT[: len(data)]):
        return _version_1(data)
    raise RequestError("the connection does not begin with a PROXY preamble")


def _version_1(data: bytes) -> Preamble | None:
    end = data.find(b"\n", 0, LONGEST_V1)
    if end < 0:
        if len(data) >= LONGEST_V1:
            raise RequestError("the PROXY line is too long")
        return None
    line = data[:end]
    if not line.endswith(b"\r") or not line.isascii() or b"\0" in line:
        raise RequestError("the PROXY line is malformed")
    _, family, *rest = line[:-1].decode("ascii").split(" ")
    if family == "UNKNOWN":
        return Preamble(length=end + 1, address=None)
    kinds = {"TCP4": IPv4Address, "TCP6": IPv6Address}
    if family not in kinds or len(rest) != 4:
        raise RequestError("the PROXY line is malformed")
    addresses = [_address(text) for text in rest[:2]]
    if not all(isinstance(one, kinds[family]) for one in addresses):
        raise RequestError("the PROXY line names no addresses of its family")
    ports = [int(text) for text in rest[2:] if _PORT.fullmatch(text)]
    if len(ports) != 2 or max(ports) > 65535:
        raise RequestError("the PROXY line names no ports")
    return Preamble(length=end + 1, address=unmapped(addresses[0]), port=ports[0])


def _address(text: str) -> IPAddress | None:
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None


def _version_2(data: bytes) -> Preamble | None:
    version, command, family = data[12] >> 4, data[12] & 0x0F, data[13]
    size = int.from_bytes(data[14:16], "big")
    if version != 2 or command > 1:
        raise RequestError("the PROXY preamble is of no known version")
    if size > LONGEST_V2:
        raise RequestError("the PROXY preamble is too long")
    if len(data) < _HEAD + size:
        return None
    length = _HEAD + size
    if command == 0:  # LOCAL: what follows is to be skipped
        return Preamble(length=length, address=None)
    taken = _SIZES.get(family)
    if taken is None or taken > size:
        raise RequestError("the PROXY preamble names no TCP connection")
    tls = _told(data[:length], _HEAD + taken)
    addresses = data[_HEAD : _HEAD + taken]
    match family:
        case 0x11:
            return Preamble(length=length, address=IPv4Address(addresses[:4]), port=_port(addresses[8:10]), tls=tls)
        case 0x21:
            address = IPv6Address(addresses[:16])
            return Preamble(length=length, address=unmapped(address), port=_port(addresses[32:34]), tls=tls)
        case _:
            return Preamble(length=length, address=None, tls=tls)


def _told(preamble: bytes, at: int) -> bool:
    """Walk through what else is told, check a checksum, and return whether the visitor's connection is encrypted."""
    tls = False
    while at < len(preamble):
        kind, size = preamble[at], int.from_bytes(preamble[at + 1 : at + 3], "big")
        value = preamble[at + 3 : at + 3 + size]
        if at + 3 > len(preamble) or len(value) < size:
            raise RequestError("the PROXY preamble breaks off")
        if kind == _CHECKSUM:
            without = preamble[: at + 3] + bytes(size) + preamble[at + 3 + size :]
            if size != 4 or crc32c(without) != int.from_bytes(value, "big"):
                raise RequestError("the checksum of the PROXY preamble is wrong")
        elif kind == _TLS and value:
            tls = bool(value[0] & _CLIENT_TLS)
        at += 3 + size
    return tls


def crc32c(data: bytes) -> int:
    """Return the Castagnoli checksum (RFC 9260, appendix A)."""
    table, remainder = _table(), 0xFFFFFFFF
    for byte in data:
        remainder = table[(remainder ^ byte) & 0xFF] ^ (remainder >> 8)
    return remainder ^ 0xFFFFFFFF


@cache
def _table() -> tuple[int, ...]:
    rows = []
    for row in range(256):
        for _ in range(8):
            row = (row >> 1) ^ (0x82F63B78 if row & 1 else 0)  # noqa: PLW2901
        rows.append(row)
    return tuple(rows)


def _port(raw: bytes) -> int:
    return int.from_bytes(raw, "big")
