"""Which canary pictures are on record, since when, and how many copies of them were taken?"""

import os
from pathlib import Path
from typing import Annotated

import orjson
import typer

from guard.cli.canary_words import moment
from guard.cli.terminal import printable
from guard.errors import UsageError
from guard.settings import load_settings
from guard.store.canary_records import Canary, canaries

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Canary pictures: what is on record of them.")


@app.callback()
def _group() -> None:
    """Canary pictures: what is on record of them."""


@app.command("list")
def list_them(
    *,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Names the evidence.")
    ] = None,
    evidence: Annotated[Path | None, typer.Option(metavar="DIR", help="The guard's evidence, likewise.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the canaries that are on record: works that no page shows to people, so that a copy found elsewhere was
    taken by a program.

    They are the JPEG, PNG, WebP and AVIF files in the folder that 'canaries' in guard.yaml names. A running guard puts
    them on record at its start, and only then leads programs to them.

    JSON: "canaries", for each "name", "sha256", "record", "since", "places" (by site, the path below which it is
    offered), "copies" (requests that got one) and "mark_ids".

    \b
    Example:
      guard canary list -c guard.yaml
    """
    if evidence is None and config is None:
        raise UsageError("say whose canaries: -c guard.yaml, or --evidence DIR")
    if evidence is None:
        evidence = load_settings(config, os.environ, {}).evidence.directory
    found = sorted(canaries(evidence).values(), key=lambda one: one.record)
    if as_json:
        typer.echo(orjson.dumps({"canaries": [_value(one) for one in found]}, option=orjson.OPT_INDENT_2))
        return
    if not found:
        typer.echo("guard: no canary is on record; 'canaries' in guard.yaml names a folder of them", err=True)
        return
    typer.echo("\n".join(line for one in found for line in _lines(one)))


def _value(one: Canary) -> dict[str, object]:
    return {
        "name": one.name, "sha256": one.sha256, "record": one.record, "since": f"{moment(one.since)}Z",
        "places": one.places, "copies": one.copies, "mark_ids": sorted(one.marks),
    }  # fmt: skip


def _lines(one: Canary) -> list[str]:
    return [
        printable(one.name, 79),
        f"  SHA-256   {one.sha256}",
        f"  on record since {moment(one.since)} UTC, record {one.record}",
        *(printable(f"  offered on {site} below {path}", 79) for site, path in sorted(one.places.items())),
        f"  copies    {one.copies}, under {len(one.marks)} mark {'id' if len(one.marks) == 1 else 'ids'}",
    ]
