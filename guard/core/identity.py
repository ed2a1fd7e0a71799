"""Is a client the crawler that it claims to be?

Operators publish three kinds of proof: keys that sign requests, lists of addresses, and
names of hosts (masks). Any one of them confirms a claim. A claim is refuted only if every
list and every name that the operator publishes was at hand, complete and fresh, and none of
them knows the address. Whatever is missing, stale, pending or out of reach accuses nobody;
neither does a request without a signature, since no operator promises to sign all.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from guard.core.addresses import NOWHERE, AddressLists, is_public
from guard.core.classification import PERSON_LIKE, Identity
from guard.core.crawlers import Crawler, Purpose, Sighting
from guard.core.facts import IPAddress
from guard.core.range_file import Proof
from guard.core.range_lists import RangeList
from guard.core.signatures import UNSIGNED, SignatureStatus, SignatureVerdict


class Grade(StrEnum):
    """What a record can say about who it was."""

    SIGNATURE = "A"
    """A verified request signature."""
    LIST = "B"
    """The address is in the operator's published list of crawlers."""
    NETWORK = "C"
    """A forward-confirmed name, or a network of the operator."""
    CLAIM = "D"
    """The claim alone, which may be refuted."""
    BEHAVIOUR = "E"
    """No claim."""


class NameState(StrEnum):
    """How far the look-up of a client's name has come."""

    OFF = "off"
    """Names are not looked up here."""
    PENDING = "pending"
    FAILED = "failed"
    """The name servers did not answer, or not usably."""
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostNames:
    """What the domain name system says about an address."""

    state: NameState
    confirmed: tuple[str, ...] = ()
    """Names of the address that fit a mask and lead back to it; lower case, no dot at the end."""
    at: datetime | None = None
    """When the name servers answered."""


NAMES_OFF = HostNames(state=NameState.OFF)
NAMES_PENDING = HostNames(state=NameState.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The address lists of all operators at one moment; never changed, only replaced."""

    addresses: AddressLists = field(default_factory=lambda: AddressLists.build({}))
    lists: Mapping[str, RangeList] = field(default_factory=dict)
    of_operator: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The names of all lists of an operator, whichever crawler they are for."""

    @classmethod
    def of(cls, lists: Mapping[str, RangeList], crawlers: Sequence[Crawler]) -> "Published":
        """Put lists and the operators that the catalogue names for them together."""
        owners: dict[str, set[str]] = {}
        for crawler in crawlers:
            owners.setdefault(crawler.operator, set()).update(crawler.ranges)
        return cls(
            addresses=AddressLists.build({name: one.prefixes for name, one in lists.items()}),
            lists=dict(lists),
            of_operator={operator: frozenset(names) for operator, names in owners.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityVerdict:
    """What a claim is worth, and why."""

    identity: Identity
    grade: Grade
    reason: str
    """One sentence for people, in the words that the evidence uses; it names no address."""
    source: str = ""
    """The list, the mask or the key directory that decided; empty where none did."""
    source_date: datetime | None = None
    """How old that source is."""
    crawler: Crawler | None = None
    """Who it is, where that is known from a signature and not from the user agent."""


_TOOLS = frozenset({Purpose.HTTP_LIBRARY, Purpose.HEADLESS_BROWSER, Purpose.OFFLINE_COPIER})
"""The name of a tool beside a crawler's says how it fetches and claims nobody's identity."""

_NOTHING_CLAIMED = IdentityVerdict(
    identity=Identity.NONE_CLAIMED, grade=Grade.BEHAVIOUR, reason="the client claims to be no crawler"
)


def judge(
    sighting: Sighting,
    address: IPAddress | None,
    published: Published,
    names: HostNames,
    signature: SignatureVerdict = UNSIGNED,
    *,
    at: datetime,
    signers: Mapping[str, Crawler] | None = None,
) -> IdentityVerdict:
    """Say what the claim of `sighting` is worth for a request from `address` at `at`.

    Args:
        address: None behind a unix socket that names no client.
        names: What is known about the address's name, asked with the masks of the crawler that counts.
        signers: The catalogue entry for each origin that signs.
    """
    crawler = sighting.crawler
    if signature.status is SignatureStatus.VERIFIED:
        signer = (signers or {}).get(signature.origin)
        # A key proves who signed. Whoever writes another operator's name in the user agent is still held to that name.
        if crawler is None or (signer is not None and signer.operator == crawler.operator):
            return _signed(signature, signer, crawler)
    if sighting.purpose in PERSON_LIKE:
        return _NOTHING_CLAIMED
    if crawler is None:
        return _verdict(Identity.UNVERIFIABLE, "nobody publishes anything about a crawler of this name")
    if not crawler.verifiable:
        return _verdict(Identity.UNVERIFIABLE, f"{crawler.operator} publishes nothing to check the claim against")
    if address is None or not is_public(address):
        return _verdict(Identity.UNKNOWN, "the client has no public address to hold the claim against")

    inside = published.addresses.lists_of(address)
    if inside or names.confirmed:
        if confirmed := _confirm(crawler, inside, published, names):
            return confirmed
        if elsewhere := sorted(inside & published.of_operator.get(crawler.operator, NOWHERE)):
            reason = f"not checked: the address is in {elsewhere[0]}, a list of {crawler.operator} for other programs"
            return _verdict(Identity.UNKNOWN, reason, published.lists[elsewhere[0]])
    doubt = _doubt(crawler, published, names, at)
    if doubt:
        return _verdict(Identity.UNKNOWN, f"not checked: {doubt}")
    for other in sighting.also:
        # One preview service names three others. A name that may be true makes the whole no lie.
        if other.purpose not in _TOOLS and other.operator != crawler.operator and not _refuted(other, published, at):
            return _verdict(Identity.UNKNOWN, f"not checked: the user agent names {other.token} as well")
    return _refute(crawler, published, names)


def contradiction(sighting: Sighting) -> tuple[Crawler, Crawler] | None:
    """Return two crawlers of different operators that both publish proofs and are both claimed at once."""
    claimed = [
        one for one in (sighting.crawler, *sighting.also) if one and one.verifiable and one.purpose not in _TOOLS
    ]
    for one in claimed[1:]:
        if one.operator != claimed[0].operator:
            return claimed[0], one
    return None


def _signed(signature: SignatureVerdict, signer: Crawler | None, claimed: Crawler | None) -> IdentityVerdict:
    return IdentityVerdict(
        identity=Identity.VERIFIED,
        grade=Grade.SIGNATURE,
        reason=f"claim confirmed: the request is signed with a key of {signature.origin}",
        source=f"{signature.agent}#{signature.keyid}",
        source_date=signature.created,
        crawler=signer if claimed is None else None,
    )


def _confirm(
    crawler: Crawler, inside: frozenset[str], published: Published, names: HostNames
) -> IdentityVerdict | None:
    """Return the best confirmation there is: a list of crawlers before a network before a name."""
    hits = [published.lists[name] for name in crawler.ranges if name in inside]
    for found in sorted(hits, key=lambda one: one.proof is not Proof.CRAWLER):
        if found.proof is Proof.CRAWLER:
            reason = f"claim confirmed: the address is in the operator's list {found.title}"
            return _verdict(Identity.VERIFIED, reason, found, Grade.LIST)
        if found.own_network:
            reason = f"claim confirmed: the address is in the operator's network {found.title}"
            return _verdict(Identity.VERIFIED, reason, found, Grade.NETWORK)
    for name in names.confirmed:
        for mask in crawler.rdns:
            if fits_mask(name, mask):
                return IdentityVerdict(
                    identity=Identity.VERIFIED,
                    grade=Grade.NETWORK,
                    reason=f"claim confirmed: the address has a name under {mask} that leads back to it",
                    source=mask,
                    source_date=names.at,
                )
    if hits:
        reason = f"not checked: {hits[0].title} also holds hosts of the operator's customers"
        return _verdict(Identity.UNKNOWN, reason, hits[0])
    return None


def _doubt(crawler: Crawler, published: Published, names: HostNames, at: datetime) -> str:
    """Say why the claim can not be refuted now; nothing if it can."""
    for name in crawler.ranges:
        if name not in published.lists:
            return f"the operator's list {name} is not at hand"
    if crawler.rdns and names.state is NameState.PENDING:
        return "the name of the address is being looked up"
    if crawler.rdns and names.state is NameState.FAILED:
        return "the name of the address could not be looked up"
    if crawler.rdns and names.state is NameState.ANSWERED:
        return ""
    if not crawler.ranges:
        how = "the name of the address is not looked up here" if crawler.rdns else "the request is not signed"
        return f"{how}, and the operator publishes no list"
    for name in crawler.ranges:
        if not published.lists[name].refutes(at):
            state = "incomplete" if not published.lists[name].complete else "too old"
            return f"the list {published.lists[name].title} is {state}"
    return ""


def _refuted(other: Crawler, published: Published, at: datetime) -> bool:
    """Tell whether a name that stands beside the claim is refuted by lists alone; its host names were not asked for."""
    held = [published.lists.get(name) for name in other.ranges]
    return bool(held) and not other.rdns and all(one is not None and one.refutes(at) for one in held)


def _refute(crawler: Crawler, published: Published, names: HostNames) -> IdentityVerdict:
    lists = [published.lists[name] for name in crawler.ranges]
    where = [f"in the operator's list {one.title}" for one in lists]
    if crawler.rdns and names.state is NameState.ANSWERED:
        where.append(f"named {' or '.join(crawler.rdns)}")
    oldest = min((one.fetched_at for one in lists if one.fetched_at), default=names.at)
    return IdentityVerdict(
        identity=Identity.IMPOSTOR,
        grade=Grade.CLAIM,
        reason=f"claim refuted: the address is not {' and not '.join(where)}",
        source=", ".join([*crawler.ranges, *(crawler.rdns if names.state is NameState.ANSWERED else ())]),
        source_date=oldest,
    )


def _verdict(
    identity: Identity, reason: str, source: RangeList | None = None, grade: Grade = Grade.CLAIM
) -> IdentityVerdict:
    return IdentityVerdict(
        identity=identity,
        grade=grade,
        reason=reason,
        source=source.name if source else "",
        source_date=source.fetched_at if source else None,
    )


@lru_cache(maxsize=1024)
def _pattern(mask: str) -> re.Pattern[str]:
    labels = mask.lower().split(".")
    # A star that is a whole label stands for one or more of them, a star in a label for a part of that one.
    first = r"(?:[a-z0-9_-]+\.)*[a-z0-9_-]+" if labels[0] == "*" else ""
    rest = [re.escape(label).replace(r"\*", "[a-z0-9-]+") for label in (labels[1:] if first else labels)]
    return re.compile(r"\.".join([first, *rest] if first else rest), re.ASCII)


def fits_mask(name: str, mask: str) -> bool:
    """Tell whether a host name (without the dot at its end) fits a mask such as `crawl-*.googlebot.com`."""
    return len(name) <= 253 and _pattern(mask).fullmatch(name.lower()) is not None
