"""What do tests of data sets need to make one?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

URLS = (
    "https://cdn.test/cat.jpg",
    "https://photo.example/a.jpg",
    "http://WWW.photo.example:8080/album/b.jpg?w=300",
    "https://i0.wp.com/photo.example/c.jpg",
    "https://myphoto.example/d.jpg",
    None,
    "",
    "not an address",
    "https://dog.test/photo.example/",
)
"""Rows 2, 3 and 4 are photo.example's, row 9 only mentions it."""
MINE = [2, 3, 4, 9]


def parquet(path: Path, columns: Mapping[str, Sequence[Any]] | pyarrow.Table, **options: Any) -> Path:
    """Write a Parquet file."""
    table = columns if isinstance(columns, pyarrow.Table) else pyarrow.table(dict(columns))
    pyarrow.parquet.write_table(table, path, **options)
    return path


def laion(path: Path, **options: Any) -> Path:
    """Write a Parquet file with the columns of LAION."""
    count = len(URLS)
    columns = {
        "SAMPLE_ID": list(range(count)), "URL": list(URLS), "TEXT": [f"caption {n}" for n in range(count)],
        "WIDTH": [100.0] * count, "HEIGHT": [80.0] * count, "similarity": [0.3] * count, "hash": [7] * count,
    }  # fmt: skip
    return parquet(path, columns, **options)
