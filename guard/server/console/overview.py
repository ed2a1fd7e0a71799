"""How is the guard, and who came today and in the last days?"""

from collections.abc import Iterable

import orjson
from aiohttp import web

from guard.server.console.desk import ROOT, Desk
from guard.server.console.figures import MONTH, Day, Visitor, bars, outcomes, parts, visitors
from guard.server.console.gate import guarded
from guard.server.console.shown import Language, day, number
from guard.server.console.words import say
from guard.server.own_metrics import coverage

LISTED = 8
WEEK = 7
CHART = (720, 180)
"""Width and height of the chart, in its own units."""
LONGEST_PAUSE = 86_400


class Overview:
    """The first page, the live numbers on it, and the pause."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered here."""
        return [web.get("/", self._page), web.get("/now", self._now), web.post("/pause", self._pause)]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return await self._shown(request, "overview.html")

    async def _now(self, request: web.Request) -> web.StreamResponse:
        """Return the part of the page that changes, for a page that is open."""
        return await self._shown(request, "now.html")

    async def _shown(self, request: web.Request, template: str) -> web.StreamResponse:
        desk = self._desk
        state = await desk.guard.state()
        days = await desk.days.last(MONTH)
        week = [one.book for one in days[-WEEK:]]
        of_today, of_week = visitors([days[-1].book]), visitors(week)
        shares = coverage(state.month, state.pictures)
        width, height = CHART
        return desk.page(
            request,
            template,
            values={
                "state": state,
                "today": _sums(of_today),
                "today_book": days[-1].book,
                "week": _sums(of_week),
                "listed": of_week[:LISTED],
                "more": max(len(of_week) - LISTED, 0),
                "days": days,
                "bars": list(bars(days, width, height)),
                "most": max(sum(one.outcomes.values()) for one in days),
                "width": width,
                "height": height,
                "parts": parts,
                **_chart(days, desk.language(request)),
                "shares": [(operator, purpose, share) for (_, _, operator, purpose), share in shares[:4]],
            },
        )

    async def _pause(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        text = str(form.get("seconds", ""))
        if not text.isascii() or not text.isdigit() or int(text) > LONGEST_PAUSE:
            raise web.HTTPBadRequest(text="a number of seconds is needed, at most a day\n")
        state = await self._desk.guard.state()
        self._desk.guard.pause_until(state.now + int(text) if int(text) else 0.0)
        return guarded(web.Response(status=303, headers={"Location": ROOT}))


def _sums(found: tuple[Visitor, ...]) -> dict[str, int]:
    rows = [one.row for one in found]
    return {
        "crawlers": len(rows),
        "requests": sum(row.requests for row in rows),
        "asked": sum(row.asked for row in rows),
        "bytes": sum(row.bytes for row in rows),
        "withheld": sum(row.withheld for row in rows),
        "refuted": sum(row.impostor for row in rows),
        "breaches": sum(row.breaches for row in rows),
        **outcomes(rows),
    }


def _chart(days: Iterable[Day], language: Language) -> dict[str, str]:
    """Return the chart as what a script draws it from: places, counts, and both as they are written for people."""
    shown = list(days)
    counts = [one.outcomes for one in shown]
    sorts = ("full", "marked", "smaller", "none")
    columns = {sort: [count[sort] for count in counts] for sort in sorts}
    labels = {"full": "in full", "marked": "in full, marked", "smaller": "smaller", "none": "none"}
    chart = {
        "days": list(range(len(shown))),
        "names": [day(one.day, language) for one in shown],
        "shown": {sort: [number(count, language) for count in column] for sort, column in columns.items()},
        **columns,
    }
    said = {sort: str(say(language, text)) for sort, text in labels.items()}
    return {
        "chart": orjson.dumps(chart).decode(),
        "labels": orjson.dumps({**said, "nothing": str(say(language, "None yet."))}).decode(),
    }
