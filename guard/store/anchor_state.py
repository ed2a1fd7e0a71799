"""When was each authority and each witness asked last, and up to where do they vouch for the log?

One small JSON file in `guard/` of the evidence directory, so that a guard that is started
again and again does not ask each time. Whatever is wrong with the file, it begins anew.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from guard.errors import EvidenceError
from guard.store.durable import replace

FILE = "anchors.json"


@dataclass(slots=True)
class Asked:
    """What happened with one authority or witness. Times are seconds since 1970 by our own clock."""

    at: float = 0.0
    """When it was asked last."""
    failures: int = 0
    """In a row, up to now."""
    until: float = 0.0
    """It is left alone until then."""
    size: int = 0
    """The head that a witness is known to have cosigned."""


@dataclass(slots=True)
class Covered:
    """Up to where a group vouches for the log."""

    size: int = 0
    since: float = 0.0
    """When that was received, by our own clock; 0 if never."""


@dataclass(slots=True)
class AnchorState:
    """All of it."""

    origin: str = ""
    """The log it is about; of another one only the times of asking count."""
    asked: dict[str, Asked] = field(default_factory=dict)
    """By address."""
    covered: dict[str, Covered] = field(default_factory=dict)
    """By group."""


def load(path: Path) -> AnchorState:
    """Return what is kept at `path`, or a new beginning."""
    try:
        value = orjson.loads(path.read_bytes())
        return AnchorState(
            origin=str(value["origin"]),
            asked={str(name): _asked(one) for name, one in value["asked"].items()},
            covered={
                str(name): Covered(int(one["size"]), float(one["since"])) for name, one in value["covered"].items()
            },
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return AnchorState()


def _asked(one: dict[str, float]) -> Asked:
    return Asked(float(one["at"]), int(one["failures"]), float(one["until"]), int(one["size"]))


def save(path: Path, state: AnchorState) -> None:
    """Keep the state.

    Raises:
        EvidenceError: It can not be written.
    """
    try:
        replace(path, orjson.dumps(asdict(state), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    except OSError as error:
        raise EvidenceError(f"{path} can not be written: {(error.strerror or str(error)).lower()}") from None
