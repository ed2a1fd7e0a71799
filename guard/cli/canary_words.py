"""What is said of a found picture that is a canary, in English and German?

No word says more than the record can carry: where the picture was offered, and what whoever has it must have done or
must have it from. A text may hold markup for the page; what is put into it is escaped before.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from guard.cli.terminal import printable
from guard.cli.trace_words import Language
from guard.store.canary_records import Canary

TEXTS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "heading": "Canary pictures",
        "intro": "A canary is a real work of the rights holder that no page of the site shows to people. Its address "
        "stands only in a part of pages that browsers neither display nor fetch, below a path that robots.txt "
        "disallows. The record that names it as a canary was in the log before the first such address was given out.",
        "one": "<b>{file}</b> shows the canary <b>{name}</b> (SHA-256 <code>{sha256}</code>), on record since {at} "
        "UTC, record {index}, {places}. Copies delivered, as the log says: {copies}.",
        "place": "offered on {site} below <code>{path}</code>",
        "limits": "What this shows: whoever has the picture took it from there, or has it from somebody who did; "
        "looking at pages does not lead to it. It does not show who that was: that is said by the mark in the copy "
        "and by its record alone. Somebody who reads the source text of a page can come to it as well, and the "
        "rights holder has the picture in any case.",
    },
    "de": {
        "heading": "Kontrollbilder",
        "intro": "Ein Kontrollbild (canary) ist ein wirkliches Werk des Rechteinhabers, das keine Seite der Website "
        "Menschen zeigt. Seine Adresse steht nur in einem Teil von Seiten, den Browser weder anzeigen noch abrufen, "
        "unterhalb eines Pfades, den robots.txt sperrt. Die Aufzeichnung, die es als Kontrollbild benennt, lag vor, "
        "bevor die erste solche Adresse ausgegeben wurde.",
        "one": "<b>{file}</b> zeigt das Kontrollbild <b>{name}</b> (SHA-256 <code>{sha256}</code>), aufgezeichnet "
        "seit {at} UTC, Aufzeichnung {index}, {places}. Ausgelieferte Kopien laut Aufzeichnungen: {copies}.",
        "place": "angeboten auf {site} unterhalb von <code>{path}</code>",
        "limits": "Was das zeigt: Wer das Bild hat, hat es von dort abgerufen oder von jemandem, der das tat; das "
        "Betrachten von Seiten führt nicht zu ihm. Es zeigt nicht, wer das war: Das sagen nur die Marke in der Kopie "
        "und deren Aufzeichnung. Auch wer den Quelltext einer Seite liest, kann darauf stoßen, und der "
        "Rechteinhaber hat das Bild ohnehin.",
    },
}


def section(found: Sequence[tuple[str, Canary]], lang: Language) -> str:
    """Return what the page says of the found files that show a canary, as markup, without its heading."""
    texts = TEXTS[lang]
    lines = "".join(f"<li>{_one(file, canary, texts)}</li>" for file, canary in found)
    return f"<p>{texts['intro']}</p><ul>{lines}</ul><p>{texts['limits']}</p>"


def _one(file: str, canary: Canary, texts: dict[str, str]) -> str:
    places = [texts["place"].format(site=_safe(site), path=_safe(path)) for site, path in sorted(canary.places.items())]
    return texts["one"].format(
        file=_safe(file), name=_safe(canary.name), sha256=canary.sha256, at=moment(canary.since), index=canary.record,
        places="; ".join(places), copies=canary.copies,
    )  # fmt: skip


def moment(microseconds: int) -> str:
    """Return a time of the log, UTC."""
    return f"{datetime.fromtimestamp(microseconds / 1e6, UTC):%Y-%m-%d %H:%M:%S}"


def _safe(text: str) -> str:
    return escape(printable(text, 300))
