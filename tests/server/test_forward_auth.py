"""A front server asks, and hears what the proxy would do, in words that it understands."""

import re
from collections.abc import Iterator

import pytest

from guard.cli.evidence import verify_directory
from guard.store.record_finder import FoundRequest, find_request
from tests.server.conftest import Upstreams
from tests.support.http import CHATGPT_USER, CHROME, GPTBOT, Reply, ask
from tests.support.running import RunningGuard, wait_until
from tests.support.upstream import PICTURES

ASKS = re.compile(r"guard: front servers may ask at (\S+)")


@pytest.fixture(scope="module")
def asked(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard that is asked at an address."""
    running = RunningGuard(
        tmp_path_factory.mktemp("asked"),
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "rights": {"holder": "Jane Doe", "contact": "rights@photo.example"},
            "decisions": {"listen": "127.0.0.1:0", "trusted": ["127.0.0.1/32"]},
            "rules": [
                {"id": "gone", "when": {"path": "/dropped"}, "action": "drop"},
                {"id": "paid", "when": {"path": "/paid"}, "action": "charge"},
                {"id": "asked", "when": {"path": "/challenged/"}, "action": "challenge"},
                {"id": "slowly", "when": {"path": "/slow"}, "action": "throttle"},
                {"id": "cautious", "when": {"path": "/thumb.jpg"}, "action": "mark"},
            ],
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)


def question(
    guard: RunningGuard,
    where: str,
    target: str,
    *lines: tuple[str, str],
    agent: str = CHROME,
    method: str = "GET",
    address: str = "203.0.113.9",
    body: bytes = b"",
) -> Reply:
    """Ask as a front server does."""
    prefix = "X-Forwarded-" if where == "/forwarded" else "X-Original-"
    told = (
        (f"{prefix}Method", method), (f"{prefix}URI", target), (f"{prefix}Host", "photo.example"),
        (f"{prefix}Proto", "https"), (f"{prefix}For", address),
    )  # fmt: skip
    port = int(guard.wait_for_words(ASKS, 5).rpartition(":")[2])
    return ask(port, where, *told, *lines, agent=agent, host="decisions", body=body)


@pytest.mark.parametrize("where", ["/nginx", "/nginx/hand-over", "/forwarded", "/application"])
def test_a_person_is_let_through_with_the_reservation(asked: RunningGuard, where: str):
    """The front copies the lines into its own answer."""
    reply = question(asked, where, "/original.jpg")

    assert (reply.status, reply.body) == (200, b"")
    assert reply.get("tdm-reservation") == "1"
    assert (reply.get("Guard-Action"), reply.get("Guard-Purpose")) == ("allow", "browser")


STATUSES = {"/forwarded": (403, 402, 429), "/nginx": (403, 403, 403), "/nginx/hand-over": (401, 401, 401)}


@pytest.mark.parametrize("where", STATUSES)
def test_each_front_hears_a_refusal_that_it_understands(asked: RunningGuard, where: str):
    """nginx knows 401 and 403 only, so the real status stands beside it."""
    refused = question(asked, where, "/original.jpg", agent=GPTBOT)
    paid = question(asked, where, "/paid")
    slow = question(asked, where, "/slow")

    assert (refused.status, paid.status, slow.status) == STATUSES[where]
    if where != "/nginx/hand-over":
        assert [one.get("Guard-Status") for one in (refused, paid, slow)] == ["403", "402", "429"]
        assert refused.get("Guard-Reference")
        assert slow.get("Retry-After")
        assert refused.get("tdm-reservation") == "1"


def test_the_body_of_a_refusal_is_there_where_the_front_passes_it_on(asked: RunningGuard):
    """A picture for whoever wants a picture; nothing for nginx, which would drop it."""
    wanted = ("Accept", "image/webp,image/jpeg,*/*;q=0.8")

    card = question(asked, "/forwarded", "/original.jpg", wanted, agent=GPTBOT)
    bare = question(asked, "/nginx", "/original.jpg", wanted, agent=GPTBOT)

    assert card.get("Content-Type").startswith("image/")
    assert len(card.body) > 500
    assert bare.body == b""


def test_what_a_thing_is_decides_and_not_what_it_is_called(asked: RunningGuard):
    """Nobody has seen it yet, so the site behind is asked for it once: a preview can not be made here."""
    picture = question(asked, "/forwarded", "/sizeless/original", agent=CHATGPT_USER)
    page = question(asked, "/forwarded", "/album/", agent=CHATGPT_USER)

    assert (picture.status, page.status) == (403, 200)
    assert asked.line_for("/sizeless/original", claimed="ChatGPT-User")["kind"] == "original"


def test_nobody_is_refused_for_one_oddity(asked: RunningGuard):
    """There are no marked copies here, and `mark` is no refusal."""
    assert question(asked, "/forwarded", "/thumb.jpg").status == 200


def test_a_connection_is_closed_where_the_front_can_do_that(asked: RunningGuard):
    """`return 444` in nginx."""
    reply = question(asked, "/nginx", "/dropped")

    assert (reply.status, reply.get("Guard-Status")) == (403, "444")


def test_a_challenge_comes_as_a_page(asked: RunningGuard):
    """Where the front passes the body on; its links lead to the guard's own path."""
    reply = question(asked, "/forwarded", "/challenged/", ("Accept", "text/html"), ("Sec-Fetch-Dest", "document"))

    assert reply.status == 403
    assert b"/.well-known/guard/" in reply.body


def test_the_reservation_may_be_read_by_everybody(asked: RunningGuard):
    """A refused robots.txt would be a permission."""
    assert question(asked, "/nginx", "/robots.txt", agent=GPTBOT).status == 200


@pytest.mark.parametrize(
    "target",
    ["//original.jpg", "/x/../original.jpg", "/%6frigin%61l.jpg", "/original.jpg?a=.css", "/original.jpg;x=.css",
     "/original.jpg/", "/original%2ejpg", "/./original.jpg#x", "http://photo.example/original.jpg", "/ORIGINAL.JPG",
     "/album%2f..%2foriginal.jpg", "/original.jpg%20", "/original.jpg%00.css"],
)  # fmt: skip
def test_no_spelling_of_an_address_opens_it(asked: RunningGuard, target: str):
    """Whoever collects for training is refused for what it is, not for what it asks for."""
    assert question(asked, "/nginx", target, agent=GPTBOT).status == 403
    assert question(asked, "/forwarded", target, agent=GPTBOT).status in (400, 403)


def test_a_visitor_can_not_tell_its_own_story(asked: RunningGuard):
    """Fields of the other dialect are only lines that it sent, and a second one of ours ends the matter."""
    theirs = (("X-Forwarded-Uri", "/robots.txt"), ("X-Forwarded-For", "192.0.2.1"), ("Guard-Action", "allow"))

    assert question(asked, "/nginx", "/original.jpg", *theirs, agent=GPTBOT).status == 403
    twice = question(asked, "/nginx", "/original.jpg", ("X-Original-URI", "/robots.txt"), agent=GPTBOT)
    assert (twice.status, twice.get("Guard-Status")) == (403, "400")
    assert question(asked, "/nginx/hand-over", "/original.jpg", ("X-Original-URI", "/robots.txt")).status == 401


def test_an_application_shows_its_response(asked: RunningGuard):
    """The first question is answered with one back; the second, with the first bytes, decides."""

    def shown(content_type: str, body: bytes) -> Reply:
        first = question(asked, "/application", "/from-the-app", agent=CHATGPT_USER)
        assert (first.status, first.get("tdm-reservation")) == (200, "")
        lines = (("X-Original-Again", first.get("Guard-Needs-Response")), ("X-Original-Type", content_type))
        return question(asked, "/application", "/from-the-app", *lines, agent=CHATGPT_USER, body=body)

    assert shown("text/html", b"<!doctype html><p>").status == 200
    assert shown("text/html", PICTURES["/original.jpg"]).status == 403
    assert shown("image/jpeg", PICTURES["/thumb.jpg"]).status == 200


def test_only_those_who_are_named_may_ask(upstreams: Upstreams, tmp_path):
    """Whoever else can reach the address learns nothing and leaves nothing."""
    guard = RunningGuard(
        tmp_path,
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "decisions": {"listen": "127.0.0.1:0", "trusted": ["192.0.2.7"]},
        },
    )
    try:
        reply = question(guard, "/nginx", "/original.jpg", agent=CHROME)
        assert (reply.status, reply.get("tdm-reservation")) == (403, "")
        assert b"decisions.trusted" in reply.body
        assert guard.lines() == []
    finally:
        guard.stop()


def test_the_record_says_who_answered(asked: RunningGuard):
    """What was told is on record with its reference; what was sent is not known, and not claimed."""
    told = question(asked, "/forwarded", "/original.jpg?on-record", agent=GPTBOT).get("Guard-Reference")
    line = asked.line_for("/original.jpg", reference=told)

    found = wait_until(lambda: _ended(find_request(asked.evidence, reference=told)), 30)

    fields, end = found.request.fields, found.end.fields
    assert (fields["asked_by"], fields["action"], fields["rendition"]) == ("forwarded", "refuse", "card")
    assert (end["status"], end["bytes"], end["completed"], end["reason"]) == (403, 0, False, "sent_by_front")
    assert line["bytes"] == 0
    assert verify_directory(asked.evidence).holds


def _ended(found: FoundRequest) -> FoundRequest | None:
    return found if found.end is not None else None
