"""Who follows links that nobody sees?

Off unless the owner asks for it. A decoy is answered by the guard itself, from memory, with a page or a picture of a
few thousand bytes; there is no maze, nothing is slow, and nothing is kept for whoever comes.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Final

from guard.core.decoys import Decoy, DecoyKind, DecoyNames, image, link, page
from guard.core.facts import RequestFacts
from guard.core.pages import TailInserter
from guard.image.formats import JPEG
from guard.image.plain_cards import PLAIN_CARDS
from guard.server.answers import Made
from guard.server.canaries import Canaries, Recorder, words_of
from guard.server.exchange import Exchange
from guard.server.headers import Headers

_HIDDEN: Final = (("X-Robots-Tag", "noindex, nofollow"),)
_HEAD: Final = (("Cache-Control", "no-store"), *_HIDDEN)
_PREFETCHED: Final = frozenset({"sec-purpose", "purpose", "x-purpose", "x-moz"})


class Decoys:
    """Knows the decoys of one installation, answers for them and puts links to them into pages."""

    def __init__(self, secret: bytes) -> None:
        self._names = DecoyNames(secret)
        self.canaries: Canaries | None = None
        """Works that its pictures are, where the owner has some."""

    def offer(self, canaries: Canaries, recorder: Recorder, sites: Sequence[str], now: Callable[[], datetime]) -> None:
        """Let the pictures of decoys be canaries from now on, as soon as those are on record."""
        canaries.start(recorder, [(site, self.directory(site)) for site in sites], now)
        self.canaries = canaries

    def directory(self, site: str) -> str:
        """Return the directory that robots.txt disallows."""
        return self._names.directory(site)

    def find(self, facts: RequestFacts) -> Decoy | None:
        """Return the decoy that the request asks for; the guard answers for it, whoever asks."""
        numbers = self.canaries.count if self.canaries is not None else 1
        return self._names.read(facts.path, facts.site, facts.client.address, facts.at.timestamp(), numbers)

    def hit(self, facts: RequestFacts) -> bool:
        """Tell whether the request speaks against its client.

        It does not where somebody else has led the client here, or where a browser fetches ahead of its user.
        """
        decoy = self.find(facts)
        if decoy is None or not decoy.own or facts.header("sec-fetch-site") == "cross-site":
            return False
        referer = facts.header("referer").partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
        if referer and referer not in {facts.authority.lower(), facts.host}:
            return False
        return not any(name.lower() in _PREFETCHED for name, _ in facts.headers)

    async def made(self, exchange: Exchange, decoy: Decoy) -> Made:
        """Make the answer to a request for a decoy."""
        facts = exchange.facts
        if facts.method not in ("GET", "HEAD"):
            return _made(405, (("Allow", "GET, HEAD"), *_HEAD), b"", "page")
        if decoy.kind is DecoyKind.PICTURE:
            if self.canaries is not None and (copy := await self.canaries.made(exchange, _HIDDEN)) is not None:
                return copy
            return _made(200, (("Content-Type", JPEG), *_HEAD), PLAIN_CARDS[JPEG], "card")
        body = page(self._path(facts, DecoyKind.PICTURE))
        return _made(200, (("Content-Type", "text/html; charset=utf-8"), *_HEAD), body, "page")

    async def inject(self, facts: RequestFacts, body: AsyncIterator[bytes], more: bytes = b"") -> AsyncIterator[bytes]:
        """Yield the page with a link to a decoy in it, and `more`, or as it is if it does not end as pages do."""
        inserter = TailInserter(link(self._path(facts, DecoyKind.PAGE), self._path(facts, DecoyKind.PICTURE)) + more)
        async for piece in body:
            if ready := inserter.feed(piece):
                yield ready
        if rest := inserter.end():
            yield rest

    def canary_for(self, exchange: Exchange) -> bytes:
        """Return what names a canary in the page of this request, and have it ready; nothing where there is none."""
        facts = exchange.facts
        if self.canaries is None or (number := self.canaries.number_for(facts.path)) is None:
            return b""
        path = self._path(facts, DecoyKind.PICTURE, number)
        self.canaries.prepare(exchange, path)
        return image(path, words_of(self.canaries.at(path), facts))

    def _path(self, facts: RequestFacts, kind: DecoyKind, number: int = 0) -> str:
        return self._names.path(facts.site, facts.client.address, facts.at.timestamp(), kind, number)


def _made(status: int, headers: Headers, body: bytes, rendition: str) -> Made:
    return Made(status=status, headers=headers, body=body, rendition=rendition, reference="")
