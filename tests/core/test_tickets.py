"""What opens with a ticket, for whom, how long, and what does it give away?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from guard.core.classification import TicketState
from guard.core.facts import Kind
from guard.core.policy import Action, Condition, Policy, Rule
from guard.core.response import Admit, Shrink, plan
from guard.core.tickets import COOKIE, AskedFor, opened_by_itself, seal, worth
from tests.support.facts import request, seen

KEY, OTHER = bytes(range(32)), bytes(32)
HOURS = 24
IN_PAGE = {"sec_fetch_site": "same-origin", "sec_fetch_dest": "image"}


def bearing(ticket, *, later=timedelta(), **more):
    facts = request(cookie=f"a=1; {COOKIE}={ticket}; b=2", **more)
    return replace(facts, at=facts.at + later)


def state(facts, keys=(KEY,)):
    return worth(keys, facts, HOURS).state


def test_a_ticket_opens_until_it_is_too_old():
    """A new one is due in the second half of its life; one from tomorrow is none."""
    ticket = seal(KEY, request())

    assert worth((KEY,), bearing(ticket), HOURS).due is False
    assert worth((KEY,), bearing(ticket, later=timedelta(hours=12)), HOURS).due is True
    assert state(bearing(ticket, later=timedelta(hours=23))) is TicketState.VALID
    assert state(bearing(ticket, later=timedelta(hours=24))) is TicketState.MISSING
    assert state(bearing(ticket, later=timedelta(hours=-1))) is TicketState.MISSING


def test_everybody_near_has_the_same_ticket_in_an_hour():
    """So it can tell nobody apart: neither user agent nor address stand in it, only the network's seal."""
    one = seal(KEY, request(user_agent="a", address="192.0.2.7"))
    neighbour = request(user_agent="b", address="192.0.2.250", path="/other.jpg")

    assert seal(KEY, replace(neighbour, at=neighbour.at + timedelta(minutes=50))) == one
    assert len(one) < 50


@pytest.mark.parametrize(
    ("more", "opens"),
    [
        ({}, False),
        ({"sec_fetch_dest": "document", "sec_fetch_site": "same-origin"}, False),
        ({"sec_fetch_dest": "image", "sec_fetch_site": "cross-site"}, False),
        (IN_PAGE, True),
        ({"sec_fetch_dest": "image", "sec_fetch_site": "same-site"}, True),
        ({"referer": "https://photo.example/album/"}, True),
        ({"referer": "https://elsewhere.example/photo.example"}, False),
    ],
)
def test_from_another_network_a_ticket_opens_what_a_page_shows(more, opens):
    """A telephone that leaves the house; a ticket that is handed around opens nothing by itself."""
    facts = bearing(seal(KEY, request()), address="198.51.100.9", **more)

    found = worth((KEY,), facts, HOURS)

    assert found.state is (TicketState.VALID if opens else TicketState.MISSING)
    assert found.due is True


def test_a_neighbour_in_the_same_network_is_near():
    """IPv4 /24, IPv6 /48."""
    assert state(bearing(seal(KEY, request()), address="192.0.2.99")) is TicketState.VALID
    six = seal(KEY, request(address="2001:db8:1:2::3"))
    assert state(bearing(six, address="2001:db8:1:ffff::9")) is TicketState.VALID
    assert state(bearing(six, address="2001:db8:2::3")) is TicketState.MISSING


def test_a_ticket_of_another_site_or_key_is_none():
    """Nor one that somebody has changed, in any place."""
    ticket = seal(KEY, request())

    assert state(bearing(ticket, host="other.example"), (KEY,)) is TicketState.MISSING
    assert state(bearing(ticket, **IN_PAGE), (OTHER,)) is TicketState.MISSING
    assert state(bearing(ticket), (OTHER, KEY)) is TicketState.VALID
    for place, letter in enumerate(ticket):
        changed = ticket[:place] + ("A" if letter != "A" else "B") + ticket[place + 1 :]
        near = state(bearing(changed))
        assert near is TicketState.MISSING, place
    for nonsense in ("", "1", "1.2.3", ticket + "A", ticket.replace("1.", "2.", 1), "1." + "9" * 5000, "\u0661." * 4):
        assert state(bearing(nonsense, **IN_PAGE)) is TicketState.MISSING


def test_the_best_of_several_cookies_counts():
    """A path or an old host may have left another of the name."""
    ticket = seal(KEY, request())

    assert state(request(cookie=f"{COOKIE}=old; {COOKIE}={ticket}")) is TicketState.VALID
    assert state(request(cookie=f"x{COOKIE}={ticket}")) is TicketState.MISSING


def test_a_weak_key_is_refused():
    """Better no tickets than such."""
    with pytest.raises(ValueError, match="too short"):
        seal(b"short", request())


@pytest.mark.parametrize(
    ("headers", "itself"),
    [
        ({"sec_fetch_dest": "document", "accept": "text/html"}, True),
        ({"sec_fetch_dest": "image", "accept": "text/html"}, False),
        ({"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, True),
        ({"accept": "image/avif,*/*"}, False),
        ({"accept": "*/*"}, False),
        ({}, False),
    ],
)
def test_only_who_reads_pages_is_sent_one(headers, itself):
    """img2dataset, wget and a page's own pictures get a picture."""
    assert opened_by_itself(request(**headers)) is itself


WITHOUT = Rule(
    id="t",
    when=Condition(ticket=frozenset({"missing"}), kind=frozenset({"original"}), path=("/albums/",)),
    action=Action.PREVIEW,
)
DEFAULT = Rule(id="default", when=Condition(), action=Action.ALLOW)
POLICY = Policy(name="p", rules=(WITHOUT, DEFAULT), content=b"", digest="0")


@pytest.mark.parametrize(
    ("path", "kind", "concerned"),
    [("/albums/a.jpg", Kind.ORIGINAL, True), ("/albums/a.jpg", Kind.IMAGE, False), ("/a.jpg", Kind.ORIGINAL, False)],
)
def test_what_a_rule_wants_a_ticket_for_is_known(path, kind, concerned):
    """Whoever asks: a picture sent to a search engine must not lie in a cache for everybody either."""
    assert AskedFor(POLICY).concerns(request(path), seen(kind)) is concerned
    assert not AskedFor(replace(POLICY, rules=(DEFAULT,))).concerns(request(path), seen(kind))


def test_a_page_comes_only_in_place_of_a_smaller_picture(decision):
    """For GET and HEAD of a picture opened by itself; a refusal stays one, and what is private stays as it is."""
    opened = request(accept="text/html")

    assert plan(decision, opened, seen(Kind.ORIGINAL)) == Admit()
    assert plan(replace(decision, action=Action.MARK), opened, seen(Kind.ORIGINAL)) == Admit()
    assert isinstance(plan(decision, request(accept="*/*"), seen(Kind.ORIGINAL)), Shrink)
    assert isinstance(plan(decision, request(accept="text/html", method="POST"), seen(Kind.ORIGINAL)), Shrink)
    assert isinstance(plan(replace(decision, by_ticket=False), opened, seen(Kind.ORIGINAL)), Shrink)
    assert plan(decision, opened, None) != Admit()
    for response in (replace(seen(Kind.ORIGINAL), hands_off=True), seen(Kind.PAGE)):
        assert plan(decision, opened, response) != Admit()
    assert plan(replace(decision, action=Action.REFUSE), opened, seen(Kind.ORIGINAL)) != Admit()


@pytest.fixture
def decision():
    from guard.core.crawlers import Purpose
    from guard.core.policy import Decision, decide
    from tests.support.facts import who

    asked = replace(who(Purpose.BROWSER, crawler=None), ticket=TicketState.MISSING)
    decided = decide(POLICY, request("/albums/a.jpg"), asked, seen(Kind.ORIGINAL))
    assert isinstance(decided, Decision)
    assert decided.by_ticket
    return decided
