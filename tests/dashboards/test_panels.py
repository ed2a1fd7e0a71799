"""Every query of every panel is asked of a real Prometheus that scrapes a real guard.

First a guard that is well, visited by people and crawlers: what is empty then must be in a list, with the reason. Then
the faults happen: after that nothing is empty.
"""

import math
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson
import pytest

from guard.server.refusals import APPEAL
from guard.store.rule_files import rules_root
from tests.support.dashboards import FILES, VALUES, Query, load, queries
from tests.support.http import CHATGPT_USER, CHROME, GPTBOT, ask
from tests.support.prometheus import Prometheus
from tests.support.running import RunningGuard
from tests.support.upstream import Servers

EMPTY_WHEN_WELL = {
    "Claims refuted": "nobody uses a crawler's name falsely",
    "Whose claims are refuted": "likewise",
    "robots.txt broken": "nobody asks for what the robots.txt that he was served forbids",
    "Who broke robots.txt": "likewise",
    "Every crawler · C": "refuted: likewise",
    "Every crawler · K": "broken: likewise",
    "Licences that were shown": "nobody shows one",
    "Faults of the site behind": "the site answers",
    "Not recorded": "everything is recorded",
    "Counted under other": "no metric has too many series",
    "Objections": "nobody was refused wrongly",
}
"""Panels with a query that has no data on a guard that is well, and why."""
NEVER_HERE = {"Counted under other": "it takes more crawlers than come here; `test_metrics` shows that it is counted"}
ROBOTS_GRACE = 61
"""Seconds after a robots.txt in which nothing breaks it (`rules/behaviour.yaml`)."""
TOOLS = ("python-requests/2.31.0", "Scrapy/2.11 (+https://scrapy.org)", "curl/8.5.0")


def listed_and_not(name: str) -> tuple[str, str]:
    """Return an address in the shipped list of an operator, and a public one that is in none."""
    document = orjson.loads((rules_root().path / "ranges" / f"{name}.json").read_bytes())
    first = next(one["ipv4Prefix"] for one in document["prefixes"] if "ipv4Prefix" in one)
    return str(ip_network(first)[1]), "8.8.4.4"


def fresh_list(folder: Path, name: str) -> None:
    """Keep the shipped list as if it had just been fetched: only a fresh one refutes."""
    document = orjson.loads((rules_root().path / "ranges" / f"{name}.json").read_bytes())
    document["fetchedAt"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    folder.mkdir(parents=True)
    (folder / f"{name}.json").write_bytes(orjson.dumps(document))


@dataclass
class Watched:
    """A guard and the Prometheus that watches it."""

    guard: RunningGuard
    prometheus: Prometheus
    began: float = field(default_factory=time.monotonic)

    def ask(self, target: str, agent: str, address: str, *lines: tuple[str, str], host: str = "photo.example") -> int:
        try:
            return ask(self.guard.port, target, ("X-Forwarded-For", address), *lines, agent=agent, host=host).status
        except OSError:
            return 0

    def visits(self, seconds: float, visit: Callable[[int], None]) -> None:
        """Let visitors come for so many seconds, a few at a time."""
        end = time.monotonic() + seconds
        with ThreadPoolExecutor(4) as pool:
            for number in range(10_000):
                if time.monotonic() > end:
                    break
                pool.submit(visit, number)
                time.sleep(0.04)

    def well(self, number: int) -> None:
        """Visit as people and crawlers do."""
        listed, _ = listed_and_not("openai-gptbot")
        picture = ("/thumb.jpg", "/display.jpg", "/original.jpg", "/photograph.jpg")[number // 8 % 4]
        match number % 8:
            case 0 | 1:
                sent_by = ("Referer", "https://chatgpt.com/")
                self.ask("/", CHROME, f"81.2.69.{number % 200}", ("Accept", "text/html"), sent_by)
                self.ask(picture, CHROME, f"81.2.69.{number % 200}", ("Referer", "https://photo.example/page"))
            case 2:
                self.ask("/robots.txt", GPTBOT, listed)
                self.ask(picture, GPTBOT, listed)
            case 3:
                self.ask(picture, "Googlebot-Image/1.0", listed_and_not("google-common")[0])
            case 4:
                self.ask(picture, CHATGPT_USER, "81.2.70.2")
            case 5:
                self.ask(picture, TOOLS[number % 3], "81.2.70.3")
            case 6:
                self.ask(picture, "Mozilla/5.0 (compatible; SomethingNewBot/1.0)", "81.2.70.4")
            case _:
                self.ask("/original.jpg", "Mozilla/5.0 (Windows NT 10.0) Firefox/157.0", "81.2.70.5")

    def ill(self, number: int) -> None:
        """Bring the faults about, and a forger."""
        _, elsewhere = listed_and_not("openai-gptbot")
        self.ask("/display.jpg", GPTBOT, elsewhere)
        self.ask("/gone", CHROME, "81.2.69.9", host="nobody.example")
        self.ask("/display.jpg", "CCBot/2.0", "81.2.70.9")
        self.ask("/display.jpg", "ClaudeBot/1.0", "81.2.70.8", ("Authorization", "License none.such"))
        if number == 0:
            ask(self.guard.port, APPEAL, method="POST", body=b"reference=7K3QF-9X2TM")
        if number % 40 == 20:
            pid = self.guard.children()["guard.server.recorder"]
            os.kill(pid, signal.SIGSTOP)
            time.sleep(3)
            os.kill(pid, signal.SIGCONT)

    def answer(self, query: Query) -> list[Any]:
        """Return the series that Prometheus has for a query."""
        if query.instant:
            found = self.prometheus.get("query", query=query.asked)
            return [one for one in found if not math.isnan(float(one["value"][1]))]
        now = time.time()
        found = self.prometheus.get("query_range", query=query.asked, start=str(now - 90), end=str(now), step="1")
        return [one for one in found if not all(math.isnan(float(value)) for _, value in one["values"])]

    def empty(self) -> list[Query]:
        return [query for query in queries() if not self.answer(query)]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Start everything, and let the site be visited for a while."""
    folder = tmp_path_factory.mktemp("watched")
    servers = Servers()
    good, _ = servers.start(str(folder / "unix.sock"))
    fresh_list(folder / "evidence" / "guard" / "ranges", "openai-gptbot")
    guard = RunningGuard(
        folder,
        {
            "workers": 2,
            "sites": [
                {"host": "photo.example", "upstream": good},
                {"host": "nobody.example", "upstream": "http://127.0.0.1:9"},
            ],
            "rights": {"holder": "Jane Doe", "contact": "rights@photo.example"},
            "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.1/32"]},
            "rules": [
                {"id": "would-mark", "when": {"purpose": "browser"}, "action": "mark", "monitor": True},
                {
                    "id": "new-ones",
                    "when": {"purpose": "unknown_declared_bot", "kind": ["image", "original"]},
                    "action": "mark",
                },
            ],
            "in_image": {"rights": "yes", "privacy": "strip"},
            "licences": {"accept": True},
            "tickets": {"give": True},
            "search_check": {"first": 2, "every": 4},
            "evidence": {"directory": str(folder / "evidence"), "time_stamps": ["http://127.0.0.1:9/tsr"]},
        },
    )
    prometheus = Prometheus(folder, guard.admin.removeprefix("http://"))
    yield Watched(guard, prometheus)
    prometheus.stop()
    guard.stop()
    servers.stop()


def test_no_panel_is_empty_without_a_reason(watched: Watched):
    """On a guard that is well, those of the list and no others; after its faults, none."""
    watched.ask("/robots.txt", "CCBot/2.0", "81.2.70.9")
    served_at = time.monotonic()
    watched.visits(20, watched.well)
    time.sleep(3)
    when_well = {query.panel for query in watched.empty()}
    time.sleep(max(0.0, ROBOTS_GRACE - (time.monotonic() - served_at)))
    watched.visits(12, watched.ill)
    time.sleep(3)
    when_ill = {query.panel for query in watched.empty()}

    assert when_well == set(EMPTY_WHEN_WELL)
    assert when_ill == set(NEVER_HERE)


def test_every_variable_has_values(watched: Watched):
    """Else nothing could be chosen."""
    for file in FILES:
        for one in load(file)["templating"]["list"]:
            if one["type"] != "query":
                continue
            match = re.fullmatch(r"label_values\((.*), (\w+)\)", one["query"]["query"])
            assert match is not None
            selector = match[1]
            for name, value in VALUES.items():
                selector = selector.replace(name, value)
            series = watched.prometheus.get("series", **{"match[]": selector})
            assert {row[match[2]] for row in series}, (file.stem, one["name"])


def test_what_prometheus_says_is_what_the_guard_did(watched: Watched):
    """Held against the access log, request by request."""
    lines = [line for line in watched.guard.lines() if line["crawler"] == "openai-gptbot"]
    refuted = sum(line["identity"] == "impostor" for line in lines)

    def value(matchers: str) -> float:
        found = watched.prometheus.get("query", query=f"sum(guard_crawler_requests_total{{{matchers}}})")
        return float(found[0]["value"][1])

    assert refuted > 10
    assert value('crawler="openai-gptbot"') == len(lines)
    assert value('crawler="openai-gptbot", identity="impostor"') == refuted
