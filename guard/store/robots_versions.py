"""What did the robots.txt say that a client was served, perhaps long ago?

Every version that was sent is kept as it was sent, under the SHA-256 of its bytes, in one folder that all workers share
and that outlives a restart. Bounded: the versions written longest ago go first, and whoever was served one that is gone
has broken nothing. A fault of the disk is none of the client's either: then a version is known to this process only.
"""

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from guard.core.robots_rules import MAX_BYTES, RobotsRules
from guard.core.robots_standing import VERSION_SIZE
from guard.store.durable import FOLDER_MODE, replace

MOST: Final = 400
"""Versions kept: one for each host name that a wildcard site answers for, and some that they had before."""
MOST_BYTES: Final = 16 * 1024 * 1024
PARSED: Final = 64
"""Versions that a process keeps ready."""
_LOOK_AGAIN: Final = 30.0
"""Seconds for which a version that was not found is not looked for again."""
_MOST_ABSENT: Final = 4096


class RobotsVersions:
    """The versions that were served, for one worker."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep them in `folder`, whose parents need not exist."""
        self._folder = folder
        self._clock = clock
        self._parsed: OrderedDict[bytes, RobotsRules] = OrderedDict()
        self._absent: dict[bytes, float] = {}
        self._wanted = b""

    def keep(self, body: bytes) -> bytes:
        """Keep what was served and return the 8 bytes that stand for it."""
        digest = sha256(body)
        version = digest.digest()[:VERSION_SIZE]
        if version not in self._parsed:
            self._remember(version, RobotsRules.parse(body))
            file = self._folder / f"{digest.hexdigest()}.txt"
            if len(body) <= MAX_BYTES and not file.is_file():
                with contextlib.suppress(OSError):
                    self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
                    self._make_room(len(body))
                    replace(file, body)
        return version

    def forbids(self, name: str, path: str, version: bytes) -> bool:
        """Tell whether `version` kept the crawler `name` from `path`; one that is not known, or not any more, did not.

        Never waits for a disk: a version that this process has not seen is read by the next `fetch`.
        """
        rules = self._parsed.get(version)
        if rules is None:
            self._wanted = version
            return False
        self._parsed.move_to_end(version)
        return rules.forbids(name, path)

    def fetch(self) -> None:
        """Read the version that was last asked for in vain, if there was one."""
        version, self._wanted = self._wanted, b""
        now = self._clock()
        if not version or now - self._absent.get(version, -_LOOK_AGAIN) < _LOOK_AGAIN:
            return
        with contextlib.suppress(OSError):
            for file in self._folder.glob(f"{version.hex()}*.txt"):
                with file.open("rb") as opened:
                    body = opened.read(MAX_BYTES + 1)
                if sha256(body).hexdigest() == file.stem:
                    self._remember(version, RobotsRules.parse(body))
                    return
                file.unlink(missing_ok=True)  # torn; whoever serves it next writes it anew
        if len(self._absent) >= _MOST_ABSENT:
            self._absent.clear()
        self._absent[version] = now

    def _remember(self, version: bytes, rules: RobotsRules) -> None:
        self._parsed[version] = rules
        self._absent.pop(version, None)
        if len(self._parsed) > PARSED:
            self._parsed.popitem(last=False)

    def _make_room(self, wanted: int) -> None:
        found = []
        for file in self._folder.glob("*.txt"):
            with contextlib.suppress(FileNotFoundError):
                about = file.stat()
                found.append((about.st_mtime_ns, about.st_size, file))
        found.sort(key=lambda one: one[0])
        size = wanted + sum(one[1] for one in found)
        while found and (len(found) >= MOST or size > MOST_BYTES):
            _, freed, file = found.pop(0)
            size -= freed
            file.unlink(missing_ok=True)
