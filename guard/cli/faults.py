"""How is a fault shown to whoever wrote the file?

guard.yaml:12:5: rules.0.acton: unknown key (did you mean 'action'?)
  12 |     acton: block
     |     ^
"""

import re
from collections.abc import Iterable
from pathlib import Path

from guard.errors import Fault
from guard.yaml12 import MAX_BYTES

_MAX_WIDTH = 100
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def render(faults: Iterable[Fault], rules: Path | None = None) -> str:
    """Return every fault with its line of the file and a caret, where the file can be read.

    Args:
        rules: The folder of the shipped rules, whose files are named from there on: `rules/crawlers/…`.
    """
    lines_of: dict[str, list[str]] = {}
    blocks: list[str] = []
    for fault in faults:
        blocks.append(_UNPRINTABLE.sub("\ufffd", str(fault)))
        if fault.file not in lines_of:
            lines_of[fault.file] = _lines(Path(fault.file)) or (_lines(rules.parent / fault.file) if rules else [])
        if 1 <= fault.line <= len(lines_of[fault.file]):
            blocks += _excerpt(lines_of[fault.file][fault.line - 1], fault.line, fault.column)
    return "\n".join(blocks)


def _lines(file: Path) -> list[str]:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES)
    except (OSError, ValueError):
        return []
    return re.split("\r\n|\r|\n", data.decode("utf-8", "replace").removeprefix("\ufeff"))


def _excerpt(source: str, line: int, column: int) -> list[str]:
    # A long line is cut around the caret, and what a terminal would obey is replaced one for one.
    start = max(0, column - _MAX_WIDTH // 2) if len(source) > _MAX_WIDTH else 0
    shown = _UNPRINTABLE.sub("\ufffd", source[start : start + _MAX_WIDTH].replace("\t", " "))
    return [f"{line:>5} | {shown}".rstrip(), f"      | {' ' * (column - 1 - start)}^"]
