"""What does an operator read in the access log?

One JSON object a line, one line a finished request: who claimed to ask, what was decided
and why, what was sent. No address, no user agent, no query: people who visit leave nothing
here that tells who they were.
"""

import sys
from dataclasses import asdict, dataclass
from typing import BinaryIO

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One finished request."""

    at: str
    """RFC 3339, UTC."""
    site: str
    method: str
    path: str
    status: int
    bytes: int
    """Body bytes handed to the client."""
    purpose: str
    operator: str
    crawler: str
    claimed: str
    identity: str
    conduct: str
    action: str
    rule: str
    because: str
    kind: str
    rendition: str
    licence: str
    """The id of the licence that the request came with; empty without one that the owner signed."""
    reference: str
    duration_ms: float


class AccessLog:
    """Appends lines to a file, or to standard output for `-`; a full disk loses lines, never requests."""

    def __init__(self, path: str) -> None:
        self._file: BinaryIO | None = None
        if path == "-":
            self._file = sys.stdout.buffer
        elif path != "off":
            self._file = open(path, "ab", buffering=0)  # noqa: SIM115

    @property
    def is_on(self) -> bool:
        """Whether anybody reads it."""
        return self._file is not None

    def write(self, line: Line) -> None:
        """Write one line, whole, so that several processes can share the file."""
        if self._file is None:
            return
        values = {name: _clean(value) for name, value in asdict(line).items()}
        try:
            self._file.write(orjson.dumps(values) + b"\n")
            self._file.flush()
        except OSError:
            return

    def close(self) -> None:
        """Close the file."""
        if self._file is not None and self._file is not sys.stdout.buffer:
            self._file.close()


def _clean(value: object) -> object:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
