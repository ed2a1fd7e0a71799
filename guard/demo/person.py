"""Does a person still see everything?

The person is a real browser when there is one: Chromium, driven by Playwright, opens
the first page, every album and an original, and scrolls, so that lazy pictures load.
Without it a stand-in fetches the same things with the header lines of Chrome on the
loopback, and says that it is a stand-in.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import geteuid
from typing import TYPE_CHECKING, Final

from guard.demo.answers import Answer, Report, answer_of, get
from guard.demo.clients import Errand
from guard.demo.pages import PageLinks, is_picture_path, read_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
"""Names under which the browser is looked for on PATH, best first."""

PAGES: Final = 12
"""Pages that a person opens at most, the first one included."""

LARGER: Final = 2
"""Pictures that a person opens by themselves: the first one large, and its original."""

SETTLE: Final = 10_000
"""Milliseconds in which a page's pictures must have appeared."""

CHROME_MAJOR: Final = 141
"""What the stand-in says it is; a real browser says its own."""


def person(errand: Errand) -> Report:
    """Look at the gallery with Chromium, or with the stand-in where there is none or it does not start."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        return stand_in(errand)
    try:
        from playwright.sync_api import Error as BrowserError
    except ImportError:
        return stand_in(errand)
    try:
        with _browser(program) as browser:
            return _look_around(browser, errand)
    except BrowserError as error:
        print(f"person: {program} does not work here: {error.message}", file=sys.stderr)  # noqa: T201
        return stand_in(errand)


@contextmanager
def _browser(program: str) -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    arguments = [
        # Nothing leaves the machine: the demo's only network is the loopback.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--no-first-run",
        "--no-proxy-server",
    ]
    if geteuid() == 0:
        # Chromium refuses to run as root with its sandbox; containers run as root.
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=arguments, timeout=20_000)
        try:
            yield browser
        finally:
            browser.close()


def _look_around(browser: "Browser", errand: Errand) -> Report:
    user_agent = chrome_user_agent(int(browser.version.split(".")[0]))
    page = browser.new_context(user_agent=user_agent, viewport={"width": 1280, "height": 800}).new_page()
    arrived: list[Response] = []

    # A function of its own: Playwright hangs an attribute on it, which a built-in method does not take.
    def arrive(response: "Response") -> None:
        arrived.append(response)

    page.on("response", arrive)
    answers: list[Answer] = []
    broken: list[str] = []
    ahead = ["/"]
    larger: tuple[str, ...] = ()
    for number in range(PAGES):
        if number == len(ahead):
            break
        page.goto(f"{errand.address}{ahead[number]}", wait_until="load", timeout=SETTLE)
        broken += [f"{ahead[number]}: {source}" for source in _scroll_and_wait(page)]
        links = read_page(page.content().encode(), ahead[number])
        ahead += [path for path in links.pages if path not in ahead]
        larger = larger or links.pictures[:LARGER]
        # Before the next page: Chromium forgets the bodies when it leaves.
        answers += _new(answers, _drain(arrived, errand.address))
    for path in larger:
        page.goto(f"{errand.address}{path}", wait_until="load", timeout=SETTLE)
        broken += _scroll_and_wait(page)
        answers += _new(answers, _drain(arrived, errand.address))
    return Report(user_agent=user_agent, answers=tuple(answers), broken=tuple(broken))


def _scroll_and_wait(page: "Page") -> list[str]:
    """Scroll to the end as a reader does and return the pictures that have not appeared by then."""
    from playwright.sync_api import TimeoutError as TookTooLongError

    for _ in range(40):
        page.mouse.wheel(0, 700)
        page.wait_for_timeout(40)
        if page.evaluate("innerHeight + scrollY >= document.documentElement.scrollHeight - 2"):
            break
    with suppress(TookTooLongError):
        page.wait_for_function(
            "[...document.images].every(image => image.complete && image.naturalWidth > 0)", timeout=SETTLE
        )
    missing: list[str] = page.evaluate(
        "[...document.images].filter(image => !image.complete || !image.naturalWidth).map(image => image.src)"
    )
    return missing


def _new(known: list[Answer], answers: list[Answer]) -> list[Answer]:
    """Drop what came from the browser's own cache: the same thing again."""
    return [answer for answer in answers if answer not in known]


def _drain(arrived: "list[Response]", address: str) -> list[Answer]:
    from playwright.sync_api import Error as BrowserError

    answers = []
    for response in arrived:
        if not response.url.startswith(f"{address}/"):
            continue
        try:
            body = b"" if 300 <= response.status < 400 else response.body()
        except BrowserError:  # an answer without a body
            body = b""
        headers = [(header["name"], header["value"]) for header in response.headers_array()]
        answers.append(answer_of(response.url.removeprefix(address), response.status, headers, body))
    arrived.clear()
    return answers


def stand_in(errand: Errand) -> Report:
    """Look at the gallery with Chrome's header lines, one thing after the other."""
    answers: list[Answer] = []
    broken: list[str] = []
    seen: set[str] = set()

    def load(path: str, dest: str, referer: str) -> bytes:
        seen.add(path)
        answer, body = get(errand.address, path, chrome_headers(errand.address, dest, referer))
        answers.append(answer)
        if is_picture_path(path) and not answer.is_picture:
            broken.append(f"{referer or '/'}: {path}")
        return body

    ahead = ["/"]
    larger: tuple[str, ...] = ()
    for number in range(PAGES):
        if number == len(ahead):
            break
        here = ahead[number]
        links: PageLinks = read_page(load(here, "document", "/" if number else ""), here)
        for dest, paths in (("style", links.styles), ("script", links.scripts), ("image", links.images)):
            for path in paths:
                if path not in seen:
                    load(path, dest, here)
        ahead += [path for path in links.pages if path not in ahead]
        larger = larger or links.pictures[:LARGER]
    for path in larger:
        load(path, "document", ahead[-1])
    return Report(
        user_agent=chrome_user_agent(CHROME_MAJOR), stand_in="Chromium", answers=tuple(answers), broken=tuple(broken)
    )


def chrome_user_agent(major: int) -> str:
    """Return what Chrome says on Linux: the reduced form, with only the major version."""
    return f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"


def chrome_headers(address: str, dest: str, referer: str) -> list[tuple[str, str]]:
    """Return Chrome's header lines, in its order, for what `dest` (Fetch Metadata) is loading.

    The loopback counts as a secure context, so the client hints and Sec-Fetch lines are there.
    """
    navigation = dest == "document"
    accept = {
        "document": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
        "application/signed-exchange;v=b3;q=0.7",
        "image": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
        "style": "text/css,*/*;q=0.1",
    }.get(dest, "*/*")
    client_hints = [
        ("sec-ch-ua", f'"Chromium";v="{CHROME_MAJOR}", "Not?A_Brand";v="8"'),
        ("sec-ch-ua-mobile", "?0"),
        ("sec-ch-ua-platform", '"Linux"'),
    ]
    return [
        ("Connection", "keep-alive"),
        *client_hints,
        *([("Upgrade-Insecure-Requests", "1")] if navigation else []),
        ("User-Agent", chrome_user_agent(CHROME_MAJOR)),
        ("Accept", accept),
        ("Sec-Fetch-Site", "same-origin" if referer else "none"),
        ("Sec-Fetch-Mode", "navigate" if navigation else "no-cors"),
        *([("Sec-Fetch-User", "?1")] if navigation else []),
        ("Sec-Fetch-Dest", dest),
        *([("Referer", f"{address}{referer}")] if referer else []),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Accept-Language", "en-US,en;q=0.9"),
    ]
