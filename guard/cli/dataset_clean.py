"""`guard dataset clean`: what is left of a data set when reserved works are taken out?"""

from collections.abc import Sequence
from pathlib import Path

import orjson
import typer

from guard.cli.dataset_view import Bar
from guard.cli.terminal import printable
from guard.dataset.clean import Cleaned, Cleaning
from guard.dataset.identifiers import Identifiers
from guard.dataset.matcher import Matcher
from guard.dataset.scan import FileReport
from guard.dataset.sources import Source, find_sources
from guard.errors import UsageError
from guard.evidence.text import escape


def clean(
    files: Sequence[Path],
    reserved: Identifiers,
    *,
    mapping: dict[str, str],
    distance: int,
    weak: bool,
    out: Path,
    as_json: bool,
) -> tuple[int, list[FileReport]]:
    """Write the complement of every file; return the exit status and what to say about the files.

    Raises:
        UsageError: There is nothing to read, or a target is there already.
    """
    sources, wrong = find_sources(files)
    targets = _targets(sources, out)
    bar = Bar(sources, "cleaning")
    run = Cleaning(Matcher(reserved, distance), mapping, bar, weak)
    with bar.shown():
        for source, target in zip(sources, targets, strict=True):
            bar.file(source)
            run.clean(source, target)
    for line in wrong:
        typer.echo(f"guard: {printable(line)}", err=True)
    if as_json:
        value = {"files": [_value(one) for one in run.done], "not_read": [escape(one) for one in wrong]}
        typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2))
    else:
        for one in run.done:
            typer.echo(_line(one))
        if len(run.done) > 1:
            kept, rows = sum(one.kept for one in run.done), sum(one.report.rows for one in run.done)
            typer.echo(f"together: {kept:,} of {rows:,} rows kept")
    reports = [one.report for one in run.done]
    return int(bool(wrong) or any(one.fault or one.broken for one in reports)), reports


def _targets(sources: Sequence[Source], out: Path) -> list[Path]:
    """Return where each file's result goes: to `out` itself for one file, into that folder for several."""
    if len(sources) == 1 and not out.is_dir():
        targets = [out]
    else:
        if out.exists() and not out.is_dir():
            raise UsageError(f"{out} is a file; for several files --out names a folder")
        targets = [out / Path(source.name).name for source in sources]
        for target in targets:
            if targets.count(target) > 1:
                raise UsageError(f"two of the files are called {target.name}; clean them one after the other")
        out.mkdir(parents=True, exist_ok=True)
    for target in targets:
        if target.exists() or target.is_symlink():
            raise UsageError(f"{target} is there already; remove it, or name another")
    return targets


def _line(one: Cleaned) -> str:
    if not one.written:
        return f"{printable(str(one.target))}: not written"
    rows = f"{one.kept:,} of {one.report.rows:,} rows kept, {one.report.found:,} reserved"
    return f"{printable(str(one.target))}: {rows}" + (f", {one.report.broken:,} broken" if one.report.broken else "")


def _value(one: Cleaned) -> dict[str, object]:
    return {
        "file": escape(one.report.name),
        "out": escape(str(one.target)),
        "written": one.written,
        "form": one.report.form,
        "rows": one.report.rows,
        "kept": one.kept,
        "reserved": one.report.found,
        "broken": one.report.broken,
        "fault": one.report.fault,
    }
