"""When did requests come, how were they answered, and what had been reserved by then?

Counts by day or hour (UTC), with the changes of the reservation between them. A reservation that is
put on record again unchanged, as at every start, is no change.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from guard.cli.evidence_words import TIMELINE, answer_of, number
from guard.cli.terminal import printable
from guard.evidence.record import RecordKind
from guard.store.record_filter import Match

_COLUMNS: Final = ("allow", "mark", "preview", "refuse")
"""Actions with a column of their own; the others are counted together."""


@dataclass(slots=True, kw_only=True)
class Period:
    """What happened in a day or an hour."""

    start: str
    actions: Counter[str] = field(default_factory=Counter)
    """By what was answered, see `answer_of`."""
    bytes: int = 0
    """Sent in answer to requests of any time, and finished in this period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A reservation that came into force."""

    index: int
    time: str
    site: str
    digest: str
    documents: tuple[str, ...]
    first: bool
    """No earlier one of this site is on record."""


def timeline(found: Iterator[Match], *, hourly: bool) -> Iterator[Period | Change]:
    """Yield periods with at least one request, and changes of the reservation, in order."""
    in_force: dict[str, str] = {}
    period: Period | None = None
    for index, _, one, _ in found:
        at = _start(one.at, hourly)
        if one.kind is RecordKind.RESERVATION:
            said = one.fields["set"]
            before = in_force.get(said["site"])
            if before == one.fields["digest"]:
                continue
            in_force[said["site"]] = one.fields["digest"]
            if period is not None:
                yield period
                period = None
            documents = tuple(sorted(each["path"] for each in said["documents"]))
            time = f"{datetime.fromtimestamp(one.at / 1e6, UTC):%Y-%m-%d %H:%M}"
            yield Change(
                index=index, time=time, site=said["site"], digest=one.fields["digest"], documents=documents,
                first=before is None,
            )  # fmt: skip
            continue
        if period is None or period.start != at:
            if period is not None:
                yield period
            period = Period(start=at)
        if one.kind is RecordKind.END:
            period.bytes += one.fields["bytes"]
        elif one.kind is RecordKind.REQUEST:
            period.actions[answer_of(one.fields)] += 1
    if period is not None:
        yield period


def _start(at: int, hourly: bool) -> str:
    return f"{datetime.fromtimestamp(at / 1e6, UTC):{'%Y-%m-%d %H:00' if hourly else '%Y-%m-%d'}}"


def timeline_lines(found: Iterator[Match], *, hourly: bool, de: bool) -> Iterator[str]:
    """Yield the timeline for 80 columns."""
    words = TIMELINE[de]
    width, cell = (16, 9) if hourly else (10, 10)
    head = "".join(f"{words[name]:>{cell}}" for name in ("requests", *_COLUMNS, "other", "mb"))
    yield f"{'UTC':{width}}{head}"
    for one in timeline(found, hourly=hourly):
        if isinstance(one, Change):
            told = words["first" if one.first else "change"].format(
                time=one.time, site=one.site, digest=one.digest[:10], record=one.index
            )
            yield printable(f"  ── {told}", 80)
            continue
        rest = one.actions.total() - sum(one.actions[name] for name in _COLUMNS)
        counts = (one.actions.total(), *(one.actions[name] for name in _COLUMNS), rest)
        cells = "".join(f"{number(count, de) if count else '–':>{cell}}" for count in counts)
        megabytes = f"{one.bytes / 1e6:.1f}"
        yield f"{one.start:{width}}{cells}{megabytes.replace('.', ',') if de else megabytes:>{cell}}"


def timeline_value(found: Iterator[Match], *, hourly: bool) -> Iterator[dict[str, Any]]:
    """Yield the timeline for JSON, one object each."""
    for one in timeline(found, hourly=hourly):
        if isinstance(one, Change):
            yield {
                "reservation": {
                    "record": one.index, "since": one.time, "site": one.site, "digest": one.digest,
                    "documents": list(one.documents),
                }
            }  # fmt: skip
        else:
            yield {"period": one.start, "requests": one.actions.total(), "actions": one.actions, "bytes": one.bytes}
