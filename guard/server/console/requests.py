"""Which requests are on record, and how is one of them explained?

By `guard evidence show` and `guard explain`: what identifies a person is not among what they say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from guard.server.console.commands import CommandError
from guard.server.console.desk import Desk

LISTED: Final = 50
WRONG_CALL: Final = 2
"""Exit status of a command."""
KINDS: Final = ("", "page", "thumbnail", "image", "original")
LONGEST_FIELD: Final = 512
ASKED: Final = ("user_agent", "path", "address", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One request on record, without what may identify a person."""

    record: int
    at: datetime
    path: str
    """Without its query; empty where it is erased."""
    claimed: str
    purpose: str
    identity: str
    conduct: str
    action: str
    rule: str
    rendition: str
    status: int
    """0 where the log does not say how the answer ended."""
    bytes: int


async def on_record(desk: Desk, wanted: Sequence[str], most: int = LISTED) -> list[Recorded]:
    """Return the newest requests that fit, the newest first; `wanted` are options of `guard evidence show`.

    Raises:
        CommandError: The log can not be read.
    """
    directory = str(desk.guard.loaded.settings.evidence.directory)
    rows = await desk.commands.last_lines(["evidence", "show", "--json", *wanted, "--", directory], most)
    return [_recorded(one) for one in reversed(rows)]


def _recorded(one: Mapping[str, Any]) -> Recorded:
    fields, end = one["fields"], one.get("end") or {}
    names = ("claimed", "purpose", "identity", "conduct", "action", "rule", "rendition")
    return Recorded(
        record=int(one["record"]),
        at=datetime.fromisoformat(one["time"].replace("Z", "+00:00")),
        path=str(one["path"]),
        status=int(end.get("status", 0)),
        bytes=int(end.get("bytes", 0)),
        **{name: str(fields.get(name, "")) for name in names},
    )


class Requests:
    """A request on record, or one that somebody thinks of, explained."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered here."""
        return [web.get("/explain", self._explain), web.get("/explain/{record:[0-9]{1,18}}", self._record)]

    async def _record(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._of_record(request, ["--record", request.match_info["record"]])
        except CommandError as error:
            if error.status != WRONG_CALL:
                raise
            return self._page(request, complaint=str(error), status=404)

    async def _of_record(self, request: web.Request, which: Sequence[str]) -> web.StreamResponse:
        found = (await self._ask(["--evidence", str(self._evidence), *which])).value()
        return self._desk.page(request, "record.html", values={"found": found, "condition": condition})

    @property
    def _evidence(self) -> object:
        return self._desk.guard.loaded.settings.evidence.directory

    async def _explain(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        asked = {name: query.get(name, "")[:LONGEST_FIELD] for name in ASKED}
        reference = query.get("reference", "").strip()[:64]
        found: Any = None
        complaint = ""
        try:
            if reference:
                is_number = reference.isascii() and reference.isdigit()
                return await self._of_record(request, [f"--{'record' if is_number else 'reference'}={reference}"])
            if asked["user_agent"]:
                options = [f"--{name.replace('_', '-')}={value}" for name, value in asked.items() if value]
                found = (await self._ask(options)).value()
        except CommandError as error:
            complaint = str(error)
        return self._page(request, asked, found, complaint=complaint)

    def _page(
        self,
        request: web.Request,
        asked: Mapping[str, str] | None = None,
        found: Any = None,
        *,
        complaint: str = "",
        status: int = 200,
    ) -> web.StreamResponse:
        values = {"asked": asked or dict.fromkeys(ASKED, ""), "found": found, "complaint": complaint, "kinds": KINDS}
        return self._desk.page(request, "explain.html", status=status, values=values)

    async def _ask(self, options: Sequence[str]) -> Any:
        file = self._desk.guard.loaded.file
        rules = ["-c", str(file)] if file is not None else []
        return await self._desk.commands.ask(["explain", *rules, *options, "--json"])


def condition(when: object) -> str:
    """Return a rule's condition on one line; empty where it has none."""
    if not isinstance(when, Mapping):
        return ""
    return "; ".join(f"{name}: {', '.join(map(str, value))}" for name, value in when.items() if value)
