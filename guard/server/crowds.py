"""Does this request belong to a walk that is spread over many clients?

Asked when the head of a request is there; what became of it is counted when it was answered and is known to be a
picture. The counts lie in shared memory. If they can not be used, nobody belongs to anything: a fault of ours accuses
nobody. A member is a suspect while it comes in the same way itself, and never more.
"""

from collections import OrderedDict
from hashlib import blake2b
from ipaddress import IPv4Address
from mimetypes import guess_type
from typing import Final

from guard.core.autonomous_systems import UNKNOWN, AutonomousSystems
from guard.core.crowd import MOST_OF_ONE, Coming, Group, Usual, coming_of, speaks
from guard.core.facts import IPAddress, Kind, RequestFacts, ResponseFacts
from guard.core.observation import picture_id
from guard.errors import GuardError
from guard.server.judged import NOBODY, CrowdVerdict, Judged, Member
from guard.store.clients import KEY_SIZE, Standing
from guard.store.prefixes import Crowds, counted

SETTLED_AFTER: Final = 1800.0
"""Seconds after a start with empty tables in which a visitor may still be looking at a page that nobody remembers."""
_FRESH: Final = 5.0
"""Seconds for which this process believes what it last knew of a crowd."""
_KNOWN: Final = 4096
_BY_NAME: Final = frozenset({Group.ADDRESS, Group.MANNER, Group.NETWORK})
"""Groups whose members are told apart by their own keys; those of all others by their addresses."""
_FULL: Final = frozenset({Kind.IMAGE, Kind.ORIGINAL})
_SERVED: Final = frozenset({200, 206, 304})


class CrowdWatch:
    """Looks at what clients do together, for one worker."""

    def __init__(
        self,
        crowds: Crowds,
        *,
        learning_until: float = 0.0,
        since: float = 0.0,
        settled_after: float = SETTLED_AFTER,
        systems: AutonomousSystems | None = None,
    ) -> None:
        """Share `crowds` with all workers.

        Args:
            learning_until: Seconds since 1970; until then crowds are counted, and nobody is suspect for one.
            since: When the tables began with nothing, which is when the supervisor started.
            systems: Which autonomous system an address belongs to, if anybody has said.
        """
        self._crowds = crowds
        self._learning_until = learning_until
        self._settled = since + settled_after
        self._systems = systems
        self._known: OrderedDict[bytes, tuple[float, bool]] = OrderedDict()

    def at_request(self, judged: Judged, seen: ResponseFacts | None) -> CrowdVerdict:
        """Judge by the head of a request, after it was taken into the client's own past.

        Args:
            seen: What was last seen at the address, if anything.
        """
        observation = judged.observation
        if seen is not None and seen.kind not in _FULL and seen.kind is not Kind.UNKNOWN:
            return NOBODY
        try:
            came = coming_of(judged.at_hand.known.past, observation)
            if came is None or (came[0] is Coming.UNBACKED and observation.at < self._settled):
                return NOBODY
            member = self._member(judged, came[0], newcomer=came[1])
            if observation.at < self._learning_until or not (
                (seen is not None and seen.kind in _FULL)
                or observation.head.lines.embedded
                or _named_as_picture(observation.facts)
            ):
                return CrowdVerdict(member=member)
            spoken = next((group for group, key in member.keys if self._speaks(group, key, member)), None)
        except GuardError:
            return NOBODY
        if spoken is None:
            return CrowdVerdict(member=member)
        together = dict(member.keys)[spoken] if spoken is Group.MANNER else b""
        return CrowdVerdict(suspect=True, why=_WHY[spoken], together=together, member=member)

    def after_response(self, verdict: CrowdVerdict, kind: Kind, status: int) -> None:
        """Count the request, if it was for a picture of display size or up that is there."""
        member = verdict.member
        # A refused picture is one that was asked for.
        if member is None or kind not in _FULL or (status not in _SERVED and status not in {402, 403, 410, 429}):
            return
        try:
            self._count(member, learn=not verdict.suspect)
        except GuardError:
            return

    def _count(self, member: Member, *, learn: bool) -> None:
        usual = self._usual(member)
        for group, key in member.keys:
            client = member.client if group in _BY_NAME else member.address
            crowd = self._crowds.note(
                key, at=member.at, picture=member.picture, client=client, newcomer=member.newcomer
            )
            spoken = speaks(
                group, originals=crowd.originals, clients=crowd.clients, requests=crowd.requests,
                newcomers=crowd.newcomers, usual=usual, portfolio=member.portfolio,
            )  # fmt: skip
            self._remember(key, member.at, spoken)
            if group is Group.ADDRESS and crowd.originals > MOST_OF_ONE:
                return
        if learn or member.at < self._learning_until:
            self._crowds.table.update(
                member.usual,
                lambda record: (Usual.from_bytes(record, member.at).with_one().to_bytes(), Standing.NOTED, None),
            )

    def _speaks(self, group: Group, key: bytes, member: Member) -> bool:
        known = self._known.get(key)
        if known is not None and 0 <= member.at - known[0] < _FRESH:
            return known[1]
        record = self._crowds.table.get(key)
        spoken = False
        if record is not None:
            _, crowd = counted(
                record, member.at, member.picture, int.from_bytes(member.client[:8], "little"), member.newcomer
            )
            spoken = speaks(
                group, originals=crowd.originals, clients=crowd.clients, requests=crowd.requests,
                newcomers=crowd.newcomers, usual=self._usual(member), portfolio=member.portfolio,
            )  # fmt: skip
        self._remember(key, member.at, spoken)
        return spoken

    def _usual(self, member: Member) -> float:
        return Usual.from_bytes(self._crowds.table.get(member.usual), member.at).per_day

    def _remember(self, key: bytes, at: float, spoken: bool) -> None:
        self._known[key] = (at, spoken)
        self._known.move_to_end(key)
        if len(self._known) > _KNOWN:
            self._known.popitem(last=False)

    def _member(self, judged: Judged, coming: Coming, *, newcomer: bool) -> Member:
        observation = judged.observation
        facts, lines = observation.facts, observation.head.lines
        address, network = _networks(facts.client.address)
        about = f"{coming}\n{facts.site}\n".encode()
        shares = {
            Group.MANNER: _own(facts.client.address) + lines.manner.to_bytes(8, "little"),
            Group.ADDRESS: address,
            Group.TEAM: network + lines.standing.to_bytes(8, "little"),
            Group.NETWORK: network,
            Group.BROWSER: lines.standing.to_bytes(8, "little"),
            Group.PRINT: lines.shape.to_bytes(8, "little"),
            Group.SITE: b"",
        }
        if self._systems is not None and facts.client.address is not None:
            number = self._systems.number_of(facts.client.address)
            if number != UNKNOWN:
                shares[Group.SYSTEM] = number.to_bytes(4, "little")
        if coming is Coming.LED:  # as people are by searches, if not under ever new names
            shares = {Group.MANNER: shares[Group.MANNER]}
        return Member(
            coming=coming,
            keys=tuple((group, _key(about + group.encode() + b"\n" + shared)) for group, shared in shares.items()),
            usual=_key(about + b"usual\n"),
            client=judged.key,
            address=_key(address),
            picture=picture_id(facts),
            newcomer=newcomer,
            at=observation.at,
            portfolio=observation.originals,
        )


_WHY: Final = {
    Group.ADDRESS: "one address takes one picture after the other under many names, and no page",
    Group.MANNER: "somebody takes one picture after the other, each under another user agent, and no page",
    Group.TEAM: "a few addresses of one network take turns at pictures with the same browser, and no page",
    Group.NETWORK: "clients of one network take one picture each after the other, and no page",
    Group.SYSTEM: "clients of one autonomous system take one picture each after the other, and no page",
    Group.PRINT: "many clients with the same header lines take pictures one by one, and no page",
    Group.BROWSER: "many clients with the same browser take pictures one by one, and no page",
    Group.SITE: "many clients whom nobody knows take pictures one by one, and no page",
}


def _networks(address: IPAddress | None) -> tuple[bytes, bytes]:
    """Return what stands for one client and for its neighbours; whoever has one IPv6 network has a /48 at most."""
    if address is None:
        return b"", b""
    packed = address.packed
    return (packed, packed[:3]) if isinstance(address, IPv4Address) else (packed[:6], packed[:6])


def _own(address: IPAddress | None) -> bytes:
    """Return what of an address is one household's at most: those who share it are judged as one."""
    if address is None:
        return b""
    return address.packed if isinstance(address, IPv4Address) else address.packed[:8]


def _named_as_picture(facts: RequestFacts) -> bool:
    return (guess_type(facts.path)[0] or "").startswith("image/")


def _key(value: bytes) -> bytes:
    return blake2b(value, digest_size=KEY_SIZE, person=b"walk").digest()
