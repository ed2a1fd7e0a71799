"""Where do connections come in that are looked at here first, and how long may each take?"""

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

from guard.server.fast_lane.connection import Connection
from guard.server.http_server import HttpHandler, HttpServer

if TYPE_CHECKING:
    from guard.server.plain_visits import PlainVisits

SWEEP_SECONDS: Final = 1.0


class FastServer(HttpServer):
    """As `HttpServer`, which answers what is not plain."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._sweeper: asyncio.TimerHandle | None = None
        self.visits: PlainVisits | None = None
        """Who answers what needs no waiting."""

    def __call__(self) -> HttpHandler:
        """Make the protocol of a connection."""
        if self._sweeper is None:
            self._sweep()
        # The library's server wants of a protocol what `Connection` has, and no more.
        return cast(HttpHandler, Connection(self))

    def library(self) -> HttpHandler:
        """Make the library's protocol."""
        return super().__call__()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # the library's
        """Let the answers under way end, so long, and close everything."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        await super().shutdown(timeout)

    def _sweep(self) -> None:
        """Close those that are late: one timer for all is cheaper than some for each."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for one in self.connections:
            if isinstance(cast(object, one), Connection):
                connection = cast(Connection, one)
                if 0 < connection.deadline < now:
                    connection.late()
        self._sweeper = loop.call_later(SWEEP_SECONDS, self._sweep)
