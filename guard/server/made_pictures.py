"""Which pictures have been given their rights already, and at which URLs?"""

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256

from guard.core.facts import HeaderLines, RequestFacts, ResponseFacts
from guard.image import rights_jobs
from guard.image.left_alone import Why
from guard.image.rights_jobs import RightsJob
from guard.image.visible_mark import VisibleMark

MAX_URLS = 16_384
"""URLs whose tags are remembered; the one asked for longest ago goes first."""
_ENTRY = 200
"""Bytes that an entry costs besides its picture."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was made of the picture at a URL."""

    upstream_tag: str
    """The upstream's entity tag; empty if it sent none."""
    tag: str
    """Ours."""
    length: int
    """Bytes of what was made."""
    made: "Made | None" = None
    """How it can be sent again, once the upstream says that its picture is still the same; None where it can not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What an answer was made of."""

    key: bytes
    """Of the result."""
    headers: HeaderLines
    """The upstream's lines."""
    seen: ResponseFacts
    """What its picture is."""
    original: str
    """SHA-256 of it, in hex."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was made of some bytes."""

    body: bytes
    """Empty where they stay as they are."""
    tag: str
    why: Why | None = None
    """Why they do; None where there was nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What marked copies of a picture are made of."""

    rendition: bytes
    """SHA-256 of what the upstream sent."""
    size: int
    """Bytes of that."""
    body: bytes = field(repr=False)
    """The same picture with the rights in it."""
    made: str
    """Our entity tag of `body`; empty where the upstream's bytes stay as they are."""
    visible_mark: VisibleMark | None = None
    """What is drawn over copies; None for nothing."""

    @property
    def key(self) -> str:
        """What tells sources apart.

        With other rights in force, or at a path with answers of its own, the same picture is another copy.
        """
        return f"{self.rendition.hex()} {self.made}{' ' + self.visible_mark.digest if self.visible_mark else ''}"


def key_of(digest: bytes, job: RightsJob) -> bytes:
    """Return under which a result is kept: by the bytes, and by what is done to them."""
    return sha256(digest + json.dumps(rights_jobs.fields(job), sort_keys=True).encode()).digest()


class MadePictures:
    """Results by the hash of what they were made of, bounded by bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[bytes, Result] = OrderedDict()
        self._size = 0

    def get(self, key: bytes) -> Result | None:
        """Return what was made, or None."""
        if (found := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: bytes, result: Result) -> None:
        """Keep a result; those not asked for longest go."""
        previous = self._kept.pop(key, None)
        self._size += len(result.body) + _ENTRY - (len(previous.body) + _ENTRY if previous else 0)
        self._kept[key] = result
        while self._size > self._limit and self._kept:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped.body) + _ENTRY


class KnownUrls:
    """What is at each URL, as far as it was seen."""

    def __init__(self, most: int = MAX_URLS) -> None:
        self._most = most
        self._known: OrderedDict[int, Known] = OrderedDict()

    def get(self, facts: RequestFacts) -> Known | None:
        """Return what is known of the URL of a request."""
        return self._known.get(_url(facts))

    def put(self, facts: RequestFacts, known: Known) -> None:
        """Keep what is known now."""
        url = _url(facts)
        self._known[url] = known
        self._known.move_to_end(url)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def forget(self, facts: RequestFacts) -> None:
        """Note that there is no changed picture there any more."""
        self._known.pop(_url(facts), None)


def _url(facts: RequestFacts) -> int:
    return hash((facts.site, facts.authority, facts.target))
