"""What can be set about licences: are tokens accepted, and in which forms is an offer made?

What is offered stands in `rights.offer`, and nothing of it is in a 402 before it is written there.
"""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from guard.reservation.offer_headers import OfferForms, PaymentMethod
from guard.settings_sections import Section
from guard.settings_text import Line
from guard.validation import WrongValueError, YesNo

_NETWORK = re.compile(r"[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}", re.ASCII)
"""CAIP-2: namespace and reference."""
_WORD = re.compile(r"[!-~]{1,128}", re.ASCII)


def _network(text: str) -> str:
    if not _NETWORK.fullmatch(text):
        raise WrongValueError("must be a network in the form of CAIP-2, like eip155:8453")
    return text


def _amount(value: Any) -> Any:
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not re.fullmatch("[1-9][0-9]{0,77}", text, re.ASCII):
        raise WrongValueError("must be a whole number above zero, in the asset's smallest unit")
    return text


def _word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise WrongValueError("must be one word of at most 128 ASCII characters")
    return text


Word = Annotated[str, AfterValidator(_word)]


class PaymentSettings(Section):
    """One way to pay that your x402 processor takes. The guard takes no payments: the processor stands in front."""

    scheme: Word = Field(default="exact", description="How the amount is meant.")
    network: Annotated[str, AfterValidator(_network)] = Field(description="As in CAIP-2, like eip155:8453.")
    asset: Word = Field(description="What is paid with: a token's contract, or a currency.")
    amount: Annotated[str, BeforeValidator(_amount)] = Field(description="In the asset's smallest unit.")
    pay_to: Word = Field(description="Your account.")
    max_timeout_seconds: int = Field(default=60, ge=1, le=86_400, description="So long a payment may take.")
    extra: dict[Word, Line] = Field(default_factory=dict, max_length=16, description="What the scheme needs besides.")

    def method(self) -> PaymentMethod:
        """Return the same as the value that offers are made with."""
        return PaymentMethod(**self.model_dump())


class Licences(Section):
    """Licences for crawlers, issued with `guard licence issue`. All of it is off until it is written here."""

    accept: YesNo = Field(default=False, description="Do licence tokens open what they are for?")
    directory: Path | None = Field(
        default=None, description="Where key and register are; guard/licences in the evidence directory by default."
    )
    price_header: YesNo = Field(default=False, description="Send the offer's price per crawl as crawler-price.")
    x402: tuple[PaymentSettings, ...] = Field(
        default=(), max_length=8, description="Send these ways to pay for what is offered as PAYMENT-REQUIRED."
    )

    def forms(self) -> OfferForms:
        """Return the same as the value that offers are made with."""
        return OfferForms(
            tokens=self.accept,
            price_header=self.price_header,
            payment_methods=tuple(one.method() for one in self.x402),
        )
