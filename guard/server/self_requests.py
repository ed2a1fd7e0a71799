"""How does the guard ask itself, and know its own requests?

A request of our own comes in through the listening socket like everybody's. It carries a token
that only the processes of this guard hold, and says as whom it asks; the token goes no further.
A line of that name with another token means nothing.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from guard.core.classification import Identity
from guard.core.crawlers import Crawler, TokenMatch
from guard.core.facts import AddressSource, ClientAddress, Kind, RequestFacts
from guard.core.identity import Grade, IdentityVerdict
from guard.core.likeness import Received

FIELD = "guard-self-check"
"""The header field of our own requests: token, scheme, and as whom they ask."""
PERSON = "person"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36"

MOST_BYTES = 8 << 20
"""Of one answer; a difference behind them is not seen."""
ANSWER_SECONDS = 20.0
HERE = ClientAddress(address=ip_address("127.0.0.1"), port=0, source=AddressSource.PEER, peer="127.0.0.1")
_VERIFIED = IdentityVerdict(
    identity=Identity.VERIFIED, grade=Grade.CLAIM, reason="our own check of what search engines get"
)
_NOBODY = IdentityVerdict(
    identity=Identity.NONE_CLAIMED, grade=Grade.BEHAVIOUR, reason="our own check of what people get"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A request of our own."""

    facts: RequestFacts
    """Without the token, and as the visitors' requests look behind the front server."""
    identity: IdentityVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is asked for, as visitors ask for it."""

    scheme: str
    authority: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came; nothing where it was no 200."""

    content_type: str = ""
    body: bytes = b""


class SelfRequests:
    """Makes and recognises the guard's own requests; one per worker process."""

    def __init__(self, token: str, crawlers: Mapping[str, Crawler]) -> None:
        """Take the token that all workers share (empty: no request is ever our own) and whom they ask as, by id."""
        self._token = token.encode()
        self._crawlers = crawlers
        self._base = ""
        self._connector: Callable[[], aiohttp.BaseConnector] = lambda: aiohttp.TCPConnector(force_close=True)
        self.bytes_read = 0

    @property
    def possible(self) -> bool:
        return bool(self._token)

    def recognise(self, facts: RequestFacts) -> Probe | None:
        """Return who asks, if the request is our own; None for everybody else's."""
        said = ""
        for name, value in facts.headers:
            if len(name) == len(FIELD) and name.lower() == FIELD:
                said = value
                break
        token, _, said = said.partition(" ")
        if not self._token or not hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self._token):
            return None
        scheme, _, name = said.partition(" ")
        return Probe(
            facts=replace(
                facts,
                scheme=scheme,
                headers=tuple(line for line in facts.headers if line[0].lower() != FIELD),
                client=HERE,
            ),
            identity=_VERIFIED if name in self._crawlers else _NOBODY,
        )

    def send_to(self, address: object) -> None:
        """Take the address of the listening socket: a pair that begins with host and port, or a path."""
        if isinstance(address, tuple):
            given = str(address[0])
            host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(given, given)  # noqa: S104  # nothing is bound here
            self._base = f"http://[{host}]:{address[1]}" if ":" in host else f"http://{host}:{address[1]}"
        else:
            path = address.decode() if isinstance(address, bytes) else str(address)
            self._base, self._connector = "http://localhost", lambda: aiohttp.UnixConnector(path=path, force_close=True)

    def session(self) -> aiohttp.ClientSession:
        """Open what requests are sent with; to be closed by the caller."""
        return aiohttp.ClientSession(
            connector=self._connector(), auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS), max_line_size=1 << 14, max_field_size=1 << 17,
        )  # fmt: skip

    async def fetch(self, session: aiohttp.ClientSession, facts: RequestFacts, kind: Kind, name: str) -> Received:
        """Ask for what `facts` asked for, as a crawler (its id) or as `PERSON`.

        Raises:
            aiohttp.ClientError, TimeoutError: There is no whole answer, and that is not what the policy does.
        """
        place = Place(scheme=facts.scheme, authority=facts.authority, target=facts.target)
        try:
            response = await self._get(session, place, kind, name, "gzip")
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            return Received(status=0, headers=(), digest="", length=0)
        async with response:
            digest, length = hashlib.sha256(), 0
            async for piece in response.content.iter_any():
                digest.update(piece[: MOST_BYTES - length])
                length += len(piece)
                if length >= MOST_BYTES:
                    break
            whole = length < MOST_BYTES
            if not whole:
                response.close()
            self.bytes_read += length
            return Received(
                status=response.status,
                headers=tuple((_text(key), _text(value)) for key, value in response.raw_headers),
                digest=digest.hexdigest(),
                length=min(length, MOST_BYTES),
                whole=whole,
            )

    async def ask(self, session: aiohttp.ClientSession, place: Place, kind: Kind) -> Answer:
        """Ask for something as a person; an answer that is no 200, or too large, is empty.

        Raises:
            aiohttp.ClientError, TimeoutError: There is no whole answer.
        """
        async with await self._get(session, place, kind, PERSON, "identity") as response:
            pieces, length = [], 0
            async for piece in response.content.iter_any():
                length += len(piece)
                if length > MOST_BYTES and not kind.is_picture:
                    response.close()
                    return Answer()
                if not kind.is_picture:  # they are wanted on their way, not here
                    pieces.append(piece)
            if response.status != 200:
                return Answer()
            return Answer(content_type=response.headers.get("Content-Type", ""), body=b"".join(pieces))

    async def _get(
        self, session: aiohttp.ClientSession, place: Place, kind: Kind, name: str, encoding: str
    ) -> aiohttp.ClientResponse:
        lines = {
            "Host": place.authority,
            "User-Agent": USER_AGENT if name == PERSON else user_agent(self._crawlers[name]),
            "Accept": "image/avif,image/webp,*/*;q=0.8" if kind.is_picture else "text/html,*/*;q=0.8",
            "Accept-Encoding": encoding,
            FIELD: f"{self._token.decode()} {place.scheme} {name}",
        }
        url = URL(self._base + place.target, encoded=True)
        return await session.get(url, headers=CIMultiDict(lines), allow_redirects=False)


def user_agent(crawler: Crawler) -> str:
    """Return a user agent that names `crawler`."""
    product = f"{crawler.token.rstrip('/')}/1.0"
    return product if crawler.match is TokenMatch.PREFIX else f"Mozilla/5.0 (compatible; {product})"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
