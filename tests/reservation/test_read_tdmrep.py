"""tdmrep.json is read as strict readers do: one wrong rule, and the file says nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.reservation.read_tdmrep import read_policy, read_tdmrep
from guard.reservation.reading import Answer, Question

WHERE = "https://photo.example/.well-known/tdmrep.json"
RULE = {"location": "/", "tdm-reservation": 1}


def read(document: object, *paths: str):
    return read_tdmrep(json.dumps(document).encode(), WHERE, paths or ("/a.jpg",))[0]


def test_the_first_rule_that_matches_wins():
    """In file order, not by length."""
    rules = [{"location": "/free/*.jpg$", "tdm-reservation": 0}, RULE]

    assert read(rules, "/free/a.jpg").answers[Question.TDM] is Answer.PERMITTED
    assert read(rules, "/b.jpg").answers[Question.TDM] is Answer.RESERVED
    assert read(rules, "/free/a.jpg", "/b.jpg").answers[Question.TDM] is Answer.RESERVED


@pytest.mark.parametrize(
    ("document", "flaw"),
    [
        ({"version": "1.0", "policies": [RULE]}, "tdmrep-is-object"),
        ([{"location": "/", "tdm-reservation": "1"}], "tdmrep-not-a-number"),
        ([{"location": "/", "tdm-reservation": True}], "tdmrep-not-a-number"),
        ([{"location": "/", "tdm-reservation": 2}], "tdmrep-not-a-number"),
        (["text"], "tdmrep-not-a-number"),
        ([{"tdm-reservation": 1}], "tdmrep-location"),
        ([{"location": "img/", "tdm-reservation": 1}], "tdmrep-location"),
        ([RULE, {"location": "/b", "tdm-reservation": "x"}], "tdmrep-not-a-number"),
        ([], "tdmrep-empty"),
    ],
)
def test_what_is_not_the_format_says_nothing(document: object, flaw: str):
    """And what is wrong with it is named."""
    reading = read(document)

    assert not reading.readable
    assert reading.answers == {}
    assert flaw in {one.id for one in reading.flaws}


def test_a_path_without_a_rule_is_unset():
    """No rule is neither a reservation nor a permission."""
    reading = read([{"location": "/img/", "tdm-reservation": 1}], "/img/a.jpg", "/other/")

    assert reading.answers[Question.TDM] is Answer.RESERVED
    assert [(one.id, one.detail) for one in reading.flaws] == [("tdmrep-path-unsaid", "/other/")]


def test_a_policy_for_machines_is_an_offer_and_one_for_people_is_a_page():
    """Only what calls itself JSON is held to the profile."""
    offer = {
        "@context": ["http://www.w3.org/ns/odrl.jsonld", "http://www.w3.org/ns/tdmrep.jsonld"],
        "@type": "Offer",
        "profile": "http://www.w3.org/ns/tdmrep",
        "assigner": {"uid": "https://photo.example"},
        "permission": [{"target": "https://photo.example/", "action": "tdm:mine"}],
    }

    assert read_policy(json.dumps(offer).encode(), "application/ld+json", WHERE).flaws == ()
    assert read_policy(b"<html>", "text/html", WHERE).flaws == ()
    del offer["assigner"]
    flaws = read_policy(json.dumps(offer).encode(), "application/json", WHERE).flaws
    assert [(one.id, one.detail) for one in flaws] == [("policy-not-an-offer", "assigner")]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.sampled_from(["location", "tdm-reservation"]), one),
)


@given(st.binary(max_size=200) | st.builds(lambda value: json.dumps(value).encode(), VALUES))
def test_any_bytes_are_read(body: bytes):
    """A stranger's file never ends the audit."""
    assert read_tdmrep(body, WHERE, ("/",))[0].where == WHERE
    assert read_policy(body, "application/json", WHERE).where == WHERE


def test_deep_nesting_is_not_read():
    """Python gives up on it, and says so."""
    assert read_tdmrep(b"[" * 200_000, WHERE, ("/",))[0].flaws[0].id == "tdmrep-not-json"
