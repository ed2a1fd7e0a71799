"""How are purposes and actions called in German?"""

from collections.abc import Mapping
from typing import Final

SORTS: Final[Mapping[str, str]] = {
    "image data sets": "Bilddatensätze",
    "AI data sets": "KI-Datensätze",
    "AI training": "KI-Training",
    "AI, purpose not documented": "KI, Zweck nicht belegt",
    "scraping program": "Kopierprogramm",
    "copies whole sites": "kopiert ganze Seiten",
    "unknown to the catalogue": "dem Katalog unbekannt",
    "AI search": "KI-Suche",
    "AI agent": "KI-Agent",
    "AI coding": "KI-Programmierung",
    "AI assistant": "KI-Assistent",
    "security scanner": "Sicherheitsprüfer",
    "remote-controlled browser": "ferngesteuerter Browser",
    "SEO": "SEO",
    "advertising": "Werbung",
    "webhook": "Webhook",
    "monitoring": "Überwachung",
    "research": "Forschung",
    "archive": "Archiv",
    "feed reader": "Feedleser",
    "finds uses of pictures": "findet Bildnutzungen",
    "link previews": "Linkvorschau",
    "program library": "Programmbibliothek",
    "search engine": "Suchmaschine",
    "says nothing": "nennt nichts",
    "comes as a browser": "kommt als Browser",
    "behave like programs": "verhalten sich wie Programme",
    "allowed": "erlaubt",
    "marked copies": "Kopien mit Kennzeichen",
    "previews": "Vorschau",
    "slowed down": "gebremst",
    "challenged": "geprüft",
    "offered a licence": "Lizenz angeboten",
    "refused": "abgewiesen",
    "dropped": "getrennt",
}
"""By the English."""
