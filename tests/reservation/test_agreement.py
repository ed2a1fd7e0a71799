"""Do all carriers of the reservation give the same answers, for every possible statement?

Each carrier is read back by a reader that does not share code with what wrote it, into the
questions that it can answer (`tests/support/carriers.py`). `True` means permitted.
"""

import itertools
import json
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.reservation import documents, html
from guard.reservation.documents import ReservationSet
from guard.reservation.offer import PURPOSES, Offer
from guard.reservation.statement import Override, Statement
from tests.reservation.conftest import CRAWLERS
from tests.support.carriers import QUESTIONS, READERS, WITHOUT_PATHS, Answers, body, head

STANCES = [dict(zip(QUESTIONS, row, strict=True)) for row in itertools.product((False, True), repeat=4)]
SOME = tuple(
    one for one in CRAWLERS if one[0] in {"GPTBot", "CCBot", "ImagesiftBot", "FirecrawlAgent", "OAI-SearchBot",
                                          "ChatGPT-User", "NovaAct", "Claude-Code", "Googlebot", "bingbot", "Applebot"}
)  # fmt: skip
"""Of the catalogue; enough for a statement, and quick to render."""


def rendered_of(statement: Statement) -> ReservationSet:
    return documents.render(statement, SOME, as_of=date(2026, 11, 22))


def expected(stances: Answers, answers: Answers) -> Answers:
    """What a reader should have found, for the questions that it answers."""
    truth = stances | {"any": all(stances.values())}
    return {question: truth[question] for question in answers}


def disagreements(rendered: ReservationSet, path: str, stances: Answers) -> Iterator[tuple[str, Answers, Answers]]:
    for name, read in (READERS | WITHOUT_PATHS).items():
        answers = read(rendered, path)
        assert answers, name
        if answers != (wanted := expected(stances, answers)):
            yield name, answers, wanted


@pytest.mark.parametrize("offered", [False, True], ids=["", "offered"])
@pytest.mark.parametrize("stances", STANCES, ids=lambda stances: "".join("ny"[v] for v in stances.values()))
def test_every_carrier_gives_the_statements_answers(stances: Answers, offered: bool):
    """Sixteen statements, nineteen carriers, one truth; and with everything reserved on offer none of it changes."""
    offers = tuple(
        Offer(purpose=purpose, url="https://photo.example/licence", price="0.01", currency="EUR", unit="crawl")
        for purpose in PURPOSES
        if offered and not stances[purpose]
    )
    statement = Statement(holder="Jane Doe", base_url="https://photo.example", offers=offers, **stances)

    assert list(disagreements(rendered_of(statement), "/a.jpg", stances)) == []


def test_every_question_is_answered_by_many_carriers():
    """The matrix would be green as well if the readers found nothing."""
    rendered = rendered_of(Statement(holder="Jane Doe", base_url="https://photo.example"))
    found = {name: read(rendered, "/a.jpg") for name, read in (READERS | WITHOUT_PATHS).items()}

    counts = {question: sum(question in answers for answers in found.values()) for question in (*QUESTIONS, "any")}

    assert counts == {"train": 16, "ai_use": 14, "search": 13, "tdm": 7, "any": 3}


ROW = st.sampled_from(STANCES)


@given(site=ROW, album=ROW, inner=ROW)
def test_a_path_with_answers_of_its_own_is_read_alike(site: Answers, album: Answers, inner: Answers):
    """Readers that know paths find the answers of the path, an album within an album included."""
    paths = (Override(path="/press/", **album), Override(path="/press/new/", **inner))
    rendered = rendered_of(Statement(holder="Jane Doe", base_url="https://photo.example", paths=paths, **site))

    for path, truth in (("/a.jpg", site), ("/press/a.jpg", album), ("/press/new/a.jpg", inner)):
        for name, read in READERS.items():
            answers = read(rendered, path)
            assert answers == expected(truth, answers), (name, path)


@given(site=ROW, album=ROW)
def test_what_names_no_path_is_never_milder_than_a_path(site: Answers, album: Answers):
    """A reader of the robots.txt signals or of trust.txt is nowhere told a permission that is not given."""
    statement = Statement(
        holder="Jane Doe", base_url="https://photo.example", paths=(Override(path="/press/", **album),), **site
    )
    rendered = rendered_of(statement)

    for name, read in WITHOUT_PATHS.items():
        answers = read(rendered, "/a.jpg") if any(site.values()) or name == "trust.txt" else {}
        for question, permitted in answers.items():
            assert not permitted or (site[question] and album[question]), name
    reserved = {question for question in ("train", "ai_use", "search") if not site[question]}
    assert reserved <= {
        q for q, permitted in WITHOUT_PATHS["robots.txt Content-Usage"](rendered, "/").items() if not permitted
    }


@pytest.mark.parametrize("stances", STANCES, ids=lambda stances: "".join("ny"[v] for v in stances.values()))
def test_the_policy_for_machines_is_an_offer_to_negotiate(stances: Answers):
    """Where something reserved is on offer, TDMRep's policy has the shape of the profile, and duties before its use."""
    offers = tuple(
        Offer(purpose=purpose, url="https://photo.example/licence") for purpose in PURPOSES if not stances[purpose]
    )
    rendered = rendered_of(Statement(holder="J", base_url="https://photo.example", offers=offers, **stances))
    if not offers:
        assert rendered.document("/.well-known/guard/policy.json") is None
        return

    policy = json.loads(body(rendered, "/.well-known/guard/policy.json"))

    assert policy["@context"] == ["http://www.w3.org/ns/odrl.jsonld", "http://www.w3.org/ns/tdmrep.jsonld"]
    assert (policy["@type"], policy["profile"]) == ("Offer", "http://www.w3.org/ns/tdmrep")
    assert not policy.keys() & {"prohibition", "obligation"}
    assert type(policy["assigner"]) is dict
    for permission in policy["permission"]:
        assert permission["action"] == "tdm:mine"
        assert {"action": "obtainConsent"} in permission["duty"]
    (rule,) = json.loads(body(rendered, "/.well-known/tdmrep.json"))
    assert (rule["tdm-reservation"], rule["tdm-policy"]) == (1, policy["uid"])


def test_the_pictures_licence_is_where_the_policy_is():
    """What a search engine shows as the licence is the page that every other carrier names."""
    statement = Statement(holder="Jane Doe", base_url="https://photo.example", licensor="https://agency.example/jane")
    rendered = rendered_of(statement)

    (script,) = head(rendered, "/").xpath("/html/head/script[@type='application/ld+json']/text()")
    described = json.loads(script)

    assert described == {
        "@context": "https://schema.org/",
        "@type": "ImageObject",
        "license": "https://photo.example/.well-known/guard/terms",
        "acquireLicensePage": "https://agency.example/jane",
        "usageInfo": "https://photo.example/.well-known/guard/terms",
        "creator": {"@type": "Person", "name": "Jane Doe"},
        "creditText": "Jane Doe",
        "copyrightNotice": "© Jane Doe",
    }
    assert html.json_ld(statement).isascii()
