"""How is a case named on the command line?

The same options, with the same words, wherever records are shown, held, erased or told of.
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

import typer

from guard.core.identity import Grade
from guard.core.policy import Action
from guard.errors import UsageError
from guard.store import record_filter
from guard.store.record_filter import Filter

Log = Annotated[Path, typer.Argument(metavar="DIR", help="The evidence directory, or its log/ folder.")]
Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The evidence directory.")]
Crawlers = Annotated[
    list[str] | None,
    typer.Option("--crawler", metavar="NAME", help="Crawlers: ids of the catalogue, or product tokens."),
]
Operators = Annotated[list[str] | None, typer.Option("--operator", metavar="NAME", help="Operators of crawlers.")]
Pictures = Annotated[
    list[str] | None,
    typer.Option("--picture", metavar="PATH|SHA256", help="Pictures: path, URL, or hash of the site's file."),
]
Marks = Annotated[list[str] | None, typer.Option("--mark", metavar="ID", help="Mark ids, as guard trace tells them.")]
Actions = Annotated[
    list[str] | None, typer.Option("--action", metavar="NAME", help="What was decided: refuse, mark, preview, allow …")
]
Grades = Annotated[list[str] | None, typer.Option("--grade", metavar="A-E", help="Grades of identification.")]
Records = Annotated[list[int] | None, typer.Option("--record", metavar="N", min=0, help="Records by number.")]
Since = Annotated[
    str, typer.Option("--since", metavar="TIME", help="From then on: 2026-11-25, or 2026-11-25T03:00 (UTC).")
]
Until = Annotated[str, typer.Option("--until", metavar="TIME", help="Up to then; a day is meant whole.")]
Addresses = Annotated[
    list[str] | None,
    typer.Option("--address", metavar="IP|NET", help="Addresses or networks, as far as they are still there."),
]
Index = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Ask the index that this configuration names."
    ),
]
Lang = Annotated[str, typer.Option("--lang", metavar="LANG", help="en or de.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def named(
    *,
    crawlers: list[str] | None = None,
    operators: list[str] | None = None,
    pictures: list[str] | None = None,
    marks: list[str] | None = None,
    actions: list[str] | None = None,
    grades: list[str] | None = None,
    records: list[int] | None = None,
    addresses: list[str] | None = None,
    since: str = "",
    until: str = "",
) -> Filter:
    """Return what was named.

    Raises:
        UsageError: A picture, time, address, grade or action can not be one, or the time ends before it begins.
    """
    begin = record_filter.moment(since) if since else None
    end = record_filter.moment(until, after=True) if until else None
    if begin is not None and end is not None and end <= begin:
        raise UsageError(f"--until {until} is before --since {since}, so no record can fit")
    _must_be("--grade", [one.upper() for one in grades or ()], [one.value for one in Grade])
    _must_be("--action", [one.lower() for one in actions or ()], [one.value for one in Action])
    return Filter(
        crawlers=frozenset(one.lower() for one in crawlers or ()),
        operators=frozenset(one.lower() for one in operators or ()),
        pictures=frozenset(map(record_filter.picture, pictures or ())),
        marks=frozenset(one.lower() for one in marks or ()),
        actions=frozenset(one.lower() for one in actions or ()),
        grades=frozenset(one.upper() for one in grades or ()),
        records=frozenset(records or ()),
        addresses=tuple(map(_network, addresses or ())),
        since=begin,
        until=end,
    )


def _must_be(option: str, given: Iterable[str], known: Sequence[str]) -> None:
    for one in given:
        if one not in known:
            raise UsageError(f"{option} {one!r} is not known; there are {', '.join(known)}")


def _network(text: str) -> record_filter.Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise UsageError(f"--address {text!r} is no address or network: {error}") from None


def german(lang: str) -> bool:
    """Say whether German is wanted.

    Raises:
        UsageError: It is a language that nobody has written.
    """
    if lang not in ("en", "de"):
        raise UsageError(f"--lang {lang!r} is not known; there are en and de")
    return lang == "de"
