"""What does a person, or a reader of prose, find behind `tdm-policy`?

One page in English and German that states the reservation in words: who reserves what, on
which law, and whom to ask, with a table of uses as platforms' terms are compared by.
Machine-readable signals are the reservation; this is what they point to, because recital 18 of
Directive (EU) 2019/790 also names terms and conditions.

Readers of prose that exist judge the page by its English paragraphs, and guess one language
for all text in `<p>`; so the English part is the longer one, comes first, and is not scattered
over list items and cells.

The wording is a template. It says so, in a comment to the owner and at the foot of the page. The
owner's own words (`Statement.terms_text`) take its place paragraph by paragraph; tables, contact and
day stay ours, so that no text can contradict the signals unseen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from html import escape
from re import split
from typing import Final

from guard.reservation.contact import mail_address, web_address
from guard.reservation.statement import QUESTIONS, TERMS_PATH, Statement

PATH = TERMS_PATH
MEDIA_TYPE = "text/html; charset=utf-8"

RIGHTS: Final = (
    ("index", "search"),
    ("preview", "search"),
    ("train", "train"),
    ("edit", ""),
    ("reproduce", ""),
    ("distribute", ""),
    ("market", ""),
    ("sublicense", ""),
)
"""What platforms' terms are compared by, and the question of the statement that answers it; without one the right is
the author's, and reserved. A preview belongs to a search index, as in draft-ietf-aipref-vocab-08."""

_STYLE = """\
:root { color-scheme: light dark; --line: #767676; }
body { margin: 0 auto; max-width: 42rem; padding: 1rem; font: 1rem/1.6 system-ui, sans-serif; }
h1, h2 { line-height: 1.25; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: start; font-weight: bold; padding-block: .5rem; }
th, td { border: 1px solid var(--line); padding: .4rem .6rem; text-align: start; vertical-align: top; }
tbody th { font-weight: normal; }
section + section { border-block-start: 1px solid var(--line); margin-block-start: 2rem; }
@media print { body { max-width: none; font-size: 11pt; } section, table { break-inside: avoid; } }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Language:
    """The words of one language. `{holder}` and the like are filled in already escaped."""

    code: str
    heading: str
    as_of: str
    reserves: tuple[str, ...]
    """Paragraphs, where anything is reserved."""
    permits: str
    """The paragraph, where nothing is."""
    caption: str
    columns: tuple[str, str]
    uses: tuple[str, str, str, str]
    """Words for train, ai_use, search, tdm."""
    pictures: str
    """Caption of the second table."""
    rights: tuple[str, ...]
    """Words for `RIGHTS`."""
    below: str
    """Caption of the table of a path with answers of its own."""
    licence: str
    reserved: str
    permitted: str
    nobody: str
    """In place of the holder's name, where it is not known."""
    contact: str
    template: str


_ENGLISH = _Language(
    code="en",
    heading="Reservation of rights",
    as_of="As of {date}",
    reserves=(
        "The photographs, images, texts and data on this website are protected by copyright and related rights. The "
        "rights holder{holder} expressly reserves the reproduction and extraction of these works for the purposes "
        "of text and data mining, within the meaning of Article 4(3) of Directive (EU) 2019/790 on copyright in the "
        "Digital Single Market and of section 44b(3) of the German Copyright Act (UrhG), for every use that the table "
        "below marks as reserved.",
        "For each reserved use, crawling, scraping, harvesting, copying, compiling into data sets and any other "
        "automated collection of content from this website, by whatever software, robot or device, and by whomever it "
        "is operated, is prohibited without the prior written consent of the rights holder. This applies to every "
        "size, format and copy of a picture that this website delivers, thumbnails included, and to every crawler, "
        "whether or not it is named in robots.txt.",
        "The same reservation is declared in machine-readable form in robots.txt, in the header of every response and "
        "in the TDM Reservation Protocol file of this website. A licence is given in writing only; that a file can be "
        "fetched, or that a crawler was answered, is not consent. Uses that the law permits regardless of a "
        "reservation, such as those for the purposes of scientific research by the institutions that the law names, "
        "are not affected.",
    ),
    permits="The rights holder{holder} does not reserve any of the uses in the table below.",
    caption="Uses and answers",
    columns=("Use", "Answer"),
    uses=(
        "Training of generative models",
        "Input to a generative model: answers, assistants, agents",
        "A search index that refers to the page",
        "Text and data mining for any other purpose",
    ),
    pictures="What may be done with a picture",
    rights=(
        "Index: list the page it stands on in a search index",
        "Preview: show a small version of it beside a link to that page",
        "Train: use it to train models",
        "Edit: crop, change or combine it",
        "Reproduce: copy it, also in part",
        "Distribute: pass copies on or publish them",
        "Market: use it to advertise or sell something",
        "Sublicense: allow others any of this",
    ),
    below="Below {path} instead",
    licence="A licence can be asked for here: {url}",
    reserved="reserved",
    permitted="permitted",
    nobody=" of this website",
    contact="Requests for a licence, and questions: {contact}",
    template="The wording of this page follows a template. It is not legal advice, and does not replace it.",
)

_GERMAN = _Language(
    code="de",
    heading="Nutzungsvorbehalt",
    as_of="Stand: {date}",
    reserves=(
        "Die Fotografien, Bilder, Texte und Daten auf dieser Website sind urheberrechtlich geschützt. Der "
        "Rechtsinhaber{holder} behält sich ihre Nutzung für Text und Data Mining nach Art. 4 Abs. 3 der Richtlinie "
        "(EU) 2019/790 und § 44b Abs. 3 UrhG ausdrücklich vor, und zwar für jede Nutzung, die in der Tabelle als "
        "vorbehalten bezeichnet ist. Dafür ist das automatisierte Auslesen, Sammeln und Vervielfältigen ohne vorherige "
        "schriftliche Zustimmung untersagt, in jeder Größe und jedem Format und für jeden Crawler, ob in robots.txt "
        "genannt oder nicht. Gesetzlich ohne Rücksicht auf einen Vorbehalt erlaubte Nutzungen bleiben unberührt.",
    ),
    permits="Der Rechtsinhaber{holder} behält sich keine der Nutzungen in der Tabelle vor.",
    caption="Nutzungen und Antworten",
    columns=("Nutzung", "Antwort"),
    uses=(
        "Training generativer Modelle",
        "Eingabe in ein generatives Modell: Antworten, Assistenten, Agenten",
        "Suchindex, der auf die Seite verweist",
        "Text und Data Mining zu jedem anderen Zweck",
    ),
    pictures="Was mit einem Bild geschehen darf",
    rights=(
        "Indexieren: die Seite, auf der es steht, in einem Suchindex führen",
        "Vorschau: eine kleine Fassung neben einem Verweis auf diese Seite zeigen",
        "Trainieren: Modelle damit trainieren",
        "Bearbeiten: beschneiden, verändern, mit anderem verbinden",
        "Vervielfältigen: kopieren, auch in Teilen",
        "Verbreiten: Kopien weitergeben oder veröffentlichen",
        "Werben: damit für etwas werben oder etwas verkaufen",
        "Unterlizenzieren: anderen etwas davon erlauben",
    ),
    below="Unter {path} stattdessen",
    licence="Eine Lizenz kann hier angefragt werden: {url}",
    reserved="vorbehalten",
    permitted="erlaubt",
    nobody=" dieser Website",
    contact="Lizenzanfragen und Fragen: {contact}",
    template="Der Wortlaut dieser Seite folgt einer Vorlage. Er ist keine Rechtsberatung und ersetzt sie nicht.",
)


def render(statement: Statement, *, as_of: date) -> bytes:
    """Return the page: HTML, UTF-8, no script, nothing loaded from elsewhere.

    `as_of` is the day since which the statement says what it says. It is not today: the page's bytes are part of the
    evidence, and must change only when the statement does.
    """
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en">',
            *(
                ()
                if {"en", "de"} <= dict(statement.terms_text).keys()
                else ("<!-- Template. Owner: have these words checked by a lawyer before you rely on them. -->",)
            ),
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_ENGLISH.heading} / {_GERMAN.heading}</title>",
            f"<style>\n{_STYLE}\n</style>",
            "</head>",
            "<body>",
            "<main>",
            *_section(statement, _ENGLISH, as_of, heading="h1"),
            *_section(statement, _GERMAN, as_of, heading="h2"),
            "</main>",
            "</body>",
            "</html>",
            "",
        )
    ).encode("utf-8")


def _section(statement: Statement, words: _Language, as_of: date, *, heading: str) -> Iterable[str]:
    here = statement.at("")
    yield f'<section lang="{words.code}">'
    yield f"<{heading}>{words.heading}</{heading}>"
    yield from _paragraphs(statement, words)
    yield from _table(words, words.caption, zip(words.uses, _answers(here), strict=True))
    rights = (bool(question) and getattr(here, question) for _, question in RIGHTS)
    yield from _table(words, words.pictures, zip(words.rights, rights, strict=True))
    for one in statement.paths:
        caption = words.below.format(path=f"<code>{escape(one.path)}</code>")
        yield from _table(words, caption, zip(words.uses, _answers(statement.at(one.path)), strict=True))
    if statement.contact:
        yield f"<p>{words.contact.format(contact=_contact(statement.contact))}</p>"
    if statement.licensor or statement.offers:
        url = escape(statement.licence_url)
        link = f'<a href="{url}">{url}</a>'
        yield f"<p>{words.licence.format(url=link)}</p>"
    yield f'<p><time datetime="{as_of.isoformat()}">{words.as_of.format(date=as_of.isoformat())}</time>.</p>'
    if words.code not in dict(statement.terms_text):
        yield f"<p><small>{words.template}</small></p>"
    yield "</section>"


def _paragraphs(statement: Statement, words: _Language) -> Iterable[str]:
    if own := dict(statement.terms_text).get(words.code):
        for paragraph in split(r"\n\s*\n", own.strip()):
            yield f"<p>{escape(' '.join(paragraph.split()))}</p>"
        return
    # <bdi> keeps a name that is written from right to left from turning the sentence around it.
    holder = f", <bdi>{escape(statement.holder)}</bdi>," if statement.holder else words.nobody
    for paragraph in words.reserves if statement.reserved_somewhere else (words.permits,):
        yield f"<p>{paragraph.format(holder=holder)}</p>"


def _table(words: _Language, caption: str, rows: Iterable[tuple[str, bool]]) -> Iterable[str]:
    yield "<table>"
    yield f"<caption>{caption}</caption>"
    yield "<thead><tr>" + "".join(f'<th scope="col">{column}</th>' for column in words.columns) + "</tr></thead>"
    yield "<tbody>"
    for use, permitted in rows:
        answer = words.permitted if permitted else words.reserved
        yield f'<tr><th scope="row">{use}</th><td>{answer}</td></tr>'
    yield "</tbody>"
    yield "</table>"


def _answers(statement: Statement) -> tuple[bool, ...]:
    return tuple(getattr(statement, question) for question in QUESTIONS)


def _contact(contact: str) -> str:
    """Return the contact as a link where it is plainly an e-mail address or a web address, else as text."""
    shown = f"<bdi>{escape(contact)}</bdi>"
    if address := mail_address(contact):
        return f'<a href="mailto:{escape(address)}">{shown}</a>'
    if url := web_address(contact):
        return f'<a href="{escape(url)}" rel="nofollow">{shown}</a>'
    return shown
