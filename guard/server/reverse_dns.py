"""Which names does an address have that lead back to it?

A name that an address claims is worth nothing until the name's own zone gives that address
back. Both are asked by a small client of our own, because the operating system's resolver
can neither be stopped nor counted, and does not tell "there is no such name" from "nobody
answered": the first may refute a claim, the second never does.

Nothing here is on a request's path. What is not known yet is `pending`; what could not be
found out is `failed` for a minute.
"""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from guard.core.dns_messages import DnsAnswer, DnsError, RecordType, encode_query, parse_answer, reverse_name
from guard.core.facts import IPAddress
from guard.core.identity import NAMES_PENDING, HostNames, NameState, fits_mask

SECONDS = 2.0
"""For one client's name, there and back."""
TRY_SECONDS = 0.8
"""For one question to one server; then the next server, or the same once more."""
IN_FLIGHT = 32
MAX_NAMES = 4
CONFIRMED_SECONDS, REFUTED_SECONDS, FAILED_SECONDS = 24 * 3600.0, 3600.0, 60.0
REMEMBERED = 16_384

Server = tuple[str, int]


def system_servers(path: Path = Path("/etc/resolv.conf")) -> tuple[Server, ...]:
    """Return the name servers of this machine, at most three as the C library does."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ()
    found = []
    for line in lines:
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver":
            try:
                ip_address(words[1].partition("%")[0])
            except ValueError:
                continue
            found.append((words[1], 53))
    return tuple(found[:3])


@dataclass(slots=True)
class _Remembered:
    names: HostNames
    until: float


class ReverseDns:
    """Looks up names of addresses in the background, and remembers them."""

    def __init__(
        self,
        servers: Sequence[Server],
        now: Callable[[], datetime],
        *,
        clock: Callable[[], float] = time.monotonic,
        remembered: int = REMEMBERED,
    ) -> None:
        self._servers = tuple(servers)
        self._now = now
        self._clock = clock
        self._limit = remembered
        self._known: OrderedDict[tuple[IPAddress, tuple[str, ...]], _Remembered] = OrderedDict()
        self._running: dict[tuple[IPAddress, tuple[str, ...]], asyncio.Task[None]] = {}

    def __repr__(self) -> str:
        return f"ReverseDns(known={len(self._known)}, running={len(self._running)})"

    @property
    def running(self) -> int:
        """How many clients' names are being looked up."""
        return len(self._running)

    def names(self, address: IPAddress, masks: tuple[str, ...]) -> HostNames:
        """Return what is known about `address`, and find it out where nothing is.

        While there are `IN_FLIGHT` look-ups under way no further one is begun: whoever can make our name servers slow
        must not fill memory, and the next request of the client asks again.
        """
        key = (address, masks)
        known = self._known.get(key)
        if known is not None:
            if known.until > self._clock():
                self._known.move_to_end(key)
                return known.names
            del self._known[key]
        if key not in self._running and len(self._running) < IN_FLIGHT:
            task = self._running[key] = asyncio.get_running_loop().create_task(self._find(key))
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return NAMES_PENDING

    async def close(self) -> None:
        """End what is under way."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0)  # a socket is closed one turn of the loop after its transport

    async def _find(self, key: tuple[IPAddress, tuple[str, ...]]) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                confirmed = await self._confirmed(*key)
            names = HostNames(state=NameState.ANSWERED, confirmed=confirmed, at=self._now())
            seconds = CONFIRMED_SECONDS if confirmed else REFUTED_SECONDS
        except (TimeoutError, DnsError):
            names, seconds = HostNames(state=NameState.FAILED), FAILED_SECONDS
        self._known[key] = _Remembered(names, self._clock() + seconds)
        while len(self._known) > self._limit:
            self._known.popitem(last=False)

    async def _confirmed(self, address: IPAddress, masks: tuple[str, ...]) -> tuple[str, ...]:
        """Return the first name that fits a mask and leads back; nothing if there is none.

        Raises:
            DnsError: A server failed, or further names could not be tried: the right one may have been among them.
        """
        answer = await self._ask(reverse_name(address), RecordType.PTR)
        fitting = [name for name in answer.names if any(fits_mask(name, mask) for mask in masks)]
        kind = RecordType.A if address.version == 4 else RecordType.AAAA
        problem = DnsError("the address has too many names") if len(fitting) > MAX_NAMES else None
        for name in fitting[:MAX_NAMES]:
            try:
                if address in (await self._ask(name, kind)).addresses:
                    return (name,)
            except DnsError as error:
                problem = error
        if problem is not None:
            raise problem
        return ()

    async def _ask(self, name: str, kind: RecordType) -> DnsAnswer:
        problem = DnsError("there is no name server")
        for server in (self._servers * 2)[:3]:
            try:
                async with asyncio.timeout(TRY_SECONDS):
                    return await _exchange(server, name, kind)
            except DnsError as error:
                problem = error
            except (TimeoutError, OSError) as error:
                problem = DnsError(f"a name server did not answer: {type(error).__name__}")
        raise problem


async def _exchange(server: Server, name: str, kind: RecordType) -> DnsAnswer:
    """Ask one server once, from a port and with a number that nobody can guess."""
    number = secrets.randbelow(65536)
    question = encode_query(number, name, kind)
    loop = asyncio.get_running_loop()
    transport, answer = await loop.create_datagram_endpoint(lambda: _Answer(number, name, kind), remote_addr=server)
    try:
        transport.sendto(question)
        return await answer.received
    finally:
        transport.close()


class _Answer(asyncio.DatagramProtocol):
    """Waits for the answer; what is not one is passed over, for it may be forged."""

    def __init__(self, number: int, name: str, kind: RecordType) -> None:
        self._question = (number, name, kind)
        self.received: asyncio.Future[DnsAnswer] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  # connected: only our server's
        """Take the answer, or the server's word that it has none."""
        if self.received.done() or data[:2] != self._question[0].to_bytes(2, "big"):
            return
        try:
            self.received.set_result(parse_answer(data, *self._question))
        except DnsError as error:
            self.received.set_exception(error)

    def error_received(self, error: Exception) -> None:
        """Note that nobody listens there."""
        if not self.received.done():
            self.received.set_exception(error)

    def connection_lost(self, _error: Exception | None) -> None:
        """Leave no exception behind that nobody asks for."""
        if not self.received.done():
            self.received.cancel()
