"""`guard evidence index`, and where records come from that are shown.

Where the configuration names an index, it is asked first. It answers what the log says, sooner; where it is away, the
log is read as without it, and that is said.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from guard.cli import case_options as options
from guard.cli.terminal import complain, printable
from guard.errors import StoreAwayError, UsageError
from guard.evidence.record import RecordKind
from guard.store.record_filter import Filter, Match, matching

Matches = Callable[[Filter, frozenset[RecordKind]], Iterator[Match]]
"""Yields the records that are meant, and all of certain kinds besides."""


def index(
    directory: options.Directory,
    *,
    config: options.Index = None,
    anew: Annotated[bool, typer.Option("--anew", help="From the first record, whatever the index has.")] = False,
) -> None:
    """Take a log into the index in PostgreSQL that the configuration names (cluster.postgresql).

    A running guard does that by itself. This does it once: for a log that was put away or copied, or anew. It may be
    done at any time, by several at once, and again: the log is the truth.

    \b
    Examples:
      guard evidence index /var/lib/guard/evidence -c guard.yaml
      guard evidence index /var/lib/guard/evidence -c guard.yaml --anew
    """
    from guard.store.index_follower import bring_up
    from guard.store.log_follower import log_of

    url = _url(config)
    if not url:
        raise UsageError("no index is configured: name a configuration with cluster.postgresql (-c FILE)")

    async def once() -> int:
        from guard.store.evidence_index import EvidenceIndex

        opened = EvidenceIndex(url)
        try:
            return await bring_up(opened, log_of(directory), anew=anew)
        finally:
            await opened.close()

    count = asyncio.run(once())
    typer.echo(f"{count:,} {'record' if count == 1 else 'records'} taken into the index")


@contextmanager
def source(directory: Path, config: Path | None, log: str = "") -> Iterator[Matches]:
    """Give what yields records: the index where one is configured and there, else the log; with `log` that one's.

    Raises:
        UsageError: A log of the index is wanted and there is no index, or no such log.
        StoreAwayError: Likewise, and the index does not answer.
    """
    url = _url(config)
    if not url:
        if log:
            raise UsageError("--log names a log of the index, and none is configured (cluster.postgresql, -c FILE)")
        yield lambda wanted, also: matching(directory, wanted, also=also)
        return
    from guard.store.indexed_records import opened

    with opened(url) as reader:
        if log:
            other = reader.named(log)
            yield lambda wanted, also: reader.elsewhere(other, wanted, also=also)
            return
        try:
            reader.logs()
        except StoreAwayError as error:
            complain(f"guard: the index is away, so the log is read: {error}")
            yield lambda wanted, also: matching(directory, wanted, also=also)
            return
        yield lambda wanted, also: reader.matching(directory, wanted, also=also)


def in_index(config: Path | None) -> dict[str, int] | None:
    """Return how many records of which log are in the index; None where there is none, or it is away."""
    url = _url(config)
    if not url:
        return None
    from guard.store.indexed_records import opened

    try:
        with opened(url) as reader:
            return {one.origin: one.place.next for one in reader.logs()}
    except StoreAwayError as error:
        complain(f"guard: the index is away: {error}")
        return None


def index_lines(logs: Mapping[str, int]) -> list[str]:
    """Return in words what is in the index."""
    rows = [(f"{count:,} records of", printable(name)) for name, count in logs.items()]
    return [f"  {'index' if not number else '':<12}{count} {name}" for number, (count, name) in enumerate(rows)]


def _url(config: Path | None) -> str:
    """Return where the index is that the configuration names; empty where it names none."""
    if config is None:
        return ""
    from guard.settings import load_settings

    configured = load_settings(config, os.environ, {}).cluster.postgresql
    return "" if configured is None else configured.url
