"""What does HAProxy say in its Stream Processing Offload Protocol, and what do we answer?

Version 2.0 (HAProxy, doc/SPOE.txt). Each frame is a length of 4 bytes and then so many: type, flags, the
numbers of stream and frame, and what the frame says. Read here are the frames that HAProxy sends to an agent
that does not offer fragmentation, written are those of the agent. Pure: bytes in, values out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from typing import Final

VERSION: Final = "2.0"
LARGEST_FRAME: Final = 65_536
"""Bytes that we take at most; HAProxy offers the size of its buffer less four, 16,380 as it comes."""
SMALLEST_FRAME: Final = 256
MOST_ARGUMENTS: Final = 16
MOST_MESSAGES: Final = 8
_KEPT: Final = 2048
"""Bytes of header lines that are read once for as long as they come again."""

_LENGTH: Final = Struct(">I")
_FIN: Final = b"\x00\x00\x00\x01"
_NO_STREAM: Final = b"\x00\x00"

Value = None | bool | int | IPv4Address | IPv6Address | str | bytes
"""Of an argument; text is `str`, as UTF-8 with surrogate escapes."""


class Status(IntEnum):
    """Why a conversation ends."""

    NORMAL = 0
    TOO_BIG = 3
    INVALID = 4
    NO_VERSION = 5
    NO_FRAME_SIZE = 6
    UNSUPPORTED_VERSION = 8
    BAD_FRAME_SIZE = 9
    FRAGMENTED = 10


class SpopError(Exception):
    """HAProxy said what has no meaning, or what we have not agreed on."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Hello:
    """HAProxy begins a conversation."""

    frame_size: int
    healthcheck: bool
    """It only looks whether somebody is here."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """HAProxy ends the conversation."""


@dataclass(frozen=True, slots=True)
class Notify:
    """HAProxy asks."""

    numbers: bytes
    """Of stream and frame, as they are to be said in the answer."""
    messages: tuple[tuple[str, Mapping[str, Value]], ...]
    """Name and arguments of each."""


Frame = Hello | Disconnect | Notify


def frames(buffer: bytearray, largest: int = LARGEST_FRAME) -> Iterator[Frame]:
    """Take every whole frame from the front of `buffer`; what is left is the beginning of the next one.

    Raises:
        SpopError: A frame is too long or has no meaning.
    """
    start = 0
    try:
        while len(buffer) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(buffer, start)
            if length > largest:
                raise SpopError(Status.TOO_BIG, f"a frame of {length} bytes is too long")
            end = start + _LENGTH.size + length
            if len(buffer) < end:
                break
            data = bytes(buffer[start + _LENGTH.size : end])
            start = end
            yield read(data)
    finally:
        del buffer[:start]


def read(data: bytes) -> Frame:
    """Return what one frame, without its length, says.

    Raises:
        SpopError: It has no meaning.
    """
    try:
        return _read(data)
    except IndexError:
        raise SpopError(Status.INVALID, "a frame ends in the middle of a value") from None


def _read(data: bytes) -> Frame:
    kind = data[0]
    if len(data) < 5 or not data[4] & 1:
        raise SpopError(Status.FRAGMENTED, "a frame comes in parts, which was not agreed on")
    _, at = _number(data, 5)
    _, at = _number(data, at)
    match kind:
        case 1:
            return _hello(dict(_pairs(data, at, len(data), MOST_ARGUMENTS)))
        case 2:
            return Disconnect()
        case 3:
            return Notify(data[5:at], tuple(_messages(data, at)))
        case _:
            raise SpopError(Status.INVALID, f"there is no frame of type {kind} for an agent")


def _hello(said: Mapping[str, Value]) -> Hello:
    versions, size = said.get("supported-versions"), said.get("max-frame-size")
    if not isinstance(versions, str):
        raise SpopError(Status.NO_VERSION, "HAProxy names no version")
    if VERSION not in (one.strip() for one in versions.split(",")):
        raise SpopError(Status.UNSUPPORTED_VERSION, f"HAProxy does not speak version {VERSION}")
    if not isinstance(size, int) or isinstance(size, bool):
        raise SpopError(Status.NO_FRAME_SIZE, "HAProxy names no size of frames")
    if size < SMALLEST_FRAME:
        raise SpopError(Status.BAD_FRAME_SIZE, f"frames of {size} bytes are too small")
    return Hello(frame_size=min(size, LARGEST_FRAME), healthcheck=said.get("healthcheck") is True)


def _messages(data: bytes, at: int) -> Iterator[tuple[str, Mapping[str, Value]]]:
    for _ in range(MOST_MESSAGES):
        if at == len(data):
            return
        name, at = _text(data, at)
        count = data[at]
        at += 1
        if count > MOST_ARGUMENTS:
            raise SpopError(Status.INVALID, f"a message has {count} arguments")
        arguments: dict[str, Value] = {}
        for _ in range(count):
            key, at = _text(data, at)
            arguments[key], at = _value(data, at)
        yield name, arguments
    if at != len(data):
        raise SpopError(Status.INVALID, "a frame has too many messages")


def _pairs(data: bytes, at: int, end: int, most: int) -> Iterator[tuple[str, Value]]:
    for _ in range(most):
        if at == end:
            return
        name, at = _text(data, at)
        value, at = _value(data, at)
        yield name, value
    raise SpopError(Status.INVALID, "a frame has too many values")


def header_lines(data: bytes) -> tuple[tuple[str, str], ...]:
    """Return the lines that HAProxy's `req.hdrs_bin` holds: names and values, and an empty pair at the end.

    Raises:
        SpopError: They are cut off.
    """
    return (_header_lines if len(data) <= _KEPT else _header_lines.__wrapped__)(data)


@lru_cache(maxsize=1024)
def _header_lines(data: bytes) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    at = 0
    try:
        while True:
            name, at = _text(data, at)
            value, at = _text(data, at)
            if not name and not value:
                return tuple(found)
            found.append((name, value))
    except IndexError:
        raise SpopError(Status.INVALID, "the header lines are cut off") from None


def _value(data: bytes, at: int) -> tuple[Value, int]:
    kind = data[at] & 0x0F
    flag = bool(data[at] & 0x10)
    at += 1
    match kind:
        case 0:
            return None, at
        case 1:
            return flag, at
        case 2 | 3 | 4 | 5:
            return _number(data, at)
        case 6:
            return IPv4Address(_piece(data, at, 4)), at + 4
        case 7:
            return IPv6Address(_piece(data, at, 16)), at + 16
        case 8:
            return _text(data, at)
        case 9:
            length, at = _number(data, at)
            return _piece(data, at, length), at + length
        case _:
            raise SpopError(Status.INVALID, f"there is no value of type {kind}")


def _text(data: bytes, at: int) -> tuple[str, int]:
    length, at = _number(data, at)
    return _piece(data, at, length).decode("utf-8", "surrogateescape"), at + length


def _piece(data: bytes, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise IndexError
    return data[at : at + length]


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Read an integer of variable length: one byte below 240, else further ones of seven bits."""
    number = data[at]
    at += 1
    if number < 240:
        return number, at
    for shift in range(4, 64, 7):
        byte = data[at]
        at += 1
        number += byte << shift
        if byte < 128:
            return number, at
    raise SpopError(Status.INVALID, "a number is too long")


def number(value: int) -> bytes:
    """Write an integer, 0 or more, as `_number` reads it."""
    if value < 240:
        return bytes((value,))
    out = bytearray(((value & 0x0F) | 0xF0,))
    value = (value - 240) >> 4
    while value >= 128:
        out.append((value & 0x7F) | 0x80)
        value = (value - 128) >> 7
    out.append(value)
    return bytes(out)


def text(value: str) -> bytes:
    """Write a string with its length."""
    data = value.encode("utf-8", "surrogateescape")
    return number(len(data)) + data


def set_variable(name: str, value: str | bool) -> bytes:
    """Write the action that gives a variable of the transaction a value; HAProxy puts its prefix before the name."""
    written = (b"\x11" if value else b"\x01") if isinstance(value, bool) else b"\x08" + text(value)
    return b"\x01\x03\x02" + text(name) + written


def hello(frame_size: int) -> bytes:
    """Write our greeting: we answer several questions at once, in whatever order."""
    said = (
        text("version") + b"\x08" + text(VERSION),
        text("max-frame-size") + b"\x03" + number(frame_size),
        text("capabilities") + b"\x08" + text("pipelining"),
    )
    return _framed(b"\x65" + _FIN + _NO_STREAM + b"".join(said))


def disconnect(status: Status, message: str) -> bytes:
    """Write our end of the conversation, and why."""
    said = text("status-code") + b"\x03" + number(status) + text("message") + b"\x08" + text(message)
    return _framed(b"\x66" + _FIN + _NO_STREAM + said)


def acknowledge(numbers: bytes, actions: bytes) -> bytes:
    """Write the answer to the question with these `numbers`: one after another what `set_variable` makes."""
    return _framed(b"\x67" + _FIN + numbers + actions)


def _framed(data: bytes) -> bytes:
    return _LENGTH.pack(len(data)) + data
