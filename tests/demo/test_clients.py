"""Does every crawler of the demo ask as its real counterpart does, and report what arrived?"""

import io
import json
import subprocess
import sys

import pytest
from PIL import Image

from guard.demo.answers import Report
from guard.demo.cast import CAST
from guard.demo.clients import (
    CRAWLERS,
    GPTBOT,
    assistant,
    dataset_crawler,
    link_preview,
    search_crawler,
    training_crawler,
    unlisted_crawler,
)
from guard.demo.visit import CLIENTS

_out = io.BytesIO()
Image.effect_noise((90, 60), 60).save(_out, "JPEG")
WHOLE = _out.getvalue()
"""A picture that decodes."""


def test_a_refused_crawler_goes_on_with_the_addresses_it_knows(site) -> None:
    """A crawler that is shown no page still asks for the pictures of its list, and counts refusals as refusals."""
    no = {True: (403, "image/jpeg", site.picture()), False: (403, "text/html", b"no")}
    site.answer = lambda path, _: None if path == "/robots.txt" else no[path.endswith(".jpg")]

    report = training_crawler(site.errand)

    assert site.paths == ["/robots.txt", "/", "/dunes/one.jpg", "/dunes/two.jpg"]
    assert [answer.is_refusal_picture for answer in report.answers] == [False, False, True, True]
    assert (report.pictures, len(report.refusals)) == ((), 3)


def test_a_crawler_that_is_let_in_finds_the_originals(site) -> None:
    """Without a guard the harvest is the album's originals, which count as pictures with their sizes."""
    report = dataset_crawler(site.errand)

    assert site.paths == ["/robots.txt", "/", "/dunes/", "/dunes/one.jpg", "/dunes/two.jpg"]
    assert [(answer.path, answer.width) for answer in report.pictures] == [
        ("/dunes/one.jpg", 200),
        ("/dunes/two.jpg", 200),
    ]
    assert report.refusals == ()


@pytest.mark.parametrize(
    ("client", "token"),
    [
        (training_crawler, "GPTBot/"),
        (dataset_crawler, "ImagesiftBot"),
        (search_crawler, "Googlebot-Image/"),
        (link_preview, "facebookexternalhit/"),
        (assistant, "ChatGPT-User/"),
        (unlisted_crawler, "PixelHarvestBot/"),
    ],
)
def test_every_request_of_a_crawler_names_it(site, client: type, token: str) -> None:
    """All requests of one crawler carry one user agent with its product token."""
    report = client(site.errand)

    agents = {asked.header("User-Agent") for asked in site.asked}
    assert agents == {report.user_agent}
    assert token in report.user_agent


def test_the_search_crawler_takes_thumbnails_and_originals(site) -> None:
    """An image search wants what the page shows and what it links to."""
    search_crawler(site.errand)

    assert site.paths[3:] == ["/dunes/one-small.jpg", "/dunes/two-small.jpg", "/dunes/one.jpg", "/dunes/two.jpg"]


def test_the_link_preview_takes_the_page_and_its_own_picture(site) -> None:
    """Under a shared link the picture that the page names for it is shown, whatever host it is said to be on."""
    report = link_preview(site.errand)

    assert site.paths == ["/", "/dunes/", "/dunes/cover.jpg"]
    assert len(report.pictures) == 1


@pytest.mark.parametrize(
    ("reply", "counted"),
    [
        ((200, "image/jpeg", WHOLE), (2, 0)),
        ((200, "image/jpeg", WHOLE[: len(WHOLE) * 2 // 3]), (0, 0)),
        ((200, "text/html", b"<h1>are you human?</h1>"), (0, 0)),
        ((403, "image/jpeg", WHOLE), (0, 2)),
        ((402, "application/problem+json", b"{}"), (0, 2)),
        ((404, "text/plain", b""), (0, 0)),
    ],
    ids=["picture", "cut-picture", "page-as-picture", "refusal-picture", "licence-offer", "not-there"],
)
def test_only_a_whole_picture_with_status_200_counts(
    site, reply: tuple[int, str, bytes], counted: tuple[int, int]
) -> None:
    """A refusal picture is a refusal, and half a picture or a page is nothing."""
    site.answer = lambda path, _: reply if path.endswith(".jpg") else None

    report = assistant(site.errand)

    assert (len(report.pictures), len(report.refusals)) == counted


def test_a_connection_that_closes_is_an_answer_of_status_0(site) -> None:
    """A crawler that is dropped reports it instead of failing."""
    address, known = site.address, site.errand.known
    closed = type(site.errand)(address=address.rpartition(":")[0] + ":1", known=known)

    report = training_crawler(closed)

    assert {answer.status for answer in report.answers} == {0}
    assert (report.pictures, report.refusals) == ((), ())


def test_a_client_reports_from_a_process_of_its_own(site) -> None:
    """One line of JSON on standard output is the whole report, and it reads back as the same value."""
    errand = json.dumps({"address": site.address, "known": list(site.errand.known)})

    finished = subprocess.run(
        [sys.executable, "-m", "guard.demo.visit", "training"],
        input=errand.encode(),
        capture_output=True,
        timeout=30,
        check=True,
    )

    report = Report.from_json(finished.stdout.decode())
    assert report.user_agent == GPTBOT
    assert [answer.path for answer in report.answers] == site.paths
    assert Report.from_json(report.to_json()) == report


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"user_agent": "x"}', '{"answers": 1}'])
def test_a_report_that_is_none_is_refused(text: str) -> None:
    """Whatever a broken client prints becomes one kind of error."""
    with pytest.raises(ValueError, match=r".*"):
        Report.from_json(text)


def test_every_crawler_can_be_started_by_name() -> None:
    """The names are the ones that the cast uses."""
    assert set(CRAWLERS) < set(CLIENTS)
    assert {member.visit for member in CAST} <= set(CLIENTS)
