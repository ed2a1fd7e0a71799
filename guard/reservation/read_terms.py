"""Does a page of terms reserve mining in words, and would a reader of prose notice?

Whether prose suffices is disputed (LG Hamburg 310 O 227/23 said "probably" in passing, OLG
Hamburg 5 U 104/24 did not find it shown for 2021), so it is an addition and never the only
reservation. The reader of prose that exists, weboptout 0.3.2, wants an English page with at
least 500 characters in `<p>`, and a link that says terms, legal or conditions; it gives up on
German. Courts here read German. So a page should have both.
"""

import re

from guard.reservation.read_page import Page
from guard.reservation.reading import Answer, Carrier, Flaw, Question, Reading

LEAST_CHARACTERS = 500

LINKED = re.compile(
    r"terms|legal|conditions|copyright|licen[cs]|impressum|imprint|agb\b|nutzungsbedingung|nutzungsvorbehalt|rechtlich",
    re.IGNORECASE,
)
"""Links that are followed to look for the reservation."""

_FOUND_BY_READERS = re.compile(r"terms|legal|conditions", re.IGNORECASE)
_MINING = re.compile(
    r"text[ -](?:and|&)[ -]data[ -]mining|data mining|scrap(?:e|ing)|machine learning|artificial intelligence"
    r"|train(?:ing)? (?:of )?(?:ai|a\.i\.|generative|models?|machine)",
    re.IGNORECASE,
)
_MINING_DE = re.compile(
    r"text[ -]und[ -]data[ -]mining|maschinelle[ns]? lernen|künstliche[rn]? intelligenz|ki-training|training von ki"
    r"|automatisierte[ns]? (?:auslesen|auswert)",
    re.IGNORECASE,
)
_RESERVES = re.compile(
    r"(?<!not )(?<!no longer )\breserv(?:e|es|ed|ation)\b|prohibited|not (?:be )?(?:permitted|allowed)|forbidden"
    r"|opt[ -]out|without (?:the )?(?:prior )?(?:express )?(?:written )?(?:consent|permission)",
    re.IGNORECASE,
)
_RESERVES_DE = re.compile(
    r"vorbehalt|behält sich|behalten (?:wir )?uns|behalte (?:ich )?mir|untersagt|nicht (?:gestattet|erlaubt|zulässig)"
    r"|verboten|widerspr(?:eche|icht|uch)",
    re.IGNORECASE,
)
_DENIED = re.compile(r"do(?:es)? not reserve any|behält sich keine", re.IGNORECASE)
_LAW = re.compile(
    r"art(?:icle|ikel|\.)? ?4 ?(?:\(3\)|abs\. ?3|absatz 3|para(?:graph|\.)? ?3)?[^.]{0,80}2019/790"
    r"|2019/790[^.]{0,80}art(?:icle|ikel|\.)? ?4|(?:§|section|sec\.) ?44b",
    re.IGNORECASE,
)


def read_terms(page: Page, where: str, link: str) -> Reading | None:
    """Read a page; None where it does not speak of mining. `link` is the text and address by which it is linked."""
    text = page.text
    english, german = _MINING.search(text), _MINING_DE.search(text)
    if not english and not german:
        return None
    said_en = bool(english and _RESERVES.search(text))
    said_de = bool(german and _RESERVES_DE.search(text))
    reserves = (said_en or said_de) and not _DENIED.search(text)
    flaws: list[Flaw] = []
    if not reserves:
        flaws.append(Flaw(id="terms-no-reservation", where=where, detail=(english or german or [""])[0]))
    else:
        if not _LAW.search(text):
            flaws.append(Flaw(id="terms-no-law", where=where))
        if not (said_en and said_de):
            flaws.append(Flaw(id="terms-one-language", where=where, detail="en" if said_en else "de"))
        if len(page.paragraphs) < LEAST_CHARACTERS:
            flaws.append(Flaw(id="terms-few-paragraphs", where=where, detail=str(len(page.paragraphs))))
        if link and not _FOUND_BY_READERS.search(link):
            flaws.append(Flaw(id="terms-link-words", where=where, detail=link))
    return Reading(
        carrier=Carrier.TERMS,
        where=where,
        answers={Question.TDM: Answer.RESERVED, Question.TRAIN: Answer.RESERVED} if reserves else {},
        implied=frozenset({Question.TRAIN}),
        flaws=tuple(flaws),
        readable=reserves,
        value=(english or german or [""])[0],
    )
