"""What can be set about rights: what is reserved, where, for whom, and what may be licensed?"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import AfterValidator, Field, model_validator

from guard.core.target import canonical_path
from guard.reservation.offer import CURRENCY, PRICE
from guard.settings_sections import Section
from guard.settings_text import Line, https_url, https_url_or_none
from guard.validation import WrongValueError, YesNo

_QUESTIONS = ("train", "ai_use", "search", "tdm")


def path_beginning(text: str) -> str:
    """Return the beginning of a path as requests are compared with it; what is no plain beginning is told so."""
    if not text.startswith("/"):
        raise WrongValueError("must begin with /, like /albums/press/", f"/{text}" if text else "")
    if re.search(r"[*$?#\\]", text):
        raise WrongValueError("must be the plain beginning of a path: what begins so is meant, without *, $, ? and #")
    escaped = re.sub("%(?![0-9A-Fa-f]{2})", "%25", text)
    path = canonical_path(quote(escaped, safe="/%!&'()+,;=:@~"))
    if path == "/":
        raise WrongValueError("must be more than /; what holds for the whole site is said beside 'paths'")
    if len(path) > 500:
        raise WrongValueError("must have at most 500 characters")
    return path


def _price(text: str) -> str:
    if text and not PRICE.fullmatch(text):
        raise WrongValueError("must be a decimal number above zero, in quotes, like '0.01'")
    return text


def _currency(text: str) -> str:
    if text and not CURRENCY.fullmatch(text):
        raise WrongValueError("must be an ISO 4217 code, like EUR", text.upper() if len(text) == 3 else "")
    return text


class PathRights(Section):
    """Answers for everything below one path. What is not said here holds as for the whole site."""

    path: Annotated[str, AfterValidator(path_beginning)] = Field(
        description="The beginning of the paths that are meant, like /albums/press/; the longest one that fits counts."
    )
    train: YesNo | None = Field(default=None, description="May they train models?")
    ai_use: YesNo | None = Field(default=None, description="May AI systems use them when they answer?")
    search: YesNo | None = Field(default=None, description="May search engines index them?")
    tdm: YesNo | None = Field(default=None, description="May they be mined for text and data?")

    @model_validator(mode="after")
    def _something_is_said(self) -> "PathRights":
        if all(getattr(self, name) is None for name in _QUESTIONS):
            raise WrongValueError(f"says nothing of its own; add one of {', '.join(_QUESTIONS)}")
        return self


class LicenceOffer(Section):
    """Where a licence for a reserved use is asked for. It permits nothing."""

    url: Annotated[str, AfterValidator(https_url)] = Field(description="An https page with the terms of the licence.")
    price: Annotated[str, AfterValidator(_price)] = Field(
        default="", description="A public price; think twice, a court may take it for the going rate."
    )
    currency: Annotated[str, AfterValidator(_currency)] = Field(default="", description="Of the price, like EUR.")
    unit: Literal["crawl", "training", "use", "subscription", "purchase"] | None = Field(
        default=None, description="What the price is paid for."
    )
    scope: Line = Field(default="", description="What a licence covers, in words.")

    @model_validator(mode="after")
    def _price_has_a_currency(self) -> "LicenceOffer":
        if bool(self.price) != bool(self.currency):
            missing = "currency" if self.price else "price"
            raise WrongValueError(f"a price and a currency come together; '{missing}' is missing")
        return self


class Offers(Section):
    """What may be licensed, use by use. Nothing is, until it is written here."""

    train: LicenceOffer | None = Field(default=None, description="Training models.")
    ai_use: LicenceOffer | None = Field(default=None, description="Use by AI systems when they answer.")
    tdm: LicenceOffer | None = Field(default=None, description="Other text and data mining.")


class TermsFiles(Section):
    """The owner's own words for the terms page: plain text, a blank line between paragraphs."""

    en: Path | None = Field(default=None, description="English; the shipped template without it.")
    de: Path | None = Field(default=None, description="German; the shipped template without it.")


class Rights(Section):
    """What is reserved, for whom, and whom to ask."""

    holder: Line = Field(default="the author of this site", description="Whose pictures these are.")
    contact: Line = Field(default="", description="Where to ask: a mail address or the address of a page.")
    terms: Annotated[str, AfterValidator(https_url_or_none)] = Field(
        default="", description="An https page with the terms; ours without it."
    )
    terms_file: TermsFiles = Field(default=TermsFiles(), description="Your own words for our terms page.")
    licensor: Annotated[str, AfterValidator(https_url_or_none)] = Field(
        default="", description="An https page on which licences are given."
    )
    creator: Line = Field(default="", description="Who made the pictures; the holder where it is not said.")
    credit: Line = Field(default="", description="The line to print beside a picture; the creator by default.")
    copyright: Line = Field(default="", description="The copyright notice; '© holder' by default.")
    train: YesNo = Field(default=False, description="May they train models?")
    ai_use: YesNo = Field(default=False, description="May AI systems use them when they answer?")
    search: YesNo = Field(default=True, description="May search engines index them?")
    tdm: YesNo = Field(default=False, description="May they be mined for text and data?")
    html: YesNo = Field(default=False, description="Say all this in the head of HTML pages too, on their way.")
    paths: tuple[PathRights, ...] = Field(
        default=(), max_length=200, description="Parts of the site with answers of their own."
    )
    offer: Offers = Field(default=Offers(), description="What may be licensed. It never lifts the reservation.")

    @model_validator(mode="after")
    def _paths_are_different(self) -> "Rights":
        seen: dict[str, int] = {}
        for index, one in enumerate(self.paths):
            if (first := seen.setdefault(one.path, index)) != index:
                raise WrongValueError(f"paths {first} and {index} are the same; keep one", at=("paths", index, "path"))
        return self


def needless_offers(rights: Rights) -> Iterator[str]:
    """Name the uses that are offered for a licence though every path permits them."""
    for use, offer in rights.offer:
        permitted = getattr(rights, use) and all(getattr(one, use) in (None, True) for one in rights.paths)
        if offer is not None and permitted:
            yield use
