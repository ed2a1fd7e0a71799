"""`guard reserve audit` says in words, in a table and as JSON what a live site tells crawlers."""

import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guard.cli import main
from guard.cli.audit_flaws_de import FLAWS as GERMAN
from guard.cli.audit_flaws_en import FLAWS as ENGLISH
from guard.cli.audit_snippets import SNIPPETS
from guard.cli.reserve_audit import checked_url
from guard.errors import UsageError
from guard.reservation.audit_flaws import FLAWS
from tests.support.running import RunningGuard
from tests.support.shaped_site import RSL, Answer, ShapedSite, picture, refuse_nobody, right
from tests.support.tls_site import TlsSite, certificate

ENVIRON = {"PATH": "/usr/bin:/bin", "HOME": "/home/jane", "COLUMNS": "80", "TERM": "dumb", "LANG": "C.UTF-8"}


def audit(url: str, *arguments: str):
    return CliRunner().invoke(main.app, ["reserve", "audit", url, *arguments])


def test_every_flaw_has_words_in_both_languages_and_its_snippets_are_known():
    """A name without words would end the program while it speaks."""
    assert set(ENGLISH) == set(GERMAN) == set(FLAWS)
    assert set(SNIPPETS) <= set(FLAWS)


def run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "guard", "reserve", "audit", url, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=ENVIRON)


def test_the_first_line_says_it_all_and_lines_fit():
    """At 80 columns, without colour where no terminal is; only what is to be pasted may be longer."""
    pages = right()
    pages["/one.jpg"].headers = pages["/two.jpg"].headers = ()
    with ShapedSite(pages=pages, refuse=refuse_nobody) as site:
        done = run(site.origin)

    assert done.returncode == 1
    assert done.stderr == ""
    assert done.stdout.startswith(
        "18 of 20 carriers found, 3 broken, 0 contradictions: a careful crawler may NOT\ntrain;"
    )
    assert "\x1b" not in done.stdout
    assert max(len(line) for line in done.stdout.splitlines() if not line.startswith("      ")) <= 80
    assert "\n 1. This picture lacks header lines that other answers have.\n    → Send" in done.stdout
    assert "missing: X-Robots-Tag: noai, tdm-reservation, Content-Usage" in done.stdout
    assert "§ 60d UrhG knows no opt-out" in done.stdout
    assert "Google-Extended" in done.stdout


def test_it_speaks_german():
    """The same findings, other words."""
    with ShapedSite() as site:
        site.pages["/trust.txt"].body = b"datatrainingallowed=yes"
        done = run(site.origin, "--lang", "de")

    assert done.returncode == 1
    assert "1 Widerspruch: Ein sorgfältiger" in done.stdout
    assert "≠ Training: vorbehalten durch" in done.stdout
    assert "erlaubt durch trust.txt" in " ".join(done.stdout.split())


def test_a_contradiction_names_both_sources():
    """In the table by a sign, below it with the addresses, and for programs."""
    with ShapedSite() as site:
        site.pages["/rsl.xml"].body = (
            RSL.replace(">search<", ">search ai-train<").replace("ai-train ai-input", "").encode()
        )
        value = json.loads(audit(site.origin, "--json").stdout)
        origin = site.origin

    train = next(one for one in value["contradictions"] if one["question"] == "train")
    assert {"carrier": "rsl", "where": f"{origin}/rsl.xml"} in train["permitted"]
    assert {"carrier": "content_signal", "where": f"{origin}/robots.txt"} in train["reserved"]
    assert value["answers"]["train"] == "reserved"


def test_the_keys_of_json_are_documented():
    """Whoever scripts against it finds every key in the help."""
    with ShapedSite() as site:
        value = json.loads(audit(site.origin, "--json").stdout)
    said = CliRunner().invoke(main.app, ["reserve", "audit", "--help"]).stdout

    keys = {
        *value,
        *value["carriers"][0],
        *value["findings"][0],
        *value["crawlers"],
        *value["asked"],
        *value["answers"],
    }
    assert {key for key in keys if not re.search(rf"\b{key}\b", said)} == set()


def test_what_a_site_says_is_never_obeyed_by_the_terminal():
    """A header or a path may hold escape sequences."""
    with ShapedSite() as site:
        site.pages["/trust.txt"].body = b"datatrainingallowed=\x1b[31mred\xe2\x80\xaegnp"
        done = audit(site.origin)

    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert r"datatrainingallowed=\x1b[31mred\u202egnp" in done.stdout


def test_a_bare_site_is_told_where_to_begin():
    """The first thing a photographer does, before installing anything."""
    pages = {"/": Answer(b"<html><img src=/one.jpg>"), "/one.jpg": Answer(picture(packet=""), "image/jpeg")}
    with ShapedSite(pages=pages, refuse=refuse_nobody) as site:
        done = audit(site.origin)

    assert done.exit_code == 1
    assert done.stdout.startswith("0 of 20 carriers found, 0 broken, 0 contradictions: nothing tells a crawler not")
    assert "      Content-Usage: train-ai=n, ai-use=n, search=y\n" in done.stdout
    assert f"      guard reserve render --host {site.origin.removeprefix('http://')} --for nginx\n" in done.stdout


def test_a_redirect_loop_is_said_in_one_sentence():
    """Nothing else is known of such a site."""
    with ShapedSite(pages={"*": Answer(b"", headers=(("Location", "/"),), status=302)}) as site:
        done = audit(site.origin)

    assert done.exit_code == 1
    assert done.stdout.startswith(f"{site.origin}/ can not be read. The site redirects in a circle")
    assert "carriers found" not in done.stdout


async def test_a_certificate_that_is_not_trusted_is_said(tmp_path):
    """Crawlers stop there as browsers do."""
    server, _ = certificate(tmp_path, "localhost")
    async with TlsSite(server) as site:
        import asyncio

        done = await asyncio.to_thread(run, f"https://localhost:{site.port}/", "--json")

    value = json.loads(done.stdout)
    assert done.returncode == 1
    assert [one["id"] for one in value["findings"]] == ["unreachable-tls"]
    assert value["verdict"] == "unreachable"


def test_a_site_that_does_not_answer_is_given_up(monkeypatch):
    """In seconds, not minutes."""
    monkeypatch.setattr("guard.exporter.site_fetch.SECONDS", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        before = time.monotonic()
        done = audit(f"http://127.0.0.1:{silent.getsockname()[1]}", "--json")

    assert [one["id"] for one in json.loads(done.stdout)["findings"]] == ["unreachable-timeout"]
    assert time.monotonic() - before < 5


def test_nothing_listens_and_no_such_name():
    """Both are sentences, not tracebacks."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    closed = json.loads(audit(f"http://127.0.0.1:{port}", "--json").stdout)
    nameless = json.loads(audit("http://nobody.invalid", "--json").stdout)

    assert [one["id"] for one in closed["findings"]] == ["unreachable-connection"]
    assert [one["id"] for one in nameless["findings"]] == ["unreachable-name"]


@pytest.mark.parametrize(
    "url", ["ftp://photo.example", "file:///etc/passwd", "https://", "http://a:b@photo.example", ""]
)
def test_what_is_no_site_is_a_usage_error(url: str):
    """Exit status 2, with an example."""
    with pytest.raises(UsageError, match="is not the address of a site"):
        checked_url(url)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("photo.example", "https://photo.example/"),
        ("photo.example/album/?p=1#top", "https://photo.example/album/?p=1"),
        ("localhost:8700", "http://localhost:8700/"),
        ("127.0.0.1:8700/x", "http://127.0.0.1:8700/x"),
        ("http://photo.example", "http://photo.example/"),
    ],
)
def test_an_address_may_be_typed_as_people_do(typed: str, meant: str):
    """Without a scheme it is https, but on this machine nothing speaks it."""
    assert checked_url(typed) == meant


def test_our_own_guard_has_no_fault(tmp_path: Path):
    """What we serve in front of a bare site, read back by readers that know nothing of our renderers."""
    page = b'<html><img src=/one.jpg><a href="/.well-known/guard/terms">Terms</a>'
    pages = {"/": Answer(page), "/one.jpg": Answer(picture(packet=""), "image/jpeg")}
    with ShapedSite(pages=pages, refuse=refuse_nobody) as upstream:
        guard = RunningGuard(tmp_path, {"sites": [{"host": "127.0.0.1", "upstream": upstream.origin}]})
        try:
            value = json.loads(run(guard.url, "--json").stdout)
        finally:
            guard.stop()

    assert [one["id"] for one in value["findings"] if one["severity"] == "fault"] == []
    assert value["contradictions"] == []
    assert value["answers"] == {"train": "reserved", "ai_use": "reserved", "search": "permitted", "tdm": "reserved"}
    assert next(one for one in value["carriers"] if one["id"] == "refusal")["found"]
