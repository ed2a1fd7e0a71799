"""What does each site's own robots.txt say, and since when is it merged with ours?

One worker asks every upstream, at the start and then every quarter of an hour at a time of its
own, and writes down what it got; the others see the file change. No visitor's request waits for
it. What can not be used (an HTML page, 500, a redirect elsewhere, no answer) leaves in force what
the site last said, also after a restart; where it never said anything ours stands alone. Both are
told once, in the log and as a metric.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

import aiohttp
from prometheus_client import Gauge
from yarl import URL

from guard import __version__
from guard.errors import GuardError, ReservationError
from guard.reservation.robots_file import MAX_BYTES, RobotsFile, read
from guard.server.site import Site, Sites
from guard.server.upstream import UpstreamClient
from guard.store.upstream_robots import MOST_HOSTS, Look, SiteRobots, keep, load, version

SECONDS: Final = 10.0
"""For one file, with all its redirects."""
FIRST_SECONDS: Final = 3.0
"""A start waits so long for the file of a site that has never been asked, lest its Disallow lines be missing."""
AGAIN_SECONDS: Final = 60.0
"""After a failure."""
WATCH_SECONDS: Final = 1.0
MAX_REDIRECTS: Final = 5
"""RFC 9309, section 2.3.1.2, asks for at least as many."""
AT_ONCE: Final = 4

log = logging.getLogger("guard.robots")


class UpstreamRobots:
    """Keeps the sites' reservation sets in step with what their upstreams say."""

    def __init__(
        self,
        sites: Sites,
        clients: Mapping[str, UpstreamClient],
        folder: Path,
        *,
        every: float,
        asks: bool,
        looks: Gauge,
        changed: Callable[[Site], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        """Take `changed`, which is called by the worker that `asks` when a site's set has become another."""
        self._sites = sites
        self._clients = clients
        self._folder = folder
        self._every = every
        self._asks = asks
        self._looks = looks
        self._changed = changed
        self._now = now
        self._known: dict[tuple[str, str], SiteRobots] = {}
        self._version = ""
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take what is on disk, wait a little for what has never been asked, and go on in the background."""
        if not self._every:
            return
        await self._take()
        asked = False
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_SECONDS):
                while self._missing():
                    if self._asks:
                        await self._ask_all()
                        asked = True
                        break
                    await asyncio.sleep(0.05)
                    await self._take()
        self._task = asyncio.get_running_loop().create_task(self._ask_on(asked) if self._asks else self._watch())

    async def stop(self) -> None:
        """End, also in the middle of a fetch."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def _missing(self) -> bool:
        return any((site.host, "") not in self._known for site in self._sites.all)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await self._take()

    async def _ask_on(self, asked: bool) -> None:
        """Ask again and again; what was kept from before a restart is asked for at once."""
        while True:
            if asked:
                pause = min(self._every, AGAIN_SECONDS) if self._failing else self._every
                await asyncio.sleep(random.uniform(0.9 * pause, 1.1 * pause))  # noqa: S311  # nobody gains by guessing
            try:
                await self._ask_all()
            except GuardError as error:  # a set that can not be a record must not end the looking
                log.warning("guard: %s", error)
            asked = True

    async def _take(self) -> None:
        """Adopt what the folder says, if it has changed."""
        now = version(self._folder)
        if now == self._version:
            return
        self._version = now
        self._known = await asyncio.to_thread(load, self._folder)
        for site in self._sites.all:
            await self._adopt(site)

    async def _adopt(self, site: Site) -> bool:
        bodies = {authority: one.body for (name, authority), one in self._known.items() if name == site.host}
        return await asyncio.to_thread(lambda: site.adopt(_read(bodies)))

    async def _ask_all(self) -> None:
        turn = asyncio.Semaphore(AT_ONCE)
        self._failing = False

        async def ask(site: Site) -> None:
            async with turn:
                for authority in site.authorities()[:MOST_HOSTS]:
                    self._failing |= (await self._ask(site, authority)).failed
                if await self._adopt(site):
                    await self._changed(site)

        await asyncio.gather(*(ask(site) for site in self._sites.all))

    async def _ask(self, site: Site, authority: str) -> Look:
        before = self._known.get((site.host, authority))
        after = await self._look(site, authority, before)
        self._known[site.host, authority] = after
        if not authority:
            for look in Look:
                self._looks.labels(site.host, look).set(look is after.look)
        if before is None or replace(after, fetched_at=0) != replace(before, fetched_at=0):
            self._tell(before, after)
            try:
                await asyncio.to_thread(keep, self._folder, after)
            except OSError as error:
                log.warning("guard: %s: its robots.txt can not be kept: %s", site.host, error.strerror or error)
            self._version = version(self._folder)
        return after.look

    async def _look(self, site: Site, authority: str, before: SiteRobots | None) -> SiteRobots:
        """Ask once; return what is in force afterwards."""
        last = before or SiteRobots(
            site=site.host, authority=authority, look=Look.ALONE, reason="", body=b"", fetched_at=0
        )
        try:
            async with asyncio.timeout(SECONDS):
                found = await _fetch(self._clients[site.host], site, authority)
            findings: tuple[str, ...] = ()
            if found is not None:
                findings = await asyncio.to_thread(site.try_robots, authority, read(*found))
        except TimeoutError:
            reason = f"no answer within {SECONDS:g} seconds"
        except ReservationError as error:
            reason = str(error)
        except (aiohttp.ClientConnectionError, OSError):
            reason = "the site can not be reached"
        except (aiohttp.ClientError, ValueError):
            reason = "its answer is not understood"
        else:
            look = Look.ABSENT if found is None else Look.MERGED
            body = b"" if found is None else found[0]
            now = int(self._now().timestamp())
            return replace(last, look=look, reason="", body=body, fetched_at=now, findings=findings)
        return replace(last, look=Look.KEPT if last.fetched_at else Look.ALONE, reason=reason)

    def _tell(self, before: SiteRobots | None, after: SiteRobots) -> None:
        where = after.site if not after.authority else f"{after.site} ({after.authority})"
        if after.look.failed:
            if before is None or (before.look, before.reason) != (after.look, after.reason):
                stays = "what it last said stays in force" if after.fetched_at else "ours stands alone"
                log.warning("guard: %s: the site's own robots.txt can not be used: %s; %s", where, after.reason, stays)
        elif before is not None and before.look.failed:
            log.warning("guard: %s: the site's own robots.txt can be used again", where)
        elif after.findings and (before is None or before.findings != after.findings):
            more = f" (and {len(after.findings) - 1} more)" if len(after.findings) > 1 else ""
            log.warning("guard: %s: the site's own robots.txt: %s%s", where, after.findings[0], more)


def _read(bodies: Mapping[str, bytes]) -> dict[str, RobotsFile]:
    """Return the files that can be merged, by authority."""
    files = {}
    for authority, body in bodies.items():
        with suppress(ReservationError):
            if body:
                files[authority] = read(body)
    return files


async def _fetch(client: UpstreamClient, site: Site, authority: str) -> tuple[bytes, str] | None:
    """Return body and media type of the robots.txt of one name; None if the upstream has none.

    Raises:
        ReservationError: The answer can not be used.
    """
    public = site.public_url(authority)
    origin = URL(public)
    headers = {
        "Host": origin.raw_authority,
        "User-Agent": f"crawler-guard/{__version__}",
        "Accept": "text/plain, */*;q=0.1",
        "Accept-Encoding": "identity",
        "X-Forwarded-Proto": origin.scheme,
        "X-Forwarded-Host": origin.raw_authority,
    }
    own = {origin.raw_authority, URL(site.upstream.base).raw_authority}
    target = "/robots.txt"
    for _ in range(MAX_REDIRECTS + 1):
        async with client.session.get(client.url(target), headers=headers, allow_redirects=False) as response:
            match response.status:
                case 200:
                    return await _body(response)
                case 404 | 410:
                    return None
                case 301 | 302 | 303 | 307 | 308:
                    there = URL(public + target).join(URL(response.headers.get("Location", ""), encoded=True))
                    if there.raw_authority not in own or there.scheme not in ("http", "https"):
                        raise ReservationError("it redirects to another site")
                    target = there.raw_path_qs
                case status:
                    raise ReservationError(f"it answers with status {status}")
    raise ReservationError("it redirects too often")


async def _body(response: aiohttp.ClientResponse) -> tuple[bytes, str]:
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise ReservationError("it is compressed, which was not asked for")
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MAX_BYTES:  # so much is read, and that there is more is known
            response.close()
            break
    return bytes(body[: MAX_BYTES + 1]), response.headers.get("Content-Type", "")
