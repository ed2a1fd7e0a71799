"""Which pictures are prepared before anybody has looked at them?

Those that the site's sitemaps name, and those on the pages that they name: a bulk client that comes tomorrow
then gets marked copies from its first picture on. One worker asks, a while after the start and then once a
day, and only while nothing waits to be prepared: for one picture after the other, as a person would, through the
guard itself, so that whatever a visitor's look sets going happens here too. What nobody may see, it does not get.

All is bounded: files, pages and pictures of a round, bytes, and time. What fails is left for the next round.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp

from guard.core.facts import Kind
from guard.errors import ReservationError
from guard.reservation import robots, robots_file
from guard.reservation.read_page import read_page
from guard.server import sitemap
from guard.server.self_requests import Answer, Place, SelfRequests
from guard.server.site import Site

EVERY_SECONDS: Final = 24 * 3600.0
PAUSE_SECONDS: Final = 0.5
"""Between two of our requests: the upstream has visitors to serve."""
MOST_SITEMAPS: Final = 20
MOST_PAGES: Final = 200
MOST_PICTURES: Final = 2000
"""Of one site, in one round."""
_USUAL: Final = "/sitemap.xml"


class Ahead:
    """Has pictures prepared that nobody has asked for yet; one per worker process, of which one asks."""

    def __init__(
        self, requests: SelfRequests, sites: Iterable[Site], idle: Callable[[], bool], *, pause: float = PAUSE_SECONDS
    ) -> None:
        """Take `idle`, which tells whether nothing waits to be prepared."""
        self._requests = requests
        # Where pictures pass as they are, no look at one has anything prepared.
        self._sites = tuple(site for site in sites if site.in_image)
        self._idle = idle
        self._pause = pause
        self._task: asyncio.Task[None] | None = None

    def start(self, address: object, *, first: float, every: float = EVERY_SECONDS) -> None:
        """Begin after `first` seconds; `address` is that of the listening socket, a pair or a path."""
        if self._requests.possible:
            self._requests.send_to(address)
            self._task = asyncio.get_running_loop().create_task(self._again_and_again(first, every))

    async def stop(self) -> None:
        """End, also in the middle of a request."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _again_and_again(self, first: float, every: float) -> None:
        pause = first
        while True:
            await asyncio.sleep(pause)
            pause = every
            for site in self._sites:
                async with self._requests.session() as session:
                    await self._of_site(session, site)

    async def _of_site(self, session: aiohttp.ClientSession, site: Site) -> None:
        base = site.public_url("")
        pictures: dict[Place, None] = {}
        pages = await self._named(session, base, pictures)
        for page in tuple(pages)[:MOST_PAGES]:
            if len(pictures) >= MOST_PICTURES:
                break
            answer = await self._ask(session, page, Kind.PAGE)
            shown = read_page(answer.body, answer.content_type)
            links = (url for url, _ in shown.links if sitemap.is_picture(url))
            _add(pictures, (*shown.pictures, *links), urljoin(_url(page), shown.base))
        for picture in tuple(pictures)[:MOST_PICTURES]:
            await self._ask(session, picture, Kind.IMAGE)

    async def _named(self, session: aiohttp.ClientSession, base: str, pictures: dict[Place, None]) -> dict[Place, None]:
        """Put the pictures that the sitemaps name into `pictures`, and return the pages."""
        pages: dict[Place, None] = {}
        waiting: dict[Place, None] = {}
        _add(waiting, (*await self._sitemaps(session, base), _USUAL), base)
        done: set[Place] = set()
        while (file := next((one for one in waiting if one not in done), None)) and len(done) < MOST_SITEMAPS:
            done.add(file)
            found = sitemap.read((await self._ask(session, file, Kind.OTHER)).body)
            _add(waiting, found.sitemaps, base)
            _add(pictures, found.pictures, base)
            _add(pages, found.pages, base)
        return pages

    async def _sitemaps(self, session: aiohttp.ClientSession, base: str) -> tuple[str, ...]:
        places: dict[Place, None] = {}
        _add(places, (robots.PATH,), base)
        for place in places:
            answer = await self._ask(session, place, Kind.OTHER)
            with contextlib.suppress(ReservationError):
                return robots_file.read(answer.body, answer.content_type).sitemaps
        return ()

    async def _ask(self, session: aiohttp.ClientSession, place: Place, kind: Kind) -> Answer:
        """Ask for one thing once nothing waits to be prepared; an answer that is none is empty."""
        await asyncio.sleep(self._pause)
        while not self._idle():  # noqa: ASYNC110  # the queue tells nobody when it has become empty
            await asyncio.sleep(self._pause)
        try:
            return await self._requests.ask(session, place, kind)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return Answer()


def _url(place: Place) -> str:
    return f"{place.scheme}://{place.authority}{place.target}"


def _add(places: dict[Place, None], urls: Iterable[str], base: str) -> None:
    """Add those of `urls` that lie on the host of `base`, as a client asks for them."""
    host = urlsplit(base).hostname
    for url in urls:
        with contextlib.suppress(ValueError):
            parts = urlsplit(urljoin(f"{base.rstrip('/')}/" if base.count("/") < 3 else base, url))
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            if parts.hostname == host and parts.scheme in ("http", "https") and target.isascii():
                places[Place(scheme=parts.scheme, authority=parts.netloc, target=target)] = None
