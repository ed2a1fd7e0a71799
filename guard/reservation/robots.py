"""How must robots.txt be written so that every crawler reads the same thing in it?

Six parsers were compared (urllib.robotparser, Protego, robotspy, gpyrobotstxt, npm
robots-parser, Google's C++); what one of them reads otherwise is not written:

- Every group has an Allow or Disallow line, and it comes before the signals. Google-style
  parsers do not end a list of user agents at a line that they do not know, so a `*` group
  of signals alone melts into the next group and takes its `Disallow: /` for everybody.
- The longer path comes first, and Disallow before Allow: urllib takes the first line that
  matches, the others the longest.
- No blank line and no comment inside a group: urllib ends the group there.
- One group a token, and all signals again in each group: urllib forgets a second group of
  the same name, and a named group replaces `*` instead of adding to it (RFC 9309, 2.2.1).
- ASCII, LF, no byte order mark, no version behind a token.
- `Content-Usage` without a path: a reader that joins all lines of a group and parses them as
  one dictionary loses every line by a single path.
- `License` (RSL 1.0, section 4.4) only with an absolute address, so not where the host is unknown.

A product token is letters, `_` and `-` (RFC 9309, section 2.2.1). Some crawlers have digits or
dots in theirs; Google-style parsers cut such a token short (`AI2Bot` is read as `AI`). They are
listed, behind the others, but only the `*` group's signals can be counted on for them.

A path with answers of its own is Allow and Disallow lines of the groups that it concerns. The
signals name no path, so they say what is true of every path (`Statement.everywhere`): where a
path is milder than the site they stay `n`, where one is stricter the label is left out, and the
header line of each response, tdmrep.json and RSL say the rest. Of two statements AIPREF takes the
stricter, so a milder path reaches readers of TDMRep, RSL and this file's Allow lines only.

Search engines are never listed, whatever the statement says about search: that is what
`search=n` and `noindex` say, and a crawler must be let in to read the latter.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from guard.errors import ConfigurationError, Fault
from guard.reservation import robots_words
from guard.reservation.statement import RSL_PATH, Statement

PATH = "/robots.txt"
MEDIA_TYPE = "text/plain; charset=utf-8"

MAX_BYTES = 500 * 1024
"""What every parser must read of the file (RFC 9309, section 2.5); the rest may be ignored."""

MAX_PATH = 2000
"""Characters of a path pattern; far below the 16664 bytes at which Google's parser cuts a line."""

# Which stance reserves which purpose of the catalogue. A purpose in neither is not about models: never listed.
TRAIN = frozenset({"ai_training", "ai_dataset", "image_dataset", "ai_undocumented", "scraper_platform"})
"""Who collects to train, or collects for others and does not say what for."""
AI_USE = frozenset({"ai_search", "ai_assistant", "ai_agent", "ai_coding"})
"""Who puts the page into a model to answer somebody."""

ALWAYS_NAMED = (
    # Read in robots.txt only, never sent as a user agent; so a catalogue of user agents could leave them out.
    ("Google-Extended", "ai_training"),
    ("Applebot-Extended", "ai_training"),
    ("Webzio-Extended", "ai_dataset"),
    # A user agent is found by the beginning of these names, but robots.txt is read by whole names.
    ("omgilibot", "ai_dataset"),
    ("Ai2Bot-Dolma", "ai_dataset"),
    ("QueritBot", "ai_search"),
    ("Querit-SearchBot", "ai_search"),
)
"""Product tokens and purposes that are added to the catalogue's."""

_TOKEN = re.compile(r"[A-Za-z_-]+")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_HEAD = re.compile(r"[A-Za-z_-]*")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_SITEMAP = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The catalogue's names, sorted by what naming them is worth. Each in order, without regard to case."""

    protected: tuple[str, ...]
    """Valid product tokens: every parser knows the crawler by it."""
    listed: tuple[str, ...]
    """Names with digits or dots: some parsers know the crawler by it. Not a protection."""
    left_out: tuple[str, ...]
    """Names that can not be written (they have spaces), or that a parser would read as a crawler that is welcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """User agents, their Allow and Disallow lines, and the signals that a reader of the group finds with them."""

    tokens: tuple[str, ...]
    disallow: tuple[str, ...]
    """Path patterns, as they are written."""
    allow: tuple[str, ...]
    signals: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.tokens or not (self.disallow or self.allow):
            raise ValueError("a group needs a user agent and an Allow or Disallow line")

    def lines(self) -> tuple[str, ...]:
        """Return the lines: user agents, then the longest path first and Disallow before Allow, then the signals."""
        rules = [*(("Disallow", path) for path in self.disallow), *(("Allow", path) for path in self.allow)]
        return (
            *(f"User-agent: {token}" for token in self.tokens),
            *(f"{word}: {path}" for word, path in sorted(rules, key=lambda rule: -len(rule[1]))),
            *self.signals,
        )


def choose(
    statement: Statement, crawlers: Iterable[tuple[str, str]], questions: tuple[str, ...] = ("train", "ai_use")
) -> Tokens:
    """Return the names of those whose purpose `statement` reserves, on the whole site or below some path.

    `crawlers` is the whole catalogue, (token, purpose) each: the names that are not reserved are needed too. urllib and
    Protego look for a listed name inside a crawler's name, and Google-style parsers cut a name with a digit short; a
    name that would hit a welcome crawler in one of these ways is left out.
    """
    purposes = {"train": TRAIN, "ai_use": AI_USE}
    reserved = frozenset(
        purpose for question in questions if not statement.everywhere(question) for purpose in purposes[question]
    )
    named: dict[str, str] = {}
    welcome = {"mozilla"}  # what urllib keeps of a browser's user agent
    for token, purpose in (*ALWAYS_NAMED, *crawlers):
        # A closing slash belongs to the user agent (`Scrapy/2.13`), not to the name.
        name = token.removesuffix("/")
        if purpose in reserved:
            named[name.lower()] = min(name, named.get(name.lower(), name))
        elif purpose not in TRAIN | AI_USE:
            welcome.add(name.lower())
    protected, listed, left_out = [], [], []
    for lower, name in sorted(named.items()):
        head = _HEAD.match(lower)
        if (
            not _NAME.fullmatch(name)
            or any(lower in other for other in welcome)
            or (head is not None and head[0] in welcome)
        ):
            left_out.append(name)
        elif _TOKEN.fullmatch(name):
            protected.append(name)
        else:
            listed.append(name)
    return Tokens(protected=tuple(protected), listed=tuple(listed), left_out=tuple(left_out))


def groups(
    statement: Statement, crawlers: Iterable[tuple[str, str]], disallow: Iterable[str] = ()
) -> tuple[Group, ...]:
    """Return the groups of names, and the group for everybody, who may not fetch the paths in `disallow`.

    There is one group of names, or two where paths answer differently for training and for use by models.
    """
    crawlers = tuple(crawlers)
    closed = tuple(dict.fromkeys(_pattern(path) for path in disallow))
    signals = _signals(statement)
    train, ai_use = (_rules(statement, question, closed) for question in ("train", "ai_use"))
    questions: tuple[tuple[str, ...], ...] = (("train",), ("ai_use",))
    if statement.everywhere("train") or statement.everywhere("ai_use") or train == ai_use:
        questions = (("train", "ai_use"),)  # one of them has no names, or both say the same
    found: list[Group] = []
    for asked in questions:
        tokens = choose(statement, crawlers, asked)
        taken = {token.lower() for group in found for token in group.tokens}
        names = tuple(token for token in (*tokens.protected, *tokens.listed) if token.lower() not in taken)
        if names:
            rules = train if "train" in asked and not statement.everywhere("train") else ai_use
            found.append(Group(tokens=names, disallow=rules[0], allow=rules[1], signals=signals))
    return (*found, Group(tokens=("*",), **_open(closed), signals=signals))


def render(
    statement: Statement,
    crawlers: Iterable[tuple[str, str]],
    *,
    disallow: Iterable[str] = (),
    sitemaps: Iterable[str] = (),
) -> bytes:
    """Return the file. The same arguments give the same bytes, in whatever order `crawlers` come.

    Raises:
        ConfigurationError: A path or sitemap can not be written, or the file would be longer than 500 KiB.
    """
    blocks = [robots_words.comment(statement), *(group.lines() for group in groups(statement, crawlers, disallow))]
    if written := tuple(f"Sitemap: {_checked_sitemap(url)}" for url in sitemaps):
        blocks.append(written)
    body = "\n\n".join("\n".join(block) for block in blocks).encode("ascii") + b"\n"
    if len(body) > MAX_BYTES:
        raise _error("robots", f"robots.txt would have {len(body)} bytes, {MAX_BYTES} are read")
    return body


def _signals(statement: Statement) -> tuple[str, ...]:
    lines = (
        ("Content-Usage", statement.content_usage),
        ("Content-Signal", statement.content_signal),
        ("License", f"{statement.base_url}{RSL_PATH}" if statement.base_url else ""),
    )
    return tuple(f"{name}: {value}" for name, value in lines if value)


def _rules(statement: Statement, question: str, closed: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the Disallow and the Allow paths for the crawlers of `question`; only those that change something."""
    answers = {"/": bool(getattr(statement, question))}
    for one in reversed(statement.paths):
        around = next((path for path in reversed(answers) if one.path.startswith(path)), "/")
        if getattr(one, question) != answers[around]:
            answers[one.path] = getattr(one, question)
    if set(answers.values()) == {False}:
        return ("/",), ()
    if "/" in closed:
        return ("/",), ()
    # A path that is closed to everybody is not opened by a permission to train below it.
    allow = tuple(path for path, permitted in answers.items() if permitted and not path.startswith(closed or "//"))
    return (*closed, *(path for path, permitted in answers.items() if not permitted)), allow


def _open(closed: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    # Beside `Disallow: /` there is no `Allow: /`: Google-style parsers let Allow win a tie, urllib the first line.
    return {"disallow": ("/",), "allow": ()} if "/" in closed else {"disallow": closed, "allow": ("/",)}


def _pattern(path: str) -> str:
    """Return `path` as a pattern of RFC 9309, section 2.2.3, percent-encoded: nothing in it ends the line."""
    if not path.startswith("/"):
        raise _error("disallow", f"path {path[:40]!r} does not begin with /")
    written = "".join(
        character
        if (character.isascii() and character.isalnum()) or character in "/*$?&=+,;:@!~'()-._"
        else "%"
        if character == "%" and _ESCAPE.match(path, index)
        else "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
        for index, character in enumerate(path)
    )
    if len(written) > MAX_PATH:
        raise _error("disallow", f"path {path[:40]!r} is longer than {MAX_PATH} characters")
    return "/" if written.rstrip("*") == "/" else written


def _checked_sitemap(url: str) -> str:
    if len(url) > MAX_PATH or not _SITEMAP.fullmatch(url):
        raise _error("sitemap", f"{url[:40]!r} is not an absolute, percent-encoded http or https URL")
    return url


def _error(where: str, message: str) -> ConfigurationError:
    return ConfigurationError((Fault(file="rights", line=0, column=0, where=where, message=message),))
