"""What does the console answer, and to whom?

Everything below /console/ on the admin listener. Whoever is not signed in gets the sign-in page and the
files that it looks like, and nothing else.
"""

import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

from aiohttp import web

from guard.errors import GuardError
from guard.server.console.check import Check
from guard.server.console.commands import CommandError
from guard.server.console.crawlers import Crawlers
from guard.server.console.desk import LANGUAGE_COOKIE, ROOT, SESSION, Desk, Guard
from guard.server.console.evidence import Evidence
from guard.server.console.gate import guarded, is_encrypted, is_from_our_page, is_our_name
from guard.server.console.live import Live
from guard.server.console.overview import Overview
from guard.server.console.passwords import Checker
from guard.server.console.pictures import Pictures
from guard.server.console.requests import Requests
from guard.server.console.reservations import Reservations
from guard.server.console.sessions import LONGEST_SECONDS, Tries

COOKIE: Final = "guard_console"
_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Console:
    """The console of one guard."""

    def __init__(self, guard: Guard) -> None:
        """Take the guard; raises UsageError where the extra `console` is not installed."""
        self._desk = Desk(guard)
        self._settings = guard.loaded.settings.console
        self._checker = Checker(self._settings.password)
        self._sessions = self._desk.sessions
        self._tries = Tries()
        self._working = (Live(self._desk), Pictures(self._desk), Evidence(self._desk))
        self._pages = (
            Overview(self._desk),
            Crawlers(self._desk),
            Requests(self._desk),
            Reservations(self._desk),
            Check(self._desk),
            *self._working,
        )

    def app(self) -> web.Application:
        """Return what is put below `ROOT`."""
        app = web.Application(middlewares=[self._middleware])
        app.add_routes(
            [
                web.get("/sign-in", self._sign_in_page),
                web.post("/sign-in", self._sign_in),
                web.post("/sign-out", self._sign_out),
                web.get("/static/{name}", self._file),
            ]
        )
        for page in self._pages:
            app.add_routes(page.routes())
        app.on_shutdown.append(self._close)
        return app

    async def _close(self, _app: web.Application) -> None:
        for page in self._working:
            await page.close()

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_our_name(request.host, self._settings.names):
            return guarded(web.Response(status=403, text="this name is not the console's; see console.names\n"))
        if request.method not in ("GET", "HEAD", "POST"):
            return guarded(web.Response(status=405, text="not here\n", headers={"Allow": "GET, HEAD, POST"}))
        if (chosen := request.query.get("language")) in ("en", "de") and request.method == "GET":
            return self._with_language(request, str(chosen))
        session = self._sessions.find(request.cookies.get(COOKIE, ""))
        if session is not None:
            request[SESSION] = session
        path = request.path.removeprefix(ROOT)
        if session is None and path != "sign-in" and not path.startswith("static/"):
            to = quote(request.path_qs, safe="/?=&") if request.method == "GET" else ROOT
            return guarded(_moved(f"{ROOT}sign-in" if to == ROOT else f"{ROOT}sign-in?to={quote(to, safe='/')}"))
        return await self._answer(request, handler)

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.method == "POST" and not await _is_ours(request):
                return self._problem(request, 403, "This form did not come from a page of the console; open it anew.")
            return await handler(request)
        except web.HTTPNotFound:
            return self._problem(request, 404, "There is no such page.")
        except web.HTTPRequestEntityTooLarge:
            return self._problem(request, 413, "That is too much for a form.")
        except web.HTTPMethodNotAllowed:
            return self._problem(request, 405, "There is no such page.")
        except web.HTTPException as error:
            return guarded(error)
        except (CommandError, GuardError) as error:
            return self._problem(request, 502, "That could not be done.", str(error))
        except OSError as error:
            return self._problem(request, 500, "That could not be done.", error.strerror or str(error))
        except Exception as error:  # a page of ours that is wrong; the others go on
            traceback.print_exc()
            return self._problem(request, 500, "That could not be done.", type(error).__name__)

    def _problem(self, request: web.Request, status: int, sentence: str, said: str = "") -> web.Response:
        return self._desk.page(request, "problem.html", status=status, values={"sentence": sentence, "said": said})

    def _with_language(self, request: web.Request, chosen: str) -> web.StreamResponse:
        query = {name: value for name, value in request.query.items() if name != "language"}
        response = _moved(str(request.rel_url.with_query(query)))
        response.set_cookie(LANGUAGE_COOKIE, chosen, path=ROOT, samesite="Lax", max_age=31_536_000)
        return guarded(response)

    async def _sign_in_page(self, request: web.Request) -> web.StreamResponse:
        if SESSION in request:
            return guarded(_moved(ROOT))
        return self._sign_in_form(request, 200, "")

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        address = request.remote or "unix"
        if seconds := self._tries.wait(address):
            response = self._sign_in_form(request, 429, "Too many wrong passwords; wait {n} seconds.", seconds)
            response.headers["Retry-After"] = str(seconds)
            return response
        form = await request.post()
        if not await self._checker.is_right(str(form.get("password", ""))):
            print("guard: console: a wrong password was tried", file=sys.stderr, flush=True)  # noqa: T201
            return self._sign_in_form(request, 403, "That is not the password.")
        self._tries.succeeded(address)
        to = str(form.get("to", ""))
        response = _moved(to if _is_here(to) else ROOT)
        response.set_cookie(
            COOKIE, self._sessions.open(), path=ROOT, httponly=True, samesite="Strict", secure=is_encrypted(request),
            max_age=int(LONGEST_SECONDS),
        )  # fmt: skip
        return guarded(response)

    def _sign_in_form(self, request: web.Request, status: int, sentence: str, seconds: int = 0) -> web.Response:
        to = request.query.get("to", "")
        values = {"sentence": sentence, "seconds": seconds, "to": to if _is_here(to) else ""}
        return self._desk.page(request, "sign_in.html", status=status, values=values)

    async def _sign_out(self, request: web.Request) -> web.StreamResponse:
        self._sessions.close(request.cookies.get(COOKIE, ""))
        response = _moved(f"{ROOT}sign-in")
        response.del_cookie(COOKIE, path=ROOT)
        return guarded(response)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        body = self._desk.files.get(name)
        if body is None:
            raise web.HTTPNotFound
        kind = _TYPES.get(name.rpartition(".")[2], "text/plain")
        return guarded(web.Response(body=body, content_type=kind, charset="utf-8"), kept=True)


async def _is_ours(request: web.Request) -> bool:
    """Tell whether a form is of a page of ours; reading it, which the handler does again, costs nothing then."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="a form is needed\n")
    form = await request.post()
    session = request.get(SESSION)
    return is_from_our_page(request) and (session is None or session.owns(str(form.get("form_token", ""))))


def _moved(to: str) -> web.Response:
    return web.Response(status=303, headers={"Location": to})


def _is_here(to: str) -> bool:
    """Tell whether an address is one of our pages: a form must not lead the reader elsewhere."""
    return to.startswith(ROOT) and "\\" not in to and to.isprintable() and to.isascii()
