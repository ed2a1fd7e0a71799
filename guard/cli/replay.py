"""`guard replay`: what would the policy have done to the requests of an access log?

Sentences first, then tables for 80 columns; or everything as JSON, or as CSV. Nothing is
written but to standard output, and nothing of the log is sent anywhere.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from guard.cli.judge import Judge, choose, find_judge
from guard.cli.replay_words import LANGUAGES, Words, done_words, notes, sentences
from guard.cli.terminal import csv_lines, printable
from guard.core.log_line import LogFormat
from guard.core.policy import Action
from guard.core.tally import Share, Summary
from guard.errors import UsageError
from guard.evidence.text import escape
from guard.reservation import robots
from guard.reservation.statement import Statement
from guard.rights import statement_of
from guard.server.limits import Limiter
from guard.store.log_lines import LogLines, open_log
from guard.store.replay import Replay

ROWS: Final = 12
"""Crawlers in the table on the screen."""
SHORT_ROWS: Final = 6
TOP_PICTURES: Final = 100
SHOWN_PICTURES: Final = 10
_STEP: Final = 4096
"""Lines between two moves of the progress bar."""


def replay(
    logs: Sequence[Path],
    *,
    config: Path | None,
    policy: str,
    form: str,
    lang: str,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Print what would have been done, and return the exit status: 1 if a log could not be read.

    Raises:
        GuardError: A file can not be opened, or the rules have faults.
    """
    if as_json and as_csv:
        raise UsageError("take one of --json and --csv")
    if lang not in LANGUAGES:
        raise UsageError(f"--lang {lang!r} is not there; take {' or '.join(LANGUAGES)}")
    if not logs and sys.stdin.isatty():
        raise UsageError("no log to read; name one: guard replay /var/log/nginx/access.log")
    chosen = choose("--format", form, LogFormat) if form else None
    readers = [_open(path, chosen) for path in logs or [Path("-")]]
    judge = find_judge(config, policy)
    run = Replay(judge.pipeline, _robots_groups(judge), Limiter().take, judge.identify)
    for line in _progress(readers):
        run.add(line)
    for reader in readers:
        _say_what_was_wrong(reader)
    summary = run.tally.summary(TOP_PICTURES)
    if as_json:
        typer.echo(orjson.dumps(_value(summary, run, readers, judge), option=orjson.OPT_INDENT_2))
    elif as_csv:
        typer.echo(csv_lines(_csv_rows(summary)), nl=False)
    else:
        _print(Console(highlight=False), summary, run, judge.pipeline.policy.name, LANGUAGES[lang])
    return int(any(reader.damage or (reader.wrong and not reader.read) for reader in readers))


def _open(path: Path, form: LogFormat | None) -> LogLines:
    return LogLines(sys.stdin.buffer, "standard input", form) if str(path) == "-" else open_log(path, form)


def _robots_groups(judge: Judge) -> tuple[robots.Group, ...]:
    """Return the groups of the robots.txt that would be served: by the first site's rights, or by the defaults."""
    settings = judge.settings
    statement = statement_of(settings.rights_of(settings.sites[0])) if settings else Statement()
    return robots.groups(statement, [(one.token, one.purpose) for one in judge.pipeline.catalogue.crawlers])


def _progress(readers: Sequence[LogLines]) -> Iterator[Any]:
    with _bar(sum(reader.size for reader in readers)) as move:
        before = 0
        for reader in readers:
            for number, line in enumerate(reader):
                yield line
                if move is not None and number % _STEP == 0:
                    move(before + reader.position)
            before += reader.size


@contextmanager
def _bar(total: int) -> Iterator[Any]:
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("reading"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total or None)
        yield lambda done: progress.update(task, completed=done)


def _say_what_was_wrong(reader: LogLines) -> None:
    for number, reason in reader.wrong_lines:
        typer.echo(f"guard: {reader.name}: line {number}: {printable(reason, 200)}", err=True)
    if reader.wrong:
        words = "line was" if reader.wrong == 1 else "lines were"
        typer.echo(f"guard: {reader.name}: {reader.wrong:,} of {reader.lines:,} {words} skipped", err=True)
    if reader.wrong and not reader.read:
        forms = ", ".join(LogFormat)
        typer.echo(f"guard: {reader.name}: no line is of a known format; --format names it: {forms}", err=True)
    if reader.damage:
        typer.echo(f"guard: {reader.name}: {printable(reader.damage, 200)}", err=True)


def _print(console: Console, summary: Summary, run: Replay, policy: str, words: Words) -> None:
    texts = words.texts
    for sentence in sentences(summary, policy, words):
        console.print(Text(printable(sentence)))
    if not summary.total.requests:
        return
    shares = (*summary.crawlers[:ROWS], *summary.others)
    console.print()
    console.print(_crawler_table(shares, policy, words))
    if len(summary.crawlers) > ROWS:
        console.print(Text(texts["more"].format(count=words.number(len(summary.crawlers) - ROWS)), style="dim"))
    for title, rows in (("title_purposes", summary.purposes), ("title_operators", summary.operators)):
        if rows:
            console.print()
            console.print(_short_table(texts[title], rows[:SHORT_ROWS], words))
    if summary.pictures:
        console.print()
        console.print(Text(texts["title_pictures"], style="bold"))
        for picture in summary.pictures[:SHOWN_PICTURES]:
            row = Text(f"{words.number(picture.taken):>9}  {printable(picture.path, 400)}", no_wrap=True)
            row.truncate(console.width, overflow="ellipsis")
            console.print(row)
    console.print()
    all_told = run.kinds_told == summary.total.requests
    for note in notes(summary, words, without_user_agent=run.without_user_agent, all_told=all_told):
        console.print(Text(note, style="dim"))
    console.print(Text(texts["next"]), soft_wrap=True)


def _crawler_table(shares: Iterable[Share], policy: str, words: Words) -> Table:
    texts = words.texts
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=True)
    table.add_column(texts["title_crawlers"], ratio=5, overflow="fold")
    for name in ("requests", "pictures_head", "size"):
        table.add_column(texts[name], justify="right", no_wrap=True)
    table.add_column(texts["robots"], no_wrap=True)
    table.add_column(f"{policy}:\n{texts['would']}", ratio=4, overflow="fold")
    for one in shares:
        about = words.purpose(str(one.purpose))
        for count, text in ((one.verified, "confirmed"), (one.refuted, "refuted")):
            about += f"\n{texts[text].format(count=words.number(count))}" if count else ""
        name = one.name or (texts["nameless"] if one.is_crawler else texts[str(one.purpose)])
        read = texts["asked"].format(count=words.number(one.robots)) if one.robots else texts["never"]
        against = f"\n{texts['against'].format(count=words.number(one.forbidden))}" if one.forbidden else ""
        table.add_row(
            Text.assemble((printable(name), "bold"), (f"\n{about}\n{words.days(one.first, one.last)}", "dim")),
            words.number(one.requests),
            words.number(one.pictures),
            words.size(one.bytes),
            Text(f"{read}{against}") if one.is_crawler else "",
            Text("\n".join(done_words(one, words))),
        )
    return table


def _short_table(title: str, shares: Sequence[Share], words: Words) -> Table:
    texts = words.texts
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=True)
    table.add_column(title, ratio=5, overflow="fold")
    for name in ("requests", "pictures_head", "size"):
        table.add_column(texts[name], justify="right", no_wrap=True)
    table.add_column(texts["would"], ratio=4, overflow="fold")
    for one in shares:
        name = words.purpose(one.name) if one.purpose == one.name else one.name
        done = ", ".join(done_words(one, words))
        table.add_row(
            printable(name), words.number(one.requests), words.number(one.pictures), words.size(one.bytes), Text(done)
        )
    return table


_COLUMNS: Final = (
    "of", "name", "crawler", "operator", "purpose", "requests", "pictures", "picture_bytes", "bytes", "verified",
    "refuted", "robots_txt", "against_robots_txt", "first", "last", *Action,
    *(f"{action}_if_picture" for action in Action),
)  # fmt: skip


def _csv_rows(summary: Summary) -> Iterator[list[str | int]]:
    yield list(_COLUMNS)
    groups = (
        ("crawler", (*summary.crawlers, *summary.others)),
        ("operator", summary.operators),
        ("purpose", summary.purposes),
    )
    for of, shares in groups:
        for one in shares:
            yield [
                of, one.name, one.crawler, one.operator, str(one.purpose or ""), one.requests, one.pictures,
                one.picture_bytes, one.bytes, one.verified, one.refuted, one.robots, one.forbidden,
                one.first.isoformat() if one.first else "", one.last.isoformat() if one.last else "",
                *(one.decided.get(action, 0) for action in Action),
                *(one.if_picture.get(action, 0) for action in Action),
            ]  # fmt: skip
    blank: list[str | int] = [""] * (len(_COLUMNS) - 8)
    for picture in summary.pictures:
        yield ["picture", picture.path, "", "", "", "", picture.taken, picture.bytes, *blank]


def _value(summary: Summary, run: Replay, readers: Sequence[LogLines], judge: Judge) -> dict[str, Any]:
    return {
        "policy": judge.pipeline.policy.name,
        "digest": judge.pipeline.policy.digest,
        "files": [
            {
                "name": escape(reader.name),
                "format": reader.form,
                "lines": reader.lines,
                "requests": reader.read,
                "skipped": reader.wrong,
                "first_skipped": [{"line": number, "reason": reason} for number, reason in reader.wrong_lines],
                "damage": reader.damage,
            }
            for reader in readers
        ],
        "senseless": summary.senseless,
        "without_user_agent": run.without_user_agent,
        "kinds_told": run.kinds_told,
        "total": _share_value(summary.total),
        "crawlers": [_share_value(one) for one in summary.crawlers],
        "others": [_share_value(one) for one in summary.others],
        "operators": [_share_value(one) for one in summary.operators],
        "purposes": [_share_value(one) for one in summary.purposes],
        "pictures": [{**asdict(one), "path": escape(one.path)} for one in summary.pictures],
        "pictures_are_minimums": summary.pictures_forgotten,
    }


def _share_value(share: Share) -> Mapping[str, Any]:
    value = asdict(share)
    for name in ("decided", "if_picture"):
        value[name] = {str(action): count for action, count in value[name].items()}
    return value
