"""What does an audit come to, in plain words, English or German?

One sentence first, for somebody who reads nothing else. No word says more than what was seen:
what a crawler *may* do by what it is told, never what it does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from guard.cli import audit_flaws_de, audit_flaws_en
from guard.reservation.audit import Audit
from guard.reservation.reading import Answer, Carrier, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language."""

    texts: Mapping[str, str]
    carriers: Mapping[Carrier, str]
    """At most 30 characters."""
    questions: Mapping[Question, str]
    answers: Mapping[Answer, str]
    """Whether one may: `no` is reserved."""
    flaws: Mapping[str, tuple[str, str]]
    """What it means, and what mends it."""
    notes: tuple[str, ...]
    """What no signal can do."""

    def number_of(self, count: int, name: str) -> str:
        """Write "1 contradiction" or "2 contradictions"."""
        return f"{count} {self.texts[name if count == 1 else f'{name}s']}"


ENGLISH: Final = Words(
    texts=MappingProxyType(
        {
            "summary": "{found} of {all} carriers found, {broken} broken, {contradictions}: {verdict}",
            "contradiction": "contradiction",
            "contradictions": "contradictions",
            "all_told": "a crawler may NOT train, and the rules of robots.txt alone tell everybody.",
            "careful": "a careful crawler may NOT train; one that reads only the rules of robots.txt would not notice.",
            "some": "crawlers that robots.txt names may not train; to all others nothing is said.",
            "permitted": "a crawler may train, the site says so.",
            "silent": "nothing tells a crawler not to train.",
            "unreachable": "{url} can not be read. {why}",
            "read": "{url}: {requests} answers, {size} kB, asked by {name}",
            "moved": "{start} leads to {url}",
            "signal": "carrier",
            "found": "found",
            "valid": "valid",
            "fix": "fix",
            "yes": "yes",
            "no": "NO",
            "legend": "May a crawler do it? no: reserved · yes: permitted · some: only those named may not · "
            "a dot: nothing is said. ≠ contradicts another carrier. fix: numbers below.",
            "contradicts": "{question}: reserved by {reserved}; permitted by {permitted}",
            "at": "{carrier} ({where})",
            "and_more": "and {count} more",
            "crawlers": "By its rules robots.txt keeps {kept} of {all} known AI crawlers from the pictures",
            "crawlers_star": ", and every crawler that it does not name.",
            "crawlers_no_star": "; a crawler that it does not name is let in.",
            "let_in": "Let in, among others: {names}.",
            "faults": "To mend, the most important first",
            "gaps": "To add: carriers that are not used, or only in part",
            "notes": "What no signal can do",
            "nothing": "Nothing to mend.",
            "next": "All of it at once, for nginx, caddy, apache, wordpress or paste:",
            "found_there": "found: {what}",
            "missing_there": "missing: {what}",
        }
    ),
    carriers=MappingProxyType(
        {
            Carrier.ROBOTS: "robots.txt rules",
            Carrier.ROBOTS_USAGE: "robots.txt Content-Usage",
            Carrier.USAGE_HEADER: "Content-Usage header",
            Carrier.CONTENT_SIGNAL: "Content-Signal",
            Carrier.RSL: "RSL document",
            Carrier.TDMREP: "tdmrep.json",
            Carrier.TDM_HEADERS: "tdm-reservation header",
            Carrier.TDM_META: "tdm-reservation in pages",
            Carrier.TDM_POLICY: "tdm-policy",
            Carrier.NOAI_HEADER: "noai header",
            Carrier.NOARCHIVE: "noarchive header",
            Carrier.NOAI_META: "noai in pages",
            Carrier.XMP_MINING: "in pictures: DataMining",
            Carrier.XMP_RIGHTS: "in pictures: whose it is",
            Carrier.C2PA: "in pictures: C2PA",
            Carrier.AI_TXT: "ai.txt",
            Carrier.TRUST_TXT: "trust.txt",
            Carrier.TERMS: "terms in words",
            Carrier.JSON_LD: "ImageObject in pages",
            Carrier.REFUSAL: "refuses AI crawlers",
        }
    ),
    questions=MappingProxyType(
        {Question.TRAIN: "train", Question.AI_USE: "ai-use", Question.SEARCH: "search", Question.TDM: "tdm"}
    ),
    answers=MappingProxyType({Answer.RESERVED: "no", Answer.SOME: "some", Answer.PERMITTED: "yes"}),
    flaws=audit_flaws_en.FLAWS,
    notes=(
        "Scientific research under § 60d UrhG knows no opt-out: against it only refusing access helps.",
        "Google-Extended in robots.txt is about training Gemini and grounding; it does not cover features of Google "
        "Search such as AI Overviews.",
        "A signal is a statement and no lock; who disregards it is kept out only by being refused. What was found here "
        "holds for the pages and pictures that were read. This is no legal advice.",
    ),
)

GERMAN: Final = Words(
    texts=MappingProxyType(
        {
            "summary": "{found} von {all} Trägern gefunden, {broken} fehlerhaft, {contradictions}: {verdict}",
            "contradiction": "Widerspruch",
            "contradictions": "Widersprüche",
            "all_told": "Ein Crawler darf NICHT trainieren, und schon die Regeln der robots.txt sagen es allen.",
            "careful": "Ein sorgfältiger Crawler darf NICHT trainieren; wer nur die Regeln der robots.txt liest, "
            "würde es nicht merken.",
            "some": "Crawler, die robots.txt nennt, dürfen nicht trainieren; allen anderen ist nichts gesagt.",
            "permitted": "Ein Crawler darf trainieren, die Website sagt es.",
            "silent": "Nichts sagt einem Crawler, dass er nicht trainieren darf.",
            "unreachable": "{url} kann nicht gelesen werden. {why}",
            "read": "{url}: {requests} Antworten, {size} kB, gefragt von {name}",
            "moved": "{start} führt zu {url}",
            "signal": "Träger",
            "found": "da",
            "valid": "gültig",
            "fix": "Nr.",
            "yes": "ja",
            "no": "NEIN",
            "legend": "Darf ein Crawler das? nein: vorbehalten · ja: erlaubt · teils: nur genannte nicht · ein Punkt: "
            "nichts gesagt. ≠ widerspricht einem anderen Träger. Nr.: siehe unten.",
            "contradicts": "{question}: vorbehalten durch {reserved}; erlaubt durch {permitted}",
            "at": "{carrier} ({where})",
            "and_more": "und {count} weitere",
            "crawlers": "Nach ihren Regeln hält robots.txt {kept} von {all} bekannten KI-Crawlern von den Bildern fern",
            "crawlers_star": ", und jeden Crawler, den sie nicht nennt.",
            "crawlers_no_star": "; wen sie nicht nennt, lässt sie herein.",
            "let_in": "Herein dürfen unter anderen: {names}.",
            "faults": "Zu beheben, das Wichtigste zuerst",
            "gaps": "Zu ergänzen: Träger, die nicht oder nur teilweise genutzt werden",
            "notes": "Was kein Signal kann",
            "nothing": "Nichts zu beheben.",
            "next": "Alles auf einmal, für nginx, caddy, apache, wordpress oder paste:",
            "found_there": "gefunden: {what}",
            "missing_there": "es fehlt: {what}",
        }
    ),
    carriers=MappingProxyType(
        {
            Carrier.ROBOTS: "robots.txt, Regeln",
            Carrier.ROBOTS_USAGE: "robots.txt, Content-Usage",
            Carrier.USAGE_HEADER: "Kopfzeile Content-Usage",
            Carrier.CONTENT_SIGNAL: "Content-Signal",
            Carrier.RSL: "RSL-Dokument",
            Carrier.TDMREP: "tdmrep.json",
            Carrier.TDM_HEADERS: "Kopfzeile tdm-reservation",
            Carrier.TDM_META: "tdm-reservation in Seiten",
            Carrier.TDM_POLICY: "tdm-policy",
            Carrier.NOAI_HEADER: "Kopfzeile noai",
            Carrier.NOARCHIVE: "Kopfzeile noarchive",
            Carrier.NOAI_META: "noai in Seiten",
            Carrier.XMP_MINING: "im Bild: DataMining",
            Carrier.XMP_RIGHTS: "im Bild: wem es gehört",
            Carrier.C2PA: "im Bild: C2PA",
            Carrier.AI_TXT: "ai.txt",
            Carrier.TRUST_TXT: "trust.txt",
            Carrier.TERMS: "Bedingungen in Worten",
            Carrier.JSON_LD: "ImageObject in Seiten",
            Carrier.REFUSAL: "weist KI-Crawler ab",
        }
    ),
    questions=MappingProxyType(
        {Question.TRAIN: "Training", Question.AI_USE: "KI", Question.SEARCH: "Suche", Question.TDM: "TDM"}
    ),
    answers=MappingProxyType({Answer.RESERVED: "nein", Answer.SOME: "teils", Answer.PERMITTED: "ja"}),
    flaws=audit_flaws_de.FLAWS,
    notes=(
        "Gegen wissenschaftliche Forschung nach § 60d UrhG gibt es keinen Nutzungsvorbehalt: Dagegen hilft nur, den "
        "Zugriff zu verweigern.",
        "Google-Extended in robots.txt betrifft das Training von Gemini und Grounding, nicht die Funktionen der "
        "Google-Suche wie AI Overviews.",
        "Ein Signal ist eine Erklärung und kein Schloss; wer es missachtet, bleibt nur draußen, wenn man ihn abweist. "
        "Der Befund gilt für die gelesenen Seiten und Bilder. Dies ist keine Rechtsberatung.",
    ),
)

LANGUAGES: Final[Mapping[str, Words]] = MappingProxyType({"en": ENGLISH, "de": GERMAN})


def summary(result: Audit, words: Words) -> str:
    """Say what matters in one sentence."""
    texts = words.texts
    if result.unreachable:
        return texts["unreachable"].format(url=result.site.page.url, why=words.flaws[result.findings[0].id][0])
    return texts["summary"].format(
        found=len(result.found),
        all=len(Carrier),
        broken=len(result.broken),
        contradictions=words.number_of(len(result.contradictions), "contradiction"),
        verdict=texts[verdict(result)],
    )


def verdict(result: Audit) -> str:
    """Name what a crawler may do with regard to training: all_told, careful, some, permitted or silent."""
    match result.careful.get(Question.TRAIN):
        case Answer.RESERVED:
            # Where groups melt into each other, some parsers keep everybody out and some do not.
            melted = any(one.id == "robots-groups-melt" for one in result.findings)
            return "all_told" if result.crawlers.others_kept_out and not melted else "careful"
        case Answer.SOME:
            return "some"
        case Answer.PERMITTED:
            return "permitted"
        case None:
            return "silent"


def crawlers_sentence(result: Audit, words: Words) -> str:
    """Say whom robots.txt keeps out."""
    known, texts = result.crawlers, words.texts
    count = len(known.kept_out)
    said = texts["crawlers"].format(kept=count, all=count + len(known.let_in))
    said += texts["crawlers_star" if known.others_kept_out else "crawlers_no_star"]
    names = result.let_in_first
    return f"{said} {texts['let_in'].format(names=', '.join(names))}" if names else said


def numbers_of(result: Audit) -> dict[Carrier, list[int]]:
    """Return the numbers of the findings that concern each carrier, counted from 1."""
    found: dict[Carrier, list[int]] = {}
    for number, finding in enumerate(result.findings, 1):
        for carrier in finding.carriers:
            found.setdefault(carrier, []).append(number)
    return found
