"""How is a picture marked without a proxy?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from guard.errors import PictureError

_Key = Annotated[Path, typer.Option("--key-file", metavar="KEY", help="The mark key, as 'guard image key' makes it.")]
_Out = Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="Where to write; it must not exist.")]


def key(file: Annotated[Path, typer.Argument(metavar="KEY", help="The file to write.")]) -> None:
    """Make a mark key. Copies that are marked with it can only be traced with it: keep it, and keep it secret.

    \b
    Example:
      guard image key mark.key
    """
    from guard.cli.mark_files import make_key

    make_key(file)


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
