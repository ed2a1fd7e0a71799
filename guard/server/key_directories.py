"""Which signing keys are known, and how are further ones learnt?

Only origins that the rules or the owner name are asked, because the address in a request is
its sender's. A directory is fetched when a signature first needs it, never on the request's
path and one at a time per origin. A fetch that fails takes no key away; a directory that
comes replaces the one before it whole, so that a withdrawn key is gone.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from guard.core.signing_keys import MAX_BYTES, MEDIA_TYPE, SigningKey, directory_url, parse_directory
from guard.errors import FetchError
from guard.server.safe_fetch import Fetched, Limits

LIMITS = Limits(bytes=MAX_BYTES, seconds=3.0, media_types=frozenset({MEDIA_TYPE}))
MISSING_SECONDS = 300.0
"""After a fetch that failed, or did not bring the key that a signature names, this long nobody asks again."""
SHORTEST_SECONDS, LONGEST_SECONDS = 300.0, 24 * 3600.0
"""How long a directory is kept, within what it says about itself; a day where it says nothing."""


class Fetch(Protocol):
    """What fetches: `SafeFetch` does."""

    async def get(self, url: str, limits: Limits) -> Fetched:
        """Fetch `url` or raise FetchError."""


@dataclass(slots=True)
class _Directory:
    keys: Mapping[str, SigningKey] = field(default_factory=dict)
    expires: float = 0.0
    quiet_until: float = 0.0
    problem: str = ""
    refused: tuple[str, ...] = ()
    document: bytes = b""
    """As it was fetched."""
    fetched: datetime | None = None


class KeyDirectories:
    """The directories of the origins that are allowed."""

    def __init__(
        self,
        fetch: Fetch,
        origins: Iterable[str],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the origins that are asked.

        Raises:
            ValueError: One is no https origin.
        """
        self._fetch = fetch
        self._now = now
        self._clock = clock
        self._directories = {directory_url(origin): _Directory() for origin in origins}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._keys: dict[tuple[str, str], SigningKey] = {}
        self.version = 0
        """Changes whenever a directory came."""

    @property
    def keys(self) -> Mapping[tuple[str, str], SigningKey]:
        """All keys that are known, by directory and thumbprint."""
        return self._keys

    @property
    def problems(self) -> dict[str, str]:
        """Why directories could not be read the last time, by their address."""
        return {url: one.problem for url, one in self._directories.items() if one.problem}

    def want(self, url: str, thumbprint: str) -> bool:
        """Say that a signature names this key; True if its directory is allowed. Fetch it if that could help."""
        directory = self._directories.get(url)
        if directory is None:
            return False
        now = self._clock()
        useful = thumbprint not in directory.keys or now >= directory.expires
        if useful and now >= directory.quiet_until and url not in self._running:
            task = self._running[url] = asyncio.get_running_loop().create_task(self._learn(url, directory))
            task.add_done_callback(lambda _: self._running.pop(url, None))
        return True

    def document(self, url: str) -> tuple[bytes, datetime | None]:
        """Return a directory as it was fetched the last time, and when; empty if it never came."""
        one = self._directories.get(url)
        return (b"", None) if one is None else (one.document, one.fetched)

    async def close(self) -> None:
        """End what is under way."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _learn(self, url: str, directory: _Directory) -> None:
        try:
            fetched = await self._fetch.get(url, LIMITS)
            parsed = parse_directory(fetched.body, url)
            if parsed.refused and not parsed.keys:
                raise FetchError(f"the key directory has no key that is accepted: {parsed.refused[0]}")
        except FetchError as error:
            directory.problem = str(error)
        else:
            directory.keys, directory.refused, directory.problem = parsed.keys, parsed.refused, ""
            directory.document, directory.fetched = fetched.body, self._now()
            seconds = fetched.max_age or LONGEST_SECONDS
            directory.expires = self._clock() + min(max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS)
            self._keys = {
                (name, key.thumbprint): key for name, one in self._directories.items() for key in one.keys.values()
            }
            self.version += 1
        finally:
            directory.quiet_until = self._clock() + MISSING_SECONDS
