"""What is answered to a front server that asks what to do, and keeps the visitor itself?

On a listener of its own, which believes the servers that the settings name and answers nobody
else. The request asked about is judged, decided and recorded as in the proxy, but its bytes do
not come by here: nothing is marked, made smaller or given its rights, and what was sent is not
known. Whoever may have a picture only changed gets none; people and search engines get it as it is.

What the resource is decides as everywhere (never its name): where nobody has seen it yet, and
only where it matters, the site behind is asked for it once.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from aiohttp import web

from guard.core.asked import DIALECTS, Dialect
from guard.core.facts import IPAddress, KindSource, ResponseFacts
from guard.core.policy import Action, Decision, NeedsResponse
from guard.core.response import Answer, Challenge, Form, Forward, Hangup, Mark, ResponsePlan, Shrink, no_picture
from guard.errors import RecorderUnavailableError, RequestError, UpstreamError
from guard.exporter.metrics import Metrics
from guard.image.sniff import kind_of
from guard.server.answers import Answers, Made
from guard.server.arrivals import Arrivals
from guard.server.challenge import Challenges
from guard.server.deciding import Deciding, reservation_told
from guard.server.exchange import Exchange, Sent
from guard.server.hand_over import BY_FRONT
from guard.server.headers import Headers
from guard.server.http_server import peer_of
from guard.server.instead import SERVED_UNRECORDED, is_open
from guard.server.pictures import Sizes
from guard.server.questions import STATUS, Questions, told_of
from guard.server.records import Records
from guard.server.reports import Reports
from guard.server.seldom import Seldom
from guard.server.sending import send_bytes
from guard.server.upstream import PEEK
from guard.server.upstream_requests import UpstreamRequests

NEEDS: Final = "Guard-Needs-Response"
"""Tells an application that its response is to be looked at; its value goes back in the second question."""
TYPE: Final = "x-original-type"
"""In that: the response's content type; its first bytes are the body of the question."""
COMPLETE: Final = "x-original-complete"
"""`yes` where those are all of them."""
AGAIN: Final = "x-original-again"

NO_CONNECTION: Final = 444
MOST_HELD: Final = 1024
"""Questions that wait for the response of an application."""
_ABOUT_BODY = frozenset({"content-type", "content-length"})


class DecisionPoint:
    """Answers the questions of front servers; one per worker process."""

    def __init__(
        self,
        questions: Questions,
        *,
        arrivals: Arrivals,
        upstreams: UpstreamRequests,
        deciding: Deciding,
        answers: Answers,
        challenges: Challenges,
        records: Records,
        reports: Reports,
        metrics: Metrics,
        sizes: Sizes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.questions = questions
        self._arrivals = arrivals
        self._upstreams = upstreams
        self._deciding = deciding
        self._answers = answers
        self._challenges = challenges
        self._records = records
        self._reports = reports
        self._metrics = metrics
        self._sizes = sizes
        self._clock = clock
        self._held: OrderedDict[str, Exchange] = OrderedDict()
        self._seldom = Seldom(clock)
        self._reserved = reservation_told(deciding.pipeline.policy.digest)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one question."""
        peer, _ = peer_of(request.transport)
        if not self.questions.trusts(peer):
            return _plain(403, "only front servers that decisions.trusted names may ask here")
        dialect = DIALECTS.get(request.rel_url.raw_path)
        if dialect is None:
            return _plain(404, f"ask at one of {', '.join(DIALECTS)}")
        try:
            exchange = await self._asked_about(request, dialect, peer)
        except RequestError as error:
            self._seldom.say(f"guard: decisions: {error}")
            return _senseless(dialect, str(error))
        with self._metrics.requests_open.track_inprogress():
            return await self._answer(dialect, exchange)

    async def _asked_about(self, request: web.BaseRequest, dialect: Dialect, peer: IPAddress | None) -> Exchange:
        lines = tuple((_text(name), _text(value)) for name, value in request.raw_headers)
        if (begun := self.questions.begun(lines)) is not None:
            begun.request = request
            return begun
        if dialect.tells_kind and (held := self._held.pop(_value(lines, AGAIN), None)) is not None:
            held.request, held.seen = request, await self._seen(request, lines)
            return held
        exchange = self.questions.about(dialect, lines, f"{request.version.major}.{request.version.minor}", peer)
        exchange.request = request
        if dialect.tells_kind and any(name.lower() == AGAIN for name, _ in lines):
            exchange.seen = await self._seen(request, lines)  # another worker was asked first
        return exchange

    async def _seen(self, request: web.BaseRequest, lines: tuple[tuple[str, str], ...]) -> ResponseFacts:
        head = bytearray()
        async for piece in request.content.iter_any():
            head += piece
            if len(head) >= PEEK:
                break
        return kind_of(
            _value(lines, TYPE),
            bytes(head),
            complete=_value(lines, COMPLETE) == "yes",
            thumbnail_side=self._sizes.thumbnail,
            display_side=self._sizes.display,
        )

    async def _answer(self, dialect: Dialect, exchange: Exchange) -> web.StreamResponse:
        planned = await self._plan(dialect, exchange)
        if planned is None:
            return self._ask_back(exchange) if dialect.tells_kind else _plain(401, "through the guard")
        allowed = isinstance(planned, Forward) or (
            isinstance(planned, Shrink | Mark) and _may_have_it(exchange, planned)
        )
        if dialect.hands_over and not isinstance(planned, Forward):
            return _plain(401, "through the guard")
        try:
            if allowed:
                return await self._allow(exchange)
            return await self._refuse(dialect, exchange, await self._made(dialect, exchange, planned))
        except RecorderUnavailableError:
            return await self._refuse(dialect, exchange, self._answers.unavailable(exchange))
        finally:
            told = exchange.sent.status
            exchange.sent = Sent(status=NO_CONNECTION if isinstance(planned, Hangup) else told, reason=BY_FRONT)
            self._arrivals.left(exchange)
            self._reports.finished(exchange)
            await self._records.end(exchange)

    async def _plan(self, dialect: Dialect, exchange: Exchange) -> ResponsePlan | None:
        """Return what to send; None where the response has to be seen first, by whoever can."""
        if exchange.reservation.document(exchange.facts.path) is not None:
            exchange.decision = self._reserved
            return Forward()
        decided = self._deciding.before(exchange)
        self._metrics.decision_seconds.observe(self._clock() - exchange.started)
        if dialect.hands_over and isinstance(decided, Decision) and decided.limit is not None:
            return None  # an allowance is counted where the request is answered, and only once
        if isinstance(decided, NeedsResponse):
            if exchange.seen is None and not (dialect.hands_over or dialect.tells_kind):
                await self._look(exchange)
            elif exchange.seen is None or (dialect.tells_kind and exchange.seen.source is KindSource.REMEMBERED):
                return None
            decided = self._deciding.on_response(exchange)
        return self._deciding.plan(exchange, decided)

    async def _look(self, exchange: Exchange) -> None:
        """Ask the site behind for what nobody has seen yet; its body is not read to the end."""
        if exchange.facts.method not in ("GET", "HEAD") or exchange.request.can_read_body:
            return
        try:
            answered = await self._upstreams.ask(exchange, whole=True, method="GET")
        except UpstreamError as error:
            self._metrics.upstream_errors.labels(exchange.site.host, str(error.status)).inc()
            return
        try:
            seen = await self._upstreams.look(exchange, answered)
            if answered.is_success:
                exchange.seen = seen
                self._arrivals.learnt(exchange, seen, answered)
        except UpstreamError:
            return
        finally:
            answered.close()

    def _ask_back(self, exchange: Exchange) -> web.StreamResponse:
        token = secrets.token_urlsafe(16)
        self._held[token] = exchange
        if len(self._held) > MOST_HELD:
            self._held.popitem(last=False)
        return web.Response(status=200, headers={NEEDS: token})

    async def _allow(self, exchange: Exchange) -> web.StreamResponse:
        await self._record(exchange, "", exchange.rendition)
        return await send_bytes(exchange, 200, (*told_of(exchange), (STATUS, "200")), b"")

    async def _made(self, dialect: Dialect, exchange: Exchange, planned: ResponsePlan) -> Made:
        match planned:
            case Answer():
                answer = planned
            case Challenge():
                return self._challenges.page(exchange)
            case Hangup():
                return Made(status=403, headers=(), body=b"", rendition="none", reference="")
            case _:
                answer = no_picture(exchange.facts, exchange.seen)
        # nginx drops the body, so no card is taken from the shelf for it.
        return await self._answers.refusal(exchange, replace(answer, form=Form.PROBLEM) if dialect.only_403 else answer)

    async def _refuse(self, dialect: Dialect, exchange: Exchange, made: Made) -> web.StreamResponse:
        with_body = not dialect.only_403
        if made.status != 503:
            await self._record(exchange, made.reference, made.rendition if with_body else "none")
        dropped = exchange.decision is not None and exchange.decision.action is Action.DROP
        status: Headers = ((STATUS, str(NO_CONNECTION if dropped else made.status)),)
        if with_body:
            return await send_bytes(exchange, made.status, (*made.headers, *told_of(exchange), *status), made.body)
        headers = tuple(line for line in made.headers if line[0].lower() not in _ABOUT_BODY)
        return await send_bytes(exchange, 403, (*headers, *told_of(exchange), *status), b"")

    async def _record(self, exchange: Exchange, reference: str, rendition: str) -> None:
        """Make the request's record durable.

        Raises:
            RecorderUnavailableError: It could not be, and the client is to have nothing without a record.
        """
        exchange.reference, exchange.rendition = reference, rendition
        try:
            await self._records.begin(exchange)
        except RecorderUnavailableError:
            if exchange.who.purpose not in SERVED_UNRECORDED and not reference:
                raise


def _may_have_it(exchange: Exchange, planned: Shrink | Mark) -> bool:
    """Tell whether a picture goes out as it is for want of the copy that the policy asks for.

    Nobody who may be a person is refused for one oddity, which is all that `mark` stands for.
    """
    return is_open(exchange, planned) or (isinstance(planned, Mark) and not exchange.who.is_crawler)


def _senseless(dialect: Dialect, sentence: str) -> web.Response:
    status = 401 if dialect.hands_over else 403 if dialect.only_403 else 400
    answer = _plain(status, sentence)
    answer.headers[STATUS] = "400"
    return answer


def _plain(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=sentence + "\n", headers={"Cache-Control": "no-store"})


def _value(lines: tuple[tuple[str, str], ...], name: str) -> str:
    return next((value.strip() for key, value in lines if key.lower() == name), "")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
