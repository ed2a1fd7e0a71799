"""How is an evidence directory read, without changing anything in it?

Works on a directory that a recorder is writing to, on a read-only copy, and on a `log/` folder
that came without the erasable values.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from guard.errors import UsageError
from guard.evidence.anchor_check import Believe, Head
from guard.evidence.cosignature import CosignerKey
from guard.evidence.report import Report
from guard.evidence.verify import verify_log
from guard.store.side_store import ANY_LEAF, read_rows


class LogFolder:
    """A `log/` folder and, where it is there, the side store beside it."""

    def __init__(self, log: Path, side: Path | None) -> None:
        self._log = log
        self._side = side

    def read(self, path: str) -> bytes | None:
        """Return the whole file; None if there is none or it can not be read."""
        try:
            return (self._log / path).read_bytes()
        except OSError:
            return None

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the paths of all files below `folder`, sorted; without those whose name begins with a dot."""
        found = []
        for place, _, files in os.walk(self._log / folder):
            within = Path(place).relative_to(self._log).as_posix()
            found += [f"{within}/{name}" for name in files if not name.startswith(".")]
        return tuple(sorted(found))

    def disclosures(self, first: int = ANY_LEAF) -> Iterator[tuple[int, str, bytes]] | None:
        """Return the side store's rows by leaf, from `first` on; None if there is no side store."""
        return read_rows(self._side, first) if self._side is not None and self._side.is_file() else None


def open_folder(path: Path) -> LogFolder:
    """Find the log at `path`: an evidence directory, or the `log/` folder of one.

    Raises:
        UsageError: There is neither.
    """
    if (path / "log" / "seg").is_dir():
        return LogFolder(path / "log", path / "side" / "disclosures.db")
    if (path / "seg").is_dir():
        return LogFolder(path, None)
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder; name the `evidence.directory` of guard.yaml")
    raise UsageError(
        f"{path} is no evidence directory: expected a folder with log/seg/ in it (the `evidence.directory` of "
        "guard.yaml), or that log/ folder itself"
    )


def with_epochs(path: Path) -> list[tuple[str, Path]]:
    """Return the log at `path`, without a name, and those that were put away in it, by the names of their folders."""
    away = sorted(one.parent.parent for one in (path / "epochs").glob("*/log/seg") if one.is_dir())
    return [("", path), *((one.name, one) for one in away)]


def verify_directory(
    path: Path,
    vkey: str = "",
    *,
    believe: Believe | None = None,
    heads: Sequence[Head] = (),
    witnesses: Sequence[CosignerKey] = (),
) -> Report:
    """Check everything at `path`; arguments as `guard.evidence.verify.verify_log` has them.

    Raises:
        UsageError: `path` is no evidence directory.
    """
    return verify_log(open_folder(path), vkey, believe=believe, heads=heads, witnesses=witnesses)
