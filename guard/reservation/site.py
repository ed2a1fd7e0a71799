"""What was fetched from a live site, in order to read its reservation?

Values only: whoever has sockets fills them in, and `audit` judges them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Failure(StrEnum):
    """Why there is no answer."""

    NONE = ""
    NAME = "name"
    """The host name leads nowhere."""
    CONNECTION = "connection"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    """What came is not HTTP, or broke off."""
    REDIRECTS = "redirects"
    """A loop, or more than five."""
    ADDRESS = "address"
    """It leads to an address that is not fetched: another scheme, or a private network."""
    BUDGET = "budget"
    """Not asked: the audit had used up its requests, bytes or time."""


class Asker(StrEnum):
    """Whom the user agent names."""

    AUDIT = "audit"
    CRAWLER = "crawler"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer, after redirects, or why there is none."""

    url: str
    """Where it came from in the end."""
    status: int = 0
    """0 where there is none."""
    headers: tuple[tuple[str, str], ...] = ()
    """In the order and the case in which they came."""
    body: bytes = b""
    whole: bool = True
    """False if the body was longer than what is read."""
    failure: Failure = Failure.NONE

    @property
    def ok(self) -> bool:
        """Whether it is the thing that was asked for."""
        return self.status == 200

    @property
    def absent(self) -> bool:
        """Whether the site says that there is no such thing."""
        return self.status in {404, 410}

    def get(self, name: str) -> str:
        """Return the first line of a header field, or an empty string."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def media_type(self) -> str:
        """Return the content type in lower case without its parameters."""
        return self.get("content-type").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture, asked for in every way in which crawlers ask."""

    reply: Reply
    variants: Mapping[str, Reply] = field(default_factory=lambda: MappingProxyType({}))
    """By `head`, `range` and `304`; those that answered as they should."""
    as_crawler: Reply | None = None
    own_host: bool = True
    """Whether it comes from the origin of the page."""
    manifest_faults: tuple[str, ...] = ()
    """Codes of what is wrong with its C2PA manifest, where somebody could tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All that was fetched."""

    start: str
    page: Reply
    origin: str = ""
    """Scheme and host of the page, without a path."""
    asker: Asker = Asker.AUDIT
    """Who was let in: a browser's name, where the audit's own was refused."""
    documents: Mapping[str, Reply] = field(default_factory=dict)
    """By path."""
    as_crawler: Mapping[str, Reply] = field(default_factory=dict)
    """The same paths, asked for under the name of a crawler."""
    as_audit: Mapping[str, Reply] = field(default_factory=dict)
    """What the audit's own name got, where `asker` is another."""
    page_head: Reply | None = None
    licences: tuple[Reply, ...] = ()
    """RSL documents."""
    licences_named: bool = True
    """False if nothing on the site names one, so that only a common address was tried."""
    policies: tuple[Reply, ...] = ()
    """Behind `tdm-policy`."""
    here: Mapping[str, Reply] = field(default_factory=dict)
    """Of a site that is not online yet: what it has at the same path as licences and policies that do not answer, by
    their address. A server in front will add scheme and port."""
    terms: tuple[tuple[str, Reply], ...] = ()
    """The link's text and address, and the page."""
    pictures: tuple[Picture, ...] = ()
    other_hosts: Mapping[str, Reply] = field(default_factory=dict)
    """robots.txt of other origins that pictures come from, by origin."""
    requests: int = 0
    bytes: int = 0
