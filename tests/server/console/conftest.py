"""One real guard with a console, some days of real counts, and a browser that is signed in."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from guard.core.day_book import DayBook
from guard.server.console.passwords import hashed
from tests.server.conftest import Upstreams
from tests.support.http import GPTBOT, ask
from tests.support.programs import missing
from tests.support.running import PATIENT, RunningGuard
from tests.support.states import a_day

PASSWORD = "correct horse battery staple"
HOSTILE = "<img src=x onerror=alert(1)>\u202egnp.\x1b[31m" + "a" * 400
"""Markup, a character that turns the line around, a terminal's escape sequence, and no end."""


def hostile_day() -> DayBook:
    """Return a day on which a client came that chose its name and its paths badly."""
    book = a_day()
    row = book.row(site="photo.example", name=HOSTILE, crawler="", operator="", purpose="unknown_declared_bot")
    row.requests, row.asked, row.smaller = 3, 3, 1
    book.picture("photo.example", f"/{HOSTILE}.jpg", given=True)
    book.picture("photo.example", "/original.jpg", given=False)
    return book


def write_days(evidence: Path, books: list[DayBook]) -> None:
    """Put these books where a guard looks for them; the last is that of today."""
    folder = evidence / "guard" / "days"
    folder.mkdir(parents=True, exist_ok=True)
    today = datetime.now(UTC).date()
    for before, book in enumerate(reversed(books)):
        day = today - timedelta(days=before)
        (folder / f"{day.isoformat()}.json").write_bytes(orjson.dumps({**book.to_value(), "parts": []}))


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hashed(PASSWORD)


@pytest.fixture(scope="session")
def console(
    upstreams: Upstreams, password_hash: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGuard]:
    """Start a guard with a console, to which GPTBot has come."""
    directory = tmp_path_factory.mktemp("console")
    write_days(directory / "evidence", [a_day(), hostile_day(), a_day()])
    running = RunningGuard(
        directory,
        {
            "sites": [
                {"host": "photo.example", "upstream": upstreams.good},
                {"host": "albums.example", "upstream": upstreams.good},
            ],
            "rights": {"holder": "Jane Doe", "contact": "rights@photo.example", "terms": "https://photo.example/terms"},
            "console": {"password": password_hash, "names": ["console.example"]},
            "rules": PATIENT,
        },
    )
    text = yaml.safe_dump(json.loads(running.file.read_text()), sort_keys=False)
    running.file.write_text(text.replace("rules:\n", "# My own rules:\nrules:\n"))
    for path in ("/robots.txt", "/original.jpg", "/photo.jpg", "/large.jpg"):
        ask(running.port, path, agent=GPTBOT)
    ask(running.port, "/photo.jpg", agent="EvilBot/1.0 (+http://x/<script>alert(1)</script>)")
    yield running
    assert running.stop() == 0, "".join(running.said)


# For one module: as long as it is open, no other test of the process can run an event loop of its own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Start one Chromium for all tests of a module."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or missing("chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def signed_in(chromium: Any, guard: RunningGuard, **options: Any) -> Any:
    """Return a browser context that is signed in."""
    context = chromium.new_context(**{"locale": "en-GB", **options})
    tab = context.new_page()
    tab.goto(f"{guard.admin}/console/")
    tab.fill("#password", PASSWORD)
    tab.click("main button")
    tab.wait_for_url(f"{guard.admin}/console/")
    tab.close()
    return context


@pytest.fixture(scope="module")
def member(chromium: Any, console: RunningGuard) -> Iterator[Any]:
    """Return a browser that is signed in, in English."""
    context = signed_in(chromium, console)
    yield context
    context.close()


@pytest.fixture
def tab(member: Any, console: RunningGuard) -> Iterator[Any]:
    """Return a tab of it, which may complain about nothing."""
    page = member.new_page()
    complaints: list[str] = []
    page.on("console", lambda one: complaints.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda one: complaints.append(str(one)))
    page.set_default_timeout(30_000)
    page.complaints = complaints
    page.base = f"{console.admin}/console/"
    yield page
    page.close()
    assert complaints == []
