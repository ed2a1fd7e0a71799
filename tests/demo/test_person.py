"""Does the person of the demo look at everything, and notice what is missing?"""

import importlib.util
import json
import shutil
import subprocess
import sys

import pytest

from guard.demo.answers import Report
from guard.demo.person import BROWSERS, stand_in
from guard.image import coded

chromium_is_here = importlib.util.find_spec("playwright") is not None and any(map(shutil.which, BROWSERS))
needs_chromium = pytest.mark.skipif(not chromium_is_here, reason="Playwright or Chromium is not installed")

PICTURES = ["/dunes/one-small.jpg", "/dunes/one.jpg", "/dunes/two-small.jpg", "/dunes/two.jpg"]
"""What a visit shows: the thumbnails, and the first pictures that they lead to."""


def look(site) -> Report:
    errand = json.dumps({"address": site.address, "known": []})
    finished = subprocess.run(
        [sys.executable, "-m", "guard.demo.visit", "person"],
        input=errand.encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    return Report.from_json(finished.stdout.decode())


@needs_chromium
def test_chromium_sees_every_picture(site) -> None:
    """The browser loads the page, the album with its lazy pictures and one original, byte for byte."""
    report = look(site)

    assert sorted(answer.path for answer in report.pictures) == PICTURES
    for answer in report.pictures:
        assert answer.digest == coded.digest(site.files[answer.path][1])
    assert report.broken == ()
    assert report.stand_in == ""
    assert "Headless" not in (site.asked[0].header("User-Agent") or "")


@needs_chromium
def test_chromium_notices_a_picture_that_stays_empty(site) -> None:
    """A picture that a person would miss is named with its page."""
    site.answer = lambda path, _: (403, "text/plain", b"no") if path == "/dunes/two-small.jpg" else None

    report = look(site)

    assert [place.rpartition("/")[2] for place in report.broken] == ["two-small.jpg"]
    assert [answer.path for answer in report.refusals] == ["/dunes/two-small.jpg"]


def test_the_stand_in_sees_what_chromium_sees_and_says_that_it_is_one(site) -> None:
    """Without a browser the same pictures are fetched, with the header lines of one."""
    report = stand_in(site.errand)

    assert sorted(answer.path for answer in report.pictures) == PICTURES
    assert report.stand_in == "Chromium"
    page, style, thumbnail = (site.asked[site.paths.index(path)] for path in ("/dunes/", "/style.css", PICTURES[2]))
    assert (page.header("Sec-Fetch-Dest"), page.header("Sec-Fetch-Mode")) == ("document", "navigate")
    assert (style.header("Sec-Fetch-Dest"), style.header("Accept")) == ("style", "text/css,*/*;q=0.1")
    assert (thumbnail.header("Sec-Fetch-Dest"), thumbnail.header("Sec-Fetch-Site")) == ("image", "same-origin")
    assert thumbnail.header("Referer") == f"{site.address}/dunes/"


def test_the_stand_in_notices_a_picture_that_stays_empty(site) -> None:
    """It reports what a person would miss, as the browser does."""
    site.answer = lambda path, _: (403, "text/plain", b"no") if path == "/dunes/two-small.jpg" else None

    assert stand_in(site.errand).broken == ("/dunes/: /dunes/two-small.jpg",)
