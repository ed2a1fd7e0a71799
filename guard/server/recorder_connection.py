"""What is one line between the recorder and whoever hands it records?"""

import asyncio
import logging
from typing import Protocol, cast

from guard.server.recorder_protocol import ProtocolError, Reader

log = logging.getLogger("guard.recorder")


class Receiver(Protocol):
    """Who takes the messages."""

    connections: set["Connection"]

    def receive(self, connection: "Connection", kind: int, number: int, body: bytes) -> None:
        """Take one message; ProtocolError if it is none."""


class Connection(asyncio.Protocol):
    """One worker, or one command."""

    def __init__(self, recorder: Receiver) -> None:
        self._recorder = recorder
        self._reader = Reader()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are transports without being of that class
        self._recorder.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.transport = None
        self._recorder.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        try:
            for kind, number, body in self._reader.feed(data):
                self._recorder.receive(self, kind, number, body)
        except ProtocolError as error:
            log.error("a worker's connection is closed: %s", error)
            if self.transport is not None:
                self.transport.abort()

    def send(self, data: bytes) -> None:
        """Send `data` if the worker is still there."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def pause(self, paused: bool) -> None:
        """Stop or go on reading."""
        if self.transport is None or self.transport.is_closing():
            return
        if paused and self.transport.is_reading():
            self.transport.pause_reading()
        elif not paused and not self.transport.is_reading():
            self.transport.resume_reading()
