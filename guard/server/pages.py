"""What is changed in a page on its way to the client?

Two things, each only where the owner asks for it: the reservation is put into its head, and links
to decoys in front of its end. Everything that is not plainly an ordinary page passes as it is. A
page whose head is changed is looked at before anything of it is sent, so that its length is still
right; then it streams.
"""

from collections.abc import AsyncIterator
from typing import Final

from guard.core.facts import RequestFacts
from guard.core.pages import head_place, may_be_changed, says_charset
from guard.server.decoys import Decoys
from guard.server.exchange import Exchange
from guard.server.headers import Headers
from guard.server.upstream import Answered
from guard.server.upstream_requests import CONDITIONAL

_ABOUT_THE_BYTES: Final = frozenset(
    {"content-length", "content-md5", "digest", "content-digest", "repr-digest", "etag", "last-modified",
     "accept-ranges"}
)  # fmt: skip
"""What a head says about bytes that are changed; without a validator nobody gets a 304 for a page of another client,
or a part of the page as it was."""
_COMPRESSED: Final = frozenset({"accept-encoding"})

Body = AsyncIterator[bytes]


class Pages:
    """Changes pages of one installation."""

    def __init__(self, decoys: Decoys | None) -> None:
        self._decoys = decoys

    def left_out(self, exchange: Exchange) -> frozenset[str]:
        """Return the names (lower case) of the fields that the upstream is not shown, so that a page can be changed."""
        facts, head = exchange.facts, exchange.site.page_head
        if facts.method != "GET" or (head is None and self._decoys is None):
            return frozenset()
        accept = facts.header("accept").lower()
        if "text/html" in accept:
            # A copy that the client has from before is not the page that it would get now.
            return _COMPRESSED if head is None else _COMPRESSED | CONDITIONAL
        # Crawlers take anything; a browser that takes anything loads a part of a page, and says so.
        takes_anything = (not accept or "*/*" in accept) and not facts.header("sec-fetch-dest")
        return _COMPRESSED if head is not None and takes_anything else frozenset()

    def may_change(self, exchange: Exchange, answered: Answered) -> bool:
        """Tell whether `change` may change this answer."""
        if exchange.facts.method not in ("GET", "HEAD") or (exchange.site.page_head is None and self._decoys is None):
            return False
        return may_be_changed(answered.status, answered.headers)

    async def change(self, exchange: Exchange, answered: Answered) -> tuple[Headers, Body]:
        """Return the head and the body to send on: changed, or as they are.

        Raises:
            UpstreamError: The body broke off before anything of it was sent.
        """
        facts = exchange.facts
        headers: Headers = answered.headers
        insert = exchange.site.page_head
        if insert is not None and facts.method == "HEAD" and may_be_changed(answered.status, headers):
            return _without(headers), answered.body()  # what GET will say is not known yet
        if facts.method != "GET" or not may_be_changed(answered.status, headers):
            return headers, answered.body()
        body = answered.body()
        if insert is not None:
            at = await _place(answered)
            if at is not None:
                piece = insert(exchange.base_url, facts.path)
                length = answered.header("content-length")
                headers = _without(headers)
                if length.isascii() and length.isdigit():
                    headers = (*headers, ("Content-Length", str(int(length) + len(piece))))
                body = _with(body, at, piece)
        if self._decoys is not None and _may_take_a_link(facts):
            return _without(headers), self._decoys.inject(facts, body, self._decoys.canary_for(exchange))
        return headers, body


async def _place(answered: Answered) -> int | None:
    known = says_charset(answered.headers)
    data = await answered.peek()
    while (place := head_place(data, charset_known=known, complete=answered.complete)) is None:
        data = await answered.peek(len(data) + 1)
    return place.at


def _may_take_a_link(facts: RequestFacts) -> bool:
    """Tell whether somebody opens the page as such, and can be sent a body of unknown length."""
    # HTTP/1.0 has no way to tell a body that was made longer from one that broke off.
    return facts.version != "1.0" and facts.header("sec-fetch-dest") in ("", "document")


def _without(headers: Headers) -> Headers:
    return tuple(line for line in headers if line[0].lower() not in _ABOUT_THE_BYTES)


async def _with(body: Body, at: int, piece: bytes) -> Body:
    """Yield the body with `piece` behind its first `at` bytes."""
    async for data in body:
        if 0 <= at < len(data):
            yield data[:at] + piece + data[at:]
        else:
            yield data
        at -= len(data)
    if at == 0:
        yield piece
