"""Which browser does a user agent claim to be?"""

import json
from importlib.resources import files

import pytest

from guard.core.browsers import NO_BROWSER, Browser, Engine, read_browser

STRINGS = sorted(
    {
        json.loads(line)["useragent"]
        for line in (files("fake_useragent") / "data" / "browsers.jsonl").read_text(encoding="utf-8").splitlines()
    }
)
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"

CLAIMS = {
    "chrome": (CHROME, "Chrome", 156, Engine.CHROMIUM, 156, "Windows"),
    "edge": (f"{CHROME} Edg/155.0.0.0", "Edge", 155, Engine.CHROMIUM, 156, "Windows"),
    "opera": (f"{CHROME} OPR/130.0.0.0", "Opera", 130, Engine.CHROMIUM, 156, "Windows"),
    "samsung": (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 "
        "Chrome/130.0.0.0 Mobile Safari/537.36",
        "Samsung Internet", 28, Engine.CHROMIUM, 130, "Android",
    ),
    "firefox": (
        "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
        "Firefox", 153, Engine.GECKO, 153, "Linux",
    ),
    "safari": (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 "
        "Safari/605.1.15",
        "Safari", 26, Engine.WEBKIT, 26, "macOS",
    ),
    "chrome on iOS is WebKit": (
        f"{IPHONE} CriOS/156.0.0.0 Mobile/15E148 Safari/604.1", "Chrome", 156, Engine.WEBKIT, 0, "iOS",
    ),
}  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_browser_is_read(claim):
    """Family, versions and system of every browser that sends Sec-Fetch."""
    text, family, major, engine, engine_major, system = claim

    assert read_browser(text) == Browser(
        family=family, major=major, engine=engine, engine_major=engine_major, system=system, embedded=False
    )


@pytest.mark.parametrize(
    "text",
    ["", "curl/8.5", "Googlebot-Image/1.0", "Chrome/156.0", "Mozilla/5.0 (compatible; ExampleBot/1.0)",
     "Mozilla/5.0 (X11) Chrome/99999.0 Safari/537.36", "Mozilla/5.0 (X11) Firefox/", "Mozilla/5.0 (" + "Chrome/" * 500],
)  # fmt: skip
def test_anything_else_claims_nothing(text):
    """No claim, and no fault, whatever the text."""
    assert read_browser(text) is NO_BROWSER


def test_a_web_view_is_embedded():
    """An app's header lines are the app's business."""
    text = CHROME.replace("Windows NT 10.0; Win64; x64", "Linux; Android 14; SM-G991B; wv").replace(
        "Chrome/", "Version/4.0 Chrome/"
    )

    assert read_browser(text).embedded


def test_the_general_parser_agrees():
    """ua-parser is the judge over every browser string of fake-useragent, for the families read here."""
    from ua_parser import parse_user_agent

    ours = {"Chrome", "Edge", "Opera", "Samsung Internet", "Firefox", "Safari"}
    compared = 0
    differing = []
    for text in STRINGS:
        theirs, mine = parse_user_agent(text), read_browser(text)
        family = theirs.family.replace(" Mobile", "").replace("Mobile ", "").removesuffix(" iOS") if theirs else ""
        if family in ours and mine is not NO_BROWSER and not mine.embedded:
            compared += 1
            differing += [] if (family, int(theirs.major)) == (mine.family, mine.major) else [(text, theirs, mine)]

    assert compared > 400
    assert differing == []


def test_almost_every_string_of_a_browser_is_a_claim():
    """What can not be read is never held against its headers, so little may be left over."""
    unread = [text for text in STRINGS if read_browser(text) is NO_BROWSER]

    assert len(unread) / len(STRINGS) < 0.06
