"""An ASGI application does what the guard says, called as a server calls it."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from guard.middleware import GuardMiddleware
from tests.support.http import CHATGPT_USER, CHROME, GPTBOT
from tests.support.running import RunningGuard
from tests.support.upstream import PICTURES

ORIGINAL = PICTURES["/original.jpg"]
Message = MutableMapping[str, Any]
RAN: list[str] = []


async def gallery(scope: Message, receive: Any, send: Any) -> None:
    """A picture in small pieces, a page, the events of a lifespan."""
    if scope["type"] == "lifespan":
        assert (await receive())["type"] == "lifespan.startup"
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        await send({"type": "lifespan.shutdown.complete"})
        return
    RAN.append(scope["path"])
    picture = scope["path"].startswith("/photo")
    headers = [(b"content-type", b"image/jpeg" if picture else b"text/html"), (b"x-robots-tag", b"noimageindex")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    body = ORIGINAL if picture else b"<title>Gallery</title>"
    for at in range(0, len(body), 7000):
        await send({"type": "http.response.body", "body": body[at : at + 7000], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def call(
    where: str, path: str, *lines: tuple[bytes, bytes], agent: str = CHROME, client: object = ("127.0.0.2", 4000)
) -> tuple[int, dict[str, str], bytes]:
    """Call the application once, from its start to its end, and return status, headers and body."""
    sent: list[Message] = []

    async def run() -> None:
        app = GuardMiddleware(gallery, where)
        events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def next_event() -> Message:
            return next(events)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        async def ignore(_message: Message) -> None:
            return

        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
            "scheme": "http", "client": client, "extensions": {"http.response.pathsend": {}},
            "headers": [(b"host", b"photo.example"), (b"user-agent", agent.encode("latin-1")), *lines],
        }  # fmt: skip
        await app(scope, receive, send)
        await app({"type": "lifespan"}, next_event, ignore)

    asyncio.run(run())
    assert sent[0]["type"] == "http.response.start"
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(one.get("body", b"") for one in sent[1:])


@pytest.fixture
def where(asked: RunningGuard) -> str:
    """Where the guard is asked."""
    return f"unix:{asked.directory}/decisions.sock"


def test_a_person_gets_what_the_application_sends(where: str):
    """With the reservation; what the application itself reserves stays."""
    status, headers, body = call(where, "/photo")

    assert (status, body == ORIGINAL) == (200, True)
    assert headers["tdm-reservation"] == "1"
    assert "content-length" not in headers


def test_a_training_crawler_is_refused_before_the_application_runs(where: str):
    """With the guard's own answer."""
    RAN.clear()

    status, headers, body = call(where, "/photo", (b"accept", b"image/*"), agent=GPTBOT)

    assert (status, RAN) == (403, [])
    assert headers["content-type"].startswith("image/")
    assert int(headers["content-length"]) == len(body) > 500


def test_what_the_response_is_decides_while_it_is_held(where: str):
    """The picture in full size is never sent; the page is, whole."""
    refused, page = call(where, "/photo", agent=CHATGPT_USER), call(where, "/page", agent=CHATGPT_USER)

    assert (refused[0], ORIGINAL[600:1200] in refused[2]) == (403, False)
    assert (page[0], page[2]) == (200, b"<title>Gallery</title>")


def test_the_visitor_is_who_connected_unless_that_is_a_trusted_server(where: str):
    """The walk of the guard."""
    forged = (b"x-forwarded-for", b"198.51.100.7")

    assert call(where, "/photo", forged, agent=GPTBOT)[0] == 403
    assert call(where, "/photo", forged, agent=GPTBOT, client=("127.0.0.1", 4000))[0] == 200
    assert call(where, "/photo", (b"x-original-for", b"198.51.100.7"), agent=GPTBOT)[0] == 403
    assert call(where, "/by-address")[0] == 402


def test_bytes_that_are_no_text_are_no_way_round(where: str):
    """Header fields may hold anything."""
    assert call(where, "/photo", (b"x-odd", b"\xff\xfe\x80"), agent=GPTBOT)[0] == 403
    assert call(where, "/photo", (b"x-odd", b"a\x0bb"), agent=GPTBOT)[0] in (400, 403)
    assert call(where, "/photo\x01", agent=GPTBOT)[0] in (400, 403)


def test_people_are_served_while_the_guard_is_away(tmp_path: Any):
    """And declared crawlers are not."""
    nobody = f"unix:{tmp_path}/nobody.sock"

    assert call(nobody, "/photo")[2] == ORIGINAL
    assert call(nobody, "/photo", agent=GPTBOT)[0] == 403
