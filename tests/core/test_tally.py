"""Requests are added up rightly, in any order of time, and in bounded memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from guard.core.crawlers import Purpose
from guard.core.log_line import LogLine
from guard.core.policy import Action
from guard.core.tally import Judgement, Tally
from tests.support.facts import GPTBOT, who

AT = datetime(2026, 11, 22, tzinfo=UTC)
LINE = LogLine(
    at=AT, address="192.0.2.7", host="", method="GET", target="/a.jpg", version="1.1", status=200, size=1000,
    referer="", user_agent="", media_type="", judged=None,
)  # fmt: skip
REFUSED = Judgement(action=Action.REFUSE, by_ending=False, picture=True, forbidden=True, robots=False)
SERVED = Judgement(action=Action.ALLOW, by_ending=False, picture=True, forbidden=False, robots=False)
GPT = who()
BROWSER = who(Purpose.BROWSER, crawler=None)


def nameless(name: str):
    return replace(who(Purpose.UNKNOWN_DECLARED_BOT, crawler=None), claimed=name)


def test_requests_of_a_crawler_are_added_up():
    """Requests, pictures, bytes, what would have been done, violations, robots.txt."""
    tally = Tally()
    tally.add(LINE, "/a.jpg", GPT, REFUSED)
    tally.add(replace(LINE, size=5), "/", GPT, replace(REFUSED, picture=False))
    tally.add(LINE, "/b.jpg", GPT, replace(REFUSED, by_ending=True, action=Action.PREVIEW))
    tally.add(replace(LINE, size=7), "/robots.txt", GPT, replace(SERVED, picture=False, robots=True))
    (one,) = tally.summary().crawlers

    assert (one.name, one.crawler, one.operator) == ("GPTBot", "openai-gptbot", "OpenAI")
    assert (one.requests, one.pictures, one.picture_bytes, one.bytes) == (4, 2, 2000, 2012)
    assert (one.forbidden, one.robots, one.pictures_hindered) == (3, 1, 2)
    assert one.decided == {Action.REFUSE: 2, Action.ALLOW: 1}
    assert one.if_picture == {Action.PREVIEW: 1}


def test_a_name_ends_without_the_slash_that_its_token_is_found_by():
    """A letter or a table says curl, as everything else does."""
    tally = Tally()
    tally.add(LINE, "/a.jpg", who(crawler=replace(GPTBOT, token="curl/")), REFUSED)

    assert [one.name for one in tally.summary().crawlers] == ["curl"]


def test_only_delivered_pictures_were_taken():
    """Neither a HEAD request nor a 304, a 403 or a 404 carries a picture away."""
    tally = Tally()
    for line in (replace(LINE, method="HEAD"), *(replace(LINE, status=status) for status in (304, 403, 404, 500))):
        tally.add(line, "/a.jpg", GPT, REFUSED)
    tally.add(replace(LINE, status=206), "/a.jpg", GPT, REFUSED)
    summary = tally.summary()

    assert (summary.crawlers[0].requests, summary.crawlers[0].pictures) == (6, 1)
    assert [(one.path, one.taken) for one in summary.pictures] == [("/a.jpg", 1)]


def test_a_clock_that_jumps_back_only_widens_the_span():
    """First and last are the earliest and the latest, whatever the order; a line without time changes nothing."""
    tally = Tally()
    for at in (AT, AT - timedelta(days=3), None, AT + timedelta(hours=1), AT - timedelta(days=1)):
        tally.add(replace(LINE, at=at), "/a.jpg", GPT, REFUSED)
    total = tally.summary().total

    assert (total.first, total.last) == (AT - timedelta(days=3), AT + timedelta(hours=1))


def test_operators_and_purposes_join_their_crawlers():
    """An operator with several purposes has none of its own; whoever claims nothing is in no operator."""
    tally = Tally()
    assistant = who(Purpose.AI_ASSISTANT, crawler=replace(GPTBOT, id="openai-chatgpt-user", token="ChatGPT-User"))
    for one in (GPT, GPT, assistant, BROWSER, nameless("SomeBot")):
        tally.add(LINE, "/a.jpg", one, REFUSED)
    summary = tally.summary()

    assert [(one.name, one.purpose, one.requests) for one in summary.operators] == [("OpenAI", None, 3)]
    assert {one.name: one.requests for one in summary.purposes} == {
        "ai_training": 2, "ai_assistant": 1, "browser": 1, "unknown_declared_bot": 1
    }  # fmt: skip
    assert [one.name for one in summary.crawlers] == ["GPTBot", "ChatGPT-User", "SomeBot"]
    assert [one.purpose for one in summary.others] == [Purpose.BROWSER]
    assert summary.total.requests == 5


def test_pictures_are_those_that_crawlers_took_most():
    """A browser's visits are not among them; how often the policy would have kept the picture back is."""
    tally = Tally()
    for path, one, judged in (
        ("/a.jpg", GPT, REFUSED),
        ("/b.jpg", GPT, REFUSED),
        ("/b.jpg", GPT, SERVED),
        ("/c.jpg", BROWSER, SERVED),
    ):
        tally.add(LINE, path, one, judged)

    assert [(p.path, p.taken, p.hindered, p.bytes) for p in tally.summary().pictures] == [
        ("/b.jpg", 2, 1, 2000),
        ("/a.jpg", 1, 1, 1000),
    ]


def test_names_beyond_the_bound_are_counted_under_no_name():
    """Strangers choose their names; the table does not grow with them, and no request is lost."""
    tally = Tally(max_names=2)
    for number in range(10):
        tally.add(LINE, "/a.jpg", nameless(f"Bot{number}"), REFUSED)
    tally.add(LINE, "/a.jpg", GPT, REFUSED)
    summary = tally.summary()

    assert {one.name: one.requests for one in summary.crawlers} == {"Bot0": 1, "Bot1": 1, "": 8, "GPTBot": 1}
    assert summary.total.requests == 11


def test_of_too_many_pictures_the_rare_are_forgotten():
    """What is taken again and again stays at the top, and the summary says that counts are minimums."""
    tally = Tally(max_pictures=10)
    for number in range(200):
        tally.add(LINE, "/often.jpg", GPT, REFUSED)
        tally.add(LINE, f"/{number}.jpg", GPT, REFUSED)
    summary = tally.summary(1000)

    assert (summary.pictures[0].path, summary.pictures[0].taken) == ("/often.jpg", 200)
    assert len(summary.pictures) <= 20
    assert summary.pictures_forgotten
    assert not Tally().summary().pictures_forgotten


def test_senseless_requests_are_in_no_share():
    """They are counted all the same."""
    tally = Tally()
    tally.add_senseless()

    assert (tally.summary().senseless, tally.summary().total.requests) == (1, 0)
