"""What does a file of the crawler catalogue say?

One file holds the crawlers of one operator, as values that were parsed and still know
their place. Everything that is wrong in all files is reported at once, because whoever
adds a crawler wants to run the check one time only.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from guard.core.crawlers import CATALOGUE_PURPOSES, Crawler, Purpose, RobotsStance, TokenMatch
from guard.errors import ConfigurationError, Fault
from guard.yaml12 import Document, validate

_KEBAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# What a Sighting may show. RFC 9309 allows letters, `_` and `-` only; what crawlers really send is wider.
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._!:+&@/-]{3,39}")
_SOURCE = re.compile(r"https://[a-z0-9.-]+(?:/[^\s]*)?|[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+|PyPI [A-Za-z0-9_.-]+")
_MASK = re.compile(r"(?:[a-z0-9-]+-)?\*(?:\.[a-z0-9-]+){2,}")
_ORIGIN = re.compile(r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_DOMAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_DATE = r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$"

# Names that every customer of a cloud gets; a mask that ends in one proves nothing about who is calling.
_RENTED = (".googleusercontent.com", ".amazonaws.com", ".azure.com", ".1e100.net", ".linode.com", ".your-server.de")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """User agents that one entry must find, and such that it must leave alone."""

    crawler_id: str
    match: tuple[str, ...]
    no_match: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlerFile:
    """One parsed file."""

    document: Document
    operator: str
    crawlers: tuple[Crawler, ...]
    referrers: tuple[str, ...]
    """Domains from which the operator sends visitors."""
    cases: tuple[Cases, ...]

    def fault(self, index: int, key: str, message: str) -> Fault:
        """Return a fault at `key` of the entry with this index."""
        return _fault(self.document, self.crawlers[index].id, ("crawlers", index, key), message)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=False)


class _Verification(_Strict):
    ranges: list[str] = Field(default_factory=list)
    rdns: list[str] = Field(default_factory=list)
    signature_agent: str = ""


class _Cases(_Strict):
    match: list[str]
    no_match: Annotated[list[str], Field(alias="no-match", min_length=1)]


class _Entry(_Strict):
    id: str
    token: str
    purpose: Literal[tuple(str(purpose) for purpose in CATALOGUE_PURPOSES)]  # type: ignore[valid-type]
    robots: Literal[tuple(str(stance) for stance in RobotsStance)]  # type: ignore[valid-type]
    match: Literal[tuple(str(match) for match in TokenMatch)] = "substring"  # type: ignore[valid-type]
    verification: _Verification = Field(default_factory=_Verification)
    note: str = ""
    checked: Annotated[str, Field(pattern=_DATE)]
    cases: _Cases


class _File(_Strict):
    operator: Annotated[str, Field(min_length=1)]
    references: list[str]
    referrers: list[str] = Field(default_factory=list)
    crawlers: Annotated[list[_Entry], Field(min_length=1)]


def parse(document: Document) -> CrawlerFile:
    """Make crawlers of one YAML document.

    Raises:
        ConfigurationError: With every fault of the file.
    """
    content = validate(_File, document)
    faults = list(_file_faults(document, content))
    for index, entry in enumerate(content.crawlers):
        faults += _entry_faults(document, index, entry, referenced=bool(content.references))
    if faults:
        raise ConfigurationError(tuple(faults))
    return CrawlerFile(
        document=document,
        operator=content.operator,
        crawlers=tuple(_crawler(content, entry) for entry in content.crawlers),
        referrers=tuple(content.referrers),
        cases=tuple(
            Cases(crawler_id=entry.id, match=tuple(entry.cases.match), no_match=tuple(entry.cases.no_match))
            for entry in content.crawlers
        ),
    )


def check_together(files: Sequence[CrawlerFile], range_names: Collection[str] | None) -> tuple[Fault, ...]:
    """Return what is wrong between files: ids and tokens given twice, and address lists that nobody defines.

    `range_names` is None where they could not be read.
    """
    faults: list[Fault] = []
    ids: dict[str, str] = {}
    tokens: dict[str, str] = {}
    for file in files:
        for index, crawler in enumerate(file.crawlers):
            where = f"{file.document.file}:{file.document.place(('crawlers', index, 'id'))[0]}"
            if crawler.id in ids:
                faults.append(file.fault(index, "id", f"the id is already taken in {ids[crawler.id]}"))
            ids.setdefault(crawler.id, where)
            taken = tokens.setdefault(crawler.token.lower(), crawler.id)
            if taken != crawler.id:
                faults.append(
                    file.fault(index, "token", f"product token '{crawler.token}' is already taken by {taken}")
                )
            for name in crawler.ranges:
                if range_names is not None and name not in range_names:
                    faults.append(file.fault(index, "verification", f"no address list is called '{name}'"))
    return tuple(faults)


def _crawler(content: _File, entry: _Entry) -> Crawler:
    return Crawler(
        id=entry.id,
        token=entry.token,
        operator=content.operator,
        purpose=Purpose(entry.purpose),
        match=TokenMatch(entry.match),
        robots=RobotsStance(entry.robots),
        ranges=tuple(entry.verification.ranges),
        rdns=tuple(entry.verification.rdns),
        signature_agent=entry.verification.signature_agent,
        references=tuple(content.references),
        checked=date.fromisoformat(entry.checked),
        note=entry.note,
    )


def _fault(document: Document, where: str, path: tuple[str | int, ...], message: str) -> Fault:
    line, column = document.place(path, of_value=True)
    return Fault(file=document.file, line=line, column=column, where=where, message=message)


def _file_faults(document: Document, content: _File) -> Iterator[Fault]:
    for index, reference in enumerate(content.references):
        if not _SOURCE.fullmatch(reference):
            yield _fault(
                document,
                f"references.{index}",
                ("references", index),
                f"'{reference}' is neither an https address nor a list like 'owner/repository' or 'PyPI package'",
            )
    for index, domain in enumerate(content.referrers):
        if not _DOMAIN.fullmatch(domain):
            message = f"'{domain}' is not a domain like 'search.example', in small letters"
            yield _fault(document, f"referrers.{index}", ("referrers", index), message)


def _entry_faults(document: Document, index: int, entry: _Entry, *, referenced: bool) -> Iterator[Fault]:
    def fault(message: str, *path: str | int) -> Fault:
        return _fault(document, entry.id, ("crawlers", index, *path), message)

    if not _KEBAB.fullmatch(entry.id):
        yield fault("an id is made of lower-case words, digits and single hyphens", "id")
    if not _TOKEN.fullmatch(entry.token):
        yield fault("a product token has 4 to 40 letters, digits, spaces or ._!:+&@/-", "token")
    if not referenced and not entry.note:
        yield fault("the file names no reference; add one, or say in 'note' where the entry is from", "id")
    yield from _verification_faults(fault, entry)
    try:
        date.fromisoformat(entry.checked)
    except ValueError:
        yield fault(f"there is no day {entry.checked}", "checked")
    token_only = entry.match == TokenMatch.NONE
    if token_only != (entry.robots == RobotsStance.TOKEN_ONLY):
        yield fault("'match: none' and 'robots: token-only' say the same; give both or neither", "robots")
    if token_only and entry.cases.match:
        yield fault("a token that is never sent has no user agent to match", "cases", "match")
    if not token_only and not entry.cases.match:
        yield fault("add at least one user agent that the entry must match", "cases", "match")


def _verification_faults(fault: Callable[..., Fault], entry: _Entry) -> Iterator[Fault]:
    for position, mask in enumerate(entry.verification.rdns):
        path = ("verification", "rdns", position)
        if not _MASK.fullmatch(mask):
            yield fault(f"'{mask}' is not a mask like '*.search.example' or 'crawl-*.bot.example'", *path)
        elif f".{mask.partition('.')[2]}".endswith(_RENTED):
            yield fault(f"'{mask}' covers addresses that anybody can rent, so it would prove nothing", *path)
    agent = entry.verification.signature_agent
    if agent and not _ORIGIN.fullmatch(agent):
        yield fault(f"'{agent}' is not an https origin", "verification", "signature_agent")
