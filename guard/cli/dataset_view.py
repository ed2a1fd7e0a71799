"""How is what was found in a data set shown: on a screen, as a table for others, as JSON?

On the screen the summary comes first and then the surest rows; CSV and JSON have all of them,
written while the files are read, so that a list of millions needs no memory.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from textwrap import wrap
from threading import Event, Thread
from typing import Any, Final, TextIO

import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from guard.cli.dataset_words import Words
from guard.cli.terminal import csv_lines, printable
from guard.dataset.fetches import Fetcher, Fetches
from guard.dataset.matcher import Confidence
from guard.dataset.parquet import ParquetFile
from guard.dataset.scan import FileReport, Found, Tally
from guard.dataset.sources import Source
from guard.evidence.text import escape

SHOWN_ROWS: Final = 20
SHOWN_HOSTS: Final = 8
LONGEST_CELL: Final = 2_000
_POLL: Final = 0.2


class Bar:
    """A progress bar over the bytes of all files; nothing where nobody watches."""

    def __init__(self, sources: Sequence[Source], label: str) -> None:
        self._total = sum(one.size for one in sources)
        self._label = label
        self._before = 0
        self._size = 0
        self._move: Any = None

    @contextmanager
    def shown(self) -> Iterator["Bar"]:
        """Show it on standard error while the block runs."""
        if not sys.stderr.isatty():
            yield self
            return
        columns = (TextColumn(self._label), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("", total=self._total or None)
            self._move = lambda done: progress.update(task, completed=done)
            yield self
        self._move = None

    def file(self, source: Source) -> None:
        """Begin with the next file."""
        self._before += self._size
        self._size = source.size
        self.text(0)

    def text(self, done: int) -> None:
        """Take how many bytes of the present file were read."""
        if self._move is not None:
            self._move(self._before + done)

    @contextmanager
    def parquet(self, file: ParquetFile) -> Iterator[None]:
        """Ask DuckDB how far it is, while the block runs."""
        if self._move is None:
            yield
            return
        done = Event()

        def poll() -> None:
            while not done.wait(_POLL):
                self.text(int(file.progress() * self._size))

        thread = Thread(target=poll, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


COLUMNS: Final = (
    "file", "row", "confidence", "reason", "identifier", "where", "url", "caption", "md5", "sha256", "phash", "width",
    "height", "fetched", "media_type", "asked_by", "requests", "delivered", "first_asked", "last_asked",
)  # fmt: skip


class Writer:
    """Writes rows as they are found."""

    def __init__(self, out: TextIO, *, as_json: bool, words: Words) -> None:
        self._out = out
        self._json = as_json
        self._words = words
        self._count = 0
        out.write('{"rows": [' if as_json else csv_lines([COLUMNS]))

    def row(self, found: Found, fetchers: Sequence[Fetcher]) -> None:
        """Write one row."""
        if self._json:
            value = row_value(found, fetchers)
            self._out.write(f"{',' if self._count else ''}\n{orjson.dumps(value).decode()}")
        else:
            self._out.write(csv_lines([self._cells(found, fetchers)]))
        self._count += 1

    def end(self, summary: dict[str, Any]) -> None:
        """Write what all files come to; only JSON has a place for it."""
        if self._json:
            self._out.write(f'\n], "summary": {orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode()}}}\n')

    def _cells(self, found: Found, fetchers: Sequence[Fetcher]) -> list[str | int]:
        one, match = found.listed, found.matches[0]
        return [
            found.file, found.number, match.confidence, "; ".join(self._words.reason(each) for each in found.matches),
            match.identifier, match.where,
            *(text[:LONGEST_CELL] for text in (one.url, one.caption, one.md5, one.sha256, one.phash, one.width,
                                               one.height, one.at, one.media_type)),
            ", ".join(dict.fromkeys(each.name or self._words.texts["nameless"] for each in fetchers)),
            sum(each.requests for each in fetchers), sum(each.delivered for each in fetchers),
            moment(min(each.first for each in fetchers)) if fetchers else "",
            moment(max(each.last for each in fetchers)) if fetchers else "",
        ]  # fmt: skip


def moment(microseconds: int) -> str:
    """Write a time for programs."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat(timespec="seconds")


def row_value(found: Found, fetchers: Sequence[Fetcher]) -> dict[str, Any]:
    """Return a row for JSON; empty fields are left out."""
    listed = {name: escape(text[:LONGEST_CELL]) for name, text in asdict(found.listed).items() if text}
    return {
        "file": escape(found.file),
        "row": found.number,
        "confidence": found.confidence,
        "matches": [{**asdict(one), "identifier": escape(one.identifier), "where": escape(one.where)}
                    for one in found.matches],
        **listed,
        "asked_by": [
            {**asdict(one), "first": moment(one.first), "last": moment(one.last)} for one in fetchers
        ],
    }  # fmt: skip


def summary_value(tally: Tally, fetches: Fetches | None, wrong: Sequence[str], seconds: float) -> dict[str, Any]:
    """Return what all files come to, for JSON."""
    return {
        "rows_read": tally.rows,
        "rows_found": tally.found,
        **{str(one): tally.by_confidence[one] for one in Confidence},
        "pictures": len(tally.pictures),
        "pictures_are_minimum": tally.more_pictures,
        "hosts": dict(tally.hosts.most_common(100)),
        "seconds": round(seconds, 2),
        "evidence": None
        if fetches is None
        else {"verified": fetches.holds, "records": fetches.records, "log": fetches.origin,
              "without_path": fetches.undisclosed},
        "files": [_file_value(one) for one in tally.files],
        "not_read": [escape(one) for one in wrong],
    }  # fmt: skip


def _file_value(one: FileReport) -> dict[str, Any]:
    return {
        "name": escape(one.name),
        "form": one.form,
        "columns": one.columns,
        "rows": one.rows,
        "found": one.found,
        "broken": one.broken,
        "first_broken": [{"line": number, "reason": reason} for number, reason in one.first_broken],
        "latin_1_lines": one.latin,
        "fault": one.fault,
    }


class Screen:
    """Keeps the few surest rows, and prints everything at the end."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._rows: dict[Confidence, list[tuple[Found, Sequence[Fetcher]]]] = {one: [] for one in Confidence}
        self._asked: set[str] = set()

    def row(self, found: Found, fetchers: Sequence[Fetcher]) -> None:
        """Take one row."""
        kept = self._rows[found.confidence]
        if len(kept) < SHOWN_ROWS:
            kept.append((found, fetchers))
        if fetchers and len(self._asked) < SHOWN_ROWS * 5000:
            self._asked.add(found.listed.url)

    def show(self, console: Console, tally: Tally, fetches: Fetches | None, directory: str, seconds: float) -> None:
        """Print summary, hosts, rows and notes."""
        words, texts = self._words, self._words.texts
        for line in self._sentences(tally, fetches, seconds):
            console.print(Text(line))
        if tally.found:
            self._hosts(console, tally)
            console.print()
            console.print(Text(texts["title_rows"], style="bold"))
            best = [row for one in Confidence for row in self._rows[one]][:SHOWN_ROWS]
            for found, fetchers in best:
                self._row(console, found, fetchers)
            if tally.found > len(best):
                more = texts["more"].format(count=words.number(tally.found - len(best)))
                console.print(Text(more, style="dim"))
            console.print()
            console.print(Text(texts["note_listed"], style="dim"))
        for note in self._notes(fetches, directory):
            console.print(Text(note, style="dim"))
        if tally.found:
            console.print(Text(texts["next"]), soft_wrap=True)

    def _sentences(self, tally: Tally, fetches: Fetches | None, seconds: float) -> Iterator[str]:
        words, texts = self._words, self._words.texts
        rows = words.count(tally.rows, "row")
        files = words.count(sum(1 for one in tally.files if one.rows), "file")
        if not tally.rows:
            yield texts["read_nothing"]
            return
        if not tally.found:
            yield texts["nothing"].format(rows=rows, files=files)
        else:
            counts = {
                str(one): texts["is" if tally.by_confidence[one] == 1 else "are"].format(
                    count=words.number(tally.by_confidence[one])
                )
                for one in (Confidence.CERTAIN, Confidence.LIKELY)
            }
            weak = words.number(tally.by_confidence[Confidence.WEAK])
            yield texts["summary"].format(rows=rows, files=files, weak=weak, **counts)
            named = texts["named_least" if tally.more_pictures else "named"]
            yield named.format(
                pictures=words.count(len(tally.pictures), "picture"), hosts=words.count(len(tally.hosts), "host")
            )
        if fetches is not None and tally.found:
            yield texts["asked_count"].format(count=words.number(len(self._asked)))
        whole = max(1, round(seconds))
        per = words.number(int(tally.rows / max(seconds, 0.001)))
        yield texts["took"].format(seconds=words.count(whole, "second"), per=per)

    def _hosts(self, console: Console, tally: Tally) -> None:
        console.print()
        console.print(Text(self._words.texts["title_hosts"], style="bold"))
        for host, count in tally.hosts.most_common(SHOWN_HOSTS):
            line = Text(f"{self._words.number(count):>11}  {printable(host) or self._words.texts['no_host']}")
            line.truncate(console.width, overflow="ellipsis")
            console.print(line)
        if len(tally.hosts) > SHOWN_HOSTS:
            more = self._words.texts["more"].format(count=self._words.number(len(tally.hosts) - SHOWN_HOSTS))
            console.print(Text(more, style="dim"))

    def _row(self, console: Console, found: Found, fetchers: Sequence[Fetcher]) -> None:
        words = self._words
        place = f"{printable(found.file.rpartition('/')[2], 40)}:{words.number(found.number)}"
        console.print(Text.assemble((f"{words.confidences[found.confidence]}  ", "bold"), (place, "dim")), no_wrap=True)
        shown = Text(f"  {printable(found.listed.url or found.listed.caption, 400)}", no_wrap=True)
        shown.truncate(console.width, overflow="ellipsis")
        console.print(shown)
        reasons = "; ".join(words.reason(one) for one in found.matches[:3])
        for text in (reasons, words.fetchers(fetchers[:3])):
            for line in wrap(printable(text, 600), console.width - 4):
                console.print(Text(f"    {line}", style="dim"))

    def _notes(self, fetches: Fetches | None, directory: str) -> Iterator[str]:
        texts, number = self._words.texts, self._words.number
        if fetches is None:
            return
        if self._asked:
            yield texts["note_asked"]
        if fetches.holds:
            yield texts["note_holds"].format(records=number(fetches.records))
        else:
            yield texts["note_broken_log"].format(directory=printable(directory))
        if fetches.undisclosed:
            yield texts["note_undisclosed"].format(count=number(fetches.undisclosed))
        if fetches.forgotten:
            yield texts["note_forgotten"]
