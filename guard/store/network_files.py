"""Which autonomous systems does the operator's file name?

Read once at the start, packed or not. A bad line is passed over and told about; a file without one good line, or none
at all, is a fault of the configuration.
"""

import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guard.core.autonomous_systems import AutonomousSystems, parse
from guard.errors import ConfigurationError, Fault

MAX_BYTES: Final = 512 * 1024 * 1024
"""Unpacked; the whole routing table in words is a tenth of it."""
_WHERE: Final = "behaviour.networks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """What was read."""

    systems: AutonomousSystems
    warnings: tuple[str, ...]
    """Sentences about lines that were passed over."""


def load_networks(path: Path) -> Networks:
    """Read the file.

    Raises:
        ConfigurationError: It can not be read, or no line of it.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            plain = gzip.GzipFile(fileobj=file) if packed else file
            data = plain.read(MAX_BYTES + 1)
    except (OSError, EOFError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise _error(path, 0, f"the file can not be read: {why.lower()}") from error
    if len(data) > MAX_BYTES:
        raise _error(path, 0, f"the file has more than {MAX_BYTES >> 20} MiB")
    found = parse(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="replace"))
    if not len(found.systems):
        line, why = found.bad[0] if found.bad else (0, "names no range; it needs lines of first, last and AS number")
        raise _error(path, line, why)
    sentences = [f"{path}:{line}: {why}; the line is passed over" for line, why in found.bad]
    if found.bad_lines > len(found.bad):
        sentences.append(f"{path}: {found.bad_lines - len(found.bad)} more lines are passed over")
    return Networks(systems=found.systems, warnings=tuple(sentences))


def _error(path: Path, line: int, message: str) -> ConfigurationError:
    return ConfigurationError((Fault(file=str(path), line=line, column=int(line > 0), where=_WHERE, message=message),))
