"""How is a TFRecord file written? From the format's description, bit by bit, and by none of the reader's code."""

import struct
from collections.abc import Iterable, Mapping
from functools import cache

Value = bytes | int | float
Features = Mapping[str, Value | list[bytes] | list[int] | list[float]]


def file_of(*examples: Features) -> bytes:
    """Return a file with these examples."""
    return b"".join(framed(example(one)) for one in examples)


def framed(data: bytes) -> bytes:
    """Return one record."""
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def example(features: Features) -> bytes:
    """Return a serialised `tf.train.Example`."""
    entries = [_field(1, _field(1, name.encode()) + _field(2, _feature(value))) for name, value in features.items()]
    return _field(1, b"".join(entries))


def _feature(value: object) -> bytes:
    values = value if isinstance(value, list) else [value]
    if all(isinstance(one, bytes) for one in values):
        return _field(1, b"".join(_field(1, one) for one in values))
    if all(isinstance(one, int) for one in values):
        return _field(3, _field(1, b"".join(_varint(one % 2**64) for one in values)))
    return _field(2, _field(1, struct.pack(f"<{len(values)}f", *values)))


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes([*made, value])


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15) + (crc << 17) + 0xA282EAD8) % 2**32)


def crc32c(data: Iterable[int]) -> int:
    """Return the CRC-32C, byte by byte."""
    table, crc = _table(), 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[crc & 255 ^ byte]
    return crc ^ 0xFFFFFFFF


@cache
def _table() -> list[int]:
    made = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)  # noqa: PLW2901
        made.append(value)
    return made
