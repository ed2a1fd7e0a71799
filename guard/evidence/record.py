"""What may a record of the evidence log say, and in which bytes?

A record is one leaf: a canonical JSON object (see `canonical`) of at most 65,535 bytes with
its schema version `v`, its `kind`, the time `at` and the fields of its kind. Times are
integer microseconds since 1970-01-01 UTC, hashes SHA-256 in lower-case hexadecimal.

The log outlives the program that wrote it. A later version adds kinds and fields; it never
takes one away or changes what one means without raising `v`. So `read` demands the fields
known here, and names the ones it does not know instead of refusing them.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from guard.errors import LeafError
from guard.evidence import canonical
from guard.evidence.schema import SCHEMAS
from guard.evidence.segment import LARGEST_LEAF
from guard.evidence.text import escape

VERSION: Final = 1


class RecordKind(StrEnum):
    """What a record is about."""

    BOOT = "boot"
    """A recorder began to write: program, environment, key."""
    KEY = "key"
    """Checkpoints are signed with this key from here on."""
    RESERVATION = "rsv"
    """A reservation came into force on a site: exact documents and header lines."""
    RULES = "cls"
    """A rule set came into force."""
    MARK_KEY = "mky"
    """Copies are marked with the key of this commitment from here on; on record before the first of them."""
    CANARY = "cny"
    """A picture, by its SHA-256, is offered from here on only where no page shows it to people."""
    PAUSE = "pau"
    """The owner lets every request pass for a while, or ends that."""
    APPEAL = "apl"
    """Somebody says that a refusal, which its reference code names, was wrong."""
    REQUEST = "req"
    """A request was decided; written before the first byte of the answer leaves."""
    END = "end"
    """The answer to a request ended, whole or not."""
    AGGREGATE = "agg"
    """How many requests of one minute have no record of their own."""
    COMMITMENT = "cmt"
    """Somebody who may be a person asked for pictures; who, and for which, only commitments say."""
    ANCHOR = "anc"
    """Somebody outside put a time to a head of this log: a time-stamp authority, or a witness."""
    IDENTITY = "id"
    """A document by which claims are held to be true: a list of addresses, a directory of keys."""
    PICTURE = "img"
    """The owner registered a picture: hashes, author, chain of title, first publication."""
    CLOCK = "clk"
    """What the machine knew about its own time."""
    GAP = "gap"
    """Records that should be here and could not be shown to be."""
    EXPORT = "exp"
    """A bundle was made of some records."""
    REPAIR = "rec"
    """Bytes of a segment, from an offset to its end, that are not part of the log."""
    ERASURE = "era"
    """Values that records commit to were erased: by how many records, and why."""
    HOLD = "hold"
    """Values are kept for a case from here on whatever their period, or that ended."""
    ACCESS = "acc"
    """Somebody looked at values that may identify a person."""


class Rendition(StrEnum):
    """What was sent in answer to a request."""

    AS_IS = "as_is"
    RIGHTS = "rights"
    """As it is in every pixel; with rights written into its metadata, or private data taken out."""
    MARKED = "marked"
    """The picture in full size, under the client's own invisible mark."""
    DISPLAY = "display"
    PREVIEW = "preview"
    THUMBNAIL = "thumbnail"
    CARD = "card"
    PAGE = "page"
    RESERVATION = "reservation"
    """A document of the reservation itself."""
    NONE = "none"


_KINDS: Final = {one.value: one for one in RecordKind}


class Record(NamedTuple):
    """A leaf that was read and found to be right in itself."""

    kind: RecordKind
    at: int
    fields: Mapping[str, Any]
    """The fields of its kind, each of the type that `schema` says; those that came later may be missing."""
    unknown: tuple[str, ...]
    """Fields that a later version added."""


_new: Final = tuple.__new__


def boot(
    *,
    at: int,
    run: str,
    program: str,
    python: str,
    openssl: str,
    system: str,
    config: str,
    vkey: str,
    before: tuple[str, int, str, str] | None = None,
) -> bytes:
    """Say what begins to write: `run` is a random id of this start, `config` a digest or empty.

    `before` is the log that this one goes on after, if there was one: origin, size and root (hex) of its newest known
    head, and why it did not go on itself.
    """
    names = ("before_origin", "before_size", "before_root", "before_why")
    return leaf(
        RecordKind.BOOT, at, config=config, openssl=openssl, program=program, python=python, run=run, system=system,
        vkey=vkey, **dict(zip(names, before or (), strict=False)),
    )  # fmt: skip


def key(*, at: int, vkey: str, lost: bool = False) -> bytes:
    """Say that checkpoints are signed with `vkey` (signed-note text form) from here on.

    With `lost` the key before may be in other hands: what it alone signs from here on counts for nothing.
    """
    return leaf(RecordKind.KEY, at, vkey=vkey, **({"lost": True} if lost else {}))


def rules(*, at: int, digest: str) -> bytes:
    """Say that the rule set which lies in the blob of this digest decides from here on."""
    return leaf(RecordKind.RULES, at, rules=digest)


def mark_key(*, at: int, commitment: str) -> bytes:
    """Say that copies are marked with the key that `commitment` (hex) binds to from here on."""
    return leaf(RecordKind.MARK_KEY, at, commitment=commitment)


def request(
    *,
    at: int,
    site: str,
    method: str,
    action: str,
    rule: str,
    rules: str,
    purpose: str,
    operator: str,
    crawler: str,
    claimed: str,
    identity: str,
    conduct: str,
    facts: Sequence[str],
    resource: str,
    resource_source: str,
    rsv: str,
    rendition: str,
    ref: str,
    monitor: Sequence[str],
    sd: Sequence[str],
    grade: str = "",
    signals: Sequence[tuple[str, int]] = (),
    licence: str = "",
    licence_state: str = "",
    mark: str = "",
    original: str = "",
    robots: str = "",
    robots_since: int = 0,
    asked_by: str = "",
    sources: Sequence[str] = (),
) -> bytes:
    """Say how one request was decided; what it ended with is said by `end`.

    `facts` are the hard facts, `monitor` the ids of monitoring rules that would have matched, `rules` and `rsv`
    digests, `ref` the reference code shown to the client or empty, `sd` the commitments in any order, `grade` what can
    be said about who it was (A to E), `signals` what was odd about its behaviour and how much, in thousandths of a nat.
    `licence_state` is what the licence token that came with it was worth, and `licence` the id in it if the owner had
    signed it; a request without a token has neither field. `mark` is the id, in hex, under which a marked copy was
    issued, and `original` the SHA-256 of what the upstream had sent for it, or for another picture that was changed on
    its way. `robots` are the first 16 hex digits of the SHA-256 of the robots.txt of this host that this client was
    delivered last, and `robots_since` is when it got this version first. `asked_by` is the kind of front server that
    only asked what to do and answered the client itself: `rendition` is then what it was given to send, if anything.
    `sources` are the digests of the documents by which its claim was judged. Each is left out where there is none.
    """
    fields = {
        "action": action,
        "at": at,
        "claimed": escape(claimed),
        "conduct": conduct,
        "crawler": crawler,
        "facts": facts,
        "grade": grade,
        "identity": identity,
        "kind": "req",
        "method": escape(method),
        "monitor": monitor,
        "operator": operator,
        "purpose": purpose,
        "ref": ref,
        "rendition": rendition,
        "resource": resource,
        "resource_source": resource_source,
        "rsv": rsv,
        "rule": rule,
        "rules": rules,
        "signals": signals,
        "sd": sorted(sd),  # so that the place in the list does not tell the group
        "site": site,
        "v": VERSION,
    }
    if licence_state:
        fields |= {"licence": licence, "licence_state": licence_state}
    if mark:
        fields["mark"] = mark
    if original:
        fields["original"] = original
    if robots:
        fields |= {"robots": robots, "robots_since": robots_since}
    if asked_by:
        fields["asked_by"] = asked_by
    if sources:
        fields["sources"] = sorted(sources)
    # Of types that the signature names: looking at each again would cost as much as all the rest.
    return _sized(canonical.spell(fields))


def end(
    *,
    at: int,
    req: int,
    status: int,
    body_bytes: int,
    completed: bool,
    body_sha256: str,
    duration_us: int,
    reason: str = "",
) -> bytes:
    """Say how the answer to the request of leaf `req` ended.

    `body_bytes` were handed to the socket, `body_sha256` is of the body as sent or empty, `reason` a short code such
    as `client_gone` or empty.
    """
    return leaf(
        RecordKind.END, at, body_sha256=body_sha256, bytes=body_bytes, completed=completed, duration_us=duration_us,
        reason=reason, req=req, status=status,
    )  # fmt: skip


def aggregate(*, at: int, site: str, since: int, until: int, requests: Mapping[str, int], sampled: int = 0) -> bytes:
    """Say how many requests, by resource kind, between two times have no record of their own.

    With `sampled` there may have been more: a front server that asks what to do could answer the same person's next
    requests for the same address by itself, for so many seconds.
    """
    return leaf(
        RecordKind.AGGREGATE,
        at,
        **{"from": since},
        requests={str(kind): count for kind, count in requests.items()},
        site=site,
        to=until,
        **_sampled(sampled),
    )


def commitment(*, at: int, site: str, since: int, until: int, count: int, sd: Sequence[str], sampled: int = 0) -> bytes:
    """Say that one client asked for `count` pictures between two times; `sd` are commitments to the rest.

    `sampled` is that of `aggregate`.
    """
    return leaf(
        RecordKind.COMMITMENT, at, count=count, **{"from": since}, sd=sorted(sd), site=site, to=until,
        **_sampled(sampled),
    )  # fmt: skip


def _sampled(seconds: int) -> dict[str, int]:
    return {"sampled": seconds} if seconds else {}


def gap(*, at: int, count: int, since: int, until: int, why: str) -> bytes:
    """Say that `count` records between two times were not acknowledged as durable, and a short code why.

    Some of them may be in the log all the same: it is not known of a record whose acknowledgement was lost.
    """
    return leaf(RecordKind.GAP, at, count=count, **{"from": since}, to=until, why=why)


def repair(*, at: int, segment: int, offset: int, cut: int, digest: str) -> bytes:
    """Say that the `cut` bytes from `offset` to the end of `segment` are not part of the log; `digest` is theirs."""
    return leaf(RecordKind.REPAIR, at, bytes=cut, offset=offset, segment=segment, sha256=digest)


def read(leaf: bytes) -> Record:
    """Read one leaf.

    Raises:
        LeafError: It is not canonical, of no known kind or version, or a field is missing or of a wrong type.
    """
    if len(leaf) > LARGEST_LEAF:
        raise LeafError(f"a leaf of {len(leaf)} bytes, at most {LARGEST_LEAF} are possible")
    value = canonical.parse(leaf)
    if type(value) is not dict:
        raise LeafError("not a record: an object is needed")
    version = value.get("v")
    if version != VERSION or type(version) is not int:
        raise LeafError(f"schema version {version!r:.20} is not known here: read it with the program that wrote it")
    kind = value.get("kind")
    known = SCHEMAS.get(kind) if type(kind) is str else None
    if known is None or type(kind) is not str:
        raise LeafError(f"kind {kind!r:.20} is not known here: read it with the program that wrote it")
    if name := known.misfit(value):
        raise _misfit(kind, name, value)
    unknown: tuple[str, ...] = ()
    if len(value) != known.count:
        unknown = known.unknown(value)
        canonical.check({name: value[name] for name in unknown})
    return _new(Record, (_KINDS[kind], value["at"], value, unknown))


def _misfit(kind: str, name: str, value: Mapping[str, Any]) -> LeafError:
    if name not in value:
        return LeafError(f"a {kind} record without {name!r}")
    return LeafError(f"a {kind} record whose {name!r} can not be {value[name]!r:.60}")


def leaf(kind: RecordKind, at: int, **fields: object) -> bytes:
    """Return the bytes of a record: for builders of one kind, which know what its fields are.

    Raises:
        LeafError: A field has no canonical form, or the leaf is too large.
    """
    return _sized(canonical.encode({"at": at, "kind": kind.value, "v": VERSION, **fields}))


def _sized(data: bytes) -> bytes:
    if len(data) > LARGEST_LEAF:
        raise LeafError(f"a leaf of {len(data)} bytes, at most {LARGEST_LEAF} are possible")
    return data
