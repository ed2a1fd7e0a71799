"""What is there to say of one request, one client, and one version of the reservation?

Values of `findings`, each read from a record or computed from one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from guard.evidence.case import CaseRecord


class Outcome(StrEnum):
    """What went out, as far as the log can tell."""

    WHOLE = "whole"
    """All bytes of the answer were handed to the connection."""
    PART = "part"
    """A range of it was asked for and sent (206)."""
    UNCHANGED = "unchanged"
    """Nothing but the word that the client's copy is still right (304)."""
    HEAD = "head"
    """Only the head was asked for."""
    REFUSED = "refused"
    """A status of 400 or above."""
    BROKEN = "broken"
    """The transfer ended before the last byte."""
    UNKNOWN = "unknown"
    """The log does not say how it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A reservation, as it stands in a record."""

    index: int
    since: int
    until: int
    """When the site's next one came into force; 0 while none has."""
    site: str
    digest: str
    documents: tuple[tuple[str, str, str], ...]
    """Path, SHA-256, media type."""
    headers: tuple[tuple[str, str], ...]
    paths: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]

    def digest_of(self, path: str) -> str:
        """Return the SHA-256 of the document at `path`; empty if there is none."""
        return next((digest for place, digest, _ in self.documents if place == path), "")

    def headers_for(self, path: str) -> tuple[tuple[str, str], ...]:
        """Return the lines that went with a response at `path`."""
        return next((lines for prefix, lines in self.paths if path.startswith(prefix)), self.headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The line of a robots.txt that decides for one product token and one path."""

    group: str
    """The `User-agent` line, as it stands there."""
    group_line: int
    rule: str
    """The `Allow` or `Disallow` line; empty where none fits and so nothing is disallowed."""
    rule_line: int
    allows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One request and how its answer ended."""

    index: int
    at: int
    said: Mapping[str, Any]
    end: Mapping[str, Any]
    """Empty where the log does not say."""
    end_index: int
    target: str
    """Empty where it is erased or was never disclosed."""
    address: str
    port: int
    source: str
    """How the guard knew the address: `peer`, or the field that a trusted front server set; empty if not disclosed."""
    peer: str
    """Who had the connection to the guard."""
    ignored_chain: bool
    """The client sent a forwarding chain of its own, which nobody believed."""
    network: str
    """The /24 or /48 of the address, which may be told longer than the address; empty where it is not."""
    system: int
    """Number of the autonomous system; 0 where it is not known."""
    agent: str
    version: Version | None
    told: "Told | None"
    """The last time before that the same client was sent a document of the reservation."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def is_picture(self) -> bool:
        return self.said["resource"] in {"image", "thumbnail", "original"} or bool(self.said.get("mark"))

    @property
    def is_reservation(self) -> bool:
        return bool(self.said["rendition"] == "reservation")

    @property
    def outcome(self) -> Outcome:
        if not self.end:
            return Outcome.UNKNOWN
        status = self.end["status"]
        if not self.end["completed"]:
            return Outcome.BROKEN
        if status >= 400:
            return Outcome.REFUSED
        if status == 304:
            return Outcome.UNCHANGED
        if self.said["method"] == "HEAD":
            return Outcome.HEAD
        return Outcome.PART if status == 206 else Outcome.WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A document of the reservation that was sent to a client."""

    index: int
    """Of the record of that request; -1 where only the later request's record says so."""
    at: int
    path: str
    version: Version | None
    outcome: Outcome
    same_client: bool
    """False where only the name that the client gave itself is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What the owner said about a picture."""

    record: CaseRecord
    by_file: bool
    """The file that the site sent is the registered one, by its hash; else only its name is."""
    before: bool
    """It was said before the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Requests of one kind of client: the same name, the same worth of it."""

    grade: str
    identity: str
    claimed: str
    operator: str
    conducts: tuple[str, ...]
    fetches: tuple[Fetch, ...]

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.address for one in self.fetches if one.address))

    @property
    def networks(self) -> tuple[str, ...]:
        """Networks and, where known, the numbers of their autonomous systems."""
        found = (
            f"{one.network} (AS {one.system})" if one.system else one.network for one in self.fetches if one.network
        )
        return tuple(dict.fromkeys(found))
