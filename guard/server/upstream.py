"""How is the site behind us asked?

Bodies stream both ways with back-pressure; nothing is decompressed, no cookie is kept, no
redirect is followed. What goes wrong becomes one sentence and an honest status.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.web import BaseRequest
from multidict import CIMultiDict
from yarl import URL

from guard.core.facts import HeaderLines
from guard.errors import UpstreamError, UpstreamTimeoutError
from guard.server.fast_lane.plain import PlainRequest
from guard.server.fast_lane.pool import Pool
from guard.server.fast_lane.upstream import Incoming, LibraryAnswer, Line
from guard.server.headers import Headers, of_answer
from guard.server.site import Upstream
from guard.server.under_way import READ_BUFFER, UnderWay

PEEK = 64 * 1024
"""A picture's size stands in its first 64 KiB, unless somebody put more metadata before it."""

_PART = re.compile(r"bytes 0-([0-9]{1,18})/([0-9]{1,18})")
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_AMBIGUOUS = "the site behind the guard gave an answer that others may read otherwise"
_NEVER_ADDED = frozenset({"User-Agent", "Accept", "Accept-Encoding", "Content-Type"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds."""

    connect: float
    read: float
    """Between two pieces of an answer."""


class Answered:
    """An upstream's answer: the head, and the body as far as it has been read."""

    def __init__(self, response: aiohttp.ClientResponse | Incoming | LibraryAnswer, under_way: UnderWay) -> None:
        """Take what counts it; it is counted until `close`."""
        self._response = response
        self._under_way: UnderWay | None = under_way
        self.status = response.status
        self.reason = response.reason or ""
        self.headers: HeaderLines = of_answer(response.raw_headers)
        self.head = b""
        self._finished = False
        self._held: ResponseHandler | None = None

    def header(self, name: str) -> str:
        """Return the first value of the field `name` (lower case), or an empty string."""
        return self.headers.first.get(name, "")

    @property
    def is_success(self) -> bool:
        """True where there is something in the body that the request asked for, or a part of it."""
        return 200 <= self.status < 300 and self.status not in (204, 205)

    @property
    def is_whole(self) -> bool:
        """True where that is all of it, also if the upstream calls it a part of that length."""
        if self.status != 206:
            return self.is_success
        part = _PART.fullmatch(self.header("content-range").strip().lower())
        return part is not None and int(part[1]) + 1 == int(part[2])

    async def peek(self, enough: int = 1) -> bytes:
        """Read until at least `enough` bytes are there, at most `PEEK`, or the body ends; they are not lost.

        Raises:
            UpstreamError: The body broke off.
        """
        while len(self.head) < min(enough, PEEK) and not self._finished:
            self.head += await self._next()
        return self.head

    @property
    def complete(self) -> bool:
        """True when `head` is the whole body."""
        return self._finished

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body, from its first byte, in pieces as they arrive.

        Raises:
            UpstreamError: The body broke off; what was yielded is all there is.
        """
        if self.head:
            yield self._take_head()
        while not self._finished:
            if piece := await self._next():
                yield piece

    def _take_head(self) -> bytes:
        head, self.head = self.head, b""  # no variable of `body` keeps it until the end of the answer
        return head

    async def read(self, limit: int) -> bytes | None:
        """Return the whole body, or None (and keep what was read for `body`) if it is larger than `limit` bytes.

        Raises:
            UpstreamError: The body broke off; what was read is kept for `body` then too.
        """
        pieces = [self.head]
        total = len(self.head)
        try:
            while not self._finished and total <= limit:
                piece = await self._next()
                pieces.append(piece)
                total += len(piece)
        finally:
            self.head = b"".join(pieces)
        return self.head if self._finished and total <= limit else None

    async def _next(self) -> bytes:
        if self._held is not None:
            held, self._held = self._held, None
            held.resume_reading()
        try:
            piece = await self._response.content.readany()
        except TimeoutError as error:
            raise UpstreamTimeoutError("the site behind the guard stopped sending") from error
        except (aiohttp.ClientError, OSError) as error:
            raise UpstreamError("the site behind the guard broke off its answer") from error
        if not piece:
            self._finished = True
        else:
            self._hold()
        return piece

    def _hold(self) -> None:
        """Read nothing more until it is asked for: whoever takes this piece slowly has that one in memory, not two."""
        response = self._response
        if isinstance(response, aiohttp.ClientResponse) and response.connection and not response.content.is_eof():
            self._held = response.connection.protocol
            if self._held is not None:
                self._held.pause_reading()

    def close(self) -> None:
        """Give the connection back, or close it if the body was not read to its end."""
        if self._under_way is not None:
            self._under_way.count -= 1
            self._under_way = None
        if self._finished:
            self._response.release()
        else:
            self._response.close()


class UpstreamClient:
    """Asks one site behind us."""

    def __init__(self, upstream: Upstream, timeouts: Timeouts, under_way: UnderWay) -> None:
        self.upstream = upstream
        self._timeouts = timeouts
        self._pool: Pool | None = None
        self._under_way = under_way
        connector: aiohttp.BaseConnector
        if upstream.unix_socket:
            connector = aiohttp.UnixConnector(path=upstream.unix_socket, limit=0)
        else:
            connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=300, socket_factory=under_way.socket)
        self.session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=timeouts.connect, sock_read=timeouts.read),
            skip_auto_headers=_NEVER_ADDED,
            max_line_size=1 << 14,
            max_field_size=1 << 17,
        )

    def url(self, target: str) -> URL:
        """Return the address of an origin-form target; nothing in it is normalised."""
        return URL(self.upstream.base + target, encoded=True)

    def ask_at_once(self, request: BaseRequest, target: str, headers: Headers) -> Line | None:
        """Send a plain request on a connection that is open; None if there is none, or the request is not plain."""
        pool = self._pool_of_plain()
        return None if pool is None else pool.ask_at_once(request.method, target, headers)

    def answered(self, incoming: Incoming) -> Answered:
        """Return the answer whose head has come in."""
        self._under_way.count += 1
        return Answered(incoming, self._under_way)

    async def ask(
        self, request: BaseRequest, target: str, headers: Headers, method: str = "", sent: Line | None = None
    ) -> Answered:
        """Send a request on, its body streaming, and return once the head of the answer is there.

        Args:
            method: In place of the request's own, which must have no body then.
            sent: The connection on which `ask_at_once` has sent it already.

        Raises:
            UpstreamError: There is no usable answer; `UpstreamTimeoutError` if it did not come in time.
        """
        self._under_way.count += 1
        self._under_way.fit_client(request.transport)
        try:
            response = await self._request(request, target, headers, method, sent)
        except BaseException:
            self._under_way.count -= 1
            raise
        answered = Answered(response, self._under_way)
        if not isinstance(response, Incoming) and not _is_plain(response):
            response.close()
            answered.close()
            raise UpstreamError(_AMBIGUOUS)
        return answered

    async def _request(
        self, request: BaseRequest, target: str, headers: Headers, method: str, sent: Line | None
    ) -> aiohttp.ClientResponse | Incoming | LibraryAnswer:
        plain = isinstance(cast(BaseRequest | PlainRequest, request), PlainRequest)
        if plain and (pool := self._pool_of_plain()) is not None:
            return await pool.ask(method or request.method, target, headers, sent)
        body = request.content.iter_any() if request.can_read_body else None
        try:
            return await self.session.request(
                method or request.method,
                self.url(target),
                headers=CIMultiDict(headers),
                data=body,
                allow_redirects=False,
                read_bufsize=min(READ_BUFFER, self._under_way.piece),
            )
        except (TimeoutError, aiohttp.ConnectionTimeoutError) as error:
            raise UpstreamTimeoutError("the site behind the guard did not answer in time") from error
        except aiohttp.ClientConnectorError as error:
            raise UpstreamError("the site behind the guard can not be reached") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UpstreamError("the site behind the guard gave no usable answer") from error

    def _pool_of_plain(self) -> Pool | None:
        """Return the connections for plain requests; None where the site is reached in a way that only the library can.

        They belong to the running loop.
        """
        if self._pool is None and self.upstream.base.startswith("http://"):
            url = URL(self.upstream.base)
            self._pool = Pool(
                url.host or "",
                url.port or 80,
                self.upstream.unix_socket,
                connect_seconds=self._timeouts.connect,
                read_seconds=self._timeouts.read,
                fit=self._under_way.fit,
            )
        return self._pool

    async def close(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            self._pool.close()
        await self.session.close()
        await asyncio.sleep(0)


def _is_plain(response: aiohttp.ClientResponse | LibraryAnswer) -> bool:
    """Tell whether the head of an answer means one thing to everybody, and can be written down again.

    The library reads an answer to the connection's end where it does not know the coding, and takes some controls.
    """
    if not 200 <= response.status <= 999:
        return False
    for name, value in response.raw_headers:
        if _CONTROLS.search(value):
            return False
        if len(name) == 17 and name.lower() == b"transfer-encoding" and value.strip(b" \t").lower() != b"chunked":
            return False
    return _CONTROLS.search((response.reason or "").encode("utf-8", "surrogateescape")) is None
