"""What are our own answers made of?

A refused picture gets a licence card, everything else a short page or problem+json. Each
refusal carries a reference code, in the card or page and in the `Guard-Reference` field,
that finds the decision in the evidence.
"""

from dataclasses import dataclass

from aiohttp import web
from multidict import CIMultiDict

from guard.core.licence import LicenceState
from guard.core.reference_code import shown
from guard.core.response import Answer, Form, form_of
from guard.errors import UpstreamError
from guard.image.formats import acceptable
from guard.reservation.offer import Offer
from guard.reservation.offer_headers import OfferForms, challenge, lines, offer_for
from guard.server.cards import CardStock, new_code
from guard.server.exchange import Exchange
from guard.server.headers import Headers
from guard.server.refusals import NOT_STORED, Refusal, language_of, objection, render

UNAVAILABLE_SECONDS = 60
NO_OFFERS = OfferForms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An answer, ready to send."""

    status: int
    headers: Headers
    body: bytes
    rendition: str
    """`card` or `page`."""
    reference: str


class Answers:
    """Makes refusals and error pages."""

    def __init__(self, cards: CardStock, forms: OfferForms = NO_OFFERS) -> None:
        """Take the forms in which the owner wants offers to be made."""
        self._cards = cards
        self._forms = forms

    async def refusal(self, exchange: Exchange, answer: Answer) -> Made:
        """Make what a plan asks for: 402, 403, 410 or 429."""
        extra: Headers = (("Retry-After", str(answer.retry_after)),) if answer.retry_after else ()
        offer: Offer | None = None
        if answer.status == 402:
            offer = offer_for(exchange.site.offers(exchange.facts.path), exchange.who.purpose)
            extra = (*extra, *self._offer_lines(exchange, offer))
        elif exchange.licence is not LicenceState.NONE:
            extra = (*extra, *challenge(self._forms, exchange.who.licence, exchange.licence))
        if answer.form is Form.PICTURE:
            media_type = acceptable(exchange.facts.header("accept"))
            card = await self._cards.take(exchange.site.owner, media_type, language_of(exchange.facts))
            headers = (("Content-Type", card.media_type), ("Guard-Reference", card.reference), *NOT_STORED, *extra)
            return Made(
                status=answer.status, headers=headers, body=card.body, rendition="card", reference=card.reference
            )
        return self._page(exchange, answer.status, answer.form, reference=shown(new_code()), extra=extra, offer=offer)

    def _offer_lines(self, exchange: Exchange, offer: Offer | None) -> Headers:
        facts = exchange.facts
        origin = exchange.site.base_url or (f"{facts.scheme}://{facts.authority}" if facts.authority else "")
        return lines(
            offer,
            self._forms,
            origin=origin,
            path=facts.path,
            licence=exchange.who.licence,
            state=exchange.licence,
        )

    def unavailable(self, exchange: Exchange) -> Made:
        """Make the answer for a client that is not served while no evidence can be written, or no smaller copy made."""
        extra = (("Retry-After", str(UNAVAILABLE_SECONDS)),)
        return self._page(exchange, 503, _page_form(exchange), extra=extra)

    def upstream_failed(self, exchange: Exchange, error: UpstreamError) -> Made:
        """Make the answer for a request that the upstream did not answer properly."""
        return self._page(exchange, error.status, _page_form(exchange), detail=str(error))

    def senseless(self, sentence: str, reservation: Headers) -> web.Response:
        """Make the answer for a request that has no right one; nothing is known about it but whom it reached.

        Where it ends is not certain either, so nothing more is read from its connection.
        """
        content_type, body = render(Refusal(status=400, detail=sentence), Form.PROBLEM, "en")
        lines = (*reservation, ("Content-Type", content_type), ("Cache-Control", "no-store"))
        response = web.Response(status=400, body=body, headers=CIMultiDict(lines))
        response.force_close()
        return response

    def _page(
        self,
        exchange: Exchange,
        status: int,
        form: Form,
        *,
        reference: str = "",
        extra: Headers = (),
        detail: str = "",
        offer: Offer | None = None,
    ) -> Made:
        owner = exchange.site.owner
        refusal = Refusal(
            status=status,
            detail=detail,
            holder=owner.holder,
            contact=owner.contact,
            terms=exchange.reservation.terms_url,
            reference=reference,
            # A front server that only asks us need not pass our paths on.
            appeal=objection(reference) if reference and not exchange.asked_by else "",
            offer=offer,
        )
        content_type, body = render(refusal, form, language_of(exchange.facts))
        code: Headers = (("Guard-Reference", reference),) if reference else ()
        return Made(
            status=status,
            headers=(("Content-Type", content_type), *code, *NOT_STORED, *extra),
            body=body,
            rendition="page",
            reference=reference,
        )


def _page_form(exchange: Exchange) -> Form:
    return Form.PROBLEM if form_of(exchange.facts, None) is Form.PROBLEM else Form.PAGE
