"""How much of an answer may be in memory while its reader takes its time?

One piece, as it comes from the upstream: no more is read before somebody wants it. The more answers there are the
smaller the pieces, so that a crowd of slow readers costs little more than their connections.
"""

import asyncio
import socket
from contextlib import suppress

PIECE = 256 * 1024
"""Bytes that come at once from an upstream, at most: so much uvloop reads."""

LEAST_PIECE = 16 * 1024

READ_BUFFER = 64 * 1024
"""Bytes of an answer after which nothing more is read; the last piece may be over it."""

READ_AHEAD = 3 * 1024 * 1024
"""Bytes that all answers under way share; up to 12 may have a whole `PIECE` each.

One piece is what a client that takes nothing has in memory, beside about 30 KiB for the request itself.
"""

KERNEL_AHEAD = 16 * 1024 * 1024
"""Bytes that the kernel may keep for all of them: up to 64 may have a whole `PIECE` there, and so come in one.

A large picture in small pieces costs more CPU, whoever passes them on.
"""


class UnderWay:
    """How many answers of all upstreams a worker is reading."""

    def __init__(self) -> None:
        self.count = 0

    @property
    def piece(self) -> int:
        """Bytes that an answer may have now; what its client has not taken stays with the upstream."""
        return max(LEAST_PIECE, min(PIECE, READ_AHEAD // max(1, self.count)))

    def fit(self, connection: socket.socket) -> None:
        """Let the kernel read not much further ahead than we do, on a connection to an upstream."""
        if (ahead := KERNEL_AHEAD // max(1, self.count)) < PIECE:
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, max(LEAST_PIECE, ahead))

    def fit_client(self, transport: asyncio.Transport | None) -> None:
        """Let not much more than a piece be written to a client that does not take it."""
        if transport is not None and (piece := self.piece) < READ_BUFFER:
            with suppress(NotImplementedError):  # by what stands in for one
                transport.set_write_buffer_limits(high=piece)

    def socket(self, address: tuple[int, int, int, str, tuple[str, int]]) -> socket.socket:
        """Return a socket to connect to an upstream with."""
        family, kind, protocol, _, _ = address
        made = socket.socket(family, kind, protocol)
        self.fit(made)
        return made
