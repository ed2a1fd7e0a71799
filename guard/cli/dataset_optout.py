"""`guard dataset optout`: which list of my pictures do I give to registries and data-set makers?"""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import track

from guard.cli.terminal import csv_lines, printable
from guard.dataset import optout
from guard.dataset.clean import new_file
from guard.dataset.optout import Owner, Row
from guard.errors import UsageError
from guard.reservation.statement import Statement
from guard.rights import statement_of
from guard.settings import load_settings

_SHOWN = 20


def write_list(folder: Path, *, config: Path | None, base: str, holder: str, contact: str, out: Path) -> int:
    """Write the list and return the exit status: 1 if a file could not be read as a picture.

    Raises:
        UsageError: There is no such folder, or the list can not be written.
        ConfigurationError: The configuration has faults.
    """
    ending = optout.ending_of(out)
    owners = _owners(config, base.rstrip("/"), holder, contact)
    paths = optout.pictures_below(folder)
    faults: list[tuple[Path, str]] = []
    pictures = permitted = 0

    def rows() -> Iterator[Row]:
        nonlocal pictures, permitted
        for owner in owners:
            yield from optout.site_rows(owner)
        looked: Any = optout.picture_rows(folder, paths, owners[0])
        if sys.stderr.isatty():
            console = Console(stderr=True)
            looked = track(looked, "looking at pictures", total=len(paths), console=console, transient=True)
        for one in looked:
            if one.fault:
                faults.append((one.path, one.fault))
            elif one.row is None:
                permitted += 1
            else:
                pictures += 1
                yield one.row

    with new_file(out) as path:
        count = optout.write(rows(), path, ending, csv_lines)
    for one, reason in faults[:_SHOWN]:
        typer.echo(f"guard: {printable(str(one))}: {printable(reason, 200)}", err=True)
    if len(faults) > _SHOWN:
        typer.echo(f"guard: … and {len(faults) - _SHOWN:,} more files that are no pictures", err=True)
    sites = count - pictures
    typer.echo(f"{printable(str(out))}: {_count(pictures, 'picture')} and {_count(sites, 'site')}")
    if permitted:
        typer.echo(f"guard: left out, since your rights permit every use: {_count(permitted, 'picture')}", err=True)
    if not any(owner.statement.contact for owner in owners):
        typer.echo(
            "guard: the list names no contact: nobody learns whom to ask (--contact, or rights.contact)", err=True
        )
    return int(bool(faults))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else f'{noun}s'}"


def _owners(config: Path | None, base: str, holder: str, contact: str) -> list[Owner]:
    """Return who reserves what on each site; the first is the one that the pictures are at."""
    if base and not base.startswith(("https://", "http://")):
        raise UsageError(f"--base {base!r}: write how visitors reach the pictures, like https://photo.example/pictures")
    found: list[Owner] = []
    settings = load_settings(config, os.environ, {}) if config is not None else None
    for site, rights in [(one, settings.rights_of(one)) for one in settings.sites] if settings else ():
        statement = statement_of(rights, site.base_url)
        found.append(_owner(site.base_url.rstrip("/"), statement, statement.policy_url if site.base_url else ""))
    if base or not found:
        at = next((one for one in found if one.base and f"{base}/".startswith(f"{one.base}/")), None)
        statement = at.statement if at else statement_of(settings.rights) if settings else Statement()
        first = _owner(base, statement, at.terms if at else statement.terms_url)
        found = [first, *(one for one in found if one.base != base)]
    return [
        replace(
            one,
            statement=replace(
                one.statement, holder=holder or one.statement.holder, contact=contact or one.statement.contact
            ),
        )
        for one in found
    ]


def _owner(base: str, statement: Statement, terms: str) -> Owner:
    return Owner(base=base, statement=statement, terms=terms, day=datetime.now(UTC).date().isoformat())
