"""Which pictures lie in what was found?

Files, folders, and the shards in which data sets come: img2dataset's `.tar` (WebDataset: a
picture and its metadata under one key), also packed as `.tar.gz`, `.zip`, `.parquet` (see `found_tables`) and
`.tfrecord` (see `found_records`). One picture is in memory at a time. What can not be read is told, and the rest
goes on.

Where a data set says from which address it has a picture, that is kept: the member `KEY.json`
of a tar or ZIP file, the column or feature `url`, and in a folder the file `NAME.json`, as img2dataset
writes them. What the finder says of one file is in `NAME.jpg.found.json`, with `from` and
`retrieved`.
"""

import io
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Final

from guard.errors import GuardError, UsageError
from guard.store import found_records, found_tables
from guard.store.found_zips import Zip

PICTURE_ENDINGS: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff", ".bmp"})
_RECORD_ENDINGS: Final = frozenset({".tfrecord", ".tfrecords", ".tfrec", ".tfrecord.gz"})
SHARD_ENDINGS: Final = frozenset({".tar", ".tar.gz", ".tgz", ".zip", ".parquet"}) | _RECORD_ENDINGS
LARGEST: Final = 64 * 1024 * 1024
"""Bytes of one picture."""
SIDECAR: Final = ".found.json"
_LARGEST_NOTE: Final = 256 * 1024
"""Bytes of what lies beside a picture; captions of data sets are in it."""
_LONGEST: Final = 2000
"""Characters of a text that is taken from there."""
_NUMBERED: Final = re.compile(r"-[0-9]+-of-[0-9]+$")
"""What TensorFlow puts behind the ending of a shard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPicture:
    """One picture, and where it was."""

    name: str
    """The path; behind a `!` what it is called inside a shard."""
    data: bytes = field(repr=False)
    url: str = ""
    """Where the data set has it from, as the data set says."""
    source: str = ""
    """Where the finder has it from, as the file beside it says."""
    retrieved: str = ""
    """When, likewise."""


Report = Callable[[str], None]
"""Is told one sentence about what can not be read."""


def find_pictures(paths: list[Path], unreadable: Report) -> Iterator[FoundPicture]:
    """Yield every picture in `paths`, in the order of their names.

    Raises:
        UsageError: One of the paths does not exist.
    """
    for path in files_in(paths):
        yield from _of_file(path, unreadable)


def files_in(paths: list[Path]) -> Iterator[Path]:
    """Yield the files that may be or hold pictures: those named, and below a folder those that end so.

    Raises:
        UsageError: One of the paths does not exist.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} does not exist")
        if path.is_dir():
            for inside in sorted(path.rglob("*")):
                if ending_of(inside) in PICTURE_ENDINGS | SHARD_ENDINGS and inside.is_file():
                    yield inside
        else:
            yield path


def ending_of(path: Path) -> str:
    """Return how a file's name ends, in small letters, without `-00000-of-00009`; `.tar.gz` is one ending."""
    name = _NUMBERED.sub("", path.name.lower())
    packed = (one for one in SHARD_ENDINGS if one.endswith(".gz") and name.endswith(one))
    return next(packed, Path(name).suffix)


def _of_file(path: Path, unreadable: Report) -> Iterator[FoundPicture]:
    try:
        match ending_of(path):
            case ".tar" | ".tar.gz" | ".tgz":
                yield from _of_tar(path, unreadable)
            case ".zip":
                yield from _of_zip(path, unreadable)
            case ".parquet":
                yield from _of_cells(path, found_tables.pictures_in(path), unreadable)
            case ending if ending in _RECORD_ENDINGS:
                with path.open("rb") as records:
                    cells = found_records.pictures_in(records, lambda said: unreadable(f"{path}: {said}"))
                    yield from _of_cells(path, cells, unreadable)
            case _:
                if path.stat().st_size > LARGEST:
                    unreadable(_too_large(str(path)))
                    return
                yield _with_notes(path, path.read_bytes(), unreadable)
    except (OSError, EOFError, zlib.error, tarfile.TarError, GuardError) as error:
        unreadable(f"{path}: {error}")


def _with_notes(path: Path, data: bytes, unreadable: Report) -> FoundPicture:
    said = _note_of(path.with_name(f"{path.name}{SIDECAR}"), unreadable)
    listed = _note_of(path.with_suffix(".json"), unreadable)
    return FoundPicture(
        name=str(path),
        data=data,
        url=_text(listed, "url"),
        source=_text(said, "from"),
        retrieved=_text(said, "retrieved"),
    )


def _note_of(file: Path, unreadable: Report) -> dict[str, Any]:
    if not file.is_file():
        return {}
    with file.open("rb") as opened:
        return _note(str(file), opened, unreadable)


def _note(name: str, opened: IO[bytes], unreadable: Report) -> dict[str, Any]:
    data = opened.read(_LARGEST_NOTE + 1)
    if len(data) > _LARGEST_NOTE:
        unreadable(f"{name}: larger than {_LARGEST_NOTE >> 10} KiB, and not read")
        return {}
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        unreadable(f"{name}: no JSON, so what it says of the picture is not known")
        return {}
    return value if isinstance(value, dict) else {}


def _text(note: dict[str, Any], name: str) -> str:
    value = note.get(name)
    return value[:_LONGEST] if isinstance(value, str) else ""


def _of_tar(path: Path, unreadable: Report) -> Iterator[FoundPicture]:
    """Yield the pictures of a shard; what has one key stands together, in any order."""
    held: FoundPicture | None = None
    key, url = "", ""
    with tarfile.open(path) as shard:
        for member in shard:
            ending = Path(member.name).suffix.lower()
            if not member.isfile() or ending not in PICTURE_ENDINGS | {".json"}:
                continue
            name = f"{path}!{member.name}"
            if ending != ".json" and member.size > LARGEST:
                unreadable(_too_large(name))
                continue
            inside = shard.extractfile(member)
            if inside is None:
                continue
            if (this := _key(member.name)) != key:
                if held is not None:
                    yield replace(held, url=url)
                held, key, url = None, this, ""
            if ending == ".json":
                url = _text(_note(name, inside, unreadable), "url")
                continue
            if held is not None:  # several sizes under one key
                yield replace(held, url=url)
            held = FoundPicture(name=name, data=inside.read())
    if held is not None:
        yield replace(held, url=url)


def _key(member: str) -> str:
    folder, slash, name = member.rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}"


def _of_zip(path: Path, unreadable: Report) -> Iterator[FoundPicture]:
    with path.open("rb") as opened:
        shard = Zip(opened)
        for member in shard.members():
            if Path(member.filename).suffix.lower() not in PICTURE_ENDINGS:
                continue
            name = f"{path}!{member.filename}"
            if member.file_size > LARGEST:
                unreadable(_too_large(name))
                continue
            try:
                data = shard.read(member, LARGEST)
            except GuardError as error:
                unreadable(f"{name}: {error}")
                continue
            yield FoundPicture(name=name, data=data, url=_url_beside(shard, path, member.filename, unreadable))


def _url_beside(shard: Zip, path: Path, member: str, unreadable: Report) -> str:
    note = shard.member(f"{_key(member)}.json")
    if note is None:
        return ""
    name = f"{path}!{note.filename}"
    try:
        return _text(_note(name, io.BytesIO(shard.read(note, _LARGEST_NOTE)), unreadable), "url")
    except GuardError as error:
        unreadable(f"{name}: {error}")
        return ""


def _of_cells(path: Path, cells: Iterable[found_tables.Cell], unreadable: Report) -> Iterator[FoundPicture]:
    for cell in cells:
        name = f"{path}!{cell.place}"
        if len(cell.data) > LARGEST:
            unreadable(_too_large(name))
        else:
            yield FoundPicture(name=name, data=cell.data, url=cell.url[:_LONGEST])


def _too_large(name: str) -> str:
    return f"{name}: larger than {LARGEST >> 20} MiB"
