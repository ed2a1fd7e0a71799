"""What does a refused client read?

Short pages in English or German, or problem+json (RFC 9457) for programs. They name the
status, the reason, whom to ask, and the reference code that finds the decision. They are
never to be stored, and say on which request fields they depend.
"""

from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import orjson

from guard.core.facts import RequestFacts
from guard.core.response import Form
from guard.image.jobs import Language
from guard.reservation.offer import Offer
from guard.server.headers import Headers

NOT_STORED: Headers = (
    ("Cache-Control", "no-store"),
    ("Vary", "User-Agent, Accept, Accept-Language"),
)

APPEAL: Final = "/.well-known/guard/appeal"
"""Where a person can object to a refusal."""

_TITLES = {
    400: ("The request makes no sense", "Die Anfrage ergibt keinen Sinn"),
    402: ("This needs a licence", "Dies braucht eine Lizenz"),
    403: ("Not for crawlers", "Nicht für Crawler"),
    405: ("Only for reading", "Nur zum Lesen"),
    410: ("No longer here", "Nicht mehr hier"),
    421: ("No such site here", "Diese Seite gibt es hier nicht"),
    429: ("Too much at once", "Zu viel auf einmal"),
    502: ("The site does not answer", "Die Seite antwortet nicht"),
    503: ("Not available at the moment", "Im Moment nicht verfügbar"),
    504: ("The site does not answer in time", "Die Seite antwortet nicht rechtzeitig"),
}

_EXPLANATIONS = {
    402: (
        "The pictures on this site may be used by automatic systems only under a licence. See the terms.",
        "Die Bilder dieser Seite dürfen automatische Systeme nur mit einer Lizenz nutzen. Siehe die Bedingungen.",
    ),
    403: (
        "The rights holder reserves the use of this site's contents for text and data mining and for AI training. "
        "Your request was answered by a program and recorded. If you are a person and see this, please write to us "
        "and name the reference code.",
        "Der Rechteinhaber behält sich die Nutzung der Inhalte dieser Seite für Text und Data Mining und für das "
        "Training von KI vor. Diese Antwort gab ein Programm; die Anfrage wurde aufgezeichnet. Wenn Sie ein Mensch "
        "sind und dies lesen, schreiben Sie uns bitte und nennen Sie das Aktenzeichen.",
    ),
    410: (
        "This picture is no longer offered at this address, and its use for text and data mining and for AI training "
        "is reserved. Please remove the address from your list. If you are a person and see this, please write to us "
        "and name the reference code.",
        "Dieses Bild wird unter dieser Adresse nicht mehr angeboten; seine Nutzung für Text und Data Mining und für "
        "das Training von KI ist vorbehalten. Bitte entfernen Sie die Adresse aus Ihrer Liste. Wenn Sie ein Mensch "
        "sind und dies lesen, schreiben Sie uns bitte und nennen Sie das Aktenzeichen.",
    ),
    429: (
        "You have asked for more than this site gives to one client. Please come back later.",
        "Sie haben mehr angefragt, als diese Seite einem Abrufer gibt. Bitte kommen Sie später wieder.",
    ),
    503: (
        "This can not be answered at the moment. Please try again in a minute.",
        "Das kann im Moment nicht beantwortet werden. Bitte versuchen Sie es in einer Minute noch einmal.",
    ),
}

_HOW_TO_LICENSE = (
    "A licence can be asked for at {url}; nothing is permitted and nothing is charged before there is one.",
    "Eine Lizenz erfragen Sie unter {url}; vorher ist nichts erlaubt und wird nichts berechnet.",
)

_UNITS = {
    "crawl": (" for each fetch", " je Abruf"),
    "training": (" for each training", " je Training"),
    "use": (" for each use", " je Nutzung"),
    "subscription": (" by subscription", " im Abonnement"),
    "purchase": (" once", " einmalig"),
}

_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{title}</title>
<style>:root{{color-scheme:light dark}}body{{font:1.05rem/1.55 system-ui,sans-serif;max-width:34rem;margin:14vh auto;
padding:0 1.2rem}}h1{{font-size:1.5rem}}dt{{float:left;clear:left;width:8.5rem;opacity:.7}}dd{{margin:0 0 .3rem 8.5rem}}
</style></head><body><main><h1>{title}</h1><p>{text}</p><dl>{rows}</dl></main></body></html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What is said besides the status."""

    status: int
    detail: str = ""
    """One more sentence in English, for errors of the upstream; empty uses the explanation of the status."""
    holder: str = ""
    contact: str = ""
    terms: str = ""
    reference: str = ""
    appeal: str = ""
    """Where a person can object; empty if nowhere."""
    offer: Offer | None = None
    """The licence that can be asked for; only with 402."""


def objection(reference: str) -> str:
    """Return where to object to the refusal with this code."""
    return f"{APPEAL}?{urlencode({'reference': reference})}"


def language_of(facts: RequestFacts) -> Language:
    """Return `de` if the client prefers German to English, else `en`; any nonsense means `en`."""
    weights = {"de": 0.0, "en": 0.0}
    for item in facts.header("accept-language").lower().split(",")[:16]:
        tag, _, parameter = item.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        primary = tag.split("-")[0]
        if primary in weights:
            weights[primary] = max(weights[primary], weight)
    return "de" if weights["de"] > weights["en"] else "en"


def render(refusal: Refusal, form: Form, language: Language) -> tuple[str, bytes]:
    """Return content type and body; `form` is `PAGE` or `PROBLEM`."""
    german = language == "de"
    title = _TITLES.get(refusal.status, (HTTPStatus(refusal.status).phrase,) * 2)[german]
    text = refusal.detail or _EXPLANATIONS.get(refusal.status, ("", ""))[german]
    offer = refusal.offer
    if offer is not None:
        text = f"{text} {_HOW_TO_LICENSE[german].format(url=offer.url)}"
    if form is Form.PROBLEM:
        problem: dict[str, str | int | None] = {
            "type": refusal.terms or "about:blank",
            "title": title,
            "status": refusal.status,
            "detail": text,
            "instance": f"urn:guard:{refusal.reference}" if refusal.reference else None,
            "contact": refusal.contact or None,
            "tdm-policy": refusal.terms or None,
            "license": offer.url if offer else None,
        }
        known = {name: _printable(value) for name, value in problem.items() if value is not None}
        return "application/problem+json", orjson.dumps(known)
    labels = ("Rechteinhaber", "Kontakt", "Bedingungen", "Lizenz", "Preis", "Aktenzeichen", "Einwand") if german else (
        "Rights holder", "Contact", "Terms", "Licence", "Price", "Reference", "Objection",
    )  # fmt: skip
    values = (
        escape(refusal.holder),
        escape(refusal.contact),
        _link(refusal.terms),
        _link(offer.url if offer else ""),
        escape(_price(offer, german=german)),
        escape(refusal.reference),
        _link(refusal.appeal, "Das war ein Fehler" if german else "This was a mistake"),
    )
    rows = "".join(f"<dt>{label}</dt><dd>{value}</dd>" for label, value in zip(labels, values, strict=True) if value)
    page = _PAGE.format(language=language, title=escape(title), text=escape(text), rows=rows)
    return "text/html; charset=utf-8", page.encode("utf-8", "replace")


def _link(url: str, text: str = "") -> str:
    return f'<a href="{escape(url)}">{escape(text or url)}</a>' if url else ""


def _price(offer: Offer | None, *, german: bool) -> str:
    if offer is None or not offer.price:
        return ""
    unit = _UNITS[offer.unit][german] if offer.unit else ""
    return f"{offer.price} {offer.currency}{unit}"


def _printable(value: str | int) -> str | int:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
