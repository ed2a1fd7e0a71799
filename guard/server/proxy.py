"""What happens to a request, from its head to the last byte of the answer?

Facts, who, decision, plan, answer. The record of a crawler's request is on disk before the
first byte of the answer leaves; people are only counted.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import assert_never, cast

from aiohttp import web

from guard.core.classification import TicketState
from guard.core.decoys import Decoy
from guard.core.facts import Kind, KindSource, ResponseFacts
from guard.core.policy import Action, Decision, NeedsResponse, PreviewSize
from guard.core.response import (
    NOT_PICTURES,
    Admit,
    Answer,
    Challenge,
    Forward,
    Hangup,
    Mark,
    ResponsePlan,
    Shrink,
    no_picture,
)
from guard.errors import RecorderUnavailableError, RequestError, UpstreamError
from guard.exporter.metrics import Metrics
from guard.reservation.documents import Document
from guard.server.answers import Answers, Made
from guard.server.appeals import Appeals
from guard.server.arrivals import Arrivals
from guard.server.challenge import Challenges
from guard.server.deciding import Deciding, reservation_told
from guard.server.decoys import Decoys
from guard.server.exchange import Exchange
from guard.server.fast_lane.plain import PlainRequest
from guard.server.headers import Headers
from guard.server.in_image import Asking, InImage, Ready
from guard.server.instead import SERVED_UNRECORDED, Instead, Substitute, Substitutes
from guard.server.online import PicturesOnline
from guard.server.pages import Pages
from guard.server.records import Records
from guard.server.reports import Reports
from guard.server.search_guard import SearchGuard
from guard.server.sending import hang_up, in_pieces, send, send_bytes
from guard.server.shared_caches import SharedCaches
from guard.server.tickets import Tickets
from guard.server.upstream import Answered
from guard.server.upstream_requests import UpstreamRequests
from guard.server.websocket import bridge, wants_websocket
from guard.server.well_known import WellKnown

NO_PICTURE = ResponseFacts(kind=Kind.OTHER, source=KindSource.RESPONSE)
"""What a WebSocket is known to be before it is opened."""


_PICTURES = frozenset({"as_is", "rights", *PreviewSize})


class Proxy:
    """Answers requests; one per worker process."""

    def __init__(
        self,
        *,
        arrivals: Arrivals,
        upstreams: UpstreamRequests,
        deciding: Deciding,
        in_image: InImage,
        substitutes: Substitutes,
        answers: Answers,
        appeals: Appeals,
        challenges: Challenges,
        well_known: WellKnown,
        records: Records,
        reports: Reports,
        metrics: Metrics,
        decoys: Decoys | None,
        tickets: Tickets | None,
        pages: Pages,
        online: PicturesOnline,
        search_guard: SearchGuard,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._arrivals = arrivals
        self._upstreams = upstreams
        self._deciding = deciding
        self._in_image = in_image
        self._substitutes = substitutes
        self._answers = answers
        self._appeals = appeals
        self._challenges = challenges
        self._well_known = well_known
        self._records = records
        self._reports = reports
        self._metrics = metrics
        self._decoys = decoys
        self._tickets = tickets
        self._pages = pages
        self._online = online
        self._search_guard = search_guard
        self._clock = clock
        self._caches = SharedCaches(deciding.pipeline.policy)
        self._told = reservation_told(deciding.pipeline.policy.digest)
        self._lured = replace(self._told, rule="decoy", because="It followed a link that no person sees.")

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        exchange: Exchange | None = getattr(request, "begun", None)
        if exchange is not None:
            cast(PlainRequest, request).begun = None
        else:
            try:
                exchange = self._arrivals.begin(request, self._clock())
            except RequestError as error:
                return self._answers.senseless(str(error), self.reservation())
        self._metrics.requests_open.inc()
        try:
            own = self.ours(exchange)
            return await (self._answer(exchange) if own is None else own())
        finally:
            self._metrics.requests_open.dec()
            if exchange.asked is not None:
                exchange.asked.abort()
            if not exchange.own:
                self.left(exchange)
                await self._records.end(exchange)

    def ours(self, exchange: Exchange) -> Callable[[], Awaitable[web.StreamResponse]] | None:
        """Return what answers a request that the guard itself answers; None for one that is the site's."""
        if document := self._well_known.find(exchange):
            return partial(self._tell, exchange, document)
        if self._well_known.log.owns(exchange):
            return partial(self._show_head, exchange)
        if self._decoys is not None and (decoy := self._decoys.find(exchange.facts)):
            return partial(self._lure, exchange, decoy)
        if self._challenges.owns(exchange):
            return partial(self._take_challenge, exchange)
        if self._appeals.owns(exchange):
            return partial(self._take_appeal, exchange)
        return None

    async def _tell(self, exchange: Exchange, document: Document) -> web.StreamResponse:
        exchange.rendition, exchange.decision = "reservation", self._told
        await self._record(exchange)
        return await self._well_known.send(exchange, document)

    async def _show_head(self, exchange: Exchange) -> web.StreamResponse:
        exchange.rendition, exchange.decision = "page", self._told
        await self._record(exchange)
        return await self._well_known.log.answer(exchange)

    async def _lure(self, exchange: Exchange, decoy: Decoy) -> web.StreamResponse:
        assert self._decoys is not None  # noqa: S101  # it is one of them
        exchange.decision = self._lured
        return await self._send_recorded(exchange, await self._decoys.made(exchange, decoy))

    async def _take_challenge(self, exchange: Exchange) -> web.StreamResponse:
        exchange.decision = self._challenges.decision
        made = self._challenges.answer(exchange)
        await self._record(exchange, made)
        return await self._send_made(exchange, made)

    async def _take_appeal(self, exchange: Exchange) -> web.StreamResponse:
        exchange.decision = self._appeals.decision
        return await self._send_recorded(exchange, await self._appeals.answer(exchange))

    def left(self, exchange: Exchange) -> None:
        """Count what became of a request."""
        self._arrivals.left(exchange)
        self._reports.finished(exchange)
        self._search_guard.note(exchange)

    def reservation(self) -> Headers:
        """Return the header lines for whoever names no site."""
        return self._arrivals.reservation()

    async def _answer(self, exchange: Exchange) -> web.StreamResponse:
        answered, exchange.answered = exchange.answered, None
        try:
            if talks := wants_websocket(exchange.facts):
                exchange.seen = NO_PICTURE
            decided = self._deciding.before(exchange, NO_PICTURE if talks else None)
            if exchange.decision is None:
                self._metrics.decision_seconds.observe(self._clock() - exchange.started)
            planned = None if isinstance(decided, NeedsResponse) else self._deciding.plan(exchange, decided)
            if isinstance(planned, Forward) and talks:
                await self._record(exchange)
                return await bridge(exchange, self._upstreams)
            if planned is None or isinstance(planned, Forward | Shrink | Mark):
                asking = self._asking(exchange, planned)
                if answered is None:
                    answered = await self._upstreams.ask(exchange, whole=asking.whole, only_if_not=asking.only_if_not)
                exchange.seen = await self._look(exchange, answered)
                planned = self._deciding.plan(exchange, exchange.decision or self._deciding.on_response(exchange))
                for_a_copy = answered.status == 304 and asking.for_a_copy and not isinstance(planned, Mark)
                # It was no picture when it was last seen, and is one now.
                became = answered.status in (206, 304) and not asking.whole and isinstance(planned, Shrink | Mark)
                if for_a_copy or became:
                    answered.close()
                    answered = await self._upstreams.ask(exchange, whole=True)
            return await self._carry_out(exchange, planned, answered)
        except RecorderUnavailableError:
            exchange.rendition = "page"
            return await self._send_made(exchange, self._answers.unavailable(exchange))
        except UpstreamError as error:
            self._metrics.upstream_errors.labels(exchange.site.host, str(error.status)).inc()
            if exchange.decision is None:
                exchange.decision = self._deciding.on_response(exchange)
            made = self._answers.upstream_failed(exchange, error)
            await self._record(exchange, made)
            return await self._send_made(exchange, made)
        finally:
            if answered is not None:
                answered.close()

    def _asking(self, exchange: Exchange, planned: ResponsePlan | None) -> Asking:
        if isinstance(planned, Forward) or (planned is None and self._is_only_for_a_ticket(exchange)):
            return self._in_image.before(exchange)
        return self._substitutes.before(exchange)

    def _is_only_for_a_ticket(self, exchange: Exchange) -> bool:
        """Tell whether all that is open is a ticket, and what is asked for was no picture when it was last seen.

        Then a page stays compressed, and a film comes in parts, for those too who keep no cookies.
        """
        if exchange.who.ticket is not TicketState.MISSING or exchange.kind not in NOT_PICTURES:
            return False
        with_one = replace(exchange.who, ticket=TicketState.VALID)
        decided = self._deciding.pipeline.decide(exchange.facts, with_one)
        return isinstance(decided, Decision) and decided.action is Action.ALLOW

    async def _look(self, exchange: Exchange, answered: Answered) -> ResponseFacts:
        seen = await self._upstreams.look(exchange, answered)
        readable = exchange.facts.method in ("GET", "HEAD") and (answered.is_success or answered.status == 304)
        if seen.source is KindSource.RESPONSE and readable:
            self._arrivals.learnt(exchange, seen, answered)
            if exchange.is_automatic and not exchange.own:  # what people look at leaves no trace
                self._online.note(exchange.facts, seen, answered)
        return seen

    async def _carry_out(
        self, exchange: Exchange, planned: ResponsePlan, answered: Answered | None
    ) -> web.StreamResponse:
        match planned:
            case Answer():
                made = await self._answers.refusal(exchange, planned)
                await self._record(exchange, made)
                return await self._send_made(exchange, made)
            case Challenge():
                made = self._challenges.page(exchange)
                await self._record(exchange, made)
                return await self._send_made(exchange, made)
            case Admit():
                assert self._tickets is not None  # noqa: S101  # without tickets none is missing
                made = self._tickets.page(exchange)
                await self._record(exchange, made)
                return await self._send_made(exchange, made)
            case Hangup():
                await self._record(exchange)
                return hang_up(exchange)
            case Shrink() | Mark() if answered is not None:
                return await self._send_instead(exchange, planned, answered)
            case Forward() if answered is not None:
                return await self._send_as_is(exchange, answered)
            case Forward() | Shrink() | Mark():
                raise AssertionError("nothing to send on: the upstream was not asked")
            case _:
                assert_never(planned)

    async def _send_as_is(self, exchange: Exchange, answered: Answered) -> web.StreamResponse:
        if (ready := await self._in_image.ready(exchange, answered)) is not None:
            return await self._send_ready(exchange, ready)
        exchange.rendition = "as_is"
        await self._record(exchange)
        headers, body = await self._pages.change(exchange, answered)
        headers = self.dressed(exchange, answered.status, headers)
        return await send(exchange, answered.status, answered.reason, headers, body)

    def dressed(self, exchange: Exchange, status: int, headers: Headers) -> Headers:
        """Return the lines of an answer from the upstream, with what they say to caches, and a ticket if one is due."""
        headers = self._caches.dressed(exchange, status, headers)
        return headers if self._tickets is None else self._tickets.dressed(exchange, status, headers)

    async def _send_ready(self, exchange: Exchange, ready: Ready) -> web.StreamResponse:
        exchange.rendition, exchange.original = "rights", ready.original
        try:
            await self._record(exchange)
            body = b"" if exchange.facts.method == "HEAD" else ready.body
            headers = self.dressed(exchange, ready.status, ready.headers)
            return await send(exchange, ready.status, "", headers, in_pieces(body))
        finally:
            ready.done()

    async def _send_instead(self, exchange: Exchange, planned: Shrink | Mark, answered: Answered) -> web.StreamResponse:
        match await self._substitutes.of(exchange, planned, answered):
            case Instead.AS_IS:
                return await self._send_as_is(exchange, answered)
            case Instead.LATER:
                made = self._answers.unavailable(exchange)
            case Instead.NOTHING:
                made = await self._answers.refusal(exchange, no_picture(exchange.facts, exchange.seen))
            case Substitute() as other:
                return await self._send_substitute(exchange, other)
        await self._record(exchange, made)
        return await self._send_made(exchange, made)

    async def _send_substitute(self, exchange: Exchange, other: Substitute) -> web.StreamResponse:
        exchange.rendition, exchange.original = other.rendition, other.original
        if (copy := other.copy) is not None:
            exchange.mark_id, exchange.mark_key = copy.mark_id.hex(), copy.commitment.hex()
        try:
            await self._record(exchange)
            headers = self.dressed(exchange, other.status, other.headers)
            return await send_bytes(exchange, other.status, headers, other.body)
        finally:
            other.done()

    async def _send_recorded(self, exchange: Exchange, made: Made) -> web.StreamResponse:
        try:
            await self._record(exchange, made)
        except RecorderUnavailableError:
            exchange.mark_id, made = "", self._answers.unavailable(exchange)
            exchange.rendition = made.rendition
        return await self._send_made(exchange, made)

    async def _send_made(self, exchange: Exchange, made: Made) -> web.StreamResponse:
        return await send_bytes(exchange, made.status, made.headers, made.body)

    async def _record(self, exchange: Exchange, made: Made | None = None) -> None:
        """Make the request's record durable.

        Raises:
            RecorderUnavailableError: It could not be, and the client does not get this answer without a record.
        """
        if made is not None:
            exchange.rendition, exchange.reference = made.rendition, made.reference
        if exchange.own:
            return
        try:
            await self._records.begin(exchange)
        except RecorderUnavailableError:
            recorded = exchange.who.purpose not in SERVED_UNRECORDED and exchange.rendition in _PICTURES
            refused = recorded or bool(exchange.mark_id)
            self._metrics.unrecorded_answers.labels("refused" if refused else "served").inc()
            if refused:
                raise
