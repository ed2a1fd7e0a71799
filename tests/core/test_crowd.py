"""Who is a member of a crowd, and when does it speak?"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.behaviour import Past
from guard.core.crowd import DAY, LIMITS, Coming, Group, Usual, coming_of, speaks
from guard.core.facts import Kind
from guard.core.observation import Answered
from tests.support.captures import FULL, START, capture, judge, names

WALK = {"originals": 200.0, "clients": 100.0, "requests": 200.0, "newcomers": 100.0, "usual": 0.0}
PICTURE = Answered(kind=Kind.ORIGINAL, status=200)


def comings(requests, *, declared=False):
    """Return how the client was believed to come to each picture of display size and up."""
    judged, record, found = judge(), None, []
    for at, facts, answered in requests:
        seen = judged.look(facts, START + at, declared=declared)
        record, _ = judged.at_request(record, seen)
        if answered.kind in FULL:
            came = coming_of(Past.from_bytes(record, START), seen)
            found.append(came and came[0])
        record, _ = judged.after_response(record, seen, answered)
    return found


def changed(name, **lines):
    """Return the head of the first picture in a capture with lines changed, or left out where None."""
    facts = next(facts for _, facts, answered in capture(name).requests if answered.kind in FULL)
    lines = {key.replace("_", "-"): value for key, value in lines.items()}
    kept = [line for line in facts.headers if line[0].lower() not in lines]
    return replace(facts, headers=(*kept, *((key, value) for key, value in lines.items() if value is not None)))


@pytest.mark.parametrize("name", [name for name in names("person") if "slides" in name or "gallery" in name])
def test_whoever_saw_a_page_is_in_no_crowd(name):
    """Not even at the first picture."""
    assert set(comings(capture(name).requests)) <= {None}


@pytest.mark.parametrize("name", ["tool-curl", "tool-curl-cffi-chrome", "tool-img2dataset", "tool-curl-copied"])
def test_a_tool_that_takes_pictures_only_comes_alone(name):
    """Whatever lines it sends; a foreign page in lines that no browser sends is not believed."""
    assert set(comings(capture(name).requests[:5])) == {Coming.ALONE}


def test_who_says_to_come_from_a_page_of_ours_must_have_seen_one():
    """As a browser says it, and with a Referer alone."""
    assert comings([(0, changed("person-slides"), PICTURE)]) == [Coming.UNBACKED]
    assert comings([(0, changed("tool-curl-copied-own"), PICTURE)]) == [Coming.UNBACKED]


@pytest.mark.parametrize(
    ("lines", "coming"),
    [
        ({"sec_fetch_site": "cross-site", "referer": "https://forum.example/"}, None),
        ({"sec_fetch_site": "cross-site", "referer": None}, None),
        ({"sec_fetch_site": "none", "referer": None}, Coming.ALONE),
        ({"sec_purpose": "prefetch"}, None),
    ],
)
def test_whom_another_site_led_here_is_in_no_crowd(lines, coming):
    """Hotlinks and searches for pictures: the browser says so, with or without a name."""
    assert comings([(0, changed("person-slides", **lines), PICTURE)]) == [coming]


def test_a_browser_too_old_to_attest_where_it_comes_from_says_that_it_was_led():
    """Chrome 68 with a search engine's name in Referer; without TLS no browser attests it, and nobody is meant."""
    old = "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/68.0.3440.106 Safari/537.36"
    facts = changed("tool-requests-copied-headers", user_agent=old)

    assert comings([(0, facts, PICTURE)]) == [Coming.LED]
    assert comings([(0, replace(facts, scheme="http"), PICTURE)]) == [None]


def test_declared_crawlers_and_other_methods_are_not_meant():
    """The former are judged by what they say, and a HEAD takes nothing."""
    facts = changed("tool-curl")
    assert comings([(0, facts, PICTURE)], declared=True) == [None]
    assert comings([(0, replace(facts, method="HEAD"), PICTURE)]) == [None]


def test_a_page_that_is_still_being_sent_counts():
    """A browser asks for the pictures of a page before its last byte is there."""
    judged = judge()
    page = judged.look(next(f for _, f, a in capture("person-slides").requests if a.kind is Kind.PAGE), START)
    record, _ = judged.at_request(None, page)
    assert coming_of(Past.from_bytes(record, START), page) == (Coming.ALONE, True)
    seen = judged.look(changed("person-slides"), START)
    record, _ = judged.at_request(record, seen)

    assert coming_of(Past.from_bytes(record, START), seen) is None


def test_only_the_first_request_is_a_newcomers():
    """The second picture is taken by somebody who is known."""
    judged = judge()
    seen = judged.look(changed("tool-curl"), START)
    record, _ = judged.at_request(None, seen)
    assert coming_of(Past.from_bytes(record, START), seen) == (Coming.ALONE, True)
    record, _ = judged.after_response(record, seen, PICTURE)
    record, _ = judged.at_request(record, seen)
    assert coming_of(Past.from_bytes(record, START), seen) == (Coming.ALONE, False)


@pytest.mark.parametrize("group", Group)
def test_a_walk_speaks(group):
    """Nearly as many pictures as members, most of them new, more than usual."""
    assert speaks(group, **WALK)


CALM = {
    "a link that goes round, a feed": lambda _: {"originals": 40.0},
    "the same clients come again": lambda limit: {"newcomers": 200 * limit.new - 1},
    "one client, or a few": lambda limit: {"clients": limit.clients - 1},
    "what the site is used to": lambda _: {"usual": 210.0},
    "few pictures": lambda limit: {"originals": limit.originals - 1, "clients": limit.clients},
    "few in an hour": lambda limit: {"requests": limit.requests - 1},
}


@pytest.mark.parametrize("calm", CALM)
@pytest.mark.parametrize("group", Group)
def test_what_is_no_walk_is_silent(group, calm):
    """Each condition is needed alone."""
    changed = CALM[calm](LIMITS[group])

    assert min(changed.values()) < 0 or not speaks(group, **WALK | changed)


def test_a_small_portfolio_is_held_against_its_own_size():
    """All of sixty originals by five hundred members is a walk, ten of them is a link that goes round."""
    walk = {"originals": 58.0, "clients": 500.0, "requests": 900.0, "newcomers": 450.0, "usual": 0.0}
    assert speaks(Group.PRINT, **walk, portfolio=60)
    assert not speaks(Group.PRINT, **walk)
    assert not speaks(Group.PRINT, **walk | {"originals": 12.0}, portfolio=60)


def test_wider_groups_take_more():
    """Those who share less with each other are more easily put into one group by mistake."""
    assert LIMITS[Group.NETWORK].originals > LIMITS[Group.TEAM].originals > LIMITS[Group.MANNER].originals
    assert LIMITS[Group.SITE].originals > LIMITS[Group.PRINT].originals > LIMITS[Group.NETWORK].originals


def counted(record, at, times):
    for _ in range(times):
        record = Usual.from_bytes(record, at).with_one().to_bytes()
    return record


def test_today_is_not_usual_yet():
    """A walk does not raise its own limit; whole days do, the last ones more."""
    record = counted(None, START, 100)
    assert Usual.from_bytes(record, START + DAY - 1).per_day == 0
    assert Usual.from_bytes(record, START + DAY).per_day == pytest.approx(30)
    for day in range(1, 20):
        record = counted(record, START + day * DAY, 100)
    assert Usual.from_bytes(record, START + 20 * DAY).per_day == pytest.approx(100, rel=0.01)
    assert Usual.from_bytes(record, START + 40 * DAY).per_day < 1


@given(st.binary(max_size=40), st.floats(0, 4e9))
def test_any_bytes_are_a_record_or_none(data, at):
    """Also of a clock that went back."""
    usual = Usual.from_bytes(data, at)
    assert Usual.from_bytes(usual.to_bytes(), at - 1e6).since <= max(usual.since, at)
