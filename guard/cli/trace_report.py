"""What belongs into the report on traced copies, and where is it written?

Beside the page lies the record of what was found, which is there before the search begins (see
`guard.store.found_record`). The page is bounded: pictures for the first copies only, and of long lists
the beginning with a count of the rest.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from shlex import quote
from typing import Final

from guard.cli import canary_words
from guard.cli import trace_page as parts
from guard.cli import trace_page_deliveries as told
from guard.cli.evidence_stamp import Stamp
from guard.cli.issued_marks import Issued
from guard.cli.trace_page import Page, Row, Sheet, Told, Whole, Words
from guard.cli.trace_search import Result, Search
from guard.cli.trace_words import Language
from guard.errors import PictureError, UsageError
from guard.image.chips import commitment
from guard.image.overlay import Overlay, overlay
from guard.image.tracer import Sighting
from guard.store.deliveries import Deliveries, deliveries
from guard.store.durable import replace
from guard.store.found_pictures import FoundPicture
from guard.store.found_record import FoundFile, FoundRecord

PICTURES: Final = 24
"""Copies that are shown; each takes about 250 kB of the page."""
SHEETS: Final = 200
LISTED: Final = 1000


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """Where a report is written."""

    page: Path
    found: Path

    @classmethod
    def at(cls, path: Path) -> "ReportFiles":
        """Return the files for a folder, or for a page that ends in .html."""
        if path.suffix.lower() in (".html", ".htm"):
            return cls(path, path.with_suffix(".found.json"))
        return cls(path / "trace.html", path / "found.json")


@dataclass(slots=True)
class Gallery:
    """Pictures of the first copies, made while the found picture is in memory."""

    shown: dict[str, Overlay] = field(default_factory=dict)
    """By the SHA-256 of the found picture."""

    def add(self, picture: FoundPicture, sighting: Sighting) -> None:
        """Show how a found picture lies in its original, unless there are enough."""
        if len(self.shown) >= PICTURES:
            return
        try:
            original = Path(sighting.original).read_bytes()
            made = overlay(picture.data, original, sighting.map, mirrored=sighting.mirrored)
            self.shown[sha256(picture.data).hexdigest()] = made
        except (OSError, PictureError):
            pass  # the original went away during the search; the numbers stand without it


def page(
    search: Search,
    given: Issued,
    gallery: Gallery,
    record: FoundRecord,
    *,
    at: datetime,
    program: str,
    originals: int,
    lang: Language,
    stamp: Stamp | None = None,
) -> Page:
    """Return what the report says, with what the evidence log says of the copies that were identified.

    Raises:
        LogDamagedError: The log can not be read any more.
    """
    results = {one.sha256: one for one in search.results()}
    rows = tuple(_row(one, results[one.sha256]) for one in search.files if one.sha256 in results)
    places: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.mark_id is not None:
            places[row.found.sha256].append(row)
    seen = {digest: sighting for digest, sighting in search.sightings.items() if sighting is not None}
    named = [(bytes.fromhex(here[0].mark_id or ""), seen[digest]) for digest, here in places.items()]
    whole = search.together()
    together = bytes.fromhex(whole.mark_id) if whole is not None and whole.mark_id else None
    log = _log(given, named[:SHEETS], together, seen.values())
    sheets = []
    for (digest, here), (mark_id, sighting) in zip(list(places.items())[:SHEETS], named, strict=False):
        commits_to = commitment(given.keys[sighting.key]).hex()
        sheets.append(
            Sheet(
                row=here[0],
                also=tuple(one.found.file for one in here[1:]),
                sighting=sighting,
                overlay=gallery.shown.get(digest),
                commitment=commits_to,
                key_record=log.keys.get(commits_to),
                told=_told(log, given, mark_id, {sighting.rendition.hex()}),
                shared=tuple(results[digest].shared),
            )
        )
    return Page(
        lang=lang,
        at=at,
        program=program,
        record=record,
        rows=rows,
        sheets=tuple(sheets),
        together=_whole(search, given, log),
        ids=len(given.ids),
        originals=originals,
        pairs=search.tracer.pairs,
        threshold=search.tracer.threshold(),
        evidence=str(given.evidence or ""),
        logged=bool(given.log),
        canaries=tuple(
            (row.found.file, canary)
            for row in rows
            if results[row.found.sha256].canary is not None
            and (one := seen.get(row.found.sha256)) is not None
            and (canary := given.canaries.get(one.rendition.hex())) is not None
        ),
        stamp=stamp,
    )


def _row(found: FoundFile, result: Result) -> Row:
    return Row(found=found, original=result.original, mark_id=result.mark_id, z=result.z, bound=result.bound)


def _whole(search: Search, given: Issued, log: Deliveries) -> Whole | None:
    result = search.together()
    if result is None or search.whole is None or result.mark_id is None:
        return None
    shown = {one.rendition.hex() for one in search.sightings.values() if one is not None}
    return Whole(
        mark_id=result.mark_id,
        bound=result.bound,
        agreement=search.whole,
        pictures=search.tracer.pictures,
        told=_told(log, given, bytes.fromhex(result.mark_id), shown),
    )


def _told(log: Deliveries, given: Issued, mark_id: bytes, originals: set[str]) -> Told:
    """Return what the log says of the copies of these originals under this id."""
    found = [one for original in originals for one in log.copies.get((mark_id, original), ())]
    count = sum(log.counts.get((mark_id, original), 0) for original in originals)
    issue = given.log.get(mark_id)
    return Told(
        deliveries=tuple(sorted(found, key=lambda one: one.index)),
        count=count,
        others=issue.requests - count if issue else 0,
    )


def _log(
    given: Issued,
    named: Sequence[tuple[bytes, Sighting]],
    together: bytes | None,
    sightings: Iterable[Sighting],
) -> Deliveries:
    if given.evidence is None or not given.log:
        return Deliveries(copies={}, counts={}, keys={})
    wanted: dict[bytes, set[str]] = defaultdict(set)
    for mark_id, sighting in named:
        wanted[mark_id].add(sighting.rendition.hex())
    if together is not None:
        wanted[together] |= {one.rendition.hex() for one in sightings}
    return deliveries(given.evidence, {mark_id: frozenset(digests) for mark_id, digests in wanted.items()})


def html(page: Page) -> str:
    """Return the report."""
    say = Words(page.lang)
    all_told = [sheet.told for sheet in page.sheets] + ([page.together.told] if page.together else [])
    names = told.names_of(all_told)
    body = [parts.opening(page, say)]
    several = len(page.sheets) > 1
    for number, sheet in enumerate(page.sheets, 1):
        heading = f"<h1>{say('sheet', number=number)}</h1>" if several else ""
        body.append(f"<section class=sheet>{heading}{_sheet(sheet, page, say, names)}</section>")
    if any(sheet.overlay is None for sheet in page.sheets):
        body.append(f"<section><p>{say('no pictures', count=PICTURES)}</p></section>")
    if page.together is not None:
        body.append(
            f"<section class=sheet><h1>{say('together')}</h1>{_together(page.together, page, say, names)}</section>"
        )
    end = []
    if names:
        end.append(parts.section(say("reservations"), told.reservations(names, say)))
    if page.canaries:
        end.append(
            parts.section(canary_words.TEXTS[page.lang]["heading"], canary_words.section(page.canaries, page.lang))
        )
    if len(page.rows) > 1 or not page.sheets:
        end.append(parts.section(say("rest"), parts.all_found(page, say, LISTED)))
    end.append(parts.section(say("limits"), parts.limits(page, say)))
    end.append(parts.section(say("check"), parts.check(page, say, _commands(page, names))))
    return parts.head(page, say, "".join(body) + f"<section>{''.join(end)}</section>")


def _together(whole: Whole, page: Page, say: Words, names: told.Names) -> str:
    said = [
        say("together yes", count=say.count(whole.pictures), mark_id=whole.mark_id),
        *parts.issued_to(whole.told, say),
        say("bound together", power=parts.power(whole.bound)),
    ]
    verdict = "".join(f"<p>{one}</p>" for one in said)
    made = f'<div class="verdict">{verdict}</div>{parts.numbers(whole.mark_id, whole.agreement, page, say)}'
    # Where one of them is identified by itself, its sheet has told it.
    if page.logged and whole.mark_id not in {sheet.row.mark_id for sheet in page.sheets}:
        made += parts.section(say("deliveries"), told.deliveries(whole.told, say, names))
    return made


def _sheet(sheet: Sheet, page: Page, say: Words, names: told.Names) -> str:
    made = [
        parts.verdict(sheet, page, say),
        parts.pictures(sheet, say),
        parts.numbers(sheet.row.mark_id or "", sheet.sighting.agreement, page, say),
        parts.section(say("provenance"), parts.provenance(sheet, say)),
        parts.section(say("key"), parts.key(sheet, page, say)),
    ]
    if page.logged and (sheet.told.deliveries or not sheet.shared):
        made.append(parts.section(say("deliveries"), told.deliveries(sheet.told, say, names)))
    if sheet.shared:
        made.append(parts.section(say("register"), told.register(sheet, say)))
    return "".join(made)


def _commands(page: Page, names: told.Names) -> dict[str, list[str]]:
    found = page.record.path
    base, stem = quote(found.name), quote(found.stem)
    log = [f"guard evidence verify {quote(page.evidence)}"]
    all_told = [sheet.told for sheet in page.sheets] + ([page.together.told] if page.together else [])
    first = next((one for said in all_told for one in said.deliveries), None)
    if first is not None:
        log.append(f"guard explain --evidence {quote(page.evidence)} --record {first.index}")
    document = next((one for _, _, reserved in names.values() for one in reserved.documents), None)
    if document is not None:
        log.append(f"guard reserve history --evidence {quote(page.evidence)} --show {document.sha256[:16]}")
    query = [] if page.stamp else [f"openssl ts -query -data {base} -sha256 -cert -out {stem}.tsq"]
    return {
        "record": [f"sha256sum {base}"],
        "stamp": [*query, f"openssl ts -verify -data {base} -in {stem}.tsr -CAfile authority.pem"],
        "log": log,
    }


def write(path: Path, text: str) -> None:
    """Put the page on the disk, readable by its owner only.

    Raises:
        UsageError: It can not be written.
    """
    try:
        replace(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageError(f"{path} can not be written: {(error.strerror or str(error)).lower()}") from error
