"""`guard dataset`: which of my pictures do data sets list, and how are they left out?"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer
from rich.console import Console

from guard.cli.dataset_view import Bar, Screen, Writer, summary_value
from guard.cli.dataset_words import LANGUAGES
from guard.cli.terminal import printable
from guard.dataset.clean import new_file
from guard.dataset.columns import read_mapping
from guard.dataset.fetches import read_fetches
from guard.dataset.identifiers import Identifiers, of_hosts, parse_identifiers
from guard.dataset.listed_rules import ANSWERS, ListedPaths, paths_text, rules_text
from guard.dataset.matcher import DISTANCE, MOST_DISTANCE, Matcher
from guard.dataset.reserved import read_list
from guard.dataset.scan import FileReport, Scan
from guard.dataset.sources import find_sources
from guard.errors import UsageError
from guard.settings import load_settings
from guard.settings_source import read_file
from guard.settings_text import ANY_HOST
from guard.validation import WrongValueError
from guard.yaml12 import load

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Find your pictures in data sets, and have them left out."
)

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE", help="Parquet, CSV, JSON lines or CDX, also .gz; folders; patterns.")
]
Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Take the hosts of this configuration."),
]
Hosts = Annotated[list[str] | None, typer.Option("--host", metavar="HOST", help="A host of yours; may be repeated.")]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="FIELD=NAME", help="Which column is the url, caption, md5, sha256, phash, …"),
]
Distance = Annotated[
    int, typer.Option(min=0, max=MOST_DISTANCE, help="So many of 64 bits of a perceptual hash may differ.")
]
Lang = Annotated[str, typer.Option(metavar="LANG", help="en or de.")]

NOTHING_TO_LOOK_FOR: Final = "nothing to look for; name your site with --host or -c, or your list with --identifiers"


@app.callback()
def _group() -> None:
    """Find your pictures in data sets, and have them left out."""


@app.command()
def scan(
    files: Files,
    *,
    config: Config = None,
    host: Hosts = None,
    identifiers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="By what else you know your pictures (YAML).")
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Say who asked for the pictures, by this evidence log.")
    ] = None,
    column: Columns = None,
    distance: Distance = DISTANCE,
    lang: Lang = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print all rows and the summary as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all rows as CSV.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all rows here, as CSV or with --json as JSON.")
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write rules for guard.yaml that keep what was found from crawlers."),
    ] = None,
    answer: Annotated[
        str, typer.Option(metavar="NAME", help="What the rules answer: gone (410), preview or ticket.")
    ] = "gone",
) -> None:
    """List the rows of a data set that are yours, and say how sure that is.

    Rows are found by your hosts (also inside the address of a resizer or an archive), pages at agencies, numbers,
    names of files, hashes and captions. Nothing leaves this machine. The exit status is 0 if everything could be read,
    whether or not anything was found, and 1 if a file could not, or not to its end: the others are still read.

    \b
    Examples:
      guard dataset scan laion/*.parquet --host photo.example
      guard dataset scan cc-index/ -c guard.yaml --evidence /var/lib/guard/evidence
      guard dataset scan part.csv.gz --identifiers mine.yaml --column url=link --out found.csv
      guard dataset scan laion/ -c guard.yaml --rules listed.yaml
    """
    if as_json and as_csv:
        raise UsageError("take one of --json and --csv")
    words = LANGUAGES[_one_of("--lang", lang, tuple(LANGUAGES))]
    _one_of("--answer", answer, ANSWERS)
    paths_file = rules.with_suffix(".txt") if rules is not None else None
    for path in (out, rules, paths_file):
        _must_be_new(path)
    wanted = looked_for(config, host or (), identifiers)
    if not wanted:
        raise UsageError(NOTHING_TO_LOOK_FOR)
    mapping = read_mapping(column or ())
    sources, wrong = find_sources(files)
    fetches = read_fetches(evidence) if evidence is not None else None
    screen = Screen(words)
    listed = ListedPaths()
    bar = Bar(sources, "reading")
    run = Scan(Matcher(wanted, distance), mapping, bar)
    started = time.monotonic()
    with _output(out, as_json=as_json, as_csv=as_csv) as stream, bar.shown():
        writer = Writer(stream, as_json=as_json, words=words) if stream is not None else None
        for source in sources:
            bar.file(source)
            for found in run.read(source):
                fetchers = fetches.of(found.listed.url) if fetches is not None else ()
                screen.row(found, fetchers)
                if rules is not None:
                    listed.add(found)
                if writer is not None:
                    writer.row(found, fetchers)
        seconds = time.monotonic() - started
        if writer is not None:
            writer.end(summary_value(run.tally, fetches, wrong, seconds))
    say_what_was_wrong(wrong, run.tally.files)
    if out is not None or not (as_json or as_csv):
        screen.show(Console(highlight=False), run.tally, fetches, str(evidence or ""), seconds)
    if rules is not None and paths_file is not None:
        _write_rules(listed, rules, paths_file, answer)
    if wrong or any(report.fault or (report.broken and not report.rows) for report in run.tally.files):
        raise typer.Exit(1)


@app.command()
def clean(
    files: Files,
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to; for several files a folder.")],
    reserved: Annotated[
        list[Path] | None, typer.Option(metavar="LIST", help="An opt-out list; may be repeated.")
    ] = None,
    config: Config = None,
    host: Hosts = None,
    column: Columns = None,
    distance: Distance = DISTANCE,
    weak: Annotated[
        bool, typer.Option("--weak", help="Also leave out what may be chance, such as a name or a file's name.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Write a data set again without the rows that are reserved, for makers who want to comply.

    A list is a table of `guard dataset optout`, a file with a host, an address, a pattern or a hash a line, or an
    owner's YAML file. The form, the order and all other columns stay as they are. Nothing is overwritten, and a result
    appears when it is whole. The exit status is 1 if a file could not be read, or had broken lines: these are left out.

    \b
    Examples:
      guard dataset clean part-00000.parquet --reserved optout.csv --out clean.parquet
      guard dataset clean laion/*.parquet --reserved hosts.txt --reserved hashes.txt --out clean/
    """
    from guard.cli.dataset_clean import clean as run_clean

    wanted = looked_for(config, host or (), None)
    for path in reserved or ():
        wanted |= read_list(path)
    if not wanted:
        raise UsageError("nothing is reserved; name a list with --reserved, a host with --host, or -c guard.yaml")
    mapping = read_mapping(column or ())
    status, reports = run_clean(files, wanted, mapping=mapping, distance=distance, weak=weak, out=out, as_json=as_json)
    say_what_was_wrong((), reports)
    raise typer.Exit(status)


@app.command()
def optout(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Your pictures, as they are on the site.")],
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The list: .csv, .jsonl or .parquet.")],
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Take sites and rights from here."),
    ] = None,
    base: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Where the folder is on the web, if it is not the root of the site [the first of the configuration].",
        ),
    ] = "",
    holder: Annotated[str, typer.Option(metavar="NAME", help="Whose pictures these are [rights.holder].")] = "",
    contact: Annotated[str, typer.Option(metavar="TEXT", help="Whom to ask [rights.contact].")] = "",
) -> None:
    """Write a list of your pictures for opt-out registries and makers of data sets.

    One row a picture: its address, SHA-256, MD5, a digest of its pixels, perceptual hashes and ISCC code, with holder,
    contact and date; and one row for each whole site. Files that can not be read as pictures are named, and the exit
    status is 1 if there are any. Addresses are made of --base and the paths below the folder: without --base the folder
    is taken for the root of the site, with pictures/a.jpg at https://photo.example/a.jpg.

    \b
    Examples:
      guard dataset optout /var/www/photo.example -c guard.yaml --out optout.csv
      guard dataset optout pictures/ -c guard.yaml --base https://photo.example/pictures --out optout.csv
      guard dataset optout pictures/ --base https://photo.example/p --contact rights@photo.example --out optout.parquet
    """
    from guard.cli.dataset_optout import write_list

    raise typer.Exit(write_list(folder, config=config, base=base, holder=holder, contact=contact, out=out))


def _write_rules(listed: ListedPaths, rules: Path, paths_file: Path, answer: str) -> None:
    if not listed.paths:
        typer.echo("guard: no rules were written: nothing that was found lies on your hosts", err=True)
        return
    day = datetime.now(UTC).date()
    for path, text in (
        (paths_file, paths_text(listed.paths)),
        (rules, rules_text(paths_file.name, len(listed.paths), answer, day)),
    ):
        with new_file(path) as new:
            new.write_text(text, encoding="utf-8")
    count = f"{len(listed.paths):,}" + (" (there were more)" if listed.more else "")
    typer.echo(f"guard: rules for {count} paths: {rules}, {paths_file}; put them into guard.yaml", err=True)


def looked_for(config: Path | None, hosts: Sequence[str], identifiers: Path | None) -> Identifiers:
    """Return what to look for: the hosts of a configuration, those named, and the owner's list.

    Raises:
        ConfigurationError: The configuration or the list has faults.
        UsageError: One can not be read, or a host is none.
    """
    found = Identifiers()
    if config is not None:
        sites = load_settings(config, os.environ, {}).sites
        found |= Identifiers(hosts=frozenset(one.host for one in sites if one.host != ANY_HOST))
    try:
        found |= of_hosts(hosts)
    except WrongValueError as error:
        raise UsageError(f"--host: {error.message}") from None
    if identifiers is not None:
        named, lists = parse_identifiers(load(read_file(identifiers), str(identifiers)))
        found |= named
        for name in lists:
            found |= read_list(identifiers.parent / name)
    return found


def _must_be_new(path: Path | None) -> None:
    if path is not None and os.path.lexists(path):
        raise UsageError(f"{path} is there already; remove it, or name another file")


@contextmanager
def _output(out: Path | None, *, as_json: bool, as_csv: bool) -> Iterator[TextIO | None]:
    if out is None:
        yield sys.stdout if as_json or as_csv else None
        return
    try:
        with out.open("x", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            yield stream
    except OSError as error:
        raise UsageError(f"{out}: can not be written: {(error.strerror or str(error)).lower()}") from None


def _one_of(option: str, text: str, choices: Sequence[str]) -> str:
    if text not in choices:
        raise UsageError(f"{option} {text!r} is not there; take {' or '.join(choices)}")
    return text


def say_what_was_wrong(wrong: Sequence[str], reports: Sequence[FileReport]) -> None:
    """Say on standard error what could not be read."""
    for line in wrong:
        typer.echo(f"guard: {printable(line)}", err=True)
    for report in reports:
        _say_of_file(report)


def _say_of_file(report: FileReport) -> None:
    name = printable(report.name)
    for number, reason in report.first_broken:
        typer.echo(f"guard: {name}: line {number}: {printable(reason, 200)}", err=True)
    if report.broken:
        words = "line was" if report.broken == 1 else "lines were"
        typer.echo(f"guard: {name}: {report.broken:,} broken {words} skipped", err=True)
    if report.latin:
        words = "line is" if report.latin == 1 else "lines are"
        typer.echo(f"guard: {name}: {report.latin:,} {words} not UTF-8 and read as Latin-1", err=True)
    if report.fault:
        typer.echo(f"guard: {name}: {printable(report.fault, 2000)}", err=True)
