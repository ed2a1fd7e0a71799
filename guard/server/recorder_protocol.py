"""What do proxy workers and the recorder say to each other over the socket?

A message is its length (4 bytes, big-endian, without itself), a type (1 byte), the sender's
number for it (8 bytes) and a body. Answers carry the number of what they answer and come in
any order. Nothing here is kept on disk, so it may change with any version: both ends are
always the same program.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from struct import Struct
from struct import error as StructError  # noqa: N812  # it is one
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
_APPEND: Final = Struct(">IHB")
_new: Final = tuple.__new__


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
    DONE_MANY = 19
    """Answers to several appends: the body is the sender's number and the index of each; the message's own is 0."""
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


_PAIR: Final = Struct(">QQ")


def done_many(numbers: Sequence[int]) -> bytes:
    """Return the answer to several appends: number and index of the first, then of the second, and so on."""
    return message(Message.DONE_MANY, 0, Struct(f">{len(numbers)}Q").pack(*numbers))


def pairs_of(body: bytes) -> Iterator[tuple[int, int]]:
    """Yield number and index of each append that was answered together."""
    if len(body) % _PAIR.size:
        raise ProtocolError("a number without its index")
    return _PAIR.iter_unpack(body)


def index_of(body: bytes) -> int:
    """Return the index in the answer to an append."""
    if len(body) != _INDEX.size:
        raise ProtocolError("an index has eight bytes")
    return int(_INDEX.unpack(body)[0])


def append_body(leaf: bytes, disclosures: Sequence[Disclosure]) -> bytes:
    """Return the body of an append: how long leaf and names are, what each group is called, how long each value is."""
    count = len(disclosures)
    names = _joined(*[one[0] for one in disclosures])
    values = [one[1] for one in disclosures]
    sizes = _sizes(count).pack(*map(len, values))
    return b"".join((_APPEND.pack(len(leaf), len(names), count), names, sizes, leaf, *values))


@lru_cache(maxsize=256)
def _joined(*names: str) -> bytes:
    return "\0".join(names).encode("ascii")


@lru_cache(maxsize=256)
def _split(names: bytes, count: int) -> tuple[str, ...]:
    found = tuple(names.decode("ascii").split("\0")) if count else ()
    if len(found) != count or (names and not count):
        raise ProtocolError("not a name for each value")
    return found


@lru_cache(maxsize=256)
def _sizes(count: int) -> Struct:
    return Struct(f">{count}I")


def parse_append(body: bytes) -> tuple[bytes, tuple[Disclosure, ...]]:
    """Return leaf and disclosures of an append; their commitments are left empty, to be computed by who checks."""
    try:
        length, named, count = _APPEND.unpack_from(body)
        at = _APPEND.size + named
        names = _split(body[_APPEND.size : at], count)
        sizes = _sizes(count).unpack_from(body, at)
    except StructError:
        raise ProtocolError("a message ends early") from None
    except UnicodeDecodeError:
        raise ProtocolError("a group's name is ASCII") from None
    if length > LARGEST_LEAF:
        raise ProtocolError("a leaf too large to be one")
    at += _LENGTH.size * count
    leaf, at = body[at : (end := at + length)], end
    found = []
    for name, size in zip(names, sizes, strict=True):
        found.append(_new(Disclosure, (name, body[at : (end := at + size)], "")))
        at = end
    if at != len(body):
        raise ProtocolError("a message of another length than its parts")
    return leaf, tuple(found)


def disclose_body(index: int, leaf: bytes, disclosures: Sequence[Disclosure]) -> bytes:
    """Return the body that hands in values of the record `leaf` at `index`."""
    return _INDEX.pack(index) + append_body(leaf, disclosures)


def parse_disclose(body: bytes) -> tuple[int, bytes, tuple[Disclosure, ...]]:
    """Return index, leaf and disclosures of values handed in later."""
    return (index_of(body[: _INDEX.size]), *parse_append(body[_INDEX.size :]))


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
