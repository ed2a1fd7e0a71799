"""What do tickets change in the head of an answer, and who needs none?"""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, Counter

from guard.core.classification import Identity, TicketState
from guard.core.crawlers import Purpose
from guard.core.facts import Kind
from guard.core.licence import LicenceState, LicenceVerdict
from guard.core.policy import decide
from guard.server.tickets import TicketOptions, Tickets
from tests.core.test_tickets import POLICY
from tests.support.facts import request, seen, who

OPTIONS = TicketOptions(embedders=("blog.example", "*.friends.example"))


@pytest.fixture
def tickets():
    return Tickets([bytes(32)], OPTIONS, POLICY, Counter("t", "…", ("site", "result"), registry=CollectorRegistry()))


def exchange(kind, *, state=TicketState.MISSING, due=True, path="/albums/a.jpg", **headers):
    facts = request(path, **headers)
    client = replace(who(Purpose.BROWSER, crawler=None), ticket=state)
    decided = decide(POLICY, facts, client, seen(kind))
    return SimpleNamespace(
        facts=facts, who=client, kind=kind, seen=seen(kind), decided=decided, ticket_due=due,
        site=SimpleNamespace(host="photo.example"),
    )  # fmt: skip


def caching(headers):
    return {name.lower(): value for name, value in headers if name.lower() != "set-cookie"}


@pytest.mark.parametrize(
    ("said", "page", "picture"),
    [
        (None, "private, no-cache", "private"),
        ("public, max-age=31536000, immutable", "private, no-cache", "private, max-age=31536000, immutable"),
        ("s-maxage=600, max-age=60, stale-while-revalidate=5", "private, no-cache", "private, max-age=60, stale-while-"
         "revalidate=5"),
        ("no-store", "private, no-cache, no-store", "private, no-store"),
        ('private="x-a, x-b", max-age=5, no-transform', "private, no-cache, no-transform", "private, max-age=5, "
         "no-transform"),
        ("no-cache, must-revalidate", "private, no-cache, must-revalidate", "private, no-cache, must-revalidate"),
    ],
)  # fmt: skip
def test_no_shared_cache_keeps_a_page_or_an_original(tickets, said, page, picture):
    """A browser may keep the original; a page it asks for anew, since only we give tickets."""
    lines = (("Expires", "soon"), ("CDN-Cache-Control", "max-age=9"), *((("Cache-Control", said),) if said else ()))

    of_page = caching(tickets.dressed(exchange(Kind.PAGE), 200, lines))
    of_picture = caching(tickets.dressed(exchange(Kind.ORIGINAL, state=TicketState.VALID), 200, lines))

    assert of_page == {"cache-control": page}
    assert of_picture == {"cache-control": picture, "expires": "soon"}


def test_what_no_rule_wants_a_ticket_for_stays_as_it_is(tickets):
    """Thumbnails, styles, other albums, other methods, errors."""
    lines = (("Cache-Control", "public, max-age=9"),)

    for one, status in (
        (exchange(Kind.THUMBNAIL), 200),
        (exchange(Kind.OTHER), 200),
        (exchange(Kind.ORIGINAL, path="/press/a.jpg"), 206),
        (exchange(Kind.PAGE), 404),
    ):
        assert tickets.dressed(one, status, lines) == lines
    posted = exchange(Kind.PAGE)
    posted.facts = replace(posted.facts, method="POST")
    assert tickets.dressed(posted, 200, lines) == lines


def test_a_smaller_picture_is_asked_for_anew_with_a_ticket(tickets):
    """The browser must not show the preview that it got before."""
    lines = (("Cache-Control", "private, max-age=3600"), ("Vary", "User-Agent"))

    found = tickets.dressed(exchange(Kind.ORIGINAL), 200, lines)

    assert found == (("Vary", "User-Agent"), ("Cache-Control", "private, no-cache"), ("Vary", "Cookie"))


def given(headers):
    return [value for name, value in headers if name == "Set-Cookie"]


def test_pages_give_tickets_and_pictures_renew_them(tickets):
    """Where one is due; never to who names itself a crawler, and to nobody who was refused the page."""
    [line] = given(tickets.dressed(exchange(Kind.PAGE), 200, ()))
    assert line.startswith("guard_view=1.")
    assert line.endswith("; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure")
    assert given(tickets.dressed(exchange(Kind.PAGE), 304, ()))
    assert given(tickets.dressed(exchange(Kind.ORIGINAL, state=TicketState.VALID), 200, ()))
    assert not given(tickets.dressed(exchange(Kind.ORIGINAL), 200, ()))
    assert not given(tickets.dressed(exchange(Kind.PAGE, due=False), 200, ()))
    assert not given(tickets.dressed(exchange(Kind.PAGE), 302, ()))
    crawler = exchange(Kind.PAGE)
    crawler.who = who(Purpose.SEARCH_ENGINE)
    assert not given(tickets.dressed(crawler, 200, ()))
    revalidated = exchange(Kind.UNKNOWN, accept="text/html")
    assert given(tickets.dressed(revalidated, 304, ()))


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({}, TicketState.MISSING),
        ({"referer": "https://blog.example/post"}, TicketState.NOT_ASKED),
        ({"referer": "https://BLOG.example:8443/post"}, TicketState.NOT_ASKED),
        ({"origin": "https://a.friends.example"}, TicketState.NOT_ASKED),
        ({"referer": "https://evil.example/blog.example"}, TicketState.MISSING),
        ({"referer": "https://blog.example@evil.example/"}, TicketState.MISSING),
        ({"referer": "https://notfriends.example/"}, TicketState.MISSING),
    ],
)
def test_sites_that_the_owner_names_may_show_originals(tickets, more, state):
    """By Referer or Origin, and only the host counts."""
    assert tickets.look(request(**more), who(Purpose.BROWSER, crawler=None), own=False).state is state


def test_search_engines_that_are_verified_and_licensees_need_none(tickets):
    """And the guard itself; a claim that is not verified does."""
    search = who(Purpose.SEARCH_ENGINE, identity=Identity.VERIFIED)
    person = who(Purpose.BROWSER, crawler=None)

    assert tickets.look(request(), search, own=False).state is TicketState.NOT_ASKED
    assert tickets.look(request(), person, own=True).state is TicketState.NOT_ASKED
    licensed = replace(person, licence=LicenceVerdict(state=LicenceState.VALID))
    assert tickets.look(request(), licensed, own=False).state is TicketState.NOT_ASKED
    assert tickets.look(request(), who(Purpose.SEARCH_ENGINE), own=False).state is TicketState.MISSING
    assert tickets.look(request(), who(Purpose.SEO, identity=Identity.VERIFIED), own=False).state is TicketState.MISSING
