"""What is each client's claim worth, right now?

The answer is given at once from what is known. What would have to be asked of a name server
or a key directory is asked in the background, and until it is there the answer is `unknown`:
no request waits, and none is refused for what somebody else did not answer.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from guard.core.addresses import is_public
from guard.core.classification import Identity
from guard.core.crawlers import Catalogue, Crawler, Sighting
from guard.core.facts import IPAddress, RequestFacts
from guard.core.identity import NAMES_OFF, HostNames, IdentityVerdict, NameState, Published, judge
from guard.core.range_file import RangeFile
from guard.core.signatures import UNSIGNED, SignatureStatus, SignatureVerdict, signature_fields, verify
from guard.core.signing_keys import WELL_KNOWN, directory_url
from guard.server.key_directories import Fetch, KeyDirectories
from guard.server.range_refresh import RangeRefresh
from guard.server.reverse_dns import ReverseDns, Server, system_servers
from guard.server.safe_fetch import SafeFetch
from guard.store.range_files import LoadedLists, changed_at, load_lists

REMEMBERED = 16_384
"""Clients' verdicts, about 6 MiB."""
REMEMBERED_SIGNATURES = 4096
KEPT_SECONDS = 60.0
"""A verdict is remade after this long: lists age, and names are forgotten. One look-up of lists costs little."""
PENDING_SECONDS = 0.05
VERIFICATIONS_PER_SECOND = 200
"""Signatures that are checked anew; each costs about half a millisecond of the loop, and anybody can send them."""
LOOK_SECONDS = 300.0
"""How often the folder of lists is looked at: another process may have put new ones there."""

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityOptions:
    """What may be asked of the internet, and where lists are kept."""

    reverse_dns: bool = False
    key_directories: bool = False
    refresh: bool = False
    kept: Path | None = None
    """The folder of the last good copies; without one only the shipped snapshot is used."""
    origins: tuple[str, ...] = ()
    """Further origins whose signatures count, besides those of the rules."""


class Identities:
    """Judges claims; one per worker process."""

    def __init__(
        self,
        catalogue: Catalogue,
        ranges: RangeFile,
        seed: Path,
        options: IdentityOptions,
        *,
        now: Callable[[], datetime],
        fetch: Fetch | None = None,
        name_servers: Sequence[Server] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the lists that are on disk.

        Args:
            seed: The folder of the snapshot that ships with the rules.
            name_servers: Who is asked for names of addresses; by default those of this machine.

        Raises:
            ValueError: An origin of the options is no https origin.
        """
        self._catalogue = catalogue
        self._ranges = ranges
        self._seed = seed
        self._options = options
        self._now = now
        self._clock = clock
        self._own_fetch = SafeFetch() if fetch is None else None
        fetch = fetch or self._own_fetch
        assert fetch is not None  # noqa: S101  # one of the two
        self._signers = {
            directory_url(one.signature_agent).removesuffix(WELL_KNOWN): one
            for one in catalogue.crawlers
            if one.signature_agent
        }
        origins = {*(agent.origin for agent in ranges.signing_agents), *options.origins, *self._signers}
        self._keys = KeyDirectories(fetch, origins if options.key_directories else (), now=now, clock=clock)
        servers = system_servers() if name_servers is None else name_servers
        self._names = ReverseDns(servers, now, clock=clock) if options.reverse_dns else None
        self._refresh = (
            RangeRefresh(
                fetch=fetch,
                sources=ranges.ranges,
                folder=options.kept,
                good=lambda: self.published.lists,
                changed=self._reload_beside,
                now=now,
            )
            if options.refresh and options.kept
            else None
        )
        self._verdicts: OrderedDict[tuple[bytes, str], _Kept[IdentityVerdict]] = OrderedDict()
        self._signatures: OrderedDict[bytes, _Kept[SignatureVerdict]] = OrderedDict()
        self._budget, self._budget_at = float(VERIFICATIONS_PER_SECOND), clock()
        self._watch: asyncio.Task[None] | None = None
        self.published = Published()
        self.loaded = LoadedLists(lists={}, refused=())
        """The lists in use, and which files were not believed."""
        self._changed_at = -1
        self.reload()

    def __repr__(self) -> str:
        return f"Identities(lists={len(self.published.lists)}, verdicts={len(self._verdicts)}, names={self._names})"

    def reload(self) -> None:
        """Read the lists anew and use them from now on, all at once."""
        self._use(*self._read())

    async def _reload_beside(self) -> None:
        """Do the same without stopping the loop meanwhile."""
        self._use(*await asyncio.to_thread(self._read))

    def _read(self) -> tuple[int, LoadedLists, Published]:
        changed = changed_at(self._options.kept)
        loaded = load_lists(self._ranges.ranges, self._seed, self._options.kept)
        return changed, loaded, Published.of(loaded.lists, self._catalogue.crawlers)

    def _use(self, changed: int, loaded: LoadedLists, published: Published) -> None:
        self._changed_at, self.loaded, self.published = changed, loaded, published
        self._verdicts.clear()

    def start(self) -> None:
        """Begin the work in the background; needs a running loop."""
        if self._refresh is not None:
            self._refresh.start()
        if self._options.kept is not None:
            self._watch = asyncio.get_running_loop().create_task(self._look_forever())

    async def stop(self) -> None:
        """End it."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._refresh is not None:
            await self._refresh.stop()
        if self._names is not None:
            await self._names.close()
        await self._keys.close()
        if self._own_fetch is not None:
            await self._own_fetch.close()

    def judge(self, facts: RequestFacts, sighting: Sighting, *, signed: bool = True) -> IdentityVerdict:
        """Say what the claim of a request is worth; never waits. Needs a running loop if anything may be asked.

        Args:
            signed: False where it is known that the request has no lines of a signature.
        """
        if signed:
            signature = self._signature(facts)
            if signature.status is not SignatureStatus.NONE:
                return self._judge(facts, sighting, signature)[0]
        address = facts.client.address
        # Keys are bytes and ids: an address costs its hash anew each time.
        key = (b"" if address is None else address.packed, _claim(sighting))
        kept = self._verdicts.get(key)
        if kept is not None and kept.until > self._clock():
            return kept.value
        verdict, pending = self._judge(facts, sighting, UNSIGNED)
        _keep(self._verdicts, key, verdict, self._clock() + (PENDING_SECONDS if pending else KEPT_SECONDS), REMEMBERED)
        return verdict

    def _judge(
        self, facts: RequestFacts, sighting: Sighting, signature: SignatureVerdict
    ) -> tuple[IdentityVerdict, bool]:
        """Return the verdict, and whether a better one may come soon."""
        names = self._host_names(facts.client.address, sighting.crawler)
        verdict = judge(
            sighting,
            facts.client.address,
            self.published,
            names,
            signature,
            at=facts.at,
            signers=self._signers,
        )
        return verdict, names.state in (NameState.PENDING, NameState.FAILED) and verdict.identity is Identity.UNKNOWN

    def directory(self, url: str) -> tuple[bytes, datetime | None]:
        """Return a directory of keys as it was fetched, and when; empty if it was not."""
        return self._keys.document(url)

    def host_names(self, address: IPAddress | None, crawler: Crawler) -> HostNames:
        """Return what the name servers are known to say about an address."""
        return self._host_names(address, crawler)

    def _host_names(self, address: IPAddress | None, crawler: Crawler | None) -> HostNames:
        """Ask for names only where they could decide: no list of the operator's own hosts knows the address."""
        if self._names is None or crawler is None or not crawler.rdns or address is None or not is_public(address):
            return NAMES_OFF
        inside = self.published.addresses.lists_of(address)
        if any(name in inside and self.published.lists[name].own_network for name in crawler.ranges):
            return NAMES_OFF
        return self._names.names(address, crawler.rdns)

    def _signature(self, facts: RequestFacts) -> SignatureVerdict:
        fields = signature_fields(facts)
        if fields is None:
            return UNSIGNED
        digest = hashlib.sha256(
            "\0".join((*fields, facts.scheme, facts.authority)).encode("utf-8", "surrogateescape")
        ).digest()
        now = self._clock()
        kept = self._signatures.get(digest)
        if kept is not None and kept.until > now and not _expired(kept.value, facts.at):
            return kept.value
        if not self._may_verify(now):
            return SignatureVerdict(status=SignatureStatus.UNVERIFIED, reason="too many signatures are being checked")
        verdict = verify(facts, self._keys.keys)
        if verdict.agent and verdict.status in (SignatureStatus.UNVERIFIED, SignatureStatus.VERIFIED):
            self._keys.want(verdict.agent, verdict.keyid)
        if verdict.reusable:
            # A key may come, or be withdrawn, at any time.
            seconds = KEPT_SECONDS if verdict.status is not SignatureStatus.UNVERIFIED else PENDING_SECONDS
            _keep(self._signatures, digest, verdict, now + seconds, REMEMBERED_SIGNATURES)
        return verdict

    def signature(self, facts: RequestFacts) -> SignatureVerdict:
        """Return what came of a request's signatures, for the evidence."""
        return self._signature(facts)

    def _may_verify(self, now: float) -> bool:
        """Take one from a budget that refills every second."""
        refilled = self._budget + (now - self._budget_at) * VERIFICATIONS_PER_SECOND
        self._budget, self._budget_at = min(float(VERIFICATIONS_PER_SECOND), refilled), now
        if self._budget < 1:
            return False
        self._budget -= 1
        return True

    async def _look_forever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if changed_at(self._options.kept) != self._changed_at:
                await self._reload_beside()


@dataclass(slots=True)
class _Kept(Generic[T]):
    value: T
    until: float


def _keep(cache: "OrderedDict[K, _Kept[T]]", key: K, value: T, until: float, most: int) -> None:
    """Remember a value; the one remembered longest ago goes."""
    cache[key] = _Kept(value, until)
    cache.move_to_end(key)
    if len(cache) > most:
        cache.popitem(last=False)


def _claim(sighting: Sighting) -> str:
    """Return what of a sighting decides about identity, as one key."""
    if sighting.crawler is None:
        return str(sighting.purpose)
    if not sighting.also:
        return sighting.crawler.id
    return " ".join((sighting.crawler.id, *(one.id for one in sighting.also)))


def _expired(verdict: SignatureVerdict, at: datetime) -> bool:
    return verdict.expires is not None and at >= verdict.expires
