"""How is something fetched from the internet without being led somewhere else?

Whoever names an address may name one inside our own network. So: https only, a host name
and no literal address, and the name is resolved here; if any of its addresses is not a
public one (embedded ones count as what they embed) nothing is asked at all, and the
connection goes to exactly the addresses that were checked. No redirect is followed unless
it stays at the same origin and the caller allows it; sizes, times and types are limited.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from guard import __version__
from guard.core.addresses import is_public
from guard.core.client_address import parse_address
from guard.core.facts import IPAddress
from guard.errors import FetchError

USER_AGENT = f"crawler-guard/{__version__}"
MAX_REDIRECTS = 3
CONNECTIONS = 4

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port to addresses as text; raises OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an answer may be."""

    bytes: int
    seconds: float
    """For everything together, from the look-up of the name to the last byte."""
    media_types: frozenset[str] = frozenset()
    """Empty to take any."""
    same_origin_redirects: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A whole answer of status 200."""

    body: bytes
    media_type: str
    max_age: int
    """Seconds it may be kept by its own account; 0 where it does not say."""


class SafeFetch:
    """Fetches public https addresses; one per process."""

    def __init__(
        self,
        *,
        resolve: Resolve | None = None,
        allow: Callable[[IPAddress], bool] = is_public,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Use other arguments than the defaults only in tests, which have no public addresses."""
        self._resolver = _CheckedResolver(resolve or _resolve, allow)
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def get(self, url: str, limits: Limits) -> Fetched:
        """Fetch `url`.

        Raises:
            FetchError: It was refused, or did not come in time, whole and as asked.
        """
        try:
            async with asyncio.timeout(limits.seconds):
                return await self._get(_checked(url), limits)
        except TimeoutError:
            raise FetchError(f"no answer within {limits.seconds:g} seconds") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _reason(error) from None

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _get(self, url: URL, limits: Limits) -> Fetched:
        for _ in range(MAX_REDIRECTS + 1):
            async with self._opened().get(url, allow_redirects=False) as response:
                if not 300 <= response.status < 400:
                    return await _read(response, limits)
                if not limits.same_origin_redirects:
                    raise FetchError("it redirects, which is not followed")
                target = _checked(str(url.join(URL(response.headers.get("Location", "")))))
                if target.origin() != url.origin():
                    raise FetchError("it redirects to another origin")
                url = target
        raise FetchError("it redirects too often")

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=self._resolver,
                use_dns_cache=False,
                limit=CONNECTIONS,
                force_close=True,
                ssl=self._tls or True,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                raise_for_status=False,
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
            )
        return self._session


def _reason(error: BaseException) -> FetchError:
    """Return our own refusal, which aiohttp wraps, or else only the kind of error: its text names addresses."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, FetchError):
            return cause
        cause = cause.__cause__
    return FetchError(f"could not be fetched: {type(error).__name__}")


def _checked(text: str) -> URL:
    url = URL(text)
    host = url.raw_host or ""
    if url.scheme != "https" or not host or url.raw_user is not None or url.raw_password is not None:
        raise FetchError("only https addresses without credentials are fetched")
    # A literal would not be looked up, so nobody would check it; `2130706433` and `0x7f.1` are literals to some.
    if ":" in host or host.rstrip(".").rpartition(".")[2][:1].isdigit() or parse_address(host) is not None:
        raise FetchError("it names an address and no host")
    return url


async def _read(response: aiohttp.ClientResponse, limits: Limits) -> Fetched:
    if response.status != 200:
        raise FetchError(f"it answers with status {response.status}")
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if limits.media_types and media_type not in limits.media_types:
        raise FetchError("it has another media type than what was asked for")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchError("it is compressed, which was not asked for")
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > limits.bytes:
            raise FetchError(f"it has more than {limits.bytes} bytes")
    return Fetched(body=bytes(body), media_type=media_type, max_age=_max_age(response.headers.get("Cache-Control", "")))


def _max_age(value: str) -> int:
    for part in value.lower().split(","):
        name, _, seconds = part.strip().partition("=")
        if name == "max-age" and seconds.isascii() and seconds.isdigit():
            return min(int(seconds[:9]), 10**8)
    return 0


class _CheckedResolver(AbstractResolver):
    """Gives the connector addresses that were checked, or none at all."""

    def __init__(self, resolve: Resolve, allow: Callable[[IPAddress], bool]) -> None:
        self._resolve = resolve
        self._allow = allow

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002  # both kinds are taken, and all are checked
    ) -> list[ResolveResult]:
        """Return the addresses of `host`, if all of them may be asked."""
        found = list(dict.fromkeys(await self._resolve(host, port)))
        if not found:
            raise OSError("no address")
        for text in found:
            if not self._allow(ip_address(text)):
                raise OSError("refused") from FetchError("its host leads to an address that is not public")
        return [_result(host, text, port) for text in found]

    async def close(self) -> None:
        """Close nothing."""


def _result(host: str, text: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ip_address(text).version == 6 else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=text, port=port, family=family, proto=0, flags=flags)


async def _resolve(host: str, port: int) -> list[str]:
    found: list[Any] = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]).partition("%")[0] for _, _, _, _, address in found]
