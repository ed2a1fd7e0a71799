"""Which crawler does a User-Agent name?

A crawler is known by its product token (RFC 9309, section 2.2.1). The token is looked
for anywhere in the field, because crawlers put it behind a browser-like prefix; a short
or common token only at a word edge or at the start, as its entry says.

Software embeds other crawlers' tokens: to be let in ("SentiBot, compatible with
Googlebot"), or to get the page that a preview gets. So of several tokens the one with
the least trusted purpose counts. A token inside a longer one (Applebot in
Applebot-Extended) is not there. Some tokens exist for robots.txt only; no honest client
sends them, so one in a user agent is forged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from guard.core.ai_words import brands_of, says_ai
from guard.core.declared_bot import MAX_MATCHED, find_declared_bot, find_other_bot, fold, looks_like_browser


class Purpose(StrEnum):
    """What a client collects for, from the least trusted to the most trusted.

    The order is by how much is taken for how little in return: first collections that others train on,
    because what is in them never comes back; then bulk copies, by parties that are not known; then what
    is fetched for answers and single users; then scanners and remote-controlled browsers; then services
    that a site's owner uses or wants. The name of a library tells how and not what for, so whoever names
    a service beside it (LinkedInBot names Apache-HttpClient) is that service. Last comes the search
    engine, which is treated like a person: every other name beside a search engine's outweighs it.
    """

    __hash__ = str.__hash__  # asked for with every request, and that of Enum is slow

    IMAGE_DATASET = "image_dataset"
    AI_DATASET = "ai_dataset"
    AI_TRAINING = "ai_training"
    AI_UNDOCUMENTED = "ai_undocumented"
    SCRAPER_PLATFORM = "scraper_platform"
    OFFLINE_COPIER = "offline_copier"
    UNKNOWN_DECLARED_BOT = "unknown_declared_bot"
    """Says that it is a bot, but the catalogue does not know it."""
    AI_SEARCH = "ai_search"
    AI_AGENT = "ai_agent"
    AI_CODING = "ai_coding"
    AI_ASSISTANT = "ai_assistant"
    SECURITY_SCANNER = "security_scanner"
    HEADLESS_BROWSER = "headless_browser"
    SEO = "seo"
    ADS = "ads"
    WEBHOOK = "webhook"
    MONITORING = "monitoring"
    ACADEMIC = "academic"
    ARCHIVER = "archiver"
    FEED_READER = "feed_reader"
    IMAGE_RIGHTS = "image_rights"
    SOCIAL_PREVIEW = "social_preview"
    HTTP_LIBRARY = "http_library"
    SEARCH_ENGINE = "search_engine"
    UNKNOWN = "unknown"
    """Names nothing, and has not the shape of a browser either."""
    BROWSER = "browser"


TRUST: Mapping[Purpose, int] = MappingProxyType({purpose: rank for rank, purpose in enumerate(Purpose)})
"""The place of each purpose in that order; the lowest wins."""

AI_PURPOSES = frozenset(
    {Purpose.IMAGE_DATASET, Purpose.AI_DATASET, Purpose.AI_TRAINING, Purpose.AI_UNDOCUMENTED, Purpose.AI_SEARCH,
     Purpose.AI_AGENT, Purpose.AI_CODING, Purpose.AI_ASSISTANT}
)  # fmt: skip
"""Those of the AI trade, from data sets to assistants."""

_COMPUTED = frozenset({Purpose.UNKNOWN_DECLARED_BOT, Purpose.UNKNOWN, Purpose.BROWSER})

CATALOGUE_PURPOSES = tuple(purpose for purpose in Purpose if purpose not in _COMPUTED)
"""The purposes that an entry may state; the others are found out."""


class TokenMatch(StrEnum):
    """Where in a user agent a token counts."""

    SUBSTRING = "substring"
    WORD = "word"
    """Not inside another word: no letter, digit or underscore touches it."""
    PREFIX = "prefix"
    """Only at the very start."""
    NONE = "none"
    """Nowhere: the token is for robots.txt only, and a user agent that carries it is forged."""


class RobotsStance(StrEnum):
    """What is known about the operator and robots.txt."""

    DOCUMENTED = "documented"
    """The operator says that it obeys."""
    OWN_TOKEN_ONLY = "own-token-only"
    """Obeys only a group that names it, not `*`."""
    USER_TRIGGERED = "user-triggered"
    """The operator says that a fetch for a user may ignore it."""
    USER_CHOICE = "user-choice"
    """Depends on who runs the tool."""
    BY_DESIGN_NO = "by-design-no"
    """The tool does not read it unless told to."""
    NO = "no"
    DISPUTED = "disputed"
    """Said to obey, reported not to."""
    RETIRED = "retired"
    """Not sent any more; still worth a group in robots.txt."""
    TOKEN_ONLY = "token-only"
    """Exists in robots.txt only."""
    UNKNOWN = "unknown"
    """No statement of the operator was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawler:
    """One entry of the catalogue."""

    id: str
    """Never reused, even after the entry is gone: records from years ago name it."""
    token: str
    operator: str
    purpose: Purpose
    match: TokenMatch = TokenMatch.SUBSTRING
    robots: RobotsStance
    ranges: tuple[str, ...] = ()
    """Names of published address lists, as in `ranges.yaml`."""
    rdns: tuple[str, ...] = ()
    """Masks for the names of its addresses, such as `crawl-*.googlebot.com`."""
    signature_agent: str = ""
    """The https origin whose keys sign its requests (Web Bot Auth), or empty."""
    references: tuple[str, ...]
    checked: date
    """When the facts of the entry were last looked up."""
    note: str = ""

    @property
    def verifiable(self) -> bool:
        """Whether its operator publishes addresses, names or keys, so that a claim can be held against them."""
        return bool(self.ranges or self.rdns or self.signature_agent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a user agent says about its sender. Only a claim: whether it is true is not asked here."""

    crawler: Crawler | None
    """The entry that counts; None for a bot that the catalogue does not know, a browser and everything else."""
    purpose: Purpose
    claimed: str
    """The product token, or the word by which an unknown bot declares itself; empty if nothing is declared.

    At most 40 characters; letters, digits, spaces and `._!:+&@/-` only.
    """
    forged_token: bool = False
    """Whether a token that exists in robots.txt only is in it, whichever entry counts."""
    also: tuple[Crawler, ...] = ()
    """The other entries it names, in the order of the field."""
    says_ai: str = ""
    """The word by which a bot that the catalogue does not know says that it is of the AI trade, at most 40 characters;
    empty for everybody else, and where it says no such thing."""


_Hit = tuple[int, int, Crawler]
"""Start and end in the folded user agent, and whose token stands there."""

# Who claims one of these may get more than a stranger, so first it is asked whether another bot's name stands beside.
_FAVOURED = frozenset(purpose for purpose in Purpose if TRUST[purpose] >= TRUST[Purpose.ADS])


class Catalogue:
    """All crawlers that are known, ready to be looked up.

    Two tokens must not be alike without regard to case; `crawler_file.check_together` sees to it.
    """

    def __init__(self, crawlers: Sequence[Crawler]) -> None:
        self.crawlers = tuple(crawlers)
        self._by_id = {crawler.id: crawler for crawler in self.crawlers}
        self._brands = brands_of(_names_in_ai(self.crawlers))
        self._tokens = AhoCorasick(
            [crawler.token.lower() for crawler in self.crawlers],
            # The only kind that can report overlapping tokens.
            matchkind=MatchKind.Standard,
            implementation=Implementation.DFA,
        )

    def __repr__(self) -> str:
        return f"<Catalogue of {len(self.crawlers)} crawlers>"

    def get(self, crawler_id: str) -> Crawler | None:
        """Return the entry with this id, or None."""
        return self._by_id.get(crawler_id)

    def find(self, user_agent: str) -> Sighting:
        """Say whom `user_agent` names. It may be any text; its first 512 characters count.

        Costs a few microseconds and bounded memory, whatever is sent. Callers keep answers of recent
        strings, since browsers send few different ones.
        """
        hits = self._hits(fold(user_agent))
        if not hits:
            word = find_declared_bot(user_agent)
            if word:
                return self._unknown(user_agent, word)
            browser = looks_like_browser(user_agent)
            return Sighting(crawler=None, purpose=Purpose.BROWSER if browser else Purpose.UNKNOWN, claimed="")
        named = tuple({crawler.id: crawler for _, _, crawler in hits}.values())
        forged = any(crawler.match is TokenMatch.NONE for crawler in named)
        # Of equals the first: products stand in decreasing order of significance (RFC 9110, section 10.1.5).
        chosen = min(named, key=lambda crawler: TRUST[crawler.purpose])
        if chosen.purpose in _FAVOURED:
            other = find_other_bot(user_agent, [(start, end) for start, end, _ in hits])
            if other:
                return self._unknown(user_agent, other, forged_token=forged, also=named)
        return Sighting(
            crawler=chosen,
            purpose=chosen.purpose,
            claimed=chosen.token.removesuffix("/"),
            forged_token=forged,
            also=tuple(crawler for crawler in named if crawler is not chosen),
        )

    def _unknown(
        self, user_agent: str, word: str, *, forged_token: bool = False, also: tuple[Crawler, ...] = ()
    ) -> Sighting:
        return Sighting(
            crawler=None,
            purpose=Purpose.UNKNOWN_DECLARED_BOT,
            claimed=word,
            forged_token=forged_token,
            also=also,
            says_ai=says_ai(user_agent[:MAX_MATCHED], word, self._brands),
        )

    def _hits(self, text: str) -> list[_Hit]:
        """Return the tokens that count in `text`, in its order, without those inside a longer one."""
        found = [
            (start, end, self.crawlers[index])
            for index, start, end in self._tokens.find_matches_as_indexes(text, overlapping=True)
            if _counts(self.crawlers[index].match, text, start, end)
        ]
        # Whatever contains a token begins no later and, of those that begin with it, is the longest. So a token is
        # inside another if it ends no later than something before it.
        found.sort(key=lambda hit: (hit[0], -hit[1]))
        kept: list[_Hit] = []
        reach = 0
        for hit in found:
            if hit[1] > reach:
                kept.append(hit)
                reach = hit[1]
        return kept


def _names_in_ai(crawlers: Sequence[Crawler]) -> list[str]:
    """Return names and tokens of the operators whose every entry is AI: a new one of theirs most likely is, too."""
    of_operator: dict[str, list[Crawler]] = {}
    for crawler in crawlers:
        of_operator.setdefault(crawler.operator, []).append(crawler)
    names = []
    for operator, own in of_operator.items():
        if operator not in _NOBODY and all(one.purpose in AI_PURPOSES for one in own):
            names += [one.token for one in own]
            if not operator.endswith(_FOR_OTHERS):
                names.append(operator)
    return names


_NOBODY = frozenset({"unknown", "unverified", "anyone (tool)"})
_FOR_OTHERS = " customers"
"""What an operator runs for others is entered as that of its customers."""


def _counts(match: TokenMatch, text: str, start: int, end: int) -> bool:
    """Tell whether a token that stands at `start` to `end` of `text` is meant there."""
    if match is TokenMatch.SUBSTRING or match is TokenMatch.NONE:
        return True
    if match is TokenMatch.PREFIX:
        return start == 0
    if match is TokenMatch.WORD:
        # A token that itself ends in a slash has its edge already.
        glued_before = _joins(text, start - 1) and _joins(text, start)
        glued_behind = _joins(text, end - 1) and _joins(text, end)
        return not glued_before and not glued_behind
    assert_never(match)


def _joins(text: str, index: int) -> bool:
    return 0 <= index < len(text) and (text[index].isalnum() or text[index] == "_")
