"""The guard asks itself as a search engine and as a person, and nobody else can."""

import re
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge

from guard.cli.evidence import verify_directory
from guard.core.classification import Identity
from guard.core.facts import AddressSource
from guard.core.pipeline import Pipeline
from guard.core.policy import Action, Condition, Policy, Rule
from guard.core.search_faults import equals
from guard.server.records import utc_now
from guard.server.search_guard import SearchGuard
from guard.server.self_requests import FIELD, USER_AGENT, user_agent
from guard.store.rule_files import load_catalogue, rules_root
from tests.server.conftest import Upstreams
from tests.support.facts import request
from tests.support.http import ask
from tests.support.running import PATIENT, RunningGuard, wait_until

GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
VISITOR = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PATHS = ("/", "/thumb.jpg", "/display.jpg", "/original.jpg")
ACCEPT = ("Accept", "image/webp,*/*;q=0.8")


@contextmanager
def running(upstreams: Upstreams, directory: Path, *rules: dict[str, object], **more: object) -> Iterator[RunningGuard]:
    guard = RunningGuard(
        directory,
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "rules": [*PATIENT, *rules],
            "search_check": {"first": 0.4, "every": 0.4},
            **more,
        },
    )
    try:
        yield guard
    finally:
        assert guard.stop() == 0, "".join(guard.said)


def count(guard: RunningGuard, name: str, **labels: str) -> float:
    """Return a metric's sum over the series that have these labels."""
    with urllib.request.urlopen(f"{guard.admin}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if re.match(rf"{name}[{{ ]", line) and all(one in line for one in wanted)
    )


def checks(guard: RunningGuard, result: str) -> float:
    return count(guard, "guard_search_guard_checks_total", site="photo.example", result=result)


def alerts(guard: RunningGuard) -> list[str]:
    return [line for line in guard.said if "search guard" in line]


def visit(guard: RunningGuard) -> None:
    for path in PATHS:
        assert ask(guard.port, path, ACCEPT).status == 200


@pytest.mark.parametrize("workers", [1, 2])
def test_by_default_search_engines_get_what_people_get(upstreams: Upstreams, tmp_path: Path, workers: int):
    """Pages, thumbnails, pictures and originals, byte for byte and header by header, whichever worker answers."""
    with running(upstreams, tmp_path, workers=workers) as guard:
        for _ in range(5):
            visit(guard)
        wait_until(lambda: checks(guard, "equal") >= 30 or None, 30, lambda: str(alerts(guard)))

        assert checks(guard, "different") == checks(guard, "failed") == checks(guard, "gone") == 0
        assert count(guard, "guard_search_guard_different") == 0
        assert alerts(guard) == []


def test_a_rule_that_previews_google_raises_an_alert(upstreams: Upstreams, tmp_path: Path):
    """The policy and the answers both show it; the line names site, kind and difference, but no address."""
    rule = {"id": "no-google", "when": {"operator": "Google", "kind": "original"}, "action": "preview"}
    with running(upstreams, tmp_path, rule) as guard:
        visit(guard)
        wait_until(lambda: len(alerts(guard)) >= 2 or None, 20, lambda: "".join(guard.said))
        time.sleep(1)

        told = "".join(alerts(guard))
        assert re.search(r"photo\.example: original: Googlebot.*: rule 'no-google' \(preview\)", told)
        assert re.search(r"photo\.example: original: Googlebot, once .*: \d+ bytes instead of \d+", told)
        assert "original.jpg" not in told
        assert "thumbnail" not in told
        assert "bingbot" not in told
        assert len(set(alerts(guard))) == len(alerts(guard))  # told when it is new, not every time
        assert count(guard, "guard_search_guard_different", site="photo.example") >= 2
        assert any("note: rule 'no-google' (preview) gives Googlebot" in line for line in guard.said)


def test_a_dropped_connection_is_a_difference(upstreams: Upstreams, tmp_path: Path):
    """No answer at all is not taken for a failure of the check."""
    with running(
        upstreams, tmp_path, {"id": "drop", "when": {"crawler": "google-googlebot"}, "action": "drop"}
    ) as guard:
        visit(guard)

        wait_until(lambda: "no answer instead of status 200" in "".join(alerts(guard)) or None, 20)
        assert checks(guard, "failed") == 0


def test_nothing_of_it_is_counted_or_recorded(upstreams: Upstreams, tmp_path: Path):
    """The guard is no visitor of its own: no line, no count, no evidence, no limit used up."""
    rule = {"id": "slowly", "when": {"path": "/"}, "action": "allow", "limit": {"requests": 9, "per": "day"}}
    with running(upstreams, tmp_path, rule) as guard:
        visit(guard)
        wait_until(lambda: checks(guard, "equal") >= 30 or None, 30)

        assert len(guard.lines()) == len(PATHS)
        assert count(guard, "guard_requests_total") == len(PATHS)
        assert count(guard, "guard_crawler_requests_total") == 0
        assert ask(guard.port, "/").status == 200
    kinds = dict(verify_directory(guard.evidence).kinds)
    assert "req" not in kinds
    assert b"Googlebot" not in b"".join(path.read_bytes() for path in guard.evidence.rglob("*") if path.is_file())


def test_a_wrong_token_makes_an_ordinary_client(upstreams: Upstreams, tmp_path: Path):
    """It is not verified, and it is recorded like everybody who names a crawler."""
    with running(upstreams, tmp_path) as guard:
        for number, value in enumerate(("", "x", "x http google-googlebot", " http google-googlebot")):
            ask(guard.port, f"/{number}", (FIELD, value), agent=GOOGLEBOT)

            line = guard.line_for(f"/{number}")
            assert (line["identity"], line["rule"]) == ("unknown", "search-allowed")
    assert dict(verify_directory(guard.evidence).kinds)["req"] == 4


@dataclass
class Recording:
    """A site that remembers what it was asked."""

    url: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Target, user agent, and all header lines as text."""
    cloaks: bool = False

    async def answer(self, request: web.Request) -> web.Response:
        lines = str(sorted(request.headers.items())).lower()
        agent = request.headers.get("User-Agent", "")
        self.asked.append((request.raw_path, agent, lines))
        if self.cloaks and "Googlebot" in agent:
            return web.Response(text="for robots", content_type="text/html")
        headers = {"Cache-Control": "no-store"} if request.path == "/account" else {}
        nonce = len(self.asked) if request.path == "/nonce" else 0
        return web.Response(text=f"<p>{nonce:>9}", content_type="text/html", headers=headers)

    def others(self) -> list[str]:
        """Return the targets that the guard asked for."""
        return [target for target, agent, _ in self.asked if agent != VISITOR]


@pytest.fixture
def recording(upstreams: Upstreams) -> Iterator[Recording]:
    site = Recording()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", site.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    runner = upstreams.servers.call(start())
    yield site
    upstreams.servers.call(runner.cleanup())


def guarding(recording: Recording) -> dict[str, object]:
    return {"sites": [{"host": "photo.example", "upstream": recording.url}]}


def test_what_keeps_a_secret_is_not_asked_for(upstreams: Upstreams, tmp_path: Path, recording: Recording):
    """Neither queries, nor what needs a credential, nor shared links, nor private answers; and the token stays here."""
    secret = "/share/9f86d081884c7d659a2feaa0c55ad015"
    with running(upstreams, tmp_path, **guarding(recording)) as guard:
        for path in ("/?key=secret", secret, "/account"):
            ask(guard.port, path, agent=VISITOR)
        ask(guard.port, "/album", ("Cookie", "session=1"), agent=VISITOR)
        ask(guard.port, "/album", ("Authorization", "Basic eDp5"), agent=VISITOR)
        ask(guard.port, "/album", method="HEAD", agent=VISITOR)
        ask(guard.port, "/public", agent=VISITOR)
        wait_until(lambda: checks(guard, "equal") >= 12 or None, 20)

    assert set(recording.others()) - {"/robots.txt"} == {"/public"}  # the site's own is merged with ours
    assert any("Googlebot" in agent for _, agent, _ in recording.asked)
    assert not any(FIELD in lines for _, _, lines in recording.asked)


def test_a_page_that_changes_by_itself_is_no_alert(upstreams: Upstreams, tmp_path: Path, recording: Recording):
    """A nonce is different for everybody, every time."""
    with running(upstreams, tmp_path, **guarding(recording)) as guard:
        ask(guard.port, "/nonce")
        wait_until(lambda: checks(guard, "equal") >= 9 or None, 20)

        assert checks(guard, "different") == 0
        assert alerts(guard) == []


def test_it_is_told_when_it_begins_and_when_it_ends(upstreams: Upstreams, tmp_path: Path, recording: Recording):
    """Also what the site itself shows to search engines only is seen."""
    with running(upstreams, tmp_path, **guarding(recording)) as guard:
        ask(guard.port, "/cloaked")
        wait_until(lambda: checks(guard, "equal") or None, 20)
        recording.cloaks = True
        wait_until(lambda: alerts(guard) or None, 40)
        recording.cloaks = False
        wait_until(lambda: "get the same again" in "".join(alerts(guard)) or None, 20)

    assert "bytes instead of" in alerts(guard)[0] or "other bytes" in alerts(guard)[0]


def search_guard(token: str) -> SearchGuard:
    catalogue = load_catalogue(rules_root().path)
    rules = (Rule(id="default", when=Condition(), action=Action.ALLOW),)
    registry = CollectorRegistry()
    return SearchGuard(
        Pipeline(catalogue, Policy(name="test", rules=rules, content=b"", digest="0" * 64)),
        token,
        Counter("checks", "Checks.", ("site", "result"), registry=registry),
        Gauge("different", "Different.", ("site",), registry=registry),
        now=utc_now,
    )


def test_a_request_of_its_own_is_known_by_the_token_alone():
    """What it says about itself is believed, and the line that says it is gone."""
    guard = search_guard("t" * 43)
    facts = request(Guard_Self_Check=f"{'t' * 43} http google-googlebot", User_Agent=GOOGLEBOT)

    own = guard.recognise(facts)

    assert own is not None
    assert own.identity.identity is Identity.VERIFIED
    assert own.facts.scheme == "http"
    assert own.facts.headers == (("User-Agent", GOOGLEBOT),)
    assert own.facts.client.source is AddressSource.PEER
    assert str(own.facts.client.address) == "127.0.0.1"


@pytest.mark.parametrize("who", ["person", "", "openai-gptbot", "nobody"])
def test_nobody_is_verified_who_is_no_search_engine(who: str):
    """Not even with the token."""
    own = search_guard("t").recognise(request(Guard_Self_Check=f"t http {who}"))

    assert own is not None
    assert own.identity.identity is Identity.NONE_CLAIMED


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("t", "T http person"), ("t", "tt http person"), ("t", ""), ("t", " t"), ("t", "\udcff http person"),
        ("", ""), ("", " http google-googlebot"), ("", "x"),
    ],
)  # fmt: skip
def test_another_token_is_nothing(token: str, said: str):
    """Least of all an empty one, where no token was given out."""
    assert search_guard(token).recognise(request(Guard_Self_Check=said)) is None


def test_a_user_agent_is_taken_for_whom_it_names():
    """Every search engine of the catalogue can be asked as, and the person is a browser."""
    catalogue = load_catalogue(rules_root().path)

    wrong = [one.id for one in equals(catalogue) if catalogue.find(user_agent(one)).crawler is not one]

    assert wrong == []
    assert catalogue.find(USER_AGENT).purpose == "browser"
