"""Whom were the copies issued to that were found somewhere?"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import orjson
import typer

from guard import __version__
from guard.cli import trace_report, trace_stamp
from guard.cli.issued_marks import Issued
from guard.cli.terminal import complain, with_progress
from guard.cli.trace_report import Gallery, ReportFiles
from guard.cli.trace_search import Result, Search, listed
from guard.cli.trace_words import Language, sentences
from guard.errors import PictureError, UsageError
from guard.image.originals import Originals
from guard.store import found_record
from guard.store.canary_pictures import folder_in as folder_of_canaries
from guard.store.found_pictures import SHARD_ENDINGS, ending_of, files_in, find_pictures
from guard.store.found_record import FoundFile, FoundRecord
from guard.store.originals_index import OriginalsIndex, cache_folder

EXIT_FOUND = 0
EXIT_NONE = 1
PROGRAM = f"crawler-guard {__version__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is wanted beside the answer."""

    report: Path | None = None
    """A folder, or a file that ends in .html."""
    record_only: bool = False
    """Only put on record what was found."""
    source: str = ""
    """Where the found pictures come from, in one line."""
    retrieved: str = ""
    """When, in ISO 8601."""
    stamp: tuple[str, ...] = ()
    """Addresses of time-stamp authorities."""
    stamp_ca: Path | None = None
    """Certificates that they are trusted by; None for those of this machine."""
    lang: Language = "en"
    as_json: bool = False


def trace(found: list[Path], *, originals: Path, given: Issued, wanted: Wanted) -> int:
    """Trace found pictures, print what was found, and return the exit status.

    Raises:
        UsageError: A file or folder is wrong.
        GuardError: The record was to be stamped, and no authority did; nothing was compared.
    """
    files = listed(found, source=wanted.source, retrieved=wanted.retrieved)
    report = ReportFiles.at(wanted.report) if wanted.report else None
    record = _recorded(report, found, files) if report else None
    stamp = trace_stamp.stamp_of(record.path, wanted.stamp, wanted.stamp_ca) if record else None
    if wanted.record_only:
        return EXIT_FOUND
    mine = _originals([originals, *_canaries(given)])
    search, gallery = Search(files, given, mine), Gallery()
    search.run(found, gallery.add if report else lambda *_: None)
    results, whole = search.results(), search.together()
    _print(results, whole, search, given, wanted, originals=len(mine))
    if report is not None and record is not None:
        page = trace_report.page(
            search, given, gallery, record, at=datetime.now(UTC), program=PROGRAM, originals=len(mine),
            lang=wanted.lang, stamp=stamp,
        )  # fmt: skip
        trace_report.write(report.page, trace_report.html(page))
        complain(f"the report is in {report.page}")
    return EXIT_FOUND if any(one.identified for one in (*results, *([whole] if whole else []))) else EXIT_NONE


def _recorded(report: ReportFiles, found: list[Path], files: list[FoundFile]) -> FoundRecord:
    """Put on record what was found, before anything is compared."""
    record = found_record.write(
        report.found,
        files,
        found_record.shards(list(files_in(found))),
        recorded=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        program=PROGRAM,
    )
    verb = "was there already" if record.kept else "is written"
    complain(f"the record of what was found {verb}: {record.path}")
    complain(f"its SHA-256: {record.sha256}")
    return record


def _print(
    results: list[Result], whole: Result | None, search: Search, given: Issued, wanted: Wanted, *, originals: int
) -> None:
    if wanted.as_json:
        value = {
            "results": results,
            "together": whole,
            "mark_ids": len(given.ids),
            "originals": originals,
            "pairs": search.tracer.pairs,
        }
        typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_DATACLASS))
        return
    counts = {"ids": len(given.ids), "originals": originals}
    typer.echo(sentences(results, whole, given.log, given.shared, **counts, lang=wanted.lang))


def _canaries(given: Issued) -> list[Path]:
    """Return the folder with the canaries beside the evidence, which the owner need not name among the originals."""
    return [folder_of_canaries(given.evidence)] if given.canaries and given.evidence is not None else []


def _originals(folders: list[Path]) -> Originals:
    if not folders[0].exists():
        raise UsageError(f"--originals: {folders[0]} does not exist")
    originals = Originals()
    # An archive beside the pictures is a copy of them; each is read again when a found picture may show it.
    files = [file for file in files_in(folders) if ending_of(file) not in SHARD_ENDINGS]
    with OriginalsIndex(cache_folder(os.environ), complain) as index:
        for file in with_progress(files, "originals", len(files)):
            try:
                described = index.described(file, partial(_bytes_of, file))
            except PictureError as error:
                complain(f"{file}: {error}")
                continue
            if described is not None:
                originals.take(str(file), described, file.read_bytes)
    if not len(originals):
        raise UsageError(f"--originals: there is no picture in {folders[0]}")
    return originals


def _bytes_of(file: Path) -> bytes | None:
    return next((picture.data for picture in find_pictures([file], complain)), None)
