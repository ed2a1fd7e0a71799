"""What the pages show in a real browser: whole, readable to everybody, and harmless."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.server.console.conftest import HOSTILE, signed_in
from tests.support.http import CHROME, GPTBOT, ask
from tests.support.running import RunningGuard


@contextmanager
def expecting_error(tab: Any) -> Iterator[None]:
    """Let the browser say that an answer was an error."""
    yield
    tab.complaints.clear()


PAGES = (
    "",
    "crawlers",
    "crawlers?days=30",
    "crawlers/GPTBot",
    "crawlers/GPTBot/requests",
    "crawlers/GPTBot/change?action=preview",
    f"crawlers/{quote(HOSTILE, safe='')}",
    "explain",
    f"explain?user_agent={quote(HOSTILE)}&path=/a.jpg",
    "explain?reference=nothing",
    "live",
    "pictures",
    f"pictures/one?site=photo.example&path={quote('/' + HOSTILE + '.jpg', safe='')}",
    "reservations?site=albums.example",
    "evidence",
    "check",
)
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_readable_to_everybody_and_harmless(tab: Any, path: str):
    """No barrier that axe finds (WCAG 2.2 AA), no wider than a phone, and what strangers chose is text."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    asked: list[str] = []
    tab.on("request", lambda one: asked.append(one.url))
    tab.on("dialog", lambda _: pytest.fail("a script ran"))
    for scheme, widths in (("light", (360, 768)), ("dark", (1280,))):
        tab.emulate_media(color_scheme=scheme)
        for width in widths:
            tab.set_viewport_size({"width": width, "height": 800})
            if width != 768:
                tab.goto(tab.base + path)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width

        found = axe.Axe().run(tab, options={"runOnly": RULES})
        assert found.violations_count == 0, (scheme, found.generate_report())
    text = tab.inner_text("main")
    assert tab.locator("main img[src=x], main script").count() == 0
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert max(map(len, text.split("\n"))) < 500
    assert all(url.startswith(tab.base) for url in asked)


def test_hostile_names_are_shown_all_the_same(tab: Any):
    """Harmless is not hidden."""
    tab.goto(tab.base + "crawlers?days=7")

    text = tab.inner_text("main")
    assert "<img src=x onerror=alert(1)>‹U+202E›" in text
    assert "GPTBot" in text


def test_everything_can_be_read_without_javascript(chromium: Any, console: RunningGuard):
    """The chart is a picture, and a table."""
    context = signed_in(chromium, console, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{console.admin}/console/")

    assert page.locator("figure.chart > svg rect").count() > 3
    assert "GPTBot" in page.inner_text("main")
    page.click("figure summary")
    assert "\t200\t0\t0\t81" in page.inner_text("figure table")
    context.close()


def test_the_chart_answers_to_the_pointer(tab: Any):
    """And says the same as the table."""
    tab.goto(tab.base)
    tab.wait_for_selector(".uplot canvas")
    box = tab.locator(".u-over").bounding_box()

    tab.mouse.move(box["x"] + box["width"] - 8, box["y"] + 20)

    tab.wait_for_function("document.querySelector('.readout').textContent.includes('none')")


def test_the_page_in_german_leaves_no_english_behind(chromium: Any, console: RunningGuard):
    """But for what is marked as English: sentences of rules and of commands."""
    context = signed_in(chromium, console, locale="de-DE")
    for path in PAGES:
        page = context.new_page()
        page.goto(f"{console.admin}/console/{path}")
        page.evaluate("document.querySelectorAll('[lang=en], code, bdi, pre').forEach(one => one.remove())")
        words = set(page.inner_text("body").replace("\n", " ").lower().split())

        assert not words & {"the", "and", "of", "what", "who", "with", "pictures", "requests"}, path
        assert page.get_attribute("html", "lang") == "de"
    context.close()


def test_a_pause_is_one_click_and_its_end_another(tab: Any):
    """And the page says so in between."""
    tab.goto(tab.base)

    tab.click("text=Pause for an hour")

    tab.wait_for_selector("text=Paused until")
    tab.click("text=End the pause")
    tab.wait_for_selector("text=Pause for an hour")
    assert "Paused until" not in tab.inner_text("main")


def test_an_open_page_stays_fresh_and_can_be_told_not_to(tab: Any):
    """What changes by itself can be stopped (WCAG 2.2.2)."""
    tab.goto(tab.base)

    with tab.expect_response("**/console/now") as fetched:
        tab.evaluate("document.querySelector('[data-live]').dispatchEvent(new CustomEvent('refresh'))")

    assert fetched.value.status == 200
    tab.wait_for_selector("#now h1")
    assert tab.locator("#now").count() == 1
    switch = tab.locator("[data-live-switch]")
    switch.click()
    assert switch.get_attribute("aria-pressed") == "false"
    switch.click()


def test_a_rule_is_changed_by_one_click_after_its_difference_was_shown(tab: Any, console: RunningGuard):
    """Written with the file's comments kept, in force at once, and taken back the same way."""
    before = console.file.read_text()
    tab.goto(tab.base + "crawlers/GPTBot")

    tab.click("button:has-text('Give previews')")
    tab.wait_for_url("**/change?action=preview")
    assert "+- {id: console-openai-gptbot" in tab.inner_text("pre.diff")
    assert "argon2" not in tab.content()
    assert console.file.read_text() == before
    tab.click("text=Write it and put it in force")
    tab.wait_for_url("**/crawlers/GPTBot?done=1")
    assert "console-openai-gptbot" in tab.inner_text("main")
    assert "# My own rules:" in console.file.read_text()
    assert ask(console.port, "/photo.jpg", agent=GPTBOT).status == 200
    tab.click("button:has-text('As the policy says')")
    tab.click("text=Write it and put it in force")
    tab.wait_for_url("**/crawlers/GPTBot?done=1")
    assert console.file.read_text() == before
    assert ask(console.port, "/photo.jpg", agent=GPTBOT).status == 403


def test_a_file_that_changed_meanwhile_is_not_overwritten(tab: Any, console: RunningGuard):
    """Somebody else's line would be lost."""
    before = console.file.read_text()
    tab.goto(tab.base + "crawlers/GPTBot/change?action=allow")
    console.file.write_text(before + "# somebody was faster\n")

    with expecting_error(tab):
        tab.click("text=Write it and put it in force")
        tab.wait_for_selector("text=has changed since the difference was shown")

    assert console.file.read_text() == before + "# somebody was faster\n"
    console.file.write_text(before)


def test_a_record_is_explained_without_what_identifies_a_person(tab: Any):
    """From the list of a crawler's requests, one click on."""
    tab.goto(tab.base + "crawlers/GPTBot")
    tab.wait_for_selector("#rows table")

    tab.click("#rows a >> nth=0")
    tab.wait_for_selector("text=What was decided then")

    text = tab.inner_text("main")
    assert "training-refused" in text
    assert "path: /photo.jpg" in text or "path: /large.jpg" in text
    assert "127.0.0.1" not in text.replace("127.0.0.0/24", "").replace("authority: 127.0.0.1", "")


def test_a_record_that_there_is_not_is_said_to_be_none(chromium: Any, console: RunningGuard):
    """With the form to ask again, in the reader's language, and with the status of what is not there."""
    context = signed_in(chromium, console, locale="de-DE")
    page = context.new_page()
    answer = page.goto(f"{console.admin}/console/explain/999999")

    assert answer.status == 404
    assert "gibt es keine Aufzeichnung 999999" in page.inner_text("main .notice")
    assert page.locator("input[name=reference]").count() == 1
    context.close()


def test_a_request_appears_on_the_open_page_as_it_is_recorded(tab: Any, console: RunningGuard):
    """With its path and how it ended, as text; a person's does not, and an address is nowhere."""
    tab.goto(tab.base + "live")
    tab.wait_for_selector("text=New requests appear at the top.")

    ask(console.port, "/album/?secret=1", agent=CHROME)
    ask(console.port, f"/new-{quote('<b>x</b>')}.jpg", agent=GPTBOT)
    tab.wait_for_selector("tr.new:has-text('/new-')")

    row = tab.inner_text("tr.new >> nth=0")
    assert "GPTBot" in row
    assert "refused" in row
    tab.wait_for_selector("tr.new:has-text('403')")
    assert tab.locator("tr.new b").count() == 0
    text = tab.inner_text("main")
    assert "secret" not in text
    assert "127.0.0.1" not in text


def test_a_picture_is_shown_small_with_who_took_it(tab: Any):
    """Decoded elsewhere, and only if it is in the books."""
    tab.goto(tab.base + "pictures")
    tab.click("a:has-text('original.jpg')")

    tab.wait_for_url("**/pictures/one?*")
    with tab.expect_response(lambda one: "/small?" in one.url and "original.jpg" in one.url) as fetched:
        tab.reload()
    assert fetched.value.headers["content-type"] in ("image/jpeg", "image/webp", "image/png")
    assert "GPTBot" in tab.inner_text("main")
    place = "pictures/small?site=photo.example&path="
    assert tab.request.get(tab.base + place + "/page").status == 404
    assert tab.request.get(tab.base + "pictures/small?site=evil.example&path=/photo.jpg").status == 404


def test_the_log_is_verified_and_handed_out_from_the_page(tab: Any, console: RunningGuard, tmp_path: Path):
    """What is downloaded is what `guard evidence verify` accepts."""
    tab.goto(tab.base + "evidence")

    tab.click("text=Verify now")
    tab.wait_for_selector("text=It holds.")
    tab.fill("#x-crawler", "GPTBot")
    tab.click("text=Make it")
    with tab.expect_download(timeout=60_000) as started:
        tab.click("text=Take the file", timeout=60_000)
    file = tmp_path / "case.asice"
    started.value.save_as(file)

    ended = subprocess.run(
        [sys.executable, "-m", "guard", "evidence", "verify", str(file), "--json"], capture_output=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_values_are_held_for_a_case_and_let_go(tab: Any):
    """By a name, for a crawler."""
    tab.goto(tab.base + "evidence")

    tab.fill("#h-name", "case-7")
    tab.fill("#h-matter", "310 O 1/26 <b>")
    tab.fill("#h-crawler", "GPTBot")
    tab.click("button:text-is('Hold')")
    tab.wait_for_selector("td:has-text('310 O 1/26 <b>')")
    tab.click("text=End it")
    tab.wait_for_selector("td:has-text('310 O 1/26')", state="detached")


def test_the_reservation_is_what_is_sent(tab: Any, console: RunningGuard):
    """Of the chosen site, to the letter; and nobody is counted for it."""
    tab.goto(tab.base + "reservations?site=albums.example")

    text = tab.inner_text("main")
    robots = ask(console.port, "/robots.txt", agent=CHROME, host="albums.example").body.decode()
    assert robots.splitlines()[0] in text
    assert "tdm-reservation" in text
    assert all(line["path"] != "/.well-known/tdmrep.json" for line in console.lines())


def test_the_check_says_what_the_doctor_says(tab: Any, console: RunningGuard):
    """The same findings."""
    tab.goto(tab.base + "check")

    ended = subprocess.run(
        [sys.executable, "-m", "guard", "doctor", "-c", str(console.file), "--json"], capture_output=True, check=False
    )
    found = json.loads(ended.stdout)["findings"]
    text = tab.inner_text("main")
    assert len(found) > 4
    assert all(one["what"] in text for one in found)
