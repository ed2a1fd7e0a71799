"""Is rsl.xml conformant, and does nothing in it give away what is reserved?"""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from guard.reservation import rsl
from guard.reservation.offer import UNITS, Offer
from guard.reservation.statement import Override, Statement
from tests.support.carriers import RSL, rsl_tree

STANCES = [
    dict(zip(("train", "ai_use", "search", "tdm"), row, strict=True))
    for row in itertools.product((True, False), repeat=4)
]


def licences(**values: object) -> list[tuple[str, str, str]]:
    """Return what each licence permits, prohibits and costs."""
    root = rsl_tree(rsl.render(Statement(base_url="https://photo.example", **values)))
    found = []
    for one in root.iter(f"{RSL}license"):
        payment = one.find(f"{RSL}payment")
        price = (
            "" if payment is None else " ".join([payment.get("type", ""), *(str(text) for text in payment.itertext())])
        )
        found.append(
            (one.findtext(f"{RSL}permits") or "", one.findtext(f"{RSL}prohibits") or "", " ".join(price.split()))
        )
    return found


def test_the_file_is_this():
    """The defaults, byte for byte."""
    statement = Statement(holder="Jane & Co", contact="rights@photo.example", base_url="https://photo.example")

    assert (
        rsl.render(statement).decode()
        == """\
<?xml version="1.0" encoding="UTF-8"?>
<rsl xmlns="https://rslstandard.org/rsl" max-age="1">
  <content url="/">
    <license>
      <permits type="usage">search</permits>
      <prohibits type="usage">ai-all</prohibits>
    </license>
    <copyright contactEmail="rights@photo.example">Jane &amp; Co</copyright>
    <terms>https://photo.example/.well-known/guard/terms</terms>
  </content>
</rsl>
"""
    )


@pytest.mark.parametrize(
    ("stances", "expected"),
    [
        ({}, ("search", "ai-all", "")),
        ({"ai_use": True}, ("ai-input ai-index search", "ai-train", "")),
        ({"search": False}, ("", "all", "")),
        ({"tdm": True}, ("all", "ai-train ai-input ai-index", "")),
        ({"train": True, "ai_use": True}, ("ai-train ai-input ai-index search", "", "")),
        ({"train": True, "ai_use": True, "tdm": True}, ("all", "", "")),
    ],
)
def test_a_licence_without_a_price_names_what_is_free_and_no_more(stances, expected):
    """A closed list; only a licence that prohibits everything has none."""
    assert licences(**stances) == [expected]


@pytest.mark.parametrize("stances", STANCES, ids=str)
@pytest.mark.parametrize("unit", ["", *UNITS])
def test_an_offer_always_costs_and_nothing_else_becomes_free(stances, unit):
    """Without a payment it would be free (section 3.7), without a closed list everything else would be."""
    offers = tuple(
        Offer(purpose=purpose, url="https://photo.example/l?a=1&b=2", unit=unit)
        for purpose in ("train", "ai_use", "tdm")
        if not stances[purpose]
    )

    for permits, prohibits, price in licences(offers=offers, **stances):
        assert permits or prohibits == "all"
        assert (not price) or (price.endswith("https://photo.example/l?a=1&b=2") and "free" not in price)


def test_a_price_is_written_only_where_the_owner_gave_one():
    """An amount with its currency, in what RSL calls the payment's type."""
    offer = Offer(purpose="train", url="https://a.example/", price="0.01", currency="EUR", unit="crawl")

    assert licences(offers=(offer,)) == [
        ("search", "ai-input ai-index", ""),
        ("ai-train", "", "crawl 0.01 https://a.example/"),
    ]
    assert licences(offers=(Offer(purpose="ai_use", url="https://a.example/"),))[1] == (
        "ai-input ai-index", "", "use https://a.example/",
    )  # fmt: skip


def test_where_nothing_is_free_the_prohibitions_stand_in_the_offer():
    """A licence of prohibitions alone would license the rest."""
    assert licences(search=False, offers=(Offer(purpose="train", url="https://a.example/"),)) == [
        ("ai-train", "ai-input ai-index search", "training https://a.example/")
    ]


def test_a_path_with_answers_of_its_own_is_a_scope_before_the_site():
    """More specific scopes first, each with the terms."""
    paths = (Override(path="/press/", train=True, ai_use=True, search=True, tdm=True),)
    root = rsl_tree(rsl.render(Statement(paths=paths)))

    assert [one.get("url") for one in root.iter(f"{RSL}content")] == ["/press/", "/"]


@given(holder=st.text(max_size=60), contact=st.text(max_size=60))
def test_no_name_makes_the_file_void(holder: str, contact: str):
    """Whatever somebody is called, the file is XML and keeps its elements."""
    root = rsl_tree(rsl.render(Statement(holder=f"J{holder}", contact=contact)))

    assert [etree.QName(one).localname for one in root.iter()] == [
        "rsl", "content", "license", "permits", "prohibits", "copyright", "terms",
    ]  # fmt: skip
