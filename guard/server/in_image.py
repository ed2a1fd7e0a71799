"""Which bytes does somebody get who may have a picture as it is?

Those with the rights in them and without private data, whoever asks: a person and a search engine
get the same. The upstream is asked each time. Where its entity tag is known and what was made is in
memory, it is asked whether the tag still holds, and need not send the picture again; else its whole
picture is hashed, and what was made of these bytes before is taken from memory. That has an entity tag
of its own, by which parts of it and "not modified" are answered here; the upstream never sees that tag.

HEAD and the first request for a part of a picture cost one more request to the upstream, for the whole.

Where it can not be done (see `guard.image.left_alone`), nobody has time for it, or memory is
short, the upstream's own answer goes out, is counted, and the reason is told once.
"""

import asyncio
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256

from guard.errors import PictureError, PicturesBusyError, UpstreamError
from guard.exporter.metrics import Metrics
from guard.image.left_alone import Why
from guard.image.rights import FORMATS, Rewritten
from guard.image.rights_jobs import RightsJob
from guard.image.sniff import media_type
from guard.server.being_made import BeingMade
from guard.server.exchange import Exchange
from guard.server.headers import Headers
from guard.server.kept_pictures import Kept, kept, stands_for_bytes
from guard.server.made_pictures import Known, KnownUrls, Made, MadePictures, Result, Source, key_of
from guard.server.pictures import Smaller
from guard.server.rights_workers import RightsWorkers
from guard.server.upstream import Answered
from guard.server.upstream_requests import CONDITIONAL, UpstreamRequests
from guard.server.validators import names, wanted

MAX_PICTURE = 32 << 20
"""Bytes. What is larger passes through as it is."""
CACHE_BYTES = 64 << 20
HELD_BYTES = 192 << 20
"""Bytes of pictures that are read, changed or sent at the same time; what is over that passes through."""
UNTOLD_BYTES = 8 << 20
"""What a picture that does not tell its length is counted as, until it is read."""
IN_THREAD = 1 << 20
"""Bytes above which a picture is hashed in a thread: one of 30 MiB would hold the loop up for 50 ms."""

_OWN_TAG = re.compile(r'"[0-9a-f]{32}-r"')
_BYTES_OF_ITS_OWN = frozenset(
    {"content-length", "content-md5", "digest", "content-digest", "repr-digest", "etag", "accept-ranges",
     "content-range"}
)  # fmt: skip
"""What an upstream's head says about its own bytes."""
_ALIASES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}
_ANYTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_PART_OF_A_PICTURE = re.compile(rb"\r\ncontent-type:\s*image/(?:jpe?g|png|webp|avif)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An answer made of a changed picture; `done` is to be called when it has been sent."""

    status: int
    headers: Headers
    body: bytes
    done: Callable[[], None]
    original: str = ""
    """SHA-256, in hex, of what the upstream sent for it; empty where it was not read for this answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How the upstream is to be asked."""

    whole: bool = False
    """For the whole, whatever the client has or wants."""
    only_if_not: str = ""
    """Its own entity tag, for which 304 is enough; empty for none."""
    for_a_copy: bool = False
    """304 is enough for a marked copy only."""


class InImage:
    """Changes pictures on their way; one per worker process."""

    def __init__(
        self,
        workers: RightsWorkers,
        upstreams: UpstreamRequests,
        metrics: Metrics,
        *,
        looked_at: Callable[[Exchange, Source], None] | None = None,
        say: Callable[[str], None] | None = None,
        cache_bytes: int = CACHE_BYTES,
        held_bytes: int = HELD_BYTES,
    ) -> None:
        self._workers = workers
        self._upstreams = upstreams
        self._metrics = metrics
        self.looked_at = looked_at
        """Is told of each whole picture that goes out."""
        self._say = say or _to_standard_error
        self._cache = MadePictures(cache_bytes)
        self._held_limit = held_bytes
        self._held = 0
        self._known = KnownUrls()
        self._being_made = BeingMade[Result]()
        self._told: set[tuple[str, str]] = set()

    def before(self, exchange: Exchange) -> Asking:
        """Say how to ask the upstream for something that is going to pass through as it is."""
        facts = exchange.facts
        if facts.method != "GET" or not exchange.site.in_image:
            return Asking()
        has = {name.lower() for name, _ in facts.headers} & CONDITIONAL
        known = self._known.get(exchange.facts)
        if known and has == {"if-modified-since"}:
            # The date is the upstream's own; see `_not_modified` for the tag in its answer.
            return Asking()
        exchange.kept = kept(known, self._cache.get(known.made.key) if known and known.made else None)
        if known and exchange.kept is not None:
            return Asking(whole=True, only_if_not=known.upstream_tag)
        if not has or (known is None and not any(_OWN_TAG.search(facts.header(name)) for name in has)):
            return Asking()
        if known and known.upstream_tag and names(facts.header("if-none-match"), known.tag):
            return Asking(whole=True, only_if_not=known.upstream_tag)
        return Asking(whole=True)

    async def ready(self, exchange: Exchange, answered: Answered) -> Ready | None:
        """Return the answer, or None where the upstream's own is to go out."""
        try:
            return await self._ready(exchange, answered)
        except UpstreamError as error:
            # What it sent before it broke off is still there, and goes out.
            self._tell(exchange, "failed", str(error))
            return None

    async def _ready(self, exchange: Exchange, answered: Answered) -> Ready | None:
        if not exchange.site.in_image or exchange.facts.method not in ("GET", "HEAD"):
            return None
        if answered.status == 304:
            if (before := exchange.kept) is not None:
                return await self._again(exchange, answered, before)
            return self._not_modified(exchange, answered)
        if not await self._is_public_picture(exchange, answered):
            if answered.status in (200, 206):
                self._known.forget(exchange.facts)
            return None
        if answered.status == 200 and exchange.facts.method == "GET":
            return await self._made(exchange, answered)
        known = self._known.get(exchange.facts)
        if exchange.facts.method == "HEAD" and known and known.upstream_tag == answered.header("etag") != "":
            return self._answer(exchange, answered.headers, known, b"", _nothing)
        return await self._of_the_whole(exchange)

    async def _again(self, exchange: Exchange, answered: Answered, before: Kept) -> Ready | None:
        """Return what was made before: the upstream says that its picture is the same."""
        if not before.still_holds(answered):
            self._known.forget(exchange.facts)
            return await self._of_the_whole(exchange)
        self._metrics.in_image.labels(exchange.site.host, "written").inc()
        release = self._hold(len(before.body))
        made = self._answer(exchange, before.freshened(answered), before.known, before.body, release)
        return replace(made, original=before.made.original)

    async def _of_the_whole(self, exchange: Exchange) -> Ready | None:
        """Ask for the whole picture, and return the answer that is made of it."""
        again = await self._upstreams.ask(exchange, whole=True, method="GET")
        try:
            if again.status != 200 or not await self._is_public_picture(exchange, again):
                return None
            return await self._made(exchange, again)
        finally:
            again.close()

    async def source(self, exchange: Exchange, body: bytes) -> Source | None:
        """Return a picture with the rights in it, or as it is where that can not be done; None if nobody has time now.

        A copy is of the first picture of a file alone: a film or a page behind it is no reason to leave the rights out.
        """
        digest = await _digest(body)
        result = await self._result(exchange, body, digest) if exchange.site.in_image else None
        if result is not None and result.why is Why.TRAILING_DATA:
            result = await self._result(exchange, body, digest, first_alone=True)
        if result is None and exchange.site.in_image:
            return None  # copies without the reservation would be kept, and sent as long as they are
        return _source(exchange, body, digest, result)

    async def smaller(self, exchange: Exchange, made: Smaller) -> Smaller:
        """Return a smaller copy with the rights in it, or as it is where that can not be done."""
        if not exchange.site.in_image:
            return made
        result = await self._result(exchange, made.preview.body, await _digest(made.preview.body))
        if result is None or not result.body:
            return made
        return replace(made, preview=replace(made.preview, body=result.body), entity_tag=result.tag)

    async def _made(self, exchange: Exchange, answered: Answered) -> Ready | None:
        """Read the whole picture, and return the answer that is made of it."""
        announced = answered.header("content-length")
        size = int(announced) if announced.isdecimal() else UNTOLD_BYTES
        if self._held + size > self._held_limit:
            self._tell(exchange, "failed", "too many bytes of pictures are being sent")
            return None
        release = self._hold(size)
        keep = False
        try:
            body = await answered.read(MAX_PICTURE)
            if body is None:
                self._tell(exchange, "left_alone", f"a picture is larger than {MAX_PICTURE >> 20} MiB")
                return None
            digest = await _digest(body)
            result = await self._result(exchange, body, digest)
            if result is None or not result.body:
                self._known.forget(exchange.facts)
                return None
            if self.looked_at is not None:
                self.looked_at(exchange, _source(exchange, body, digest, result))
            known = self._remember(exchange, answered, digest, result)
            keep = True
            release()
            release = self._hold(len(result.body))
            made = self._answer(exchange, answered.headers, known, result.body, release)
            return replace(made, original=digest.hex())
        finally:
            if not keep:
                release()

    def _remember(self, exchange: Exchange, answered: Answered, digest: bytes, result: Result) -> Known:
        """Keep what was made at a URL."""
        tag, made = answered.header("etag"), None
        if stands_for_bytes(tag) and exchange.seen is not None and exchange.facts.method == "GET":
            key = key_of(digest, exchange.site.picture_job(exchange.facts))
            made = Made(key=key, headers=answered.headers, seen=exchange.seen, original=digest.hex())
        known = Known(tag, result.tag, len(result.body), made)
        self._known.put(exchange.facts, known)
        return known

    async def _result(
        self, exchange: Exchange, body: bytes, digest: bytes, *, first_alone: bool = False
    ) -> Result | None:
        """Return what becomes of these bytes at this place; None if nobody has time for it."""
        job = exchange.site.picture_job(exchange.facts)
        if first_alone:
            job = replace(job, first_alone=True)
        key = key_of(digest, job)
        if (known := self._cache.get(key)) is not None:
            result = known
        else:
            try:
                result = await self._being_made.once(key, lambda: self._make(key, body, job))
            except PicturesBusyError as error:
                self._tell(exchange, "failed", str(error))
                return None
            except PictureError as error:
                # Not again for the same picture: it would end the next worker too.
                self._cache.put(key, Result(b"", "", Why.NOT_DONE))
                self._tell(exchange, "failed", str(error))
                return None
        if result.why is not None:
            self._tell(exchange, "left_alone", result.why)
        else:
            self._metrics.in_image.labels(exchange.site.host, "written" if result.body else "unchanged").inc()
        return result

    async def _make(self, key: bytes, body: bytes, job: RightsJob) -> Result:
        made = await self._workers.rewrite(body, job)
        result = _outcome(made)
        self._cache.put(key, result)
        return result

    def _answer(
        self, exchange: Exchange, upstream: Headers, known: Known, body: bytes, done: Callable[[], None]
    ) -> Ready:
        what = wanted(exchange.facts, known.tag, known.length)
        headers: Headers = (
            *(line for line in upstream if line[0].lower() not in _BYTES_OF_ITS_OWN),
            ("ETag", known.tag),
            ("Accept-Ranges", "bytes"),
            *what.headers(known.length),
        )
        if what.status != 304:
            headers = (*headers, ("Content-Length", str(what.length(known.length))))
        return Ready(status=what.status, headers=headers, body=what.part(body), done=done)

    def _not_modified(self, exchange: Exchange, answered: Answered) -> Ready | None:
        """Translate the upstream's 304; where the picture is not known, its own goes out."""
        known = self._known.get(exchange.facts)
        if known is None or answered.header("etag") not in ("", known.upstream_tag):
            return None
        kept = tuple(line for line in answered.headers if line[0].lower() not in _BYTES_OF_ITS_OWN)
        return Ready(status=304, headers=(*kept, ("ETag", known.tag)), body=b"", done=_nothing)

    async def _is_public_picture(self, exchange: Exchange, answered: Answered) -> bool:
        """Tell whether this is a whole picture, or part of one, that everybody gets and that may be changed."""
        if answered.status not in (200, 206) or answered.header("content-encoding").lower() not in ("", "identity"):
            return False
        if (exchange.seen and exchange.seen.hands_off) or "no-transform" in answered.header("cache-control").lower():
            return False
        declared = answered.header("content-type").partition(";")[0].strip().lower()
        declared = _ALIASES.get(declared, declared)
        length = answered.header("content-length")
        if answered.status == 206:
            length = answered.header("content-range").rpartition("/")[2]
            if declared == "multipart/byteranges":
                return _PART_OF_A_PICTURE.search(await answered.peek(512)) is not None
        if length.isdecimal() and int(length) > MAX_PICTURE:
            return False
        if answered.status == 200 and exchange.facts.method == "GET":
            return (
                declared.startswith("image/") or declared in _ANYTHING
            ) and media_type(await answered.peek(64)) in FORMATS  # fmt: skip
        return declared in FORMATS

    def _hold(self, size: int) -> Callable[[], None]:
        """Count bytes as held until what is returned is called, once."""
        self._held += size
        left = [size]

        def release() -> None:
            self._held -= left[0]
            left[0] = 0

        return release

    def _tell(self, exchange: Exchange, result: str, why: str) -> None:
        """Count a picture that goes out as it came, and say so once for each site and reason."""
        site = exchange.site.host
        self._metrics.in_image.labels(site, result).inc()
        if (site, why) not in self._told and len(self._told) < 200:
            self._told.add((site, why))
            self._say(f"guard: {site}: a picture is sent as it came: {why}; further ones are only counted")


def _outcome(made: Rewritten) -> Result:
    if made.why is not None or not (made.added or made.removed):
        return Result(b"", "", made.why)
    return Result(made.body, f'"{sha256(made.body).hexdigest()[:32]}-r"')


def _source(exchange: Exchange, body: bytes, digest: bytes, result: Result | None) -> Source:
    made = result if result is not None and result.body else Result(body, "")
    across = exchange.site.across_copies
    return Source(rendition=digest, size=len(body), body=made.body, made=made.tag, visible_mark=across)


async def _digest(body: bytes) -> bytes:
    """Return the SHA-256 of the upstream's bytes: the only time they are hashed."""
    if len(body) <= IN_THREAD:
        return sha256(body).digest()
    return await asyncio.to_thread(lambda: sha256(body).digest())


def _nothing() -> None:
    pass


def _to_standard_error(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201
