"""An offer is told to machines in each form that the owner has chosen, and never says that anything was paid."""

import base64
import json
from dataclasses import replace

import pytest

from guard.core.crawlers import Purpose
from guard.core.licence import LicenceState, LicenceVerdict
from guard.reservation.offer import Offer
from guard.reservation.offer_headers import (
    LONGEST_URL,
    OfferForms,
    PaymentMethod,
    challenge,
    lines,
    offer_for,
)

TRAIN = Offer(
    purpose="train", url="https://photo.example/licence", price="0.01", currency="EUR", unit="crawl", scope="one model"
)
MINE = Offer(purpose="tdm", url="https://photo.example/mining")
METHOD = PaymentMethod(
    scheme="exact", network="eip155:8453", asset="0x0", amount="10000", pay_to="0x1", max_timeout_seconds=60
)
EVERYTHING = OfferForms(tokens=True, price_header=True, payment_methods=(METHOD,))


def sent(offer: Offer | None, forms: OfferForms = EVERYTHING, **changes: str) -> dict[str, str]:
    """Return the lines of a 402; of several of one name all, joined."""
    where = {"origin": "https://photo.example", "path": "/a.jpg", **changes}
    found: dict[str, str] = {}
    for name, value in lines(offer, forms, **where):
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def test_everything_that_is_chosen_is_sent() -> None:
    """And nothing that says that it was paid."""
    found = sent(TRAIN)

    assert found == {
        "Link": '<https://photo.example/licence>; rel="payment"',
        "crawler-price": "EUR 0.01",
        "PAYMENT-REQUIRED": found["PAYMENT-REQUIRED"],
        "WWW-Authenticate": 'License error="invalid_request", error_description="a licence is needed"',
    }


def test_nothing_is_sent_that_was_not_chosen() -> None:
    """Without forms the page of the offer, without an offer nothing at all."""
    assert sent(TRAIN, OfferForms()) == {"Link": '<https://photo.example/licence>; rel="payment"'}
    assert sent(None, OfferForms()) == {}
    assert list(sent(None)) == ["WWW-Authenticate"]


@pytest.mark.parametrize("unit", ["", "training", "use", "subscription", "purchase"])
def test_only_a_price_per_crawl_is_a_crawlers_price(unit: str) -> None:
    """In that field every other would be read as one per crawl."""
    assert "crawler-price" not in sent(replace(TRAIN, unit=unit))
    assert "crawler-price" not in sent(replace(TRAIN, price="", currency=""))


def test_payment_required_is_what_x402_reads() -> None:
    """Version 2: base64 of JSON; `extra` is there only with something in it."""
    document = json.loads(base64.b64decode(sent(TRAIN)["PAYMENT-REQUIRED"], validate=True))

    assert document == {
        "x402Version": 2,
        "resource": {"url": "https://photo.example/a.jpg"},
        "accepts": [
            {
                "scheme": "exact", "network": "eip155:8453", "amount": "10000", "asset": "0x0", "payTo": "0x1",
                "maxTimeoutSeconds": 60,
            }
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["/ü/\udcff", '/"\r\nSet-Cookie: a=1', "/%2F%00", "/" + "a" * 20_000],
    ids=["bytes", "lines", "codes", "long"],
)
def test_a_strange_path_makes_no_strange_address(path: str) -> None:
    """Nor a head that a front server would drop: then the site stands for the picture."""
    url = json.loads(base64.b64decode(sent(TRAIN, path=path)["PAYMENT-REQUIRED"]))["resource"]["url"]

    assert url.startswith("https://photo.example/")
    assert url.isascii()
    assert url.isprintable()
    assert len(url) <= LONGEST_URL


def test_an_unknown_host_has_no_address_to_pay_for() -> None:
    """HTTP/1.0 without a Host field at a site for every name."""
    assert "PAYMENT-REQUIRED" not in sent(TRAIN, origin="")


USES = {
    Purpose.AI_TRAINING: TRAIN,
    Purpose.IMAGE_DATASET: TRAIN,
    Purpose.AI_SEARCH: None,
    Purpose.SEO: MINE,
    Purpose.UNKNOWN_DECLARED_BOT: MINE,
}


@pytest.mark.parametrize(("purpose", "expected"), USES.items(), ids=[str(one) for one in USES])
def test_a_crawler_is_offered_what_it_comes_for(purpose: Purpose, expected: Offer | None) -> None:
    """The price of one use is not offered for another."""
    assert offer_for((TRAIN, MINE), purpose) is expected


CHALLENGES = {
    LicenceState.NONE: "invalid_request",
    LicenceState.NOT_COVERED: "insufficient_scope",
    LicenceState.EXPIRED: "invalid_token",
    LicenceState.REVOKED: "invalid_token",
    LicenceState.INVALID: "invalid_token",
}


@pytest.mark.parametrize(("state", "error"), CHALLENGES.items(), ids=[str(one) for one in CHALLENGES])
def test_what_was_wrong_with_a_token_is_said_in_rsls_words(state: LicenceState, error: str) -> None:
    """RSL 1.0, section 6.3.4."""
    ((name, value),) = challenge(EVERYTHING, LicenceVerdict(state=state, reason="because"), state)

    assert (name, value) == ("WWW-Authenticate", f'License error="{error}", error_description="because"')


def test_a_valid_licence_is_not_challenged() -> None:
    """What is refused under it is refused for another reason, such as its limit."""
    assert challenge(EVERYTHING, LicenceVerdict(state=LicenceState.VALID), LicenceState.VALID) == ()
    ((_, value),) = challenge(EVERYTHING, LicenceVerdict(state=LicenceState.VALID), LicenceState.NOT_COVERED)
    assert "for other resources" in value


def test_a_reason_can_not_end_its_quotation() -> None:
    """Whatever is in it."""
    hostile = LicenceVerdict(state=LicenceState.INVALID, reason='a"\\\r\nSet-Cookie: ü' + "x" * 1000)
    ((_, value),) = challenge(EVERYTHING, hostile, hostile.state)

    assert value.count('"') == 4
    assert value.isascii()
    assert value.isprintable()
    assert len(value) < 300
