"""What does it mean that something which several guards share is away?"""

from collections.abc import Iterator, Mapping
from typing import Final

from guard.cli.status import Concern

_MEANING: Final = {
    "limits": "Valkey is away: this guard gives its share of each allowance, by its own memory",
    "clients": "Valkey is away: what clients do at the other guards is not known here",
    "index": "PostgreSQL is away: its index of the evidence does not grow; the log does",
    "copies": "the object store is away: sealed evidence is only on this machine's disk",
}


def cluster_concerns(parts: Mapping[str, bool]) -> Iterator[Concern]:
    """Yield what is away; visitors are served and everything is recorded all the same."""
    for part, up in parts.items():
        if not up:
            yield Concern(f"{_MEANING.get(part, f'{part} is away')}; it is asked again every second")
