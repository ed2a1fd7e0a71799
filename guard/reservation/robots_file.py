"""What does a robots.txt that somebody else wrote say?

Read as RFC 9309 tells it, and as widely as Google's parser does (misspelt names, a missing colon),
so that no line that any crawler obeys is overlooked:

- A line that is no User-agent, Allow or Disallow line does not end a list of user agents, nor does
  a blank one: `User-agent: *`, a signal, `User-agent: Foo`, `Disallow: /` is one group of two names.
- Groups of one name are one group (section 2.2.1).
- Byte order mark, CR and CRLF are read over; what is not UTF-8 is taken for Latin-1.
- The first 500 KiB are read (section 2.5).

What comes out is a value: names and paths are the writer's own, safe to write on a line again.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from guard.errors import ReservationError

MAX_BYTES: Final = 500 * 1024
"""What must be read of a file (RFC 9309, section 2.5)."""
MAX_PATH: Final = 2000
"""Characters; a longer Disallow path is cut, which closes more, a longer Allow path is left out."""
MAX_NAME: Final = 200
MAX_RECORD: Final = 500
MAX_COMMENTS: Final = 200
"""Lines of comment that are kept: the Article 4 notice of Content Signals has 40."""

SIGNALS: Final = frozenset({"content-usage", "content-signal", "license"})
"""Records that say a reservation."""

# google/robotstxt, robots.cc: the misspellings that it accepts.
_USER_AGENT = frozenset({"user-agent", "useragent", "user agent"})
_DISALLOW = frozenset({"disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"})
_SITEMAP = frozenset({"sitemap", "site-map"})

_EARLY = (
    "line {number}: a signal before any rule of its group; parsers that follow RFC 9309 take the next user agents into "
    "the same group"
)
_WITHOUT_COLON = re.compile(r"(\S+)[ \t]+(\S+)")
_ENDS = re.compile(r"\r\n|\r|\n")
_PLAIN = frozenset("!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one group says to its user agents."""

    disallow: tuple[str, ...] = ()
    """Path patterns, printable ASCII, in the order of the file."""
    allow: tuple[str, ...] = ()
    records: tuple[tuple[str, str], ...] = ()
    """All other lines of the group: the name in lower case, and the value."""

    @property
    def closed(self) -> bool:
        """Tell whether plainly nothing may be fetched."""
        return not self.allow and any(path.rstrip("*") in ("/", "") for path in self.disallow)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsFile:
    """A whole file."""

    comments: tuple[str, ...]
    """Whole lines of comment, with their `#`, wherever they stood."""
    groups: tuple[tuple[str, Rules], ...]
    """Each name once, as it was first written, in the order of the file; `*` among them."""
    sitemaps: tuple[str, ...]
    records: tuple[tuple[str, str], ...]
    """Lines before the first group that are neither rules nor sitemaps."""
    findings: tuple[str, ...]
    """What is odd about the file, one sentence each, for its owner."""

    def rules(self, name: str) -> Rules | None:
        """Return the group of exactly this name, without regard to case."""
        return next((rules for key, rules in self.groups if key.lower() == name.lower()), None)


def read(body: bytes, media_type: str = "") -> RobotsFile:
    """Read a file as it was received.

    Raises:
        ReservationError: It is no text, an HTML page, or has no line that could be meant.
    """
    whole, findings = body, []
    if len(body) > MAX_BYTES:
        body = body[: max(body.rfind(b"\n", 0, MAX_BYTES), body.rfind(b"\r", 0, MAX_BYTES)) + 1]
        findings.append(f"it has {len(whole):,} bytes; what is behind the first {MAX_BYTES:,} is not read by crawlers")
    if b"\0" in body:
        raise ReservationError("it is not text")
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
        findings.append("it begins with a byte order mark, for which several parsers lose its first group")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
        findings.append("it is not UTF-8; it was read as Latin-1")
    if text.lstrip()[:1] == "<" or media_type.partition(";")[0].strip().lower() == "text/html":
        raise ReservationError("it is an HTML page")
    if "\r" in text.replace("\r\n", ""):
        findings.append("its lines end with CR alone, which some parsers do not understand")
    file = parse(text, tuple(findings))
    if text.strip() and not (file.groups or file.sitemaps or file.comments):
        raise ReservationError("no line of it belongs in a robots.txt")
    return file


class _Group:
    """A group while it is read."""

    def __init__(self) -> None:
        self.disallow: dict[str, None] = {}
        self.allow: dict[str, None] = {}
        self.records: dict[tuple[str, str], None] = {}
        self.has_rules = False

    def rules(self) -> Rules:
        return Rules(disallow=tuple(self.disallow), allow=tuple(self.allow), records=tuple(self.records))


def parse(text: str, findings: tuple[str, ...] = ()) -> RobotsFile:
    """Read the lines of a file; nothing is too wrong to be read."""
    found = dict.fromkeys(findings)
    names: dict[str, tuple[str, _Group]] = {}
    current: list[_Group] = []
    comments: list[str] = []
    sitemaps: dict[str, None] = {}
    outside: dict[tuple[str, str], None] = {}
    collecting = False
    for number, line in enumerate(_ENDS.split(text), 1):
        content, hash_mark, _ = line.partition("#")
        content = content.strip()
        if not content and hash_mark and len(comments) < MAX_COMMENTS:
            comments.append(_visible(line.strip())[:MAX_RECORD])
        key, value = _record(content)
        if key in _USER_AGENT:
            name = _name(value)
            if not collecting:
                current, collecting = [], True
            if not name:
                continue
            group = names.setdefault(name.lower(), (name, _Group()))[1]
            current.append(group)
        elif key == "allow" or key in _DISALLOW:
            collecting = False
            for group in current:
                group.has_rules = True
                _add_path(group, key, value)
        elif key in _SITEMAP:
            if value and len(value) <= MAX_PATH and not any(c.isspace() for c in value):
                sitemaps[value] = None
        elif key:
            if collecting and current and key in SIGNALS:
                found.setdefault(_EARLY.format(number=number))
            for records in [group.records for group in current] or [outside]:
                records[key, value[:MAX_RECORD]] = None
    found |= dict.fromkeys(_ruleless(names))
    return RobotsFile(
        comments=tuple(comments),
        groups=tuple((name, group.rules()) for name, group in names.values()),
        sitemaps=tuple(sitemaps),
        records=tuple(outside),
        findings=tuple(found),
    )


def _ruleless(names: dict[str, tuple[str, _Group]]) -> Iterable[str]:
    for name, group in names.values():
        if not group.has_rules:
            yield f"the group of {name} has no Allow or Disallow line"


def _record(content: str) -> tuple[str, str]:
    """Return the name of a line in lower case and its value; a line without a colon has one if it is two words."""
    key, colon, value = content.partition(":")
    if not colon:
        match = _WITHOUT_COLON.fullmatch(content)
        if match is None:
            return "", ""
        key, value = match[1], match[2]
    return _visible(key.strip()).lower(), _visible(value.strip())


def _name(value: str) -> str:
    # Google's parser takes `* anything` for `*`.
    return "*" if value.split()[:1] == ["*"] else value[:MAX_NAME]


def _add_path(group: _Group, key: str, value: str) -> None:
    if not value:
        return  # `Disallow:` closes nothing; urllib would take it for `Allow: /`
    path = _written(value)
    if key == "allow":
        # One with a blank opens nothing for parsers that compare it with `%20`; written so it would open something.
        if len(path) <= MAX_PATH and not any(c.isspace() for c in value):
            group.allow[path] = None
        return
    if len(path) > MAX_PATH:
        path = path[:MAX_PATH].rpartition("%")[0] if "%" in path[MAX_PATH - 2 : MAX_PATH] else path[:MAX_PATH]
    group.disallow[path] = None


def _written(path: str) -> str:
    """Return a path pattern in printable ASCII: what is not is percent-encoded, what was stays as it is."""
    return "".join(
        c
        if c.isascii() and (c.isalnum() or c in _PLAIN)
        else "".join(f"%{b:02X}" for b in c.encode("utf-8", "replace"))
        for c in path
    )


def _visible(text: str) -> str:
    """Return `text` with a blank for every character that can not be seen: none of them may end a line."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text).strip()
