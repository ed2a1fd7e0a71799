"""What stands between people and the site: proxies that strip, old browsers, apps, shared addresses.

Each changes captured requests of a real browser the way that such a thing does.
"""

import random
import re
from collections.abc import Callable
from dataclasses import replace

from guard.core.facts import RequestFacts
from guard.core.observation import Answered

Requests = list[tuple[float, RequestFacts, Answered]]
Change = Callable[[RequestFacts], RequestFacts]


def _lines(facts: RequestFacts, change: Callable[[str, str], str | None]) -> RequestFacts:
    changed = [(name, change(name.lower(), value)) for name, value in facts.headers]
    return replace(facts, headers=tuple((name, value) for name, value in changed if value is not None))


def unchanged(facts: RequestFacts) -> RequestFacts:
    return facts


def stripping_proxy(facts: RequestFacts) -> RequestFacts:
    """A company's proxy that lets known fields through only and adds its own."""
    kept = _lines(
        facts, lambda name, value: None if name.startswith(("sec-", "dnt", "priority", "upgrade-")) else value
    )
    return replace(kept, headers=(*kept.headers, ("Via", "1.1 proxy"), ("X-Forwarded-For", "10.1.2.3")))


def encoding_proxy(facts: RequestFacts) -> RequestFacts:
    """A virus scanner that can unpack gzip only."""
    return _lines(facts, lambda name, value: "gzip" if name == "accept-encoding" else value)


def old_proxy(facts: RequestFacts) -> RequestFacts:
    """A proxy that speaks HTTP/1.0 and offers no encoding."""
    return replace(_lines(facts, lambda name, value: None if name == "accept-encoding" else value), version="1.0")


def no_referer(facts: RequestFacts) -> RequestFacts:
    """An add-on that drops Referer."""
    return _lines(facts, lambda name, value: None if name == "referer" else value)


def stripped_and_no_referer(facts: RequestFacts) -> RequestFacts:
    return no_referer(stripping_proxy(facts))


def no_language(facts: RequestFacts) -> RequestFacts:
    """An add-on that hides the language."""
    return _lines(facts, lambda name, value: None if name == "accept-language" else value)


def old_browser(facts: RequestFacts) -> RequestFacts:
    """The last Chrome and Firefox ESR for Windows 7."""

    def change(name: str, value: str) -> str:
        if name in {"user-agent", "sec-ch-ua"}:
            value = re.sub(r"(Chrome/|Chromium\";v=\")\d+", r"\g<1>109", value)
            return re.sub(r"rv:\d+\.0\) Gecko/20100101 Firefox/\d+", "rv:115.0) Gecko/20100101 Firefox/115", value)
        return value

    return _lines(facts, change)


def older_than_hints(facts: RequestFacts) -> RequestFacts:
    """Televisions and old telephones: Chrome 68 and Firefox 68, from before Sec-Fetch and client hints."""

    def change(name: str, value: str) -> str | None:
        if name.startswith("sec-"):
            return None
        if name == "user-agent":
            value = re.sub(r"rv:\d+\.0\) Gecko/20100101 Firefox/\d+", "rv:68.0) Gecko/20100101 Firefox/68", value)
            return re.sub(r"Chrome/\d+", "Chrome/68", value)
        return value

    return _lines(facts, change)


def web_view(facts: RequestFacts) -> RequestFacts:
    """A page inside of an app: no hints, and the app's name in X-Requested-With."""
    agent = (
        "Mozilla/5.0 (Linux; Android 14; SM-G991B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
        "Chrome/156.0.0.0 Mobile Safari/537.36"
    )
    changed = _lines(facts, lambda name, value: None if name.startswith("sec-ch") else value)
    changed = _lines(changed, lambda name, value: agent if name == "user-agent" else value)
    return replace(changed, headers=(*changed.headers, ("X-Requested-With", "com.example.app")))


CHANGES: dict[str, Change] = {
    "as captured": unchanged,
    "stripping proxy": stripping_proxy,
    "encoding proxy": encoding_proxy,
    "HTTP/1.0 proxy": old_proxy,
    "no referer": no_referer,
    "stripped, no referer": stripped_and_no_referer,
    "no language": no_language,
    "old browser": old_browser,
    "older than hints": older_than_hints,
    "web view": web_view,
}


def changed(requests: Requests, change: Change) -> Requests:
    return [(at, change(facts), answered) for at, facts, answered in requests]


def interleaved(sessions: list[Requests], chance: random.Random) -> Requests:
    """Put the sessions of people behind one address into one row."""
    shifted = [
        (at + start, facts, answered)
        for requests in sessions
        for start in (chance.uniform(0, 1800),)
        for at, facts, answered in requests
    ]
    return sorted(shifted, key=lambda one: one[0])
