"""What is known about one request while it is being answered?"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp.web import BaseRequest

from guard.core.classification import Classification, Conduct
from guard.core.facts import Kind, RequestFacts, ResponseFacts
from guard.core.identity import IdentityVerdict
from guard.core.licence import LicenceState
from guard.core.policy import Decision
from guard.core.signatures import SignatureVerdict
from guard.reservation.documents import ReservationSet
from guard.server.judged import NOBODY, CrowdVerdict, Judged
from guard.server.pack_builder import KeyedPack
from guard.server.site import Site

if TYPE_CHECKING:
    from guard.server.fast_lane.upstream import Line
    from guard.server.kept_pictures import Kept
    from guard.server.upstream import Answered


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
    """The forwarding lines of the request are a front server's, which we trust, and not the client's."""
    started: float
    """Seconds of the monotonic clock when the head was complete."""
    crowd: CrowdVerdict = NOBODY
    asked_by: str = ""
    """The kind of front server that keeps the client's connection and only asks us; empty where we answer ourselves."""
    own: bool = False
    """A request of the guard itself: neither counted, nor recorded, nor held to limits."""
    ticket_due: bool = False
    """A page should give this client a ticket."""
    asked: "Line | None" = None
    """The connection on which the upstream was asked already."""
    answered: "Answered | None" = None
    """Its answer, if that is here already."""
    seen: ResponseFacts | None = None
    decision: Decision | None = None
    rendition: str = "none"
    """`as_is`, `rights`, `marked`, `display`, `preview`, `card`, `page`, `reservation`, `none`."""
    kept: "Kept | None" = None
    """What was made of the picture before, if the upstream is asked only whether that is still right."""
    pack: KeyedPack | None = None
    """What a marked copy can be made of without the upstream's bytes."""
    mark_id: str = ""
    """Under which a marked copy is issued, in hex."""
    mark_key: str = ""
    """The commitment to the key that it is marked with, in hex."""
    original: str = ""
    """SHA-256, in hex, of the upstream's picture that what is sent was made of; empty where nothing was made."""
    reference: str = ""
    record: int | None = None
    """Index of the `req` leaf; None where nothing was recorded."""
    sent: Sent = field(default_factory=Sent)

    @property
    def base_url(self) -> str:
        """Scheme and host as the client used them; empty where it named no host."""
        return f"{self.facts.scheme}://{self.facts.authority}" if self.facts.authority else ""

    @property
    def is_automatic(self) -> bool:
        """True for a crawler that names itself or shows a licence, and for a client that behaves like one.

        Only these are recorded.
        """
        who = self.who
        return who.is_crawler or who.conduct is not Conduct.CLEAN or who.licence.state is not LicenceState.NONE

    @property
    def licence(self) -> LicenceState:
        """What the licence token is worth for what was found."""
        return self.who.licence.state_for(self.kind)

    @property
    def kind(self) -> Kind:
        return self.seen.kind if self.seen else Kind.UNKNOWN

    @property
    def decided(self) -> Decision:
        """The decision; only after there is one."""
        assert self.decision is not None  # noqa: S101  # the proxy decides before it sends
        return self.decision
