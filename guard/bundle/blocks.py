"""Of which parts is a report made, whatever language it is in?

Plain values that become JSON: the template lays them out and reads no text as markup. A span is a
text, or one with a style: bold, monospace, small, italic.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from guard.bundle.plain_text import visible

Span = str | dict[str, str]
Paragraph = list[Span]
Block = dict[str, Any]


def bold(text: str) -> Span:
    return {"k": "b", "t": visible(text)}


def mono(text: str, longest: int = 300) -> Span:
    """Return a text that strangers may have chosen, as such."""
    return {"k": "m", "t": visible(text, longest)}


def small(text: str) -> Span:
    return {"k": "s", "t": visible(text)}


def plain(text: str) -> Span:
    return visible(text)


def paragraph(*spans: Span) -> Paragraph:
    return [one if isinstance(one, dict) else visible(one) for one in spans]


def heading(text: str, level: int = 1) -> Block:
    return {"t": "heading", "level": level, "text": visible(text)}


def text(*paragraphs: Paragraph) -> Block:
    return {"t": "text", "body": list(paragraphs)}


def rows(items: Iterable[tuple[str, Sequence[Paragraph]]], *, tight: bool = False) -> Block:
    """Return a list of labels and what is said under each."""
    found = [{"label": visible(label), "body": list(body), "image": None} for label, body in items]
    return {"t": "rows", "tight": tight, "rows": found}


def table(head: Sequence[str], widths: Sequence[float], body: Iterable[Sequence[Sequence[Paragraph]]]) -> Block:
    """Return a table whose cells hold paragraphs; `widths` are shares of the line, 0 as wide as needed."""
    return {
        "t": "table",
        "head": [visible(one) for one in head],
        "widths": list(widths),
        "rows": [[{"body": list(cell)} for cell in row] for row in body],
    }


def verbatim(lines: Iterable[tuple[int, str, bool]]) -> Block:
    """Return lines as they stand in a file: number (0 for none), text, whether it is the one that is meant."""
    found = [{"number": number, "text": visible(line, 400) or " ", "marked": marked} for number, line, marked in lines]
    return {"t": "verbatim", "lines": found, "numbered": any(one["number"] for one in found)}


def chart(bars: Sequence[Mapping[str, int]], axis: tuple[str, str, str], legend: Mapping[str, str], alt: str) -> Block:
    """Return stacked bars; `axis` is written under the first, the middle and the last."""
    most = max((sum(bar.values()) for bar in bars), default=0)
    return {
        "t": "chart", "bars": [dict(bar) for bar in bars], "most": most, "axis": list(axis),
        "legend": dict(legend), "alt": alt,
    }  # fmt: skip


def bullets(items: Iterable[Paragraph]) -> Block:
    return {"t": "list", "items": list(items)}
