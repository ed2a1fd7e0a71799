"""Who comes to the gallery, and what must each of them get?

An expectation is stated for people, and checked on both sides: on what arrived at the
client, and on what the guard noted. A broken one is a sentence that says what was found.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from guard.demo.answers import Answer, Report
from guard.demo.log import PICTURE_KINDS, LogLine
from guard.demo.pages import is_picture_path

DISPLAY_SIDE: Final = 1600
"""Pixels of the longest side that an unproven search engine gets at most."""

FOUND_OUT_BY: Final = 15
"""The picture from which on a client that hides gets no original any more."""

PREVIEW_SIDE: Final = 1024
"""Pixels of the longest side above which nobody would call a picture a preview."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """The gallery's pictures as they hang at the upstream, by path."""

    thumbnails: tuple[str, ...]
    originals: tuple[str, ...]
    digests: Mapping[str, str]
    """Of the coded pixels of every picture file, as `guard.image.coded` makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One client's time at the gallery, seen from both sides."""

    report: Report
    lines: tuple[LogLine, ...]
    collection: Collection

    def untouched(self, answer: Answer) -> bool:
        """Tell whether the client got every pixel as the upstream has it: rights may be written beside them."""
        return self.collection.digests.get(answer.path) == answer.digest


Check = Callable[[Stay], Iterator[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One client of the cast."""

    visit: str
    """Its name for `guard.demo.visit`."""
    name: str
    """Its name for people."""
    stand_in: str = ""
    """Its name when it is imitated because the program is not installed; empty where it can not be missing."""
    kind: Literal["person", "crawler"]
    expectation: str
    """What must happen, in the words of the owner."""
    check: Check
    timeout: float = 15.0
    """Seconds after which it is fetched home."""
    keeps: bool = False
    """What it takes is kept, and one copy of it is traced when everybody has left."""


def _person(stay: Stay) -> Iterator[str]:
    received = {answer.path for answer in stay.report.pictures}
    missing = [path for path in stay.collection.thumbnails if path not in received]
    if missing:
        yield f"{len(missing)} of {len(stay.collection.thumbnails)} pictures were not seen, first {missing[0]}"
    if not received.intersection(stay.collection.originals):
        yield "no original was opened"
    for place in stay.report.broken[:1]:
        yield f"{len(stay.report.broken)} pictures stayed empty, first on {place}"
    changed = [answer.path for answer in stay.report.pictures if not stay.untouched(answer)]
    if changed:
        yield f"{len(changed)} pictures were not the photographer's own bytes, first {changed[0]}"
    yield from _never_refused(stay)


def _refused_with_pictures(stay: Stay) -> Iterator[str]:
    yield from _may_read_robots(stay)
    for answer in stay.report.answers:
        if answer.is_picture:
            yield f"{answer.path} was handed over"
        elif is_picture_path(answer.path) and not (answer.status == 403 and answer.is_refusal_picture):
            yield f"{answer.path} was not refused with a picture: {_outcome(answer)}"
    if not any(answer.is_refusal_picture for answer in stay.report.answers):
        yield "it asked for no picture"


def _pages_only(stay: Stay) -> Iterator[str]:
    yield from _refused_with_pictures(stay)
    for answer in stay.report.answers:
        if not is_picture_path(answer.path) and answer.status != 200:
            yield f"{answer.path} was not served: {_outcome(answer)}"


def _told_by_header(stay: Stay) -> Iterator[str]:
    if stay.report.pictures:
        yield f"it kept {len(stay.report.pictures)} pictures"
    if stay.report.skipped != len(stay.collection.originals):
        yield f"it skipped {stay.report.skipped} of {len(stay.collection.originals)} pictures for what the header says"


def _told_by_robots(stay: Stay) -> Iterator[str]:
    yield from _may_read_robots(stay)
    taken = [answer.path for answer in stay.report.answers if answer.path != "/robots.txt"]
    if taken:
        yield f"it took {len(taken)} things, first {taken[0]}"


def _search(stay: Stay) -> Iterator[str]:
    yield from _may_read_robots(stay)
    yield from _never_refused(stay)
    originals = [answer for answer in stay.report.pictures if answer.path in stay.collection.originals]
    if not originals:
        yield "it got no original at any size"
    for answer in originals:
        if answer.longest_side > DISPLAY_SIDE:
            yield f"{answer.path} was handed over with {answer.longest_side} pixels"
    for answer in stay.report.pictures:
        if answer.path not in stay.collection.originals and not stay.untouched(answer):
            yield f"{answer.path} was changed"


def _link_preview(stay: Stay) -> Iterator[str]:
    yield from _never_refused(stay)
    if not stay.report.pictures:
        yield "it got no picture to show under the link"
    if not any(answer.status == 200 and answer.content_type.startswith("text/html") for answer in stay.report.answers):
        yield "it got no page"
    for answer in stay.report.pictures:
        if not stay.untouched(answer):
            yield f"{answer.path} was changed"


def _previews_only(stay: Stay) -> Iterator[str]:
    yield from _never_refused(stay)
    if not stay.report.pictures:
        yield "it got no preview"
    for answer in stay.report.pictures:
        if answer.longest_side > PREVIEW_SIDE or stay.untouched(answer):
            yield f"{answer.path} was handed over with {answer.longest_side} pixels"
    for line in stay.lines:
        if line.kind in PICTURE_KINDS and line.action != "preview":
            yield f"the guard noted {line.action} for {line.path}"


def _found_out(stay: Stay) -> Iterator[str]:
    originals = [answer for answer in stay.report.answers if answer.path in stay.collection.originals]
    late = [answer for answer in originals[FOUND_OUT_BY - 1 :] if stay.untouched(answer)]
    if len(originals) < FOUND_OUT_BY:
        yield f"it asked for {len(originals)} originals only"
    if late:
        yield f"it still got {len(late)} originals after its first {FOUND_OUT_BY - 1}, first {late[0].path}"


def _found_out_and_marked(stay: Stay) -> Iterator[str]:
    yield from _found_out(stay)
    arrived = {answer.path: answer for answer in stay.report.pictures}
    copies = [arrived[line.path] for line in stay.lines if line.is_copy and line.path in arrived]
    if not any(copy.path in stay.collection.originals for copy in copies):
        yield "it got no original under its own mark"
    for copy in copies:
        if stay.untouched(copy):
            yield f"{copy.path} should carry a mark and has the photographer's own pixels"


def _never_refused(stay: Stay) -> Iterator[str]:
    for answer in stay.report.answers:
        if not 200 <= answer.status < 400:
            yield f"{answer.path} was not served: {_outcome(answer)}"


def _may_read_robots(stay: Stay) -> Iterator[str]:
    answer = stay.report.find("/robots.txt")
    if answer is None or answer.status != 200:
        yield f"robots.txt could not be read: {_outcome(answer)}"


def _outcome(answer: Answer | None) -> str:
    if answer is None:
        return "it was never asked for"
    return f"status {answer.status}, {answer.content_type or 'no content'}" if answer.status else "no answer"


CAST: Final = (
    Member(
        visit="person",
        name="person (Chromium)",
        stand_in="person (stand-in for Chromium)",
        kind="person",
        expectation="sees every picture, every pixel as it was uploaded",
        check=_person,
        timeout=80.0,
    ),
    Member(
        visit="training",
        name="GPTBot",
        kind="crawler",
        expectation="is refused, with a picture where it asks for one",
        check=_refused_with_pictures,
    ),
    Member(
        visit="dataset",
        name="ImagesiftBot",
        kind="crawler",
        expectation="is refused, with a picture where it asks for one",
        check=_refused_with_pictures,
    ),
    Member(
        visit="img2dataset",
        name="img2dataset",
        stand_in="img2dataset (replica)",
        kind="crawler",
        expectation="is told by a header that these pictures are reserved, and skips them all",
        check=_told_by_header,
        timeout=80.0,
    ),
    Member(
        visit="scrapy",
        name="Scrapy",
        stand_in="Scrapy (stand-in)",
        kind="crawler",
        expectation="reads robots.txt and takes nothing",
        check=_told_by_robots,
        timeout=80.0,
    ),
    Member(
        visit="search",
        name="Googlebot-Image",
        kind="crawler",
        expectation="is never refused; originals come at display size until it proves who it is",
        check=_search,
    ),
    Member(
        visit="preview",
        name="facebookexternalhit",
        kind="crawler",
        expectation="gets the page and the picture that is shown under a shared link",
        check=_link_preview,
    ),
    Member(
        visit="assistant",
        name="ChatGPT-User",
        kind="crawler",
        expectation="gets small previews",
        check=_previews_only,
    ),
    Member(
        visit="unlisted",
        name="PixelHarvestBot",
        kind="crawler",
        expectation="may read the pages; pictures are refused",
        check=_pages_only,
    ),
    Member(
        visit="bulk",
        name="bulk downloader",
        kind="crawler",
        expectation="is found out by how it asks and gets marked or smaller copies before its fifteenth picture",
        check=_found_out_and_marked,
        keeps=True,
    ),
    Member(
        visit="impersonator",
        name="slow impersonator",
        kind="crawler",
        expectation="is found out although every header line is a browser's",
        check=_found_out,
    ),
)
"""Everybody who comes, in this order."""
