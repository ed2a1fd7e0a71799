"""How does the HTTP library answer one request of a connection that is not its own?

It is given something that looks like a connection with just this request on it, and is sent away when it waits for the
next one.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from guard.server.http_server import HttpHandler

_LOOK_AGAIN: Final = 0.001
"""Seconds: the library still closes what it had to do with the last request."""


class _StandIn(asyncio.Transport):
    """A connection as the library sees it; once the library is gone, nothing it still does has an effect."""

    def __init__(self, real: Any) -> None:
        super().__init__()
        self._real = real
        self.over = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._real.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self.over or bool(self._real.is_closing())

    def write(self, data: Any) -> None:
        if not self.over:
            self._real.write(data)

    def writelines(self, list_of_data: Any) -> None:
        if not self.over:
            self._real.writelines(list_of_data)

    def close(self) -> None:
        if not self.over:
            self._real.close()

    def abort(self) -> None:
        if not self.over:
            self._real.abort()

    def pause_reading(self) -> None:
        if not self.over and not self._real.is_closing():
            self._real.pause_reading()

    def resume_reading(self) -> None:
        if not self.over and not self._real.is_closing():
            self._real.resume_reading()

    def get_write_buffer_size(self) -> int:
        return int(self._real.get_write_buffer_size())


class Guest:
    """The library, for one request."""

    def __init__(self, transport: Any, handler: HttpHandler, size: int, left: Callable[[], None]) -> None:
        """Take the size of the request, head and body, and what is called when it is answered and the library gone."""
        self.handler = handler
        self.owed = size
        """Bytes of the request that the library has not got yet."""
        self._left = left
        self._answered = False
        self._stand_in = _StandIn(transport)
        self._loop = asyncio.get_running_loop()
        handler.finished = self._finished
        handler.connection_made(self._stand_in)

    def feed(self, data: bytes) -> bytes:
        """Hand on what belongs to the request; return the rest."""
        mine, rest = data[: self.owed], data[self.owed :]
        self.owed -= len(mine)
        self.handler.data_received(mine)
        if not self.owed and self._answered:
            self._settle()
        return rest

    def lost(self, exc: BaseException | None) -> None:
        """Tell the library that the client has gone."""
        self._stand_in.over = True
        self.handler.finished = None
        self.handler.connection_lost(exc)

    def _finished(self) -> None:
        self._answered = True
        if not self.owed:
            self._loop.call_soon(self._settle)

    def _settle(self) -> None:
        """Send the library away as soon as it waits for another request."""
        if self._stand_in.over or self._stand_in.is_closing():
            return
        if self.handler.waits:
            self.lost(None)
            self._left()
        else:
            self._loop.call_later(_LOOK_AGAIN, self._settle)
