"""Which pictures do crawlers want most, and who took them?"""

from collections import Counter

from aiohttp import web

from guard.core.day_book import MAX_PICTURES, Picture, together
from guard.image.jobs import Preview
from guard.server.console.desk import Desk
from guard.server.console.figures import MONTH
from guard.server.console.gate import guarded
from guard.server.console.requests import Recorded, on_record
from guard.server.console.thumbnails import Thumbnails

SHOWN = 48
ALBUMS = 12
RECORDS = 200


class Pictures:
    """The pictures asked for most, and a page for each."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._thumbnails = Thumbnails()
        self.close = self._thumbnails.close

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered here."""
        return [
            web.get("/pictures", self._page),
            web.get("/pictures/one", self._one),
            web.get("/pictures/small", self._small),
        ]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        days = await self._desk.days.last(MONTH)
        book = together(one.book for one in days)
        return self._desk.page(
            request, "pictures.html", values={"pictures": book.pictures(SHOWN), "albums": book.albums(ALBUMS)}
        )

    async def _known(self, request: web.Request) -> tuple[str, str, Picture]:
        """Return a picture that is in the books; nothing else can be asked for."""
        site, path = request.query.get("site", ""), request.query.get("path", "")
        for day in reversed(await self._desk.days.last(MONTH)):
            if any(found[:2] == (site, path) for found in day.book.pictures(MAX_PICTURES)):
                break
        else:
            raise web.HTTPNotFound
        whole = together(one.book for one in await self._desk.days.last(MONTH))
        counts = next((one for place, name, one in whole.pictures(MAX_PICTURES) if (place, name) == (site, path)), None)
        return site, path, counts or Picture()

    async def _one(self, request: web.Request) -> web.StreamResponse:
        site, path, counts = await self._known(request)
        rows = await on_record(self._desk, [f"--picture={path}"], RECORDS)
        return self._desk.page(
            request,
            "picture.html",
            values={"site": site, "path": path, "counts": counts, "rows": rows[:50], "takers": _takers(rows)},
        )

    async def _small(self, request: web.Request) -> web.StreamResponse:
        site, path, _ = await self._known(request)
        made = await self._thumbnails.of(self._desk.guard.loaded.settings, site, path)
        if made is None:  # gone, no picture, or the site does not answer
            made = Preview(body=self._desk.files["no-picture.svg"], media_type="image/svg+xml", width=3, height=2)
        response = guarded(web.Response(body=made.body, content_type=made.media_type))
        response.headers["Cache-Control"] = "private, max-age=600"
        return response


def _takers(rows: list[Recorded]) -> list[tuple[str, str, int, int]]:
    """Return who is on record: name, purpose, how often it asked, and how often it got the picture in full."""
    asked: Counter[tuple[str, str]] = Counter()
    given: Counter[tuple[str, str]] = Counter()
    for row in rows:
        asked[row.claimed, row.purpose] += 1
        given[row.claimed, row.purpose] += row.rendition in ("as_is", "rights", "marked") and row.status in (200, 206)
    return [(*who, count, given[who]) for who, count in asked.most_common()]
