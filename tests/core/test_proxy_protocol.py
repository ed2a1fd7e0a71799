"""A preamble is read exactly, or the connection has none."""

import struct
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.proxy_protocol import SIGNATURE, Preamble, crc32c, read_preamble
from guard.errors import RequestError

REQUEST = b"GET / HTTP/1.1\r\nHost: photo.example\r\n\r\n"


def version_2(family: int, addresses: bytes, tlvs: bytes = b"", command: int = 0x21) -> bytes:
    body = addresses + tlvs
    return SIGNATURE + struct.pack("!BBH", command, family, len(body)) + body


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


V4 = bytes([203, 0, 113, 9, 192, 0, 2, 1]) + struct.pack("!HH", 40000, 443)
V6 = IPv6Address("2001:db8::9").packed + IPv6Address("2001:db8::1").packed + struct.pack("!HH", 40000, 443)
MAPPED = IPv6Address("::ffff:203.0.113.9").packed + bytes(16) + struct.pack("!HH", 1, 2)

GOOD = {
    "text, IPv4": (b"PROXY TCP4 203.0.113.9 192.0.2.1 40000 443\r\n", "203.0.113.9", 40000, False),
    "text, IPv6": (b"PROXY TCP6 2001:db8::9 2001:db8::1 40000 443\r\n", "2001:db8::9", 40000, False),
    "text, unknown": (b"PROXY UNKNOWN\r\n", "", 0, False),
    "text, unknown with more": (b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", "", 0, False),
    "binary, IPv4": (version_2(0x11, V4), "203.0.113.9", 40000, False),
    "binary, IPv6": (version_2(0x21, V6), "2001:db8::9", 40000, False),
    "binary, IPv4 in IPv6": (version_2(0x21, MAPPED), "203.0.113.9", 1, False),
    "binary, unix": (version_2(0x31, bytes(216)), "", 0, False),
    "binary, local": (version_2(0x00, b"", command=0x20), "", 0, False),
    "binary, local with rubbish": (version_2(0x11, b"\xff" * 7, command=0x20), "", 0, False),
    "binary, TLS": (version_2(0x11, V4, tlv(0x20, b"\x01" + bytes(4))), "203.0.113.9", 40000, True),
    "binary, no TLS": (version_2(0x11, V4, tlv(0x20, b"\x00" + bytes(4))), "203.0.113.9", 40000, False),
    "binary, unknown more": (version_2(0x11, V4, tlv(0xEA, b"aws")), "203.0.113.9", 40000, False),
}


@pytest.mark.parametrize(("data", "address", "port", "tls"), GOOD.values(), ids=GOOD.keys())
def test_a_preamble_tells_the_visitor(data: bytes, address: str, port: int, tls: bool):
    """And nothing of what follows is taken for a part of it."""
    expected = Preamble(length=len(data), address=ip_address(address) if address else None, port=port, tls=tls)

    assert read_preamble(data) == expected
    assert read_preamble(data + REQUEST) == expected


@pytest.mark.parametrize("data", [row[0] for row in GOOD.values()], ids=GOOD.keys())
def test_it_is_read_when_it_is_whole(data: bytes):
    """However it is cut up on its way."""
    assert [read_preamble(data[:length]) for length in range(len(data))] == [None] * len(data)


BAD = {
    "a request": REQUEST,
    "lower case": b"proxy TCP4 203.0.113.9 192.0.2.1 1 2\r\n",
    "no carriage return": b"PROXY TCP4 203.0.113.9 192.0.2.1 1 2\n",
    "two blanks": b"PROXY  TCP4 203.0.113.9 192.0.2.1 1 2\r\n",
    "a blank at the end": b"PROXY TCP4 203.0.113.9 192.0.2.1 1 2 \r\n",
    "the other family": b"PROXY TCP4 2001:db8::9 2001:db8::1 1 2\r\n",
    "a zone": b"PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n",
    "an octal port": b"PROXY TCP4 203.0.113.9 192.0.2.1 010 2\r\n",
    "a large port": b"PROXY TCP4 203.0.113.9 192.0.2.1 65536 2\r\n",
    "a signed port": b"PROXY TCP4 203.0.113.9 192.0.2.1 +1 2\r\n",
    "an octal address": b"PROXY TCP4 203.0.113.09 192.0.2.1 1 2\r\n",
    "UDP": b"PROXY UDP4 203.0.113.9 192.0.2.1 1 2\r\n",
    "too long": b"PROXY UNKNOWN " + b"x" * 93 + b"\r\n",
    "no end": b"PROXY UNKNOWN" + b" " * 107,
    "version 3": version_2(0x11, V4, command=0x31),
    "an unknown command": version_2(0x11, V4, command=0x22),
    "binary UDP": version_2(0x12, V4),
    "half an address": version_2(0x11, V4[:6]),
    "a cut value": version_2(0x11, V4, b"\x20\x00\x09\x01"),
    "a cut name": version_2(0x11, V4, b"\x20\x00"),
    "more than is read": SIGNATURE + struct.pack("!BBH", 0x21, 0x11, 3000),
    "a wrong checksum": version_2(0x11, V4, tlv(0x03, b"\0\0\0\0")),
    "a short checksum": version_2(0x11, V4, tlv(0x03, b"\0")),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_whatever_is_not_exactly_one_is_none(data: bytes):
    """Rather no connection than half a preamble in a request."""
    with pytest.raises(RequestError):
        read_preamble(data)


def test_a_right_checksum_is_right():
    """Over the whole preamble with the checksum itself as zero."""
    zero = version_2(0x11, V4, tlv(0x03, bytes(4)) + tlv(0x20, b"\x01" + bytes(4)))
    summed = zero.replace(tlv(0x03, bytes(4)), tlv(0x03, crc32c(zero).to_bytes(4, "big")))

    read = read_preamble(summed)

    assert read is not None
    assert (str(read.address), read.tls) == ("203.0.113.9", True)
    assert crc32c(b"123456789") == 0xE3069283  # the check value of the catalogue of CRCs


ANYTHING = st.binary(max_size=300)


@given(ANYTHING | ANYTHING.map(lambda tail: SIGNATURE + tail) | ANYTHING.map(lambda tail: b"PROXY " + tail))
def test_any_bytes_are_a_preamble_a_beginning_or_an_error(data: bytes):
    """No other exception, and never longer than what is there."""
    with suppress(RequestError):
        read = read_preamble(data)
        assert read is None or 0 < read.length <= len(data)


@given(st.sampled_from([row[0] for row in GOOD.values()]), st.data())
def test_a_changed_byte_makes_no_other_length(good: bytes, data: st.DataObject):
    """But where it is the length: then what follows is not a request, or the rest is waited for."""
    place = data.draw(st.integers(0, len(good) - 1))
    changed = bytearray(good)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))

    with suppress(RequestError):
        read = read_preamble(bytes(changed) + REQUEST)
        if read is not None and place not in (14, 15) and changed[place] != ord("\n"):
            assert read.length == len(good)


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6), st.integers(0, 65535))
def test_both_versions_say_the_same(address: IPv4Address | IPv6Address, port: int):
    """There and back."""
    ports = struct.pack("!HH", port, 443)
    if isinstance(address, IPv4Address):
        text, binary = f"PROXY TCP4 {address} 192.0.2.1 {port} 443", version_2(0x11, address.packed * 2 + ports)
    else:
        text, binary = f"PROXY TCP6 {address} 2001:db8::1 {port} 443", version_2(0x21, address.packed * 2 + ports)
    if isinstance(address, IPv6Address) and "%" in str(address):
        return

    first, second = read_preamble(text.encode() + b"\r\n"), read_preamble(binary)

    assert first is not None
    assert second is not None
    assert (first.address, first.port) == (second.address, second.port)
