"""A refusal is short, safe, and in the reader's language."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.response import Form
from guard.reservation.offer import UNITS, Offer
from guard.server.refusals import Refusal, language_of, render
from tests.support.facts import request

LANGUAGES = {
    "": "en",
    "de": "de",
    "de-AT,de;q=0.9,en;q=0.5": "de",
    "en-GB,en;q=0.9,de;q=0.8": "en",
    "fr,de;q=0.5": "de",
    "fr": "en",
    "und": "en",
    "*": "en",
    "de;q=0": "en",
    "de;q=x,en;q=": "en",
    ";;,,q=1": "en",
}


@pytest.mark.parametrize(("field", "language"), LANGUAGES.items())
def test_the_language_is_the_one_preferred(field: str, language: str):
    """German where it is preferred to English, English otherwise, whatever nonsense is sent."""
    assert language_of(request(accept_language=field)) == language


@given(
    st.text(max_size=50),
    st.text(max_size=50),
    st.sampled_from(["en", "de"]),
    st.sampled_from([402, 403, 410, 429, 502, 503]),
)
def test_names_of_people_never_become_markup(holder: str, contact: str, language: str, status: int):
    """Holder and contact are the owner's words, but a page of ours has no script in it whatever they say."""
    refusal = Refusal(
        status=status, holder=f"<script>{holder}", contact=f'"><img src=x>{contact}', reference="AAAAA-BBBBB"
    )

    _, page = render(refusal, Form.PAGE, language)  # type: ignore[arg-type]
    _, problem = render(refusal, Form.PROBLEM, language)  # type: ignore[arg-type]

    assert b"<script" not in page
    assert b"<img" not in page
    assert json.loads(problem)["status"] == status


def test_a_problem_names_the_reference_and_the_terms():
    """What a program can act on."""
    refusal = Refusal(
        status=402, terms="https://photo.example/terms", reference="AAAAA-BBBBB", contact="me@photo.example"
    )

    content_type, body = render(refusal, Form.PROBLEM, "en")

    assert content_type == "application/problem+json"
    assert json.loads(body) == {
        "type": "https://photo.example/terms",
        "title": "This needs a licence",
        "status": 402,
        "detail": json.loads(body)["detail"],
        "instance": "urn:guard:AAAAA-BBBBB",
        "contact": "me@photo.example",
        "tdm-policy": "https://photo.example/terms",
    }


def test_an_upstream_fault_is_told_in_its_own_words():
    """And not as a refusal."""
    _, body = render(Refusal(status=504, detail="the site behind the guard did not answer in time"), Form.PAGE, "de")

    assert b"antwortet nicht rechtzeitig" in body
    assert b"did not answer in time" in body


OFFER = Offer(purpose="train", url="https://photo.example/l?a=1&b=2", price="0.01", currency="EUR", unit="crawl")


def test_an_offer_is_said_to_programs_and_people():
    """Where to ask, at what price, and that nothing is permitted by it."""
    refusal = Refusal(status=402, offer=OFFER)
    problem = json.loads(render(refusal, Form.PROBLEM, "en")[1])
    english, german = (render(refusal, Form.PAGE, language)[1].decode() for language in ("en", "de"))

    assert problem["license"] == OFFER.url
    assert OFFER.url in problem["detail"]
    assert "nothing is permitted" in problem["detail"]
    assert '<dt>Licence</dt><dd><a href="https://photo.example/l?a=1&amp;b=2">' in english
    assert "<dt>Price</dt><dd>0.01 EUR for each fetch</dd>" in english
    assert "<dt>Preis</dt><dd>0.01 EUR je Abruf</dd>" in german


def test_without_an_offer_there_is_only_whom_to_ask():
    """And without a price no word of one."""
    plain = json.loads(render(Refusal(status=402, contact="rights@photo.example"), Form.PROBLEM, "en")[1])
    without_price = render(Refusal(status=402, offer=Offer(purpose="tdm", url=OFFER.url)), Form.PAGE, "en")[1]

    assert (plain["contact"], "license" in plain) == ("rights@photo.example", False)
    assert b"Price" not in without_price


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_of_a_price_has_words(unit: str):
    """In both languages."""
    pages = [render(Refusal(status=402, offer=replace(OFFER, unit=unit)), Form.PAGE, one)[1] for one in ("en", "de")]

    assert all(b"0.01 EUR" in page for page in pages)
    assert pages[0] != pages[1]
