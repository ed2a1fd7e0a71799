"""How does a machine that gets a 402 learn where a licence is to be had?

By header lines, since a refused picture is a picture and has no room for JSON:

- `Link` with `rel="payment"` to the offer's page. The link to the RSL document, which RSL 1.0,
  section 6.3.3, asks for on a 402, is one of the reservation's own lines.
- `WWW-Authenticate: License` (RSL 1.0, section 6.3.2) where tokens are accepted. RFC 9110,
  section 11.6.1, allows the field on any answer that other credentials would change.
- `crawler-price`, as pay per crawl has it, for a price per crawl.
- `PAYMENT-REQUIRED` (x402, version 2, HTTP transport): base64 of JSON.

None of them says that anything was paid, and nothing that a client writes into its own price
fields counts as payment: that is between it and the owner's processor. `crawler-charged` and
`PAYMENT-RESPONSE`, which would say so, are not sent.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import orjson

from guard.core.crawlers import Purpose
from guard.core.licence import NO_LICENCE, LicenceState, LicenceVerdict
from guard.reservation.offer import Offer

Line = tuple[str, str]

LONGEST_URL: Final = 1000
"""Characters of the address in PAYMENT-REQUIRED; front servers drop answers whose head is too long."""

_USES: Final[Mapping[Purpose, str]] = {
    Purpose.AI_TRAINING: "train",
    Purpose.AI_DATASET: "train",
    Purpose.IMAGE_DATASET: "train",
    Purpose.AI_UNDOCUMENTED: "train",
    Purpose.AI_ASSISTANT: "ai_use",
    Purpose.AI_AGENT: "ai_use",
    Purpose.AI_CODING: "ai_use",
    Purpose.AI_SEARCH: "ai_use",
}
"""The reserved use that a crawler comes for; any other comes for text and data mining."""

_ERRORS: Final = {
    LicenceState.NONE: "invalid_request",
    LicenceState.NOT_COVERED: "insufficient_scope",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """One way to pay that the owner's x402 processor takes; an element of `accepts`."""

    scheme: str
    network: str
    """In the form of CAIP-2, `eip155:8453`."""
    asset: str
    amount: str
    """In the asset's smallest unit, as digits."""
    pay_to: str
    max_timeout_seconds: int
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferForms:
    """In which forms the owner wants offers to be made."""

    tokens: bool = False
    """Licence tokens are accepted."""
    price_header: bool = False
    payment_methods: tuple[PaymentMethod, ...] = ()


def offer_for(offers: Sequence[Offer], purpose: Purpose) -> Offer | None:
    """Return the offer for what a crawler of this purpose comes for; None if there is none."""
    use = _USES.get(purpose, "tdm")
    return next((offer for offer in offers if offer.purpose == use), None)


def lines(
    offer: Offer | None,
    forms: OfferForms,
    *,
    origin: str,
    path: str,
    licence: LicenceVerdict = NO_LICENCE,
    state: LicenceState = LicenceState.NONE,
) -> tuple[Line, ...]:
    """Return the header lines of a 402.

    Args:
        origin: Scheme, host and port that were asked; empty if they are not known.
        path: The path that was asked for.
        licence, state: What came of the request's licence token, and what it is worth for this resource.
    """
    sent: list[Line] = []
    if offer is not None:
        sent.append(("Link", f'<{offer.url}>; rel="payment"'))
        if forms.price_header and offer.price and offer.unit == "crawl":
            sent.append(("crawler-price", f"{offer.currency} {offer.price}"))
        if forms.payment_methods and origin:
            sent.append(("PAYMENT-REQUIRED", _payment_required(forms.payment_methods, origin, path)))
    return (*sent, *challenge(forms, licence, state))


def challenge(forms: OfferForms, licence: LicenceVerdict, state: LicenceState) -> tuple[Line, ...]:
    """Return the line that says what was wrong with the licence, or that one would help; none without tokens."""
    if not forms.tokens:
        return ()
    if state is LicenceState.VALID:
        return ()
    error = _ERRORS.get(state, "invalid_token")
    words = licence.reason or ("a licence is needed" if state is LicenceState.NONE else "it is for other resources")
    return (("WWW-Authenticate", f'License error="{error}", error_description="{_quotable(words)}"'),)


def _payment_required(methods: Sequence[PaymentMethod], origin: str, path: str) -> str:
    url = origin + quote(path.encode("utf-8", "surrogateescape"), safe="/%:@!$&'()*+,;=~-._")
    document = {
        "x402Version": 2,
        "resource": {"url": url if len(url) <= LONGEST_URL else f"{origin}/"},
        "accepts": [
            {
                "scheme": one.scheme,
                "network": one.network,
                "amount": one.amount,
                "asset": one.asset,
                "payTo": one.pay_to,
                "maxTimeoutSeconds": one.max_timeout_seconds,
                **({"extra": dict(one.extra)} if one.extra else {}),
            }
            for one in methods
        ],
    }
    return base64.b64encode(orjson.dumps(document)).decode()


def _quotable(words: str) -> str:
    """Return what may stand in a quoted string (RFC 9110, section 5.6.4)."""
    return "".join(one if " " <= one <= "~" and one not in '"\\' else "'" for one in words)[:200]
