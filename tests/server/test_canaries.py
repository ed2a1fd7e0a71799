"""Canaries, from the owner's folder to the traced copy: who is led to one, who gets one, and what is on record."""

import asyncio
import io
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from prometheus_client import CollectorRegistry, Counter

from guard.errors import RecorderUnavailableError
from guard.evidence import record
from guard.server.canaries import Canaries
from guard.store.canary_pictures import keep
from guard.store.canary_records import canaries
from guard.store.log_files import open_folder
from guard.store.record_finder import leaves
from tests.server.test_challenge import browser, contexts
from tests.support.caches import own_cache  # noqa: F401
from tests.support.http import CHROME, GOOGLEBOT_IMAGE, GPTBOT, ask
from tests.support.pictures import encoded, scenery
from tests.support.running import PATIENT, RunningGuard, wait_until

__all__ = ["browser"]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
WORKS = {
    "Night_sea,-first-state.jpg": encoded(scenery(1200, 800, seed=11), "JPEG", quality=88),
    "Grüne Küste.png": encoded(scenery(900, 600, seed=12), "PNG"),
}


@pytest.fixture(scope="module")
def works(tmp_path_factory):
    folder = tmp_path_factory.mktemp("works")
    for name, data in WORKS.items():
        (folder / name).write_bytes(data)
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def guard(upstreams, works, tmp_path_factory):
    running = RunningGuard(
        tmp_path_factory.mktemp("canaries"),
        {
            "sites": [{"host": "*", "upstream": upstreams.good, "public_url": "https://photo.example"}],
            "rights": {"holder": "Jane Doe"},
            "in_image": {"rights": True},
            "behaviour": {"decoys": True},
            "canaries": str(works),
            "rules": PATIENT,
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)


def named(guard, page="/whole.html", agent=FIREFOX):
    """Return address and words of the canary that a page names, waiting until one is."""

    def find():
        html = ask(guard.port, page, ("Accept", "text/html"), agent=agent).body.decode()
        found = re.search(r'<template><img src="([^"]+)" alt="([^"]*)"></template>', html)
        return (found[1], unescape(found[2])) if found else None

    return wait_until(find, 10)


def copy_at(guard, path, *lines, agent=FIREFOX, method="GET"):
    def find():
        reply = ask(guard.port, path, *lines, agent=agent, method=method)
        return reply if reply.get("etag") else None

    return wait_until(find, 20)


def test_a_page_names_one_of_them_with_its_words(guard):
    """Different pages different ones; each is a real picture, and robots.txt keeps everybody from it."""
    pages = [f"/whole.html?{number}" for number in range(3)] + ["/whole.html"]
    found = {named(guard, page) for page in pages}
    robots = ask(guard.port, "/robots.txt").body.decode()

    [directory] = {path.rpartition("/")[0] + "/" for path, _ in found}
    assert f"Disallow: {directory}" in robots
    assert {words for _, words in found} <= {"Night sea, first state", "Grüne Küste"}


def test_whoever_asks_gets_a_copy_of_its_own_with_rights_and_on_record(guard):
    """As if it lay on a disk, and never to be found by a search."""
    path, _ = named(guard)
    mine, again = copy_at(guard, path), copy_at(guard, path)
    other = copy_at(guard, path, ("Accept", "image/*"), ("Accept-Language", "de"), agent=CHROME)
    part = ask(guard.port, path, ("Range", "bytes=10-19"), agent=FIREFOX)
    head = ask(guard.port, path, agent=FIREFOX, method="HEAD")

    assert mine.body == again.body != other.body
    assert max(Image.open(io.BytesIO(mine.body)).size) in (1200, 900)
    assert b"DMI-PROHIBITED" in mine.body
    assert "noindex, nofollow" in mine.all("x-robots-tag")
    assert mine.get("cache-control").startswith("private")
    assert (part.status, part.body) == (206, mine.body[10:20])
    assert (head.status, head.get("content-length")) == (200, str(len(mine.body)))
    [one] = [found for found in canaries(guard.evidence).values() if found.copies]
    assert one.copies >= 5
    assert len(one.marks) == 2


def test_who_names_itself_a_crawler_gets_no_work(guard):
    """A search engine and a training crawler get the small plain picture of a decoy, with the same word to searches."""
    path, _ = named(guard)
    copy_at(guard, path)
    for agent in (GPTBOT, GOOGLEBOT_IMAGE):
        reply = ask(guard.port, path, agent=agent)
        assert (reply.status, reply.get("cache-control")) == (200, "no-store")
        assert len(reply.body) < 8192
        assert "noindex, nofollow" in reply.all("x-robots-tag")


def test_they_are_on_record_before_the_first_copy(guard):
    """Kind, digest and place; the log is right as a whole."""
    copy_at(guard, named(guard)[0])
    order = []
    for _, leaf in leaves(open_folder(guard.evidence)):
        one = record.read(leaf)
        if one.kind == "cny" or one.fields.get("mark"):
            order.append(one.kind.value)
    listed = subprocess.run(
        [sys.executable, "-m", "guard", "canary", "list", "-c", str(guard.file), "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    shown = subprocess.run(
        [sys.executable, "-m", "guard", "canary", "list", "--evidence", str(guard.evidence)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert order[:2] == ["cny", "cny"]
    assert order[-1] == "req"
    found = json.loads(listed.stdout)["canaries"]
    assert {one["name"] for one in found} == set(WORKS)
    assert all(one["places"]["*"].startswith("/") for one in found)
    assert all(len(line) < 80 for line in shown.stdout.splitlines())
    verified = subprocess.run(
        [sys.executable, "-m", "guard", "evidence", "verify", str(guard.evidence)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert "canary pictures" in verified.stdout, verified.stdout + verified.stderr


@pytest.mark.parametrize(
    ("lang", "line", "heading"),
    [("en", "a canary, which no page shows", "Canary pictures"), ("de", "ein Kontrollbild", "Kontrollbilder")],
)
def test_a_copy_that_is_found_says_that_it_is_one(guard, tmp_path, lang, line, heading):
    """Its original lies beside the evidence; the owner's gallery need not hold it, nor the folder any more."""
    copy = Image.open(io.BytesIO(copy_at(guard, named(guard)[0]).body))
    copy.crop((100, 0, 700, 600)).resize((256, 256), Image.Resampling.BICUBIC).save(tmp_path / "found.jpg", quality=75)
    (tmp_path / "gallery").mkdir()
    (tmp_path / "gallery" / "a.jpg").write_bytes(encoded(scenery(800, 600, seed=3), "JPEG"))

    def trace(*more):
        return subprocess.run(
            [sys.executable, "-m", "guard", "trace", "found.jpg", "--originals", "gallery", "--evidence",
             str(guard.evidence), "--lang", lang, *more],
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip

    plain, result = trace("--report", "report"), json.loads(trace("--json").stdout)["results"][0]

    assert plain.returncode == 0, plain.stdout + plain.stderr
    assert line in plain.stdout
    assert result["identified"]
    assert record.read(dict(leaves(open_folder(guard.evidence)))[result["canary"]]).kind == "cny"
    report = (tmp_path / "report" / "trace.html").read_text("utf-8")
    assert f"<h2>{heading}</h2>" in report
    assert "robots.txt" in report


def test_chromium_neither_shows_nor_fetches_one(guard, browser, tmp_path: Path):
    """Nor does it lead there by keyboard: what stands in a template is no part of the page."""
    path, _ = named(guard)
    directory = path.rpartition("/")[0]
    context = contexts(browser, tmp_path / "person", locale="en-US")
    tab, asked = context.new_page(), []
    tab.on("request", lambda one: asked.append(one.url))
    tab.goto(f"{guard.url}/whole.html")
    tab.wait_for_timeout(1500)

    assert directory in tab.content()
    assert not [url for url in asked if directory in url]
    assert f"{guard.url}/display.jpg" in asked
    assert tab.evaluate("document.images.length") == 1
    for _ in range(5):
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.tagName") == "BODY"
    context.close()


class Recorder:
    """One that fails at first."""

    def __init__(self, failures):
        self.failures, self.written = failures, []

    async def append(self, leaf):
        if self.failures:
            self.failures -= 1
            raise RecorderUnavailableError("away")
        self.written.append(record.read(leaf))
        return len(self.written)


async def test_none_is_offered_before_all_are_on_record(works, tmp_path, monkeypatch):
    """And while the log can not be written, a decoy's own picture stands in."""
    monkeypatch.setattr("guard.server.canaries.AGAIN_SECONDS", 0.01)
    pictures = keep(works, tmp_path)
    one = Canaries(pictures, SimpleNamespace(), Counter("c", "…", ("site", "result"), registry=CollectorRegistry()))
    recorder = Recorder(2)

    one.start(recorder, [("a.example", "/x/"), ("b.example", "/y/")], lambda: datetime.now(UTC))
    assert one.number_for("/") is None
    assert await one.made(SimpleNamespace(), ()) is None
    for _ in range(100):
        if one.number_for("/") is not None:
            break
        await asyncio.sleep(0.01)

    assert [(found.fields["site"], found.fields["path"]) for found in recorder.written] == [
        ("a.example", "/x/"), ("a.example", "/x/"), ("b.example", "/y/"), ("b.example", "/y/")
    ]  # fmt: skip
    assert {found.fields["sha256"] for found in recorder.written} == {picture.sha256 for picture in pictures}
    assert one.number_for("/") in (0, 1)
    assert one.at("/x/a.jpg") == one.at("/x/a.jpg")
    await one.stop()
