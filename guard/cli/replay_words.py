"""What does a replayed log come to, in plain words?

The first thing a photographer reads before anything is installed: whole sentences, the
pictures first, in English or German. No word says more than a log can carry: names are what
clients called themselves, and a log never tells whether a picture was an original.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from guard.core.crawlers import Purpose
from guard.core.policy import Action
from guard.core.tally import Share, Summary

NAMED: Final = 4
"""Crawlers that get a sentence of their own; the table has all."""

_FOR_MODELS: Final = frozenset(one for one in Purpose if one.startswith("ai_")) | {Purpose.IMAGE_DATASET}
"""Named first."""
_SEARCH: Final = frozenset({"search_engine", "social_preview", "image_rights", "feed_reader"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language."""

    thousands: str
    point: str
    date: str
    """For strftime."""
    purposes: Mapping[str, str]
    """Follows a name: "GPTBot …"."""
    actions: Mapping[str, str]
    """Past participles."""
    texts: Mapping[str, str]

    def number(self, value: int) -> str:
        """Write a whole number for people."""
        return f"{value:,}".replace(",", self.thousands)

    def size(self, count: int) -> str:
        """Write a number of bytes for people."""
        for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
            if count >= factor:
                value = count / factor
                text = f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"
                return f"{text.translate(str.maketrans(',.', self.thousands + self.point))} {unit}"
        return f"{count} B"

    def day(self, at: datetime | None) -> str:
        """Write a day; a question mark where it is not known."""
        return at.strftime(self.date) if at else "?"

    def days(self, first: datetime | None, last: datetime | None) -> str:
        """Write the days from `first` to `last`."""
        return self.day(first) if self.day(first) == self.day(last) else f"{self.day(first)} – {self.day(last)}"

    def pictures(self, count: int) -> str:
        """Write "1 picture" or "812 pictures"."""
        return f"{self.number(count)} {self.texts['picture' if count == 1 else 'pictures']}"

    def purpose(self, name: str) -> str:
        """Say what a purpose is."""
        return self.purposes.get(name, name.replace("_", " "))


ENGLISH: Final = Words(
    thousands=",",
    point=".",
    date="%-d %b %Y",
    purposes=MappingProxyType(
        {
            "ai_training": "collects to train AI",
            "ai_dataset": "collects data sets for AI",
            "image_dataset": "collects pictures for data sets",
            "ai_undocumented": "is for AI, nobody says what for",
            "ai_search": "answers questions with AI",
            "ai_assistant": "is an AI assistant, sent by somebody",
            "ai_agent": "is an AI agent, sent by somebody",
            "ai_coding": "is an AI that writes programs",
            "scraper_platform": "is a scraping program",
            "offline_copier": "copies whole sites",
            "unknown_declared_bot": "is a robot that nobody knows",
            "security_scanner": "looks for security holes",
            "headless_browser": "is a browser without a person",
            "seo": "measures search rankings",
            "ads": "checks advertisements",
            "webhook": "is a service that calls sites",
            "monitoring": "watches whether sites are up",
            "academic": "collects for research",
            "archiver": "archives sites",
            "feed_reader": "reads feeds",
            "image_rights": "looks for stolen pictures",
            "social_preview": "shows a link in a chat or a feed",
            "http_library": "is a program that copies",
            "search_engine": "is a search engine",
            "unknown": "does not say what it is",
            "browser": "calls itself a browser",
        }
    ),
    actions=MappingProxyType(
        {
            Action.ALLOW: "served",
            Action.MARK: "marked",
            Action.PREVIEW: "smaller",
            Action.THROTTLE: "slowed",
            Action.CHALLENGE: "challenged",
            Action.CHARGE: "offered a licence",
            Action.REFUSE: "refused",
            Action.DROP: "dropped",
        }
    ),
    texts=MappingProxyType(
        {
            "picture": "picture",
            "pictures": "pictures",
            "took": "{name} took {pictures} ({size}), {when}.",
            "of": "{token} of {operator}",
            "does": "It {purpose}: {policy} would have {done}.",
            "refused": "refused it",
            "partly": "withheld {share} of them",
            "smaller": "given it small previews",
            "other": "withheld them or given them otherwise",
            "none": "No crawler that says what it is took a picture.",
            "together": "Together {crawlers} crawlers took {pictures}; with {policy}, {hindered} of them "
            "would not have gone out as they are.",
            "search": "Nothing changes for {names}: they make your pictures known.",
            "forged": "{requests} requests that call themselves {name} came from addresses that are not in the list "
            "of {operator}.",
            "confirmed": "{count} confirmed",
            "refuted": "{count} refuted",
            "nobody": "This log holds no request that could be judged.",
            "read": "{requests} requests, {days}; {crawlers} from crawlers that say what they are.",
            "without": "{count} requests carry no user agent; who sent them is not known.",
            "title_crawlers": "Who came",
            "title_operators": "Operators",
            "title_purposes": "Purposes",
            "title_pictures": "Pictures that crawlers took most often",
            "requests": "requests",
            "pictures_head": "pictures",
            "size": "size",
            "robots": "robots.txt",
            "would": "would have been",
            "asked": "read {count}",
            "never": "never read",
            "against": "against {count}",
            "nameless": "others",
            "browser": "browsers",
            "unknown": "say nothing",
            "more": "… and {count} more; --json and --csv have all.",
            "note_claims": "Names are what clients call themselves. They were held against the operators' address "
            "lists where those are of the log's time; more a log does not show, nor how clients behave.",
            "note_ending": "* if these are the pictures that their endings say: most logs do not tell what was sent.",
            "note_size": "A log never tells whether a picture was an original; display size is assumed.",
            "note_robots": "Against: requests that the robots.txt that guard would serve forbids.",
            "note_forgotten": "The list of pictures was cut to bound memory; its counts are at least so much.",
            "note_senseless": "{count} requests have no right answer and are not counted above.",
            "next": "To guard the site: guard serve --upstream http://127.0.0.1:8080",
        }
    ),
)

GERMAN: Final = Words(
    thousands=".",
    point=",",
    date="%d.%m.%Y",
    purposes=MappingProxyType(
        {
            "ai_training": "sammelt, um KI zu trainieren",
            "ai_dataset": "sammelt Datensätze für KI",
            "image_dataset": "sammelt Bilder für Datensätze",
            "ai_undocumented": "gehört zu KI, wozu sagt niemand",
            "ai_search": "beantwortet Fragen mit KI",
            "ai_assistant": "ist ein KI-Assistent im Auftrag",
            "ai_agent": "ist ein KI-Agent im Auftrag",
            "ai_coding": "ist eine KI, die programmiert",
            "scraper_platform": "ist ein Programm zum Abgreifen",
            "offline_copier": "kopiert ganze Websites",
            "unknown_declared_bot": "ist ein Roboter, den niemand kennt",
            "security_scanner": "sucht Sicherheitslücken",
            "headless_browser": "ist ein Browser ohne Mensch",
            "seo": "misst Suchergebnisse",
            "ads": "prüft Anzeigen",
            "webhook": "ist ein Dienst, der Websites aufruft",
            "monitoring": "prüft, ob Websites laufen",
            "academic": "sammelt für die Forschung",
            "archiver": "archiviert Websites",
            "feed_reader": "liest Feeds",
            "image_rights": "sucht gestohlene Bilder",
            "social_preview": "zeigt einen Link im Chat oder Feed",
            "http_library": "ist ein Programm, das kopiert",
            "search_engine": "ist eine Suchmaschine",
            "unknown": "sagt nicht, was es ist",
            "browser": "nennt sich Browser",
        }
    ),
    actions=MappingProxyType(
        {
            Action.ALLOW: "ausgeliefert",
            Action.MARK: "markiert",
            Action.PREVIEW: "verkleinert",
            Action.THROTTLE: "gebremst",
            Action.CHALLENGE: "geprüft",
            Action.CHARGE: "Lizenz angeboten",
            Action.REFUSE: "abgewiesen",
            Action.DROP: "getrennt",
        }
    ),
    texts=MappingProxyType(
        {
            "picture": "Bild",
            "pictures": "Bilder",
            "took": "{name} hat {pictures} geholt ({size}), {when}.",
            "of": "{token} von {operator}",
            "does": "Es {purpose}: {policy} hätte {done}.",
            "refused": "das abgewiesen",
            "partly": "{share} davon zurückgehalten",
            "smaller": "kleine Vorschaubilder geliefert",
            "other": "sie zurückgehalten oder anders geliefert",
            "none": "Kein Crawler, der sagt, was er ist, hat ein Bild geholt.",
            "together": "Zusammen haben {crawlers} Crawler {pictures} geholt; mit {policy} wären {hindered} davon "
            "nicht so hinausgegangen.",
            "search": "Nichts ändert sich für {names}: Sie machen Ihre Bilder bekannt.",
            "forged": "{requests} Anfragen, die sich {name} nennen, kamen von Adressen, die nicht in der Liste von "
            "{operator} stehen.",
            "confirmed": "{count} bestätigt",
            "refuted": "{count} widerlegt",
            "nobody": "Dieses Protokoll enthält keine Anfrage, die sich beurteilen lässt.",
            "read": "{requests} Anfragen, {days}; {crawlers} von Crawlern, die sagen, was sie sind.",
            "without": "{count} Anfragen nennen keinen User-Agent; von wem sie kamen, ist nicht bekannt.",
            "title_crawlers": "Wer kam",
            "title_operators": "Betreiber",
            "title_purposes": "Zwecke",
            "title_pictures": "Bilder, die Crawler am häufigsten geholt haben",
            "requests": "Anfragen",
            "pictures_head": "Bilder",
            "size": "Größe",
            "robots": "robots.txt",
            "would": "wären",
            "asked": "{count}× gelesen",
            "never": "nie gelesen",
            "against": "{count} dagegen",
            "nameless": "andere",
            "browser": "Browser",
            "unknown": "ohne Angabe",
            "more": "… und {count} weitere; --json und --csv nennen alle.",
            "note_claims": "Namen sind, wie sich die Besucher nennen. Sie wurden mit den Adresslisten der Betreiber "
            "verglichen, wo diese aus der Zeit des Protokolls sind; mehr zeigt es nicht, auch nicht das Verhalten.",
            "note_ending": "* wenn es die Bilder sind, nach denen ihre Endungen aussehen: Die meisten Protokolle "
            "sagen nicht, was gesendet wurde.",
            "note_size": "Ob ein Bild ein Original war, sagt ein Protokoll nie; angenommen ist die Anzeigegröße.",
            "note_robots": "Dagegen: Anfragen, die die robots.txt von guard verbietet (Abweichungen).",
            "note_forgotten": "Die Liste der Bilder wurde gekürzt, um Speicher zu begrenzen; es sind mindestens so "
            "viele.",
            "note_senseless": "{count} Anfragen haben keine richtige Antwort und sind oben nicht gezählt.",
            "next": "Zum Schützen der Website: guard serve --upstream http://127.0.0.1:8080",
        }
    ),
)

LANGUAGES: Final[Mapping[str, Words]] = MappingProxyType({"en": ENGLISH, "de": GERMAN})


def sentences(summary: Summary, policy: str, words: Words) -> list[str]:
    """Say what matters, the pictures first."""
    texts, total = words.texts, summary.total
    if not total.requests:
        return [texts["nobody"]]
    takers = [one for one in summary.crawlers if one.pictures]
    hindered = sorted((one for one in takers if one.pictures_hindered), key=lambda one: one.purpose not in _FOR_MODELS)
    lines = [_took(one, policy, words) for one in hindered[:NAMED]]
    if not takers:
        lines.append(texts["none"])
    elif len(takers) > 1:
        lines.append(
            texts["together"].format(
                crawlers=words.number(len(takers)),
                pictures=words.pictures(sum(one.pictures for one in takers)),
                policy=f"'{policy}'",
                hindered=words.number(sum(one.pictures_hindered for one in takers)),
            )
        )
    if names := [one.name for one in takers if one.purpose in _SEARCH and not one.pictures_hindered][:3]:
        lines.append(texts["search"].format(names=_listed(names)))
    lines += [
        texts["forged"].format(requests=words.number(one.refuted), name=one.name, operator=one.operator)
        for one in sorted(summary.crawlers, key=lambda one: -one.refuted)[:2]
        if one.refuted
    ]
    lines.append(
        texts["read"].format(
            requests=words.number(total.requests),
            days=words.days(total.first, total.last),
            crawlers=words.number(sum(one.requests for one in summary.crawlers)),
        )
    )
    return lines


def _took(one: Share, policy: str, words: Words) -> str:
    texts = words.texts
    # "(tool)" stands for an operator where anybody can run the program.
    known = one.operator and "(tool)" not in one.operator
    name = texts["of"].format(token=one.name, operator=one.operator) if known else one.name
    took = texts["took"].format(
        name=name or texts["nameless"],
        pictures=words.pictures(one.pictures),
        size=words.size(one.picture_bytes),
        when=words.days(one.first, one.last),
    )
    does = texts["does"].format(purpose=words.purpose(str(one.purpose)), policy=f"'{policy}'", done=_done(one, words))
    return f"{took} {does}"


def _done(one: Share, words: Words) -> str:
    counts = {action: one.decided.get(action, 0) + one.if_picture.get(action, 0) for action in Action}
    if one.pictures_hindered < one.pictures:
        return words.texts["partly"].format(share=words.number(one.pictures_hindered))
    if counts[Action.REFUSE] + counts[Action.DROP] >= one.pictures:
        return words.texts["refused"]
    if counts[Action.PREVIEW] >= one.pictures:
        return words.texts["smaller"]
    return words.texts["other"]


def done_words(one: Share, words: Words) -> list[str]:
    """Say what would have been done, the hardest first; with a star where it depends on the ending of a path."""
    lines = []
    for action in reversed(Action):
        for counts, star in ((one.decided, ""), (one.if_picture, "*")):
            if count := counts.get(action, 0):
                lines.append(f"{words.actions[action]} {words.number(count)}{star}")
    return lines


def notes(summary: Summary, words: Words, *, without_user_agent: int, all_told: bool) -> list[str]:
    """Say what a log can not carry."""
    texts = words.texts
    found = [texts["note_claims"], texts["note_size"]]
    if any(one.if_picture for one in (*summary.crawlers, *summary.others)) or not all_told:
        found.insert(0, texts["note_ending"])
    if any(one.forbidden for one in summary.crawlers):
        found.append(texts["note_robots"])
    if summary.pictures_forgotten:
        found.append(texts["note_forgotten"])
    if without_user_agent:
        found.append(texts["without"].format(count=words.number(without_user_agent)))
    if summary.senseless:
        found.append(texts["note_senseless"].format(count=words.number(summary.senseless)))
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
