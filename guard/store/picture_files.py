"""Which picture files are in a folder, and how is one replaced without ever being half written?"""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from guard.image.edit import MAX_FILE
from guard.image.rights import FORMATS
from guard.image.sniff import media_type
from guard.store.durable import sync_folder

_HEAD = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One file."""

    path: Path
    name: str
    """As it was given, or relative to the folder that was."""
    error: str = ""
    """Why it can not be read; empty where it can."""


def find(given: Iterable[Path], *, without: Path | None = None) -> Iterator[Found]:
    """Yield the picture files among files and folders, each file once, in the order of their names.

    Files that were named are yielded whatever they are. In folders, other files, links and what is hidden are left out.

    Args:
        without: A folder that is left out.
    """
    seen: set[Path] = set()
    for one in given:
        inside = _in_folder(one, without) if one.is_dir() else ((one, str(one)),)
        for path, name in inside:
            if path in seen:
                continue
            seen.add(path)
            try:
                with path.open("rb") as file:
                    head = file.read(_HEAD)
                size = path.stat().st_size
            except OSError as error:
                yield Found(path=path, name=name, error=(error.strerror or str(error)).lower())
                continue
            if size > MAX_FILE:
                yield Found(path=path, name=name, error=f"has more than {MAX_FILE >> 20} MiB")
            elif not one.is_dir() or media_type(head) in FORMATS:
                yield Found(path=path, name=name)


def _in_folder(folder: Path, without: Path | None) -> Iterator[tuple[Path, str]]:
    for where, folders, files in os.walk(folder, onerror=None):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and (without is None or Path(where, name).resolve() != without.resolve())
        )
        for name in sorted(files):
            path = Path(where, name)
            if not name.startswith(".") and not path.is_symlink():
                yield path, str(path.relative_to(folder))


def write(target: Path, data: bytes, *, like: Path) -> None:
    """Give `target` the content `data` and the permissions of `like`: at every moment it is old or new, and whole.

    Raises:
        OSError: It could not be written; `target` is what it was.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(like, temporary)
        # A web server's group may need to stay; only root can give files away.
        with contextlib.suppress(PermissionError):
            owner = like.stat()
            os.chown(temporary, owner.st_uid, owner.st_gid)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)
