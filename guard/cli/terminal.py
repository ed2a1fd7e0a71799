"""How does text that strangers chose get into a terminal or a spreadsheet, and stay text there?

A path or a user agent may hold what a terminal obeys (escape sequences, characters that
turn the line around) or what a spreadsheet computes (a cell that begins with `=`).
"""

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

_T = TypeVar("_T")

_COMPUTED: Final = frozenset("=+-@＝＋－＠\t\r\n")


def printable(text: str, longest: int = 0) -> str:
    """Return `text` on one line, with a visible code for whatever is not a visible character.

    Args:
        longest: Characters to cut it to; 0 for all of it.
    """
    if not text.isprintable():
        text = "".join(one if one.isprintable() else _code(one) for one in text)
    return text if not longest or len(text) <= longest else f"{text[: longest - 1]}…"


def _code(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def csv_lines(rows: Iterable[Sequence[str | int]]) -> str:
    """Return rows as CSV (RFC 4180) that no spreadsheet takes for formulas."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([_cell(one) if isinstance(one, str) else one for one in row])
    return out.getvalue()


def _cell(text: str) -> str:
    # A quote mark in front makes a spreadsheet show the rest as it is.
    return f"'{printable(text)}" if text.lstrip(" ")[:1] in _COMPUTED and text.strip() else printable(text)


def complain(sentence: str) -> None:
    """Say on standard error what the user should know; not among the results."""
    print(f"guard: {printable(sentence)}", file=sys.stderr)  # noqa: T201


def with_progress(work: Iterable[_T], what: str, total: int | None = None, *, quiet: bool = False) -> Iterator[_T]:
    """Yield each piece of work, and show on a terminal how many are done; `total` where their number is not its own."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        yield from progress.track(work, total=total)
