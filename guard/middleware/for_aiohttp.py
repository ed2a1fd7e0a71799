"""How does an aiohttp application do what the guard says?

    app = web.Application()
    protect(app, "unix:/run/guard/decisions.sock")

The response is looked at where aiohttp is about to send it, so handlers may return bytes, a file or stream.
Of a stream only the content type is known then.
"""

import asyncio
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from multidict import CIMultiDict

from guard.middleware.asking import PEEK, Asking, Question, Verdict, text

_ASKED: Final = web.RequestKey("_ASKED", tuple)


def protect(app: web.Application, where: str) -> None:
    """Make `app` ask the guard at `where`, `unix:/path` or `address:port`, before and after each of its handlers."""
    asking = Asking(where)

    @web.middleware
    async def ask(request: web.Request, handler: Handler) -> web.StreamResponse:
        question = _question(request)
        verdict = await asking.ask(question)
        if not verdict.allowed:
            return _answer(verdict)
        request[_ASKED] = question, verdict
        try:
            response = await handler(request)
        except _RefusedError as refused:
            return _answer(refused.verdict)
        if verdict.again and not response.prepared:
            shown = await _shown(asking, question, verdict, response)
            request[_ASKED] = question, shown
            if not shown.allowed:
                return _answer(shown)
        return response

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        asked = request.get(_ASKED)
        if asked is None or not asked[1].allowed:
            return
        question, verdict = asked
        if verdict.again:  # a stream, which begins before its handler is back
            verdict = await _shown(asking, question, verdict, response)
            request[_ASKED] = question, verdict
            if not verdict.allowed:
                raise _RefusedError(verdict)
        lines = verdict.added(tuple(response.headers.items()))
        response.headers.clear()
        for name, value in lines:
            response.headers.add(name, value)

    async def close(_app: web.Application) -> None:
        await asking.close()

    app.middlewares.insert(0, ask)
    app.on_response_prepare.append(prepare)
    app.on_cleanup.append(close)


class _RefusedError(Exception):
    """Ends a handler that is about to stream what its client is not to have."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("refused by the guard")
        self.verdict = verdict


async def _shown(asking: Asking, question: Question, verdict: Verdict, response: web.StreamResponse) -> Verdict:
    head, complete = b"", False
    if isinstance(response, web.FileResponse):
        path: Path = response._path
        head = await asyncio.to_thread(_first_bytes, path)
    elif isinstance(response, web.Response) and isinstance(response.body, bytes | bytearray):
        head, complete = bytes(response.body[:PEEK]), len(response.body) <= PEEK
    content_type = response.headers.get("Content-Type", "")
    return await asking.show(question, verdict.again, content_type, head, complete=complete)


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(PEEK)
    except OSError:
        return b""


def _question(request: web.Request) -> Question:
    lines = text(request.raw_headers)
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return Question(
        method=request.method,
        target=request.raw_path,
        host=request.headers.get("Host", ""),
        scheme=request.scheme,
        peer=str(peer[0]) if isinstance(peer, tuple) and len(peer) >= 2 else "",
        lines=lines,
    )


def _answer(verdict: Verdict) -> web.Response:
    return web.Response(status=verdict.status, body=verdict.body, headers=CIMultiDict(verdict.answer()))
