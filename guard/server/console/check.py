"""What goes wrong although the configuration is right?

What `guard doctor` finds, when somebody looks.
"""

from aiohttp import web

from guard.server.console.desk import Desk
from guard.server.console.policy_edit import EditError

ORDER = {"problem": 0, "note": 1, "unknown": 2, "ok": 3}


class Check:
    """The settings, checked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered here."""
        return [web.get("/check", self._page)]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        desk = self._desk
        file = desk.guard.loaded.file
        if file is None:
            raise EditError("this guard runs without a configuration file; write one with guard init")
        state = await desk.guard.state()
        answer = await desk.commands.ask(
            ["doctor", "-c", str(file), "--lang", desk.language(request), "--json"], usable=(0, 1)
        )
        found = sorted(answer.value()["findings"], key=lambda one: ORDER.get(one["health"], 0))
        values = {
            "file": file,
            "state": state,
            "found": found,
            "problems": sum(one["health"] == "problem" for one in found),
        }
        return desk.page(request, "check.html", values=values)
