"""`guard evidence copies` and `guard evidence restore`: what of the evidence is in the object store?"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from guard.cli import case_options as options
from guard.cli.terminal import printable
from guard.errors import UsageError

if TYPE_CHECKING:
    from guard.settings_cluster import ObjectStore
    from guard.store.object_store import Objects

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Where cluster.s3 stands."),
]


def copies(
    directory: options.Directory,
    *,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Read back what the object store has of a log, and say whether it is what is here.

    Every byte is fetched. Exits with 1 if something is missing or another. What came after the last copy, seconds ago
    where the guard runs, is no fault.

    \b
    Example:
      guard evidence copies /var/lib/guard/evidence -c guard.yaml
    """
    from guard.store.log_copies import folder_of
    from guard.store.log_follower import head, log_of
    from guard.store.log_restore import compare

    with _store(config) as (objects, settings):
        log = log_of(directory)
        folder = folder_of(settings.prefix, head(log).origin)
        found = compare(objects, folder, log)
    if as_json:
        told = {"log": folder, "same": found.same, "bytes": found.bytes, "missing": found.missing, "other": found.other}
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    else:
        typer.echo(f"{found.same:,} files, {found.bytes:,} bytes under {printable(folder)} are what is here")
        for name in found.missing:
            typer.echo(f"missing there: {printable(name)}")
        for name in found.other:
            typer.echo(f"something else there: {printable(name)}")
    if found.missing or found.other:
        raise typer.Exit(1)


def restore(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder, or one that is to be made.")],
    *,
    config: Config = None,
    log: Annotated[
        str, typer.Option(metavar="NAME", help="Which log, by its name or an end of it; needed where there are more.")
    ] = "",
) -> None:
    """Bring a log back from the object store, as it was at the newest head that was copied.

    Nothing of it is believed: say guard evidence verify afterwards, with the key that you know. What identifies people
    and the private key are not there; put your backup of keys/ beside log/ if a guard is to go on with it.

    \b
    Examples:
      guard evidence restore /tmp/evidence -c guard.yaml
      guard evidence restore /tmp/evidence -c guard.yaml --log photo.example/evidence/5f0c62aa
    """
    from guard.store.log_restore import logs
    from guard.store.log_restore import restore as bring_back

    with _store(config) as (objects, settings):
        there = logs(objects, settings.prefix)
        named = [one for one in there if one.rstrip("/").endswith(log)] if log else list(there)
        if len(named) != 1:
            known = ", ".join(one.rstrip("/") for one in there) or "none"
            raise UsageError(f"--log names {len(named)} logs of the object store; it has: {known}")
        size = bring_back(objects, named[0], target)
    typer.echo(f"{size:,} records of {printable(named[0].rstrip('/'))} are in {printable(str(target))}")


@contextmanager
def _store(config: Path | None) -> "Iterator[tuple[Objects, ObjectStore]]":
    """Give the object store that the configuration names.

    Raises:
        UsageError: It names none.
    """
    from guard.settings import load_settings
    from guard.store.object_store import Objects

    configured = load_settings(config, os.environ, {}).cluster.s3 if config is not None else None
    if configured is None:
        raise UsageError("no object store is configured: name a configuration with cluster.s3 (-c FILE)")
    objects = Objects(configured)
    try:
        yield objects, configured
    finally:
        objects.close()
