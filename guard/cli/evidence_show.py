"""`guard evidence show`: what does the log say about a crawler, a picture, a mark or a time?

One line a request, as wide as a terminal, in the order of the log. What may identify a person is
shown only when asked for, and then that is itself put on record before the first line.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer

from guard.cli import case_options as options
from guard.cli.case_options import german, named
from guard.cli.evidence_index import source
from guard.cli.evidence_looks import put_on_record, shown_values
from guard.cli.evidence_timeline import timeline_lines, timeline_value
from guard.cli.evidence_words import GRADES, SHOWN, answer_of, day_and_time, iso
from guard.cli.terminal import complain, printable
from guard.errors import UsageError
from guard.evidence.disclosure import target_of
from guard.evidence.record import Record, RecordKind
from guard.store.record_filter import Filter, Match, Values, matching

_WIDTH: Final = 80
_NAME: Final = 15
_ACTION: Final = 9
_SIZE: Final = 6
_WAITING: Final = 1000
"""Requests whose end has not come yet, before they are shown without it."""


@dataclass(slots=True, kw_only=True)
class Shown:
    """One record as it is shown, and how its answer ended."""

    index: int
    record: Record
    values: Values
    end: Record | None = None

    @property
    def path(self) -> str:
        """What was asked for, without its query; empty where nobody can say any more."""
        return target_of(self.values).partition("?")[0]


def show(
    directory: options.Log,
    *,
    crawler: options.Crawlers = None,
    operator: options.Operators = None,
    picture: options.Pictures = None,
    mark: options.Marks = None,
    action: options.Actions = None,
    grade: options.Grades = None,
    record: options.Records = None,
    address: options.Addresses = None,
    since: options.Since = "",
    until: options.Until = "",
    timeline: Annotated[
        str, typer.Option(metavar="day|hour", help="Counts per day or hour, and changes of the reservation.")
    ] = "",
    values: Annotated[
        bool, typer.Option("--values", help="Also what may identify a person; that you looked goes on record.")
    ] = False,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why you look, for the record.")] = "",
    copy: Annotated[
        bool, typer.Option("--copy", help="This is a copy of the log: show its values, and write nothing to it.")
    ] = False,
    config: options.Index = None,
    log: Annotated[
        str, typer.Option(metavar="NAME", help="Another guard's log in that index: its name, or an end of it.")
    ] = "",
    lang: options.Lang = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show requests on record, one a line: what is empty is not asked.

    The name is what the client called itself; the grade (A to E) says what it is worth. Nothing is verified here but
    that each line is of an intact record; see `guard evidence verify`.

    \b
    Examples:
      guard evidence show /var/lib/guard/evidence --crawler GPTBot --since 2026-11-01
      guard evidence show evidence --picture /album/harbour.jpg --json
      guard evidence show evidence --operator OpenAI --timeline day
      guard evidence show evidence --record 4711 --values --why '310 O 1/26'
      guard evidence show evidence -c guard.yaml --crawler GPTBot
    """
    de = german(lang)
    if timeline not in ("", "day", "hour"):
        raise UsageError(f"--timeline {timeline!r} is not known; there are day and hour")
    if address and not values:
        raise UsageError("--address asks for what identifies a person: say --values too, and --why")
    wanted = named(
        crawlers=crawler, operators=operator, pictures=picture, marks=mark, actions=action, grades=grade,
        records=record, addresses=address, since=since, until=until,
    )  # fmt: skip
    if log and values:
        raise UsageError("--log is another guard's: its values are with that guard alone")
    also = frozenset({RecordKind.RESERVATION}) if timeline else frozenset[RecordKind]()
    with source(directory, config, log) as matches:
        if timeline:
            for counted in _timeline(matches(wanted, also), hourly=timeline == "hour", as_json=as_json, de=de):
                typer.echo(counted)
            return
        if values:
            put_on_record(directory, wanted, by="evidence show", why=why, copy=copy)
        _print(_with_ends(matches(wanted, also)), values=values, as_json=as_json, de=de)


def _print(found: Iterator[Shown], *, values: bool, as_json: bool, de: bool) -> None:
    shown = 0
    for line in _json(found, values=values) if as_json else _table(found, values=values, de=de):
        typer.echo(line)
        shown += 1
    if not shown:
        complain("keine Aufzeichnung passt dazu" if de else "no record fits")


def shown_records(directory: Path, wanted: Filter) -> Iterator[Shown]:
    """Yield the records that are meant, in the order of the log, each with its end where that is on record."""
    return _with_ends(matching(directory, wanted))


def _with_ends(matches: Iterator[Match]) -> Iterator[Shown]:
    waiting: OrderedDict[int, Shown] = OrderedDict()
    for index, _, one, values in matches:
        if one.kind is RecordKind.END and one.fields["req"] in waiting:
            waiting[one.fields["req"]].end = one
        else:
            waiting[index] = Shown(index=index, record=one, values=values)
        while waiting and (len(waiting) > _WAITING or _is_whole(next(iter(waiting.values())))):
            yield waiting.popitem(last=False)[1]
    yield from waiting.values()


def _is_whole(one: Shown) -> bool:
    return one.end is not None or one.record.kind is not RecordKind.REQUEST


def _json(found: Iterator[Shown], *, values: bool) -> Iterator[str]:
    for one in found:
        yield orjson.dumps(_value(one, values=values)).decode()


def _table(found: Iterator[Shown], *, values: bool, de: bool) -> Iterator[str]:
    grades: set[str] = set()
    day = ""
    for one in found:
        time = day_and_time(one.record.at, de)
        if not day:
            yield _heading(de)
        if day != time[:10]:
            day = time[:10]
            yield day
        yield from _lines(one, time[11:], values=values)
        grades.add(str(one.record.fields.get("grade", "")))
    for grade in sorted(grades & set(GRADES["en"])):
        yield f"{grade}: {GRADES['de' if de else 'en'][grade]}"


def _heading(de: bool) -> str:
    record, time, name, action, sent, what = SHOWN[de]
    return f"{record:>8} {time:8} {name:{_NAME}}   {action:{_ACTION}}{sent:>{_SIZE + 3}} {what}"


def _lines(one: Shown, time: str, *, values: bool) -> Iterator[str]:
    fields = one.record.fields
    head = f"{one.index:>8} {time:8}"
    if one.record.kind is not RecordKind.REQUEST:
        yield printable(f"{head} [{one.record.kind.value}]", _WIDTH)
    else:
        name = printable(fields["claimed"] or "–", _NAME)
        status = str(one.end.fields["status"]) if one.end else "–"
        size = _size(one.end.fields["bytes"]) if one.end else "–"
        start = f"{head} {name:{_NAME}} {fields['grade'] or '–':1} {printable(answer_of(fields), _ACTION):{_ACTION}}"
        start += f"{status:>3}{size:>{_SIZE}} "
        yield start + _tail(printable(one.path or fields["resource"]), _WIDTH - len(start))
    if values:
        for line in shown_values(one.values):
            yield f"{'':>9}{printable(line, 400)}"


def _tail(text: str, room: int) -> str:
    """Cut a path at its beginning: the end names the picture."""
    return text if len(text) <= room else f"…{text[len(text) - room + 1 :]}"


def _size(count: int) -> str:
    for unit, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= factor:
            return f"{count / factor:.1f}{unit}" if count < 10 * factor else f"{count // factor}{unit}"
    return str(count)


def _value(one: Shown, *, values: bool) -> dict[str, Any]:
    """Return one record for JSON; its own fields are as they are in the log."""
    told = {
        "record": one.index,
        "time": iso(one.record.at),
        "path": one.path,
        "fields": dict(one.record.fields),
        "end": dict(one.end.fields) if one.end else None,
    }
    return {**told, "values": one.values} if values else told


def _timeline(found: Iterator[Match], *, hourly: bool, as_json: bool, de: bool) -> Iterator[str]:
    if as_json:
        for row in timeline_value(found, hourly=hourly):
            yield orjson.dumps(row).decode()
    else:
        yield from timeline_lines(found, hourly=hourly, de=de)
