"""Does the log hold, and what is handed to a lawyer?

Verify, export and hold are the commands that people type; what they put on record is on record here too.
"""

import asyncio
import re
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from guard.server.console.commands import CommandError
from guard.server.console.desk import ROOT, Desk
from guard.server.console.figures import MONTH, visitors
from guard.server.console.gate import guarded
from guard.server.console.jobs import Jobs

VERIFYING: Final = "verify"
EXPORTING: Final = "export"
LONGEST: Final = 1800.0
"""Seconds that one of them may take."""
_DAY: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_PAGE: Final = f"{ROOT}evidence"


class Evidence:
    """The evidence page and what can be done there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._jobs = Jobs()
        # It goes when the process ends: a bundle that nobody has fetched is made again.
        self._folder = tempfile.TemporaryDirectory(prefix="guard-console-")

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered here."""
        return [
            web.get("/evidence", self._page),
            web.post("/evidence/verify", self._verify),
            web.post("/evidence/export", self._export),
            web.get("/evidence/bundle", self._bundle),
            web.post("/evidence/hold", self._hold),
            web.post("/evidence/release", self._release),
        ]

    async def close(self) -> None:
        """End what is under way, and take away what was made."""
        await self._jobs.close()
        await asyncio.to_thread(self._folder.cleanup)

    @property
    def _directory(self) -> str:
        return str(self._desk.guard.loaded.settings.evidence.directory)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        desk = self._desk
        stats, holds = await asyncio.gather(
            desk.commands.ask(["evidence", "stats", "--json", "--", self._directory]),
            desk.commands.last_lines(["evidence", "hold", "list", "--json", "--", self._directory], 100),
            return_exceptions=True,
        )
        days = await desk.days.last(MONTH)
        return desk.page(
            request,
            "evidence.html",
            values={
                "stats": None if isinstance(stats, BaseException) else stats.value(),
                "complaint": str(stats) if isinstance(stats, BaseException) else "",
                "holds": [] if isinstance(holds, BaseException) else holds,
                "names": [one.name for one in visitors(day.book for day in days) if one.name],
                "verifying": self._jobs.get(VERIFYING),
                "exporting": self._jobs.get(EXPORTING),
            },
        )

    async def _verify(self, _request: web.Request) -> web.StreamResponse:
        async def work() -> Any:
            options = ["evidence", "verify", "--json", "--", self._directory]
            return (await self._desk.commands.ask(options, seconds=LONGEST, usable=(0, 1))).value()

        self._jobs.begin(VERIFYING, work)
        return _back()

    async def _export(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        options = _filter(form)
        bundle = Path(self._folder.name) / "case.asice"

        async def work() -> dict[str, object]:
            await asyncio.to_thread(bundle.unlink, missing_ok=True)
            command = ["evidence", "export", *options, f"--output={bundle}", "--", self._directory]
            await self._desk.commands.ask(command, seconds=LONGEST)
            return {"bytes": bundle.stat().st_size, "asked": " ".join(options)}

        self._jobs.begin(EXPORTING, work)
        return _back()

    async def _bundle(self, _request: web.Request) -> web.StreamResponse:
        job = self._jobs.get(EXPORTING)
        if job is None or job.running or job.value is None:
            raise web.HTTPNotFound
        response = web.FileResponse(Path(self._folder.name) / "case.asice")
        name = f"case-{datetime.fromtimestamp(job.ended, UTC):%Y-%m-%d-%H%M}.asice"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Content-Type"] = "application/vnd.etsi.asic-e+zip"
        return guarded(response)

    async def _hold(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        matter = str(form.get("matter", "")).strip()[:200]
        command = ["evidence", "hold", "set", *_filter(form), f"--matter={matter}", "--", self._directory, _name(form)]
        await self._desk.commands.ask(command)
        return _back()

    async def _release(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        await self._desk.commands.ask(["evidence", "hold", "release", "--", self._directory, _name(form)])
        return _back()


def _filter(form: Mapping[str, object]) -> list[str]:
    """Return what a form asks for as options.

    Raises:
        CommandError: A field is not what it should be.
    """
    options: list[str] = []
    if crawler := str(form.get("crawler", "")).strip()[:512]:
        options.append(f"--crawler={crawler}")
    if picture := str(form.get("picture", "")).strip()[:2048]:
        options.append(f"--picture={picture}")
    for name in ("since", "until"):
        if day := str(form.get(name, "")).strip():
            if not _DAY.fullmatch(day):
                raise CommandError(f"{day[:40]!r} is no day: write it like 2026-11-25")
            options.append(f"--{name}={day}")
    return options


def _name(form: Mapping[str, object]) -> str:
    name = str(form.get("name", "")).strip()
    if not _NAME.fullmatch(name):
        raise CommandError("a hold has a short name like case-7: letters, digits, dots and hyphens")
    return name


def _back() -> web.StreamResponse:
    return guarded(web.Response(status=303, headers={"Location": _PAGE}))
