"""What does a robots.txt say, and which of its lines are read differently by different crawlers?

Read by RFC 9309: a product token is letters, `_` and `-`, and what follows is cut off (section
2.2.1); the groups of one token are merged; a named group replaces `*`; of the rules that match
the longest wins, and Allow wins a tie (2.2.2). Lines that are no rules do not end a list of user
agents: that is how Google's parser and those built after it read, and it is the reading by which
a site can lose its place in search, so it is the one taken here.

Where other well-known parsers read otherwise (urllib, Protego, robotspy, npm robots-parser), the
line is named as a flaw.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from guard.reservation.reading import Flaw

MAX_BYTES = 500 * 1024
"""What every parser must read (RFC 9309, section 2.5)."""

MOST_COMPARED = 200
"""Allow lines of a group that later lines are compared with."""

_RULES = {"allow": True, "disallow": False}
_LINE = re.compile(r"\r\n|\n|\r")
_SIGNALS = ("content-usage", "content-signal", "license")
_HTML = re.compile(rb"\s*(?:<!doctype html|<html|<head|<body|<\?xml|<!--|<script)", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class Group:
    """User agents and what stands below them, in file order."""

    line: int
    """Where its first `User-agent` line stands, counted from 1."""
    tokens: list[str] = field(default_factory=list)
    """In lower case, cut to a product token; `*` for everybody."""
    rules: list[tuple[bool, str, int]] = field(default_factory=list)
    """Whether it allows, the path pattern, the line."""
    signals: list[tuple[str, str, int]] = field(default_factory=list)
    """Other records: name in lower case, value, line."""

    def values(self, name: str) -> list[str]:
        """Return the values of a record."""
        return [value for key, value, _ in self.signals if key == name]


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsFile:
    """A robots.txt as its strictest reader has it."""

    where: str
    groups: tuple[Group, ...] = ()
    outside: tuple[tuple[str, str, int], ...] = ()
    """Records before the first group; RSL's `License` counts for everybody there."""
    comments: str = ""
    flaws: tuple[Flaw, ...] = ()

    def for_token(self, token: str) -> list[Group]:
        """Return the groups that a crawler reads: those that name it, else those for everybody."""
        named = [group for group in self.groups if token.lower() in group.tokens]
        return named or [group for group in self.groups if "*" in group.tokens]

    def names(self, token: str) -> bool:
        """Tell whether a group names the crawler."""
        return any(token.lower() in group.tokens for group in self.groups)

    def allows(self, token: str, path: str) -> bool:
        """Tell whether a crawler may fetch `path`, query included, percent-encoded."""
        best, allowed = -1, True
        for group in self.for_token(token):
            for allow, pattern, _ in group.rules:
                if pattern and matches(pattern, path) and (len(pattern), allow) > (best, allowed):
                    best, allowed = len(pattern), allow
        return allowed

    def values(self, name: str, token: str) -> list[str]:
        """Return what a record says to a crawler in its groups."""
        return [value for group in self.for_token(token) for value in group.values(name)]


def looks_like_markup(body: bytes) -> bool:
    """Tell whether a text file is a web page in truth: what a site answers that knows every address."""
    return _HTML.match(body.removeprefix(b"\xef\xbb\xbf")) is not None


def read_robots(body: bytes, where: str) -> RobotsFile:
    """Read a robots.txt; any bytes are taken."""
    parser = _Parser(where)
    if looks_like_markup(body):
        parser.flaw("robots-is-html")
        return RobotsFile(where=where, flaws=tuple(parser.flaws))
    for number, line in enumerate(_LINE.split(parser.decode(body)), 1):
        parser.take(line, number)
    return RobotsFile(
        where=where,
        groups=tuple(parser.groups),
        outside=tuple(parser.outside),
        comments="\n".join(parser.comments),
        flaws=(*parser.flaws, *_group_flaws(parser.groups, where)),
    )


class _Parser:
    """Takes line after line."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.groups: list[Group] = []
        self.outside: list[tuple[str, str, int]] = []
        self.comments: list[str] = []
        self.flaws: list[Flaw] = []
        self._listing = False
        """No rule has ended the list of user agents of the last group."""
        self._blank = False
        """A blank line came after the last user agent."""
        self._melted = False
        """It has been said of this group."""

    def flaw(self, name: str, line: int = 0, detail: str = "") -> None:
        self.flaws.append(Flaw(id=name, where=f"{self.where}:{line}" if line else self.where, detail=detail))

    def decode(self, body: bytes) -> str:
        if len(body) > MAX_BYTES:
            self.flaw("robots-too-long", detail=str(len(body)))
            body = body[:MAX_BYTES]
        if body.startswith(b"\xef\xbb\xbf"):
            self.flaw("robots-bom")
            body = body[3:]
        if b"\r" in body and b"\n" not in body:
            self.flaw("robots-cr-only")
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            self.flaw("robots-not-utf8")
            return body.decode("latin-1")

    def take(self, raw: str, number: int) -> None:
        line, hash_sign, comment = raw.partition("#")
        if hash_sign:
            self.comments.append(comment.strip())
        name, colon, value = (part.strip() for part in line.partition(":"))
        key = name.lower()
        if not colon:
            self._blank = self._blank or not raw.strip()
        elif key in {"user-agent", "useragent", "user agent"}:
            self._user_agent(value, number)
        elif key in _RULES:
            self._rule(_RULES[key], value, number)
        elif self.groups and key != "sitemap":
            self.groups[-1].signals.append((key, value, number))
        elif key != "sitemap":
            if key in {"content-usage", "content-signal"}:
                self.flaw("robots-signal-outside", number, raw.strip())
            self.outside.append((key, value, number))

    def _user_agent(self, value: str, number: int) -> None:
        if not self._listing:
            self.groups.append(Group(line=number))
            self._listing = True
        group = self.groups[-1]
        if group.signals and not self._melted:
            self.flaw("robots-groups-melt", number, ", ".join([*group.tokens[:3], value]))
        self._melted = bool(group.signals)
        if "/" in value:
            self.flaw("robots-version-in-token", number, value)
        group.tokens.append(_token(value))
        self._blank = False

    def _rule(self, allow: bool, pattern: str, number: int) -> None:
        if not self.groups:
            self.flaw("robots-rule-outside", number, pattern)
            return
        if self._listing and self._blank:
            self.flaw("robots-blank-line", number)
        self.groups[-1].rules.append((allow, pattern, number))
        self._listing = False


def _token(value: str) -> str:
    # Google's parser cuts a name at a digit or a dot, urllib takes it whole. Here it stays whole: that is what the
    # owner meant, and what can be relied upon is the group for everybody.
    return "*" if value.startswith("*") else value.partition("/")[0].strip().lower()


def _group_flaws(groups: Iterable[Group], where: str) -> list[Flaw]:
    flaws: list[Flaw] = []
    seen: dict[str, int] = {}
    said: set[str] = set()
    signals_of: dict[str, set[str]] = {}
    groups = list(groups)
    for group in groups:
        said |= {key for key, _, _ in group.signals if key in _SIGNALS}
        for token in dict.fromkeys(group.tokens):
            if token in seen:
                flaws.append(Flaw(id="robots-second-group", where=f"{where}:{group.line}", detail=token))
            seen.setdefault(token, group.line)
            signals_of.setdefault(token, set()).update(key for key, _, _ in group.signals)
        allows: list[str] = []
        for allow, pattern, line in group.rules:
            if allow:
                allows.append(pattern.rstrip("*$"))
            elif any(one and pattern != one and pattern.startswith(one) for one in allows[:MOST_COMPARED]):
                flaws.append(Flaw(id="robots-allow-first", where=f"{where}:{line}", detail=pattern))
                break
        if not group.rules and any(key in _SIGNALS for key, _, _ in group.signals):
            flaws.append(Flaw(id="robots-signals-only", where=f"{where}:{group.line}", detail=", ".join(group.tokens)))
    for group in groups:
        # Preferences are about what may be fetched (draft-ietf-aipref-attach-05): who is kept out needs none.
        kept_out = any(not allow and pattern in {"/", "/*", "*"} for allow, pattern, _ in group.rules)
        missing = sorted(said.difference(*(signals_of[token] for token in group.tokens)))
        if missing and not (kept_out and not any(allow for allow, _, _ in group.rules)):
            detail = f"{', '.join(group.tokens[:3])}{', …' if len(group.tokens) > 3 else ''}: {', '.join(missing)}"
            flaws.append(Flaw(id="robots-signals-not-repeated", where=f"{where}:{group.line}", detail=detail))
    return flaws


def matches(pattern: str, path: str) -> bool:
    """Tell whether a path pattern of RFC 9309, section 2.2.3, matches; in linear time, for it comes from a stranger."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for index, piece in enumerate(rest):
        if anchored and index == len(rest) - 1:
            return len(path) - len(piece) >= at and path.endswith(piece)
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not anchored or at == len(path)
