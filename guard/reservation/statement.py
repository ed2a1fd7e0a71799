"""What has the rights holder said?

Everything that crawlers are told (robots.txt, ai.txt, tdmrep.json, header lines, the
terms page) is rendered from one `Statement`, and the words of each vocabulary are made
here and nowhere else, so that no two documents can disagree.

Four questions are answered yes or no, independently, so all 16 answers are valid:

    train    training generative models          AIPREF `train-ai`, Content Signals `ai-train`
    ai_use   input to a generative model          AIPREF `ai-use`, Content Signals `ai-input`
    search   an index that refers to the page     `search` in both
    tdm      text and data mining for any purpose that the other three do not name

TDMRep knows one answer only. Its value 0 tells a miner to go ahead without asking, for
any purpose; so it is 1 as soon as one of the four is reserved, and the policy page says
which. `tdm: yes` beside `train: no` is therefore legal: mine, but do not train.

Some paths may have answers of their own (`Override`); the longest that a path begins with
holds for it, and `Statement.at` gives the statement for that path. What is said without a path
must be true of all paths, so there a use is permitted only where no path reserves it
(`everywhere`).

Words of the holder are *neutralised* to one line of visible characters, because any name
is somebody's name; an address (URL) is *rejected* if it is not already safe to copy into
a header line, because a changed address is another address.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from guard.core.target import canonical_path
from guard.errors import ConfigurationError, Fault
from guard.reservation.offer import CURRENCY, PRICE, PURPOSES, UNITS, Offer

QUESTIONS: Final = ("train", "ai_use", "search", "tdm")

TERMS_PATH = "/.well-known/guard/terms"
RSL_PATH = "/rsl.xml"
ODRL_PATH = "/.well-known/guard/policy.json"
"""Where documents are that other documents point at."""

MAX_WORDS = 300
"""Characters of `holder` and other words; enough for a company's full name, too short for a page."""

MAX_TERMS = 50_000
"""Characters of the owner's own terms in one language."""

MAX_PATHS = 200
"""Paths with answers of their own; each is a rule in every document."""

MAX_URL = 1000
"""Characters of a URL; it is repeated in every response."""

_ORIGIN = re.compile(
    r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
# The characters of RFC 3986, section 2. A quote mark, a space or a letter outside ASCII has a percent-encoded form.
_TERMS_URL = re.compile(_ORIGIN.pattern + r"(?:[/?#](?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?")

# What a path can hold without being a pattern of robots.txt, in the form that `canonical_path` leaves as it is.
_PREFIX = re.compile(r"/(?:[A-Za-z0-9._~!&'()+,;=:@/-]|%[0-9A-F]{2}){1,500}")

# Joiners are invisible too, but Persian and several Indic scripts can not be written without them.
_JOINERS = frozenset("\u200c\u200d")
# Control, format (also bidirectional overrides), surrogate. Line separators are white space already. Unassigned ones
# stay: which they are depends on the version of Python, and one name must give one digest everywhere.
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """The answers for everything whose path begins with `path`; True permits, as in `Statement`."""

    path: str
    """In the form of `RequestFacts.path`, ASCII: `/albums/press/`."""
    train: bool
    ai_use: bool
    search: bool
    tdm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One rights holder's answer to every crawler, valid once it exists.

    Raises:
        ConfigurationError: A URL is malformed, or a text is too long; all faults at once.
    """

    holder: str = ""
    """Who holds the rights, at most 300 characters on one line; empty when nobody has said."""
    contact: str = ""
    """An e-mail address, a URL, or any words that help to ask; at most 300 characters on one line."""
    base_url: str = ""
    """Scheme, host and port, e.g. `https://photo.example`; empty when the host is not known."""
    terms_url: str = ""
    """The owner's own terms page, absolute; empty for ours at `TERMS_PATH`."""
    terms_text: tuple[tuple[str, str], ...] = ()
    """The owner's own words for our terms page, as (language, text); a language not given keeps the template's."""
    licensor: str = ""
    """A page, absolute, on which licences are given; empty for none."""
    creator: str = ""
    """Who made the pictures; the holder where it is not said."""
    credit: str = ""
    """The line to print beside a picture; the creator where it is not said."""
    copyright: str = ""
    """The copyright notice; `© holder` where it is not said."""
    train: bool = False
    """True: training generative models is permitted."""
    ai_use: bool = False
    """True: use as input to a generative model (answers, assistants, agents) is permitted."""
    search: bool = True
    """True: a search index that refers to the page is permitted."""
    tdm: bool = False
    """True: text and data mining for purposes that the other three do not name is permitted."""

    paths: tuple[Override, ...] = ()
    """The paths with answers of their own, in any order."""
    offers: tuple[Offer, ...] = ()
    """What can be licensed; nothing, until the owner says so."""

    def __post_init__(self) -> None:
        for name in ("holder", "contact", "creator", "credit", "copyright"):
            object.__setattr__(self, name, one_line(getattr(self, name)))
        # Whoever asks from the front finds the longest first.
        object.__setattr__(self, "paths", tuple(sorted(self.paths, key=lambda one: (-len(one.path), one.path))))
        object.__setattr__(
            self,
            "offers",
            tuple(
                replace(offer, scope=one_line(offer.scope))
                for offer in sorted(self.offers, key=lambda offer: offer.purpose)
            ),
        )
        faults = _faults(self)
        if faults:
            raise ConfigurationError(faults)

    @property
    def anything_reserved(self) -> bool:
        return not (self.train and self.ai_use and self.search and self.tdm)

    @property
    def reserved_somewhere(self) -> bool:
        """True if a use is reserved on the whole site, or below some path."""
        return any(self.everywhere(question) is not True for question in QUESTIONS)

    @property
    def creator_name(self) -> str:
        return self.creator or self.holder

    @property
    def credit_line(self) -> str:
        return self.credit or self.creator_name

    @property
    def copyright_notice(self) -> str:
        return self.copyright or (f"© {self.holder}" if self.holder else "")

    def at(self, path: str) -> "Statement":
        """Return what is said of the canonical `path`: the same words, one set of answers, no paths.

        Offers for a use that is permitted there are left out: there is nothing to license.
        """
        here = next((one for one in self.paths if path.startswith(one.path)), None)
        answers = {name: getattr(here or self, name) for name in QUESTIONS}
        return replace(
            self, **answers, paths=(), offers=tuple(offer for offer in self.offers if not answers[offer.purpose])
        )

    def everywhere(self, question: str) -> bool | None:
        """Return the one answer that is true of every path; None where the site permits what some path reserves.

        What the site reserves stays reserved here, though a path may permit it: a permission for everything would be
        false, and a reservation is never lifted by a word that names no path.
        """
        if not getattr(self, question):
            return False
        return True if all(getattr(one, question) for one in self.paths) else None

    @property
    def policy_url(self) -> str:
        """Where the terms are.

        Where the host is not known this is a path: RFC 3986, section 5.2 resolves it against the host that was asked.
        """
        return self.terms_url or self.base_url + TERMS_PATH

    @property
    def tdm_policy_url(self) -> str:
        """Where TDMRep's `tdm-policy` points: at the ODRL offer if there is one, else at the terms."""
        return self.base_url + ODRL_PATH if self.offers else self.policy_url

    @property
    def licence_url(self) -> str:
        """Where a licence is asked for; the terms page if nothing else is known."""
        return self.licensor or next((offer.url for offer in self.offers), self.policy_url)

    @property
    def tdm_reservation(self) -> int:
        """Return TDMRep's `tdm-reservation`, 1 or 0 (CG Final Report 2024-05-10)."""
        return int(self.anything_reserved)

    @property
    def content_usage(self) -> str:
        """Return the AIPREF preference, an RFC 9651 dictionary (draft-ietf-aipref-vocab-08).

        A label without one answer for all paths is left out, which AIPREF reads as no preference stated; so the whole
        may be empty. `at(path)` always has all three.
        """
        labels = (("train-ai", "train"), ("ai-use", "ai_use"), ("search", "search"))
        return _answered(self, labels, "y", "n")

    @property
    def content_signal(self) -> str:
        """Return the Content Signals of contentsignals.org. The word order differs from AIPREF's: `ai-train`."""
        signals = (("search", "search"), ("ai-input", "ai_use"), ("ai-train", "train"))
        return _answered(self, signals, "yes", "no")


def one_line(words: str) -> str:
    """Return `words` on one line: every run of space and invisible characters becomes one space."""
    visible = (" " if unicodedata.category(c) in _UNSEEN and c not in _JOINERS else c for c in words)
    return " ".join("".join(visible).split())


def _answered(statement: Statement, names: tuple[tuple[str, str], ...], yes: str, no: str) -> str:
    answers = ((name, statement.everywhere(question)) for name, question in names)
    return ", ".join(f"{name}={yes if permitted else no}" for name, permitted in answers if permitted is not None)


def _faults(statement: Statement) -> tuple[Fault, ...]:
    found = (*_word_faults(statement), *_url_faults(statement), *_path_faults(statement), *_offer_faults(statement))
    return tuple(Fault(file="rights", line=0, column=0, where=where, message=message) for where, message in found)


def _word_faults(statement: Statement) -> Iterator[tuple[str, str]]:
    for where in ("holder", "contact", "creator", "credit", "copyright"):
        if len(getattr(statement, where)) > MAX_WORDS:
            yield where, f"longer than {MAX_WORDS} characters"
    for language, text in statement.terms_text:
        if language not in ("en", "de"):
            yield "terms_file", f"the language {language[:10]!r} is not en or de"
        if len(text) > MAX_TERMS:
            yield "terms_file", f"longer than {MAX_TERMS} characters"


def _url_faults(statement: Statement) -> Iterator[tuple[str, str]]:
    if statement.base_url and not _ORIGIN.fullmatch(statement.base_url):
        yield "base_url", "expected scheme and host in ASCII without a path, like https://photo.example"
    urls = (("terms", statement.terms_url), ("licensor", statement.licensor))
    for where, url in urls:
        if url and not _TERMS_URL.fullmatch(url):
            yield where, "expected an absolute http or https URL, percent-encoded, like https://photo.example/terms"
    for where, url in (("base_url", statement.base_url), *urls):
        if len(url) > MAX_URL:
            yield where, f"longer than {MAX_URL} characters"


def _path_faults(statement: Statement) -> Iterator[tuple[str, str]]:
    if len(statement.paths) > MAX_PATHS:
        yield "paths", f"more than {MAX_PATHS} paths"
    for index, one in enumerate(statement.paths):
        if not _PREFIX.fullmatch(one.path) or canonical_path(one.path) != one.path:
            yield "paths", f"{one.path[:40]!r} is not the plain beginning of a path, like /albums/press/"
        if index and statement.paths[index - 1].path == one.path:
            yield "paths", f"{one.path[:40]!r} is given twice"


def _offer_faults(statement: Statement) -> Iterator[tuple[str, str]]:
    purposes = [offer.purpose for offer in statement.offers]
    for offer in statement.offers:
        where = f"offer.{offer.purpose[:20]}"
        if offer.purpose not in PURPOSES:
            yield where, f"expected one of {', '.join(PURPOSES)}"
            continue
        if purposes.count(offer.purpose) > 1:
            yield where, "is given twice"
        if statement.everywhere(offer.purpose):
            yield where, f"{offer.purpose} is permitted, so there is nothing to license"
        if len(offer.url) > MAX_URL or not _TERMS_URL.fullmatch(offer.url):
            yield f"{where}.url", "expected an absolute http or https URL, percent-encoded"
        if offer.price and not PRICE.fullmatch(offer.price):
            yield f"{where}.price", "expected a decimal number above zero, like 0.01"
        if bool(offer.price) != bool(offer.currency):
            yield f"{where}.currency", "a price and a currency come together, like 0.01 and EUR"
        if offer.currency and not CURRENCY.fullmatch(offer.currency):
            yield f"{where}.currency", "expected an ISO 4217 code, like EUR"
        if offer.unit and offer.unit not in UNITS:
            yield f"{where}.unit", f"expected one of {', '.join(UNITS)}"
        if len(offer.scope) > MAX_WORDS:
            yield f"{where}.scope", f"longer than {MAX_WORDS} characters"
