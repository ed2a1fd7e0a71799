"""What does the world see of the reservation?

Asked of the running guard itself, at its own listener and by each site's name, as a person's browser
would: so this is what is sent, not what should be. It is marked as our own request, so nobody is
counted.
"""

from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from guard.reservation import aitxt, robots, tdmrep
from guard.server.console.desk import Desk
from guard.server.self_requests import FIELD, PERSON, USER_AGENT, SelfRequests
from guard.settings import Site
from guard.settings_text import ANY_HOST

DOCUMENTS: Final = (robots.PATH, aitxt.PATH, tdmrep.PATH)
MOST: Final = 64 * 1024
"""Characters of a document that are shown."""
_NOT_SHOWN: Final = frozenset({"set-cookie", "date", "server", "connection", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One answer."""

    path: str
    status: int
    """0 where there was none."""
    lines: tuple[tuple[str, str], ...]
    text: str
    """The document, or what went wrong."""


class Reservations:
    """Each site's documents and header lines."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered here."""
        return [web.get("/reservations", self._page)]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        sites = self._desk.guard.loaded.settings.sites
        chosen = next((site for site in sites if site.host == request.query.get("site")), sites[0])
        state = await self._desk.guard.state()
        seen = await self._look(chosen, state.url)
        return self._desk.page(
            request, "reservations.html", values={"site": chosen, "head": seen[0], "documents": seen[1:]}
        )

    async def _look(self, site: Site, url: str) -> list[Seen]:
        own = SelfRequests(self._desk.guard.own_token, {})
        address: object = url.removeprefix("unix:") if url.startswith("unix:") else (URL(url).host, URL(url).port)
        own.send_to(address)
        base = "http://localhost" if url.startswith("unix:") else url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        async with own.session() as session:
            return [await self._ask(session, site, base.replace("[::]", "[::1]"), path) for path in ("/", *DOCUMENTS)]

    async def _ask(self, session: aiohttp.ClientSession, site: Site, base: str, path: str) -> Seen:
        scheme, _, authority = site.base_url.partition("://") if site.base_url else ("http", "", "")
        lines = CIMultiDict(
            {"User-Agent": USER_AGENT, "Accept": "text/html,*/*;q=0.8", "Accept-Encoding": "identity"}
            | {FIELD: f"{self._desk.guard.own_token} {scheme} {PERSON}"}
            | ({"Host": authority or site.host} if site.host != ANY_HOST else {})
        )
        try:
            async with session.get(URL(base + path, encoded=True), headers=lines, allow_redirects=False) as answer:
                body = b"" if path == "/" else await answer.content.read(MOST)
                kept = ((key.decode("latin-1"), value.decode("utf-8", "replace")) for key, value in answer.raw_headers)
                return Seen(
                    path=path,
                    status=answer.status,
                    lines=tuple(line for line in kept if line[0].lower() not in _NOT_SHOWN),
                    text=body.decode("utf-8", "replace"),
                )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Seen(path=path, status=0, lines=(), text=str(error) or type(error).__name__)
