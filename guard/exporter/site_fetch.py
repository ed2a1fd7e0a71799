"""How does the audit ask a stranger's site without being led astray, flooded or kept waiting?

The first address is the owner's own and may be anywhere, also on this machine. What the site
then points to (redirects, hosts of its pictures) may lead to a private network only if the first
address does. Only http and https are followed, five redirects at most; requests, bytes and
seconds are counted for the whole audit. Nothing raises: what does not come is a `Reply` that says why.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from guard import __version__
from guard.core.addresses import is_public
from guard.core.client_address import parse_address
from guard.core.facts import IPAddress
from guard.reservation.site import Asker, Failure, Reply

NAME = f"crawler-guard-audit/{__version__}"
USER_AGENTS: Mapping[Asker, str] = {
    Asker.AUDIT: NAME,
    # It carries the audit's name as well: a filter by name sees what it looks for, a person sees who asked.
    Asker.CRAWLER: f"Mozilla/5.0 (compatible; GPTBot/1.3) {NAME}",
    # Asked only where the audit's own name is refused: with that name in it, it would be refused again.
    Asker.BROWSER: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 "
    "Safari/537.36",
}
MAX_REDIRECTS = 5
MAX_REQUESTS = 80
MAX_BYTES = 48 * 1024 * 1024
SECONDS = 10.0
"""For one answer."""
ALL_SECONDS = 60.0
AT_ONCE = 4
HEADER_BYTES = 32 * 1024


class SiteFetch:
    """Asks one site, within one budget."""

    def __init__(
        self,
        start: str,
        *,
        seconds: float = 0,
        all_seconds: float = ALL_SECONDS,
        public: Callable[[IPAddress], bool] = is_public,
    ) -> None:
        """Use other limits than the defaults only in tests, which have no public addresses either."""
        self.requests = 0
        self.bytes = 0
        self._host = URL(start).raw_host or ""
        self._seconds = seconds or SECONDS
        self._all_seconds = all_seconds
        self._end = 0.0
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._public = public
        self._resolver = _Resolver(self._host, public)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "SiteFetch":
        self._end = asyncio.get_running_loop().time() + self._all_seconds
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False, limit=AT_ONCE),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"Accept": "*/*", "Accept-Encoding": "identity"},
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
        )
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._seconds):
                await self._resolver.meet_owner()
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def private(self) -> bool:
        """Whether the site is at an address that nobody outside could ask."""
        return self._resolver.private

    async def ask(
        self,
        url: str,
        limit: int,
        *,
        asker: Asker = Asker.AUDIT,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the answer after redirects, with at most `limit` bytes of its body."""
        async with self._gate:
            left = self._end - asyncio.get_running_loop().time()
            if left <= 0:
                return Reply(url=url, failure=Failure.BUDGET)
            try:
                async with asyncio.timeout(min(self._seconds, left)):
                    return await self._follow(url, limit, method, {"User-Agent": USER_AGENTS[asker], **(headers or {})})
            except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
                return Reply(url=url, failure=_failure(error))

    async def _follow(self, url: str, limit: int, method: str, headers: Mapping[str, str]) -> Reply:
        seen: set[str] = set()
        assert self._session is not None  # noqa: S101  # inside `async with`
        for _ in range(MAX_REDIRECTS + 1):
            if self.requests >= MAX_REQUESTS or self.bytes >= MAX_BYTES:
                return Reply(url=url, failure=Failure.BUDGET)
            target = URL(url, encoded=False)
            if url in seen or not self._may_ask(target):
                return Reply(url=url, failure=Failure.REDIRECTS if url in seen else Failure.ADDRESS)
            seen.add(url)
            self.requests += 1
            async with self._session.request(method, target, headers=headers, allow_redirects=False) as response:
                location = response.headers.get("Location", "")
                if response.status not in {301, 302, 303, 307, 308} or not location:
                    return await self._read(response, url, limit)
                url = str(target.join(URL(location)).with_fragment(None))
        return Reply(url=url, failure=Failure.REDIRECTS)

    def _may_ask(self, url: URL) -> bool:
        if url.scheme not in {"http", "https"} or not url.raw_host or url.raw_user or url.raw_password:
            return False
        # A literal address is not looked up, so the resolver never sees it.
        literal = parse_address(url.raw_host)
        return literal is None or url.raw_host == self._host or self._resolver.private or self._public(literal)

    async def _read(self, response: aiohttp.ClientResponse, url: str, limit: int) -> Reply:
        body = bytearray()
        whole = True
        limit = min(limit, MAX_BYTES - self.bytes)
        async for piece in response.content.iter_any():
            self.bytes += len(piece)
            body += piece
            if len(body) > limit:
                whole = False
                response.close()
                break
        lines = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers)
        return Reply(url=url, status=response.status, headers=lines, body=bytes(body[:limit]), whole=whole)


def _failure(error: BaseException) -> Failure:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, _RefusedError):
            return Failure.ADDRESS
        cause = cause.__cause__
    match error:
        case TimeoutError():
            return Failure.TIMEOUT
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return Failure.TLS
        case aiohttp.ClientConnectorDNSError():
            return Failure.NAME
        case aiohttp.ClientConnectorError():
            return Failure.CONNECTION
        case aiohttp.InvalidURL() | ValueError():
            return Failure.ADDRESS
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError() | OSError():
            return Failure.CONNECTION
        case _:
            return Failure.PROTOCOL


class _RefusedError(OSError):
    """A name leads into a private network, and the first address does not."""


class _Resolver(AbstractResolver):
    """Looks each name up once, so that it leads to the same place throughout."""

    def __init__(self, host: str, public: Callable[[IPAddress], bool]) -> None:
        self._host = host
        self._public = public
        self._known: dict[str, list[str]] = {}
        self.private = False
        """Whether the first address is one that nobody outside could ask."""

    async def meet_owner(self) -> None:
        """Look the first host up."""
        literal = parse_address(self._host)
        addresses = [str(literal)] if literal else await self._look_up(self._host)
        self.private = not all(self._public(ip_address(one)) for one in addresses)

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002  # both kinds are taken
    ) -> list[ResolveResult]:
        """Return the addresses of `host`, if all of them may be asked."""
        found = await self._look_up(host)
        if not found:
            raise OSError("no address")
        if host != self._host and not self.private and not all(self._public(ip_address(one)) for one in found):
            raise OSError("refused") from _RefusedError()
        return [
            ResolveResult(
                hostname=host,
                host=one,
                port=port,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for one in found
        ]

    async def close(self) -> None:
        """Close nothing."""

    async def _look_up(self, host: str) -> list[str]:
        if host not in self._known:
            loop = asyncio.get_running_loop()
            rows: list[Any] = await loop.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
            self._known[host] = list(dict.fromkeys(str(row[4][0]).partition("%")[0] for row in rows))
        return self._known[host]
