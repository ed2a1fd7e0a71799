"""What did each crawler want, what did it get, and what is decided about it?"""

from aiohttp import web

from guard.server.console.decisions import decided
from guard.server.console.desk import Desk
from guard.server.console.figures import MONTH, Visitor, parts, visitors

SPANS = {"1": 1, "7": 7, "30": MONTH}


class Crawlers:
    """The list of crawlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered here."""
        return [web.get("/crawlers", self._list)]

    async def _list(self, request: web.Request) -> web.StreamResponse:
        desk = self._desk
        chosen = request.query.get("days", "7")
        number = SPANS.get(chosen, 7)
        days = await desk.days.last(MONTH)
        found = visitors(one.book for one in days[-number:])
        pipeline = await desk.decisions.pipeline(desk.guard.loaded)
        site = desk.guard.loaded.settings.sites[0].host
        rows = [(one, decided(pipeline, site, one.name, one.row.crawler) if one.name else None) for one in found]
        return desk.page(
            request,
            "crawlers.html",
            values={"rows": rows, "number": number, "parts": parts, "spans": tuple(SPANS.values())},
        )


def named(found: tuple[Visitor, ...], name: str) -> Visitor | None:
    """Return the crawler of this name."""
    return next((one for one in found if one.name == name), None)
