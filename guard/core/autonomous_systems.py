"""Which autonomous system does an address belong to?

Read out of a file that the operator supplies, in one of the forms that are about: the lines of iptoasn.com (first and
last address, number, country, name, with tabs), the same with commas (ip-location-db), or MaxMind's blocks (network,
number, name). Flattened into sorted arrays, so that one binary search answers; where ranges lie inside each other, the
inner one counts. IPv6 is told apart by /64, the smallest that anybody is given.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from struct import Struct
from typing import Final

from guard.core.facts import IPAddress

UNKNOWN: Final = 0
"""Nobody's number (RFC 7607): what such files give to space that nobody announces."""
MOST_RANGES: Final = 3_000_000
"""Several times of what the whole routing table has."""
SHOWN: Final = 10
"""So many bad lines are named."""
_HEADERS: Final = frozenset({"network", "range_start", "ip_range_start", "start_ip", "start"})
_MAGIC: Final = b"guardas1"
_HEAD: Final = Struct("<8sII")

Range = tuple[int, int, int]
"""First and last, as 32 bits of IPv4 or the upper 64 of IPv6, and the number of the system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What was found in a file."""

    systems: "AutonomousSystems"
    bad: tuple[tuple[int, str], ...]
    """Number and fault of the first few lines that were passed over."""
    bad_lines: int


class AutonomousSystems:
    """Ranges of addresses with the systems that announce them; never changes."""

    __slots__ = ("_data", "_last4", "_last6", "_number4", "_number6", "_start4", "_start6")

    def __init__(self, data: bytes | memoryview) -> None:
        """Use what `to_bytes` returned, without a copy.

        Raises:
            ValueError: It is something else.
        """
        self._data = memoryview(data)
        if len(self._data) < _HEAD.size:
            raise ValueError("no table of autonomous systems")
        magic, four, six = _HEAD.unpack_from(self._data)
        if magic != _MAGIC or len(self._data) < _HEAD.size + 20 * six + 12 * four:
            raise ValueError("no table of autonomous systems")
        at6, at4 = _HEAD.size, _HEAD.size + 20 * six
        self._start6 = self._data[at6 : at6 + 8 * six].cast("Q")
        self._last6 = self._data[at6 + 8 * six : at6 + 16 * six].cast("Q")
        self._number6 = self._data[at6 + 16 * six : at4].cast("I")
        self._start4 = self._data[at4 : at4 + 4 * four].cast("I")
        self._last4 = self._data[at4 + 4 * four : at4 + 8 * four].cast("I")
        self._number4 = self._data[at4 + 8 * four : at4 + 12 * four].cast("I")

    @classmethod
    def build(cls, ranges4: Iterable[Range], ranges6: Iterable[Range]) -> "AutonomousSystems":
        """Make the table of ranges in any order."""
        four, six = _columns(ranges4, "I"), _columns(ranges6, "Q")
        parts = [_HEAD.pack(_MAGIC, len(four[0]), len(six[0])), *(column.tobytes() for column in (*six, *four))]
        return cls(b"".join(parts))

    def to_bytes(self) -> bytes:
        """Return the table, in the machine's own byte order; other processes may use it as it is."""
        return bytes(self._data)

    def __len__(self) -> int:
        return len(self._start4) + len(self._start6)

    def number_of(self, address: IPAddress) -> int:
        """Return the number of the system that announces `address`; 0 where nobody knows."""
        if isinstance(address, IPv4Address):
            starts, lasts, numbers, value = self._start4, self._last4, self._number4, int(address)
        else:
            starts, lasts, numbers, value = self._start6, self._last6, self._number6, int(address) >> 64
        index = bisect_right(starts, value) - 1
        return numbers[index] if index >= 0 and value <= lasts[index] else UNKNOWN


def parse(lines: Iterable[str]) -> Parsed:
    """Read a file; a line that can not be read is passed over and named."""
    ranges4: list[Range] = []
    ranges6: list[Range] = []
    bad: list[tuple[int, str]] = []
    count = 0
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        try:
            version, found = _read(line)
        except ValueError as error:
            count += 1
            if len(bad) < SHOWN:
                bad.append((number, str(error)))
            continue
        if found is not None and len(ranges4) + len(ranges6) < MOST_RANGES:
            (ranges4 if version == 4 else ranges6).append(found)
    return Parsed(systems=AutonomousSystems.build(ranges4, ranges6), bad=tuple(bad), bad_lines=count)


def _read(line: str) -> tuple[int, Range | None]:
    """Read one line; None for a heading and for what nobody announces."""
    fields = [field.strip().strip('"') for field in line.split("\t" if "\t" in line else ",", 3)]
    if fields[0].lower() in _HEADERS:
        return 4, None
    if "/" in fields[0]:
        try:
            network = ip_network(fields[0])
        except ValueError:
            raise ValueError(f"'{fields[0][:50]}' is no network") from None
        version: int = network.version
        first, last, system = int(network[0]), int(network[-1]), _at(fields, 1)
    else:
        (version, first), (other, last) = _address(fields[0]), _address(_at(fields, 1))
        if version != other or last < first:
            raise ValueError(f"'{fields[1][:50]}' is no end of a range that begins with '{fields[0][:50]}'")
        system = _at(fields, 2)
    digits = system[2:] if system[:2].upper() == "AS" else system
    if not (digits.isascii() and digits.isdigit()) or not (number := int(digits[:11])) < 1 << 32:
        if digits:
            raise ValueError(f"'{system[:50]}' is no number of an autonomous system")
        number = UNKNOWN
    if number == UNKNOWN:
        return version, None
    return (4, (first, last, number)) if version == 4 else (6, (first >> 64, last >> 64, number))


def _at(fields: list[str], index: int) -> str:
    if index >= len(fields):
        raise ValueError("has too few fields: first and last address, or a network, and a number are needed")
    return fields[index]


def _address(text: str) -> tuple[int, int]:
    parts = text.split(".")
    # Half a million of them: `ip_address` alone would take seconds.
    if len(parts) == 4 and all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        a, b, c, d = map(int, parts)
        if a < 256 and b < 256 and c < 256 and d < 256:
            return 4, a << 24 | b << 16 | c << 8 | d
    if text.isascii() and text.isdigit() and len(text) <= 39:
        value = int(text)
        return (4, value) if value < 1 << 32 else (6, value & (1 << 128) - 1)
    try:
        address = ip_address(text)
    except ValueError:
        raise ValueError(f"'{text[:50]}' is no address") from None
    return address.version, int(address)


def _columns(ranges: Iterable[Range], code: str) -> tuple["array[int]", "array[int]", "array[int]"]:
    starts, lasts, numbers = array(code), array(code), array("I")
    for start, last, number in _flat(ranges):
        if numbers and numbers[-1] == number and lasts[-1] + 1 == start:
            lasts[-1] = last
            continue
        starts.append(start)
        lasts.append(last)
        numbers.append(number)
    return starts, lasts, numbers


def _flat(ranges: Iterable[Range]) -> Iterator[Range]:
    """Yield ranges that do not overlap, in order; of those that do, the one that begins later counts."""
    open_: list[tuple[int, int]] = []
    at = 0
    for start, last, number in sorted(ranges, key=lambda one: (one[0], -one[1])):
        while open_ and open_[-1][0] < start:
            end, owner = open_.pop()
            if at <= end:
                yield at, end, owner
                at = end + 1
        if open_ and at < start:
            yield at, start - 1, open_[-1][1]
        at = max(at, start)
        open_.append((last, number))
    while open_:
        end, owner = open_.pop()
        if at <= end:
            yield at, end, owner
            at = end + 1
