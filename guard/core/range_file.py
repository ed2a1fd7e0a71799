"""Where do operators publish the addresses of their crawlers?

The lists are only named here: fetching one is somebody else's work, and so is judging
whether what came is sane.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from guard.errors import ConfigurationError, Fault
from guard.yaml12 import Document, validate

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_URL = re.compile(r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/\S*)?")


class RangeFormat(StrEnum):
    """How a published list is written."""

    JAFAR = "jafar"
    """`{"creationTime": …, "prefixes": [{"ipv4Prefix": …}, {"ipv6Prefix": …}]}`
    (draft-illyes-webbotauth-jafar-00)."""
    GEOFEED = "geofeed"
    """Comma-separated, the prefix first (RFC 8805)."""
    LINES = "lines"
    """One address or prefix a line."""
    PAGE = "page"
    """A page for people, with the addresses or JSON somewhere in it."""
    FIXED = "fixed"
    """Nothing to fetch: `prefixes` says it all."""


class Proof(StrEnum):
    """What it is worth that an address is in the list."""

    CRAWLER = "crawler"
    """The list holds this operator's crawlers."""
    NETWORK = "network"
    """The list holds more than crawlers, or hosts of customers; being outside still refutes a claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeSource:
    """One published list of addresses."""

    name: str
    urls: tuple[str, ...]
    format: RangeFormat
    proof: Proof
    prefixes: tuple[IPv4Network | IPv6Network, ...]
    """Only for `fixed`."""
    asns: tuple[int, ...]
    """Autonomous systems that hold the same hosts."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningAgent:
    """An origin whose keys sign requests (Web Bot Auth)."""

    origin: str
    operator: str
    agent: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeFile:
    """The parsed file: lists by name, and who signs."""

    ranges: Mapping[str, RangeSource]
    signing_agents: tuple[SigningAgent, ...]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Range(_Strict):
    urls: list[str] = Field(default_factory=list)
    format: Literal[tuple(str(item) for item in RangeFormat)]  # type: ignore[valid-type]
    proof: Literal[tuple(str(item) for item in Proof)] = "crawler"  # type: ignore[valid-type]
    prefixes: list[str] = Field(default_factory=list)
    asns: list[Annotated[int, Field(ge=1, le=4294967295)]] = Field(default_factory=list)
    note: str = ""


class _Signer(_Strict):
    origin: str
    operator: str
    agent: str
    note: str = ""


class _File(_Strict):
    ranges: dict[str, _Range]
    web_bot_auth: list[_Signer]


def parse_ranges(document: Document) -> RangeFile:
    """Make range sources of the document.

    Raises:
        ConfigurationError: With every fault of the file.
    """
    content = validate(_File, document)
    faults: list[Fault] = []

    def add(path: tuple[str | int, ...], message: str) -> None:
        # A name and what is missing beside it are shown at the name, a wrong value at the value.
        faults.append(document.fault(path, message, of_value=len(path) > 2))

    ranges: dict[str, RangeSource] = {}
    for name, entry in content.ranges.items():
        if not _NAME.fullmatch(name):
            add(("ranges", name), "a name is made of lower-case words, digits and single hyphens")
        for index, url in enumerate(entry.urls):
            if not _URL.fullmatch(url):
                add(("ranges", name, "urls", index), f"'{url}' is not an https address")
        fixed = entry.format == RangeFormat.FIXED
        if fixed == bool(entry.urls) or fixed != bool(entry.prefixes):
            add(("ranges", name), "give 'prefixes' with the format 'fixed', and 'urls' with every other")
        prefixes: list[IPv4Network | IPv6Network] = []
        for index, prefix in enumerate(entry.prefixes):
            try:
                prefixes.append(ip_network(prefix))
            except ValueError:
                add(("ranges", name, "prefixes", index), f"'{prefix}' is not a network like 192.0.2.0/24")
        ranges[name] = RangeSource(
            name=name,
            urls=tuple(entry.urls),
            format=RangeFormat(entry.format),
            proof=Proof(entry.proof),
            prefixes=tuple(prefixes),
            asns=tuple(entry.asns),
            note=entry.note,
        )
    for index, signer in enumerate(content.web_bot_auth):
        if not _URL.fullmatch(signer.origin) or signer.origin.count("/") > 2:
            add(("web_bot_auth", index, "origin"), f"'{signer.origin}' is not an https origin")
    if faults:
        raise ConfigurationError(tuple(faults))
    return RangeFile(
        ranges=ranges,
        signing_agents=tuple(SigningAgent(**signer.model_dump()) for signer in content.web_bot_auth),
    )
