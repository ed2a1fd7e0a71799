"""What must a row hold to be worth a closer look?

Almost no row of a data set is the owner's, and looking closely costs microseconds. So every
identifier gives a needle: text that is in every address or caption which it can match, in
whatever way that is encoded. Rows without a needle are passed over, by DuckDB or by an
automaton; a row too many only costs time, a row too few would be a fault.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

import idna
from ahocorasick_rs import AhoCorasick, Implementation

from guard.dataset.identifiers import Identifiers
from guard.dataset.listed_url import own_host, plain_host

MOST_IN_QUERY: Final = 2_000
"""Needles for one regular expression: so many take 2 µs a row. With more, every row is looked at closely."""
MOST: Final = 200_000

ENCODED: Final = r"%(?:25)*(?:2[de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])"
"""A letter, digit, dot or hyphen that is percent-encoded without need: then a needle may be written in any way."""

_PLAIN: Final = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")


def address_needles(identifiers: Identifiers) -> set[str]:
    """Return needles for addresses, in small letters."""
    found: set[str] = set()
    for host in identifiers.hosts:
        found |= _host_needles(host)
    for text in (*identifiers.urls, *(f"//{one}" for one in identifiers.pictures)):
        own = own_host(text)
        if own is not None:
            longest = _longest(own.path.lower())
            found |= {longest} if len(longest) > 4 else _host_needles(plain_host(own.host))
    for identifier in identifiers.ids:
        found |= _spellings(identifier.lower())
    for name in identifiers.files:
        # Without the ending, and before it: smaller copies are called a-300x200.jpg.
        found |= _spellings(name.lower().rpartition(".")[0])
    return found


def caption_needles(identifiers: Identifiers) -> set[str]:
    """Return needles for captions: the longest plain piece of each text, in small letters."""
    found = set()
    for text in identifiers.of_captions:
        plain = _longest(text.lower())
        found.add(plain if len(plain) > 2 else text.casefold().split()[0])
    return found


def _host_needles(host: str) -> set[str]:
    try:
        readable = idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        return {host}
    return {host, *_spellings(readable)}


def _spellings(text: str) -> set[str]:
    once = quote(text).lower()
    return {text, once, once.replace("%", "%25"), text.replace(" ", "+")}


def _longest(text: str) -> str:
    # Letters with accents, spaces and signs can be written in several ways; runs of these can not.
    return max(_PLAIN.findall(text), key=len, default="")


def expression(needles: Iterable[str], *, addresses: bool) -> str:
    """Return a regular expression (RE2) that finds any of the needles; empty if there are too many."""
    texts = sorted(needles)
    if len(texts) > MOST_IN_QUERY:
        return ""
    pieces = [re.escape(text) for text in texts]
    return f"(?i)(?:{'|'.join([*pieces, *([ENCODED] if addresses else [])])})"


class Sieve:
    """Lets through the texts that are worth a closer look."""

    def __init__(self, needles: Iterable[str], *, addresses: bool) -> None:
        texts = sorted(needles)
        self._none = not texts
        self._all = len(texts) > MOST
        self._encoded = re.compile(ENCODED, re.IGNORECASE) if addresses else None
        self._automaton = (
            AhoCorasick(texts, implementation=Implementation.ContiguousNFA) if texts and not self._all else None
        )

    def passes(self, text: str) -> bool:
        """Tell whether any needle is in `text`."""
        if self._none:
            return False
        if self._automaton is None:
            return True
        if next(iter(self._automaton.find_matches_as_indexes(text.lower())), None) is not None:
            return True
        return self._encoded is not None and "%" in text and self._encoded.search(text) is not None
