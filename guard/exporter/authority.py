"""How is a time-stamp authority asked, and what if it answers with something else?

RFC 3161, section 3.4: the request in the body of a POST. What comes back is believed only after
it was verified in every respect. No redirect is followed, bytes and seconds are bounded,
and nobody is asked but who the owner named. A plain http address is fine: the reply is signed,
and the request tells nothing but a hash.
"""

import asyncio
import re
import secrets
import ssl
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import aiohttp
from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from guard import __version__
from guard.errors import FetchError
from guard.evidence import time_stamp
from guard.evidence.time_stamp import LARGEST_REPLY, Token, TokenError
from guard.exporter import token_trust
from guard.exporter.token_trust import Trust

SECONDS: Final = 20.0
"""For the whole answer."""
LONGEST_WAIT: Final = 24 * 3600.0
_QUERY: Final = "application/timestamp-query"


class AskError(FetchError):
    """No usable token came; the message says why."""

    def __init__(self, why: str, retry_after: float = 0) -> None:
        super().__init__(why)
        self.retry_after = retry_after
        """Seconds that the authority wants to be left alone; 0 where it does not say."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A verified reply."""

    reply: bytes
    token: Token


def session() -> aiohttp.ClientSession:
    """Return a session for authorities and witnesses: no cookies, no proxy from the environment, nothing unpacked."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
        headers={"User-Agent": f"crawler-guard/{__version__}", "Accept-Encoding": "identity"},
    )


async def ask(http: aiohttp.ClientSession, url: str, data: bytes, trust: Trust, *, seconds: float = SECONDS) -> Stamped:
    """Have `data` stamped by the authority at `url` and return its reply, verified against `trust`.

    Raises:
        AskError: It did not answer in time, or with something that is no good.
    """
    nonce = secrets.randbits(63) | 1 << 62
    query = time_stamp.request(time_stamp.digest(data), nonce)
    status, kind, reply = await post(http, url, query, _QUERY, seconds=seconds, limit=LARGEST_REPLY)
    if status != 200:
        raise AskError(f"it answers with status {status}")
    if kind in {"text/html", "application/xhtml+xml"}:
        raise AskError("it answers with a web page: a log-in page of the network, or not the address of an authority")
    try:
        token = await asyncio.to_thread(token_trust.verify, reply, data, trust, nonce=nonce)
    except TokenError as error:
        raise AskError(str(error)) from None
    return Stamped(reply, token)


async def post(
    http: aiohttp.ClientSession, url: str, body: bytes, kind: str, *, seconds: float, limit: int
) -> tuple[int, str, bytes]:
    """Send `body` and return status, media type and body of the answer.

    Raises:
        AskError: None came, or the other side asks to be left alone (429, 503).
    """
    try:
        async with (
            asyncio.timeout(seconds),
            http.post(url, data=body, headers={"Content-Type": kind}, allow_redirects=False) as response,
        ):
            if response.status in {429, 503}:
                raise AskError(f"it asks to be left alone (status {response.status})", _retry_after(response))
            answer = bytearray()
            async for piece in response.content.iter_any():
                answer += piece
                if len(answer) > limit:
                    raise AskError(f"it answers with more than {limit} bytes")
            return response.status, response.content_type, bytes(answer)
    except TimeoutError:
        raise AskError(f"no answer within {seconds:g} seconds") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise AskError(f"it can not be reached: {type(error).__name__}") from None


def system_trust() -> Trust:
    """Return the certificates that this machine trusts: for authorities for which the owner gave none."""
    found = []
    with warnings.catch_warnings():
        # Some old ones are not encoded as they should be; nothing of today hangs on them.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for one in ssl.create_default_context().get_ca_certs(binary_form=True):
            with suppress(ValueError, x509.InvalidVersion):
                found.append(x509.load_der_x509_certificate(one))
    return Trust(certificates=tuple(found))


def _retry_after(response: aiohttp.ClientResponse) -> float:
    value = response.headers.get("Retry-After", "")
    return min(float(value), LONGEST_WAIT) if re.fullmatch(r"[0-9]{1,9}", value, re.ASCII) else 0
