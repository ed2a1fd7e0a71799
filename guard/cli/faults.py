"""How is a fault shown to whoever wrote the file?

guard.yaml:12:5: rules.0.acton: unknown key (did you mean 'action'?)
  12 |     acton: block
     |     ^

A service writes that into its journal, so what a line holds of a secret is covered.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from guard.errors import Fault
from guard.yaml12 import MAX_BYTES

_MAX_WIDTH = 100
_SECRET = re.compile(
    r"""(?ix) [\w-]*(?:passw|passphrase|secret|webhook)[\w-]* (?<!_file) ["']? \s* : \s* (?!["']?\$\{)
    ( "(?:[^"\\]|\\.)*"? | '[^']*'? | [^\s,}#][^,}#]* )
    | // ([^/@\s"']+) @"""
)
"""What stands at a key of that name, unless it is only a variable's; and who signs in where, in an address."""
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
    source = _SECRET.sub(_covered, source)
    # A long line is cut around the caret, and what a terminal would obey is replaced one for one.
    start = max(0, column - _MAX_WIDTH // 2) if len(source) > _MAX_WIDTH else 0
    shown = _UNPRINTABLE.sub("\ufffd", source[start : start + _MAX_WIDTH].replace("\t", " "))
    return [f"{line:>5} | {shown}".rstrip(), f"      | {' ' * (column - 1 - start)}^"]


def _covered(match: re.Match[str]) -> str:
    # As long as before, so that the caret stays where it is.
    which = 1 if match[1] else 2
    start, end = (at - match.start() for at in match.span(which))
    return f"{match[0][:start]}{'•' * (end - start)}{match[0][end:]}"
