"""What does the guard say about one request of an application?

Two questions at most: the first before the application runs; where what the response is decides, a second
one with its content type and first bytes. While the guard is away nobody waits for it: people and
whoever is not to be kept out anyway are served, and declared crawlers that the shipped policy refuses are
refused here.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import aiohttp
from multidict import CIMultiDict

from guard.core.asked import APPLICATION, original
from guard.core.client_address import AddressPolicy
from guard.core.pipeline import Pipeline
from guard.core.policy import Action, Decision
from guard.core.policy_file import combine, make_policy, parse_policy_file
from guard.errors import RequestError
from guard.image.sniff import dimensions, media_type
from guard.reservation.headers import FIELDS, merge
from guard.settings_text import endpoint
from guard.store.rule_files import load_catalogue, read_policy_file, rules_root
from guard.yaml12 import load

Lines = tuple[tuple[str, str], ...]

PATH: Final = "/application"
PEEK: Final = 64 << 10
"""Bytes of a response that are looked at."""
SECONDS: Final = 2.0
"""For an answer; then the guard counts as away."""
AWAY_SECONDS: Final = 5.0
"""So long it is not asked again."""

_DROPPED: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length", "expect", "host", "trailer"}
)
_RESERVING: Final = FIELDS | {"link"}
_REFUSING: Final = frozenset({Action.REFUSE, Action.CHARGE, Action.DROP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request, as the application's server has it."""

    method: str
    target: str
    """Path and query as received."""
    host: str
    """The Host field."""
    scheme: str
    peer: str
    """Who has connected to the application's server; empty for a unix socket."""
    lines: Lines

    def told(self) -> Lines:
        """Return the header lines that ask about it."""
        chain = [value for name, value in self.lines if name.lower() == "x-forwarded-for"]
        named = [(line[0].lower(), line) for line in self.lines]
        kept = tuple(line for name, line in named if name not in _DROPPED and not name.startswith("x-original-"))
        host = (("X-Original-Host", self.host),) if self.host else ()
        return (
            ("Host", "guard"),
            ("X-Original-Method", self.method),
            ("X-Original-URI", self.target),
            *host,
            ("X-Original-Proto", self.scheme),
            # The guard walks it from the right, past those whom its client_ip.trusted names.
            ("X-Original-For", ", ".join([*chain, self.peer or "127.0.0.1"])),
            *kept,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do."""

    allowed: bool
    status: int = 200
    lines: Lines = ()
    """Of the answer, or to be added to the application's own."""
    body: bytes = b""
    again: str = ""
    """Not empty: show the response first."""

    def added(self, lines: Lines) -> Lines:
        """Return the header lines of the application's response with the reservation; what reserves more is kept."""
        ours = tuple(line for line in self.lines if line[0].lower() in _RESERVING)
        return (*(line for line in lines if line[0].lower() not in FIELDS), *merge(lines, ours))

    def answer(self) -> Lines:
        """Return the header lines of an answer that is the guard's."""
        return tuple(line for line in self.lines if line[0].lower() not in _DROPPED | {"date", "server"})


SERVED = Verdict(allowed=True)


class Asking:
    """Asks one guard. Belongs to one event loop."""

    def __init__(self, where: str) -> None:
        """Take where it is asked: `unix:/path` or `address:port`, as in `decisions.listen`."""
        self._place = endpoint(where)
        self._session: aiohttp.ClientSession | None = None
        self._away_until = 0.0
        self._pipeline: Pipeline | None = None

    async def ask(self, question: Question) -> Verdict:
        """Return what is to be done before the application runs."""
        return await self._ask(question, question.told(), b"")

    async def show(self, question: Question, again: str, content_type: str, head: bytes, *, complete: bool) -> Verdict:
        """Return what is to be done with a response of this type, which begins with `head`."""
        lines = (
            ("X-Original-Again", again),
            ("X-Original-Type", content_type),
            ("X-Original-Complete", "yes" if complete else "no"),
        )
        return await self._ask(question, (*question.told(), *lines), head[:PEEK])

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(self, question: Question, lines: Lines, body: bytes) -> Verdict:
        if time.monotonic() < self._away_until:
            return await self._alone(question)
        try:
            async with self._open().post(
                f"http://{_authority(self._place.host)}:{self._place.port or 80}{PATH}",
                headers=CIMultiDict(lines), data=body or None, allow_redirects=False,
            ) as response:  # fmt: skip
                got = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers)
                return Verdict(
                    allowed=response.status == 200,
                    status=response.status,
                    lines=got,
                    body=await response.read(),
                    again=response.headers.get("Guard-Needs-Response", ""),
                )
        except ValueError:  # no front server would have passed this on
            return Verdict(allowed=False, status=400, body=b"The request makes no sense.\n")
        except (aiohttp.ClientError, OSError, TimeoutError):
            self._away_until = time.monotonic() + AWAY_SECONDS
            return await self._alone(question)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            path = self._place.socket
            connector = aiohttp.UnixConnector(path=path, limit=0) if path else aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=SECONDS),
                skip_auto_headers={"User-Agent", "Accept", "Accept-Encoding", "Content-Type"},
                max_line_size=1 << 14,
                max_field_size=1 << 17,
            )
        return self._session

    async def _alone(self, question: Question) -> Verdict:
        """Decide by the name alone, for want of everything else."""
        if self._pipeline is None:
            self._pipeline = await asyncio.to_thread(_shipped)
        try:
            facts = original(
                APPLICATION, question.told(), at=datetime.now(UTC), version="1.1", peer=None,
                addresses=AddressPolicy(), site_of=str,
            )  # fmt: skip
        except RequestError:
            return Verdict(allowed=False, status=400, body=b"The request makes no sense.\n")
        who = self._pipeline.classify(facts)
        decided = self._pipeline.decide(facts, who)
        if who.is_crawler and isinstance(decided, Decision) and decided.action in _REFUSING:
            lines = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"))
            return Verdict(allowed=False, status=403, lines=lines, body=b"Not for crawlers.\n")
        return SERVED


def enough(head: bytes) -> bool:
    """Tell whether these first bytes of a response show what it is, as far as it can be known."""
    if len(head) >= PEEK:
        return True
    return len(head) >= 16 and (not media_type(head).startswith("image/") or dimensions(head) is not None)


def text(lines: Sequence[tuple[bytes, bytes]]) -> Lines:
    """Return raw header lines as text."""
    return tuple((name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in lines)


def _authority(host: str) -> str:
    return f"[{host}]" if ":" in host else host or "guard"


def _shipped() -> Pipeline:
    root = rules_root().path
    catalogue = load_catalogue(root)
    data, name = read_policy_file("moderate", root)
    policy = parse_policy_file(load(data, name), catalogue)
    return Pipeline(catalogue, make_policy(policy.name, combine([], policy.rules), catalogue))
