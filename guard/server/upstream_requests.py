"""What is the upstream asked for a given request, and what does its answer show?"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from guard.core.facts import PICTURES, Kind, KindSource, ResponseFacts
from guard.core.licence import LicenceState
from guard.exporter.metrics import Metrics
from guard.image.sniff import dimensions, kind_of, media_type
from guard.server.exchange import Exchange
from guard.server.fast_lane.upstream import Incoming, Line
from guard.server.headers import Headers, for_upstream
from guard.server.licences import without_licence
from guard.server.pictures import Sizes
from guard.server.upstream import PEEK, Answered, UpstreamClient

CONDITIONAL = frozenset({"range", "if-range", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since"})
"""Left out where the answer itself has to be looked at: a part of a picture, or a 304, tells too little about it."""

_STREAMED = ("text/", "application/json", "application/javascript", "multipart/")
"""Answers that people get without a look at the first byte, which may be long in coming (server-sent events)."""

_PART_OF_A_PICTURE = re.compile(rb"\r\ncontent-type:\s*image/", re.IGNORECASE)

_PARTS = frozenset({"range", "if-range"})
"""Left out of other methods than GET; a condition may be what keeps a change from being lost there."""

_VERSION = (
    "etag", "last-modified", "content-length", "content-type", "content-encoding", "cache-control",
    "content-disposition",
)  # fmt: skip

REMEMBERED = 16_384

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class UpstreamRequests:
    """Asks the upstream of an exchange's site."""

    def __init__(
        self,
        clients: Mapping[str, UpstreamClient],
        sizes: Sizes,
        metrics: Metrics,
        *,
        left_out: Callable[[Exchange], frozenset[str]],
    ) -> None:
        """Take `left_out`, which names the fields that are not sent on, so that pages can be changed on their way."""
        self.clients = clients
        self._sizes = sizes
        self._metrics = metrics
        self._fields = left_out
        self._known: OrderedDict[int, ResponseFacts] = OrderedDict()
        """What whole resources turned out to be, by the hash of their address and of what tells their version."""

    async def ask(self, exchange: Exchange, *, whole: bool, only_if_not: str = "", method: str = "") -> Answered:
        """Send the request on and return the answer's head.

        Args:
            whole: Ask for the whole resource, not compressed, whatever part of it the client wants.
            only_if_not: An entity tag of the upstream's, for which 304 is enough; empty for none.
            method: In place of the client's own: GET to see what a HEAD request is about.

        Raises:
            UpstreamError: There is no usable answer.
        """
        facts, request = exchange.facts, exchange.request
        if (
            request.transport is not None
            and facts.header("expect").lower() == "100-continue"
            and facts.version == "1.1"
        ):
            request.transport.write(CONTINUE)
        match method or facts.method:
            case "GET" if whole:
                without = CONDITIONAL | {"accept-encoding"}
            case "GET" | "HEAD":
                without = self._fields(exchange)
            case _:
                without = self._fields(exchange) | (_PARTS if whole else frozenset())
        headers = self._lines(exchange, without)
        if exchange.licence is not LicenceState.NONE:
            headers = without_licence(headers)
        if only_if_not:
            headers = (*headers, ("If-None-Match", only_if_not))
        site, started = exchange.site.host, time.perf_counter()
        sent, exchange.asked = exchange.asked, None
        try:
            return await self.clients[site].ask(request, facts.target, headers, method, sent)
        finally:
            self._metrics.upstream_seconds.labels(site).observe(time.perf_counter() - started)

    def ask_at_once(self, exchange: Exchange) -> Line | None:
        """Send a plain request on as it is, over a connection that is open; None if there is none."""
        headers = self._lines(exchange, self._fields(exchange))
        return self.clients[exchange.site.host].ask_at_once(exchange.request, exchange.facts.target, headers)

    def answered(self, exchange: Exchange, incoming: Incoming, seconds: float) -> Answered:
        """Return the answer to it, whose head has come in after so many seconds."""
        self._metrics.upstream_seconds.labels(exchange.site.host).observe(seconds)
        return self.clients[exchange.site.host].answered(incoming)

    def _lines(self, exchange: Exchange, without: frozenset[str]) -> Headers:
        facts = exchange.facts
        return for_upstream(facts, host=facts.authority, peer_is_trusted=exchange.peer_is_trusted, without=without)

    def look_at_once(self, exchange: Exchange, answered: Answered) -> ResponseFacts | None:
        """Say what the resource is, as `look` does, if that is known without a look at its bytes; None if it is not."""
        if answered.status == 304 and exchange.kept is not None:
            return exchange.kept.seen
        if not answered.is_success:
            return exchange.seen or ResponseFacts(kind=Kind.UNKNOWN, source=KindSource.RESPONSE)
        return self._known.get(_version(exchange, answered))

    async def look(self, exchange: Exchange, answered: Answered) -> ResponseFacts:
        """Say what the resource is; for a 304 or an error, what it was when it was last seen."""
        if (known := self.look_at_once(exchange, answered)) is not None:
            return known
        key = _version(exchange, answered)
        seen = await self._look(exchange, answered)
        if key and (seen.kind not in PICTURES or seen.width):
            self._known[key] = seen
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return seen

    async def _look(self, exchange: Exchange, answered: Answered) -> ResponseFacts:
        undecided = exchange.decision is None or exchange.decision.action != "allow"
        encoded = answered.header("content-encoding").lower() not in ("", "identity")
        at_start = answered.status != 206 or answered.header("content-range").lower().startswith("bytes 0-")
        content_type = answered.header("content-type")
        head = b""
        if undecided and answered.status == 206 and content_type.lower().startswith("multipart/byteranges"):
            content_type = "image/*" if _PART_OF_A_PICTURE.search(await answered.peek(512)) else content_type
        if exchange.facts.method != "HEAD" and at_start and not encoded:
            if undecided:
                head = await _picture_head(answered)
            elif exchange.facts.method == "GET" and not content_type.lower().startswith(_STREAMED):
                head = await answered.peek()
        seen = kind_of(
            content_type,
            head,
            complete=answered.complete,
            thumbnail_side=self._sizes.thumbnail,
            display_side=self._sizes.display,
        )
        return ResponseFacts(
            kind=seen.kind,
            source=KindSource.RESPONSE,
            width=seen.width,
            height=seen.height,
            hands_off=_hands_off(answered),
        )


def _version(exchange: Exchange, answered: Answered) -> int:
    """Return what stands for these bytes at this address and what their head says of them; 0 where nothing does."""
    fields = answered.headers.first
    if answered.status != 200 or exchange.facts.method != "GET" or not ("etag" in fields or "last-modified" in fields):
        return 0
    return hash((exchange.facts.site, exchange.facts.target, *map(fields.get, _VERSION)))


async def _picture_head(answered: Answered) -> bytes:
    """Read until the size of a picture is known, or it is clear that there is none."""
    head = await answered.peek(16)
    while len(head) < PEEK and not answered.complete and media_type(head).startswith("image/"):
        if dimensions(head) is not None:
            break
        head = await answered.peek(len(head) + 1)
    return head


def _hands_off(answered: Answered) -> bool:
    directives = {item.strip().lower().partition("=")[0] for item in answered.header("cache-control").split(",")}
    disposition = answered.header("content-disposition").strip().lower()
    return not directives.isdisjoint({"private", "no-store"}) or disposition.startswith("attachment")
