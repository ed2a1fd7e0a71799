"""By what does an owner know their own pictures in somebody else's list?

A small YAML file that the owner keeps. Every key is optional:

    hosts: [photo.example, bücher.example]        # the site, and everything below it
    urls: [https://agency.example/jane-doe/]      # pages of an agency: all that begins so
    ids: ["1234567890"]                           # numbers that an agency gave, in quotes
    names: [Jane Doe]                             # in captions
    captions: ["Westerheversand at dusk"]         # words of a caption
    files: [westerhever-2019.jpg]                 # names of files
    md5: [9e107d9d372bb6826bd81d3542a419d6]       # of files, byte for byte
    sha256: [...]
    phash: [d1c4f0e2a3b49687]                     # perceptual hashes (ImageHash's phash)
    lists: [optout.csv]                           # made by `guard dataset optout`

A short or common word finds strangers' pictures too; so the shortest lengths are bounded.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from guard.dataset.listed_url import own_host, plain_host
from guard.errors import ConfigurationError
from guard.validation import OneOrMore, WrongValueError, validate
from guard.yaml12 import Document

SHORTEST_ID: Final = 5
SHORTEST_WORDS: Final = 5
MOST_TEXTS: Final = 100_000
"""Entries of one key; longer lists belong into a file under `lists`."""

_HASH: Final = re.compile(r"[0-9a-f]+", re.ASCII)


def hash_of(text: str, digits: int) -> str:
    """Return a hash in small hexadecimal digits; empty if `text` is none of this length."""
    hexadecimal = text.strip().lower()
    return hexadecimal if len(hexadecimal) == digits and _HASH.fullmatch(hexadecimal) else ""


def _host(text: str) -> str:
    host = plain_host(text.removeprefix("*."))
    if "/" in host or ":" in host or not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+", host):
        raise WrongValueError("must be a host name like photo.example, without https:// and without a path")
    return host


def _url(text: str) -> str:
    own = own_host(text)
    if own is None or "." not in own.host or not re.match(r"(?i)https?://", text):
        raise WrongValueError("must be an address like https://agency.example/jane-doe/")
    if own.path in ("", "/"):
        raise WrongValueError(f"names a whole site; write it under 'hosts': {own.host}")
    return text


def _id(text: str) -> str:
    if len(text.strip()) < SHORTEST_ID:
        raise WrongValueError(f"must have at least {SHORTEST_ID} characters, or it finds strangers' pictures")
    return text.strip()


def _words(text: str) -> str:
    if len(text.strip()) < SHORTEST_WORDS:
        raise WrongValueError(f"must have at least {SHORTEST_WORDS} characters, or it finds strangers' pictures")
    return text.strip()


def _file(text: str) -> str:
    if "/" in text or "." not in text.strip("."):
        raise WrongValueError("must be the name of a file with its ending and without folders, like westerhever.jpg")
    return text.strip()


def _md5(text: str) -> str:
    return _checked(text, 32)


def _sha256(text: str) -> str:
    return _checked(text, 64)


def _phash(text: str) -> str:
    return _checked(text, 16)


def _checked(text: str, digits: int) -> str:
    if not (found := hash_of(text, digits)):
        raise WrongValueError(f"must be {digits} hexadecimal digits")
    return found


class IdentifierFile(BaseModel):
    """The file that an owner keeps; keys that are not known are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hosts: OneOrMore[Annotated[str, AfterValidator(_host)]] = Field(default=(), max_length=MOST_TEXTS)
    urls: OneOrMore[Annotated[str, AfterValidator(_url)]] = Field(default=(), max_length=MOST_TEXTS)
    ids: OneOrMore[Annotated[str, AfterValidator(_id)]] = Field(default=(), max_length=MOST_TEXTS)
    names: OneOrMore[Annotated[str, AfterValidator(_words)]] = Field(default=(), max_length=MOST_TEXTS)
    captions: OneOrMore[Annotated[str, AfterValidator(_words)]] = Field(default=(), max_length=MOST_TEXTS)
    files: OneOrMore[Annotated[str, AfterValidator(_file)]] = Field(default=(), max_length=MOST_TEXTS)
    md5: OneOrMore[Annotated[str, AfterValidator(_md5)]] = Field(default=(), max_length=MOST_TEXTS)
    sha256: OneOrMore[Annotated[str, AfterValidator(_sha256)]] = Field(default=(), max_length=MOST_TEXTS)
    phash: OneOrMore[Annotated[str, AfterValidator(_phash)]] = Field(default=(), max_length=MOST_TEXTS)
    lists: OneOrMore[str] = Field(default=(), max_length=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiers:
    """What is looked for."""

    hosts: frozenset[str] = frozenset()
    """As `plain_host` writes them; everything below them counts too."""
    urls: frozenset[str] = frozenset()
    """Beginnings of addresses; a `*` stands for any text, a `$` at the end for the end."""
    pictures: frozenset[str] = frozenset()
    """Whole addresses, as `plain_url` writes them."""
    ids: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    captions: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    md5: Mapping[str, str] = field(default_factory=dict)
    """Hash to what the picture is called, here and below: the file's name, or the hash again."""
    sha256: Mapping[str, str] = field(default_factory=dict)
    phash: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.of_addresses or self.of_captions or self.md5 or self.sha256 or self.phash)

    @property
    def of_addresses(self) -> frozenset[str]:
        """Everything that is looked for in addresses."""
        return self.hosts | self.urls | self.pictures | self.ids | self.files

    @property
    def of_captions(self) -> frozenset[str]:
        """Everything that is looked for in captions."""
        return self.names | self.captions | self.ids

    def __or__(self, other: "Identifiers") -> "Identifiers":
        return replace(
            self,
            hosts=self.hosts | other.hosts,
            urls=self.urls | other.urls,
            pictures=self.pictures | other.pictures,
            ids=self.ids | other.ids,
            names=self.names | other.names,
            captions=self.captions | other.captions,
            files=self.files | other.files,
            md5={**self.md5, **other.md5},
            sha256={**self.sha256, **other.sha256},
            phash={**self.phash, **other.phash},
        )


def of_hosts(hosts: Iterable[str]) -> Identifiers:
    """Return the identifiers that consist of hosts only; WrongValueError if one is none."""
    return Identifiers(hosts=frozenset(_host(host) for host in hosts))


def parse_identifiers(document: Document) -> tuple[Identifiers, tuple[str, ...]]:
    """Read an owner's file; return what it names, and the lists that it refers to.

    Raises:
        ConfigurationError: With every fault, in file order; also if it names nothing.
    """
    entry = validate(IdentifierFile, document)
    if not entry.model_fields_set:
        raise ConfigurationError((document.fault((), "names nothing to look for; add hosts, urls, ids, names, …"),))
    found = Identifiers(
        hosts=frozenset(entry.hosts),
        urls=frozenset(entry.urls),
        ids=frozenset(entry.ids),
        names=frozenset(entry.names),
        captions=frozenset(entry.captions),
        files=frozenset(entry.files),
        md5={one: one for one in entry.md5},
        sha256={one: one for one in entry.sha256},
        phash={one: one for one in entry.phash},
    )
    return found, entry.lists
