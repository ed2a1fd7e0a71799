"""Is a row of a data set one of the owner's, and how sure is that?

An address on the owner's host is certain, and so is a file with the same digest. An address
that carries the owner's, an agency's number in an address, a picture that looks alike are
likely. What may be chance (a name in a caption, a file called `IMG_1234.jpg`) is weak, and
says so. A row can match in several ways; the surest counts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final
from urllib.parse import unquote

from ahocorasick_rs import AhoCorasick, Implementation

from guard.core.policy import path_matches
from guard.dataset.identifiers import Identifiers
from guard.dataset.listed_url import LONGEST, NamedHost, file_name, named_hosts, own_host, plain_url, suffixes

DISTANCE: Final = 4
"""Of the 64 bits of two perceptual hashes so many may differ, if nothing else is asked for. A judgement."""
MOST_DISTANCE: Final = 10
LIKELY_DISTANCE: Final = 4
"""Beyond this a likeness is weak."""
LONGEST_CAPTION: Final = 65_536

_SIZE: Final = re.compile(r"-(?:\d{2,5}x\d{2,5}|scaled|rotated)(?=\.[a-z0-9]{2,5}$)")
"""What WordPress puts into the names of smaller copies."""
_DISTINCT: Final = re.compile(r"(?=.*[a-z])(?=.*\d).{10,}|.{16,}", re.DOTALL)
"""What a file is called, without its ending, that hardly anybody else's is: long, or shorter with letters and digits.
`img_1234` and `sunset` are names of thousands of strangers' files."""
_CAMERA: Final = re.compile(r"[a-z_]{0,6}[-_ ]?\d{0,10}")


class Confidence(StrEnum):
    """How sure it is that the row is the owner's."""

    CERTAIN = "certain"
    LIKELY = "likely"
    WEAK = "weak"


_ORDER: Final = {one: place for place, one in enumerate(Confidence)}


class Reason(StrEnum):
    """How a row matches."""

    HOST = "host"
    """The address lies on the owner's host."""
    BELOW_HOST = "below_host"
    PICTURE = "picture"
    """It is the address of a picture in the owner's list."""
    URL = "url"
    """It begins like one of the owner's pages elsewhere."""
    MD5 = "md5"
    SHA256 = "sha256"
    INSIDE = "inside"
    """Somebody else's address that carries one of the owner's."""
    MENTIONED = "mentioned"
    """Somebody else's address that names the owner's host, and nothing on it."""
    ID = "id"
    LIKENESS = "likeness"
    FILE = "file"
    FILE_COMMON = "file_common"
    ID_IN_CAPTION = "id_in_caption"
    NAME = "name"
    CAPTION = "caption"


@dataclass(frozen=True, slots=True)
class Match:
    """One way in which a row matches."""

    reason: Reason
    confidence: Confidence
    identifier: str
    """Which of the owner's identifiers."""
    where: str = ""
    """The host or name in the row that it was found in, or how many bits differ; empty where that says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One row of a data set, as far as it is looked at; empty for what it does not tell."""

    url: str = ""
    caption: str = ""
    md5: str = ""
    sha256: str = ""
    phash: str = ""
    width: str = ""
    height: str = ""
    at: str = ""
    """When it was fetched, as the data set writes it."""
    media_type: str = ""


class Matcher:
    """Compares rows with an owner's identifiers."""

    def __init__(self, identifiers: Identifiers, distance: int = DISTANCE) -> None:
        """Take what to look for, and how many bits of a perceptual hash may differ: at most `MOST_DISTANCE`."""
        self.identifiers = identifiers
        self.distance = distance
        self._urls: dict[str, list[tuple[str, str]]] = {}
        for text in sorted(identifiers.urls):
            if (own := own_host(text)) is not None:
                query = text.partition("?")[2]
                self._urls.setdefault(own.host, []).append((f"{own.path}?{query}" if query else own.path, text))
        self._files = {name.lower(): name for name in identifiers.files}
        self._in_url = _Words(identifiers.ids)
        self._in_caption = {
            Reason.ID_IN_CAPTION: _Words(identifiers.ids),
            Reason.NAME: _Words(identifiers.names),
            Reason.CAPTION: _Words(identifiers.captions),
        }
        self._bands = bands(identifiers.phash, distance)

    def matches(self, row: Listed) -> tuple[Match, ...]:
        """Return every way in which `row` matches, the surest first; empty if it does not."""
        found: list[Match] = []
        if row.url and self.identifiers.of_addresses:
            found += self._of_address(row.url)
        for reason, digest, known in (
            (Reason.MD5, row.md5, self.identifiers.md5),
            (Reason.SHA256, row.sha256, self.identifiers.sha256),
        ):
            if digest and (name := known.get(digest.strip().lower())):
                found.append(Match(reason, Confidence.CERTAIN, name))
        if row.phash and self._bands:
            found += self._alike(row.phash)
        if row.caption:
            text = row.caption[:LONGEST_CAPTION]
            for reason, words in self._in_caption.items():
                found += [Match(reason, Confidence.WEAK, one) for one in words.inside(text)]
        return tuple(sorted(found, key=lambda one: _ORDER[one.confidence])) if found else ()

    def _of_address(self, url: str) -> Iterator[Match]:
        named = named_hosts(url)
        for one in named:
            yield from self._of_host(one)
        if named and not named[0].outer and self.identifiers.pictures:
            plain = plain_url(url)
            if plain in self.identifiers.pictures:
                yield Match(Reason.PICTURE, Confidence.CERTAIN, plain)
        if named and not named[0].outer and (known := self._urls.get(named[0].host)):
            query = url.partition("#")[0].partition("?")[2]
            path = f"{named[0].path}?{query}" if query else named[0].path
            for pattern, text in known:
                if path_matches(pattern, path):
                    yield Match(Reason.URL, Confidence.CERTAIN, text)
        for identifier in self._in_url.inside(unquote(url[:LONGEST], errors="replace")):
            yield Match(Reason.ID, Confidence.LIKELY, identifier)
        if self._files:
            yield from self._of_file(url, named)

    def _of_host(self, one: NamedHost) -> Iterator[Match]:
        mine = next((name for name in suffixes(one.host) if name in self.identifiers.hosts), None)
        if mine is None:
            return
        if not one.outer:
            yield Match(
                Reason.HOST if mine == one.host else Reason.BELOW_HOST, Confidence.CERTAIN, mine, where=one.host
            )
        elif len(one.path) > 1:
            yield Match(Reason.INSIDE, Confidence.LIKELY, mine, where=one.outer)
        else:
            yield Match(Reason.MENTIONED, Confidence.WEAK, mine, where=one.outer)

    def _of_file(self, url: str, named: tuple[NamedHost, ...]) -> Iterator[Match]:
        seen: set[str] = set()
        for path in (url.partition("?")[0].partition("#")[0], url, *(one.path for one in named)):
            name = file_name(path)
            for found in (name, _SIZE.sub("", name)):
                if found in self._files and found not in seen:
                    seen.add(found)
                    stem = found.rpartition(".")[0]
                    common = _DISTINCT.fullmatch(stem) is None or _CAMERA.fullmatch(stem) is not None
                    reason = Reason.FILE_COMMON if common else Reason.FILE
                    confidence = Confidence.WEAK if common else Confidence.LIKELY
                    yield Match(reason, confidence, self._files[found], where=name)

    def _alike(self, text: str) -> Iterator[Match]:
        phash = phash_digits(text)
        if not phash:
            return
        number = int(phash, 16)
        near: dict[str, int] = {}
        for place, (start, end) in enumerate(_cuts(self.distance)):
            for known in self._bands.get((place, phash[start:end]), ()):
                differing = (int(known, 16) ^ number).bit_count()
                if differing <= self.distance:
                    near[known] = differing
        if near:
            known = min(near, key=lambda one: near[one])
            sure = Confidence.LIKELY if near[known] <= LIKELY_DISTANCE else Confidence.WEAK
            yield Match(Reason.LIKENESS, sure, self.identifiers.phash[known], where=str(near[known]))


class _Words:
    """Finds whole words or numbers in a text, without regard to case and spaces."""

    def __init__(self, texts: frozenset[str]) -> None:
        self._texts = {_folded(text): text for text in sorted(texts)}
        self._patterns = list(self._texts)
        self._automaton = (
            AhoCorasick(self._patterns, implementation=Implementation.ContiguousNFA) if self._patterns else None
        )

    def inside(self, text: str) -> list[str]:
        if self._automaton is None:
            return []
        folded = _folded(text)
        found: dict[str, None] = {}
        for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            before, after = folded[start - 1 : start], folded[end : end + 1]
            if not _goes_on(before, folded[start]) and not _goes_on(folded[end - 1], after):
                found[self._texts[self._patterns[index]]] = None
        return list(found)


def _goes_on(one: str, other: str) -> bool:
    """Tell whether a word goes on from one character to the other; in scripts without spaces nobody can say so."""
    return one.isalnum() and other.isalnum() and max(one, other) < "\u2e80"


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def phash_digits(text: str) -> str:
    """Return a 64-bit perceptual hash as 16 hexadecimal digits; also one that is written as a signed number."""
    digits = text.strip().lower().removeprefix("0x")
    if re.fullmatch(r"[0-9a-f]{16}", digits):
        return digits
    if re.fullmatch(r"-?[0-9]{1,20}", digits):
        return f"{int(digits) & 0xFFFFFFFFFFFFFFFF:016x}"
    return ""


def _cuts(distance: int) -> list[tuple[int, int]]:
    """Cut 16 digits into one piece more than bits may differ: then one piece at least is the same."""
    pieces = distance + 1
    edges = [round(16 * place / pieces) for place in range(pieces + 1)]
    return list(pairwise(edges))


def bands(known: Mapping[str, str], distance: int) -> dict[tuple[int, str], tuple[str, ...]]:
    """Return the hashes by place and digits of their pieces."""
    found: dict[tuple[int, str], tuple[str, ...]] = {}
    for one in known:
        for place, (start, end) in enumerate(_cuts(distance)):
            key = (place, one[start:end])
            found[key] = (*found.get(key, ()), one)
    return found


def pieces_of(known: Mapping[str, str], distance: int) -> list[tuple[int, int, list[str]]]:
    """Return first digit, length and the values of each piece: what a query can look for."""
    return [(start, end - start, sorted({one[start:end] for one in known})) for start, end in _cuts(distance)]
