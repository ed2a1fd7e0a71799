"""How are rights written into an XMP packet without losing what is in it?

A packet (ISO 16684-1) is read once by an event parser, and then changed as text: what is
private or replaced is cut out of it, and what is new stands in one more `rdf:Description` at
its end. Everything else stays byte for byte, prefixes, comments and other programs' properties
included.

What the picture says about itself is believed: an existing creator, credit, notice, terms,
licensor and web statement stay, and only gaps are filled. What is reserved can only grow: see
`data_mining.together` for the one value, and existing words on constraints get ours after them.

Packets come from strangers: no document type (so no entity can expand), bounded size, and one
that can not be read is an error, never an empty one, since replacing it would lose what is there.
"""

from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from guard.image import data_mining
from guard.image.data_mining import Use
from guard.image.metadata import NAMESPACES, is_xml
from guard.image.privacy import Private
from guard.image.xmp_scan import Scan, scan

MAX_PACKET: Final = 8 * 1024 * 1024
"""Bytes of a packet that is changed. In a JPEG file it has 64 KiB, and what is longer stands in extended packets."""

_OPEN: Final = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode()
_CLOSE: Final = b'<?xpacket end="w"?>'

Words = tuple[tuple[str, str], ...]
"""A text in several languages: pairs of language (`x-default` first) and text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsPacket:
    """What a picture shall say about its rights. Each text is empty where there is nothing to say."""

    permitted: frozenset[Use]
    """What may be done with it by machine; becomes `plus:DataMining`."""
    constraints: Words = ()
    """`plus:OtherConstraints`: the reservation in words."""
    web_statement: str = ""
    """`xmpRights:WebStatement`: the absolute URL of the terms."""
    usage_terms: Words = ()
    """`xmpRights:UsageTerms`."""
    licensor_name: str = ""
    """`plus:LicensorName`."""
    licensor_url: str = ""
    """`plus:LicensorURL`: where a licence is to be had."""
    licensor_email: str = ""
    """`plus:LicensorEmail`."""
    creator: str = ""
    """`dc:creator`, for pictures that name nobody."""
    credit: str = ""
    """`photoshop:Credit`, likewise."""
    notice: str = ""
    """`dc:rights`, the copyright notice, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A packet with everything in it, ready to be put into a file."""

    packet: bytes
    added: tuple[str, ...]
    """Properties that are new or changed, like `plus:DataMining`."""
    removed: frozenset[Private]
    changed: bool
    extended: str
    """The digest in `xmpNote:HasExtendedXMP`; empty without one."""


def merge(existing: bytes, rights: RightsPacket | None, *, strip: bool) -> Merged:
    """Return `existing` (empty for no packet) with `rights` in it (None: nothing to add), private data taken out.

    Raises:
        LeftAloneError: `existing` can not be read.
    """
    found = scan(existing, private=strip)
    new = _new(found, rights) if rights is not None else []
    edits = list(found.private_spans)
    for name, _ in new:
        edits += found.spans(name)
    added = tuple(name for name, _ in new)
    if not new and not edits:
        return Merged(packet=existing, added=(), removed=frozenset(), changed=False, extended=found.extended)
    packet = _edited(found, edits, "".join(text for _, text in new))
    return Merged(packet=packet, added=added, removed=found.private, changed=True, extended=found.extended)


def _edited(found: Scan, edits: list[tuple[int, int]], inner: str) -> bytes:
    description = _description(found.about, inner).encode() if inner else b""
    if not found.data:
        return b"".join(
            (_OPEN, b'<x:xmpmeta xmlns:x="', NAMESPACES["x"].encode(), b'"><rdf:RDF xmlns:rdf="',
             NAMESPACES["rdf"].encode(), b'">', description, b"</rdf:RDF></x:xmpmeta>", _CLOSE)
        )  # fmt: skip
    pieces = []
    position = found.begin
    insertions = [(found.insert_at, found.insert_at, description)]
    for start, end, text in sorted([(start, end, b"") for start, end in edits] + insertions):
        # A span may lie within one that is cut already.
        if start < position:
            continue
        pieces += [found.data[position:start], text]
        position = end
    pieces.append(found.data[position : found.end])
    return b"".join((_OPEN, *pieces, _CLOSE))


def _new(found: Scan, rights: RightsPacket) -> list[tuple[str, str]]:
    """Return the properties to write, by name; those that exist under that name are replaced."""
    new: list[tuple[str, str]] = []
    said = found.value("plus:DataMining")
    mining = data_mining.together(said, rights.permitted)
    if mining != said:
        new.append(("plus:DataMining", _plain("plus:DataMining", mining)))
    there = found.get("plus:OtherConstraints")
    words = _both(there.texts if there else (), rights.constraints)
    if words and (there is None or words != there.texts):
        new.append(("plus:OtherConstraints", _alternative("plus:OtherConstraints", words)))
    gaps = (
        ("dc:creator", _list("dc:creator", rights.creator)),
        ("photoshop:Credit", _plain("photoshop:Credit", rights.credit)),
        ("dc:rights", _alternative("dc:rights", (("x-default", rights.notice),) if rights.notice else ())),
        ("xmpRights:Marked", _plain("xmpRights:Marked", "True" if rights.permitted != data_mining.EVERY_USE else "")),
        ("xmpRights:WebStatement", _plain("xmpRights:WebStatement", rights.web_statement)),
        ("xmpRights:UsageTerms", _alternative("xmpRights:UsageTerms", rights.usage_terms)),
        ("plus:Licensor", _licensor(rights)),
    )
    return new + [(name, text) for name, text in gaps if text and not found.has(name)]


def _both(there: Words, ours: Words) -> Words:
    """Put our words after those that are there, language by language, once."""
    merged = {language or "x-default": text for language, text in there}
    for language, text in ours:
        before = merged.get(language, "")
        if text not in before:
            merged[language] = f"{before} {text}" if before else text
    return tuple(merged.items())


def _description(about: str, inner: str) -> str:
    used = [prefix for prefix in NAMESPACES if prefix != "x" and (prefix == "rdf" or f"<{prefix}:" in inner)]
    declared = " ".join(f'xmlns:{prefix}="{NAMESPACES[prefix]}"' for prefix in used)
    return f"<rdf:Description {declared} rdf:about={quoteattr(about)}>{inner}</rdf:Description>"


def _plain(name: str, value: str) -> str:
    return f"<{name}>{_xml(value)}</{name}>" if value else ""


def _list(name: str, value: str) -> str:
    return f"<{name}><rdf:Seq><rdf:li>{_xml(value)}</rdf:li></rdf:Seq></{name}>" if value else ""


def _alternative(name: str, words: Words) -> str:
    items = "".join(f"<rdf:li xml:lang={quoteattr(language)}>{_xml(text)}</rdf:li>" for language, text in words)
    return f"<{name}><rdf:Alt>{items}</rdf:Alt></{name}>" if items else ""


def _licensor(rights: RightsPacket) -> str:
    fields = "".join(
        _plain(f"plus:{name}", value)
        for name, value in (
            ("LicensorName", rights.licensor_name),
            ("LicensorURL", rights.licensor_url),
            ("LicensorEmail", rights.licensor_email),
        )
    )
    if not (rights.licensor_url or rights.licensor_email):
        return ""
    return f'<plus:Licensor><rdf:Seq><rdf:li rdf:parseType="Resource">{fields}</rdf:li></rdf:Seq></plus:Licensor>'


def _xml(value: str) -> str:
    return escape("".join(character for character in value if is_xml(ord(character))))
