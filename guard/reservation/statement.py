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

Words of the holder are *neutralised* to one line of visible characters, because any name
is somebody's name; an address (URL) is *rejected* if it is not already safe to copy into
a header line, because a changed address is another address.
"""

import re
import unicodedata
from dataclasses import dataclass

from guard.errors import ConfigurationError, Fault

TERMS_PATH = "/.well-known/guard/terms"

MAX_WORDS = 300
"""Characters of `holder` and `contact`; enough for a company's full name, too short for a page."""

MAX_URL = 1000
"""Characters of a URL; it is repeated in every response."""

_ORIGIN = re.compile(
    r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
# The characters of RFC 3986, section 2. A quote mark, a space or a letter outside ASCII has a percent-encoded form.
_TERMS_URL = re.compile(_ORIGIN.pattern + r"(?:[/?#](?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?")

# Joiners are invisible too, but Persian and several Indic scripts can not be written without them.
_JOINERS = frozenset("\u200c\u200d")
# Control, format (also bidirectional overrides), surrogate. Line separators are white space already. Unassigned ones
# stay: which they are depends on the version of Python, and one name must give one digest everywhere.
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


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
    train: bool = False
    """True: training generative models is permitted."""
    ai_use: bool = False
    """True: use as input to a generative model (answers, assistants, agents) is permitted."""
    search: bool = True
    """True: a search index that refers to the page is permitted."""
    tdm: bool = False
    """True: text and data mining for purposes that the other three do not name is permitted."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "holder", one_line(self.holder))
        object.__setattr__(self, "contact", one_line(self.contact))
        faults = _faults(self)
        if faults:
            raise ConfigurationError(faults)

    @property
    def anything_reserved(self) -> bool:
        return not (self.train and self.ai_use and self.search and self.tdm)

    @property
    def policy_url(self) -> str:
        """Where the terms are.

        Where the host is not known this is a path: RFC 3986, section 5.2 resolves it against the host that was asked.
        """
        return self.terms_url or self.base_url + TERMS_PATH

    @property
    def tdm_reservation(self) -> int:
        """Return TDMRep's `tdm-reservation`, 1 or 0 (CG Final Report 2024-05-10)."""
        return int(self.anything_reserved)

    @property
    def content_usage(self) -> str:
        """Return the AIPREF preference, an RFC 9651 dictionary (draft-ietf-aipref-vocab-08)."""
        answers = (("train-ai", self.train), ("ai-use", self.ai_use), ("search", self.search))
        return ", ".join(f"{label}={'y' if permitted else 'n'}" for label, permitted in answers)

    @property
    def content_signal(self) -> str:
        """Return the Content Signals of contentsignals.org. The word order differs from AIPREF's: `ai-train`."""
        answers = (("search", self.search), ("ai-input", self.ai_use), ("ai-train", self.train))
        return ", ".join(f"{signal}={'yes' if permitted else 'no'}" for signal, permitted in answers)


def one_line(words: str) -> str:
    """Return `words` on one line: every run of space and invisible characters becomes one space."""
    visible = (" " if unicodedata.category(c) in _UNSEEN and c not in _JOINERS else c for c in words)
    return " ".join("".join(visible).split())


def _faults(statement: Statement) -> tuple[Fault, ...]:
    found: list[tuple[str, str]] = []
    for where, words in (("holder", statement.holder), ("contact", statement.contact)):
        if len(words) > MAX_WORDS:
            found.append((where, f"longer than {MAX_WORDS} characters"))
    if statement.base_url and not _ORIGIN.fullmatch(statement.base_url):
        found.append(("base_url", "expected scheme and host in ASCII without a path, like https://photo.example"))
    if statement.terms_url and not _TERMS_URL.fullmatch(statement.terms_url):
        found.append(
            ("terms", "expected an absolute http or https URL, percent-encoded, like https://photo.example/terms")
        )
    for where, url in (("base_url", statement.base_url), ("terms", statement.terms_url)):
        if len(url) > MAX_URL:
            found.append((where, f"longer than {MAX_URL} characters"))
    return tuple(Fault(file="rights", line=0, column=0, where=where, message=message) for where, message in found)
