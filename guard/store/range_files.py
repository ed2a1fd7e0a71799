"""Which address lists are on this disk, and how old are they?

A list comes from the snapshot that ships with the rules, or from the folder where fetched
ones are kept; the newer one counts. Both are in one form: the operators' own JSON
(draft-illyes-webbotauth-jafar-00) with what is needed to judge it beside the prefixes. A file
that can not be read is told about, and the other copy is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from guard.core.range_file import Proof, RangeFormat, RangeSource
from guard.core.range_lists import MAX_BYTES, RangeList, parse
from guard.errors import RangeListError
from guard.store.durable import make_folder, replace

SEED = "ranges"
"""Folder of the snapshot inside the rules."""
KEPT = Path("guard", "ranges")
"""Folder of the last good copies inside the evidence directory, the one place that a guard may write to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A list that is not believed."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedLists:
    """All lists that could be read."""

    lists: Mapping[str, RangeList]
    refused: tuple[Refusal, ...]


def load_lists(sources: Mapping[str, RangeSource], seed: Path, kept: Path | None) -> LoadedLists:
    """Read every list of `sources` that there is, the newer one of the snapshot's and the kept one."""
    lists: dict[str, RangeList] = {}
    refused: list[Refusal] = []
    for name, source in sources.items():
        if source.format is RangeFormat.FIXED:
            lists[name] = _fixed(source)
            continue
        for folder in (seed, kept):
            if folder is None or not (path := folder / f"{name}.json").is_file():
                continue
            try:
                found = read_list(path, source)
            except RangeListError as error:
                refused.append(Refusal(name=name, reason=f"{path.name}: {error}"))
                continue
            if name not in lists or _at(found) > _at(lists[name]):
                lists[name] = found
    return LoadedLists(lists=lists, refused=tuple(refused))


def read_list(path: Path, source: RangeSource) -> RangeList:
    """Read one list in our form.

    Raises:
        RangeListError: The file can not be read, or is no list to be believed.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RangeListError(f"can not be read: {error.strerror}") from None
    parsed = parse(data, RangeFormat.JAFAR)
    document: dict[str, Any] = orjson.loads(data)
    if not isinstance(document, dict) or document.get("name") != source.name:
        raise RangeListError("is not the list of this name")
    return make_list(
        source,
        parsed.prefixes,
        _time(document.get("fetchedAt")),
        complete=parsed.complete and document.get("complete") is True,
    )


def make_list(source: RangeSource, prefixes: Any, fetched_at: datetime | None, *, complete: bool) -> RangeList:
    """Return the list of a source as a value."""
    return RangeList(
        name=source.name,
        prefixes=tuple(prefixes),
        fetched_at=fetched_at,
        source=" ".join(source.urls),
        complete=complete,
        proof=source.proof,
        # Autonomous systems are named only where the whole network is the operator's.
        own_network=source.proof is Proof.CRAWLER or bool(source.asns),
    )


def write_list(folder: Path, one: RangeList) -> None:
    """Keep a list as the last good copy; after a crash the old or the new one is there, whole.

    Raises:
        OSError: The disk does not take it.
    """
    make_folder(folder)
    replace(folder / f"{one.name}.json", encode_list(one))


def encode_list(one: RangeList) -> bytes:
    """Return a list in the form of the files."""
    document = {
        "name": one.name,
        "source": one.source.split(),
        "fetchedAt": one.fetched_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        if one.fetched_at
        else None,
        "complete": one.complete,
        "prefixes": [{f"ipv{prefix.version}Prefix": str(prefix)} for prefix in one.prefixes],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def changed_at(folder: Path | None) -> int:
    """Return a number that changes when a list in `folder` does; 0 without one."""
    if folder is None:
        return 0
    try:
        return max((path.stat().st_mtime_ns for path in folder.glob("*.json")), default=0)
    except OSError:
        return 0


def _fixed(source: RangeSource) -> RangeList:
    return make_list(source, source.prefixes, None, complete=False)


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _at(one: RangeList) -> datetime:
    return one.fetched_at or _LONG_AGO


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
