"""What did each site's own robots.txt last say, so that a restart or a fault forgets none of it?

One file a host, in a folder of the evidence directory: the bytes as they were received, and how
the last look went. One process writes; the others see the folder change. A damaged file is no
file: the guard goes on with its own robots.txt and asks again.
"""

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson

from guard.reservation.robots_file import MAX_BYTES
from guard.store.durable import replace

FOLDER: Final = Path("guard", "robots")
"""Below the evidence directory."""
MOST_HOSTS: Final = 64
"""Files that are read; more are not written."""
_ENDING: Final = ".json"


class Look(StrEnum):
    """How the last look at a site's own robots.txt went, and what is in force since."""

    MERGED = "merged"
    """It is merged with ours."""
    ABSENT = "absent"
    """The site has none; ours stands alone, as it should."""
    KEPT = "kept"
    """It could not be used; what it last said is merged with ours."""
    ALONE = "alone"
    """It could not be used and has never been; ours stands alone. An alarm."""

    @property
    def failed(self) -> bool:
        """Tell whether somebody should look at the site."""
        return self in (Look.KEPT, Look.ALONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRobots:
    """One host's own robots.txt."""

    site: str
    """The configured name of the site, `*` for a wildcard site."""
    authority: str
    """Host and port that were asked for; empty for what a wildcard site says to all names it does not know."""
    look: Look
    reason: str
    """Why it could not be used, for people; empty if it could."""
    body: bytes
    """What it said when it last could be used; empty for nothing."""
    fetched_at: int
    """Unix seconds when it said so; 0 for never."""
    findings: tuple[str, ...] = ()
    """What is odd about it, one sentence each."""


def keep(folder: Path, one: SiteRobots) -> None:
    """Write one, durably; OSError if the disk does not do its part."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    document = {
        "site": one.site,
        "authority": one.authority,
        "look": one.look,
        "reason": one.reason,
        "body": b64encode(one.body).decode(),
        "fetched_at": one.fetched_at,
        "findings": one.findings,
    }
    name = sha256(f"{one.site}\n{one.authority}".encode()).hexdigest()[:32]
    replace(folder / f"{name}{_ENDING}", orjson.dumps(document))


def load(folder: Path) -> dict[tuple[str, str], SiteRobots]:
    """Return all that can be read, by site and authority."""
    found = {}
    for path in sorted(folder.glob(f"[0-9a-f]*{_ENDING}"))[: 4 * MOST_HOSTS]:
        one = _read(path)
        if one is not None:
            found[one.site, one.authority] = one
    return found


def version(folder: Path) -> str:
    """Return a text that changes whenever a file does; empty while there is none."""
    try:
        # A file that is replaced is another inode; that may have been in use before, so the time counts too.
        found = [(one.name, one.stat()) for one in os.scandir(folder) if one.name.endswith(_ENDING)]
    except OSError:
        return ""
    return ",".join(sorted(f"{name}:{stat.st_ino}:{stat.st_mtime_ns}" for name, stat in found))


def _read(path: Path) -> SiteRobots | None:
    try:
        value = orjson.loads(path.read_bytes())
        body = b64decode(value["body"], validate=True)
        return SiteRobots(
            site=str(value["site"]),
            authority=str(value["authority"]),
            look=Look(value["look"]),
            reason=str(value["reason"]),
            body=body[: 2 * MAX_BYTES],
            fetched_at=int(value["fetched_at"]),
            findings=tuple(str(finding) for finding in value["findings"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
