"""Who do we believe is asking, and what is that belief worth?

Three axes, not one label: the purpose (what the crawler collects for), the identity
(what its claim is worth) and the conduct (how it has behaved). A missing fact is never
an accusation: only a complete, fresh list of the operator may yield *impostor*.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from guard.core.crawlers import Crawler, Purpose, Sighting
from guard.core.licence import NO_LICENCE, LicenceVerdict


class Identity(StrEnum):
    """What a client's claim to be a certain crawler is worth."""

    __hash__ = str.__hash__  # asked for with every request, and that of Enum is slow

    VERIFIED = "verified"
    IMPOSTOR = "impostor"
    """The operator's complete and fresh list refutes the claim."""
    UNVERIFIABLE = "unverifiable"
    """The operator publishes nothing to check the claim against."""
    UNKNOWN = "unknown"
    """It could be checked, but has not been (yet), or the data is stale or out of reach."""
    NONE_CLAIMED = "none_claimed"


class Conduct(StrEnum):
    """How a client has behaved; a rule never sees more than this."""

    __hash__ = str.__hash__  # asked for with every request, and that of Enum is slow

    CLEAN = "clean"
    SUSPECT = "suspect"
    HOSTILE = "hostile"


class TicketState(StrEnum):
    """Whether a client shows that it has looked at a page of the site before."""

    __hash__ = str.__hash__  # asked for with every request, and that of Enum is slow

    NOT_ASKED = "not_asked"
    """There are no tickets here, or this client needs none."""
    VALID = "valid"
    MISSING = "missing"
    """There is none, or none that is any good (any more)."""


class HardFact(StrEnum):
    """A thing that is so, or is not: no weights, no scores."""

    FORGED_TOKEN = "forged_token"
    """The user agent carries a token that its operator uses in robots.txt only and never sends."""
    CONTRADICTORY_CLAIMS = "contradictory_claims"
    """The user agent claims to be crawlers of two operators at once, and both could be checked."""
    TOOL_PRINT = "tool_print"
    """The header lines are exactly those of a known downloading program, whatever the user agent says."""
    FORGED_FORWARDING = "forged_forwarding"
    """It sent a forwarding header although no proxy of ours stands in front: it invents where it comes from."""
    BROKE_ROBOTS = "broke_robots"
    """It asked for what the robots.txt that it was served disallows for it."""
    SAYS_AI = "says_ai"
    """The catalogue does not know it, and by a word, a name or an address it says that it is of the AI trade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Who we believe is asking."""

    purpose: Purpose
    identity: Identity
    conduct: Conduct
    claimed: str
    """The product token that the user agent names; empty for a browser."""
    crawler: Crawler | None
    """The catalogue entry that the claim matches."""
    facts: frozenset[HardFact]
    licence: LicenceVerdict = NO_LICENCE
    """What the licence token of the request is worth."""
    ticket: TicketState = TicketState.NOT_ASKED

    @property
    def operator(self) -> str:
        return self.crawler.operator if self.crawler else ""

    @property
    def is_crawler(self) -> bool:
        """True when the client says that it is automatic. Everybody else may be a person and is only counted."""
        return self.purpose not in PERSON_LIKE


PERSON_LIKE = frozenset({Purpose.BROWSER, Purpose.UNKNOWN})


def classify(
    sighting: Sighting,
    *,
    identity: Identity | None = None,
    proven: Crawler | None = None,
    conduct: Conduct = Conduct.CLEAN,
    facts: frozenset[HardFact] = frozenset(),
) -> Classification:
    """Put together what is known of one client.

    Args:
        identity: What the claim was found to be worth; None if nobody has looked, then a claim that could be
            checked is `unknown`.
        proven: Who it is by its signature, where the user agent names nobody.
        facts: Hard facts besides those that the user agent shows.
    """
    if identity is None:
        identity = _unchecked(sighting)
    if sighting.forged_token:
        facts |= {HardFact.FORGED_TOKEN}
    if proven is not None:
        return Classification(
            purpose=proven.purpose, identity=identity, conduct=conduct, claimed=proven.token, crawler=proven,
            facts=facts,
        )  # fmt: skip
    if sighting.says_ai:
        facts |= {HardFact.SAYS_AI}
    if sighting.crawler is None:
        return _of_nobody_known(sighting.purpose, identity, conduct, sighting.claimed, facts)
    return Classification(
        purpose=sighting.purpose, identity=identity, conduct=conduct, claimed=sighting.claimed,
        crawler=sighting.crawler, facts=facts,
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _of_nobody_known(
    purpose: Purpose, identity: Identity, conduct: Conduct, claimed: str, facts: frozenset[HardFact]
) -> Classification:
    """Return the same value for the same belief: most requests are people's, of whom the same is believed."""
    return Classification(
        purpose=purpose, identity=identity, conduct=conduct, claimed=claimed, crawler=None, facts=facts
    )


def _unchecked(sighting: Sighting) -> Identity:
    if sighting.purpose in PERSON_LIKE:
        return Identity.NONE_CLAIMED
    if sighting.crawler is not None and sighting.crawler.verifiable:
        return Identity.UNKNOWN
    return Identity.UNVERIFIABLE
