"""How does a change of one rule come into force?

First it is only shown: the difference, what would be decided afterwards, and what the check of the
configuration says of it. When the owner agrees the file is replaced, if it is still the one that was
shown, and the running guard goes over to it as for `guard reload`; what it does not take is taken
back.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path
from typing import Final

from guard.configuration import Configuration, load_configuration
from guard.core.policy import Action
from guard.server.console.policy_edit import EditError, edited

AROUND: Final = 3
"""Lines of the file that are shown before and after what changes."""
_SECRET: Final = re.compile(r"(?i)((?:pass|secret|token|key|url)\w*[\"']?\s*:).*")
"""What stands there is nobody's business who looks over a shoulder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that nobody has made yet."""

    file: Path
    before: bytes
    after: bytes
    diff: tuple[tuple[str, str], ...]
    """Sort (`add`, `del`, `at`, `same`) and text of each line."""
    configuration: Configuration
    """What the file would say."""
    warnings: tuple[str, ...]
    """What is said of it, and was not said before."""

    @property
    def digest(self) -> str:
        """What the file was when this was made."""
        return digest(self.before)


def digest(data: bytes) -> str:
    """Return what tells one state of a file from another."""
    return sha256(data).hexdigest()


def prepare(file: Path, crawler: str, action: Action | None, day: date) -> Change:
    """Return the change; nothing but a passing file beside it is written. Takes a while: call it in a thread.

    Raises:
        GuardError: The file can not be read or changed, the guard may not write there, or the result has faults.
    """
    real = Path(os.path.realpath(file))
    try:
        before = real.read_bytes()
    except OSError as error:
        raise EditError(f"{file} can not be read: {(error.strerror or str(error)).lower()}") from None
    after = edited(before, file.name, crawler, action, day)
    known = set(load_configuration(real, os.environ, {}).warnings)
    with _beside(real, after) as passing:
        configuration = load_configuration(passing, os.environ, {})
    return Change(
        file=file,
        before=before,
        after=after,
        diff=tuple(_diff(before.decode(), after.decode(), file.name)),
        configuration=configuration,
        warnings=tuple(one for one in configuration.warnings if one not in known),
    )


def write(file: Path, before: str, data: bytes) -> None:
    """Put `data` in the place of the file, whose digest must still be `before`; its rights stay.

    Raises:
        EditError: It is another by now, or the guard may not write there.
    """
    real = Path(os.path.realpath(file))
    try:
        now = real.read_bytes()
    except OSError as error:
        raise EditError(f"{file} can not be read: {(error.strerror or str(error)).lower()}") from None
    if digest(now) != before:
        raise EditError(f"{file} has changed since the difference was shown; look at it again")
    with _beside(real, data) as passing:
        os.replace(passing, real)
        folder = os.open(real.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextlib.contextmanager
def _beside(file: Path, data: bytes) -> Iterator[Path]:
    """Write a file into the same folder, as whose it is, with the same rights; it is gone afterwards."""
    found = file.stat()
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.stem}-", suffix=".yaml", dir=file.parent)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EditError(f"the guard may not write into {file.parent} ({reason}); change the file by hand") from None
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fchmod(descriptor, found.st_mode & 0o7777)
            if (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, found.st_uid, found.st_gid)
            os.fsync(descriptor)
        yield Path(name)
    except PermissionError:
        raise EditError(f"{file} belongs to somebody else; change it by hand") from None
    finally:
        Path(name).unlink(missing_ok=True)


def _diff(before: str, after: str, name: str) -> Iterator[tuple[str, str]]:
    sorts = {"+": "add", "-": "del", "@": "at"}
    lines = unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="", n=AROUND)
    for at, line in enumerate(lines):
        if at > 1:  # the two names
            sort = sorts.get(line[:1], "same")
            yield sort, _SECRET.sub(r"\1 …", line) if sort == "same" else line
