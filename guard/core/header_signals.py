"""Do a request's header lines bear out what its user agent claims?

Everything here depends on the lines alone, not on the client's past, so one reading serves all requests with the
same lines. Browsers send Sec-Fetch (W3C Fetch Metadata, section 2) and client hints to https only: where the client did
not use https their absence says nothing.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from hashlib import blake2b

from guard.core.browsers import NO_BROWSER, Browser, Engine, read_browser
from guard.core.facts import HeaderLines, RequestFacts
from guard.core.header_print import (
    MASKS,
    Front,
    Mask,
    ToolPrint,
    ToolPrints,
    client_key_of,
    manner_print,
    network_of,
    print_of,
    standing_print,
)  # fmt: skip
from guard.core.signals import INDEX, BehaviourRules, SignalId

_CHROMIUM_WITH_HINTS = 90
_WITH_FETCH_METADATA = {Engine.CHROMIUM: 80, Engine.GECKO: 90, Engine.WEBKIT: 17}
"""From which version an engine sends Sec-Fetch; Safari does since 16.4."""
_OLD_CHROMIUM, _OLD_GECKO = 30, 25
"""So many versions behind the current one a browser is old: about two and a half years."""

# The Fetch standard's values; a value outside of them was made up (W3C Fetch Metadata, section 2).
_SITES = frozenset({"none", "same-origin", "same-site", "cross-site"})
_MODES = frozenset({"cors", "navigate", "no-cors", "same-origin", "websocket", "webtransport"})
_DESTINATIONS = frozenset(
    {"audio", "audioworklet", "document", "embed", "empty", "fencedframe", "font", "frame", "iframe", "image", "json",
     "manifest", "object", "paintworklet", "report", "script", "serviceworker", "sharedworker", "speculationrules",
     "style", "text", "track", "video", "webidentity", "worker", "xslt"}
)  # fmt: skip
_LEGAL = (
    ("sec-fetch-site", _SITES),
    ("sec-fetch-mode", _MODES),
    ("sec-fetch-dest", _DESTINATIONS),
    ("sec-fetch-user", frozenset({"?1"})),
)
_CHROMIUM_BRAND = re.compile(r'"Chromium";v="(\d{1,4})"', re.ASCII)
_PLATFORMS = {
    "Windows": {"Windows"},
    "macOS": {"macOS", "iOS"},
    "Linux": {"Linux", "Android", "Chrome OS", "Chromium OS"},  # Android says Linux when asked for a desktop page
    "Android": {"Android", "Linux"},
    "Chrome OS": {"Chrome OS", "Chromium OS", "Linux"},
}
_COMING_AND_GOING = frozenset(
    {"referer", "cookie", "range", "if-none-match", "if-modified-since", "if-range", "origin", "cache-control",
     "pragma", "content-length", "content-type", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
     "x-real-ip", "forwarded", "via", "authorization", "date", "traceparent", "x-request-id", "signature-agent",
     "signature-input", "signature"}
)  # fmt: skip
READ_FROM_FRONTS = _COMING_AND_GOING
"""Fields that come and go, or that front servers write, and that mean something already."""
_FORWARDING = frozenset({"x-forwarded-for", "forwarded", "x-real-ip"})
_SIGNED = frozenset({"signature-agent", "signature-input", "signature"})
_LOWER = {
    written: name
    for name in _COMING_AND_GOING | MASKS[Front.DIRECT].fields
    for written in (name, name.title(), name.upper())
}
"""Names as clients write them, by which most need not be put into lower case."""
_LONGEST = 1024
"""Characters of a value that are looked at; more is no browser's and costs no more."""
_HEADS = 2048
_LONGEST_KEPT = 4096
"""Characters of a head that is remembered whole, so that all of them take 16 MiB at most."""

Sign = tuple[int, str]
"""Index of a signal and what was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderReading:
    """What one set of header lines tells."""

    signs: tuple[Sign, ...]
    """Signals of the header family that fire."""
    hard: bool
    """One of them is a fact."""
    library_signs: int
    """How many of three oddities of libraries there are; two are a signal, on pictures."""
    tool: ToolPrint | None
    claims_browser: bool
    borne_out: bool
    """The lines are such as the claimed browser sends."""
    plausible: bool
    """The same, or what a proxy that strips lines leaves of it."""
    user_agent: int
    """32 bits that stand for the user agent."""
    shape: int
    """The print of the order of the fields: what all clients of one program share."""
    manner: int
    """What all lines say but those that name the browser: who changes its name only keeps it."""
    standing: int
    """The print that stays the same over the client's requests."""
    embedded: bool
    """Asks for a picture as a part of a page does."""
    navigating: bool
    """Asks as somebody does who opens an address."""
    fetch_site: str
    """Sec-Fetch-Site, where there is one."""
    prefetch: bool
    """Says that nobody has clicked (Sec-Purpose)."""


class Referer(Enum):
    """Whose page the request says it comes from."""

    NONE = 0
    OWN = 1
    FOREIGN = 2


@dataclass(frozen=True, slots=True)
class HeadReading:
    """What one request's head tells: the lines that come again and again, and those of this request."""

    lines: HeaderReading
    referer: Referer
    forwarded: bool
    """Has a forwarding header."""
    signed: bool
    """Has lines of a request signature, whatever they are worth."""
    key: bytes
    """The 16 bytes under which the client's record is kept."""


class HeaderReader:
    """Reads header lines; remembers the readings of the lines that come again and again.

    A page's pictures are asked for with the same head by the same client, so a whole head is remembered too.
    """

    def __init__(self, rules: BehaviourRules, mask: Mask, *, remembered: int = 4096) -> None:
        self._rules = rules
        self._mask = mask
        self._tools = ToolPrints(rules.tools, mask)
        self._read = lru_cache(maxsize=remembered)(self._read_lines)
        self._shape = lru_cache(maxsize=remembered)(print_of)
        self._heads: OrderedDict[tuple[object, ...], HeadReading] = OrderedDict()

    def read(self, facts: RequestFacts) -> "HeadReading":
        """Return what the head of `facts` tells."""
        lines = facts.headers
        if type(lines) is not HeaderLines:
            return self._recalled(facts)
        about = (self, facts.client, facts.scheme, facts.version, facts.authority, facts.site)
        return lines.once("reading", about, lambda: self._recalled(facts))

    def _recalled(self, facts: RequestFacts) -> "HeadReading":
        network = network_of(facts.client.address)
        key = (facts.headers, network, facts.scheme, facts.version, facts.authority, facts.site)
        found = self._heads.get(key)
        if found is None:
            found = self._read_head(facts)
            if sum([len(name) + len(value) for name, value in facts.headers]) <= _LONGEST_KEPT:
                self._heads[key] = found
                if len(self._heads) > _HEADS:
                    self._heads.popitem(last=False)
        return found

    def _read_head(self, facts: RequestFacts) -> "HeadReading":
        lines, referer, forwarded, signed = [], "", False, False
        for name, value in facts.headers:
            lower = _LOWER.get(name) or name.lower()
            if lower not in _COMING_AND_GOING:
                lines.append((lower, value[:_LONGEST]))
            elif lower == "referer":
                referer = referer or value
            elif lower in _FORWARDING:
                forwarded = True
            elif lower in _SIGNED:
                signed = True
        reading = self._read(tuple(lines), facts.scheme == "https", facts.version)
        return HeadReading(
            lines=reading,
            referer=_whose(referer, facts) if referer else Referer.NONE,
            forwarded=forwarded,
            signed=signed,
            key=client_key_of(facts.client.address, reading.standing),
        )

    def _read_lines(self, lines: tuple[tuple[str, str], ...], https: bool, version: str) -> HeaderReading:
        ours = self._mask.fields
        kept = [line for line in lines if line[0] in ours]
        if not self._mask.ordered:
            kept.sort()
        fields = dict(reversed(lines))  # of several lines of one name the first counts
        user_agent = fields.get("user-agent", "")
        browser = read_browser(user_agent)
        tool = self._tools.find(kept)
        if tool is not None and not tool.hard and browser is NO_BROWSER:
            tool = None  # says what it is
        signs = self._contradictions(browser, fields, https=https)
        if tool is not None:
            signs.append((_PRINT, tool.id))
        if self._mask.version and version == "1.0" and browser is not NO_BROWSER:
            signs.append((INDEX[SignalId.OLD_PROTOCOL], "HTTP/1.0"))
        accept, destination = fields.get("accept", ""), fields.get("sec-fetch-dest", "")
        library = _library_signs(fields, https=https)
        # A script or a style asks for anything too, so one of the three is nothing yet.
        found = {index for index, _ in signs}
        plausible = browser is not NO_BROWSER and library < 2 and found.isdisjoint(_FORGING)
        borne_out = plausible and found.isdisjoint(_DISPROVING)
        return HeaderReading(
            signs=tuple(signs),
            hard=any(tool.hard if tool and index == _PRINT else self._rules.signals[index].hard for index, _ in signs),
            library_signs=library,
            tool=tool,
            claims_browser=browser is not NO_BROWSER,
            borne_out=borne_out,
            plausible=plausible,
            user_agent=int.from_bytes(blake2b(user_agent.encode("utf-8", "replace"), digest_size=4).digest(), "little"),
            shape=self._shape(tuple([name for name, _ in kept])),
            manner=manner_print(kept),
            standing=standing_print(fields, borne_out=borne_out),
            embedded=destination == "image" or (not destination and accept.startswith("image/")),
            navigating=destination in {"document", "iframe"} or (not destination and "text/html" in accept),
            fetch_site=fields.get("sec-fetch-site", ""),
            prefetch="sec-purpose" in fields,
        )

    def _contradictions(self, browser: Browser, fields: dict[str, str], *, https: bool) -> list[Sign]:
        signs: list[Sign] = []

        def sign(signal: SignalId, value: str) -> None:
            signs.append((INDEX[signal], value))

        for name, legal in _LEGAL:
            value = fields.get(name)
            if value is not None and value not in legal:
                sign(SignalId.ILLEGAL_FETCH_METADATA, f"{name}: {value[:40]}")
                break
        if browser is NO_BROWSER:
            return signs
        hints, platform = fields.get("sec-ch-ua"), fields.get("sec-ch-ua-platform", "").strip('"')
        if hints is not None and browser.engine is not Engine.CHROMIUM:
            sign(SignalId.CONTRADICTING_CLIENT_HINTS, f"sec-ch-ua from {browser.family}")
        elif (brand := _CHROMIUM_BRAND.search(hints or "")) and int(brand[1]) != browser.engine_major:
            sign(SignalId.CONTRADICTING_CLIENT_HINTS, f"Chromium {brand[1]} in sec-ch-ua, {browser.engine_major}")
        if platform in _PLATFORMS and browser.system and browser.system not in _PLATFORMS[platform]:
            sign(SignalId.CONTRADICTING_PLATFORM, f"{platform} in sec-ch-ua-platform, {browser.system}")
        if https and not browser.embedded and browser.engine_major >= _WITH_FETCH_METADATA.get(browser.engine, 9999):
            # Every browser that sends one of them sends Site with it, so a lone other one counts as missing. Where they
            # are missing, missing hints are the same oddity, not a second one: a proxy strips both.
            if "sec-fetch-site" not in fields:
                sign(SignalId.MISSING_FETCH_METADATA, f"{browser.family} {browser.major}")
                if hints is not None and browser.engine is Engine.CHROMIUM:
                    sign(SignalId.CONTRADICTING_CLIENT_HINTS, "sec-ch-ua without Sec-Fetch-Site")
                return self._with_age(browser, signs)
            # Where scripts are off, Chromium sends hints with pages only, not with what they are made of (captured).
            page = fields.get("sec-fetch-dest", "document") in {"document", "iframe"}
            hinting = browser.engine is Engine.CHROMIUM and browser.engine_major >= _CHROMIUM_WITH_HINTS
            if hints is None and hinting and page:
                sign(SignalId.MISSING_CLIENT_HINTS, f"{browser.family} {browser.major}")
        return self._with_age(browser, signs)

    def _with_age(self, browser: Browser, signs: list[Sign]) -> list[Sign]:
        rules = self._rules
        if (browser.engine is Engine.CHROMIUM and browser.engine_major < rules.current_chromium - _OLD_CHROMIUM) or (
            browser.engine is Engine.GECKO and browser.engine_major < rules.current_gecko - _OLD_GECKO
        ):
            signs.append((INDEX[SignalId.OLD_BROWSER], f"{browser.family} {browser.major}"))
        return signs


def _whose(referer: str, facts: RequestFacts) -> Referer:
    host = referer.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    return Referer.OWN if host in {facts.authority.lower(), facts.host, facts.site} else Referer.FOREIGN


_PRINT = INDEX[SignalId.TOOL_PRINT]
_FORGING = frozenset(
    INDEX[signal]
    for signal in (SignalId.TOOL_PRINT, SignalId.ILLEGAL_FETCH_METADATA, SignalId.CONTRADICTING_CLIENT_HINTS)
)
_DISPROVING = _FORGING | {INDEX[SignalId.MISSING_FETCH_METADATA], INDEX[SignalId.MISSING_CLIENT_HINTS]}
"""Where one of these fires, the user agent is not believed to be the client's own."""


def _library_signs(fields: dict[str, str], *, https: bool) -> int:
    """Count: takes anything, knows no language, no encoding that browsers offer."""
    encodings = fields.get("accept-encoding", "")
    # Browsers offer br to https only.
    short = ("br" not in encodings) if https else ("gzip" not in encodings)
    anything = fields.get("accept", "") in {"", "*/*"} and fields.get("sec-fetch-dest", "image") in {
        "image",
        "document",
    }
    return anything + (fields.get("accept-language", "") in {"", "*"}) + short
