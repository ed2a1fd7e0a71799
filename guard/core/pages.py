"""Where can bytes be put into a page on its way without ever breaking it?

Only into what is plainly an ordinary page, by its head and by its bytes; all else passes as it is.

*In front of its end*: what stands in a script or a comment looks alike, so a page with anything
else behind its last `</body>` stays as it is.

*At the beginning of its head*: behind a `<head>` that is the first element in `<html>`, or in front
of the first element that can only stand in a head. The bytes until there are read as the HTML
standard's tokenizer reads them, where it has one way to; anything odd, a comment that ends in an
unusual way or an attribute with a stray quote mark, and the page stays as it is. A browser looks for
`<meta charset>` in the first 1024 bytes only; so where neither the header nor a byte order mark
says the charset, the place is behind that element, and a page that nowhere says it stays as it is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LONGEST_TAIL: Final = 2048
"""Bytes from `</body` on that are held back until the page's end; with more, it is not its end."""
LONGEST_START: Final = 16 * 1024
"""Bytes in which the head must begin; licence comments and conditional comments of old themes stand before it."""

# No possessive quantifiers: Python 3.11.2, which Debian 12 has, does not always find what they match.
_BLANK = rb"(?:\s|<!--[^<>]*-->)*"
_END = re.compile(rb"</body\s*>" + _BLANK + rb"(?:</html\s*>)?" + _BLANK + rb"\Z", re.I)
_OPENING = b"</body"
_CHARSET = re.compile(r'charset\s*=\s*"?([A-Za-z0-9_.:-]+)', re.I)
_ASCII_LIKE = re.compile(r"utf-?8|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d|cp125\d|koi8-[ru]", re.I)

_SPACE = rb"[\t\n\f\r ]"
_ATTRIBUTES = (
    rb"(?:" + _SPACE + rb"+[^\t\n\f\r \"'<>/=]+(?:"
    + _SPACE + rb"*=" + _SPACE + rb"*(?:\"[^\"]*\"|'[^']*'|[^\t\n\f\r \"'=<>`]+))?)*" + _SPACE + rb"*"
)  # fmt: skip
_QUOTED = re.compile(rb"=" + _SPACE + rb"*(?:\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z))")
"""A value in quote marks, also one whose end has not come: a `>` in it ends no tag."""
_SKIPPED = re.compile(_SPACE + rb"+|<!doctype[^>]*>|<\?[^>]*>", re.I)
_HTML = re.compile(rb"<html" + _ATTRIBUTES + rb">", re.I)
_HEAD = re.compile(rb"<head" + _ATTRIBUTES + rb">", re.I)
_META = re.compile(rb"<meta" + _ATTRIBUTES + rb"/?>", re.I)
_PLAIN = re.compile(rb"<(?:meta|link|base)" + _ATTRIBUTES + rb"/?>|<title>[^<]*</title" + _SPACE + rb"*>", re.I)
_IN_HEAD = re.compile(rb"<(?:meta|title|link|base|style|script|template|noscript)(?=[\t\n\f\r >/])", re.I)
_META_CHARSET = re.compile(rb"charset" + _SPACE + rb"*=" + _SPACE + rb"*[\"']?([A-Za-z0-9_.:-]+)", re.I)
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something can be put into a page."""

    at: int | None
    """Bytes from its beginning; None for nowhere."""


_NOWHERE: Final = Place(None)


def says_charset(headers: Iterable[tuple[str, str]]) -> bool:
    """Tell whether the head of an answer names the charset of its page."""
    return any(name.lower() == "content-type" and _CHARSET.search(value) for name, value in headers)


def head_place(data: bytes, *, charset_known: bool, complete: bool) -> Place | None:
    """Return the place at the beginning of the head of the page that begins with `data`, or None if more is needed.

    Args:
        charset_known: The header says the charset.
        complete: `data` is the whole page.
    """
    at = _start(data, charset_known=charset_known)
    if at is None and not complete and len(data) < LONGEST_START:
        return None
    return _NOWHERE if at is None or at < 0 else Place(at)


def _start(data: bytes, *, charset_known: bool) -> int | None:
    """Return the place; a negative number for nowhere, None where it is not to be seen yet."""
    at = len(_BOM) if data.startswith(_BOM) else 0
    known = charset_known or at > 0
    seen_html = False
    while (after := _skip(data, at)) is not None and after >= 0:
        at = after
        if not seen_html and (match := _HTML.match(data, at)):
            seen_html, at = True, match.end()
            continue
        if match := _HEAD.match(data, at):
            return match.end() if known else _behind_charset(data, match.end())
        if _IN_HEAD.match(data, at):
            return at if known else _behind_charset(data, at)
        # A tag whose end has not come may still be one of these; anything else is none.
        return None if _unfinished(data, at) else -1
    return after


def _behind_charset(data: bytes, at: int) -> int | None:
    """Return the place behind `<meta charset>`, if only plain elements stand before it and a browser would find it."""
    while (after := _skip(data, at)) is not None and 0 <= after < 1024:
        if (meta := _META.match(data, after)) and (charset := _META_CHARSET.search(meta[0])):
            return meta.end() if _ASCII_LIKE.fullmatch(charset[1].decode()) and meta.end() <= 1024 else -1
        plain = _PLAIN.match(data, after)
        if plain is None:
            return None if _unfinished(data, after) else -1
        at = plain.end()
    return after if after is None else -1


def _skip(data: bytes, at: int) -> int | None:
    """Return where the next element begins; a negative number for an odd comment, None if it has not come yet."""
    while True:
        if data.startswith(b"<!--", at):
            inside = at + 4
            if data.startswith((b">", b"->"), inside):
                return -1
            end = data.find(b"-->", inside)
            if end < 0:
                return None
            if data.find(b"--!>", inside, end) >= 0:
                return -1
            at = end + 3
        elif match := _SKIPPED.match(data, at):
            at = match.end()
        else:
            return at if at < len(data) else None


def _unfinished(data: bytes, at: int) -> bool:
    """Tell whether what begins at `at` may be a tag, a comment or a declaration that has not ended."""
    return data.startswith(b"<", at) and b">" not in _QUOTED.sub(b"", data[at:])


def may_be_changed(status: int, headers: Iterable[tuple[str, str]]) -> bool:
    """Tell by its head whether an answer to GET is an ordinary page that may be changed."""
    if status != 200:
        return False
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(name.lower(), []).append(value)
    types = fields.get("content-type", [])
    if len(types) != 1 or types[0].partition(";")[0].strip().lower() != "text/html":
        return False
    charset = _CHARSET.search(types[0])
    if charset is not None and not _ASCII_LIKE.fullmatch(charset[1]):
        return False
    if ("charset" in types[0].lower()) != (charset is not None):
        return False
    if any(value.strip().lower() not in ("", "identity") for value in fields.get("content-encoding", [])):
        return False
    said = {item.strip().lower().partition("=")[0] for v in fields.get("cache-control", []) for item in v.split(",")}
    if not said.isdisjoint({"private", "no-store", "no-transform"}):
        return False
    # Personal answers, downloads, signed ones and those that go on for ever are not ours to change.
    return fields.keys().isdisjoint(
        {"set-cookie", "content-disposition", "content-range", "signature", "signature-input", "x-accel-buffering",
         "trailer", "refresh"}
    )  # fmt: skip


class TailInserter:
    """Puts a piece in front of the last `</body>` of a page that comes in pieces."""

    def __init__(self, piece: bytes) -> None:
        self._piece = piece
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes and return those that can be sent on."""
        held = self._held + data
        start = held.lower().rfind(_OPENING)
        # What comes before the last one is sure to go; of one too far from the end only a new beginning is of interest.
        if start < 0 or len(held) - start > LONGEST_TAIL:
            start = len(held) - _beginning(held)
        self._held = held[start:]
        return held[:start]

    def end(self) -> bytes:
        """Return what is left, with the piece in it if the page ends as a page does."""
        held, self._held = self._held, b""
        return self._piece + held if _END.match(held) else held


def _beginning(data: bytes) -> int:
    """Return how many bytes at the end may be the beginning of `</body`."""
    tail = data[-len(_OPENING) + 1 :].lower()
    return next((length for length in range(len(tail), 0, -1) if _OPENING.startswith(tail[-length:])), 0)
