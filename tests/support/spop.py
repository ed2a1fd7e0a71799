"""HAProxy's side of the Stream Processing Offload Protocol, written down anew from its specification."""

import socket
import struct
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any


def number(value: int) -> bytes:
    """Write an integer of variable length."""
    if value < 240:
        return struct.pack("B", value)
    out = [value & 0x0F | 0xF0]
    value = (value - 240) // 16
    while value > 127:
        out.append(value % 128 + 128)
        value = (value - 128) // 128
    return bytes([*out, value])


def read_number(data: bytes, at: int) -> tuple[int, int]:
    """Read one; return it and where it ends."""
    value, at = data[at], at + 1
    shift = 4
    while value >= 240 and (shift == 4 or data[at - 1] >= 128):
        value, at, shift = value + (data[at] << shift), at + 1, shift + 7
    return value, at


def text(value: str) -> bytes:
    """Write a string."""
    data = value.encode("utf-8", "surrogateescape")
    return number(len(data)) + data


def value(one: Any) -> bytes:
    """Write a value with its type."""
    match one:
        case None:
            return b"\x00"
        case bool():
            return b"\x11" if one else b"\x01"
        case int():
            return b"\x05" + number(one)
        case IPv4Address():
            return b"\x06" + one.packed
        case IPv6Address():
            return b"\x07" + one.packed
        case str():
            return b"\x08" + text(one)
        case bytes():
            return b"\x09" + number(len(one)) + one
    raise TypeError(one)


def pairs(values: Mapping[str, Any]) -> bytes:
    """Write names and values."""
    return b"".join(text(name) + value(one) for name, one in values.items())


def frame(kind: int, data: bytes, *, stream: int = 0, number_: int = 0, flags: int = 1) -> bytes:
    """Write a frame."""
    body = struct.pack(">BI", kind, flags) + number(stream) + number(number_) + data
    return struct.pack(">I", len(body)) + body


def haproxy_hello(size: int = 16380, *, healthcheck: bool = False) -> bytes:
    """Write the greeting."""
    said: dict[str, Any] = {"supported-versions": "2.0", "max-frame-size": size, "capabilities": "pipelining,async"}
    return frame(1, pairs(said | ({"healthcheck": True} if healthcheck else {"engine-id": "e"})))


def notify(*messages: tuple[str, Mapping[str, Any]], stream: int = 1, number: int = 1) -> bytes:
    """Write a question."""
    said = (text(name) + bytes([len(values)]) + pairs(values) for name, values in messages)
    return frame(3, b"".join(said), stream=stream, number_=number)


def headers(**lines: str) -> bytes:
    """Write header lines; `_` in a name stands for `-`."""
    written = (text(name.replace("_", "-").lower()) + text(line) for name, line in lines.items())
    return b"".join(written) + b"\x00\x00"


class Engine:
    """One connection of HAProxy's."""

    def __init__(self, path: str, *, greet: bool = True) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(path)
        if greet:
            self.send(haproxy_hello())
            assert self.receive()[0] == 101

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self._socket.sendall(data)

    def receive(self) -> tuple[int, int, dict[str, Any]]:
        """Return type, stream and what was said: variables of an answer, or names and values; type 0 at the end."""
        head = self._whole(4)
        if not head:
            return 0, 0, {}
        data = self._whole(struct.unpack(">I", head)[0])
        stream, at = read_number(data, 5)
        _, at = read_number(data, at)
        said: dict[str, Any] = {}
        while at < len(data):
            if data[0] == 103:
                assert data[at : at + 3] == b"\x01\x03\x02", "set a variable of the transaction"
                at += 3
            length, at = read_number(data, at)
            name, at = data[at : at + length].decode(), at + length
            said[name], at = self._value(data, at)
        return data[0], stream, said

    def close(self) -> None:
        """End."""
        self._socket.close()

    def _value(self, data: bytes, at: int) -> tuple[Any, int]:
        kind, at = data[at], at + 1
        if kind & 15 == 1:
            return bool(kind & 16), at
        length, at = read_number(data, at)
        if kind == 3:
            return length, at
        assert kind == 8
        return data[at : at + length].decode(), at + length

    def _whole(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._socket.recv(count - len(data))
            if not piece:
                return b""
            data += piece
        return data
