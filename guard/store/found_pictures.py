"""Which pictures lie in what was found?

Files, folders, and the shards in which data sets come: img2dataset's `.tar` (WebDataset: a
picture and its metadata under one key) and `.parquet` with a column of picture bytes. One
picture is in memory at a time. What can not be read is told, and the rest goes on.
"""

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from guard.errors import GuardError, UsageError

PICTURE_ENDINGS: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff", ".bmp"})
LARGEST: Final = 64 * 1024 * 1024
"""Bytes of one picture."""
_COLUMNS: Final = ("jpg", "jpeg", "png", "webp", "image", "bytes", "image_bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPicture:
    """One picture, and where it was."""

    name: str
    """The path; behind a `!` what it is called inside a shard."""
    data: bytes = field(repr=False)


Report = Callable[[str], None]
"""Is told one sentence about what can not be read."""


def find_pictures(paths: list[Path], unreadable: Report) -> Iterator[FoundPicture]:
    """Yield every picture in `paths`, in the order of their names.

    Raises:
        UsageError: One of the paths does not exist.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} does not exist")
        if path.is_dir():
            for inside in sorted(path.rglob("*")):
                if inside.suffix.lower() in PICTURE_ENDINGS | {".tar", ".parquet"} and inside.is_file():
                    yield from _of_file(inside, unreadable)
        else:
            yield from _of_file(path, unreadable)


def _of_file(path: Path, unreadable: Report) -> Iterator[FoundPicture]:
    try:
        match path.suffix.lower():
            case ".tar":
                yield from _of_tar(path)
            case ".parquet":
                yield from _of_parquet(path)
            case _:
                if path.stat().st_size > LARGEST:
                    unreadable(f"{path}: larger than {LARGEST >> 20} MiB")
                    return
                yield FoundPicture(name=str(path), data=path.read_bytes())
    except (OSError, tarfile.TarError, GuardError) as error:
        unreadable(f"{path}: {error}")


def _of_tar(path: Path) -> Iterator[FoundPicture]:
    with tarfile.open(path) as shard:
        for member in shard:
            if not member.isfile() or Path(member.name).suffix.lower() not in PICTURE_ENDINGS or member.size > LARGEST:
                continue
            inside = shard.extractfile(member)
            if inside is not None:
                yield FoundPicture(name=f"{path}!{member.name}", data=inside.read())


def _of_parquet(path: Path) -> Iterator[FoundPicture]:
    try:
        import duckdb
    except ImportError:
        raise GuardError("a .parquet needs the extra 'dataset': pip install 'crawler-guard[dataset]'") from None
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as tables:
        try:
            rows = tables.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)])
            kinds = {str(one[0]): str(one[1]) for one in rows.description or ()}
            column = next((name for name in _COLUMNS if kinds.get(name) in {"BLOB", "BINARY"}), None)
            if column is None:
                raise GuardError(f"no column with picture bytes; there are {', '.join(kinds)}")
            rows = tables.execute(f'SELECT "{column}" FROM read_parquet(?)', [str(path)])  # noqa: S608  # one of ours
        except duckdb.Error as error:
            raise GuardError(str(error).splitlines()[0]) from None
        number = 0
        while batch := rows.fetchmany(64):
            for (data,) in batch:
                if isinstance(data, bytes) and len(data) <= LARGEST:
                    yield FoundPicture(name=f"{path}!{number}", data=data)
                number += 1
