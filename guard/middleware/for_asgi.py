"""How does an ASGI application (Starlette, FastAPI, Django …) do what the guard says?

    app = GuardMiddleware(app, "unix:/run/guard/decisions.sock")

Around everything else, so that nothing answers before it. WebSockets are not asked about.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from guard.middleware.asking import Asking, Question, Verdict, enough, text

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_PAST_US = frozenset({"http.response.pathsend", "http.response.zerocopysend"})
"""Ways to send a body that nobody in between sees."""


class GuardMiddleware:
    """An ASGI application around another."""

    def __init__(self, app: App, where: str) -> None:
        """Take the application, and where the guard is asked: `unix:/path` or `address:port`."""
        self._app = app
        self._asking = Asking(where)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._ending(send))
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        question = _question(scope)
        verdict = await self._asking.ask(question)
        if not verdict.allowed:
            await _answer(send, verdict, scope["method"])
            return
        extensions = {name: value for name, value in (scope.get("extensions") or {}).items() if name not in _PAST_US}
        response = _Response(send, self._asking, question, verdict)
        await self._app({**scope, "extensions": extensions}, receive, response.send)

    def _ending(self, send: Send) -> Send:
        async def seen(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                await self._asking.close()
            await send(message)

        return seen


class _Response:
    """What the application sends, held until it is clear what it is, where that decides."""

    def __init__(self, send: Send, asking: Asking, question: Question, verdict: Verdict) -> None:
        self._send = send
        self._asking = asking
        self._question = question
        self._verdict = verdict
        self._start: Message | None = None
        self._head = b""
        self._held: list[Message] = []
        self._refused = False

    async def send(self, message: Message) -> None:
        if self._refused:
            return
        if message["type"] == "http.response.start":
            self._start = message
            if not self._verdict.again:
                await self._begin()
            return
        if message["type"] == "http.response.body" and self._start is not None:
            self._held.append(message)
            self._head += message.get("body", b"")
            complete = not message.get("more_body", False)
            content_type = _field(self._start, b"content-type")
            if complete or enough(self._head):
                await self._show(content_type, complete)
            return
        await self._send(message)

    async def _show(self, content_type: str, complete: bool) -> None:
        assert self._start is not None  # noqa: S101  # a body comes after it
        self._verdict = await self._asking.show(
            self._question, self._verdict.again, content_type, self._head, complete=complete
        )
        if not self._verdict.allowed:
            self._refused = True
            await _answer(self._send, self._verdict, self._question.method)
            return
        await self._begin()
        for message in self._held:
            await self._send(message)

    async def _begin(self) -> None:
        assert self._start is not None  # noqa: S101  # see above
        lines = self._verdict.added(text(list(self._start.get("headers", ()))))
        self._start["headers"] = [(name.lower().encode("latin-1"), value.encode("utf-8")) for name, value in lines]
        await self._send(self._start)
        self._start = None  # what follows goes straight on


def _question(scope: Scope) -> Question:
    lines = text(scope["headers"])
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(scope["path"], safe="/%:@!$&'()*+,;=~-._")
    query = scope.get("query_string", b"").decode("latin-1")
    client = scope.get("client")
    return Question(
        method=scope["method"],
        target=f"{path.partition('?')[0]}?{query}" if query else path,
        host=next((value for name, value in lines if name.lower() == "host"), ""),
        scheme=scope.get("scheme", "http"),
        peer=str(client[0]) if client else "",
        lines=lines,
    )


async def _answer(send: Send, verdict: Verdict, method: str) -> None:
    body = b"" if method == "HEAD" else verdict.body
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in verdict.answer()]
    headers.append((b"content-length", str(len(verdict.body)).encode()))
    await send({"type": "http.response.start", "status": verdict.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _field(start: Message, wanted: bytes) -> str:
    values = [value for name, value in start.get("headers", ()) if name.lower() == wanted]
    return values[0].decode("latin-1") if values else ""
