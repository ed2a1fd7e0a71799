"""What does a client get in place of the upstream's own picture?

A copy under its mark, or a smaller one. Where neither can be made it gets no picture at all: only for
people and for whoever makes the site known does a fault of ours, or a format that nobody here
reads, end in the picture as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from guard.core.classification import Conduct
from guard.core.crawlers import Purpose
from guard.core.policy import PreviewSize
from guard.core.response import Mark, Shrink
from guard.errors import PictureError, PictureLostError, PicturesBusyError
from guard.exporter.metrics import Metrics
from guard.server.exchange import Exchange
from guard.server.headers import Headers
from guard.server.in_flight import InFlight
from guard.server.in_image import Asking, InImage
from guard.server.marked import MarkedCopies, MarkedCopy
from guard.server.pictures import Pictures
from guard.server.upstream import Answered

SERVED_UNRECORDED = frozenset(
    {Purpose.SEARCH_ENGINE, Purpose.SOCIAL_PREVIEW, Purpose.IMAGE_RIGHTS, Purpose.FEED_READER, Purpose.MONITORING}
)
"""Who still gets pages and pictures while something of ours fails: the owner never loses search traffic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """An answer with another picture; `done` is to be called when it has been sent."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    rendition: str
    """`marked`, or the size."""
    original: str
    """SHA-256, in hex, of what the upstream sent."""
    copy: MarkedCopy | None = None
    """Where it is one."""
    done: Callable[[], None] = field(repr=False)


class Instead(Enum):
    """What there is where there is no other picture."""

    AS_IS = auto()
    """The upstream's own answer."""
    LATER = auto()
    """Nothing now."""
    NOTHING = auto()
    """Nothing, also later: the picture can not be read, or is over a limit."""


class Substitutes:
    """Makes the pictures of one worker."""

    def __init__(
        self,
        pictures: Pictures,
        marked: MarkedCopies | None,
        in_image: InImage,
        metrics: Metrics,
    ) -> None:
        self._pictures = pictures
        self._marked = marked
        self._in_image = in_image
        self._metrics = metrics
        # Apart, so that nobody who collects can use up what is there for people and search engines.
        self._in_flight = {True: InFlight(), False: InFlight()}

    def before(self, exchange: Exchange) -> Asking:
        """Say how to ask the upstream for what may get a substitute."""
        return self._marked.before(exchange) if self._marked is not None else Asking(whole=True)

    async def of(self, exchange: Exchange, planned: Shrink | Mark, answered: Answered) -> Substitute | Instead:
        """Return what is sent where a plan asks for another picture than the upstream's.

        Raises:
            UpstreamError: The upstream broke off.
        """
        made = await self._made(exchange, planned, answered)
        if isinstance(planned, Mark) and made in (Instead.LATER, Instead.NOTHING):
            self._metrics.marked.labels(exchange.site.host, "withheld").inc()
        return made

    async def _made(self, exchange: Exchange, planned: Shrink | Mark, answered: Answered) -> Substitute | Instead:
        modified = answered.status != 304 or exchange.pack is None
        if modified and not answered.is_success:
            return Instead.AS_IS  # an error, or a way to another place
        if modified and not answered.is_whole:
            # The whole was asked for: a part can be neither marked nor made smaller.
            return Instead.AS_IS if is_open(exchange, planned) else Instead.LATER
        if isinstance(planned, Shrink) and exchange.seen and self._pictures.small_enough(exchange.seen, planned):
            return Instead.AS_IS
        # What a copy is made of without the upstream's bytes is as large as its pack: a 304 tells no length.
        size = answered.header("content-length") if exchange.pack is None else str(exchange.pack.pack.size)
        done = self._in_flight[_is_welcome(exchange)].hold(size)
        if done is None:
            return Instead.LATER
        made: Substitute | Instead = Instead.LATER
        try:
            if isinstance(planned, Mark):
                made = await self._marked_copy(exchange, planned, answered, done)
            else:
                made = await self._smaller(exchange, planned, answered, done)
        except PicturesBusyError:
            made = Instead.LATER
        except PictureError as error:
            withheld = Instead.LATER if isinstance(error, PictureLostError) else Instead.NOTHING
            made = Instead.AS_IS if is_open(exchange, planned) else withheld
        finally:
            if not isinstance(made, Substitute):
                done()
        return made

    async def _marked_copy(
        self, exchange: Exchange, planned: Mark, answered: Answered, done: Callable[[], None]
    ) -> Substitute | Instead:
        copy = await self._marked.copy(exchange, answered) if self._marked is not None else None
        counted = self._metrics.marked.labels
        if copy is not None:
            counted(exchange.site.host, "marked").inc()
            return Substitute(
                status=copy.status, headers=copy.headers, body=copy.body, rendition="marked",
                original=copy.rendition.hex(), copy=copy, done=done,
            )  # fmt: skip
        if exchange.facts.method == "HEAD":
            return Instead.AS_IS
        counted(exchange.site.host, "preview").inc()
        size = self._pictures.below(exchange.seen, planned.size)
        visibly = exchange.site.across_copies is not None
        return await self._smaller(exchange, Shrink(size=size, visibly_marked=visibly), answered, done)

    async def _smaller(
        self, exchange: Exchange, planned: Shrink, answered: Answered, done: Callable[[], None]
    ) -> Substitute:
        mark = exchange.site.visible_mark if planned.visibly_marked else None
        smaller = await self._pictures.shrink(answered, planned.size, mark)
        smaller = await self._in_image.smaller(exchange, smaller)
        known = smaller.entity_tag in exchange.facts.header("if-none-match")
        return Substitute(
            status=304 if known else 200,
            headers=smaller.headers(answered.headers),
            body=b"" if known else smaller.preview.body,
            rendition=planned.size,
            original=smaller.original.hex(),
            done=done,
        )


def is_open(exchange: Exchange, planned: Shrink | Mark) -> bool:
    """Tell whether the picture as it is may stand in: for an unmarked smaller one, to whoever is not to be kept out."""
    return isinstance(planned, Shrink) and planned.size is not PreviewSize.PREVIEW and _is_welcome(exchange)


def _is_welcome(exchange: Exchange) -> bool:
    """Tell whether this may be a person, or makes the site known."""
    who = exchange.who
    return who.purpose in SERVED_UNRECORDED or (not who.is_crawler and who.conduct is Conduct.CLEAN)
