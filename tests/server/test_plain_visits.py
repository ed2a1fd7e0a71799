"""Who is answered without waiting gets what everybody like them gets, and everybody else is treated as before.

Each is asked several times over: the first time nothing is open, and nothing is known of what lies there. People come
first: after the crawlers have asked from here, whoever asks from here is suspected.
"""

from collections.abc import Iterator

import pytest

from guard.server.appeals import APPEAL
from guard.server.challenge import PATH as CHALLENGE
from tests.support.evidence import of_kind
from tests.support.http import CHROME, Reply, ask
from tests.support.pictures import encoded, scenery
from tests.support.plain_site import PlainSite, plain_site
from tests.support.running import PATIENT, RunningGuard, wait_until

PICTURE = encoded(scenery(900, 600), "JPEG", quality=80)
PAGE = "<!doctype html><html><head><meta charset=utf-8><title>a</title></head><body>b</body></html>"
ALLOWED = "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"
TIMES = 4
TWO = {"pictures": 2, "per": "hour"}
COUNTED = "counted.example"
PERSON = (
    ("Accept", "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Accept-Language", "de-DE,de;q=0.9,en;q=0.8"),
    ("Referer", "http://photo.example/album/"),
)
"""Else it would be recorded for how it behaves."""


@pytest.fixture(scope="module")
def site() -> Iterator[PlainSite]:
    with plain_site() as made:
        made.put("/a.jpg", PICTURE, "image/jpeg", ETag='"a"')
        made.put("/page", PAGE, "text/html", ETag='"p"')
        made.put("/film", b"f" * 3_000_000, "video/mp4", ETag='"f"')
        made.put("/mine", b"private", "image/jpeg", ETag='"m"', Cache_Control="private")
        yield made


@pytest.fixture(scope="module")
def guard(site: PlainSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    running = RunningGuard(
        tmp_path_factory.mktemp("guard"),
        {
            "sites": [
                {"host": "photo.example", "upstream": site.url},
                {"host": COUNTED, "upstream": site.url},
                {"host": "rights.example", "upstream": site.url, "in_image": {"rights": True}},
            ],
            "rights": {"holder": "Jane Doe", "html": "yes"},
            "rules": [
                {
                    "id": "limited",
                    "when": {"path": "/limited"},
                    "action": "allow",
                    "limit": TWO,
                },
                {"id": "small", "when": {"path": "/small"}, "action": "preview"},
                {"id": "known", "when": {"crawler": "openai-gptbot"}, "action": "allow"},
                *PATIENT,
            ],
            "workers": 1,
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)
    counted = [one.fields["requests"] for one in of_kind(running.evidence, "agg") if one.fields["site"] == COUNTED]
    assert sum(of_site["image"] for of_site in counted) == TIMES, counted


def often(
    guard: RunningGuard, path: str, *lines: tuple[str, str], agent: str = CHROME, host: str = "photo.example"
) -> list[Reply]:
    ask(guard.port, "/404-leaves-a-line-open", *PERSON, host=host)
    return [ask(guard.port, path, *(lines or PERSON), agent=agent, host=host) for _ in range(TIMES)]


def test_each_is_in_the_log_once(guard: RunningGuard):
    """With what was decided and what was sent; and each is counted, see where the guard stops."""
    often(guard, "/a.jpg?counted", host=COUNTED)
    lines = wait_until(
        lambda: (
            found
            if len(found := [one for one in guard.lines() if one["path"] == "/a.jpg" and one["site"] == COUNTED])
            >= TIMES
            else None
        ),
        30,
    )

    last = lines[-1]
    assert (last["status"], last["bytes"], last["kind"]) == (200, len(PICTURE), "image")
    assert (last["rendition"], last["action"], last["purpose"]) == ("as_is", "allow", "browser")


def test_a_picture_that_is_to_say_whose_it_is_says_so_each_time(guard: RunningGuard):
    """Though the site has it without."""
    replies = often(guard, "/a.jpg", host="rights.example")

    assert all(b"Jane Doe" in reply.body for reply in replies)


def test_an_allowance_is_counted_for_those_too_who_do_not_wait(guard: RunningGuard, site: PlainSite):
    """Two, and no more."""
    site.put("/limited", PICTURE, "image/jpeg", ETag='"l"')
    replies = often(guard, "/limited", agent=CHROME)

    assert [reply.status for reply in replies] == [200, 200, 429, 429]


def test_a_person_gets_the_same_each_time(guard: RunningGuard):
    """Whole, with the reservation, and told to caches alike."""
    for path in ("/a.jpg", "/film", "/mine"):
        first, *others = often(guard, path)
        said = sorted(line for line in first.lines if line[0] != "Date")

        assert (first.status, first.get("tdm-reservation")) == (200, "1")
        for one in others:
            assert (one.status, one.body) == (200, first.body)
            assert sorted(line for line in one.lines if line[0] != "Date") == said


def test_an_allowed_crawler_is_recorded_each_time(guard: RunningGuard):
    """What is allowed is evidence too: of what it was told and what it took."""
    replies = often(guard, "/a.jpg", agent=ALLOWED)
    wait_until(lambda: len(of_kind(guard.evidence, "end")) >= TIMES or None, 30)
    records = of_kind(guard.evidence, "req")

    assert {reply.status for reply in replies} == {200}
    assert [one.fields["rule"] for one in records if one.fields["crawler"] == "openai-gptbot"] == ["known"] * TIMES


def test_a_person_is_not_recorded_at_all(guard: RunningGuard):
    """Nobody else was, in this file; so the others were people."""
    often(guard, "/a.jpg")

    assert {one.fields["crawler"] for one in of_kind(guard.evidence, "req")} <= {"openai-gptbot"}


@pytest.mark.parametrize(
    "path",
    ["/robots.txt", "/ai.txt", "/.well-known/tdmrep.json", "/.well-known/guard/terms", "/.well-known/guard/log/vkey",
     CHALLENGE, APPEAL],
)  # fmt: skip
def test_what_is_ours_never_comes_from_the_site(guard: RunningGuard, site: PlainSite, path: str):
    """Whatever the site has there."""
    site.put(path, "the site's own", ETag='"own"')
    before = len(site.asked)
    replies = often(guard, path)

    assert all(b"the site's own" not in reply.body for reply in replies)
    assert [target for _, target, _ in site.asked[before:] if target.startswith(path)] == []


def test_a_page_is_changed_each_time(guard: RunningGuard):
    """The reservation is put into its head."""
    replies = often(guard, "/page", ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"), *PERSON[1:3])

    assert all(b"tdm-reservation" in reply.body for reply in replies)
    assert {reply.body for reply in replies} == {replies[0].body}


def test_whom_a_rule_gives_less_never_gets_the_picture(guard: RunningGuard, site: PlainSite):
    """Not by having asked before."""
    site.put("/small", PICTURE, "image/jpeg", ETag='"s"')

    assert all(reply.body != PICTURE for reply in often(guard, "/small"))
