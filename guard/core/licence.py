"""What has the owner allowed a licensee, and what is a token worth on one request?

A licence names who may fetch what, for what and until when. It permits nothing beyond that:
the reservation stays in force for everybody and for everything else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LicenceState(StrEnum):
    """What the licence token of a request is worth."""

    NONE = "none"
    """There is no licence token on it."""
    VALID = "valid"
    """It is good, and it covers this request."""
    NOT_COVERED = "not_covered"
    """It is good, but not for this host, path, purpose or client."""
    EXPIRED = "expired"
    REVOKED = "revoked"
    INVALID = "invalid"
    """It is not one that the owner signed, or nobody could look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What one licence says."""

    id: str
    """Ten characters of Crockford's base 32; not a secret."""
    licensee: str
    reference: str = ""
    """The owner's own: a contract, an order."""
    hosts: tuple[str, ...]
    """Names without port, lower case."""
    paths: tuple[str, ...] = ()
    """Canonical paths; each covers itself and what is below it. None: the whole site."""
    purposes: frozenset[str] = frozenset()
    """Of the crawler that fetches. None: any."""
    kinds: frozenset[str] = frozenset()
    """Of the resource. None: any."""
    crawler: str = ""
    """The id of a catalogue entry: only that crawler, and only when its identity is verified."""
    thumbprint: str = ""
    """Of a key (RFC 7638): only requests that are signed with it (Web Bot Auth)."""
    key: Mapping[str, str] | None = None
    """That key as a public JSON Web Key. Without it the key must be known from its owner's directory."""
    pictures: int = 0
    """So many pictures in `per_seconds`; 0 is without limit."""
    per_seconds: int = 0
    issued: datetime
    """Whole seconds, in UTC; `expires` likewise."""
    expires: datetime

    @property
    def bound_to(self) -> str:
        """Say in words who can use it."""
        parts = [self.crawler, f"key {self.thumbprint}" if self.thumbprint else ""]
        return " with ".join(part for part in parts if part) or "whoever holds it"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceVerdict:
    """What came of the licence token of one request."""

    state: LicenceState
    reason: str = ""
    """For people and for the client; it names no secret. Empty without a token and where it is valid."""
    licence: Licence | None = None
    """What it says; only if the owner's key signed it."""

    @property
    def id(self) -> str:
        return self.licence.id if self.licence else ""

    def state_for(self, kind: str | None) -> LicenceState:
        """Return the state for a resource of `kind`; None where nothing is known of it."""
        if self.state is LicenceState.VALID and self.licence is not None and kind is not None:
            return self.state if not self.licence.kinds or kind in self.licence.kinds else LicenceState.NOT_COVERED
        return self.state

    @property
    def depends_on_kind(self) -> bool:
        """True where the licence is for some kinds of resources or some pictures: the request alone does not tell."""
        licence = self.licence
        return self.state is LicenceState.VALID and licence is not None and bool(licence.kinds or licence.pictures)


NO_LICENCE = LicenceVerdict(state=LicenceState.NONE)
