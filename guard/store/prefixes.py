"""Do many clients, each of whom takes little, together walk through the portfolio?

What is counted for one client is counted once more for what it shares with others: its network
(IPv4 /24, IPv6 /48), the print of its header lines and, where the operator supplies a file, its
autonomous system. A record says about how many different originals and clients there were in
the last one to two days, and how often in the last hour an original was asked for, and by
somebody never seen before. It says nothing about any one of them and accuses nobody: people
share networks and browsers. It may only lower the threshold for its members.

Records lie in a table like the clients' own, with the same eviction.
"""

from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv4Address
from math import exp, log
from pathlib import Path
from struct import Struct
from typing import Final

from guard.core.facts import IPAddress
from guard.store.clients import KEY_SIZE, ClientTable, Standing

LAYOUT: Final = 101
SLOTS: Final = 20_000
DAY: Final = 86_400.0
"""Seconds after which the sketches in use become those of yesterday."""
MEMORY: Final = 3600.0
"""Seconds after which what was counted counts 1/e."""
NOTED_FROM: Final = 50
"""Different originals from which a record is kept against a flood of others."""

_VERSION: Final = 1
_HEAD: Final = Struct("<B7xddffff")  # version, when the day began, when it faded, counts and estimates
_PICTURES: Final = 128
"""Registers of the sketch of originals: off by 9 % (one sigma)."""
_CLIENTS: Final = 64
"""Of that of clients: off by 13 %."""
_SIZE: Final = _HEAD.size + 2 * (_PICTURES + _CLIENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What those who share something did together."""

    originals: float
    """About how many different originals they took in the last one to two days."""
    clients: float
    """About how many clients that were."""
    requests: float
    """Requests for originals in the last hour, older ones counting less."""
    newcomers: float
    """Of these, first requests of clients never seen before."""


def network_key(address: IPAddress) -> bytes:
    """Return the key of the address's network: /24 or /48."""
    packed = address.packed
    return _key(b"network", packed[:3] if isinstance(address, IPv4Address) else packed[:6])


def print_key(header_print: int) -> bytes:
    """Return the key of all clients with this 64-bit header print."""
    return _key(b"print", header_print.to_bytes(8, "little"))


def system_key(number: int) -> bytes:
    """Return the key of an autonomous system."""
    return _key(b"system", number.to_bytes(8, "little"))


class Crowds:
    """The records of all crowds, shared by all processes that hold the table's descriptor."""

    def __init__(self, descriptor: int) -> None:
        """Use the table behind `descriptor`.

        Raises:
            GuardError: There is none.
        """
        self.table = ClientTable(descriptor, layout=LAYOUT)

    @classmethod
    def create(cls, slots: int = SLOTS, *, path: Path | None = None) -> "Crowds":
        """Begin with nothing; 20,000 records take at most 11 MB."""
        one = cls.__new__(cls)
        one.table = ClientTable.create(slots, layout=LAYOUT, path=path)
        return one

    def note(self, key: bytes, *, at: float, picture: int, client: bytes, newcomer: bool) -> Crowd:
        """Count a request for an original and return what its crowd did so far.

        Args:
            at: Seconds since 1970.
            picture: 64 evenly spread bits that stand for the original.
            client: The key of the client.
            newcomer: Nothing was known of the client before.
        """

        def change(record: bytes | None) -> tuple[bytes, Standing, Crowd]:
            new, crowd = counted(record, at, picture, int.from_bytes(client[:8], "little"), newcomer)
            return new, Standing.NOTED if crowd.originals >= NOTED_FROM else Standing.ORDINARY, crowd

        return self.table.update(key, change)


def counted(record: bytes | None, at: float, picture: int, client: int, newcomer: bool) -> tuple[bytes, Crowd]:
    """Return the record with one more request for an original in it, and what it says.

    A record of another version or size counts as none. A clock that jumps back is believed, and nothing fades.
    """
    if record is None or len(record) != _SIZE or record[0] != _VERSION:
        day, faded, requests, newcomers, originals, clients = at, at, 0.0, 0.0, 0.0, 0.0
        sketches = bytearray(_SIZE - _HEAD.size)
    else:
        _, day, faded, requests, newcomers, originals, clients = _HEAD.unpack_from(record)
        sketches = bytearray(record[_HEAD.size :])
    changed = not 0 <= at - day < DAY
    if changed:
        sketches = _next_day(sketches, forget=at - day >= 2 * DAY)
        day = at
    fade = exp(-max(0.0, at - faded) / MEMORY)
    requests, newcomers = requests * fade + 1, newcomers * fade + newcomer
    # The estimates are only made anew when a register has changed, which becomes rare as they grow.
    if _add(sketches, 0, _PICTURES, picture) or changed:
        originals = _estimate(sketches, 0, _PICTURES)
    if _add(sketches, 2 * _PICTURES, _CLIENTS, client) or changed:
        clients = _estimate(sketches, 2 * _PICTURES, _CLIENTS)
    head = _HEAD.pack(_VERSION, day, at, requests, newcomers, originals, clients)
    return head + sketches, Crowd(originals=originals, clients=clients, requests=requests, newcomers=newcomers)


def _key(kind: bytes, value: bytes) -> bytes:
    return blake2b(value, digest_size=KEY_SIZE, person=kind).digest()


def _next_day(sketches: bytearray, *, forget: bool) -> bytearray:
    """Return the sketches with today's as yesterday's, or all empty."""
    new = bytearray(len(sketches))
    if not forget:
        for start, registers in ((0, _PICTURES), (2 * _PICTURES, _CLIENTS)):
            new[start + registers : start + 2 * registers] = sketches[start : start + registers]
    return new


def _add(sketches: bytearray, start: int, registers: int, number: int) -> bool:
    """Add to today's HyperLogLog sketch (Flajolet et al. 2007); tell whether it has changed."""
    place = start + number % registers
    rank = 33 - (number // registers & 0xFFFFFFFF).bit_length()
    if rank <= sketches[place]:
        return False
    sketches[place] = rank
    return True


def _estimate(sketches: bytearray, start: int, registers: int) -> float:
    """Estimate how many different numbers today's and yesterday's sketches have seen together."""
    both = list(map(max, sketches[start : start + registers], sketches[start + registers : start + 2 * registers]))
    estimate = (
        (0.709 if registers == 64 else 0.7213 / (1 + 1.079 / registers))
        * registers**2
        / sum(2.0**-rank for rank in both)
    )
    zeros = both.count(0)
    return registers * log(registers / zeros) if zeros and estimate < 2.5 * registers else estimate
