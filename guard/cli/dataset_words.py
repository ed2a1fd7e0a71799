"""What did the search in a data set come to, in plain words?

For photographers, in English or German. A data set lists addresses: that a row is in it does
not say that anybody took the picture, and that somebody asked for the picture does not say that
the row comes from it. No word says more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from guard.dataset.fetches import Fetcher
from guard.dataset.matcher import Confidence, Match, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language."""

    thousands: str
    date: str
    """For strftime."""
    confidences: Mapping[Confidence, str]
    reasons: Mapping[Reason, str]
    """With `identifier` and `where`."""
    texts: Mapping[str, str]

    def number(self, value: int) -> str:
        """Write a whole number for people."""
        return f"{value:,}".replace(",", self.thousands)

    def count(self, value: int, noun: str) -> str:
        """Write "1 row" or "12 rows": `noun` is the key of the singular."""
        return f"{self.number(value)} {self.texts[noun if value == 1 else f'{noun}s']}"

    def reason(self, match: Match) -> str:
        """Say why a row matches."""
        return self.reasons[match.reason].format(identifier=match.identifier, where=match.where)

    def days(self, first: int, last: int) -> str:
        """Write the days of two times in microseconds."""
        one, other = (datetime.fromtimestamp(at / 1_000_000, UTC).strftime(self.date) for at in (first, last))
        return one if one == other else f"{one} – {other}"

    def fetcher(self, one: Fetcher) -> str:
        """Say who asked for a picture, how often and when."""
        name = one.name or self.texts["nameless"]
        refuted = f" ({self.texts['refuted']})" if one.identity == "impostor" else ""
        known = one.operator and "(tool)" not in one.operator
        of = self.texts["of"].format(token=name, operator=one.operator) if known and not refuted else f"{name}{refuted}"
        return self.texts["asked"].format(
            who=of,
            times=self.number(one.requests),
            delivered=self.number(one.delivered),
            when=self.days(one.first, one.last),
        )

    def fetchers(self, found: Iterable[Fetcher]) -> str:
        """Say who asked, as one text."""
        return "; ".join(self.fetcher(one) for one in found)


ENGLISH: Final = Words(
    thousands=",",
    date="%-d %b %Y",
    confidences=MappingProxyType(
        {Confidence.CERTAIN: "certain", Confidence.LIKELY: "likely", Confidence.WEAK: "weak"}
    ),
    reasons=MappingProxyType(
        {
            Reason.HOST: "lies on your host {identifier}",
            Reason.BELOW_HOST: "lies on {where}, below your host {identifier}",
            Reason.PICTURE: "is the address of a picture in your list",
            Reason.URL: "begins like your page {identifier}",
            Reason.MD5: "has the MD5 of your file {identifier}",
            Reason.SHA256: "has the SHA-256 of your file {identifier}",
            Reason.INSIDE: "lies on {where}, whose address carries one of your host {identifier}",
            Reason.MENTIONED: "lies on {where}, whose address only mentions your host {identifier}",
            Reason.ID: "has your number {identifier} in its address",
            Reason.LIKENESS: "looks like {identifier}: {where} of 64 bits of its perceptual hash differ",
            Reason.FILE: "is called {where}, like your file {identifier}",
            Reason.FILE_COMMON: "is called {where}, like your file {identifier}, and many files are called so",
            Reason.ID_IN_CAPTION: "has your number {identifier} in its caption, which may be chance",
            Reason.NAME: "has the name {identifier} in its caption, and others may have that name",
            Reason.CAPTION: "has your words '{identifier}' in its caption, which others may use too",
        }
    ),
    texts=MappingProxyType(
        {
            "row": "row", "rows": "rows", "file": "file", "files": "files", "picture": "picture",
            "pictures": "pictures", "host": "host", "hosts": "hosts", "second": "second", "seconds": "seconds",
            "summary": "Of {rows} in {files}, {certain} certainly yours, {likely} likely yours, {weak} may be chance.",
            "is": "{count} is", "are": "{count} are",
            "nothing": "None of the {rows} in {files} is yours, by what was looked for.",
            "read_nothing": "No row could be read.",
            "named": "They name {pictures} on {hosts}.",
            "named_least": "They name at least {pictures} on {hosts}.",
            "asked_count": "Crawlers on record asked for {count} of the pictures that were found.",
            "took": "{seconds}, {per} rows a second.",
            "title_hosts": "Where they lie",
            "title_rows": "Rows",
            "no_host": "(no address)",
            "more": "… and {count} more; --csv, --json and --out give all.",
            "of": "{token} of {operator}", "nameless": "a client without a name", "refuted": "claim refuted",
            "asked": "asked for by {who}: {times}×, {delivered}× delivered whole, {when}",
            "note_listed": "A row lists an address. It does not say that anybody took the picture or trained with it.",
            "note_asked": "That a crawler asked for a picture does not say that the row comes from it.",
            "note_holds": "The evidence log was verified: {records} records, unchanged since recording.",
            "note_broken_log": "The evidence log did NOT verify; see: guard evidence verify {directory}",
            "note_undisclosed": "Of {count} requests on record the path is no longer there.",
            "note_forgotten": "Only the first paths of the evidence log were compared, to bound memory.",
            "next": "To have them left out: guard dataset optout FOLDER --out optout.csv",
        }
    ),
)  # fmt: skip

GERMAN: Final = Words(
    thousands=".",
    date="%d.%m.%Y",
    confidences=MappingProxyType(
        {Confidence.CERTAIN: "sicher", Confidence.LIKELY: "wahrscheinlich", Confidence.WEAK: "schwach"}
    ),
    reasons=MappingProxyType(
        {
            Reason.HOST: "liegt auf Ihrem Host {identifier}",
            Reason.BELOW_HOST: "liegt auf {where}, unterhalb Ihres Hosts {identifier}",
            Reason.PICTURE: "ist die Adresse eines Bildes aus Ihrer Liste",
            Reason.URL: "beginnt wie Ihre Seite {identifier}",
            Reason.MD5: "hat die MD5-Summe Ihrer Datei {identifier}",
            Reason.SHA256: "hat die SHA-256-Summe Ihrer Datei {identifier}",
            Reason.INSIDE: "liegt auf {where}; die Adresse enthält eine Ihres Hosts {identifier}",
            Reason.MENTIONED: "liegt auf {where}; die Adresse erwähnt Ihren Host {identifier} nur",
            Reason.ID: "hat Ihre Nummer {identifier} in der Adresse",
            Reason.LIKENESS: "sieht aus wie {identifier}: {where} von 64 Bit des Wahrnehmungs-Hashs weichen ab",
            Reason.FILE: "heißt {where}, wie Ihre Datei {identifier}",
            Reason.FILE_COMMON: "heißt {where}, wie Ihre Datei {identifier}, und so heißen viele Dateien",
            Reason.ID_IN_CAPTION: "hat Ihre Nummer {identifier} in der Bildunterschrift; das kann Zufall sein",
            Reason.NAME: "hat den Namen {identifier} in der Bildunterschrift; auch andere können so heißen",
            Reason.CAPTION: "hat Ihre Worte '{identifier}' in der Bildunterschrift; auch andere können sie benutzen",
        }
    ),
    texts=MappingProxyType(
        {
            "row": "Zeile", "rows": "Zeilen", "file": "Datei", "files": "Dateien", "picture": "Bild",
            "pictures": "Bilder", "host": "Host", "hosts": "Hosts", "second": "Sekunde", "seconds": "Sekunden",
            "summary": "Gelesen: {rows} in {files}; davon {certain} sicher von Ihnen, {likely} wahrscheinlich von "
            "Ihnen, bei {weak} kann es Zufall sein.",
            "is": "{count}", "are": "{count}",
            "nothing": "Gelesen: {rows} in {files}; nach dem, was gesucht wurde, ist keine davon von Ihnen.",
            "read_nothing": "Es konnte keine Zeile gelesen werden.",
            "named": "Genannt: {pictures} auf {hosts}.",
            "named_least": "Genannt: mindestens {pictures} auf {hosts}.",
            "asked_count": "Von den gefundenen Bildern haben Crawler laut Aufzeichnung {count} angefragt.",
            "took": "{seconds}, {per} Zeilen pro Sekunde.",
            "title_hosts": "Wo sie liegen",
            "title_rows": "Zeilen",
            "no_host": "(ohne Adresse)",
            "more": "… und {count} weitere; --csv, --json und --out nennen alle.",
            "of": "{token} von {operator}", "nameless": "einem Abrufer ohne Namen", "refuted": "Angabe widerlegt",
            "asked": "angefragt von {who}: {times}×, {delivered}× ganz ausgeliefert, {when}",
            "note_listed": "Eine Zeile nennt eine Adresse. Sie sagt nicht, dass jemand das Bild geholt oder damit "
            "trainiert hat.",
            "note_asked": "Dass ein Crawler ein Bild angefragt hat, sagt nicht, dass die Zeile daher kommt.",
            "note_holds": "Das Protokoll wurde geprüft: {records} Aufzeichnungen, seit der Aufzeichnung unverändert.",
            "note_broken_log": "Die Prüfung des Protokolls ist FEHLGESCHLAGEN; siehe: guard evidence verify "
            "{directory}",
            "note_undisclosed": "Von {count} aufgezeichneten Anfragen ist der Pfad nicht mehr da.",
            "note_forgotten": "Verglichen wurden nur die ersten Pfade des Protokolls, um Speicher zu begrenzen.",
            "next": "Um sie streichen zu lassen: guard dataset optout ORDNER --out optout.csv",
        }
    ),
)  # fmt: skip

LANGUAGES: Final[Mapping[str, Words]] = MappingProxyType({"en": ENGLISH, "de": GERMAN})
