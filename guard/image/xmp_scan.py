"""What stands where in an XMP packet?

An event parser (expat, namespaces resolved) goes over the packet once and notes the byte span
of every property that somebody asks about, and of everything private at whatever depth.
"""

import re
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from guard.errors import LeftAloneError
from guard.image.left_alone import Why
from guard.image.metadata import NAMESPACES
from guard.image.privacy import HINT, Private, in_xmp

MAX_DEPTH: Final = 200
MAX_ELEMENTS: Final = 200_000

_RDF: Final = NAMESPACES["rdf"]
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_NOTE: Final = "http://ns.adobe.com/xmp/note/"
_PREFIXES: Final = {uri: prefix for prefix, uri in NAMESPACES.items()}
_TEXT: Final = {
    "plus:DataMining", "plus:OtherConstraints", "plus:Licensor", "dc:creator", "dc:rights", "photoshop:Credit",
    "xmpRights:Marked", "xmpRights:WebStatement", "xmpRights:UsageTerms",
}  # fmt: skip
"""Properties whose values are read."""
_START_TAG: Final = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*(/?)>""")
_ATTRIBUTE: Final = re.compile(rb"""\s+([^\s=>]+)\s*=\s*(?:"[^"]*"|'[^']*')""")

Span = tuple[int, int]


@dataclass(slots=True, kw_only=True)
class Property:
    """One property of the packet."""

    spans: list[Span] = field(default_factory=list)
    """Where it stands: an element, or an attribute with the space before it."""
    texts: tuple[tuple[str, str], ...] = ()
    """Its values with their languages (empty for none), white space at both ends cut."""


@dataclass(slots=True, kw_only=True)
class Scan:
    """What was found. All places are bytes of `data`."""

    data: bytes = b""
    """The packet in UTF-8."""
    begin: int = 0
    """Of the root element."""
    end: int = 0
    insert_at: int = 0
    """Where one more `rdf:Description` can stand."""
    about: str = ""
    properties: dict[str, Property] = field(default_factory=dict)
    private_spans: list[Span] = field(default_factory=list)
    private: frozenset[Private] = frozenset()
    extended: str = ""

    def get(self, name: str) -> Property | None:
        return self.properties.get(name)

    def has(self, name: str) -> bool:
        return any(text for _, text in self.properties.get(name, Property()).texts)

    def value(self, name: str) -> str:
        return next((text for _, text in self.properties.get(name, Property()).texts if text), "")

    def spans(self, name: str) -> list[Span]:
        return self.properties.get(name, Property()).spans


def scan(packet: bytes, *, private: bool) -> Scan:
    """Read a packet; an empty one, or one of white space, gives an empty scan.

    Args:
        private: Also look for private properties.

    Raises:
        LeftAloneError: It can not be read.
    """
    data = _utf8(packet)
    if not data.strip(b"\0 \t\r\n"):
        return Scan()
    data = data.rstrip(b"\0")
    reader = _Reader(data, private=private and HINT.search(data) is not None)
    try:
        reader.parse()
    except expat.ExpatError as error:
        raise LeftAloneError(Why.BROKEN_XMP, expat.ErrorString(error.code)) from None
    return reader.result()


def _utf8(packet: bytes) -> bytes:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"<\0?\0", "utf-16-le"),
                           (b"\0<\0?", "utf-16-be")):  # fmt: skip
        if packet.startswith(mark):
            try:
                return packet.decode(encoding).encode()
            except UnicodeDecodeError:
                raise LeftAloneError(Why.BROKEN_XMP, "it is not UTF-16") from None
    return packet.removeprefix(b"\xef\xbb\xbf")


class _Reader:
    def __init__(self, data: bytes, *, private: bool) -> None:
        self._data = data
        self._private = private
        self._found = Scan(data=data)
        self._kinds: set[Private] = set()
        self._stack: list[tuple[str, int, bool]] = []
        """Name, place of the start tag, and whether the element has a tag of its own at its end."""
        self._elements = 0
        self._description = -1
        """The depth of the `rdf:Description` we are in, when it is one of the whole packet."""
        self._rdf = -1
        self._property = ""
        self._cut_depth = -1
        """The depth of the private element we are in."""
        self._language = ""
        self._text: list[str] = []
        parser = expat.ParserCreate("utf-8", " ")
        parser.namespace_prefixes = True
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        self._parser = parser

    def parse(self) -> None:
        self._parser.Parse(self._data, True)

    def result(self) -> Scan:
        if not self._found.insert_at:
            raise LeftAloneError(Why.BROKEN_XMP, "there is no rdf:RDF in it")
        self._found.private = frozenset(self._kinds)
        return self._found

    def _doctype(self, *_: object) -> None:
        raise LeftAloneError(Why.BROKEN_XMP, "it has a document type")

    def _start(self, name: str, attributes: list[str]) -> None:
        at = self._parser.CurrentByteIndex
        depth = len(self._stack)
        self._elements += 1
        if depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise LeftAloneError(Why.BROKEN_XMP, "it is nested too deeply or too large")
        tag = _START_TAG.match(self._data, at)
        if tag is None:
            raise LeftAloneError(Why.BROKEN_XMP, "a start tag can not be read")
        if not self._stack:
            self._found.begin = at
        self._stack.append((name, at, not tag[1]))
        uri, local = _split(name)
        if uri == _RDF and local == "RDF" and self._rdf < 0:
            self._rdf = depth
        elif uri == _RDF and local == "Description" and depth == self._rdf + 1 and self._rdf >= 0:
            self._description = depth
        elif self._description >= 0 and depth == self._description + 1:
            self._begin_property(f"{_PREFIXES.get(uri, '?')}:{local}", attributes)
        if self._private and self._cut_depth < 0 and (kind := in_xmp(uri, local)) is not None:
            self._kinds.add(kind)
            self._cut_depth = depth
        if attributes:
            self._read_attributes(attributes, tag, top=self._description == depth)
        if self._property:
            self._text.clear()

    def _begin_property(self, name: str, attributes: list[str]) -> None:
        self._property = name if name in _TEXT or name == "?:HasExtendedXMP" else ""
        if not self._property:
            return
        self._language = ""
        self._parser.CharacterDataHandler = self._text.append
        kept = self._found.properties.setdefault(self._property, Property())
        for key, value in zip(attributes[::2], attributes[1::2], strict=True):
            if _split(key) == (_RDF, "resource"):
                kept.texts += (("", value.strip()),)

    def _read_attributes(self, attributes: list[str], tag: re.Match[bytes], *, top: bool) -> None:
        start = tag.start() + 1
        spans = {}
        for found in _ATTRIBUTE.finditer(self._data, start, tag.end()):
            spans[found[1]] = found.span()
        for key, value in zip(attributes[::2], attributes[1::2], strict=True):
            uri, local = _split(key)
            prefix = key.split(" ")[2] if key.count(" ") == 2 else ""
            span = spans.get(f"{prefix}:{local}".encode() if prefix else local.encode())
            if uri == _XML and local == "lang":
                self._language = value
            if top and uri == _RDF and local == "about":
                self._found.about = self._found.about or value
            if uri == _NOTE and local == "HasExtendedXMP":
                self._found.extended = value.strip()
            if span is None:
                continue
            if top and (name := f"{_PREFIXES.get(uri, '?')}:{local}") in _TEXT:
                kept = self._found.properties.setdefault(name, Property())
                kept.texts += (("", value.strip()),)
                kept.spans.append(span)
            if self._private and self._cut_depth < 0 and uri and (kind := in_xmp(uri, local)) is not None:
                self._kinds.add(kind)
                self._found.private_spans.append(span)

    def _end(self, _name: str) -> None:
        _, start, has_end_tag = self._stack.pop()
        at = self._parser.CurrentByteIndex
        depth = len(self._stack)
        # Of an empty element this is where it ends, of any other where its end tag begins.
        end = self._data.index(b">", at) + 1 if has_end_tag else at
        if self._property:
            text = "".join(self._text).strip()
            self._text.clear()
            if text:
                kept = self._found.properties[self._property]
                kept.texts += ((self._language, text),)
        if depth == self._cut_depth:
            self._cut_depth = -1
            self._found.private_spans.append((start, end))
        if self._property and depth == self._description + 1:
            if self._property == "?:HasExtendedXMP":
                self._found.extended = next((text for _, text in self._found.properties[self._property].texts), "")
            self._found.properties[self._property].spans.append((start, end))
            self._property = ""
            self._parser.CharacterDataHandler = None
        elif depth == self._description:
            self._description = -1
        elif depth == self._rdf:
            if not has_end_tag:
                raise LeftAloneError(Why.BROKEN_XMP, "its rdf:RDF is empty")
            self._found.insert_at = at
            self._rdf = MAX_DEPTH + 1  # a second one is no packet of ours
        if not self._stack:
            self._found.end = end


def _split(name: str) -> tuple[str, str]:
    """Return namespace and local name of what expat reports: `local`, `uri local` or `uri local prefix`."""
    parts = name.split(" ")
    return (parts[0], parts[1]) if len(parts) > 1 else ("", parts[0])
