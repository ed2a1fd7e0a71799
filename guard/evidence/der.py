"""What are the parts of a DER encoding?

X.690: a tag, a length, a body; the body of a constructed one is again such parts. Only what
time-stamp tokens need: definite lengths in their shortest form and tag numbers below 31.
Anything else raises, so that no two readers can see two different things in the same bytes.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from guard.errors import EvidenceError

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
OBJECT: Final = 0x06
UTF8_STRING: Final = 0x0C
TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class DerError(EvidenceError):
    """Bytes are not DER, or not of the structure that was expected; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Element:
    """One tag with its body."""

    tag: int
    """The identifier octet, with class and the bit for constructed: 0x30 is a SEQUENCE, 0xa0 is [0]."""
    body: bytes
    whole: bytes
    """With tag and length, as it stood."""

    def parts(self) -> "Parts":
        """Return the elements in the body, to be taken one after the other.

        Raises:
            DerError: The body is not a row of elements.
        """
        if not self.tag & 0x20:
            raise DerError(f"an element with the tag 0x{self.tag:02x} has no parts")
        found, at = [], 0
        while at < len(self.body):
            one = _read(self.body, at)
            found.append(one)
            at += len(one.whole)
        return Parts(found)

    def expect(self, tag: int) -> "Element":
        """Return the element itself, if it has this tag; DerError otherwise."""
        if self.tag != tag:
            raise DerError(f"an element with the tag 0x{self.tag:02x} where 0x{tag:02x} was expected")
        return self

    def integer(self) -> int:
        """Return the number in an INTEGER, also where its tag is another one by IMPLICIT."""
        if not self.body or (len(self.body) > 1 and self.body[0] == (0xFF if self.body[1] & 0x80 else 0)):
            raise DerError("not the one spelling of an integer")
        return int.from_bytes(self.body, "big", signed=True)

    def oid(self) -> str:
        """Return an OBJECT IDENTIFIER in dotted form."""
        numbers, value, body = [], 0, self.expect(OBJECT).body
        if not body or body[-1] & 0x80:
            raise DerError("not an object identifier")
        for octet in body:
            value = value << 7 | octet & 0x7F
            if not octet & 0x80:
                numbers.append(value)
                value = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))

    def time(self) -> int:
        """Return a GeneralizedTime of RFC 3161 (UTC, with or without a fraction) in microseconds since 1970."""
        try:
            text = self.expect(TIME).body.decode("ascii")
            head, dot, fraction = text.removesuffix("Z").partition(".")
            if not text.endswith("Z") or len(head) != 14 or not head.isdigit() or (dot and not fraction.isdigit()):
                raise ValueError(text)
            moment = datetime.strptime(head, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            raise DerError("not a time in UTC") from None
        return (moment - _EPOCH) // timedelta(microseconds=1) + int(fraction[:6].ljust(6, "0"))


class Parts:
    """Elements that are taken in order."""

    def __init__(self, elements: list[Element]) -> None:
        self._elements = elements
        self._next = 0

    def take(self, tag: int) -> Element:
        """Return the next element, which has this tag; DerError otherwise."""
        found = self.take_if(tag)
        if found is None:
            seen = f"0x{self._elements[self._next].tag:02x}" if self else "nothing"
            raise DerError(f"{seen} where an element with the tag 0x{tag:02x} was expected")
        return found

    def take_if(self, tag: int) -> Element | None:
        """Return the next element if it has this tag, and leave it if not."""
        if not self or self._elements[self._next].tag != tag:
            return None
        self._next += 1
        return self._elements[self._next - 1]

    def take_any(self) -> Element:
        """Return the next element; DerError if there is none."""
        if not self:
            raise DerError("it ends too early")
        self._next += 1
        return self._elements[self._next - 1]

    def rest(self) -> list[Element]:
        """Return all that were not taken."""
        found, self._next = self._elements[self._next :], len(self._elements)
        return found

    def __bool__(self) -> bool:
        return self._next < len(self._elements)


def read(data: bytes) -> Element:
    """Return the one element that `data` is.

    Raises:
        DerError: It is not exactly one.
    """
    found = _read(data, 0)
    if len(found.whole) != len(data):
        raise DerError(f"{len(data) - len(found.whole)} bytes too many")
    return found


def write(tag: int, body: bytes) -> bytes:
    """Return the encoding of an element."""
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def _read(data: bytes, at: int) -> Element:
    if at + 2 > len(data):
        raise DerError("it ends in the middle of an element")
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise DerError("a tag number above 30")
    if length & 0x80:
        octets = length & 0x7F
        length = int.from_bytes(data[start : start + octets], "big")
        if not 1 <= octets <= 4 or length < 0x80 or data[start] == 0 or start + octets > len(data):
            raise DerError("a length that is not in its shortest form")
        start += octets
    if start + length > len(data):
        raise DerError("it ends in the middle of an element")
    return Element(tag, data[start : start + length], data[at : start + length])
