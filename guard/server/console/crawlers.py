"""What did each crawler want, what did it get, and what is decided about it?"""

import asyncio
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from guard.core.pipeline import Pipeline
from guard.core.policy import Action
from guard.errors import ConfigurationError
from guard.server.console import changes, policy_edit
from guard.server.console.decisions import decided
from guard.server.console.desk import ROOT, Desk
from guard.server.console.figures import MONTH, Visitor, bars, parts, visitors
from guard.server.console.gate import guarded
from guard.server.console.requests import on_record
from guard.yaml12 import load

SPANS = {"1": 1, "7": 7, "30": MONTH}
CHART = (720, 90)
POLICY = "policy"
"""In place of an action: what the rest of the rules says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A change that a form asks for."""

    visitor: Visitor
    action: Action | None
    """None: as the rest of the rules says."""
    file: Path


class Crawlers:
    """The list of crawlers, a page for each, and the change of a rule."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered here."""
        return [
            web.get("/crawlers", self._list),
            web.get("/crawlers/{name}", self._one),
            web.get("/crawlers/{name}/requests", self._requests),
            web.get("/crawlers/{name}/change", self._preview),
            web.post("/crawlers/{name}/change", self._change),
        ]

    async def _list(self, request: web.Request) -> web.StreamResponse:
        desk = self._desk
        number = SPANS.get(request.query.get("days", "7"), 7)
        days = await desk.days.last(MONTH)
        found = visitors(one.book for one in days[-number:])
        pipeline = await desk.decisions.pipeline(desk.guard.loaded)
        rows = [(one, decided(pipeline, self._site, one.name, one.row.crawler) if one.name else None) for one in found]
        return desk.page(
            request,
            "crawlers.html",
            values={"rows": rows, "number": number, "parts": parts, "spans": tuple(SPANS.values())},
        )

    @property
    def _site(self) -> str:
        return self._desk.guard.loaded.settings.sites[0].host

    async def _visitor(self, request: web.Request) -> Visitor:
        name = request.match_info["name"]
        days = await self._desk.days.last(MONTH)
        found = next((one for one in visitors(day.book for day in days) if name and one.name == name), None)
        if found is None:
            raise web.HTTPNotFound
        return found

    async def _one(self, request: web.Request) -> web.StreamResponse:
        desk = self._desk
        one = await self._visitor(request)
        days = await desk.days.last(MONTH)
        pipeline = await desk.decisions.pipeline(desk.guard.loaded)
        known = next((found for found in pipeline.catalogue.crawlers if found.id == one.row.crawler), None)
        width, height = CHART
        return desk.page(
            request,
            "crawler.html",
            values={
                "one": one,
                "decision": decided(pipeline, self._site, one.name, one.row.crawler),
                "known": known,
                "choices": await self._choices(one),
                "bars": list(bars([day.only(one.name) for day in days], width, height)),
                "days": days,
                "width": width,
                "height": height,
                "parts": parts,
                "done": request.query.get("done", ""),
            },
        )

    async def _choices(self, one: Visitor) -> list[tuple[str, bool]]:
        """Return what one click can do, and whether that is so already; nothing where it can do nothing."""
        file = self._desk.guard.loaded.file
        if file is None or not one.row.crawler:
            return []
        try:
            document = load(await asyncio.to_thread(file.read_bytes), file.name)
            now = policy_edit.chosen(document, one.row.crawler)
        except (OSError, ConfigurationError, policy_edit.EditError):
            return []
        return [(POLICY, now is None), *((str(action), action is now) for action in policy_edit.CHOICES)]

    async def _requests(self, request: web.Request) -> web.StreamResponse:
        one = await self._visitor(request)
        rows = await on_record(self._desk, ["--crawler", one.row.crawler or one.name])
        return self._desk.page(request, "requests.html", values={"rows": rows, "title": one.name, "back": one.name})

    async def _preview(self, request: web.Request) -> web.StreamResponse:
        asked = await self._asked(request, request.query.get("action", ""))
        change = await self._prepared(asked)
        pipeline = await self._desk.decisions.pipeline(self._desk.guard.loaded)
        after = Pipeline(change.configuration.catalogue, change.configuration.policy)
        name, crawler = asked.visitor.name, asked.visitor.row.crawler
        return self._desk.page(
            request,
            "change.html",
            values={
                "one": asked.visitor,
                "action": str(asked.action or POLICY),
                "change": change,
                "before": decided(pipeline, self._site, name, crawler),
                "after": decided(after, self._site, name, crawler),
            },
        )

    async def _change(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        asked = await self._asked(request, str(form.get("action", "")))
        change = await self._prepared(asked)
        await asyncio.to_thread(changes.write, asked.file, str(form.get("digest", "")), change.after)
        outcome = await self._desk.guard.reload()
        if not outcome.successful:
            await asyncio.to_thread(changes.write, asked.file, changes.digest(change.after), change.before)
            raise policy_edit.EditError("\n".join(("the guard did not take it; the file is as before", *outcome.said)))
        what = f"{asked.action} for" if asked.action else "back to the policy for"
        print(f"guard: console: {asked.file} was changed: {what} {asked.visitor.row.crawler}", file=sys.stderr)  # noqa: T201
        where = f"{ROOT}crawlers/{quote(asked.visitor.name, safe='')}?done=1"
        return guarded(web.Response(status=303, headers={"Location": where}))

    async def _asked(self, request: web.Request, action: str) -> Asked:
        one = await self._visitor(request)
        file = self._desk.guard.loaded.file
        if action != POLICY and action not in {str(choice) for choice in policy_edit.CHOICES}:
            raise web.HTTPNotFound
        if file is None:
            raise policy_edit.EditError("this guard runs without a configuration file; start it with one: guard init")
        if not one.row.crawler:
            raise policy_edit.EditError("the catalogue does not know this one; write a rule by its path or network")
        return Asked(visitor=one, action=None if action == POLICY else Action(action), file=file)

    async def _prepared(self, asked: Asked) -> changes.Change:
        crawler, today = asked.visitor.row.crawler, _today()
        return await asyncio.to_thread(changes.prepare, asked.file, crawler, asked.action, today)


def _today() -> date:
    return datetime.now(UTC).date()
