"""How is something made once that many ask for at the same time?"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class BeingMade(Generic[T]):
    """What is being made now, by what it is; belongs to one event loop."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Future[T]] = {}

    async def once(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Return what is being made under `key`, or have it made; whoever is cancelled takes nothing from the others.

        What `make` raises all of them get, and who asks next has it tried again.
        """
        made = self._under_way.get(key)
        if made is None:
            made = self._under_way[key] = asyncio.ensure_future(make())
            made.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(made)

    def _done(self, key: Hashable, done: "asyncio.Future[T]") -> None:
        del self._under_way[key]
        if not done.cancelled():
            done.exception()  # all who waited may have gone; then nobody else takes it
