"""Is the whole reservation one value with one name?"""

import json
import re
from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from guard.core.robots_rules import RobotsRules
from guard.errors import ConfigurationError
from guard.reservation import documents
from guard.reservation.offer import Offer
from guard.reservation.statement import Override, Statement

AS_OF = date(2026, 11, 22)
STATEMENT = Statement(holder="Jane Doe", contact="rights@photo.example", base_url="https://photo.example")
PATHS = (Override(path="/press/", train=True, ai_use=False, search=True, tdm=False),)
OFFERS = (Offer(purpose="train", url="https://photo.example/licence", price="0.01", currency="EUR"),)


def render(crawlers, **changes) -> documents.ReservationSet:
    values = {"statement": STATEMENT, "as_of": AS_OF} | changes
    return documents.render(values.pop("statement"), crawlers, **values)


def test_the_documents_are_at_their_paths(crawlers):
    """Seven paths, each with its media type; a path is compared by case and nothing else is ours."""
    rendered = render(crawlers)

    assert {document.path: document.media_type for document in rendered.documents} == {
        "/robots.txt": "text/plain; charset=utf-8",
        "/ai.txt": "text/plain; charset=utf-8",
        "/.well-known/tdmrep.json": "application/json",
        "/.well-known/guard/terms": "text/html; charset=utf-8",
        "/rsl.xml": "application/rsl+xml",
        "/trust.txt": "text/plain; charset=utf-8",
        "/.well-known/trust.txt": "text/plain; charset=utf-8",
    }
    for document in rendered.documents:
        assert rendered.document(document.path) is document
    for path in ("/", "/Robots.txt", "/robots.txt/", "/a/robots.txt", "/.well-known/ai.txt", ""):
        assert rendered.document(path) is None


def test_the_digest_can_be_recomputed_from_the_bodies_by_its_description(crawlers):
    """An independent implementation of RFC 8785 over bodies and lines gives the same manifest and digest."""
    rendered = render(crawlers, statement=replace(STATEMENT, paths=PATHS))
    listed = sorted((d.path, d.media_type, sha256(d.body).hexdigest()) for d in rendered.documents)

    manifest = rfc8785.dumps(
        [
            "crawler-guard reservation",
            2,
            [list(row) for row in listed],
            [list(line) for line in rendered.headers],
            [["/press/", [list(line) for line in rendered.headers_for("/press/a.jpg")]]],
        ]
    )

    assert rendered.manifest == manifest
    assert rendered.digest == sha256(manifest).hexdigest()


def test_the_same_arguments_give_the_same_digest_in_any_order_of_the_catalogue(crawlers):
    """A restart, or a catalogue read in another order, changes no evidence."""
    assert render(crawlers) == render(tuple(reversed(crawlers)))


@pytest.mark.parametrize(
    "changes",
    [
        {"as_of": date(2026, 11, 23)},
        {"disallow": ["/private/"]},
        {"sitemaps": ["https://photo.example/sitemap.xml"]},
        {"statement": Statement(holder="J. Doe", contact="rights@photo.example", base_url="https://photo.example")},
        {"statement": Statement(holder="Jane Doe", contact="x", base_url="https://photo.example")},
        {"statement": Statement(holder="Jane Doe", contact="rights@photo.example")},
        {
            "statement": Statement(
                holder="Jane Doe", contact="rights@photo.example", base_url="https://photo.example", tdm=True
            )
        },
        {"statement": replace(STATEMENT, paths=PATHS)},
        {"statement": replace(STATEMENT, offers=OFFERS)},
        {"statement": replace(STATEMENT, licensor="https://agency.example/")},
        {"statement": replace(STATEMENT, terms_text=(("de", "Eigene Worte."),))},
    ],
    ids=["day", "path", "sitemap", "holder", "contact", "host", "tdm", "album", "offer", "licensor", "own words"],
)
def test_any_change_of_what_is_said_changes_the_digest(crawlers, changes):
    """Two different reservations never have one name."""
    assert render(crawlers, **changes).digest != render(crawlers).digest


def test_a_crawler_more_changes_the_digest(crawlers):
    """The catalogue is part of what is said."""
    assert render((*crawlers, ("NewBot", "ai_training"))).digest != render(crawlers).digest


def test_the_digest_covers_the_order_of_header_lines(crawlers):
    """The manifest lists the lines as they are sent."""
    rendered = render(crawlers)

    assert [tuple(line) for line in json.loads(rendered.manifest)[3]] == list(rendered.headers)


def test_a_path_with_answers_of_its_own_has_lines_of_its_own(crawlers):
    """What a response says depends on its path, and so does who is kept out of it."""
    rendered = render(crawlers, statement=replace(STATEMENT, paths=PATHS))

    inside, outside = (dict(rendered.headers_for(path))["Content-Usage"] for path in ("/press/a.jpg", "/a.jpg"))
    assert (inside, outside) == ("train-ai=y, ai-use=n, search=y", "train-ai=n, ai-use=n, search=y")
    assert rendered.headers_for("/press") == rendered.headers
    told = RobotsRules.parse(rendered.document("/robots.txt").body)
    assert told.forbids("gptbot", "/a.jpg")
    assert not told.forbids("gptbot", "/press/a.jpg")
    assert told.forbids("chatgpt-user", "/press/a.jpg")


def test_the_policy_for_machines_exists_only_with_an_offer(crawlers):
    """And then TDMRep names it, while people still find the terms."""
    plain, offering = render(crawlers), render(crawlers, statement=replace(STATEMENT, offers=OFFERS))

    assert plain.document("/.well-known/guard/policy.json") is None
    assert offering.document("/.well-known/guard/policy.json").media_type == "application/ld+json"
    assert dict(offering.headers)["tdm-policy"] == "https://photo.example/.well-known/guard/policy.json"
    assert offering.terms_url == plain.terms_url == dict(plain.headers)["tdm-policy"]
    assert dict(offering.headers)["tdm-reservation"] == "1"


URLS = st.one_of(
    st.text(max_size=60),
    st.text(max_size=30).map("https://photo.example/".__add__),
    st.lists(st.sampled_from(["/", "\r\n", " ", '"', "<", "%41", "'", "#", "?x=", "*"]), max_size=6)
    .map("".join)
    .map("https://photo.example".__add__),
)


def _lines(rendered: documents.ReservationSet) -> list[str]:
    return rendered.document("/robots.txt").body.decode("ascii").split("\n")


@given(words=st.text(max_size=100), base_url=URLS, terms_url=URLS)
def test_no_value_adds_a_line_a_rule_or_a_header(words, base_url, terms_url):
    """What can not be said safely is refused; what is accepted keeps the shape of every document."""
    try:
        statement = Statement(holder=f"J {words}", contact=words, base_url=base_url, terms_url=terms_url)
    except ConfigurationError:
        return
    calm, rendered = (documents.render(s, (("GPTBot", "ai_training"),), as_of=AS_OF) for s in (STATEMENT, statement))

    assert [name for name, _ in rendered.headers] == [name for name, _ in calm.headers]
    assert all(value.isascii() and value.isprintable() for _, value in rendered.headers)
    for path in ("/robots.txt", "/ai.txt"):
        quiet, loud = (found.document(path).body.decode("ascii").split("\n") for found in (calm, rendered))
        assert [line for line in loud if not line.startswith(("#", "License: "))] == [
            line for line in quiet if not line.startswith(("#", "License: "))
        ]
        assert len(loud) == len(quiet) - (2 if path == "/robots.txt" and not base_url else 0)
    assert all(re.fullmatch(r"License: https?://\S+/rsl\.xml", line) for line in _lines(rendered) if line[:3] == "Lic")
    tree, quiet_tree = (etree.fromstring(found.document("/rsl.xml").body) for found in (rendered, calm))
    assert [one.tag for one in tree.iter()] == [one.tag for one in quiet_tree.iter()]
    (rule,) = json.loads(rendered.document("/.well-known/tdmrep.json").body)
    assert rule == {"location": "/", "tdm-reservation": 1, "tdm-policy": statement.policy_url}
