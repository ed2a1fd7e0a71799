"""Which pictures does the owner want left out, in a form that registries and data-set makers read?

One row for each site and one for each picture: addresses, digests and perceptual hashes, with
whose they are, whom to ask, and the day. CSV, JSON lines or Parquet, by the ending of the file.
Pictures are looked at by two threads, a few at a time; what can not be read is named.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson

from guard.core.target import canonical_path
from guard.dataset.listed_url import own_host
from guard.dataset.parquet import text
from guard.errors import PictureError, RequestError, UsageError
from guard.extras import need
from guard.image.codes import Codes, codes
from guard.image.preview import MAX_INPUT
from guard.reservation.statement import Override, Statement

ENDINGS: Final = (".csv", ".jsonl", ".parquet")
THREADS: Final = 2
_WAITING: Final = 4
"""Pictures that are worked on at a time: each may take 400 MB while it is decoded."""
_SKIPPED: Final = (".html", ".htm", ".css", ".js", ".txt", ".xml", ".json", ".yaml", ".yml", ".php", ".md", ".xmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the list. Empty where it does not apply."""

    kind: str
    """`site`: everything at these addresses; `picture`: one file."""
    url: str
    """The address of a picture, or a pattern as in robots.txt: `https://photo.example/*`."""
    file: str
    """The name of the file, without folders."""
    sha256: str
    """Of the file, as md5."""
    md5: str
    pixels_sha256: str
    """How this and the following are made `guard.image.codes` says."""
    phash: str
    dhash: str
    iscc: str
    width: int | None
    height: int | None
    media_type: str
    bytes: int | None
    holder: str
    contact: str
    terms: str
    reserved: str
    """What is reserved: `train ai-use tdm` as far as the owner did not permit it."""
    date: str
    """The day the list was made, as 2026-11-24."""


COLUMNS: Final = tuple(field.name for field in fields(Row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who reserves what on one site."""

    base: str
    """Where the pictures are, without a slash at the end: `https://photo.example/pictures`; or empty."""
    statement: Statement
    terms: str
    """The address of the terms, or empty."""
    day: str

    def reserved(self, url: str) -> str:
        """Return what is reserved at an address of the site: of `train ai-use tdm` what is not permitted there."""
        own = own_host(url)
        try:
            path = canonical_path(own.path or "/") if own else "/"
        except RequestError:
            path = "/"
        return _reserved(self.statement.at(path))


def _reserved(answers: Statement | Override) -> str:
    asked = (("train", answers.train), ("ai-use", answers.ai_use), ("tdm", answers.tdm))
    return " ".join(name for name, permitted in asked if not permitted)


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that was looked at: a row, or why there is none."""

    path: Path
    row: Row | None
    """None also for a picture of which nothing is reserved."""
    fault: str = ""


def site_rows(owner: Owner) -> Iterator[Row]:
    """Yield what reserves whole sites and parts of them.

    A site of which some part permits more has no row for the whole: whoever reads the list would take it for that part
    too. Its pictures have rows of their own.
    """
    whole = owner.reserved(f"{owner.base}/")
    own = own_host(owner.base)
    if own is None:
        return
    parts = [one for one in owner.statement.paths if one.path.startswith(own.path)]
    if whole and not any(set(whole.split()) - set(_reserved(one).split()) for one in parts):
        yield _row(owner, kind="site", url=f"{owner.base}/*", reserved=whole)
    root = owner.base.removesuffix(own.path) if own.path else owner.base
    for one in parts:
        if (reserved := _reserved(one)) and reserved != whole:
            yield _row(owner, kind="site", url=f"{root}{one.path}*", reserved=reserved)


def pictures_below(folder: Path) -> list[Path]:
    """Return the files below `folder` that may be pictures, in order; without hidden ones and links that lead out.

    Raises:
        UsageError: It is no folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder")
    root = folder.resolve()
    found = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or path.suffix.lower() in _SKIPPED or not path.is_file():
            continue
        if path.resolve().is_relative_to(root):
            found.append(path)
    return found


def picture_rows(folder: Path, paths: Sequence[Path], owner: Owner) -> Iterator[Looked]:
    """Yield what each file comes to, in order.

    Raises:
        UsageError: A library of the extra is missing.
    """
    imagehash, iscc_core = need("imagehash", "dataset"), need("iscc_core", "dataset")

    def look(path: Path) -> Looked:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_INPUT + 1)
            found = codes(data, imagehash, iscc_core)
        except PictureError as error:
            return Looked(path, None, str(error))
        except OSError as error:
            return Looked(path, None, f"can not be read: {(error.strerror or str(error)).lower()}")
        return Looked(path, _picture_row(folder, path, owner, found))

    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future[Looked]] = deque()
        for path in paths:
            waiting.append(pool.submit(look, path))
            if len(waiting) >= _WAITING:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _picture_row(folder: Path, path: Path, owner: Owner, found: Codes) -> Row | None:
    place = quote(path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape"))
    reserved = owner.reserved(f"{owner.base or 'https://site.invalid'}/{place}")
    if not reserved:
        return None
    url = f"{owner.base}/{place}" if owner.base else ""
    return _row(owner, kind="picture", url=url, file=path.name, reserved=reserved, **asdict(found))


def _row(owner: Owner, **values: Any) -> Row:
    empty: dict[str, Any] = {
        field.name: None if field.name in ("width", "height", "bytes") else "" for field in fields(Row)
    }
    statement = owner.statement
    of_owner = {"holder": statement.holder, "contact": statement.contact, "terms": owner.terms, "date": owner.day}
    return Row(**{**empty, **of_owner, **values})


def write(rows: Iterator[Row], path: Path, ending: str, safe: Callable[[Sequence[Sequence[str | int]]], str]) -> int:
    """Write the list to `path` in the form of `ending`, and return how many rows it has.

    Args:
        safe: Makes CSV that no spreadsheet takes for formulas.

    Raises:
        UsageError: DuckDB is needed for Parquet and missing.
    """
    count = 0
    lines = path.with_name("lines") if ending == ".parquet" else path
    with lines.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
        if ending == ".csv":
            out.write(safe([COLUMNS]))
        for row in rows:
            count += 1
            values = asdict(row)
            if ending == ".csv":
                out.write(safe([["" if value is None else value for value in values.values()]]))
            else:
                out.write(_json(values))
    if ending == ".parquet":
        _to_parquet(lines, path)
        lines.unlink()
    return count


def _json(values: dict[str, Any]) -> str:
    known = {name: value for name, value in values.items() if value not in (None, "")}
    return f"{orjson.dumps(known, default=str).decode()}\n"


def _to_parquet(lines: Path, path: Path) -> None:
    columns = ", ".join(
        f"{field.name}: '{'BIGINT' if field.name in ('width', 'height', 'bytes') else 'VARCHAR'}'"
        for field in fields(Row)
    )
    connection = need("duckdb", "dataset").connect(
        ":memory:",
        config={"threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False},
    )
    try:
        connection.execute("SET allowed_directories = ?", [[str(path.parent)]])
        connection.execute("SET enable_external_access = false")
        connection.execute(
            f"COPY (SELECT * FROM read_json({text(str(lines))}, format = 'newline_delimited', "  # noqa: S608
            f"columns = {{{columns}}})) TO {text(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        )
    finally:
        connection.close()


def ending_of(path: Path) -> str:
    """Return the ending that says the form.

    Raises:
        UsageError: It is none that is written here.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"{path}: the ending says the form; take one of {', '.join(ENDINGS)}")
    return path.suffix.lower()
