"""How is a front server answered at once that asks about a person?

Most questions are about people, who are let through, and their answer is known as soon as the head is
read. Such a head, if it came whole and alone, is read and answered here, without the objects that the HTTP
library makes of a request. Every other byte goes to the library as it came, and so does every head that is
not quite plain: it decides what that means. A connection that has brought one stays with the library.
"""

import re
from functools import lru_cache
from typing import Final

from guard.core.asked import DIALECTS, Dialect
from guard.errors import RequestError
from guard.server.forward_auth import DecisionPoint
from guard.server.http_server import HttpHandler, HttpServer, peer_of

LARGEST: Final = 16 << 10
"""Bytes of a head that is read here."""
KEPT: Final = 2048
"""Bytes of lines that are read once for as long as they come again."""
TURNS: Final = 8
"""Of the event loop; the library needs three after its last answer."""
_FIRST: Final = {f"GET {path} HTTP/1.1".encode(): dialect for path, dialect in DIALECTS.items()}
Question = tuple[Dialect, tuple[tuple[str, str], ...], int]
_TARGETS: Final = {
    dialect.prefix: re.compile(rb"\r\n(" + dialect.prefix.encode() + rb"uri):([^\r\n]*)(?=\r\n|\Z)", re.IGNORECASE)
    for dialect in DIALECTS.values()
}
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NOT_PLAIN: Final = frozenset(
    {b"transfer-encoding", b"upgrade", b"expect", b"connection", b"te", b"trailer", b"content-encoding"}
)
"""Lines of the question that are the library's affair, but for `Connection: keep-alive`."""


class QuestionServer(HttpServer):
    """Makes a protocol for each connection of a front server."""

    def __init__(self, point: DecisionPoint, *given: object, **options: object) -> None:
        """Take who decides, and what `HttpServer` takes after its handler."""
        super().__init__(point.handle, *given, **options)  # type: ignore[arg-type]
        self.point = point

    def __call__(self) -> HttpHandler:
        return _Questions(self, loop=self._loop, **self._kwargs)


class _Questions(HttpHandler):
    """One connection."""

    __slots__ = ("_asked", "_held", "_mixed")

    def __init__(self, server: QuestionServer, **options: object) -> None:
        super().__init__(server, **options)
        self._asked = server.point.questions
        self._held = b""
        """One question that waits for its turn."""
        self._mixed = False
        """The library has seen bytes of this connection that were not one whole plain head."""

    def data_received(self, data: bytes) -> None:
        """Answer a question that needs no more than its head; hand everything else on."""
        if self._held:  # more came before its turn
            data, self._held, self._mixed = self._held + data, b"", True
        question = None if self._mixed or self.is_retiring else plain_question(data)
        if question is None:
            self._mixed = True
            super().data_received(data)
        else:
            self._held = data
            self._answer(question, TURNS)

    def _answer(self, question: "Question", turns: int) -> None:
        """Answer the question that is held, as soon as the library has done with the one before; after so many turns of
        the loop it gets this one too."""
        if not self._held or self.transport is None:
            return
        if turns and not self._is_idle():
            self._loop.call_soon(self._answer, question, turns - 1)
            return
        data, self._held = self._held, b""
        if not turns or not self._answered(*question):
            super().data_received(data)

    def _is_idle(self) -> bool:
        """Tell whether the library waits for a request; where it does not say, it does not."""
        waiter = getattr(self, "_waiter", None)
        return waiter is not None and not waiter.done() and not self._messages

    def _answered(self, dialect: Dialect, lines: tuple[tuple[str, str], ...], place: int) -> bool:
        try:
            answer = self._asked.at_once(dialect, lines, peer_of(self.transport)[0], place)
        except RequestError:
            return False
        if answer is None or self.transport is None:
            return False
        self.transport.write(answer)
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        self._asked.answered()
        return True


def plain_question(data: bytes) -> "Question | None":
    """Return how is asked in `data`, the header lines, and which of them tells the target; None unless that is one
    whole, plain head and no more."""
    if not data.endswith(b"\r\n\r\n") or len(data) > LARGEST:
        return None
    first, _, rest = data[:-4].partition(b"\r\n")
    dialect = _FIRST.get(first)
    if dialect is None or dialect.tells_kind:
        return None
    name = f"{dialect.prefix}uri".encode()
    # The target is another one each time, and the other lines are the same again and again.
    match = _TARGETS[dialect.prefix].search(b"\r\n" + rest)
    if match is None:
        return None
    told, value = match[1], match[2].strip(b" \t")
    begin, end = match.span()
    before, after = _plain_lines(rest[: max(begin - 2, 0)], name), _plain_lines(rest[end:], name)
    if before is None or after is None or _CONTROLS.search(value):
        return None
    line = (told.decode("ascii"), value.decode("utf-8", "surrogateescape"))
    return dialect, (*before, line, *after), len(before)


def _plain_lines(block: bytes, target: bytes) -> tuple[tuple[str, str], ...] | None:
    return (_lines if len(block) <= KEPT else _lines.__wrapped__)(block, target)


@lru_cache(maxsize=1024)
def _lines(block: bytes, target: bytes) -> tuple[tuple[str, str], ...] | None:
    """Return the lines of a block; None if one is not plain, or tells the target once more."""
    found = []
    for line in block.split(b"\r\n") if block else ():
        name, colon, value = line.partition(b":")
        if not colon or _NAME.fullmatch(name) is None or _CONTROLS.search(value):
            return None
        value = value.strip(b" \t")
        if (lower := name.lower()) in _NOT_PLAIN and (lower != b"connection" or value.lower() != b"keep-alive"):
            return None
        if lower == target or (lower == b"content-length" and value != b"0"):
            return None
        found.append((name.decode("ascii"), value.decode("utf-8", "surrogateescape")))
    return tuple(found)
