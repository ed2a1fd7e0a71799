"""Which pictures lie in a table of a data set?

img2dataset writes a column of bytes. Data sets that are handed round as tables have more often a column of
`{bytes, path}`, or of lists of these where a row has several pictures. What a column is called differs; the usual
names are looked for first, and otherwise the only one that can hold pictures is taken.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from guard.errors import GuardError

NAMES: Final = (
    "jpg", "jpeg", "png", "webp", "image", "images", "img", "picture", "bytes", "image_bytes", "image/encoded",
)  # fmt: skip
"""What data sets call their pictures, in small letters, the likeliest first."""
ADDRESSES: Final = ("url", "image_url", "original_url", "source_url")
"""What they call the address that they have one from."""
_BATCH: Final = 64


class Cell(NamedTuple):
    """One picture of a table, or of other records."""

    place: str
    """The number of its row, from 0; behind a dot which one of that row it is, where there may be several."""
    data: bytes
    url: str
    """Where the table has it from; empty if it does not say."""


def pictures_in(path: Path) -> Iterator[Cell]:
    """Yield the pictures of a Parquet file, row by row.

    Raises:
        GuardError: It can not be read, or has no column with pictures.
    """
    try:
        import duckdb
    except ImportError:
        raise GuardError("a .parquet needs the extra 'dataset': pip install 'crawler-guard[dataset]'") from None
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as tables:
        try:
            rows = tables.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)])
            kinds = {str(one[0]): str(one[1]) for one in rows.description or ()}
            chosen = f"{_pictures(kinds)}, {_address(kinds)}"
            rows = tables.execute(f"SELECT {chosen} FROM read_parquet(?)", [str(path)])  # noqa: S608  # quoted
            number = 0
            while batch := rows.fetchmany(_BATCH):
                for value, url in batch:
                    said = url if isinstance(url, str) else ""
                    if isinstance(value, list):
                        for place, one in enumerate(value):
                            if isinstance(one, bytes):
                                yield Cell(f"{number}.{place}", one, said)
                    elif isinstance(value, bytes):
                        yield Cell(str(number), value, said)
                    number += 1
        except duckdb.Error as error:
            raise GuardError(str(error).splitlines()[0]) from None


def _pictures(kinds: Mapping[str, str]) -> str:
    """Return what to select for the bytes of the pictures."""
    able = {name: selected for name, kind in kinds.items() if (selected := _selected(name, kind))}
    usual = [name for wanted in NAMES for name in able if name.lower() == wanted]
    if not usual and len(able) != 1:
        raise GuardError(f"no column with picture bytes; there are {', '.join(kinds)}")
    return able[usual[0] if usual else next(iter(able))]


def _selected(name: str, kind: str) -> str:
    quoted = _quoted(name)
    match kind.startswith("STRUCT(") and "bytes BLOB" in kind, kind.endswith("[]"):
        case True, True:
            return f"list_transform({quoted}, lambda one: one.bytes)"
        case True, False:
            return f"{quoted}.bytes"
        case _:
            return quoted if kind in {"BLOB", "BINARY", "BLOB[]"} else ""


def _address(kinds: Mapping[str, str]) -> str:
    """Return what to select for the address; a picture that is a struct has its own, if at all, in a column beside."""
    named = {name.lower(): name for name, kind in kinds.items() if kind == "VARCHAR"}
    found = next((named[wanted] for wanted in ADDRESSES if wanted in named), None)
    return "NULL" if found is None else _quoted(found)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
