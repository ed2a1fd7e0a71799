"""What does a picture itself say: in its XMP packet, and in its C2PA manifest?

XMP is found as bytes, as scrapers' tools find it, in whatever container; it is read for the PLUS
data mining term (IPTC Photo Metadata Standard 2023.1) and for whom to ask. A manifest is a tree
of JUMBF boxes (ISO/IEC 19566-5), in a JPEG cut over APP11 segments; the training-mining
assertions in it are CBOR maps. Whether a signature holds is not judged here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from xml.etree.ElementTree import Element

from guard.reservation.read_cbor import CborError, decode
from guard.reservation.read_xml import XmlError, parse
from guard.reservation.reading import Answer, Carrier, Flaw, Question, Reading, permitted, reserved, strictest

_VOCABULARY = "http://ns.useplus.org/ldf/vocab/"
_PLUS = "{http://ns.useplus.org/ldf/xmp/1.0/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_RIGHTS = {
    "dc:rights": "{http://purl.org/dc/elements/1.1/}rights",
    "dc:creator": "{http://purl.org/dc/elements/1.1/}creator",
    "photoshop:Credit": "{http://ns.adobe.com/photoshop/1.0/}Credit",
    "xmpRights:WebStatement": "{http://ns.adobe.com/xap/1.0/rights/}WebStatement",
    "xmpRights:UsageTerms": "{http://ns.adobe.com/xap/1.0/rights/}UsageTerms",
    "plus:Licensor": f"{_PLUS}Licensor",
}
_TRAIN, _USE, _SEARCH, _TDM = Question.TRAIN, Question.AI_USE, Question.SEARCH, Question.TDM
_TERMS: dict[str, tuple[dict[Question, Answer], frozenset[Question]]] = {
    "DMI-UNSPECIFIED": ({}, frozenset()),
    "DMI-ALLOWED": (permitted(_TRAIN, _USE, _SEARCH, _TDM), frozenset({_USE, _SEARCH})),
    "DMI-PROHIBITED-AIMLTRAINING": (reserved(_TRAIN), frozenset()),
    "DMI-PROHIBITED-GENAIMLTRAINING": (reserved(_TRAIN), frozenset()),
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": (
        reserved(_TRAIN, _USE, _TDM) | permitted(_SEARCH),
        frozenset({_USE}),
    ),
    "DMI-PROHIBITED": (reserved(_TRAIN, _USE, _SEARCH, _TDM), frozenset({_USE})),
    "DMI-PROHIBITED-SEECONSTRAINT": (reserved(_TRAIN, _TDM), frozenset({_TRAIN, _TDM})),
    "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR": (reserved(_TRAIN, _TDM), frozenset({_TRAIN, _TDM})),
    "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR": (reserved(_TRAIN, _TDM), frozenset({_TRAIN, _TDM})),
}
"""The answers of each term, and which of them are implied."""

_ENTRIES = {"ai_training": _TRAIN, "ai_generative_training": _TRAIN, "ai_inference": _USE, "data_mining": _TDM}
LABELS = ("cawg.training-mining", "c2pa.training-mining")
MOST_BOXES = 5000


def read_xmp(body: bytes, where: str) -> tuple[Reading, ...]:
    """Read the data mining term and the rights fields of the first XMP packet."""
    packet = _packet(body)
    if not packet:
        return ()
    try:
        root, _ = parse(packet)
    except XmlError as error:
        flaw = Flaw(id="xmp-unreadable", where=where, detail=str(error))
        return (Reading(carrier=Carrier.XMP_MINING, where=where, flaws=(flaw,), readable=False),)
    present = [name for name, tag in _RIGHTS.items() if _value(root, tag)]
    missing = [name for name in _RIGHTS if name not in present]
    readings = []
    if term := _value(root, f"{_PLUS}DataMining"):
        readings.append(_mining(term, where, constrained=bool(_value(root, f"{_PLUS}OtherConstraints"))))
    if present:
        flaws = (Flaw(id="xmp-fields-missing", where=where, detail=", ".join(missing)),) if missing else ()
        readings.append(Reading(carrier=Carrier.XMP_RIGHTS, where=where, flaws=flaws, value=", ".join(present)))
    return tuple(readings)


def _packet(body: bytes) -> bytes:
    for name in (b"x:xmpmeta", b"rdf:RDF"):
        start = body.find(b"<" + name)
        end = body.find(b"</" + name, start) if start >= 0 else -1
        if end >= 0:
            return body[start : body.find(b">", end) + 1]
    return b""


def _mining(term: str, where: str, *, constrained: bool) -> Reading:
    short = term.removeprefix(_VOCABULARY)
    flaws: list[Flaw] = []
    if short not in _TERMS:
        flaws.append(Flaw(id="xmp-unknown-term", where=where, detail=term))
    elif short == term:
        flaws.append(Flaw(id="xmp-term-without-address", where=where, detail=term))
    if short == "DMI-PROHIBITED-SEECONSTRAINT" and not constrained:
        flaws.append(Flaw(id="xmp-no-constraint", where=where))
    answers, implied = _TERMS.get(short, ({}, frozenset()))
    return Reading(
        carrier=Carrier.XMP_MINING,
        where=where,
        answers=answers,
        implied=implied,
        flaws=tuple(flaws),
        readable=short in _TERMS,
        value=short,
    )


def _value(root: Element, tag: str) -> str:
    for description in root.iter(f"{_RDF}Description"):
        if text := description.get(tag, "").strip():
            return text
        for element in description.findall(tag):
            words = [element.get(f"{_RDF}resource", ""), *(text for text in element.itertext())]
            attributes = [value for one in element.iter() for key, value in one.attrib.items() if key.startswith(_PLUS)]
            if text := " ".join(word.strip() for word in (*words, *attributes) if word.strip()):
                return text
    return ""


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    content: bytes


def read_c2pa(body: bytes, where: str) -> Reading | None:
    """Read the training-mining assertions of a C2PA manifest; None where there is no manifest."""
    store = _store(body)
    if store is None:
        return None
    found: dict[str, dict[Question, Answer]] = {}
    flaws: list[Flaw] = []
    thumbnails = False
    for label, content in _assertions(store):
        name = label.partition("__")[0]
        thumbnails = thumbnails or name.startswith("c2pa.thumbnail.claim")
        if name in LABELS:
            try:
                found[name] = _entries(decode(content))
            except CborError as error:
                flaws.append(Flaw(id="c2pa-unreadable", where=where, detail=f"{name}: {error}"))
    if not found and not flaws:
        flaws.append(Flaw(id="c2pa-says-nothing", where=where))
    elif LABELS[0] in found and LABELS[1] not in found:
        flaws.append(Flaw(id="c2pa-new-label-only", where=where))
    if thumbnails:
        flaws.append(Flaw(id="c2pa-thumbnail", where=where))
    questions = {question for answers in found.values() for question in answers}
    return Reading(
        carrier=Carrier.C2PA,
        where=where,
        answers={
            question: answer
            for question in sorted(questions)
            if (answer := strictest([one[question] for one in found.values() if question in one]))
        },
        flaws=tuple(flaws),
        readable=bool(found),
        value=", ".join(found),
    )


def _entries(value: object) -> dict[Question, Answer]:
    entries = value.get("entries") if isinstance(value, dict) else None
    if not isinstance(entries, dict):
        raise CborError("no entries")
    found: dict[Question, list[Answer]] = {}
    for key, entry in entries.items():
        question = _ENTRIES.get(str(key).rpartition(".")[2])
        use = entry.get("use") if isinstance(entry, dict) else None
        if question and use in {"allowed", "notAllowed", "constrained"}:
            # Constrained without information is not allowed, and with it asks first (CAWG 1.1).
            found.setdefault(question, []).append(Answer.PERMITTED if use == "allowed" else Answer.RESERVED)
    return {question: answer for question, said in found.items() if (answer := strictest(said))}


def _store(body: bytes) -> bytes | None:
    """Return the boxes of the manifest store."""
    if body.startswith(b"\xff\xd8"):
        return _from_jpeg(body)
    for match in islice(re.finditer(rb"jumb", body), MOST_BOXES):
        start = match.start() - 4
        if start >= 0 and body[start + 12 : start + 16] == b"jumd" and b"c2pa" in body[start + 16 : start + 60]:
            return body[start : start + int.from_bytes(body[start : start + 4], "big")]
    return None


def _from_jpeg(body: bytes) -> bytes | None:
    """Put the APP11 segments together: `JP`, box instance, sequence number, and the box header again in each."""
    pieces: dict[int, bytearray] = {}
    at = 2
    while at + 4 <= len(body) and body[at] == 0xFF and body[at + 1] not in {0xD9, 0xDA}:
        length = int.from_bytes(body[at + 2 : at + 4], "big")
        segment = body[at + 4 : at + 2 + length]
        if body[at + 1] == 0xEB and segment[:2] == b"JP" and len(segment) > 16:
            instance = int.from_bytes(segment[2:4], "big")
            if instance in pieces:
                pieces[instance] += segment[16:]
            else:
                pieces[instance] = bytearray(segment[8:])
        at += 2 + max(length, 2)
    return next((bytes(one) for one in pieces.values() if b"c2pa" in one[:60]), None)


def _assertions(data: bytes) -> Iterable[tuple[str, bytes]]:
    """Yield label and content of every superbox, in order."""
    todo = [data]
    count = 0
    while todo:
        boxes = list(_boxes(todo.pop(0)))
        count += len(boxes)
        if count > MOST_BOXES:
            return
        label = ""
        for box in boxes:
            if box.kind == b"jumd":
                label = box.content[17:].partition(b"\0")[0].decode("utf-8", "replace")
            elif box.kind == b"jumb":
                todo.append(box.content)
            elif label:
                yield label, box.content


def _boxes(data: bytes) -> Iterable[_Box]:
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        if length < 8:
            return
        yield _Box(data[at + 4 : at + 8], data[at + 8 : at + length])
        at += length
