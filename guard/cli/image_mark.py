"""How is a picture marked without a proxy?"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from guard.errors import PictureError, UsageError

_Key = Annotated[Path, typer.Option("--key-file", metavar="KEY", help="The mark key, as 'guard image key' makes it.")]
_Out = Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="Where to write; it must not exist.")]


def key(
    file: Annotated[Path | None, typer.Argument(metavar="KEY", help="The file to write.")] = None,
    *,
    rotate: Annotated[bool, typer.Option("--rotate", help="Make the guard's next key instead.")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Names the evidence.")
    ] = None,
    evidence: Annotated[Path | None, typer.Option(metavar="DIR", help="The guard's evidence, likewise.")] = None,
) -> None:
    """Make a mark key. Copies that are marked with it can only be traced with it: keep it, and keep it secret.

    With --rotate the guard gets a new key beside the ones it has. A guard that is running takes it within seconds;
    earlier keys stay, because what they marked is traced with nothing else. The evidence names a key, by a commitment
    that tells nothing about it, as soon as it is made, or where no guard has run yet before the first copy it marks.

    \b
    Examples:
      guard image key mark.key
      guard image key --rotate -c guard.yaml
    """
    from guard.cli.mark_files import make_key

    if rotate:
        if file is not None:
            raise UsageError("--rotate makes a key of the guard's; leave out KEY")
        _rotate(config, evidence)
        return
    if file is None:
        raise UsageError("name the file to write, or --rotate for the guard's next key")
    if evidence is not None:
        raise UsageError("--evidence is for --rotate; a key in a file of its own belongs to no evidence")
    make_key(file)


def _rotate(config: Path | None, evidence: Path | None) -> None:
    from guard.image.chips import commitment
    from guard.settings import load_settings
    from guard.store.mark_keys import folder_in, load, rotate

    if evidence is None and config is None:
        raise UsageError("say whose key it is: -c guard.yaml, or --evidence DIR")
    if evidence is None:
        evidence = load_settings(config, os.environ, {}).evidence.directory
    elif not evidence.is_dir():
        raise UsageError(f"--evidence: {evidence} is no folder")
    folder = folder_in(evidence)
    file = rotate(folder)
    keys = load(folder)
    typer.echo(file)
    stay = ("", "; the earlier key stays for tracing")[len(keys.keys) > 1]
    if len(keys.keys) > 2:
        stay = f"; {len(keys.keys) - 1} earlier keys stay for tracing"
    typer.echo(f"new copies are marked with it{stay}", err=True)
    index = _put_on_record(evidence, commitment(keys.newest).hex())
    where = f"record {index} of the evidence" if index is not None else "on record before the first copy that it marks"
    typer.echo(f"its commitment, {where}: {commitment(keys.newest).hex()}", err=True)


def _put_on_record(evidence: Path, committed: str) -> int | None:
    """Return the record that names a key from now on; None where there is no log yet, or nobody can write to it."""
    from guard.errors import GuardError
    from guard.evidence.record import mark_key
    from guard.server.log_line import open_log
    from guard.store.log_values import microseconds_at

    try:
        with open_log(evidence) as line:
            return line.append(mark_key(at=microseconds_at(datetime.now(UTC)), commitment=committed))
    except GuardError:  # a guard puts it on record itself, before anything is marked
        return None


def mark(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A picture, or a pack that was made of it.")],
    mark_id: Annotated[str, typer.Option(metavar="ID", help="Whom the copy is issued to: 16 hex digits.")],
    key_file: _Key,
    out: _Out,
) -> None:
    """Write the copy of a picture that carries, invisibly, the mark of whoever gets it.

    The copy is a JPEG of the same size. The same picture, id and key always give the same bytes.

    \b
    Example:
      guard image mark sunset.jpg --mark-id 00c0ffee00c0ffee --key-file mark.key -o copy.jpg
    """
    from guard.cli import mark_files as files
    from guard.image.mark import copy_for

    secret, chosen = files.read_key(key_file), files.mark_id(mark_id)
    with _naming(file):
        copy = copy_for(files.pack_of(file, secret), secret, chosen)
    files.write_new(out, copy)


def pack(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A picture.")],
    key_file: _Key,
    out: _Out,
) -> None:
    """Prepare a picture, so that marked copies of it cost next to nothing.

    \b
    Example:
      guard image pack sunset.jpg --key-file mark.key -o sunset.pack
    """
    from guard.cli import mark_files as files
    from guard.image.pack_file import to_bytes

    secret = files.read_key(key_file)
    with _naming(file):
        made = files.pack_of(file, secret)
    files.write_new(out, to_bytes(made))
    grid = made.grid
    typer.echo(f"{out}: {grid.width} × {grid.height}, {grid.chips} chips, {made.size} bytes", err=True)


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    """Say of which file it is told that it can not be marked."""
    try:
        yield
    except PictureError as error:
        raise PictureError(f"{file}: {error}") from error
