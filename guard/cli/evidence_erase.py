"""`guard evidence erase` and `hold`: values beside the log go, or stay for a case.

Works while a guard runs, which then does it, and while none does. The log keeps its commitments, so
every proof made before is good afterwards.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer

from guard.cli import case_options as options
from guard.cli.case_options import named
from guard.cli.terminal import complain, printable
from guard.errors import LeafError, UsageError
from guard.evidence.custody import Values, plain
from guard.evidence.disclosure import Group
from guard.evidence.record import RecordKind
from guard.store.client_snapshot import forget
from guard.store.log_files import with_epochs
from guard.store.record_filter import Filter, matching, moment, words
from guard.store.side_store import open_to_read

_MOST: Final = 500_000
"""Records that one message to the recorder names."""
_LISTED: Final = 20
"""Held records that are named one by one."""
_GROUPS: Final = {
    Values.PEOPLE: frozenset({Group.PERSON.value, Group.REQUEST.value}),
    Values.ALL: frozenset(group.value for group in Group),
}

hold_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def erase(
    directory: options.Directory,
    *,
    address: options.Addresses = None,
    record: options.Records = None,
    before: Annotated[str, typer.Option(metavar="DATE", help="Records from before this day or time.")] = "",
    ground: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record; names nobody.")] = "",
    everything: Annotated[
        bool, typer.Option("--everything", help="All values, not only what may identify a person.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Erase for good what may identify a person: address, query and most header lines.

    Tool, network and picture stay, so that a trace does not end; --everything erases them, too. Records that are
    held for a case are refused and named, and the exit status is 1. That something was erased, and why, goes on record;
    who it was does not.

    \b
    Examples:
      guard evidence erase evidence --address 203.0.113.7 --ground 'request of 2026-11-20' --dry-run
      guard evidence erase evidence --address 2001:db8::/48 --ground 'request no. 12'
      guard evidence erase evidence --before 2026-01-01 --ground 'no case is open'
    """
    wanted = named(addresses=address, records=record)
    if before:
        wanted = Filter(addresses=wanted.addresses, records=wanted.records, until=moment(before))
    if wanted.is_empty:
        raise UsageError("name what is to be erased: --address, --record or --before")
    if not ground and not dry_run:
        raise UsageError("--ground is missing: why it is erased goes on record, like 'request of 2026-11-20'")
    _check_text("--ground", ground)
    values = Values.ALL if everything else Values.PEOPLE
    done = 0
    held: dict[str, list[str]] = {}
    # The numbers of records are those of the log at hand; an address may also be in one that was put away.
    for epoch, place in with_epochs(directory) if not record else [("", directory)]:
        chosen = list(_with_values(place, wanted, values))
        kept = _held(place, chosen)
        count = len(chosen) - len(kept)
        if not dry_run:
            count, kept = _erase(directory, chosen, values, ground, epoch)
        done += count
        held |= {f"{index} of log {epoch}" if epoch else str(index): names for index, names in kept.items()}
    if wanted.addresses and not dry_run:
        # The clients' recent past has only hashes of addresses, and nobody can say whose is whose.
        forget(directory / "guard")
    if as_json:
        told = {"erased": done, "held": held, "dry_run": dry_run}
        typer.echo(orjson.dumps(told))
    else:
        what = "all values" if everything else "what may identify a person"
        verb = "would be erased" if dry_run else "was erased"
        if everything:
            verb = verb.replace("was", "were")
        of = f"of {done:,} {'record' if done == 1 else 'records'}"
        typer.echo(f"{what} {of} {verb}" if done else f"nothing {verb.replace('were', 'was')}")
    for line in _refusals(held):
        complain(line)
    if held:
        raise typer.Exit(1)


def _with_values(directory: Path, wanted: Filter, values: Values) -> Iterator[int]:
    # Of a time alone, visitors are meant too.
    also = frozenset() if wanted.records or wanted.addresses else frozenset({RecordKind.COMMITMENT})
    for index, _, one, disclosed in matching(directory, wanted, ends=False, also=also):
        in_time = wanted.until is None or one.at < wanted.until
        if in_time and _GROUPS[values].intersection(disclosed):
            yield index


def _erase(
    directory: Path, chosen: Sequence[int], values: Values, ground: str, epoch: str
) -> tuple[int, dict[int, list[str]]]:
    from guard.server.log_line import open_log

    erased = 0
    held: dict[int, list[str]] = {}
    if not chosen:
        return erased, held
    with open_log(directory) as line:
        for start in range(0, len(chosen), _MOST):
            some = chosen[start : start + _MOST]
            said = line.custody(
                {"do": "erase", "records": some, "values": values.value, "ground": ground, "epoch": epoch}
            )
            erased += said["erased"]
            held |= {int(index): names for index, names in said["held"].items()}
        while line.custody({"do": "work", "epoch": epoch})["left"]:
            pass
    return erased, held


def _held(directory: Path, chosen: Sequence[int]) -> dict[int, list[str]]:
    wanted = set(chosen)
    found: dict[int, list[str]] = {}
    for leaf, name in _rows(directory, "SELECT leaf, hold FROM held ORDER BY leaf, hold"):
        if leaf in wanted:
            found.setdefault(leaf, []).append(name)
    return found


def _rows(directory: Path, statement: str) -> list[tuple[Any, ...]]:
    path = directory / "side" / "disclosures.db"
    if not path.is_file():
        raise UsageError(f"{directory} is no evidence directory: there is no {path.relative_to(directory)} in it")
    connection = open_to_read(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def _refusals(held: dict[str, list[str]]) -> Iterator[str]:
    for number, (index, names) in enumerate(held.items()):
        if number == _LISTED:
            yield f"… and {len(held) - _LISTED:,} more records are held"
            return
        yield f"record {index} is not erased: it is held for {', '.join(names)}"


def _check_text(option: str, text: str) -> None:
    try:
        plain(text)
    except LeafError as error:
        raise UsageError(f"{option}: {error}") from None


@hold_app.callback()
def _group() -> None:
    """Keep values for a case whatever their period, and end that again.

    A hold speaks before expiry and before erasure, and holds records that come later, too.
    """


@hold_app.command("set")
def set_hold(
    directory: options.Directory,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the hold is called, like case-7.")],
    *,
    crawler: options.Crawlers = None,
    operator: options.Operators = None,
    picture: options.Pictures = None,
    mark: options.Marks = None,
    grade: options.Grades = None,
    record: options.Records = None,
    since: options.Since = "",
    until: options.Until = "",
    matter: Annotated[str, typer.Option(metavar="TEXT", help="The case, for the record; names nobody.")] = "",
) -> None:
    """Keep the values of these records for a case, and of those that fit and come later.

    \b
    Examples:
      guard evidence hold set evidence case-7 --crawler GPTBot --since 2026-10-01 --matter '310 O 1/26'
      guard evidence hold set evidence case-8 --record 4711 --record 4712
    """
    _check_text("NAME", name)
    _check_text("--matter", matter)
    wanted = named(
        crawlers=crawler, operators=operator, pictures=picture, marks=mark, grades=grade, records=record,
        since=since, until=until,
    )  # fmt: skip
    if wanted.is_empty:
        raise UsageError("name what is to be held: --crawler, --operator, --record, --since …")
    from guard.server.log_line import open_log

    count = 0
    with open_log(directory) as line:
        # The hold first: what comes while the log is read is held by it already.
        line.custody({"do": "hold", "name": name, "wanted": wanted.value(), "matter": matter})
        batch: list[int] = []
        for index, *_ in matching(directory, wanted, ends=False):
            batch.append(index)
            if len(batch) == 5000:
                count += line.custody({"do": "hold_records", "name": name, "records": batch})["records"]
                batch.clear()
        count += line.custody({"do": "hold_records", "name": name, "records": batch})["records"]
    later = "" if wanted.records else ", and those to come that fit"
    typer.echo(f"{printable(name)} holds {count:,} {'record' if count == 1 else 'records'}{later}")


@hold_app.command("release")
def release_hold(
    directory: options.Directory,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The hold.")],
) -> None:
    """End a hold; what has expired meanwhile is erased soon while a guard runs."""
    from guard.server.log_line import open_log

    with open_log(directory) as line:
        count = line.custody({"do": "release", "name": name})["records"]
    typer.echo(f"{printable(name)} is released; it held {count:,} {'record' if count == 1 else 'records'}")


@hold_app.command("list")
def list_holds(directory: options.Directory, *, as_json: options.AsJson = False) -> None:
    """List the holds that are set."""
    count: dict[str, int] = dict(_rows(directory, "SELECT hold, count(*) FROM held GROUP BY hold"))
    holds = _rows(directory, "SELECT name, at, matter, wanted FROM holds ORDER BY at, name")
    for name, at, matter, wanted in holds:
        since = f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%d}"
        what = words(Filter.of(orjson.loads(wanted)))
        records = count.get(name, 0)
        if as_json:
            told = {"name": name, "since": since, "matter": matter, "records": records, "what": what}
            typer.echo(orjson.dumps(told))
        else:
            typer.echo(printable(f"{name}  since {since}, records held: {records:,}, {matter or 'no matter named'}"))
            typer.echo(printable(f"    {what}"))
    if not holds:
        complain("nothing is held")
