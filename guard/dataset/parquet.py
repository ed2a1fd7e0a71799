"""What rows does a Parquet file hold that are worth a closer look?

DuckDB reads the columns that are needed, in pieces, with bounded memory, and passes only rows
that hold a needle. It may open nothing but the one file, loads no extension and reaches no
network. The file is opened under a plain name in a folder of ours, because DuckDB would take
`a[1].parquet` for a pattern and `s3:` for an address.
"""

import re
import tempfile
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy

from guard.dataset.columns import ColumnError, choose_columns, listed_of
from guard.dataset.matcher import Listed, Matcher, pieces_of
from guard.dataset.needles import address_needles, caption_needles, expression
from guard.dataset.sources import Source, UnreadableError
from guard.extras import need

MEMORY: Final = "1GB"
"""What DuckDB may use; beyond it, it writes to disk."""
ROWS: Final = 2048
"""Rows fetched at a time."""
PIECE: Final = 250_000
"""Rows between two moves of the progress bar, at least."""
NUMBER: Final = "file_row_number"
SMALLEST_GROUP: Final = 2048
"""Rows of a row group that DuckDB writes at least."""
_CODECS: Final = {
    "UNCOMPRESSED": "uncompressed", "SNAPPY": "snappy", "GZIP": "gzip", "ZSTD": "zstd", "BROTLI": "brotli",
    "LZ4_RAW": "lz4_raw", "LZ4": "lz4_raw",
}  # fmt: skip
"""The older LZ4 of Parquet is not written any more; its successor is the same algorithm."""
_STEP: Final = 100_000
"""Values handed over at a time."""


class ParquetFile:
    """One Parquet file and a connection that can open nothing else."""

    def __init__(self, connection: Any, path: Path, source: Source, *, writes: bool) -> None:
        self.connection = connection
        self.path = path
        """Where the connection sees the file."""
        self.source = source
        with asking():
            found = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
            rows = connection.execute("SELECT num_rows FROM parquet_file_metadata(?)", [str(path)]).fetchone()
        self.types: dict[str, str] = {name: kind for name, kind, *_ in found}
        self.rows: int = rows[0]
        self._writes = writes
        self._searched = 0

    def columns(self, mapping: Mapping[str, str]) -> dict[str, str]:
        """Return which column is looked at for what; ColumnError if there is none."""
        return choose_columns(list(self.types), mapping, nested=True)

    def worth_a_look(self, matcher: Matcher, mapping: Mapping[str, str]) -> Iterator[tuple[int, Listed]]:
        """Yield number, from 1, and content of the rows that may match.

        Raises:
            ColumnError: There is no column to look at.
            UnreadableError: The file can not be read, or not further.
        """
        columns = self.columns(mapping)
        texts = {field: self._expression(field, name) for field, name in columns.items()}
        where, parameters = self._condition(matcher, texts)
        if not where:
            return
        shown = ", ".join(texts.values())
        query = (
            f"SELECT {NUMBER}, {shown} FROM read_parquet(?, file_row_number = true) "  # noqa: S608  # quoted names
            f"WHERE {NUMBER} >= ? AND {NUMBER} < ? AND ({' OR '.join(where)})"
        )
        with asking():
            # Piece by piece, since DuckDB does not say how far a query is whose rows are fetched while it runs.
            for first, end in self._pieces():
                cursor = self.connection.execute(query, [str(self.path), first, end, *parameters])
                while rows := cursor.fetchmany(ROWS):
                    for number, *values in rows:
                        yield number + 1, listed_of(dict(zip(texts, values, strict=True)))
                self._searched = end

    def rows_of(self, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield all rows, of those of the named columns that are there, in order; compared without regard to case.

        Raises:
            ColumnError: None of them is there.
            UnreadableError: The file can not be read further.
        """
        there = {name.lower(): name for name in self.types if name.lower() in names}
        if not there:
            raise ColumnError(f"has none of the columns {', '.join(names)}")
        query = f"SELECT {', '.join(map(quote, there.values()))} FROM read_parquet(?)"  # noqa: S608  # quoted names
        with asking():
            cursor = self.connection.execute(query, [str(self.path)])
            while rows := cursor.fetchmany(ROWS):
                yield from (dict(zip(there, row, strict=True)) for row in rows)

    def write_without(self, gone: "array[int]", path: Path) -> None:
        """Write all rows but those of these numbers, from 0, to `path`; in order, with the same types.

        Raises:
            UnreadableError: The file can not be read further.
        """
        with asking():
            found = self.connection.execute(
                "SELECT compression, row_group_num_rows FROM parquet_metadata(?) LIMIT 1", [str(self.path)]
            ).fetchone()
            kept = self.connection.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(self.path)]).fetchall()
            compression, group = found or ("SNAPPY", 0)
            options = {
                "COMPRESSION": text(_CODECS.get(compression, "snappy")),
                "ROW_GROUP_SIZE": str(max(int(group), SMALLEST_GROUP)),
            }
            if pairs := [f"{quote(key.decode('utf-8', 'replace'))}: {blob(value)}" for key, value in kept]:
                options["KV_METADATA"] = f"{{{', '.join(pairs)}}}"
            read = f"read_parquet({text(str(self.path))}, file_row_number = true)"
            # A bit a row, looked at row by row: a join would not keep the order.
            bits = numpy.ones(self.rows, dtype=numpy.uint8)
            bits[numpy.frombuffer(gone, dtype=numpy.int64)] = 0
            self.connection.execute("SET VARIABLE kept = CAST(? AS BLOB)::BIT", [numpy.packbits(bits).tobytes()])
            self.connection.execute(
                f"COPY (SELECT * EXCLUDE ({NUMBER}) FROM {read} "  # noqa: S608  # quoted names
                f"WHERE get_bit(getvariable('kept'), CAST({NUMBER} AS INTEGER)) = 1) TO {text(str(path))} "
                f"(FORMAT parquet, {', '.join(f'{name} {value}' for name, value in options.items())})"
            )

    def progress(self) -> float:
        """Return how much of the search is done, 0 to 1; where rows are written as well, that is the other half."""
        searched = self._searched / max(self.rows, 1)
        if not self._writes:
            return searched
        written = float(self.connection.query_progress()) / 100 if searched == 1 else 0.0
        return (searched + min(max(written, 0.0), 1.0)) / 2

    def _pieces(self) -> Iterator[tuple[int, int]]:
        """Yield first and end of runs of whole row groups: a part of one would be read as a whole each time."""
        groups = self.connection.execute(
            "SELECT any_value(row_group_num_rows) FROM parquet_metadata(?) GROUP BY row_group_id ORDER BY row_group_id",
            [str(self.path)],
        ).fetchall()
        first = end = 0
        for (rows,) in groups:
            end += rows
            if end - first >= PIECE:
                yield first, end
                first = end
        if first < end:
            yield first, end

    def _expression(self, field: str, name: str) -> str:
        quoted = quote(name)
        if name not in self.types:
            quoted = ".".join(quote(part) for part in name.split("."))
        kind = self.types.get(name, "VARCHAR")
        if field == "url" and not kind.startswith(("VARCHAR", "BLOB")):
            raise UnreadableError(
                f"has a column {name!r} of the type {kind[:60]}, not of text; name another: --column url=NAME"
            )
        return f"CAST({quoted} AS VARCHAR)"

    def _condition(self, matcher: Matcher, texts: Mapping[str, str]) -> tuple[list[str], list[str]]:
        where: list[str] = []
        parameters: list[str] = []
        identifiers = matcher.identifiers
        for field, needles, addresses in (
            ("url", address_needles(identifiers), True),
            ("caption", caption_needles(identifiers), False),
        ):
            if field not in texts or not needles:
                continue
            if pattern := expression(needles, addresses=addresses):
                where.append(f"regexp_matches({texts[field]}, ?)")
                parameters.append(pattern)
            else:
                where.append(f"{texts[field]} IS NOT NULL")
        for field, known in (("md5", identifiers.md5), ("sha256", identifiers.sha256)):
            if field in texts and known:
                self.table(field, sorted(known))
                where.append(f"lower(trim({texts[field]})) {_in(field)}")
        if "phash" in texts and identifiers.phash:
            digits = f"lower(trim({texts['phash']}))"
            if self.types.get(self._name_of(texts["phash"]), "").endswith("BIGINT"):
                digits = f"printf('%016x', {self._bits(texts['phash'])})"
            for place, (start, length, values) in enumerate(pieces_of(identifiers.phash, matcher.distance)):
                self.table(f"piece{place}", values)
                where.append(f"substr({digits}, {start + 1}, {length}) {_in(f'piece{place}')}")
        return where, parameters

    def _name_of(self, text: str) -> str:
        return next((name for name in self.types if text == f"CAST({quote(name)} AS VARCHAR)"), "")

    def _bits(self, text: str) -> str:
        name = self._name_of(text)
        # As the two's complement of a signed number; DuckDB prints negative ones with a sign.
        return f"CAST(({quote(name)}::HUGEINT + 18446744073709551616) % 18446744073709551616 AS UBIGINT)"

    def table(self, name: str, values: Sequence[str]) -> None:
        """Make a table `name` with one column `value`."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} (value VARCHAR)")
        for start in range(0, len(values), _STEP):
            piece = list(values[start : start + _STEP])
            self.connection.execute(f"INSERT INTO {name} SELECT unnest(?::VARCHAR[])", [piece])


@contextmanager
def asking() -> Iterator[None]:
    """Turn what DuckDB raises into what this program knows.

    Raises:
        UnreadableError: DuckDB says that something is wrong.
        KeyboardInterrupt: The program was interrupted while DuckDB worked.
    """
    try:
        yield
    except Exception as error:
        # The first is DuckDB's own, the second a RuntimeError that comes of a signal.
        if type(error).__name__ == "InterruptException" or str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        if isinstance(error, need("duckdb", "dataset").Error):
            raise _unreadable(error) from None
        raise


@contextmanager
def open_parquet(source: Source, work: Path | None = None) -> Iterator[ParquetFile]:
    """Open a Parquet file.

    Args:
        work: A folder that DuckDB may write to as well; None for one of its own that is removed afterwards.

    Raises:
        UnreadableError: It is damaged.
        UsageError: DuckDB is not installed.
    """
    duckdb = need("duckdb", "dataset")
    with tempfile.TemporaryDirectory(prefix="guard-dataset-") as folder:
        path = Path(folder, "rows.parquet")
        path.symlink_to(source.path)
        allowed = [folder, *([str(work)] if work is not None else [])]
        connection = duckdb.connect(
            ":memory:",
            config={
                "threads": 2,
                "memory_limit": MEMORY,
                "temp_directory": str(Path(folder, "spill")),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "preserve_insertion_order": True,
            },
        )
        try:
            # With it, a column that happens to hold no empty value would become one that may hold none.
            connection.execute("SET disabled_optimizers = 'statistics_propagation'")
            connection.execute("SET enable_progress_bar = true")
            connection.execute("SET enable_progress_bar_print = false")
            connection.execute("SET allowed_directories = ?", [allowed])
            connection.execute("SET allowed_paths = ?", [[str(path), str(source.path)]])
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield ParquetFile(connection, path, source, writes=work is not None)
        finally:
            connection.close()


def _in(table: str) -> str:
    return f"IN (FROM {table})"


def quote(name: str) -> str:
    """Quote a column's name for SQL."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def text(value: str) -> str:
    """Quote a text for SQL."""
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def blob(value: bytes) -> str:
    """Write bytes for SQL."""
    digits = "".join(f"\\x{byte:02X}" for byte in value)
    return f"'{digits}'::BLOB"


def _unreadable(error: Exception) -> UnreadableError:
    text = " ".join(str(error).split())
    text = re.sub(r"'?/\S*?/guard-dataset-\w+/rows\.parquet'?", "the file", text)
    return UnreadableError(f"is no Parquet file that can be read: {text[:300]}")
