"""A person goes through once and is not asked again; nothing goes round; nobody gets two passes for one challenge."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from html import unescape
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from guard.core import challenge
from guard.server.answers import Made
from guard.server.challenge import ChallengeOptions, Challenges, SpentChallenges
from guard.server.shared import SPENT_LAYOUT
from guard.store.clients import ClientTable
from tests.server.conftest import Upstreams
from tests.support.facts import request
from tests.support.http import CHROME, GOOGLEBOT_IMAGE, Reply, ask
from tests.support.programs import need
from tests.support.running import PATIENT, RunningGuard
from tests.support.upstream import PICTURES

KEY = b"k" * 32
HTML = ("Accept", "text/html,*/*;q=0.8")
START = request().at


@pytest.fixture
def table() -> Iterator[ClientTable]:
    made = ClientTable.create(800, layout=SPENT_LAYOUT)
    yield made
    made.close()


class Visit:
    """One client and what it keeps, in front of `Challenges` alone."""

    def __init__(self, table: ClientTable, *, bits: int = 0, key: bytes = KEY, keeps: bool = True) -> None:
        self.challenges = Challenges(key, SpentChallenges(table), ChallengeOptions(bits=bits))
        self.seconds = 0
        self.cookies = ""
        self.keeps = keeps
        self.address = "192.0.2.7"
        self.agent = "Firefox"
        self.scheme = "https"
        self.language = "en"

    def exchange(self, target: str, method: str = "GET") -> Any:
        fields = {"User_Agent": self.agent, "Accept_Language": self.language}
        if self.cookies:
            fields["Cookie"] = self.cookies
        facts = request(target, address=self.address, method=method, **fields)
        facts = replace(facts, at=START + timedelta(seconds=self.seconds), scheme=self.scheme)
        owner = SimpleNamespace(holder="Jane <b>Doe</b>", contact="rights@photo.example")
        return SimpleNamespace(facts=facts, site=SimpleNamespace(owner=owner))

    def page(self, target: str = "/album/") -> Made:
        return self.challenges.page(self.exchange(target))

    def follow(self, target: str, method: str = "GET") -> Made:
        made = self.challenges.answer(self.exchange(target, method))
        if self.keeps and (cookie := fields(made).get("set-cookie")):
            self.cookies = cookie.partition(";")[0]
        return made

    def passes(self) -> bool:
        return self.challenges.has_pass(self.exchange("/"))

    def go_through(self, target: str = "/album/") -> Made:
        """Do what a browser does, and return the last answer."""
        link = refresh(self.page(target))
        self.seconds += 3
        made = self.follow(link)
        for _ in range(3):
            if made.status != 303 or not location(made).startswith(challenge.PATH):
                break
            made = self.follow(location(made))
        return made


def fields(made: Made) -> dict[str, str]:
    return {name.lower(): value for name, value in made.headers}


def location(made: Made) -> str:
    return fields(made)["location"]


def refresh(made: Made | Reply) -> str:
    """Return where the page goes by itself; an empty text if it stays."""
    found = re.search(rb'http-equiv="refresh" content="(\d+); url=([^"]+)"', made.body)
    return unescape(found[2].decode()) if found else ""


def work(made: Made | Reply, bits: int) -> str:
    """Do the work that a page asks for, and return where it leads."""
    link = unescape(re.search(rb'data-link="([^"]+)"', made.body)[1].decode())  # type: ignore[index]
    ticket = parse_qs(urlsplit(link).query)["ticket"][0]
    proof = next(number for number in range(10**7) if challenge.is_proof(ticket, str(number), bits))
    return f"{link}&proof={proof}"


def test_a_browser_goes_through_and_comes_back_to_its_page(table: ClientTable):
    """Waiting, a cookie, a look whether it is kept, and the page with its query."""
    visit = Visit(table)

    made = visit.go_through("/album/?page=2&x=//y")

    assert (made.status, location(made)) == (303, "/album/?page=2&x=//y")
    assert visit.passes()


def test_the_page_is_honest_and_never_stored(table: ClientTable):
    """403, not to be cached, in the client's language, and without anybody else's markup."""
    visit = Visit(table)
    english, visit.language = visit.page("/<script>alert(1)</script>\"'"), "de-DE,de"
    german = visit.page()

    assert english.status == 403
    assert fields(english)["cache-control"] == "no-store"
    assert "Cookie" in fields(english)["vary"]
    assert b'<html lang="en">' in english.body
    assert b'<html lang="de">' in german.body
    assert b"alert" not in english.body
    assert b"<b>" not in english.body
    assert b"<script" not in english.body
    assert "script-src" not in fields(english)["content-security-policy"]


def test_the_cookie_is_a_careful_one(table: ClientTable):
    """Out of reach for scripts and other sites; over https never sent in the clear; over plain http it still works."""
    for scheme, secure in (("https", True), ("http", False)):
        visit = Visit(table)
        visit.scheme = scheme
        link = refresh(visit.page())
        visit.seconds += 3
        cookie = fields(visit.follow(link))["set-cookie"]
        assert cookie.startswith("guard_pass=")
        assert {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=86400"} <= set(cookie.split("; "))
        assert ("Secure" in cookie.split("; ")) is secure


def test_a_client_without_cookies_is_told_so_and_not_sent_round(table: ClientTable):
    """Two steps after the challenge it stands on a page that stays."""
    visit = Visit(table, keeps=False)

    made = visit.go_through()

    assert made.status == 403
    assert b"cookie" in made.body
    assert b"rights@photo.example" in made.body
    assert refresh(made) == ""
    assert b'href="/album/"' in made.body


def test_a_client_whose_network_keeps_changing_is_told_so(table: ClientTable):
    """It collects a pass for each of three networks, all of which hold; at the fourth it is not sent round."""
    visit = Visit(table)
    for network in (1, 2, 3):
        visit.address = f"198.51.{network}.7"
        assert refresh(visit.page())
        assert visit.go_through().status == 303
    visit.address = "198.51.1.200"
    back = visit.passes()
    visit.address = "198.51.9.7"
    told = visit.page()

    assert back
    assert told.status == 403
    assert refresh(told) == ""
    visit.seconds += 601
    assert refresh(visit.page())


def test_who_is_quicker_than_the_wait_waits_on(table: ClientTable):
    """The link may be pressed at once: the same page for the rest of the time, and then it works."""
    visit = Visit(table)
    link = refresh(visit.page())
    early = visit.follow(link)
    visit.seconds += 2

    assert early.status == 403
    assert refresh(early) == link
    assert visit.follow(link).status == 303


@pytest.mark.parametrize("seconds", [600, -5])
def test_a_ticket_ends(table: ClientTable, seconds: int):
    """After ten minutes, or when the clock has jumped back, it earns nothing, and the page leads to where it began."""
    visit = Visit(table)
    link = refresh(visit.page())
    visit.seconds += seconds

    made = visit.follow(link)

    assert made.status == 403
    assert "set-cookie" not in fields(made)
    assert refresh(made) == ""
    assert b'href="/album/"' in made.body


def test_a_pass_ends(table: ClientTable):
    """After a day the browser is asked again."""
    visit = Visit(table)
    visit.go_through()
    visit.seconds += 86_399 - 3
    before = visit.passes()
    visit.seconds += 4

    assert before
    assert not visit.passes()


def test_a_ticket_of_somebody_else_opens_nothing(table: ClientTable):
    """Another browser, network or key: the answer is a page that leads to the start page, whatever the ticket says."""
    link = refresh(Visit(table).page())
    for change in ({"agent": "curl"}, {"address": "203.0.113.9"}, {"key": b"K" * 32}):
        visit = Visit(table, key=change.pop("key", KEY))
        visit.seconds = 3
        for name, value in change.items():
            setattr(visit, name, value)
        made = visit.follow(link)
        assert made.status == 403
        assert "set-cookie" not in fields(made)
        assert b'class="go" href="/"' in made.body


INPUTS = [
    "", "ticket=", "ticket=x.y", "ticket=%00", "ticket=a&ticket=b", "&" * 50, "target=//evil.example", "kept=1",
    "ticket=<script>", "proof=1", "url=javascript:alert(1)", "ticket=" + "A" * 9000, "%zz=%", "ticket=\udcff",
]  # fmt: skip


@pytest.mark.parametrize("query", INPUTS)
def test_what_a_client_invents_gets_a_plain_page(table: ClientTable, query: str):
    """No pass, no crash, nothing of it in the page; the link leads to the start page."""
    made = Visit(table).follow(f"{challenge.PATH}?{query}")

    assert made.status == 403
    assert not {"set-cookie", "location"} & fields(made).keys()
    assert b'class="go" href="/"' in made.body
    assert b"evil" not in made.body
    assert b"alert" not in made.body


COOKIES = [
    "guard_pass=",
    "guard_pass=~~~",
    "guard_pass=a.b",
    "x; guard_pass",
    "guard_pass=é",
    "guard_pass=" + "a~" * 999,
]


@pytest.mark.parametrize("cookie", COOKIES)
def test_what_a_client_invents_is_no_pass(table: ClientTable, cookie: str):
    """And none of it is put into the next cookie beyond the letters that passes have."""
    visit = Visit(table)
    visit.cookies = cookie

    assert not visit.passes()
    assert visit.go_through().status == 303
    assert re.fullmatch(r"guard_pass=[A-Za-z0-9_.~-]{1,450}", visit.cookies)


def test_other_cookies_do_not_hide_a_pass(table: ClientTable):
    """An older cookie of the same name, and those of the site, stand beside it."""
    visit = Visit(table)
    visit.go_through()
    visit.cookies = f"a=1; guard_pass=old.old;{visit.cookies}; b=2"

    assert visit.passes()


def test_head_and_other_methods_spend_nothing(table: ClientTable):
    """A look ahead takes no pass away; POST is told what is allowed."""
    visit = Visit(table)
    link = refresh(visit.page())
    visit.seconds += 3

    assert "set-cookie" not in fields(visit.follow(link, "HEAD"))
    post = visit.follow(link, "POST")
    assert (post.status, fields(post)["allow"]) == (405, "GET, HEAD")
    assert "set-cookie" in fields(visit.follow(link))


def test_the_proof_can_not_be_left_out_or_made_lighter(table: ClientTable):
    """No proof, a wrong one, one of fewer bits, one for another ticket: no pass; the right one: a pass."""
    visit = Visit(table, bits=12)
    link = refresh(visit.page())
    visit.seconds += 3
    page = visit.follow(link)
    right = work(page, 12)
    bare, _, proof = right.rpartition("&proof=")
    other = work(visit.follow(link), 12).rpartition("=")[2]
    ticket = parse_qs(urlsplit(bare).query)["ticket"][0]
    light = next(
        n for n in range(10**6) if challenge.is_proof(ticket, str(n), 4) and not challenge.is_proof(ticket, str(n), 12)
    )

    assert page.status == 403
    for wrong in (
        bare,
        f"{link}&proof=0",
        f"{link}&proof={proof}",
        f"{bare}&proof={light}",
        f"{bare}&proof={other}x",
        f"{bare}&proof=",
        f"{bare}&proof={proof}&proof={proof}",
        f"{bare}&bits=0",
        f"{bare}&difficulty=0&proof=0",
    ):
        made = visit.follow(wrong)
        assert made.status == 403, wrong
        assert "set-cookie" not in fields(made), wrong
    assert "set-cookie" in fields(visit.follow(right))


def test_more_work_than_before_is_asked_of_old_tickets_too(table: ClientTable):
    """A ticket for less work leads to the work that is asked for now, not to a pass."""
    before, after = Visit(table, bits=4), Visit(table, bits=10)
    link = refresh(before.page())
    before.seconds = after.seconds = 3
    old = work(before.follow(link), 4)

    made = after.follow(old)

    assert "set-cookie" not in fields(made)
    assert b'data-bits="10"' in made.body


def test_the_page_with_work_speaks_to_everybody(table: ClientTable):
    """A live region, words for a browser without script, and a policy that lets only our script run."""
    visit = Visit(table, bits=12)
    link = refresh(visit.page())
    visit.seconds += 3
    page = visit.follow(link)

    assert b'role="status" aria-live="polite"' in page.body
    assert b"<noscript>" in page.body
    assert b"prefers-reduced-motion" in page.body
    assert refresh(page) == ""
    assert re.search(r"script-src 'sha256-[^']+'$", fields(page)["content-security-policy"])


def test_a_solved_challenge_is_spent(table: ClientTable):
    """For the same client it leads on, as long as its pass holds; to a second cookie it does not lead."""
    visit, again = Visit(table), Visit(table)
    link = refresh(visit.page())
    visit.seconds = again.seconds = 3
    first, second = visit.follow(link), again.follow(link)

    assert "set-cookie" in fields(first)
    assert "set-cookie" not in fields(second)
    assert second.status == 403
    assert refresh(second) == ""
    assert location(visit.follow(link)) == "/album/"


def _spend(descriptor: int, nonce: bytes, times: int, start: Any, results: Any) -> None:
    table = ClientTable(descriptor, layout=SPENT_LAYOUT)
    start.wait()
    results.put(sum(SpentChallenges(table).spend(nonce) for _ in range(times)))


def test_of_a_hundred_workers_one_wins(table: ClientTable):
    """Four processes try at the same moment, twenty-five times each."""
    context = get_context("fork")
    for turn in range(5):
        start, results = context.Barrier(4), context.Queue()
        nonce = bytes([turn]) * 16
        workers = [context.Process(target=_spend, args=(table.fileno(), nonce, 25, start, results)) for _ in range(4)]
        for worker in workers:
            worker.start()
        won = [results.get(timeout=20) for _ in workers]
        for worker in workers:
            worker.join(20)
        assert sorted(won) == [0, 0, 0, 1]


def test_a_table_that_can_not_say_gives_no_pass(table: ClientTable):
    """While another process sits on the bucket nothing is written, and so nothing is granted."""
    code = (
        "import fcntl, sys, time\n"
        f"[fcntl.lockf({table.fileno()}, fcntl.LOCK_EX, 1, n) for n in range({table.buckets})]\n"
        "print('held', flush=True); time.sleep(30)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, pass_fds=(table.fileno(),))
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert not SpentChallenges(table).spend(b"n" * 16)
    finally:
        holder.kill()
        holder.communicate()
    assert SpentChallenges(table).spend(b"n" * 16)


# What follows is the guard as a whole.


def start(upstreams: Upstreams, directory: Path, **more: object) -> RunningGuard:
    rule = {"id": "ask", "when": {"path": "/"}, "action": "challenge"}
    return RunningGuard(
        directory,
        {
            "sites": [{"host": host, "upstream": upstreams.good} for host in ("photo.example", "127.0.0.1")],
            "rights": {"holder": "Jane Doe", "contact": "rights@photo.example"},
            "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.0/8"]},
            "workers": 2,
            "rules": [*PATIENT, rule],
            **more,
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def asking(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    running = start(upstreams, tmp_path_factory.mktemp("asking"))
    yield running
    assert running.stop() == 0, "".join(running.said)


@pytest.fixture(scope="module")
def asking_for_work(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    more = {"challenge": {"proof_of_work": True}}
    running = start(upstreams, tmp_path_factory.mktemp("working"), **more)
    yield running
    assert running.stop() == 0, "".join(running.said)


def earn(guard: RunningGuard, *lines: tuple[str, str]) -> str:
    """Go through and return the cookie."""
    link = refresh(ask(guard.port, "/album/", HTML, *lines))
    time.sleep(2.1)
    return ask(guard.port, link, HTML, *lines).get("Set-Cookie").partition(";")[0]


def test_a_hundred_at_once_get_one_pass(asking: RunningGuard):
    """Two workers, one solved challenge, a hundred identical submissions."""
    link = refresh(ask(asking.port, "/album/", HTML))
    time.sleep(2.1)

    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda _: ask(asking.port, link, HTML), range(100)))

    assert sum(bool(reply.get("Set-Cookie")) for reply in replies) == 1
    assert {reply.status for reply in replies} == {303, 403}


def test_the_pass_opens_pages_and_stays_with_us(asking: RunningGuard):
    """The upstream sees the site's cookies as they were written, and ours not."""
    cookie = earn(asking)
    both = ask(asking.port, "/echo", HTML, ("Cookie", f"a=1;  b=2; {cookie}; c=3"))
    ours = ask(asking.port, "/echo", HTML, ("Cookie", cookie))

    assert both.status == ours.status == 200
    sent = {name.lower(): value for name, value in json.loads(both.body)["headers"]}
    assert sent["cookie"] == "a=1;  b=2; c=3"
    assert "cookie" not in {name.lower() for name, _ in json.loads(ours.body)["headers"]}
    assert ask(asking.port, "/", HTML).status == 403
    assert ask(asking.port, "/", HTML, ("Cookie", cookie), agent=CHROME + "x").status == 403
    assert ask(asking.port, "/", HTML, ("Cookie", cookie), ("X-Forwarded-For", "203.0.113.9")).status == 403


def test_pictures_and_other_things_are_never_challenged(asking: RunningGuard):
    """A picture is a smaller picture, a drawing stays, whatever the client says it accepts."""
    for accept in ("text/html", "image/*", "*/*"):
        original = ask(asking.port, "/original.jpg", ("Accept", accept))
        assert (original.status, original.get("Content-Type")) == (200, "image/jpeg")
        assert len(original.body) < len(PICTURES["/original.jpg"])
    assert ask(asking.port, "/display.jpg", method="HEAD").status == 200


def test_a_program_that_wants_no_page_gets_no_page(asking: RunningGuard):
    """What nobody knows is refused to who accepts no HTML; other methods are refused, and said so."""
    asked = ask(asking.port, "/missing-thing", ("Accept", "application/json"), method="POST", body=b"x")

    assert asked.status == 403
    assert refresh(asked) == ""
    assert asked.get("Content-Type") == "application/problem+json"
    assert ask(asking.port, "/", HTML, method="DELETE").status == 403


def test_proven_search_engines_are_not_challenged(asking: RunningGuard):
    """Whatever a rule says, they see what a person sees."""
    reply = ask(asking.port, "/", HTML, ("X-Forwarded-For", "66.249.66.1"), agent="Googlebot/2.1")

    assert reply.status == 200
    stranger = ask(asking.port, "/", HTML, ("X-Forwarded-For", "203.0.113.4"), agent=GOOGLEBOT_IMAGE)
    assert stranger.status == 403


def test_the_answers_say_no_more_than_they_should(asking: RunningGuard):
    """No target of the client's choice, whichever way it asks for one."""
    for target in (
        "//evil.example/",
        "/\\evil.example",
        "/%2f%2fevil.example/%2e%2e",
        "http://evil.example//evil.example",
    ):
        cookie_less = ask(asking.port, target, HTML)
        link = refresh(cookie_less)
        if link:
            time.sleep(2.1)
            first = ask(asking.port, link, HTML)
            cookie = first.get("Set-Cookie").partition(";")[0]
            last = ask(asking.port, first.get("Location"), HTML, ("Cookie", cookie))
            assert last.status == 303
            assert re.match(r"/(?![/\\])", last.get("Location"))
            assert not re.match(r"/(%2f|%5c)", last.get("Location"), re.IGNORECASE)


def curl(guard: RunningGuard, target: str, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [need("curl"), "-sL", "--max-redirs", "10", "--noproxy", "*", "-A", CHROME, "-H", "Accept: text/html",
         *options, "-w", "\n%{http_code} %{url_effective}", guard.url + target],
        check=True, capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    body, _, last = done.stdout.rpartition("\n")
    return int(last.split()[0]), body


def test_curl_with_a_cookie_jar_goes_through_and_without_one_is_told(asking: RunningGuard, tmp_path: Path):
    """It follows redirects for ever if it is let; both end, after one step and after two."""
    for options, status, words in (
        (("-c", str(tmp_path / "jar"), "-b", str(tmp_path / "jar")), 200, "<title>Gallery"),
        ((), 403, "needs a cookie"),
    ):
        status_first, page = curl(asking, "/album/", *options)
        time.sleep(2.1)
        link = unescape(re.search(r'url=([^"]+)"', page)[1])  # type: ignore[index]
        assert (status_first, curl(asking, link, *options)[0]) == (403, status)
        assert options == () or curl(asking, "/album/", *options)[0] == 200
        assert words in curl(asking, link, *options)[1] or not options


def test_nothing_of_it_is_in_the_evidence(upstreams: Upstreams, tmp_path: Path):
    """Neither pass nor ticket of a client that is on record."""
    guard = start(upstreams, tmp_path)
    lines = (("X-Forwarded-For", "203.0.113.4"),)
    link = refresh(ask(guard.port, "/album/", HTML, *lines, agent=GOOGLEBOT_IMAGE))
    time.sleep(2.1)
    cookie = ask(guard.port, link, HTML, *lines, agent=GOOGLEBOT_IMAGE).get("Set-Cookie").partition(";")[0]
    page = ask(guard.port, "/album/", HTML, *lines, ("Cookie", cookie), agent=GOOGLEBOT_IMAGE)
    assert guard.stop() == 0

    stored = b"".join(path.read_bytes() for path in guard.evidence.rglob("*") if path.is_file())
    stored += guard.access_log.read_bytes()
    assert page.status == 200
    assert b"challenge" in stored
    for secret in (cookie.partition("=")[2], parse_qs(urlsplit(link).query)["ticket"][0]):
        assert secret.encode() not in stored
        assert secret.partition(".")[2][:40].encode() not in stored


@pytest.fixture
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        yield started.chromium


def contexts(chromium: Any, folder: Path, *, cookies: bool = True, **options: Any) -> Any:
    """Start Chromium under an ordinary name; it keeps no cookies where a person has forbidden them."""
    (folder / "Default").mkdir(parents=True)
    settings = {} if cookies else {"default_content_setting_values": {"cookies": 2}}
    (folder / "Default" / "Preferences").write_text(json.dumps({"profile": settings}))
    program = shutil.which("chromium") or pytest.skip("Chromium is not installed")
    return chromium.launch_persistent_context(
        str(folder), executable_path=program, args=["--no-sandbox"], user_agent=CHROME, **options
    )


def visit_in(context: Any, url: str, title: str) -> tuple[Any, list[str]]:
    """Open a page, wait until one of this title stands there, and a while longer; return the tab and what it loaded."""
    tab, loaded = context.new_page(), []
    tab.on("request", lambda one: loaded.append(one.url) if one.is_navigation_request() else None)
    tab.goto(url)
    tab.wait_for_function("title => document.title === title", arg=title, timeout=15_000)
    tab.wait_for_timeout(4_000)
    assert tab.title() == title
    return tab, loaded


def test_chromium_goes_through_with_and_without_script(asking: RunningGuard, browser: Any, tmp_path: Path):
    """And is not asked again, in another tab or for another page."""
    for script in (True, False):
        context = contexts(browser, tmp_path / str(script), java_script_enabled=script, locale="en-US")
        tab, loaded = context.new_page(), []
        tab.on("request", lambda one, into=loaded: into.append(one.url) if one.is_navigation_request() else None)
        first = tab.goto(asking.url + "/album/?a=1")
        tab.wait_for_url(asking.url + "/album/?a=1", wait_until="commit")
        tab.wait_for_timeout(6_000)
        assert first.status == 403
        assert (tab.url, tab.title()) == (asking.url + "/album/?a=1", "Gallery")
        assert len(loaded) == 4, loaded
        assert context.new_page().goto(asking.url + "/").status == 200
        context.close()


def test_chromium_does_the_work(asking_for_work: RunningGuard, browser: Any, tmp_path: Path):
    """With the digest written by hand, on plain http, under the page's own policy."""
    context = contexts(browser, tmp_path / "work", locale="en-US")

    tab, loaded = visit_in(context, asking_for_work.url + "/album/?a=1", "Gallery")

    assert tab.url == asking_for_work.url + "/album/?a=1"
    assert len(loaded) == 5, loaded
    context.close()


def test_chromium_without_script_is_told_where_work_is_asked(
    asking_for_work: RunningGuard, browser: Any, tmp_path: Path
):
    """The page stays, says what is missing, and whom to ask."""
    context = contexts(browser, tmp_path / "still", locale="de-DE", java_script_enabled=False)
    tab = context.new_page()
    tab.goto(asking_for_work.url + "/")
    tab.wait_for_timeout(6_000)

    assert tab.title() == "Noch einen Moment"
    assert "braucht JavaScript" in tab.inner_text("noscript")
    assert "rights@photo.example" in tab.inner_text("main")
    context.close()


def test_chromium_without_cookies_stands_still(asking: RunningGuard, browser: Any, tmp_path: Path):
    """Three requests, one honest page, and then nothing more."""
    context = contexts(browser, tmp_path / "strict", cookies=False, locale="en-US")

    tab, loaded = visit_in(context, asking.url + "/album/", "This page needs a cookie")

    assert len(loaded) == 3, loaded
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Open the page again"
    context.close()
