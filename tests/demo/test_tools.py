"""Do img2dataset, Scrapy and their stand-ins ask, obey and report as the real programs do?"""

import importlib.util
import json
import subprocess
import sys

import pytest

from guard.demo.answers import Report
from guard.demo.tools import (
    IMG2DATASET_USER_AGENT,
    find_img2dataset,
    img2dataset_replica,
    scrapy_stand_in,
    tells_datasets_no,
)


def visit(name: str, site) -> Report:
    errand = json.dumps({"address": site.address, "known": list(site.errand.known)})
    finished = subprocess.run(
        [sys.executable, "-m", "guard.demo.visit", name],
        input=errand.encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    return Report.from_json(finished.stdout.decode())


def test_the_replica_of_img2dataset_has_its_request_print(site) -> None:
    """Exactly four header lines, no Accept, no robots.txt: what the catalogue of tools knows it by."""
    img2dataset_replica(site.errand)

    assert site.paths == ["/dunes/one.jpg", "/dunes/two.jpg"]
    assert [name for name, _ in site.asked[0].headers] == ["Accept-Encoding", "Host", "User-Agent", "Connection"]
    assert site.asked[0].header("Accept-Encoding") == "identity"
    assert site.asked[0].header("User-Agent") == IMG2DATASET_USER_AGENT
    assert site.asked[0].header("Connection") == "close"


def test_the_replica_of_img2dataset_skips_what_is_reserved(site) -> None:
    """It is told by the header, leaves the bodies unread and has no picture."""
    report = img2dataset_replica(site.errand)

    assert (report.skipped, len(report.pictures), report.size) == (2, 0, 0)
    assert report.stand_in == "img2dataset"


def test_the_replica_of_img2dataset_takes_what_is_not_reserved(site) -> None:
    """The control: without the header it downloads, so it was the header that stopped it."""
    site.reserved = False

    report = img2dataset_replica(site.errand)

    assert (report.skipped, len(report.pictures)) == (0, 2)


@pytest.mark.parametrize(
    ("lines", "no"),
    [
        ([], False),
        (["noai, noimageai"], True),
        (["index", "NoAI"], True),
        (["max-image-preview:large"], False),
        (["LAION: index, noai"], False),
        (["noarchive"], False),
    ],
)
def test_a_data_set_is_told_no_by_a_line_for_everybody(lines: list[str], no: bool) -> None:
    """A line that names another crawler is for that crawler."""
    assert tells_datasets_no(lines) is no


def test_the_stand_in_of_scrapy_obeys_robots_txt(site) -> None:
    """It reads the file and takes nothing; where nothing is forbidden it takes pages and pictures."""
    told = scrapy_stand_in(site.errand)
    asked = list(site.paths)
    site.answer = lambda path, _: (404, "text/plain", b"") if path == "/robots.txt" else None
    free = scrapy_stand_in(site.errand)

    assert asked == ["/robots.txt"]
    assert told.stand_in == "Scrapy"
    assert len(free.pictures) == 4


@pytest.mark.skipif(importlib.util.find_spec("scrapy") is None, reason="Scrapy is not installed")
def test_scrapy_itself_obeys_robots_txt(site) -> None:
    """The real program reads the file and takes nothing; where nothing is forbidden it takes everything."""
    told = visit("scrapy", site)
    asked = list(site.paths)
    site.answer = lambda path, _: (404, "text/plain", b"") if path == "/robots.txt" else None
    free = visit("scrapy", site)

    assert asked == ["/robots.txt"]
    assert told.stand_in == ""
    assert told.user_agent.startswith("Scrapy/")
    assert [answer.path for answer in told.answers] == ["/robots.txt"]
    assert len(free.pictures) == 4


@pytest.mark.skipif(find_img2dataset() is None, reason="img2dataset is not installed")
def test_img2dataset_itself_skips_what_is_reserved(site) -> None:
    """The real program is told by the header and keeps no picture."""
    report = visit("img2dataset", site)

    assert (report.skipped, len(report.pictures), report.stand_in) == (2, 0, "")
