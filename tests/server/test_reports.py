"""What becomes of a request is counted by few series, whoever asks."""

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client.metrics_core import Metric

from guard.core.classification import Conduct, Identity
from guard.core.crawlers import Purpose
from guard.core.facts import Kind
from guard.core.identity import Grade, IdentityVerdict
from guard.core.pipeline import Pipeline
from guard.core.policy import Action, Decision, PreviewSize
from guard.core.referrers import Referrers
from guard.exporter.access_log import AccessLog
from guard.exporter.metrics import Metrics
from guard.reservation.documents import ReservationSet
from guard.server.census import Census
from guard.server.exchange import Exchange, Sent
from guard.server.pulse import Pulse
from guard.server.reports import Reports
from guard.server.rules_in_force import load_pipeline
from guard.server.site import Site
from guard.settings import from_upstream
from guard.store.day_files import read_day
from tests.support.facts import request, who
from tests.support.facts import seen as seen_as

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Desk:
    """Reports of one worker, and what they counted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.metrics = Metrics()
        self.census = Census(folder, now=lambda: NOW)
        pulse = Pulse(self.metrics, records_pending=lambda: 0, packs_waiting=lambda: 0)
        self.reports = Reports(self.metrics, AccessLog("off"), self.census, pulse, Referrers({"chatgpt.com": "OpenAI"}))

    def tell(self, facts: Any, client: Any, action: Action, **fields: Any) -> None:
        decision = Decision(
            action=action, rule="r", because="", digest="0" * 64, size=PreviewSize.PREVIEW, limit=None,
            monitored=fields.pop("monitored", ()),
        )  # fmt: skip
        site = cast(Site, type("OneSite", (), {"host": "photo.example"})())
        exchange = Exchange(
            request=cast(Any, None), facts=facts, site=site, reservation=cast(ReservationSet, None), who=client,
            identity=cast(IdentityVerdict, Grade.CLAIM), signature=None, judged=None, peer_is_trusted=False,
            started=0.0, decision=decision, **fields,
        )  # fmt: skip
        self.reports.finished(exchange)

    def series(self) -> list[tuple[str, dict[str, str], float]]:
        families: list[Metric] = [one for metric in vars(self.metrics).values() for one in metric.collect()]
        return [(sample.name, sample.labels, sample.value) for family in families for sample in family.samples]

    def value(self, name: str, **labels: str) -> float:
        return sum(value for series, has, value in self.series() if series == name and labels.items() <= has.items())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def sent(size: int, status: int = 200) -> Sent:
    return Sent(status=status, bytes=size, completed=True)


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return load_pipeline(from_upstream("http://127.0.0.1:1", environ={"HOME": "/nowhere"}))


def test_only_people_who_open_a_page_were_sent_by_somebody(desk: Desk):
    """Not their pictures, not what was refused, and no program that writes a referrer."""
    page = request("/page", Referer="https://chatgpt.com/")
    for conduct, kind, status in (
        (Conduct.CLEAN, Kind.PAGE, 200),
        (Conduct.CLEAN, Kind.PAGE, 304),
        (Conduct.CLEAN, Kind.PAGE, 404),
        (Conduct.CLEAN, Kind.ORIGINAL, 200),
        (Conduct.SUSPECT, Kind.PAGE, 200),
    ):
        client = who(purpose=Purpose.BROWSER, conduct=conduct)
        desk.tell(page, client, Action.ALLOW, seen=seen_as(kind), rendition="as_is", sent=sent(9, status))

    assert desk.value("guard_referred_visits_total", site="photo.example", operator="OpenAI") == 2
    assert desk.value("guard_referred_visits_total") == 2


def test_ten_thousand_user_agents_leave_few_series(desk: Desk, pipeline: Pipeline):
    """Names made up, real ones in every disguise, and all that the catalogue knows: less than 2,000 series."""
    chance = random.Random(7)
    tokens = [crawler.token for crawler in pipeline.catalogue.crawlers]
    for number in range(10_000):
        word = "".join(chance.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", k=chance.randint(3, 12)))
        token = chance.choice(tokens) if number % 3 else word
        agent = chance.choice(("{}/{}.{}", "Mozilla/5.0 (compatible; {}/{}.{})", "{}bot/{}.{} (+https://x.example)"))
        facts = request(f"/{number}.jpg", User_Agent=agent.format(token, number, chance.randrange(9)))
        client = pipeline.classify(facts, cast(Any, _verdict(chance)), chance.choice(list(Conduct)))
        kind = chance.choice(list(Kind))
        decided = pipeline.decide(facts, client, seen_as(kind))
        desk.tell(
            facts, client, cast(Decision, decided).action, seen=seen_as(kind),
            rendition=chance.choice(("card", "as_is", "preview", "page")),
            sent=sent(100, chance.choice((200, 206, 304, 403, 404, 429, 502))),
        )  # fmt: skip

    assert 500 < len(desk.series()) < 2000
    assert desk.value("guard_requests_total") == 10_000
    assert all(len(value) < 64 for _, labels, _ in desk.series() for value in labels.values())


class _verdict:  # noqa: N801 - as short as a fact of tests
    """An identity as chance has it."""

    crawler = None

    def __init__(self, chance: random.Random) -> None:
        self.identity = chance.choice((Identity.VERIFIED, Identity.IMPOSTOR, Identity.UNKNOWN, Identity.UNVERIFIABLE))


def test_what_was_withheld_is_counted_in_bytes_where_the_size_is_known(desk: Desk):
    """A person was given the picture once, so it is known what the crawler did not get."""
    picture = seen_as(Kind.ORIGINAL)
    person = who(Purpose.BROWSER, crawler=None, identity=Identity.NONE_CLAIMED)
    desk.tell(request("/a.jpg"), person, Action.ALLOW, seen=picture, rendition="as_is", sent=sent(5_000_000))
    desk.tell(request("/a.jpg?x"), who(), Action.REFUSE, seen=picture, rendition="card", sent=sent(20_000, 403))
    desk.tell(request("/b.jpg"), who(), Action.REFUSE, seen=picture, rendition="card", sent=sent(20_000, 403))

    assert desk.value("guard_withheld_bytes_total", purpose="ai_training") == 4_980_000
    assert desk.value("guard_withheld_pictures_total", size="known") == 1
    assert desk.value("guard_withheld_pictures_total", size="unknown") == 1
    assert desk.value("guard_crawler_pictures_total", crawler="openai-gptbot", got="none") == 2
    assert desk.value("guard_responses_total", client="crawler", status="4xx") == 2
    assert desk.value("guard_responses_total", client="person", status="2xx") == 1


def test_what_a_rule_would_have_done_is_counted_by_rule(desk: Desk):
    """In monitor mode, in the learning week, in a pause."""
    desk.tell(request(), who(), Action.ALLOW, monitored=("bulk-refused", "mine"), sent=sent(1))

    assert desk.value("guard_monitored_total", rule="bulk-refused") == 1
    assert desk.value("guard_monitored_total", rule="mine") == 1


def test_the_book_of_the_day_is_written_at_the_end(desk: Desk):
    """With what crawlers asked for; people are one number."""
    desk.tell(request(), who(), Action.REFUSE, seen=seen_as(Kind.IMAGE), rendition="card", sent=sent(9, 403))
    person = who(Purpose.BROWSER, crawler=None, identity=Identity.NONE_CLAIMED)
    desk.tell(request("/private/of/a/person.jpg"), person, Action.ALLOW, seen=seen_as(Kind.IMAGE), sent=sent(9))
    asyncio.run(desk.reports.stop())

    book = read_day(desk.folder, NOW.date())
    (row,) = book.rows
    assert (row.name, row.requests, row.asked, row.refused, book.people) == ("GPTBot", 1, 1, 1, 1)
    assert [path for _, path, _ in book.pictures(9)] == ["/a.jpg"]
    assert b"person" not in next(desk.folder.glob("*.part")).read_bytes().replace(b'"people"', b"")
