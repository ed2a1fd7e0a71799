"""Which paths does a robots.txt keep a crawler from?

Read as RFC 9309 says: names without regard to case, a group of one's own instead of the `*` group, groups of one name
as one, the longest pattern wins and Allow wins a tie. What is found here accuses somebody, so where readers differ the
crawler gets the benefit: a name without a group of its own may be read under any name that is a part of it
(`Googlebot` for `Googlebot-Image`), and it must be kept out by all of them.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

MAX_BYTES: Final = 500 * 1024
"""What every parser must read of the file (RFC 9309, section 2.5); the rest may be ignored."""
MOST_WILD: Final = 1000
"""Patterns with `*` or `$` in one group; a group with more is left alone: it takes long to read and accuses nobody."""
EVERYBODY: Final = "*"
ONLY_BY_NAME: Final = frozenset(
    {"adsbot-google", "adsbot-google-mobile", "apis-google", "mediapartners-google", "google-safety"}
)
"""Who does not read the `*` group, by agreement with the sites that use the product
(developers.google.com/search/docs/crawling-indexing/google-special-case-crawlers, read 2026-11-24)."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE_OR_WIDE = re.compile(r"%([0-9A-Fa-f]{2})|[^\x21-\x7e]")
_LINE_END = re.compile(r"\r\n|\n|\r")
_LONGEST_CACHED = 256
_CACHED = 1024


class RobotsRules:
    """One version of one robots.txt, ready to be asked."""

    def __init__(self, groups: dict[str, "_Group"]) -> None:
        self._groups = groups
        self._known = lru_cache(maxsize=_CACHED)(self._look_up)

    @classmethod
    def parse(cls, body: bytes) -> "RobotsRules":
        """Read the file, whatever is in it; what is no line of a group is passed over."""
        collected: dict[str, list[tuple[bool, str]]] = {}
        names: list[str] = []
        in_rules = False
        for key, value in _lines(body):
            if key == "user-agent":
                if in_rules:
                    names, in_rules = [], False
                names.append(_name(value))
                collected.setdefault(names[-1], [])
            elif key in ("allow", "disallow"):
                in_rules = True
                if value:
                    for name in names:
                        collected[name].append((key == "allow", value))
        return cls({name: _Group(rules) for name, rules in collected.items()})

    def forbids(self, name: str, path: str) -> bool:
        """Tell whether a crawler may not fetch `path`.

        Args:
            name: Its product token; empty for one that names itself nowhere, who has the `*` group.
            path: Path and query of the target.
        """
        if len(path) > _LONGEST_CACHED:
            return self._look_up(name, path)
        return self._known(name, path)

    def _look_up(self, name: str, path: str) -> bool:
        name, written = name.lower(), normal(path)
        own = self._groups.get(name)
        if own is not None and name != EVERYBODY:
            return own.forbids(written)
        everybody = self._groups.get(EVERYBODY)
        if everybody is None or name in ONLY_BY_NAME:
            return False
        parts = [group for other, group in self._groups.items() if other and other in name]
        return all(group.forbids(written) for group in (everybody, *parts))


class _Group:
    """The rules of one name. Patterns that are plain beginnings, nearly all, are found by their lengths."""

    def __init__(self, rules: Iterable[tuple[bool, str]]) -> None:
        self._plain: dict[str, bool] = {}
        wild: dict[str, bool] = {}
        for allows, value in rules:
            pattern = normal(value)
            where = wild if "*" in pattern or pattern.endswith("$") else self._plain
            where[pattern] = allows or where.get(pattern, False)
        self._lengths = sorted({len(pattern) for pattern in self._plain}, reverse=True)
        self._wild = sorted(wild.items(), key=lambda one: (-len(one[0]), not one[1]))
        self._too_many = len(self._wild) > MOST_WILD

    def forbids(self, path: str) -> bool:
        if self._too_many:
            return False
        length, allows = 0, True
        for candidate in self._lengths:
            if candidate <= len(path) and path[:candidate] in self._plain:
                length, allows = candidate, self._plain[path[:candidate]]
                break
        for pattern, wild_allows in self._wild:
            if len(pattern) < length:
                break
            if _matches(pattern, path):
                return not (wild_allows or (len(pattern) == length and allows))
        return not allows


def normal(text: str) -> str:
    """Return a path or pattern with unreserved characters decoded and all others than ASCII encoded."""
    if text.isascii() and "%" not in text and text.isprintable() and " " not in text:
        return text
    return _ESCAPE_OR_WIDE.sub(_written, text)


def _written(match: re.Match[str]) -> str:
    if match[1] is None:
        return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogateescape"))
    byte = int(match[1], 16)
    return chr(byte) if byte in _UNRESERVED else match[0].upper()


def _matches(pattern: str, path: str) -> bool:
    """Tell whether `path` begins as `pattern` says, without ever going back: its time grows with the path only."""
    ends = pattern.endswith("$")
    first, *others = (pattern[:-1] if ends else pattern).split("*")
    if not path.startswith(first):
        return False
    if not others:
        return len(path) == len(first) or not ends
    at = len(first)
    *between, last = others
    for part in between:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    if ends:
        return len(path) - len(last) >= at and path.endswith(last)
    return path.find(last, at) >= 0


def _lines(body: bytes) -> Iterator[tuple[str, str]]:
    text = body[:MAX_BYTES].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    for line in _LINE_END.split(text):
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


def _name(value: str) -> str:
    """Return the name of a `User-agent` line, without a version behind it."""
    words = value.lower().split()
    return words[0].partition("/")[0] if words else ""
