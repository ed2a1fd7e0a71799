"""What do the rules know about crawlers, and how old are the address lists?

`update` is the only command that asks the internet for anything, and only when it is run.
"""

import asyncio
import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from guard.core.crawler_file import CrawlerFile
from guard.core.crawlers import Catalogue, Crawler
from guard.core.range_file import RangeFile, RangeFormat, RangeSource
from guard.core.range_lists import MAX_BYTES, RangeList
from guard.errors import FetchError, RangeListError, UsageError
from guard.store.range_files import KEPT, SEED, LoadedLists, Refusal, load_lists, read_list, write_list
from guard.store.rule_files import load_crawler_files, rules_root

Kept = Annotated[Path | None, typer.Option("--lists", metavar="DIR", help="The folder of fetched lists.")]
Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Use this configuration's lists."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The catalogue of crawlers and their addresses.")


@app.callback()
def _group() -> None:
    """The catalogue of crawlers and their addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    files: tuple[CrawlerFile, ...]
    ranges: RangeFile
    seed: Path
    shown: str
    """Which copy of the rules was taken."""

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue([crawler for file in self.files for crawler in file.crawlers])


def _folder(lists: Path | None, config: Path | None) -> Path:
    """Return the folder that a guard with this configuration reads its lists from, or the one that was named."""
    from guard.settings import from_upstream, load_settings

    if lists is not None:
        return lists.absolute()
    settings = (
        load_settings(config, os.environ, {}) if config else from_upstream("http://localhost", environ=os.environ)
    )
    return settings.evidence.directory / KEPT


def _rules() -> _Rules:
    root = rules_root()
    files, ranges = load_crawler_files(root.path)
    return _Rules(files=files, ranges=ranges, seed=root.path / SEED, shown=root.description)


@app.command("list")
def list_crawlers(
    purpose: Annotated[str, typer.Option(metavar="PURPOSE", help="Only crawlers of this purpose.")] = "",
    operator: Annotated[str, typer.Option(metavar="NAME", help="Only crawlers of this operator.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the crawlers that are known.

    \b
    Examples:
      guard rules list --purpose ai_training
      guard rules list --operator OpenAI --json
    """
    rules = _rules()
    chosen = [
        crawler
        for crawler in sorted(rules.catalogue.crawlers, key=lambda one: (one.operator.casefold(), one.token.casefold()))
        if (not purpose or crawler.purpose == purpose)
        and (not operator or crawler.operator.casefold() == operator.casefold())
    ]
    typer.echo(rules.shown, err=True)
    if as_json:
        typer.echo(orjson.dumps([_as_json(crawler) for crawler in chosen], option=orjson.OPT_INDENT_2))
        return
    rows = [(one.id, one.token, one.purpose) for one in chosen]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for one, row in zip(chosen, rows, strict=True):
        typer.echo("  ".join([*(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)), _proofs(one)]))
    typer.echo(f"{len(chosen)} crawlers", err=True)


@app.command()
def show(
    crawler_id: Annotated[str, typer.Argument(metavar="ID", help="The id or the product token of a crawler.")],
    lists: Kept = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what is known about one crawler, and how its claims can be checked.

    \b
    Examples:
      guard rules show openai-gptbot
      guard rules show Googlebot
    """
    rules = _rules()
    catalogue = rules.catalogue
    named = [one for one in catalogue.crawlers if one.token.casefold() == crawler_id.casefold()]
    crawler = catalogue.get(crawler_id) or (named[0] if named else None)
    if crawler is None:
        raise UsageError(f"there is no crawler '{crawler_id}'; 'guard rules list' names all")
    loaded = load_lists(rules.ranges.ranges, rules.seed, _folder(lists, config))
    held = {name: loaded.lists.get(name) for name in crawler.ranges}
    if as_json:
        document = {**_as_json(crawler), "lists": [_list_json(name, one) for name, one in held.items()]}
        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))
        return
    rows = [
        ("id", crawler.id),
        ("token", crawler.token),
        ("operator", crawler.operator),
        ("purpose", crawler.purpose),
        ("robots.txt", crawler.robots),
        ("checked", crawler.checked.isoformat()),
        *(("list", _list_line(name, one)) for name, one in held.items()),
        *(("names", mask) for mask in crawler.rdns),
        *((("signs as", crawler.signature_agent),) if crawler.signature_agent else ()),
        *((("note", crawler.note),) if crawler.note else ()),
        *(("source", reference) for reference in crawler.references),
    ]
    for name, text in rows:
        typer.echo(f"{name:<11} {text}")


@app.command()
def diff(lists: Kept = None, config: Config = None, as_json: AsJson = False) -> None:
    """Show how the fetched address lists differ from the snapshot that ships with the rules.

    \b
    Examples:
      guard rules diff
      guard rules diff --json
    """
    rules = _rules()
    shipped = load_lists(rules.ranges.ranges, rules.seed, None)
    used = load_lists(rules.ranges.ranges, rules.seed, _folder(lists, config))
    rows = [_difference(name, shipped.lists.get(name), used.lists.get(name)) for name in rules.ranges.ranges]
    if as_json:
        typer.echo(orjson.dumps({"lists": rows, "refused": _refusals(used.refused)}, option=orjson.OPT_INDENT_2))
        return
    for row in rows:
        change = f"+{row['added']} -{row['removed']}" if row["added"] or row["removed"] else "same prefixes"
        typer.echo(f"{row['name']:<30} {row['shipped'] or 'not shipped':<12} {row['used'] or 'none':<12} {change}")
    _tell(used.refused)


@app.command()
def update(
    *,
    lists: Kept = None,
    config: Config = None,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="Only this list.")] = None,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="PATH", help="Read files instead of the internet: NAME.*")
    ] = None,
    accept: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Believe this list though it changed by more than half.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the address lists that operators publish, and keep those that can be believed.

    Asks every operator's server once, over https. What is not believed is named with its reason, and the last good copy
    stays in use. Exits with 1 if any list was not believed or did not come.

    \b
    Examples:
      guard rules update
      guard rules update --only openai-gptbot
      guard rules update --only bing --from bingbot.json
    """
    rules = _rules()
    folder = _folder(lists, config)
    for name in (*(only or ()), *(accept or ())):
        if name not in rules.ranges.ranges:
            raise UsageError(f"there is no address list '{name}'; 'guard rules diff' names all")
    sources = {
        name: one
        for name, one in rules.ranges.ranges.items()
        if one.format is not RangeFormat.FIXED and (not only or name in only)
    }
    if source is not None and source.is_file() and len(sources) != 1:
        raise UsageError("a single file is one list: name it with --only")
    good = load_lists(rules.ranges.ranges, rules.seed, folder)
    changes, refused = asyncio.run(_update(sources, good, folder, source, frozenset(accept or ())))
    if as_json:
        document = {"updated": changes, "refused": _refusals(refused)}
        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    else:
        for change in changes:
            whole = "" if change["complete"] else ", incomplete: confirms claims and refutes none"
            counts = f"{change['prefixes']} prefixes, +{change['added']} -{change['removed']}"
            typer.echo(f"{change['name']:<30} {counts}{whole}")
        _tell(refused)
    if refused:
        raise typer.Exit(1)


async def _update(
    sources: Mapping[str, RangeSource], good: LoadedLists, folder: Path, origin: Path | None, accept: frozenset[str]
) -> tuple[list[dict[str, Any]], tuple[Refusal, ...]]:
    from guard.server.range_refresh import fetch_list, judge_documents
    from guard.server.safe_fetch import SafeFetch

    changes: list[dict[str, Any]] = []
    refused: list[Refusal] = []
    fetch = SafeFetch()
    try:
        for name, source in sources.items():
            known = good.lists.get(name)
            try:
                if origin is None:
                    change = await fetch_list(fetch, source, known, datetime.now(UTC), accept=name in accept)
                elif files := _files(origin, name):
                    documents, form, at = _read(files, source)
                    change = judge_documents(documents, form, known, at, accept=name in accept)
                else:
                    continue
                folder.parent.mkdir(parents=True, exist_ok=True)
                write_list(folder, change.list)
            except (FetchError, RangeListError) as error:
                refused.append(Refusal(name=name, reason=str(error)))
            except OSError as error:
                raise UsageError(f"{error.filename or folder}: {error.strerror}") from None
            else:
                counts = {"added": change.added, "removed": change.removed, "complete": change.list.complete}
                changes.append({"name": name, "prefixes": len(change.list.prefixes), **counts})
    finally:
        await fetch.close()
    return changes, tuple(refused)


def _files(origin: Path, name: str) -> list[Path]:
    """Return the files that are the list `name`: the one file, or `name.*` in a folder."""
    if not origin.exists():
        raise UsageError(f"{origin} is not there")
    return sorted(origin.glob(f"{name}.*")) if origin.is_dir() else [origin]


def _read(files: list[Path], source: RangeSource) -> tuple[list[bytes], RangeSource, datetime]:
    """Return the documents, how to read them, and how old the oldest is: it may have been carried here for weeks."""
    documents = []
    for path in files:
        with path.open("rb") as file:
            documents.append(file.read(MAX_BYTES + 1))
    at = datetime.fromtimestamp(min(path.stat().st_mtime for path in files), UTC)
    if all(path.suffix == ".json" for path in files):
        source = replace(source, format=RangeFormat.JAFAR)
        with contextlib.suppress(RangeListError):
            # One of our own files knows its age itself.
            at = read_list(files[0], source).fetched_at or at
    return documents, source, at


def _proofs(crawler: Crawler) -> str:
    kinds = [("lists", crawler.ranges), ("names", crawler.rdns), ("signatures", crawler.signature_agent)]
    return ", ".join(name for name, value in kinds if value) or "-"


def _as_json(crawler: Crawler) -> dict[str, Any]:
    return {
        "id": crawler.id,
        "token": crawler.token,
        "operator": crawler.operator,
        "purpose": crawler.purpose,
        "robots": crawler.robots,
        "ranges": crawler.ranges,
        "rdns": crawler.rdns,
        "signature_agent": crawler.signature_agent,
        "references": crawler.references,
        "checked": crawler.checked.isoformat(),
        "note": crawler.note,
    }


def _list_json(name: str, one: RangeList | None) -> dict[str, Any]:
    if one is None:
        return {"name": name, "prefixes": 0, "fetched_at": None, "complete": False}
    at = one.fetched_at.isoformat() if one.fetched_at else None
    return {"name": name, "prefixes": len(one.prefixes), "fetched_at": at, "complete": one.complete}


def _list_line(name: str, one: RangeList | None) -> str:
    if one is None:
        return f"{name}: not at hand; run 'guard rules update'"
    worth = "refutes claims too" if one.refutes(datetime.now(UTC)) else "confirms claims only"
    return f"{one.title}: {len(one.prefixes)} prefixes, {worth}"


def _difference(name: str, shipped: RangeList | None, used: RangeList | None) -> dict[str, Any]:
    before = frozenset(shipped.prefixes) if shipped else frozenset()
    after = frozenset(used.prefixes) if used else frozenset()
    return {
        "name": name,
        "shipped": _day(shipped),
        "used": _day(used),
        "added": len(after - before),
        "removed": len(before - after),
    }


def _day(one: RangeList | None) -> str:
    if one is None:
        return ""
    return f"{one.fetched_at:%Y-%m-%d}" if one.fetched_at else "undated"


def _refusals(refused: tuple[Refusal, ...]) -> list[dict[str, str]]:
    return [{"name": one.name, "reason": one.reason} for one in refused]


def _tell(refused: tuple[Refusal, ...]) -> None:
    for one in refused:
        text = "".join(character if character.isprintable() else "?" for character in one.reason)
        typer.echo(f"not believed: {one.name}: {text}", err=True)
