"""How much is in the log, and up to where does somebody outside vouch for it?

Read from a few small files, without looking at a single record: it says nothing about whether
the log is whole. That is `guard evidence verify`.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from guard.cli import case_options as options
from guard.cli.evidence_index import in_index, index_lines
from guard.cli.terminal import printable
from guard.errors import UsageError
from guard.evidence.anchor import FOLDER, AnchorKind
from guard.evidence.checkpoint import CheckpointError, unsigned
from guard.store import anchor_state
from guard.store.anchor_files import read_checkpoint
from guard.store.log_files import open_folder

_WORDS = {"time_stamps": "time stamps", "witnesses": "witnesses"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Up to where one kind of party vouches for the log."""

    records: int
    since: str
    """When they last did, ISO 8601 in UTC by this machine's clock; empty if never."""
    newer: int
    """Records after that, the records of the anchors themselves among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One authority or witness."""

    url: str
    at: str
    """ISO 8601 in UTC."""
    failures: int
    """In a row, up to now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What is printed."""

    log: str
    records: int
    """That are signed."""
    bytes: int
    """Of all segments."""
    tokens: int
    cosignatures: int
    outside: dict[str, Outside]
    asked: tuple[Asked, ...]


def stats(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The evidence directory.")],
    config: options.Index = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say how much is in the log, and since when nobody outside has vouched for what is new.

    Quick, and checks nothing: for that there is `guard evidence verify`.

    \b
    Example:
      guard evidence stats /var/lib/guard/evidence
    """
    found = numbers(directory)
    index = in_index(config)
    if as_json:
        told = asdict(found) if index is None else {**asdict(found), "index": index}
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    else:
        typer.echo("\n".join([*lines_of(found), *index_lines(index or {})]))


def numbers(directory: Path) -> Numbers:
    """Return the numbers of an evidence directory.

    Raises:
        UsageError: There is none, or its checkpoint is not one.
        EvidenceError: Nothing is signed yet.
    """
    log = directory / "log"
    if not (log / "seg").is_dir():
        open_folder(directory)  # says what is wrong
        raise UsageError(f"{directory} is the log/ folder alone; name the evidence directory that it is in")
    try:
        head = unsigned(read_checkpoint(log))
    except CheckpointError as error:
        raise UsageError(f"{log / 'checkpoint'}: {error}; see what guard evidence verify says") from None
    state = anchor_state.load(directory / "guard" / anchor_state.FILE)
    covered = state.covered if state.origin == head.origin else {}
    return Numbers(
        log=head.origin,
        records=head.size,
        bytes=sum(one.stat().st_size for one in (log / "seg").glob("*.seg")),
        tokens=_count(log, AnchorKind.TIME_STAMP),
        cosignatures=_count(log, AnchorKind.COSIGNATURE),
        outside={
            name: Outside(
                records=one.size, since=_iso(one.since) if one.size else "", newer=max(0, head.size - one.size)
            )
            for name, one in covered.items()
        },
        asked=tuple(Asked(url=url, at=_iso(one.at), failures=one.failures) for url, one in state.asked.items()),
    )


def lines_of(found: Numbers) -> list[str]:
    """Return the numbers in words."""
    rows = [
        ("log", found.log),
        ("records", f"{found.records:,} signed, {found.bytes:,} bytes"),
        ("anchors", f"time-stamp tokens {found.tokens:,}, cosignatures {found.cosignatures:,}"),
    ]
    for name, one in found.outside.items():
        word = _WORDS.get(name, name)
        if not one.since:
            rows.append((word, "none yet: nobody outside vouches for any record"))
        else:
            rows.append((word, f"{one.records:,} records; unanchored since {_plain(one.since)}: {one.newer:,} records"))
    if not found.outside:
        rows.append(("outside", "nobody was asked to vouch for this log: see evidence.time_stamps"))
    for party in found.asked:
        trouble = f", failed {party.failures} times in a row" if party.failures else ""
        rows += [("asked", printable(party.url)), ("", f"{_plain(party.at)}{trouble}")]
    return [f"  {name:<12}{text}" for name, text in rows]


def _count(log: Path, kind: AnchorKind) -> int:
    return sum(1 for _ in (log / FOLDER).glob(f"*{kind.ending}"))


def _iso(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return ""


def _plain(iso: str) -> str:
    return iso.replace("T", " ").replace("Z", " UTC")
