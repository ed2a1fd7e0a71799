"""What does the log say about one party, as far as a letter may say it?

Counted in one pass over the log: how often, when, how it was answered, which reservation was in force
and whether this client had been delivered a robots.txt. Nothing is concluded.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from guard.cli.evidence_show import Shown, shown_records
from guard.cli.evidence_words import answer_of
from guard.core.facts import PICTURES
from guard.errors import UsageError
from guard.evidence.disclosure import Group
from guard.evidence.record import RecordKind
from guard.store.log_files import open_folder
from guard.store.record_filter import Filter, addresses_of

LISTED: Final = 20
"""Requests that are named one by one; of the others the number is said."""
_MOST_ADDRESSES: Final = 200
GIVEN: Final = frozenset({"allow", "mark", "preview", "display"})
"""Answers with which something of a picture went out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One request that is named."""

    index: int
    at: int
    path: str
    """Empty where it is erased."""
    answer: str
    where: str
    """Address and port; empty unless asked for, or erased."""
    status: int
    """0 where the log does not say how the answer ended."""


@dataclass(slots=True, kw_only=True)
class Party:
    """Requests of clients under one name, with one worth of that name."""

    claimed: str
    operator: str
    """Empty where nobody is known, or anybody can run the program."""
    anybody: bool
    """It calls itself a program that anybody can run."""
    grade: str
    impostor: bool
    """The claim was refuted: the address is not in the operator's list."""
    requests: int = 0
    first: int = 0
    last: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    delivered: int = 0
    """Whole answers in which a picture, or a smaller one, went out."""
    robots_since: int = 0
    """When a client of these was first delivered its robots.txt; 0 where none is known to have been."""
    marks: set[str] = field(default_factory=set)
    listed: list[Listed] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class CaseFacts:
    """What the records that are meant say."""

    log: str
    """The name of the log."""
    site: str
    parties: list[Party] = field(default_factory=list)
    """The best known first."""
    reservations: list[str] = field(default_factory=list)
    """Digests of what was in force, in the order of their first request."""
    addresses: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """By address number of requests, first and last time; filled only if asked for."""
    more_addresses: bool = False

    @property
    def operators(self) -> list[str]:
        """Whose crawlers the clients were, or called themselves."""
        return sorted({one.operator for one in self.parties if one.operator})


def facts_of(directory: Path, wanted: Filter, *, addresses: bool) -> CaseFacts:
    """Return what the log says; with `addresses` where the clients connected from.

    Raises:
        UsageError: No request fits.
    """
    vkey = open_folder(directory).read("vkey") or b""
    facts = CaseFacts(log=vkey.decode(errors="replace").partition("+")[0], site="")
    parties: dict[tuple[str, str, str, bool], Party] = {}
    for one in _requests(directory, wanted):
        fields = one.record.fields
        facts.site = facts.site or fields["site"]
        if fields["rsv"] and fields["rsv"] not in facts.reservations:
            facts.reservations.append(fields["rsv"])
        impostor = fields["identity"] == "impostor"
        anybody = "(" in fields["operator"]
        operator = "" if anybody else fields["operator"]
        key = (fields["claimed"], operator, fields["grade"] or "E", impostor)
        if key not in parties:
            parties[key] = Party(
                claimed=fields["claimed"], operator=operator, anybody=anybody, grade=key[2], impostor=impostor,
                first=one.record.at,
            )  # fmt: skip
        _count(parties[key], one, where=_where(one) if addresses else "")
        if addresses:
            _note_addresses(facts, one)
    if not parties:
        raise UsageError("no request on record fits; see `guard evidence show` for what there is")
    facts.parties = sorted(parties.values(), key=lambda party: (party.grade, -party.requests))
    return facts


def _requests(directory: Path, wanted: Filter) -> Iterator[Shown]:
    return (one for one in shown_records(directory, wanted) if one.record.kind is RecordKind.REQUEST)


def _where(one: Shown) -> str:
    person = one.values.get(Group.PERSON.value)
    if not isinstance(person, dict) or not person.get("address"):
        return ""
    return f"{person['address']} port {person['port']}" if person.get("port") else str(person["address"])


def _count(party: Party, one: Shown, *, where: str) -> None:
    fields = one.record.fields
    answer = answer_of(fields)
    party.requests += 1
    party.first, party.last = min(party.first, one.record.at), max(party.last, one.record.at)
    party.answers[answer] += 1
    if one.end is not None and one.end.fields["completed"] and fields["resource"] in PICTURES:
        party.delivered += answer in GIVEN and one.end.fields["status"] == 200
    if since := fields.get("robots_since", 0):
        party.robots_since = min(party.robots_since or since, since)
    if fields.get("mark"):
        party.marks.add(fields["mark"])
    if len(party.listed) < LISTED:
        status = one.end.fields["status"] if one.end else 0
        party.listed.append(
            Listed(index=one.index, at=one.record.at, path=one.path, answer=answer, status=status, where=where)
        )


def _note_addresses(facts: CaseFacts, one: Shown) -> None:
    for address in addresses_of(one.values.get(Group.PERSON.value)):
        if address not in facts.addresses and len(facts.addresses) >= _MOST_ADDRESSES:
            facts.more_addresses = True
            continue
        count, first, last = facts.addresses.get(address, (0, one.record.at, one.record.at))
        facts.addresses[address] = count + 1, min(first, one.record.at), max(last, one.record.at)
