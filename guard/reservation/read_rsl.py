"""What does an RSL document license, and to what does it say no?

RSL 1.0 (2025-12-10): the default namespace without a prefix; each `<content>` has a `url` and at
least one `<license>`; lists of tokens are separated by spaces; an element or attribute that RSL
does not know makes the document non-conformant, those of other namespaces are ignored. A
prohibition beats a permission. A use that is permitted without `<payment>` is free.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from guard.reservation.read_robots import looks_like_markup
from guard.reservation.read_xml import XmlError, parse
from guard.reservation.reading import Answer, Carrier, Flaw, Question, Reading

NAMESPACE = "https://rslstandard.org/rsl"
MEDIA_TYPE = "application/rsl+xml"

_KNOWN: dict[str, frozenset[str]] = {
    "rsl": frozenset({"max-age"}),
    "content": frozenset({"url", "server", "encrypted", "lastmod"}),
    "license": frozenset(),
    "permits": frozenset({"type"}),
    "prohibits": frozenset({"type"}),
    "payment": frozenset({"type"}),
    "amount": frozenset({"currency"}),
    "accepts": frozenset({"type"}),
    "copyright": frozenset({"type", "contactEmail", "contactUrl"}),
    "legal": frozenset({"type"}),
    "alternate": frozenset({"type"}),
    "schema": frozenset(),
    "standard": frozenset(),
    "custom": frozenset(),
    "terms": frozenset(),
}
"""The elements of RSL 1.0 and their attributes."""

_USES = {
    "all": (Question.TRAIN, Question.AI_USE, Question.SEARCH, Question.TDM),
    "ai-all": (Question.TRAIN, Question.AI_USE),
    "ai-train": (Question.TRAIN,),
    "ai-input": (Question.AI_USE,),
    "ai-index": (),
    "search": (Question.SEARCH,),
}


@dataclass(slots=True)
class _Said:
    """What all licences of the document come to."""

    free: dict[Question, str] = field(default_factory=dict)
    paid: set[Question] = field(default_factory=set)
    prohibited: set[Question] = field(default_factory=set)
    sold: set[str] = field(default_factory=set)
    """Use tokens with a price."""
    refused: set[str] = field(default_factory=set)


def read_rsl(body: bytes, media_type: str, where: str) -> tuple[Reading, tuple[str, ...]]:
    """Read the document; also return the addresses in its `<terms>`, as they are written."""
    flaws: list[Flaw] = []

    def flaw(name: str, detail: str = "") -> None:
        flaws.append(Flaw(id=name, where=where, detail=detail))

    def dropped(name: str, detail: str = "") -> tuple[Reading, tuple[str, ...]]:
        flaw(name, detail)
        return Reading(carrier=Carrier.RSL, where=where, flaws=tuple(flaws), readable=False), ()

    if looks_like_markup(body) and b"<rsl" not in body[:2000]:
        return dropped("path-is-html")
    try:
        root, prefixes = parse(body)
    except XmlError as error:
        return dropped("rsl-not-xml", str(error))
    if root.tag != f"{{{NAMESPACE}}}rsl":
        return dropped("rsl-namespace", root.tag)
    if any(prefix and uri == NAMESPACE for prefix, uri in prefixes.items()):
        flaw("rsl-prefix")
    if media_type != MEDIA_TYPE:
        flaw("rsl-media-type", media_type)
    if unknown := sorted(set(_unknown(root))):
        flaw("rsl-unknown-name", ", ".join(unknown))
    said = _Said()
    flaws += _read_contents(root, said, where)
    if both := sorted(said.sold & said.refused):
        flaw("rsl-sells-and-prohibits", ", ".join(both))
    free = {question: token for question, token in said.free.items() if question not in said.prohibited | said.paid}
    if given := sorted({token for question, token in free.items() if question in {Question.TRAIN, Question.AI_USE}}):
        flaw("rsl-free", ", ".join(given))
    answers = dict.fromkeys(free, Answer.PERMITTED)
    # A use that must be bought is reserved against whoever has not bought it.
    answers |= dict.fromkeys(sorted(said.prohibited | said.paid), Answer.RESERVED)
    terms = tuple(text for one in root.iter(_tag("terms")) if (text := (one.text or "").strip()))
    reading = Reading(
        carrier=Carrier.RSL,
        where=where,
        answers=answers,
        # `all` stands for mining too, but beside it the uses that matter are named.
        implied=frozenset({Question.TDM}) if Question.TDM in free else frozenset(),
        flaws=tuple(flaws),
        readable=bool(answers),
        value="; ".join(
            f"{word}: {', '.join(sorted(tokens))}"
            for word, tokens in (("prohibits", said.refused), ("sells", said.sold), ("gives", set(said.free.values())))
            if tokens
        ),
    )
    return reading, terms


def _read_contents(root: Element, said: _Said, where: str) -> Iterable[Flaw]:
    contents = root.findall(_tag("content"))
    if not contents:
        yield Flaw(id="rsl-no-content", where=where)
    for content in contents:
        licences = content.findall(_tag("license"))
        if not content.get("url"):
            yield Flaw(id="rsl-no-url", where=where)
        if not licences:
            yield Flaw(id="rsl-no-licence", where=where, detail=content.get("url", ""))
        for licence in licences:
            _add(licence, said)
            prohibited = _tokens(licence.findall(_tag("prohibits")))
            if prohibited and "all" not in prohibited and licence.find(_tag("permits")) is None:
                yield Flaw(id="rsl-open", where=where, detail=", ".join(prohibited))


def _add(licence: Element, said: _Said) -> None:
    for token in _tokens(licence.findall(_tag("prohibits"))):
        said.refused.add(token)
        said.prohibited |= set(_USES[token])
    payments = [one.get("type", "purchase") for one in licence.findall(_tag("payment"))]
    paid = any(kind not in {"free", "attribution"} for kind in payments)
    for token in _tokens(licence.findall(_tag("permits"))):
        if paid:
            said.sold.add(token)
            said.paid |= set(_USES[token])
        else:
            said.free |= dict.fromkeys(_USES[token], token)


def _tokens(elements: Iterable[Element]) -> list[str]:
    return [
        token
        for element in elements
        if element.get("type", "usage") == "usage"
        for token in (element.text or "").lower().replace(",", " ").split()
        if token in _USES
    ]


def _unknown(root: Element) -> Iterable[str]:
    for element in root.iter():
        namespace, _, local = element.tag.removeprefix("{").rpartition("}")
        if namespace != NAMESPACE:
            continue
        if local not in _KNOWN:
            yield f"<{local}>"
        else:
            yield from (f"{local}/@{key}" for key in element.attrib if "}" not in key and key not in _KNOWN[local])


def _tag(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"
