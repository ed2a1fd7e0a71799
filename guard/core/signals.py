"""What is odd about how a client asks?

A signal is one oddity with an id for ever. What it weighs, when it counts and whom it could hurt is data
(`rules/behaviour.yaml`); what it looks at is code. Weights are natural-log likelihood ratios. A client repeats what it
is with every request, so a repeated oddity is not new evidence: a signal rises to its weight in a few steps and
no further.
"""

from dataclasses import dataclass
from enum import StrEnum

from guard.core.header_print import ToolPrint


class Family(StrEnum):
    """Signals that have one cause in common; two families that speak are two causes."""

    __hash__ = str.__hash__  # asked for with every request, and that of Enum is slow

    HEADERS = "headers"
    NAVIGATION = "navigation"
    COLLECTION = "collection"
    TIMING = "timing"
    NETWORK = "network"
    ROBOTS = "robots"


class SignalId(StrEnum):
    """Every signal; the order is that of their levels in a client's record."""

    __hash__ = str.__hash__  # asked for with every request, and that of Enum is slow

    # Header lines that the claimed browser does not send.
    TOOL_PRINT = "tool-print"
    ILLEGAL_FETCH_METADATA = "illegal-fetch-metadata"
    MISSING_FETCH_METADATA = "missing-fetch-metadata"
    MISSING_CLIENT_HINTS = "missing-client-hints"
    CONTRADICTING_CLIENT_HINTS = "contradicting-client-hints"
    CONTRADICTING_PLATFORM = "contradicting-platform"
    OLD_BROWSER = "old-browser"
    LIBRARY_HEADERS = "library-headers"
    OLD_PROTOCOL = "old-protocol"
    CONNECTION_CONTRADICTS = "connection-contradicts"
    NAVIGATION_TO_PICTURES = "navigation-to-pictures"
    # How the client came to the picture.
    PICTURES_WITHOUT_PAGES = "pictures-without-pages"
    PICTURES_PER_PAGE = "pictures-per-page"
    PAGES_WITHOUT_PARTS = "pages-without-parts"
    NO_REFERER = "no-referer"
    HEAD_SWEEP = "head-sweep"
    MISSING_ADDRESSES = "missing-addresses"
    # What it takes.
    BREADTH = "breadth"
    DATASET_ORDER = "dataset-order"
    SIZE_ENUMERATION = "size-enumeration"
    PORTFOLIO_SHARE = "portfolio-share"
    NO_REVISITS = "no-revisits"
    # When.
    REGULAR_GAPS = "regular-gaps"
    SUSTAINED_RATE = "sustained-rate"
    WENT_ON = "went-on"
    # From where.
    USER_AGENT_ROTATION = "user-agent-rotation"
    ONE_GREETING = "one-greeting"
    FORGED_FORWARDING = "forged-forwarding"
    # What it was told.
    ROBOTS_READ = "robots-read"
    ROBOTS_BREACH = "robots-breach"
    DECOY = "decoy"
    # What only a person's browser does: these take away.
    PAGE_WITH_PARTS = "page-with-parts"
    PICTURE_IN_PAGE = "picture-in-page"


SIGNALS = tuple(SignalId)
INDEX = {signal: index for index, signal in enumerate(SIGNALS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What one signal weighs."""

    id: SignalId
    family: Family
    weight: float
    """The most that it adds, in nats; negative for what speaks for a person."""
    steps: int
    """In how many observations it gets there."""
    after: int
    """How many things of the kind it counts must have been seen before; fewer where the portfolio is small."""
    hard: bool
    """A fact: seen once, the client is hostile."""
    hurts: str
    """Who could be hit by mistake, and what guards them."""
    source: str
    fires: tuple[str, ...]
    """Captures in which it must fire."""
    spares: tuple[str, ...]
    """Captures in which it must not."""

    @property
    def step(self) -> float:
        return self.weight / self.steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """After how many seconds a thing counts 1/e of what it did."""

    rate: float
    visits: float
    score: float
    hard: float
    """Seconds that a hard fact holds after it was last seen."""
    robots_grace: float
    """Seconds after robots.txt was served in which requests that were under way do not break it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which score a client is what, in nats."""

    suspect: float
    hostile: float
    floor: float
    """No client banks more credit than this for a later bulk run."""
    ceiling: float
    step: float
    """The most that the head of a request, or its answer, changes the score."""
    speaks: float
    """A family that adds at least this much is one of the two that `hostile` takes."""
    small_portfolio: int
    """With fewer originals than this on the site, signals count after proportionally fewer pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourRules:
    """Everything that a judgement of behaviour depends on besides what was observed."""

    signals: tuple[Signal, ...]
    """In the order of SignalId."""
    caps: dict[Family, float]
    memory: Memory
    thresholds: Thresholds
    current_chromium: int
    current_gecko: int
    tools: tuple[ToolPrint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """One signal that speaks about a client now."""

    id: SignalId
    family: Family
    level: float
    """What it adds at the moment, in nats."""
    weight: float
    value: str
    """What was seen in this request; empty where it speaks from earlier ones."""
    hard: bool
    """It makes a client hostile alone."""
