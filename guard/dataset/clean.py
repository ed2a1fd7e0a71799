"""What is left of a data set without the rows that are reserved?

In the same form, the order kept: text row by row with its exact bytes, Parquet with the types,
compression and row groups of the source. What may be chance (a name in a caption, a file that is
called the same) is left in unless it is asked for. A row that can not be read is left out, since
nobody can say that it is not reserved, and counted. The result appears under its name when it
is whole, and never in place of a file that is there.
"""

import gzip
import os
import tempfile
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, cast

from guard.dataset.columns import ColumnError
from guard.dataset.lines import LineFile
from guard.dataset.matcher import Confidence, Listed, Matcher, Reason
from guard.dataset.parquet import open_parquet
from guard.dataset.scan import FileReport, Progress, Scan
from guard.dataset.sources import Form, Source, UnreadableError, is_parquet
from guard.errors import UsageError
from guard.store.durable import sync_folder

_STEP: Final = 8192
_LEVEL: Final = 6
"""Of gzip, its own default: a higher one takes longer than reading."""


@dataclass(slots=True)
class Cleaned:
    """How the cleaning of one file went."""

    report: FileReport
    """Where `found` is the number of reserved rows."""
    target: Path
    kept: int = 0
    written: bool = False


@dataclass(slots=True)
class Cleaning:
    """Writes the complement of what is reserved."""

    matcher: Matcher
    mapping: Mapping[str, str]
    progress: Progress
    weak: bool
    """Leave out rows as well that match only by what may be chance."""
    done: list[Cleaned] = field(default_factory=list)

    def clean(self, source: Source, target: Path) -> None:
        """Write what is left of one file; how it went is in `done` afterwards.

        Raises:
            UsageError: The target is there, or can not be written.
        """
        one = Cleaned(FileReport(source.name), target)
        self.done.append(one)
        try:
            with new_file(target) as path:
                if is_parquet(source):
                    self._parquet(source, one, path)
                else:
                    self._text(source, one, path)
                if one.report.fault:
                    raise UnreadableError(one.report.fault)
            one.written = True
        except (UnreadableError, ColumnError) as error:
            one.report.fault = str(error)

    def _reserved(self, listed: Listed) -> bool:
        matches = self.matcher.matches(listed)
        if self.weak:
            return bool(matches)
        return any(one.confidence is not Confidence.WEAK and one.reason is not Reason.FILE for one in matches)

    def _parquet(self, source: Source, one: Cleaned, path: Path) -> None:
        one.report.form = Form.PARQUET
        with open_parquet(source, path.parent) as file, self.progress.parquet(file):
            one.report.columns = file.columns(self.mapping)
            gone = array("q")
            for number, listed in file.worth_a_look(self.matcher, self.mapping):
                if self._reserved(listed):
                    gone.append(number - 1)
            file.write_without(gone, path)
            one.report.rows, one.report.found = file.rows, len(gone)
            one.kept = file.rows - len(gone)

    def _text(self, source: Source, one: Cleaned, path: Path) -> None:
        report = one.report
        file = LineFile(source, self.mapping)
        sieve = Scan(self.matcher, self.mapping, self.progress)
        last = b"\n"
        try:
            with _writer(path, packed=_is_packed(source)) as out:
                for row in file:
                    if row.broken:
                        continue
                    if row.listed is not None:
                        report.rows += 1
                        if report.rows % _STEP == 0:
                            self.progress.text(file.position)
                        if sieve.may_match(row.listed) and self._reserved(row.listed):
                            report.found += 1
                            continue
                        one.kept += 1
                    if not last.endswith((b"\n", b"\r")):
                        out.write(b"\n")
                    out.write(row.raw)
                    last = row.raw or last
        finally:
            report.form, report.columns = file.form, file.columns
            report.broken, report.first_broken = file.broken, file.first_broken
            report.latin, report.fault = file.latin, file.damage


def _is_packed(source: Source) -> bool:
    with source.path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


@contextmanager
def _writer(path: Path, *, packed: bool) -> Iterator[BinaryIO]:
    with path.open("wb", buffering=1 << 20) as stream:
        if packed:
            # Without a name and a time in the header, so that the same input gives the same bytes.
            with gzip.GzipFile("", "wb", _LEVEL, stream, mtime=0) as out:
                yield cast(BinaryIO, out)
        else:
            yield stream


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Give a path to write to; what is there at the end becomes `target`, whole, unless the block raises.

    Raises:
        UsageError: `target` is there already, or its folder can not be written to.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name[:40]}.", dir=target.parent) as folder:
            path = Path(folder, "new")
            if os.path.lexists(target):
                raise FileExistsError
            yield path
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
            os.link(path, target)  # unlike a rename, a link never takes the place of a file that is there
            target.chmod(0o666 & ~_umask())
            sync_folder(target.parent)
    except FileExistsError:
        raise UsageError(f"{target} is there already; remove it, or name another") from None
    except OSError as error:
        raise UsageError(f"{target}: can not be written: {(error.strerror or str(error)).lower()}") from None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
