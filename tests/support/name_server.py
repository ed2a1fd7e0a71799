"""A name server on loopback that does what a test wants: answers, lies, fails, hangs."""

import asyncio
import struct
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import cast

from guard.core.dns_messages import RecordType

Record = tuple[str, int, bytes]


def wire(name: str) -> bytes:
    """Return a name in its wire form."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def record(owner: str, kind: RecordType, value: str) -> Record:
    """Return a record."""
    content = ip_address(value).packed if kind in (RecordType.A, RecordType.AAAA) else wire(value)
    return owner, kind, content


def answer(question: bytes, records: Sequence[Record], status: int = 0, *, cut: bool = False) -> bytes:
    """Return the answer to a question that `encode_query` wrote."""
    name, _ = asked(question)
    end = 12 + len(wire(name)) + 4
    flags = 0x8180 | status | (0x0200 if cut else 0)
    body = b""
    for owner, number, content in records:
        written = b"\xc0\x0c" if owner == name else wire(owner)
        body += written + struct.pack("!HHIH", number, 1, 60, len(content)) + content
    return question[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0) + question[12:end] + body


def asked(question: bytes) -> tuple[str, RecordType]:
    """Return what a question asks for."""
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode())
        at += 1 + question[at]
    return ".".join(labels), RecordType(struct.unpack_from("!H", question, at + 1)[0])


Answering = Callable[[bytes], bytes | Sequence[bytes] | None]


class NameServer(asyncio.DatagramProtocol):
    """Answers by `self.answering(question)`; None is no answer. Counts what it is asked."""

    def __init__(self) -> None:
        self.questions: list[tuple[str, RecordType]] = []
        self.zone: dict[tuple[str, RecordType], list[str]] = {}
        self.answering: Answering = self.from_zone
        self.address = ("127.0.0.1", 0)
        self._transport: asyncio.DatagramTransport | None = None

    def from_zone(self, question: bytes) -> bytes:
        """Answer from `zone`; what is not there does not exist."""
        name, kind = asked(question)
        values = self.zone.get((name, kind))
        if values is None:
            return answer(question, [], status=3)
        return answer(question, [record(name, kind, value) for value in values])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        self.questions.append(asked(data))
        made = self.answering(data)
        assert self._transport is not None
        for one in [made] if isinstance(made, bytes) else made or ():
            self._transport.sendto(one, addr)

    async def __aenter__(self) -> "NameServer":
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        self.address = transport.get_extra_info("sockname")
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._transport is not None
        self._transport.close()
        await asyncio.sleep(0)
