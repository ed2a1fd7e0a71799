"""What do proxy workers and the recorder say to each other over the socket?

A message is its length (4 bytes, big-endian, without itself), a type (1 byte), the sender's
number for it (8 bytes) and a body. Answers carry the number of what they answer and come in
any order. Nothing here is kept on disk, so it may change with any version: both ends are
always the same program.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from struct import Struct
from typing import Final

from guard.errors import EvidenceError
from guard.evidence.disclosure import Disclosure
from guard.evidence.segment import LARGEST_LEAF

LARGEST_MESSAGE: Final = 32 * 1024 * 1024
"""Room for the largest document of a reservation; a worker that sends more is out of its mind."""
_HEAD: Final = Struct(">IBQ")
_AFTER_LENGTH: Final = _HEAD.size - 4
_LENGTH: Final = Struct(">I")
_INDEX: Final = Struct(">Q")


class Message(IntEnum):
    """What a message is."""

    APPEND = 1
    BLOB = 2
    STATS = 3
    DISCLOSE = 4
    ROTATE = 6
    """Make a new key sign; the body is empty, or `lost` where the old one may be in other hands."""
    CUSTODY = 5
    """What is to be done with values that are kept, see `guard.store.custody`, as JSON."""
    DONE = 16
    """The body is an index (append), a digest (blob), JSON (stats, custody), a key (rotate) or empty (disclose)."""
    REFUSED = 17
    """The record can not be one, or the values are not its; the body says why."""
    NOT_DURABLE = 18
    """The disk did not do its part; the recorder counts the gap itself. The body says why."""


class ProtocolError(EvidenceError):
    """The other end sent something that is no message."""


def message(kind: Message, number: int, body: bytes) -> bytes:
    """Return the bytes of one message."""
    return _HEAD.pack(_AFTER_LENGTH + len(body), kind, number) + body


def done(number: int, index: int) -> bytes:
    """Return the answer to an append."""
    return _HEAD.pack(_AFTER_LENGTH + 8, Message.DONE, number) + _INDEX.pack(index)


def index_of(body: bytes) -> int:
    """Return the index in the answer to an append."""
    if len(body) != _INDEX.size:
        raise ProtocolError("an index has eight bytes")
    return int(_INDEX.unpack(body)[0])


def append_body(leaf: bytes, disclosures: Sequence[Disclosure]) -> bytes:
    """Return the body of an append."""
    parts = [_LENGTH.pack(len(leaf)), leaf]
    for one in disclosures:
        name = one.group.encode()
        parts += (bytes((len(name),)), name, _LENGTH.pack(len(one.data)), one.data)
    return b"".join(parts)


def parse_append(body: bytes) -> tuple[bytes, tuple[Disclosure, ...]]:
    """Return leaf and disclosures of an append; their commitments are left empty, to be computed by who checks."""
    leaf, at = _sized(body, 0)
    if len(leaf) > LARGEST_LEAF:
        raise ProtocolError("a leaf too large to be one")
    found = []
    while at < len(body):
        end = at + 1 + body[at]
        try:
            group = body[at + 1 : end].decode("ascii")
        except UnicodeDecodeError:
            raise ProtocolError("a group's name is ASCII") from None
        data, at = _sized(body, end)
        found.append(Disclosure(group, data, ""))
    return leaf, tuple(found)


def disclose_body(index: int, leaf: bytes, disclosures: Sequence[Disclosure]) -> bytes:
    """Return the body that hands in values of the record `leaf` at `index`."""
    return _INDEX.pack(index) + append_body(leaf, disclosures)


def parse_disclose(body: bytes) -> tuple[int, bytes, tuple[Disclosure, ...]]:
    """Return index, leaf and disclosures of values handed in later."""
    return (index_of(body[: _INDEX.size]), *parse_append(body[_INDEX.size :]))


def _sized(body: bytes, at: int) -> tuple[bytes, int]:
    start = at + _LENGTH.size
    if start > len(body):
        raise ProtocolError("a message ends early")
    end = start + int(_LENGTH.unpack_from(body, at)[0])
    if end > len(body):
        raise ProtocolError("a message ends early")
    return body[start:end], end


class Reader:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Take bytes as they come; yield type, number and body of each message that is complete.

        Raises:
            ProtocolError: What comes can not be a message. The connection is of no more use.
        """
        data = self._rest + data if self._rest else data
        at, size = 0, len(data)
        try:
            while size - at >= _LENGTH.size:
                length = _LENGTH.unpack_from(data, at)[0]
                if not _AFTER_LENGTH <= length <= LARGEST_MESSAGE:
                    raise ProtocolError(f"a message of {length} bytes")
                end = at + _LENGTH.size + length
                if end > size:
                    break
                _, kind, number = _HEAD.unpack_from(data, at)
                body = data[at + _HEAD.size : end]
                at = end
                yield kind, number, body
        finally:
            self._rest = data[at:]
