"""What the pages show in a real browser: whole, readable to everybody, and harmless."""

from typing import Any

import pytest

from tests.server.console.conftest import signed_in
from tests.support.running import RunningGuard

PAGES = ("", "crawlers", "crawlers?days=30")
WIDTHS = (360, 768, 1280)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_barrier_that_axe_finds(tab: Any, path: str):
    """By the rules of WCAG 2.2 AA, light and dark, on a phone and on a desk."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        for width in (360, 1280):
            tab.set_viewport_size({"width": width, "height": 800})
            tab.goto(tab.base + path)

            found = axe.Axe().run(
                tab, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
            )

            assert found.violations_count == 0, (scheme, width, found.generate_report())


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_its_window(tab: Any, path: str):
    """From 360 px on, whatever strangers called themselves."""
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 800})
        tab.goto(tab.base + path)

        assert tab.evaluate("document.documentElement.scrollWidth") <= width, width


@pytest.mark.parametrize("path", PAGES)
def test_what_strangers_chose_is_text(tab: Any, path: str):
    """No element comes of it, no script runs, no line turns around, and none is endless."""
    asked: list[str] = []
    tab.on("request", lambda one: asked.append(one.url))
    tab.on("dialog", lambda _: pytest.fail("a script ran"))

    tab.goto(tab.base + path)

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
    """A look at every text node for words that are English only."""
    context = signed_in(chromium, console, locale="de-DE")
    for path in PAGES:
        page = context.new_page()
        page.goto(f"{console.admin}/console/{path}")
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
