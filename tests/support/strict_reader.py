"""The strictest reader there is: one refusal anywhere, and it takes nothing.

Its rules are those that PostHog published for its image fetcher (ml-mirror-image-fetch, README, sections 2 and 3),
written anew from what they say; it is the only training crawler whose reading of these signals is public:

- robots.txt: 404 and 410 are no file, another 4xx refuses the whole origin, 429 and 5xx are unreachable, and nothing is
  fetched from who can not be reached; at most 500 KiB. A Disallow for its token or `*` refuses.
- `Content-Usage` lines of the group that counts are joined and read as one RFC 9651 dictionary; if that fails they say
  nothing. The header is read the same way. `train-ai=n` refuses.
- `Content-Signal` of the group: `ai-train=no` refuses.
- tdmrep.json: an array whose rules have a location and the number 1 or 0, else the origin is unreachable; the first
  rule that matches counts. The header `tdm-reservation` overrides it.
- `X-Robots-Tag` for everybody with `noai` or `noimageai` refuses.
- Any status but 200, 206 and 304 is no permission.
"""

import json
import re
from dataclasses import dataclass

import http_sf
from protego import Protego

from tests.support.http import Reply, ask

TOKEN = "StrictReaderBot"
AGENT = f"Mozilla/5.0 (compatible; {TOKEN}/1.0)"
MOST_BYTES = 500 * 1024
PATIENCE = ("unavailable_after", "max-image-preview", "max-snippet", "max-video-preview")
"""Directives of X-Robots-Tag that have a value of their own; what else stands before a colon is a user agent."""


class UnreachableError(Exception):
    """Nobody knows what the site says, so nothing is taken."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was read; each is True for a refusal, None where nothing is said."""

    status: int
    robots: bool
    robots_usage: bool | None
    robots_signal: bool | None
    tdmrep: bool | None
    header_tdm: bool | None
    header_usage: bool | None
    header_noai: bool

    @property
    def takes(self) -> bool:
        """Tell whether the reader would take what it got."""
        tdm = self.tdmrep if self.header_tdm is None else self.header_tdm
        refusals = (self.robots, self.robots_usage, self.robots_signal, tdm, self.header_usage, self.header_noai)
        return self.status in (200, 206, 304) and not any(refusals)

    @property
    def headers_refuse(self) -> bool:
        """Tell whether every header line that can refuse does."""
        return self.header_tdm is True and self.header_usage is True and self.header_noai


class StrictReader:
    """Reads one host of a live site."""

    def __init__(self, port: int, host: str, *, token: str = TOKEN, agent: str = AGENT) -> None:
        self._port, self._host, self._token, self._agent = port, host, token, agent
        self._robots = self._document("/robots.txt")
        self._tdmrep = self._document("/.well-known/tdmrep.json")

    def get(self, path: str, *lines: tuple[str, str], method: str = "GET") -> Verdict:
        """Ask for something as the reader would and say what it reads."""
        return self.read(path, ask(self._port, path, *lines, method=method, host=self._host, agent=self._agent))

    def read(self, path: str, reply: Reply) -> Verdict:
        """Say what is read of an answer to a request for `path`."""
        text = "" if self._robots is None else self._robots.decode("utf-8")
        signals = [value for line in _group(text, self._token) if (value := _value(line, "content-signal"))]
        usage = [value for line in _group(text, self._token) if (value := _value(line, "content-usage"))]
        tdm = reply.get("tdm-reservation")
        return Verdict(
            status=reply.status,
            robots=not Protego.parse(text).can_fetch(f"https://{self._host}{path}", self._token),
            robots_usage=_usage(usage),
            robots_signal=_signal(signals),
            tdmrep=None if self._tdmrep is None else _tdmrep(self._tdmrep, path),
            header_tdm={"1": True, "0": False}.get(tdm),
            header_usage=_usage(reply.all("Content-Usage")),
            header_noai=any(_noai(line) for line in reply.all("X-Robots-Tag")),
        )

    def _document(self, path: str) -> bytes | None:
        reply = ask(self._port, path, host=self._host, agent=self._agent)
        if reply.status in (404, 410):
            return None
        if reply.status != 200 or not reply.whole or len(reply.body) > MOST_BYTES:
            raise UnreachableError(f"{path}: {reply.status}, {len(reply.body)} bytes")
        return reply.body


def _value(line: str, name: str) -> str:
    key, _, value = line.partition(":")
    return value.strip() if key.strip().lower() == name else ""


def _group(text: str, token: str) -> list[str]:
    """Return the lines of the group for this product token, or those for `*`; a named group replaces `*`."""
    found: dict[str, list[str]] = {}
    names: list[str] = []
    in_names = False
    for line in (one.partition("#")[0].strip() for one in text.splitlines()):
        if name := _value(line, "user-agent"):
            names = [*names, name.lower()] if in_names else [name.lower()]
            in_names = True
        elif line:
            in_names = in_names and not re.match(r"(?i)(dis)?allow\s*:", line)
            for name in names:
                found.setdefault(name, []).append(line)
    return found.get(token.lower(), found.get("*", []))


def _usage(values: list[str]) -> bool | None:
    if not values:
        return None
    try:
        said = http_sf.parse(", ".join(values).encode(), tltype="dictionary")
    except Exception:
        return None
    answer = said.get("train-ai", (None,))[0]
    return {"n": True, "y": False}.get(str(answer)) if isinstance(answer, http_sf.Token) else None


def _signal(values: list[str]) -> bool | None:
    said = dict(part.strip().lower().split("=", 1) for value in values for part in value.split(",") if "=" in part)
    return {"no": True, "yes": False}.get(said.get("ai-train", ""))


def _tdmrep(body: bytes, path: str) -> bool | None:
    rules = json.loads(body)
    if not isinstance(rules, list):
        raise UnreachableError("tdmrep.json is no array")
    for rule in rules:
        if not isinstance(rule.get("location"), str) or rule.get("tdm-reservation") not in (0, 1):
            raise UnreachableError("a rule of tdmrep.json without location or answer")
    for rule in rules:
        location = rule["location"]
        pattern = re.escape(location.removesuffix("$")).replace(r"\*", ".*") + ("$" if location.endswith("$") else "")
        if re.match(pattern, path):
            return bool(rule["tdm-reservation"])
    return None


def _noai(line: str) -> bool:
    before, colon, _ = line.partition(":")
    name = before.rpartition(",")[2].strip().lower()
    if colon and "," not in before and name not in PATIENCE:
        return False  # for one user agent
    return any(word.strip().lower() in ("noai", "noimageai") for word in line.split(","))
