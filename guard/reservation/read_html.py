"""Which tags and texts stand in this HTML, in time that grows with its length and no faster?

`html.parser` reads an unclosed comment to the end again and again: a megabyte of `<!--` keeps it
busy for minutes. Here each character is looked at a bounded number of times. What is not closed
is dropped with the rest, as a browser would make one comment or one tag of it.
"""

import re
from collections.abc import Iterator
from html import unescape

MAX_TAG = 20_000
"""Characters of a tag; a longer one is skipped."""

_NAME = re.compile(r"[a-zA-Z][^\s/>]{0,60}")
_ATTRIBUTES = re.compile(r"(?:[^>\"']|\"[^\"]*\"|'[^']*')*")
_ATTRIBUTE = re.compile(r"([^\s\"'>/=]{1,100})(?:\s{0,100}=\s{0,100}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_RAW = frozenset({"script", "style"})
"""Elements in which no tag is one."""

Event = tuple[str, str, dict[str, str]]
"""`start` and a tag with its attributes, `end` and a tag, or `text` and a text; names in lower case."""


def events(text: str) -> Iterator[Event]:
    """Yield what is there, in order."""
    at, end = 0, len(text)
    lower = text.lower() if len(text.lower()) == end else text  # a few letters have longer small ones
    while at < end:
        opening = text.find("<", at)
        if opening < 0 or opening > at:
            yield "text", unescape(text[at : opening if opening >= 0 else end]), {}
            if opening < 0:
                return
        if text.startswith("<!--", opening):
            at = _after(text, "-->", opening + 4)
        elif text[opening + 1 : opening + 2] in {"!", "?"}:
            at = _after(text, ">", opening)
        elif name := _NAME.match(text, opening + 2 if text.startswith("</", opening) else opening + 1):
            tag = name[0].lower()
            if text[opening + 1] == "/":
                yield "end", tag, {}
                at = _after(text, ">", name.end())
            else:
                at, attributes = _start(text, name.end())
                yield "start", tag, attributes
                if tag in _RAW:
                    close = lower.find(f"</{tag}", at)
                    yield "text", text[at : close if close >= 0 else end], {}
                    at = close if close >= 0 else end
        else:
            yield "text", "<", {}
            at = opening + 1


def _after(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return found + len(mark) if found >= 0 else len(text)


def _start(text: str, at: int) -> tuple[int, dict[str, str]]:
    """Return where a start tag ends, and its attributes; the first of a name counts."""
    close = text.find(">", at)
    if close < 0 or close - at > MAX_TAG:
        return (close + 1 if close >= 0 else len(text)), {}
    inner = _ATTRIBUTES.match(text, at, at + MAX_TAG)
    stop = inner.end() if inner else close
    if text[stop : stop + 1] != ">":
        stop = close  # a quote mark that is never closed
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(text, at, stop):
        value = next((one for one in match.groups()[1:] if one is not None), "")
        found.setdefault(match[1].lower(), unescape(value))
    return stop + 1, found
