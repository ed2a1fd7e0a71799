"""In which words does a page speak?

Templates hold English; the German of each sentence is found by it. Values that are put into a sentence
are text, never markup.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from guard.server.console.shown import Language, number, plain
from guard.server.console.words_de import GERMAN

if TYPE_CHECKING:
    from markupsafe import Markup

PAGES: Final = (
    ("", "Overview"),
    ("live", "Live"),
    ("crawlers", "Crawlers"),
    ("pictures", "Pictures"),
    ("reservations", "Reservation"),
    ("evidence", "Evidence"),
    ("explain", "Explain"),
    ("check", "Check"),
)
"""Path and name."""
PURPOSES: Final[Mapping[str, str]] = {
    "image_dataset": "image data sets",
    "ai_dataset": "AI data sets",
    "ai_training": "AI training",
    "ai_undocumented": "AI, purpose not documented",
    "scraper_platform": "scraping program",
    "offline_copier": "copies whole sites",
    "unknown_declared_bot": "unknown to the catalogue",
    "ai_search": "AI search",
    "ai_agent": "AI agent",
    "ai_coding": "AI coding",
    "ai_assistant": "AI assistant",
    "security_scanner": "security scanner",
    "headless_browser": "remote-controlled browser",
    "seo": "SEO",
    "ads": "advertising",
    "webhook": "webhook",
    "monitoring": "monitoring",
    "academic": "research",
    "archiver": "archive",
    "feed_reader": "feed reader",
    "image_rights": "finds uses of pictures",
    "social_preview": "link previews",
    "http_library": "program library",
    "search_engine": "search engine",
    "unknown": "says nothing",
    "browser": "comes as a browser",
    "undeclared": "behave like programs",
}
ACTIONS: Final[Mapping[str, str]] = {
    "allow": "allowed",
    "mark": "marked copies",
    "preview": "previews",
    "throttle": "slowed down",
    "challenge": "challenged",
    "charge": "offered a licence",
    "refuse": "refused",
    "drop": "dropped",
}
VERBS: Final[Mapping[str, str]] = {
    "policy": "As the policy says",
    "allow": "Allow",
    "preview": "Give previews",
    "refuse": "Refuse",
}
RENDITIONS: Final[Mapping[str, str]] = {
    "as_is": "as it is",
    "rights": "as it is, with your rights in it",
    "marked": "in full, marked",
    "display": "display size",
    "preview": "preview",
    "thumbnail": "thumbnail",
    "card": "a card with your name",
    "page": "a page",
    "reservation": "your reservation",
    "none": "nothing",
}
IDENTITIES: Final[Mapping[str, str]] = {
    "verified": "confirmed",
    "impostor": "refuted: address not in the operator's list",
    "unverifiable": "can not be checked",
    "unknown": "not checked, or not known",
    "none_claimed": "no claim",
}
CONDUCTS: Final[Mapping[str, str]] = {"clean": "clean", "suspect": "suspect", "hostile": "like a program that hides it"}
KINDS: Final[Mapping[str, str]] = {
    "": "not known",
    "page": "a page",
    "thumbnail": "a thumbnail",
    "image": "a picture",
    "original": "an original",
    "other": "something else",
    "unknown": "not known",
}
RESULTS: Final[Mapping[str, str]] = {
    "decides": "decides",
    "not_asked": "not asked any more",
    "noted": "noted only, goes on",
    "depends": "depends on what the resource is",
}
TABLES: Final = {
    "purposes": PURPOSES,
    "actions": ACTIONS,
    "verbs": VERBS,
    "renditions": RENDITIONS,
    "identities": IDENTITIES,
    "conducts": CONDUCTS,
    "kind_words": KINDS,
    "results": RESULTS,
}
"""As templates call them."""


def say(language: Language, text: str, **values: object) -> "Markup":
    """Return a sentence in the reader's language, with these values in it."""
    from markupsafe import Markup

    found = GERMAN.get(text, text) if language == "de" else text
    # The sentence is ours; `format` of Markup escapes what is put into it.
    return Markup(found).format(**values) if values else Markup(found)  # noqa: S704


def many(language: Language, count: int, one: str, more: str) -> "Markup":
    """Return a number with its noun."""
    return say(language, one if count == 1 else more, n=number(count, language))


def em(text: object) -> "Markup":
    """Return a text that is stressed."""
    from markupsafe import Markup

    return Markup("<em>{}</em>").format(text)


def code(text: object) -> "Markup":
    """Return a text as what stands in a file."""
    from markupsafe import Markup

    return Markup("<code>{}</code>").format(plain(text))
