"""`guard reserve history`: what was in force when, and when was a picture online?"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, Final

import orjson
import typer

from guard.cli.terminal import printable
from guard.errors import UsageError
from guard.store.reservation_history import History, Version, changed

_WIDTH: Final = 80
_SHOWN: Final = 12
"""Hex digits of a digest in a table."""

Evidence = Annotated[Path | None, typer.Option("--evidence", metavar="DIR", help="The evidence directory.")]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Use this configuration's evidence [guard.yaml]."
    ),
]
Host = Annotated[str, typer.Option("--site", metavar="HOST", help="Only this site.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def history(
    *,
    evidence: Evidence = None,
    config: Config = None,
    site: Host = "",
    document: Annotated[str, typer.Option(metavar="NAME", help="Only versions of this document: robots.txt.")] = "",
    at: Annotated[str, typer.Option(metavar="TIME", help="What was in force then: 2026-11-24T23:00Z.")] = "",
    show: Annotated[str, typer.Option(metavar="DIGEST", help="Print the exact bytes of this document or set.")] = "",
    picture: Annotated[str, typer.Option(metavar="PATH", help="When crawlers saw the picture at this path.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show which reservation was in force when, as the evidence log has it.

    A version is everything that one site told crawlers at a time: documents and header lines. Times are UTC; one
    without a zone is taken for UTC. Of a digest its first 6 digits or more are enough.

    \b
    Examples:
      guard reserve history
      guard reserve history --document robots.txt --json
      guard reserve history --at 2026-11-24T12:00Z
      guard reserve history --show 3f2a91c07b12 > robots.txt
      guard reserve history --picture /album/harbour.jpg
    """
    directory = evidence_directory(evidence, config)
    if picture:
        _pictures(directory, site, picture, as_json=as_json)
        return
    past = History(directory)
    if show:
        found = past.find(show)
        sys.stdout.buffer.write(found.content if isinstance(found, Version) else past.body(found))
        return
    versions = past.at(_moment(at), site) if at else past.of(site)
    if document and not any(one.document(document) for one in past.of(site)):
        raise UsageError(f"no version has a document '{document}'; without --document all are listed")
    rows = [_row(past, one, document) for one in versions]
    if document:
        rows = _runs([row for row in rows if row["documents"]])
    if as_json:
        typer.echo(orjson.dumps({"versions": rows}, option=orjson.OPT_INDENT_2))
        return
    typer.echo("\n".join(_table(rows, document)))
    if not rows:
        typer.echo(f"nothing on record {'at that time' if at else 'yet'} in {directory}", err=True)


def evidence_directory(evidence: Path | None, config: Path | None) -> Path:
    """Return the directory that was named, or that of a configuration."""
    from guard.settings import load_settings

    if evidence is not None:
        return evidence
    file = config or Path("guard.yaml")
    if not file.is_file():
        raise UsageError(f"there is no {file}; name the evidence directory with --evidence DIR")
    return load_settings(file, os.environ, {}).evidence.directory


def _moment(text: str) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is no time; write it like 2026-11-24T23:00Z or 2026-11-24") from None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return int(found.timestamp() * 1_000_000)


def shown(microseconds: int) -> str:
    """Return a time for people, UTC."""
    return f"{datetime.fromtimestamp(microseconds / 1_000_000, UTC):%Y-%m-%d %H:%M:%S}" if microseconds else "now"


def _row(past: History, one: Version, document: str) -> dict[str, Any]:
    documents = [one.document(document)] if document else one.documents
    return {
        "site": one.site,
        "since": _iso(one.since),
        "until": _iso(one.until) if one.until else None,
        "digest": one.digest,
        "record": one.index,
        "changed": list(changed(past.before(one), one)),
        "documents": [{"path": d.path, "sha256": d.sha256, "media_type": d.media_type} for d in documents if d],
    }


def _runs(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the rows of one site over which a document stayed the same."""
    joined: list[dict[str, Any]] = []
    latest: dict[str, dict[str, Any]] = {}
    for row in rows:
        before = latest.get(row["site"])
        if before is not None and before["documents"] == row["documents"]:
            before["until"] = row["until"]
            continue
        latest[row["site"]] = row
        joined.append(row)
    return joined


def _iso(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat(timespec="microseconds")


def _table(rows: list[dict[str, Any]], document: str) -> list[str]:
    if not rows:
        return []
    lines = [f"{'since (UTC)':<20} {'until':<20} {'document' if document else 'set':<{_SHOWN}}  site"]
    for row in rows:
        digest = row["documents"][0]["sha256"] if document else row["digest"]
        since, until = (text[:19].replace("T", " ") if text else "now" for text in (row["since"], row["until"]))
        lines.append(f"{since:<20} {until:<20} {digest[:_SHOWN]:<{_SHOWN}}  {printable(row['site'], 24)}")
        if not document:
            new = {one["path"]: one["sha256"][:_SHOWN] for one in row["documents"]}
            said = ", ".join(f"{printable(path)} {new.get(path, '')}".strip() for path in row["changed"])
            lines += wrap(said, _WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    return lines


def _pictures(directory: Path, site: str, path: str, *, as_json: bool) -> None:
    from guard.store.pictures_online import find

    found = find(directory, path, site)
    rows = [
        {
            "site": one.site,
            "path": one.path,
            "validator": one.validator,
            "first": _iso(one.first),
            "last": _iso(one.last),
        }
        for one in found
    ]
    if as_json:
        typer.echo(orjson.dumps({"pictures": rows}, option=orjson.OPT_INDENT_2))
        return
    if not rows:
        raise UsageError(f"no picture was seen at {path}; paths are written without host and query")
    typer.echo(f"{'first seen online (UTC)':<24} {'last seen':<20} {'site':<20} version")
    for one in found:
        typer.echo(
            f"{shown(one.first):<24} {shown(one.last):<20} {printable(one.site, 20):<20} {printable(one.validator, 13)}"
        )
