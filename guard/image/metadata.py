"""Which rights statement does a picture carry, and how is one written into it?

An XMP packet (ISO 16684-1) is read for the few properties that say whose the picture is
and what is reserved, and a new packet is made of those alone. Nothing else of the old one
survives, so places, serial numbers and editing histories can not slip through.

Packets come from strangers: they are parsed without document types (no entity can expand),
up to `MAX_PACKET` bytes, and one that can not be read is one without rights.
"""

from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

MAX_PACKET = 1024 * 1024
"""Bytes of XMP that are parsed. A JPEG's standard packet has at most 64 KiB."""
MAX_VALUE = 2000
"""Characters of one property that are kept."""
MAX_CREATORS = 10

NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "x": "adobe:ns:meta/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
}
PROHIBITED_EXCEPT_SEARCH = "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING"
"""PLUS data mining value: no data mining but for search engine indexing (IPTC Photo Metadata Standard 2023.1)."""

_RDF = f"{{{NAMESPACES['rdf']}}}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a picture says about who owns it; each value is empty where it says nothing."""

    notice: str = ""
    """`dc:rights`, the copyright notice."""
    creators: tuple[str, ...] = ()
    """`dc:creator`."""
    credit: str = ""
    """`photoshop:Credit`."""
    data_mining: str = ""
    """`plus:DataMining`, a term of the PLUS vocabulary."""
    constraints: str = ""
    """`plus:OtherConstraints`."""
    web_statement: str = ""
    """`xmpRights:WebStatement`, where the terms are."""
    usage_terms: str = ""
    """`xmpRights:UsageTerms`."""
    marked: str = ""
    """`xmpRights:Marked`, `True` for a work that is protected."""

    def __bool__(self) -> bool:
        return self != Rights()


def read(packet: bytes) -> Rights:
    """Return the rights that an XMP packet states; no rights if it can not be read."""
    if not packet or len(packet) > MAX_PACKET:
        return Rights()
    text = _decode(packet)
    # XMP needs no document type; refusing it takes entities, and with them "billion laughs", away.
    if "<!DOCTYPE" in text.upper():
        return Rights()
    try:
        root = ElementTree.fromstring(_strip_declaration(text))  # noqa: S314  # no document type can be in it
    except (ElementTree.ParseError, ValueError):
        return Rights()
    descriptions = root.findall(f".//{_RDF}Description")[:100]
    return Rights(
        notice=_first(descriptions, "dc:rights"),
        creators=_values(descriptions, "dc:creator")[:MAX_CREATORS],
        credit=_first(descriptions, "photoshop:Credit"),
        data_mining=_first(descriptions, "plus:DataMining"),
        constraints=_first(descriptions, "plus:OtherConstraints"),
        web_statement=_first(descriptions, "xmpRights:WebStatement"),
        usage_terms=_first(descriptions, "xmpRights:UsageTerms"),
        marked=_first(descriptions, "xmpRights:Marked"),
    )


def packet(rights: Rights) -> bytes:
    """Return an XMP packet that states exactly `rights`, in UTF-8; empty for no rights."""
    if not rights:
        return b""
    creators = "".join(f"<rdf:li>{_xml(name)}</rdf:li>" for name in rights.creators)
    parts = (
        _alternative("dc:rights", rights.notice),
        f"<dc:creator><rdf:Seq>{creators}</rdf:Seq></dc:creator>" if creators else "",
        _plain("photoshop:Credit", rights.credit),
        _plain("plus:DataMining", rights.data_mining),
        _alternative("plus:OtherConstraints", rights.constraints),
        _plain("xmpRights:Marked", rights.marked),
        _plain("xmpRights:WebStatement", rights.web_statement),
        _alternative("xmpRights:UsageTerms", rights.usage_terms),
    )
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items() if prefix not in {"rdf", "x"})
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="{NAMESPACES["x"]}"><rdf:RDF xmlns:rdf="{NAMESPACES["rdf"]}">'
        f'<rdf:Description rdf:about="" {declared}>{"".join(parts)}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def _decode(packet: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if packet.startswith(mark):
            return packet.decode(encoding, "replace")
    return packet.decode("utf-8", "replace")


def _strip_declaration(text: str) -> str:
    """Cut what is outside the root element: an encoding declared there is refused for text."""
    start = text.find("<x:xmpmeta")
    if start < 0:
        start = text.find("<rdf:RDF")
    return text[max(start, 0) :].rstrip("\x00 \r\n\t")


def _first(descriptions: list[ElementTree.Element], name: str) -> str:
    return next(iter(_values(descriptions, name)), "")


def _values(descriptions: list[ElementTree.Element], name: str) -> tuple[str, ...]:
    """Return the values of a property, written as attribute, element, resource or list; `x-default` first."""
    prefix, _, local = name.partition(":")
    tag = f"{{{NAMESPACES[prefix]}}}{local}"
    found: list[str] = []
    for description in descriptions:
        found.append(description.get(tag, ""))
        for element in description.findall(tag):
            items = element.findall(f"*/{_RDF}li")
            items.sort(key=lambda item: item.get(_XML_LANG) != "x-default")
            found += [item.text or "" for item in items] or [element.get(f"{_RDF}resource") or element.text or ""]
    return tuple(value.strip()[:MAX_VALUE] for value in found if value.strip())


def _plain(name: str, value: str) -> str:
    return f"<{name}>{_xml(value)}</{name}>" if value else ""


def _alternative(name: str, value: str) -> str:
    if not value:
        return ""
    return f'<{name}><rdf:Alt><rdf:li xml:lang="x-default">{_xml(value)}</rdf:li></rdf:Alt></{name}>'


def _xml(value: str) -> str:
    """Escape a value, and leave out what XML can not carry."""
    return escape("".join(character for character in value if is_xml(ord(character))))


def is_xml(code: int) -> bool:
    """Tell whether XML 1.0 can carry the character (section 2.2)."""
    return code in {0x9, 0xA, 0xD} or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
