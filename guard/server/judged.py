"""What is believed of a client at one request: of how it behaves, and of the crowd that it may belong to?"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from guard.core.classification import Conduct, HardFact
from guard.core.conduct import ConductVerdict, Known
from guard.core.crowd import Coming, Group
from guard.core.observation import Answered, Observation
from guard.store.clients import Held


class AtHand:
    """A client's past in this worker, from when it was read until another process writes it.

    The heads of requests go into it at once and with the next answer into the table, where all workers see them.
    """

    __slots__ = ("facts", "held", "known", "owed", "stored", "taken", "told", "verdict")

    def __init__(self, held: Held, known: Known) -> None:
        self.held = held
        self.known = known
        self.taken = 0
        """Heads that went into it."""
        self.stored = 0
        """How many of them are in the table."""
        self.told = Conduct.CLEAN
        """What the other workers were told last."""
        self.verdict: ConductVerdict | None = None
        """The last on a head; most stand for many requests."""
        self.facts = frozenset[HardFact]()
        """The hard facts in it."""
        self.owed: list[tuple[Judged, Answered | None]] = []
        """Heads, and answers to them, that went into it and not yet into the table."""


class Judged(NamedTuple):
    """What is believed of a client's behaviour at one request."""

    key: bytes
    """Under which the client's record is kept."""
    observation: Observation
    verdict: ConductVerdict
    facts: frozenset[HardFact]
    at_hand: AtHand
    """Its past, with the head of this request in it."""
    number: int
    """Which of the heads taken into it that was."""
    together: bytes = b""
    """Under which the record of all clients is kept that seem to be one with it; empty for a client by itself."""

    @property
    def conduct(self) -> Conduct:
        return self.verdict.conduct


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What is counted of a request, once it was answered."""

    coming: Coming
    keys: tuple[tuple[Group, bytes], ...]
    usual: bytes
    """The key of what the site is used to."""
    client: bytes
    address: bytes
    picture: int
    newcomer: bool
    at: float
    portfolio: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdVerdict:
    """Whether a client belongs to a crowd that walks through the portfolio."""

    suspect: bool = False
    why: str = ""
    """A sentence for the owner."""
    together: bytes = b""
    """What all members share, where they seem to be one program; empty otherwise."""
    member: Member | None = None
    """What to count; None for whom no crowd concerns."""


NOBODY: Final = CrowdVerdict()
