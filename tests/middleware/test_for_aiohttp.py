"""A real aiohttp application does what the guard says."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from guard.middleware import protect
from tests.support.fronts import visit
from tests.support.http import CHATGPT_USER, GPTBOT, connect, head, read_reply
from tests.support.running import RunningGuard
from tests.support.upstream import PICTURES

ORIGINAL = PICTURES["/original.jpg"]


def application(where: str, folder: Path) -> web.Application:
    (folder / "photo").write_bytes(ORIGINAL)

    async def in_memory(_request: web.Request) -> web.Response:
        return web.Response(body=ORIGINAL, content_type="image/jpeg", headers={"X-Robots-Tag": "noimageindex"})

    async def from_disk(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(folder / "photo")

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": request.query["type"]})
        await response.prepare(request)
        await response.write(ORIGINAL)
        return response

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<title>Gallery</title>", content_type="text/html")

    async def form(request: web.Request) -> web.Response:
        return web.Response(text=str((await request.post())["name"]))

    app = web.Application()
    app.add_routes(
        [
            web.get("/photo", in_memory), web.get("/file", from_disk), web.get("/stream", stream),
            web.get("/by-address", page), web.get("/", page), web.post("/form", form),
        ]
    )  # fmt: skip
    protect(app, where)
    return app


@pytest.fixture(scope="module")
def app(asked: RunningGuard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run the application; return its port."""
    yield from _run(f"unix:{asked.directory}/decisions.sock", tmp_path_factory.mktemp("app"))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run it while no guard is there."""
    folder = tmp_path_factory.mktemp("alone")
    yield from _run(f"unix:{folder}/nobody.sock", folder)


def _run(where: str, folder: Path) -> Iterator[int]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> tuple[web.AppRunner, int]:
        runner = web.AppRunner(application(where, folder))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, runner.addresses[0][1]

    runner, port = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
    yield port
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.mark.parametrize("target", ["/photo", "/file", "/stream?type=image/jpeg"])
def test_a_person_gets_what_the_application_sends(app: int, target: str):
    """With the reservation beside it; what the application itself reserves stays."""
    reply = visit(app, target)

    assert (reply.status, reply.body == ORIGINAL) == (200, True)
    assert reply.get("tdm-reservation") == "1"
    if target == "/photo":
        assert "noimageindex" in ", ".join(reply.all("X-Robots-Tag"))


@pytest.mark.parametrize("target", ["/photo", "/file", "/stream?type=image/jpeg", "/", "/nothing-here"])
def test_a_training_crawler_gets_the_guards_answer(app: int, target: str):
    """Before the application has run."""
    reply = visit(app, target, agent=GPTBOT)

    assert (reply.status, ORIGINAL[600:1200] in reply.body) == (403, False)
    assert reply.get("Guard-Reference")


STATUSES = {"/photo": 403, "/file": 403, "/stream?type=image/jpeg": 403, "/stream?type=text/html": 200, "/": 200}


@pytest.mark.parametrize("target", STATUSES)
def test_what_the_response_is_decides(app: int, target: str):
    """An assistant may see pages. Of a stream only its type is known when it begins."""
    reply = visit(app, target, agent=CHATGPT_USER)

    assert reply.status == STATUSES[target]
    assert ORIGINAL[600:1200] not in reply.body or target == "/stream?type=text/html"


def test_the_visitors_address_is_walked_to(app: int):
    """Past the servers that the guard trusts, and no further."""
    forged = ("X-Forwarded-For", "198.51.100.7")

    assert visit(app, "/by-address").status == 402
    assert visit(app, "/by-address", forged).status == 402
    assert visit(app, "/photo", forged, agent=GPTBOT).status == 403
    assert visit(app, "/photo", ("X-Forwarded-For", "198.51.100.7"), agent=GPTBOT, source="127.0.0.1").status == 200


def test_a_limit_and_a_form_pass(app: int):
    """Bodies of visitors stay with the application."""
    body = b"name=Jane"
    line = ("Content-Type", "application/x-www-form-urlencoded")
    with connect(app) as connection:
        connection.sendall(head("/form", line, method="POST", body=body) + body)
        form = read_reply(connection)

    assert (form.status, form.body) == (200, b"Jane")
    slow = visit(app, "/slowly")
    assert (slow.status, bool(slow.get("Retry-After"))) == (429, True)


def test_people_do_not_wait_for_a_guard_that_is_away(alone: int):
    """And declared crawlers are still refused, by the rules that are shipped."""
    assert visit(alone, "/photo").body == ORIGINAL
    assert visit(alone, "/photo", agent="Googlebot-Image/1.0").status == 200
    assert visit(alone, "/photo", agent=GPTBOT).status == 403
