"""What is known about one request while it is being answered?"""

from dataclasses import dataclass, field

from aiohttp.web import BaseRequest

from guard.core.classification import Classification, Conduct, HardFact
from guard.core.conduct import ConductVerdict
from guard.core.facts import Kind, RequestFacts, ResponseFacts
from guard.core.identity import IdentityVerdict
from guard.core.observation import Observation
from guard.core.policy import Decision
from guard.core.signatures import SignatureVerdict
from guard.reservation.documents import ReservationSet
from guard.server.site import Site


@dataclass(slots=True, kw_only=True)
class Sent:
    """What the client was sent."""

    status: int = 0
    bytes: int = 0
    """Body bytes handed to the socket."""
    completed: bool = False
    sha256: str = ""
    """Hex, of the body as sent; empty for visitors who are only counted."""
    reason: str = ""
    """Why it was not completed: `client_gone`, `upstream_broke_off`, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is believed of a client's behaviour at one request."""

    key: bytes
    """Under which the client's record is kept."""
    observation: Observation
    verdict: ConductVerdict
    facts: frozenset[HardFact]

    @property
    def conduct(self) -> Conduct:
        return self.verdict.conduct


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and what has become of it so far."""

    request: BaseRequest
    facts: RequestFacts
    site: Site
    reservation: ReservationSet
    who: Classification
    identity: IdentityVerdict
    signature: SignatureVerdict | None
    """The verified signature of the request; None without one."""
    judged: Judged | None
    """What is believed of the client's behaviour; None where nobody looks."""
    peer_is_trusted: bool
    started: float
    """Seconds of the monotonic clock when the head was complete."""
    seen: ResponseFacts | None = None
    decision: Decision | None = None
    rendition: str = "none"
    """`as_is`, `display`, `preview`, `card`, `page`, `reservation`, `none`."""
    reference: str = ""
    record: int | None = None
    """Index of the `req` leaf; None where nothing was recorded."""
    sent: Sent = field(default_factory=Sent)

    @property
    def is_automatic(self) -> bool:
        """True for a crawler that names itself and for a client that behaves like one: only these are recorded."""
        return self.who.is_crawler or self.who.conduct is not Conduct.CLEAN

    @property
    def kind(self) -> Kind:
        return self.seen.kind if self.seen else Kind.UNKNOWN

    @property
    def decided(self) -> Decision:
        """The decision; only after there is one."""
        assert self.decision is not None  # noqa: S101  # the proxy decides before it sends
        return self.decision
