"""How is a stranger's XML read without being blown up or led away by it?

A document type is refused as soon as it begins, and with it every entity ("billion laughs") and
every address of another file; depth and number of elements are bounded. Nothing but the tree and
the namespace prefixes comes out.
"""

from xml.etree import ElementTree
from xml.parsers import expat

MAX_BYTES = 1024 * 1024
MAX_ELEMENTS = 20_000
MAX_DEPTH = 100


class XmlError(ValueError):
    """It is not well-formed, or holds what is refused."""


def parse(document: bytes) -> tuple[ElementTree.Element, dict[str, str]]:
    """Return the root element, names as `{namespace}local`, and the namespaces by their prefix ('' for the default).

    Raises:
        XmlError: Always with a reason in one clause.
    """
    if len(document) > MAX_BYTES:
        raise XmlError(f"more than {MAX_BYTES} bytes")
    builder = ElementTree.TreeBuilder()
    prefixes: dict[str, str] = {}
    depth = elements = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > MAX_DEPTH or elements > MAX_ELEMENTS:
            raise XmlError("too many elements")
        builder.start(_name(name), {_name(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_name(name))

    def refuse(*_: object) -> None:
        raise XmlError("a document type")

    def namespace(prefix: str | None, uri: str | None) -> None:
        prefixes.setdefault(prefix or "", uri or "")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartNamespaceDeclHandler = namespace
    try:
        parser.Parse(document, True)
        return builder.close(), prefixes
    except (expat.ExpatError, AssertionError, ValueError, LookupError) as error:
        # LookupError: an encoding that does not exist. AssertionError: the builder's word for an empty document.
        raise error if isinstance(error, XmlError) else XmlError(str(error)) from None


def _name(name: str) -> str:
    return f"{{{name}" if "}" in name else name
