"""Which pictures lie in a TFRecord file of a data set?

A record is its length (8 bytes, little-endian), a checksum of that, the data, and a checksum of these; the data are
a `tf.train.Example`, a protobuf map from names to values, as img2dataset and TensorFlow's own tools write it. The
whole file may be packed with gzip. What a picture is called differs, so the values themselves are looked at; where
several of a record begin like one, the usual names of `found_tables` come first, and a mask beside is left.
"""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Final

from guard.errors import GuardError
from guard.image.sniff import SVG, media_type
from guard.store.crc32c import crc32c
from guard.store.found_tables import ADDRESSES, NAMES, Cell

LARGEST_RECORD: Final = 128 * 1024 * 1024
"""Bytes of one record; larger ones are passed over, and told."""
_MOST: Final = 10_000
"""Features of a record, and pictures in it: data sets have a few dozen. More would only fill the memory."""
_HEAD: Final = 64
"""Bytes that a picture is known by."""
_STEP: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"

_Opened = IO[bytes] | gzip.GzipFile
_Example = dict[str, list[memoryview]]
"""The values of each feature that are bytes."""


def pictures_in(file: IO[bytes], tell: Callable[[str], None]) -> Iterator[Cell]:
    """Yield the pictures of a TFRecord file, record by record; what is wrong with a single record is told to `tell`.

    Raises:
        GuardError: It can not be read any further, or has no picture.
    """
    names: dict[str, None] = {}
    number, empty = 0, True
    for number, data in _records(_unpacked(file), tell):
        try:
            example = _example(data)
        except (GuardError, UnicodeDecodeError):
            tell(f"record {number}: no tf.train.Example")
            continue
        if len(names) < _MOST:
            names.update(dict.fromkeys(example))
        pictures = _pictures(example)
        empty = empty and not pictures
        for place, value in enumerate(pictures):
            where = f"{number}.{place}" if len(pictures) > 1 else str(number)
            yield Cell(where, bytes(value), _address(example))
    if empty and names:
        raise GuardError(f"no feature begins like a picture; there are {', '.join(list(names)[:20])}")


def _unpacked(file: IO[bytes]) -> _Opened:
    """Return what is in `file`, whatever its name says; a length may begin like gzip, but its checksum tells."""
    head = file.read(12)
    file.seek(0)
    if head.startswith(_GZIP) and _masked(head[:8]) != head[8:]:
        return gzip.GzipFile(fileobj=file)
    return file


def _records(file: _Opened, tell: Callable[[str], None]) -> Iterator[tuple[int, bytes]]:
    number = 0
    try:
        while head := file.read(12):
            if len(head) < 12:
                raise EOFError
            if _masked(head[:8]) != head[8:]:
                raise GuardError("the checksum of its length does not match")
            length = int.from_bytes(head[:8], "little")
            if length > LARGEST_RECORD:
                _pass_over(file, length + 4)
                tell(f"record {number}: larger than {LARGEST_RECORD >> 20} MiB")
            else:
                data, check = file.read(length), file.read(4)
                if len(check) < 4:
                    raise EOFError
                if _masked(data) == check:
                    yield number, data
                else:
                    tell(f"record {number}: its checksum does not match")
            number += 1
    except EOFError:
        raise GuardError(f"record {number}: the file ends in it") from None
    except (OSError, zlib.error, GuardError) as error:
        raise GuardError(f"record {number}: {error}") from None


def _pass_over(file: _Opened, length: int) -> None:
    while length:
        part = file.read(min(length, _STEP))
        if not part:
            raise EOFError
        length -= len(part)


def _masked(data: bytes) -> bytes:
    """Return the checksum as it is written: turned by 15 bits and shifted, so that one over others is no weak one."""
    value = crc32c(data)
    return (((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF).to_bytes(4, "little")


def _pictures(example: _Example) -> list[memoryview]:
    seen = {name: values for name, held in example.items() if (values := [one for one in held if _begins_well(one)])}
    usual = (seen[name] for wanted in NAMES for name in seen if name.lower() == wanted)
    return next(usual, None) or [one for values in seen.values() for one in values]


def _begins_well(value: memoryview) -> bool:
    return media_type(bytes(value[:_HEAD])) not in {"", SVG}


def _address(example: _Example) -> str:
    for wanted in ADDRESSES:
        for name, values in example.items():
            if name.lower() == wanted and values:
                try:
                    return bytes(values[0]).decode()
                except UnicodeDecodeError:
                    return ""
    return ""


def _example(data: bytes) -> _Example:
    """Read an Example: `Features features = 1`, in it `map<string, Feature> feature = 1`.

    Raises:
        GuardError, UnicodeDecodeError: It is none.
    """
    found: _Example = {}
    for features in _parts(memoryview(data), 1):
        for entry in _parts(features, 1):
            name = b"".join(_last(_parts(entry, 1))).decode()
            # Of a Feature, bytes are field 1; numbers, in 2 and 3, are not read.
            found[name] = [value for feature in _last(_parts(entry, 2)) for values in _parts(feature, 1)
                           for value in _parts(values, 1)]  # fmt: skip
            if len(found) > _MOST or len(found[name]) > _MOST:
                raise GuardError("too many features")
    return found


def _last(parts: Iterable[memoryview]) -> list[memoryview]:
    """Return at most one: a field that comes again replaces what it was."""
    return list(parts)[-1:]


def _parts(data: memoryview, wanted: int) -> Iterator[memoryview]:
    """Yield what the fields numbered `wanted` hold, which must be bytes; the others are gone over.

    Raises:
        GuardError: It is no protobuf message, or such a field is none of bytes.
    """
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        begin = at
        match kind:
            case 0:
                _, at = _varint(data, at)
            case 1:
                at += 8
            case 2:
                size, begin = _varint(data, at)
                at = begin + size
            case 5:
                at += 4
            case _:
                raise GuardError("a field of no known type")
        if at > len(data) or not number:
            raise GuardError("a field that ends behind its message")
        if number == wanted:
            if kind != 2:
                raise GuardError("a field of another type")
            yield data[begin:at]


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return the number at `at`, and where what follows begins."""
    value = 0
    for place in range(min(10, len(data) - at)):
        byte = data[at + place]
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, at + place + 1
    raise GuardError("a number without end")
