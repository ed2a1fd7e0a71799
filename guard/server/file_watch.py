"""Has a file been changed that the configuration was read from?

Looked at once a second, and read anew when a second has passed without a further change: an editor
that is still writing is waited for.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel

LOOK_SECONDS: Final = 1.0


def files_named_in(value: object) -> Iterator[Path]:
    """Yield every path that settings hold, in whatever place of them."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from files_named_in(getattr(value, name))
    elif isinstance(value, dict):
        for one in value.values():
            yield from files_named_in(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from files_named_in(one)


async def watch(files: Callable[[], Iterable[Path]], reload: Callable[[], Awaitable[object]]) -> None:
    """Call `reload` whenever one of `files` has changed, has come or has gone; runs until it is cancelled."""
    known = pending = _look(files())
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        seen = _look(files())
        if seen != known and seen == pending:
            await reload()
            known = _look(files())
        pending = seen


def _look(files: Iterable[Path]) -> dict[Path, tuple[int, int, int] | None]:
    """Return of each file what changes with it: time in ns, size, inode; None where it can not be looked at."""
    return {file: _state(file) for file in files}


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
