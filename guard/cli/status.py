"""`guard status`: how is the guard that runs here, and who came today?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from textwrap import wrap
from typing import Any, Final

from guard.cli.terminal import printable

NOTHING_SHARED: Final[Mapping[str, bool]] = {}
SHOWN: Final = 8
"""Crawlers, pictures and albums that are listed."""
DISK_SHARE: Final = 0.05
DISK_BYTES: Final = 1_000_000_000
UNSIGNED_SECONDS: Final = 120
OLD_RULES: Final = 120
OLD_LISTS: Final = 30
"""Days."""


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that needs attention."""

    sentence: str
    urgent: bool = True
    """Else it is worth knowing, and no reason for exit status 1."""


def concerns(state: Mapping[str, Any], metrics: Mapping[str, float]) -> Iterator[Concern]:
    """Yield what needs attention, the worst first.

    Args:
        state: What `/status` says.
        metrics: `different`: findings that search engines get something else; `unanchored`: seconds, 0 for none;
            `appeals`: objections to a refusal since the start.
    """
    workers, evidence, disk = state["workers"], state["evidence"], state["disk"]
    if metrics.get("different"):
        yield Concern("search engines and people do not get the same; the guard's own output names what")
    if evidence is None:
        yield Concern("the recorder does not answer: nothing is being recorded")
    elif evidence["failing"]:
        yield Concern(str(evidence["failing"]))
    elif evidence["records"] > evidence["signed"] and _age(state["at"], evidence["checkpoint_at"]) > UNSIGNED_SECONDS:
        yield Concern(f"{evidence['records'] - evidence['signed']} records are not signed; see the guard's output")
    if workers["ready"] < workers["wanted"]:
        yield Concern(f"{workers['wanted'] - workers['ready']} of {workers['wanted']} workers do not serve")
    if disk["free"] < DISK_BYTES or disk["free"] < DISK_SHARE * disk["size"]:
        yield Concern(f"the disk of the evidence has only {size(disk['free'])} left")
    if not state["configuration"]["successful"]:
        yield Concern("the configuration that was read last has faults and is not in force: guard check")
    if metrics.get("unanchored", 0.0) > 3 * 3600:
        yield Concern(f"nobody outside has vouched for the newest records for {span(metrics['unanchored'])}")
    if appeals := round(metrics.get("appeals", 0.0)):
        what = "a refusal was a mistake" if appeals == 1 else f"{appeals} refusals were mistakes"
        yield Concern(f"visitors say that {what}; the guard's own output names the codes", urgent=False)
    yield from _worth_knowing(state)


def _worth_knowing(state: Mapping[str, Any]) -> Iterator[Concern]:
    workers, evidence = state["workers"], state["evidence"]
    if evidence is not None and evidence["gaps"]:
        yield Concern(f"{evidence['gaps']} records were lost since the start; the log says so itself", urgent=False)
    ended = {name: number for name, number in workers["restarts"].items() if number}
    for name, number in ended.items():
        yield Concern(f"{name}: ended by itself {number} times and was started again", urgent=False)
    today = date.fromisoformat(state["at"][:10])
    if (today - date.fromisoformat(state["rules"]["checked"])).days > OLD_RULES:
        yield Concern(f"the rules were last checked on {state['rules']['checked']}", urgent=False)
    old = [name for name, at in state["rules"]["lists"].items() if at and _days(state["at"], at) > OLD_LISTS]
    if old:
        yield Concern(
            f"{len(old)} lists of addresses are older than {OLD_LISTS} days and refute no claim: guard rules update",
            urgent=False,
        )
    if state["paused_until"]:
        yield Concern(f"paused until {clock(state['paused_until'])}; guard pause off ends it", urgent=False)


def lines(
    state: Mapping[str, Any], found: list[Concern], *, pictures: bool, cluster: Mapping[str, bool] = NOTHING_SHARED
) -> Iterator[str]:
    """Yield the page, at most 80 columns wide; of what is shared with other guards, whether it answers."""
    workers, evidence, configuration = state["workers"], state["evidence"], state["configuration"]
    up = span(_age(state["at"], state["started"]))
    yield f"crawler-guard {state['version']} on {state['url']}, up {up}"
    yield ""
    for site in state["sites"]:
        yield _row("site", f"{site['host']}, {_about(site['pictures'])} served so far")
    yield _row("workers", f"{workers['ready']} of {workers['wanted']} serve")
    yield _row("policy", f"{state['policy']['name']} ({state['policy']['digest'][:12]})")
    if state["learning_until"]:
        yield _row("learning", f"until {clock(state['learning_until'])}: nobody is refused for behaviour yet")
    yield _row("loaded", f"{clock(configuration['loaded'])}" + ("" if configuration["successful"] else " (see below)"))
    if evidence is not None:
        yield _row("evidence", f"{evidence['records']:,} records, {size(evidence['bytes'])}, {_signed(evidence)}")
    if cluster:
        away = [part for part, up in cluster.items() if not up]
        yield _row("cluster", f"{', '.join(away)}: away (see below)" if away else f"{', '.join(cluster)} shared")
    free = state["disk"]["free"] / state["disk"]["size"] if state["disk"]["size"] else 0
    yield _row("disk", f"{size(state['disk']['free'])} free ({free:.0%})")
    fetched = sorted(at for at in state["rules"]["lists"].values() if at)
    span_of_lists = " to ".join(dict.fromkeys((fetched[0][:10], fetched[-1][:10]))) if fetched else "none"
    lists = f"; address lists {span_of_lists}"
    yield _row("rules", f"checked {state['rules']['checked']}{lists}")
    yield ""
    yield from _today(state["today"])
    if pictures:
        for title, key in (("Pictures", "pictures"), ("Albums", "albums")):
            yield ""
            yield from _paths(f"{title} that crawlers asked for most, in thirty days", state["month"][key])
    yield ""
    if not found:
        yield "Nothing needs attention."
    for concern in found:
        yield from wrap(printable(concern.sentence), 80, initial_indent="! " if concern.urgent else "- ",
                        subsequent_indent="  ", break_on_hyphens=False)  # fmt: skip


def _signed(evidence: Mapping[str, Any]) -> str:
    open_ones = evidence["records"] - evidence["signed"]
    when = f"last checkpoint {clock(evidence['checkpoint_at'])}" if evidence["checkpoint_at"] else "no checkpoint yet"
    return f"{when}, {open_ones} not signed yet" if open_ones else f"signed, {when}"


def _today(book: Mapping[str, Any]) -> Iterator[str]:
    rows = book["crawlers"]
    yield f"Today (UTC): {book['people']:,} requests like people's, {book['undeclared']:,} of undeclared programs"
    if not rows:
        yield "No crawler that names itself has come yet."
        return
    yield f"  {'crawler':<24}{'requests':>9}{'pictures':>9}{'full':>7}{'smaller':>8}{'none':>7}  claim"
    for row in rows[:SHOWN]:
        none = row["asked"] - row["full"] - row["marked"] - row["smaller"]
        name = printable(row["name"].rstrip("/") or "(others)", 23)
        yield (
            f"  {name:<24}{row['requests']:>9,}{row['asked']:>9,}{row['full'] + row['marked']:>7,}"
            f"{row['smaller']:>8,}{max(none, 0):>7,}  {_claim(row)}"
        )
    if len(rows) > SHOWN:
        yield f"  and {len(rows) - SHOWN} more: guard status --json"


def _claim(row: Mapping[str, Any]) -> str:
    if row["impostor"]:
        return "refuted" if row["impostor"] == row["requests"] else f"{row['impostor']:,} refuted"
    return "verified" if row["verified"] == row["requests"] else ""


def _paths(title: str, rows: list[Mapping[str, Any]]) -> Iterator[str]:
    yield title
    yield f"  {'asked':>7}{'given':>7}  path"
    for row in rows[:SHOWN]:
        yield f"  {row['asked']:>7,}{row['given']:>7,}  {printable(row['path'], 62)}"
    if not rows:
        yield "  none yet"


def _row(name: str, value: str) -> str:
    return f"{name:<10}{printable(value)}"


def _about(pictures: int) -> str:
    return "no picture" if not pictures else f"about {pictures:,} different picture{'s' * (pictures > 1)}"


def clock(text: str) -> str:
    """Return a time as people read it: `2026-11-25 03:56 UTC`."""
    return f"{_parse(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def size(number: float) -> str:
    """Return bytes as people read them."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit in ("bytes", "KB") or number >= 100 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def span(seconds: float) -> str:
    """Return a length of time as people read it."""
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} seconds"


def _parse(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _age(now: str, then: str | None) -> float:
    return (_parse(now) - _parse(then)).total_seconds() if then else float("inf")


def _days(now: str, then: str) -> int:
    return (_parse(now) - _parse(then)).days
