"""Originals after a page view: with real clients, from the first page to the picture."""

import io
import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from PIL import Image

from tests.server.test_challenge import browser, contexts
from tests.server.test_search_guard import checks
from tests.support.http import GOOGLEBOT_IMAGE, ask
from tests.support.programs import need
from tests.support.running import RunningGuard, wait_until

__all__ = ["browser"]
FULL, SMALL = (1200, 800), 640
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SETTINGS = {
    "rights": {"holder": "Jane Doe", "contact": "rights@photo.example", "terms": "https://photo.example/terms"},
    "images": {"thumbnail_side": 400, "display_side": 1000},
    "behaviour": {"learning_days": 0},
    # What is tested here is the ticket, not what a client does without pages.
    "rules": [
        {"id": name, "when": {"conduct": conduct}, "action": "allow", "monitor": True}
        for name, conduct in (("bulk-marked", "suspect"), ("bulk-refused", "hostile"))
    ],
}


@pytest.fixture(scope="module")
def guard(upstreams, tmp_path_factory):
    running = RunningGuard(
        tmp_path_factory.mktemp("tickets"),
        {
            **SETTINGS,
            "sites": [{"host": "*", "upstream": upstreams.good, "public_url": "https://photo.example"}],
            "policy": "open",  # the mildest: tools get everything there, but for this
            "tickets": {"give": True, "embedders": ["blog.example"]},
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)


def size(reply):
    return Image.open(io.BytesIO(reply.body)).size


def side(file):
    with Image.open(file) as picture:
        return picture.size


def ticket(guard, agent=FIREFOX):
    page = ask(guard.port, "/", ("Accept", "text/html"), agent=agent)
    [line] = page.all("set-cookie")
    assert page.get("cache-control") == "private, no-cache"
    return ("Cookie", line.partition(";")[0])


def test_the_original_comes_after_a_page_and_a_preview_before(guard):
    """HEAD, Range and 304 as elsewhere; the two never lie in one cache entry."""
    without = ask(guard.port, "/display.jpg", ("Range", "bytes=0-99"), agent=FIREFOX)
    cookie = ticket(guard)
    whole = ask(guard.port, "/display.jpg", cookie, agent=FIREFOX)
    part = ask(guard.port, "/display.jpg", cookie, ("Range", "bytes=0-99"), agent=FIREFOX)
    head = ask(guard.port, "/display.jpg", cookie, agent=FIREFOX, method="HEAD")
    small = ("If-None-Match", without.get("etag"))

    assert (without.status, max(size(without))) == (200, SMALL)
    assert without.get("cache-control") == "private, no-cache"
    assert "Cookie" in without.all("vary")
    assert (whole.status, size(whole), whole.get("cache-control")) == (200, FULL, "private")
    assert (part.status, part.body) == (206, whole.body[:100])
    assert (head.status, head.get("content-length")) == (200, str(len(whole.body)))
    assert ask(guard.port, "/display.jpg", small, agent=FIREFOX).status == 304
    assert ask(guard.port, "/display.jpg", small, cookie, agent=FIREFOX).status == 200
    assert not whole.all("set-cookie"), "a fresh ticket is not given again"
    assert size(ask(guard.port, "/thumb.jpg", agent=FIREFOX)) == (320, 200)


def test_a_bookmark_says_why_and_gives_the_ticket(guard):
    """In the reader's language; what it names as the picture's address is this site's, whatever was asked for."""
    opened = ask(
        guard.port, '/display.jpg?a="><script>', ("Accept", "text/html,*/*;q=0.8"), ("Accept-Language", "de"),
        agent=FIREFOX,
    )  # fmt: skip
    cookie = ("Cookie", opened.get("set-cookie").partition(";")[0])
    text = unescape(opened.body.decode())

    assert (opened.status, opened.get("cache-control")) == (403, "no-store")
    assert opened.get("content-type") == "text/html; charset=utf-8"
    assert "Ein Bild von Jane Doe" in text
    assert "nichts über Sie" in text
    assert b"<script" not in opened.body
    picture = unescape(re.search(rb'<img src="([^"]+)"', opened.body)[1].decode())
    assert picture.startswith("/display.jpg")
    assert size(ask(guard.port, picture, cookie, agent=FIREFOX)) == FULL
    assert size(ask(guard.port, "/display.jpg", cookie, ("Accept", "text/html"), agent=FIREFOX)) == FULL
    english = ask(guard.port, "/display.jpg", ("Accept", "text/html"), agent=FIREFOX)
    assert (english.status, english.get("content-language")) == (403, "en")
    assert b"A picture by Jane Doe" in english.body


def test_sites_that_the_owner_named_and_claims_that_can_not_be_checked(guard):
    """The one gets the original, the other the display size without a mark."""
    embedded = ask(guard.port, "/display.jpg", ("Referer", "https://blog.example/"), agent=FIREFOX)
    search = ask(guard.port, "/display.jpg", agent=GOOGLEBOT_IMAGE)

    assert size(embedded) == FULL
    assert embedded.get("cache-control") == "private", "no cache may hand it to the next one"
    assert max(size(search)) == 1000


def test_a_visitor_without_cookies_has_compressed_pages_and_parts_of_films(guard):
    """As soon as it is known that there is no picture."""
    ask(guard.port, "/whole.html", agent=FIREFOX)
    ask(guard.port, "/large?megabytes=1", agent=FIREFOX)

    page = ask(guard.port, "/whole.html", ("Accept-Encoding", "deflate"), agent=FIREFOX)
    film = ask(guard.port, "/large?megabytes=1", agent=FIREFOX)
    upstream = ask(guard.port, "/echo", ("Range", "bytes=0-9"), agent=FIREFOX)
    again = ask(guard.port, "/echo", ("Range", "bytes=0-9"), ("Cookie", "a=1; guard_view=x; b=2"), agent=FIREFOX)

    assert page.get("content-encoding") == "deflate"
    assert film.get("content-type") == "video/mp4"
    assert "Range" not in dict(json.loads(upstream.body)["headers"])
    assert dict(json.loads(again.body)["headers"])["Range"] == "bytes=0-9"
    assert dict(json.loads(again.body)["headers"])["Cookie"] == "a=1;  b=2".replace("  ", " ")


def test_curl_and_wget_get_previews_until_they_look_at_a_page(guard, tmp_path):
    """And nobody an HTML page in place of a picture."""
    curl, wget = need("curl"), need("wget")
    url = f"{guard.url}/display.jpg"

    subprocess.run([curl, "-s", "-o", "a.jpg", url], cwd=tmp_path, check=True)
    subprocess.run([wget, "-q", "-O", "b.jpg", url], cwd=tmp_path, check=True)
    subprocess.run([curl, "-s", "-c", "jar", "-o", "page.html", guard.url], cwd=tmp_path, check=True)
    subprocess.run([curl, "-s", "-b", "jar", "-o", "c.jpg", url], cwd=tmp_path, check=True)

    assert [max(side(tmp_path / name)) for name in ("a.jpg", "b.jpg")] == [SMALL, SMALL]
    jar = (tmp_path / "jar").read_text()
    assert "guard_view" not in jar, "who says that it is a program gets no ticket"
    subprocess.run([curl, "-s", "-A", FIREFOX, "-c", "jar", "-o", "page.html", guard.url], cwd=tmp_path, check=True)
    subprocess.run([curl, "-s", "-A", FIREFOX, "-b", "jar", "-o", "c.jpg", url], cwd=tmp_path, check=True)
    assert side(tmp_path / "c.jpg") == FULL


def test_img2dataset_gets_previews(guard, tmp_path):
    """In browser dress, as its lists of agents have it: the address alone is worth a small picture."""
    program = need("img2dataset")
    (tmp_path / "list.txt").write_text(f"{guard.url}/display.jpg\n{guard.url}/original.jpg\n")

    subprocess.run(
        [program, "--url_list", "list.txt", "--output_folder", "out", "--output_format", "files", "--processes_count",
         "1", "--thread_count", "1", "--resize_mode", "no", "--enable_wandb", "False",
         "--disallowed_header_directives", "[]"],
        cwd=tmp_path, check=True, capture_output=True, timeout=120,
    )  # fmt: skip

    found = [max(side(file)) for file in sorted(tmp_path.glob("out/*/*.jpg"))]
    assert found in ([], [SMALL, SMALL]), "refused or small, never an original"


def natural(tab):
    return tab.evaluate(
        "async () => { const i = document.querySelector('img'); await i.decode();"
        " return [i.naturalWidth, i.naturalHeight] }"
    )


def test_chromium_sees_the_gallery_the_bookmark_and_the_picture(guard, browser, tmp_path: Path):
    """The page of the site shows the original at once; a bookmark comes in a page once, then by itself."""
    context = contexts(browser, tmp_path / "person", locale="en-US")
    tab = context.new_page()
    opened = tab.goto(f"{guard.url}/display.jpg")
    assert (opened.status, tab.title()) == (403, "A picture by Jane Doe")
    assert natural(tab) == list(FULL)
    with tab.expect_navigation():
        tab.get_by_role("link", name="The picture by itself").click()
    assert tab.evaluate("document.contentType") == "image/jpeg"
    assert natural(tab) == list(FULL)
    context.close()

    fresh = contexts(browser, tmp_path / "fresh", locale="en-US")
    tab = fresh.new_page()
    assert tab.goto(f"{guard.url}/").status == 200
    assert natural(tab) == list(FULL)
    fresh.close()


def test_chromium_without_cookies_sees_smaller_pictures_and_is_told_why(guard, browser, tmp_path: Path):
    """The page comes each time; nothing goes round."""
    context = contexts(browser, tmp_path / "strict", cookies=False, locale="en-US")
    tab = context.new_page()

    for _ in range(2):
        assert tab.goto(f"{guard.url}/display.jpg").status == 403
        assert max(natural(tab)) == SMALL
        assert "your browser keeps no cookies" in tab.inner_text("main")
    tab.goto(f"{guard.url}/")
    assert max(natural(tab)) == SMALL
    context.close()


def test_it_is_counted(guard):
    """By site and result."""

    def counts():
        from urllib.request import urlopen

        text = urlopen(guard.admin + "/metrics").read().decode()  # loopback
        found = set(re.findall(r'guard_tickets_total\{result="(\w+)"', text))
        return found if found >= {"given", "smaller", "page"} else None

    ask(guard.port, "/display.jpg", agent=FIREFOX)
    ask(guard.port, "/display.jpg", ("Accept", "text/html"), agent=FIREFOX)
    assert wait_until(counts, 30) == {"given", "smaller", "page"}


def test_nothing_is_asked_where_tickets_are_off(upstreams, tmp_path):
    """The default: no cookie, no page in between; only shared caches are told to keep no picture."""
    running = RunningGuard(tmp_path, {**SETTINGS, "sites": [{"host": "photo.example", "upstream": upstreams.good}]})
    try:
        page = ask(running.port, "/", agent=FIREFOX)
        picture = ask(running.port, "/display.jpg", ("Accept", "text/html"), agent=FIREFOX)
    finally:
        running.stop()

    assert not page.all("set-cookie") + page.all("cache-control")
    assert (size(picture), picture.all("cache-control")) == (FULL, ["private"])
    assert not (running.evidence / "guard" / "tickets").exists()


def test_explain_says_what_a_ticket_changes(guard):
    """The rule, the condition that failed, and the page that a bookmark opens."""

    def explained(*headers):
        lines = [part for line in headers for part in ("--header", line)]
        return subprocess.run(
            [sys.executable, "-m", "guard", "explain", "-c", str(guard.file), "--user-agent", FIREFOX, "--host",
             "photo.example", "--path", "/display.jpg", "--kind", "original", "--address", "127.0.0.1", *lines],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    bookmark, cookie = explained("Accept: text/html"), ": ".join(ticket(guard))

    assert "a page that shows the picture and gives a ticket for it" in bookmark
    assert "ticket: missing" in bookmark
    assert "ticket: valid" in explained(cookie)
    assert "what the site sends, as it is" in explained("Referer: https://blog.example/")


def test_search_engines_still_get_what_people_with_a_ticket_get(upstreams, tmp_path):
    """The standing check asks as both, and finds no difference in pages and originals."""
    running = RunningGuard(
        tmp_path,
        {
            **SETTINGS,
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "tickets": {"give": True},
            "search_check": {"first": 0.4, "every": 0.4},
        },
    )
    try:
        cookie = ticket(running)
        for path in ("/", "/display.jpg", "/thumb.jpg"):
            assert ask(running.port, path, cookie, ("Accept", "image/webp,*/*;q=0.8"), agent=FIREFOX).status == 200
        wait_until(lambda: checks(running, "equal") >= 4 or None, 20, lambda: "".join(running.said))
        assert checks(running, "different") == 0
    finally:
        running.stop()
