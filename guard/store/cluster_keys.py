"""Which secrets do guards have in common, and under which names do they keep people?

All of them are derived from the one secret of the settings (HMAC-SHA-256 over what it is for), so that a visitor who
was given a pass, a ticket or a decoy by one guard may come to another. The names under which clients are known in the
shared store are keyed, and the key changes every day (UTC): whoever has the store, but not the secret, can neither
find an address in it nor see that two days' entries are one client's.
"""

import hmac
from datetime import UTC, date, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final

from guard.core.decoys import SECRET_SIZE
from guard.core.tickets import KEY_SIZE
from guard.store import decoy_secret, ticket_keys
from guard.store.durable import FOLDER_MODE, replace

NAME_SIZE: Final = 16
"""Bytes of a pseudonym."""
DAY: Final = 86_400


def derive(secret: str, purpose: str, size: int = 32) -> bytes:
    """Return `size` bytes, at most 32, that only who has the secret can make, and that tell nothing about it."""
    return hmac.digest(secret.encode(), f"crawler-guard {purpose}".encode(), "sha256")[:size]


class Pseudonyms:
    """Names of clients in the shared store."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._keys: dict[int, bytes] = {}

    def of(self, client: bytes, at: float) -> str:
        """Return the name of a client on the day of `at`, Unix seconds; 32 hexadecimal digits."""
        day = int(at // DAY)
        key = self._keys.get(day)
        if key is None:
            key = derive(self._secret, f"clients of {datetime.fromtimestamp(day * DAY, UTC):%Y-%m-%d}")
            # Yesterday's is still asked for; what came before goes, so that nothing in memory can name those clients.
            self._keys = {known: kept for known, kept in self._keys.items() if abs(known - day) <= 1} | {day: key}
        return blake2b(client, key=key, digest_size=NAME_SIZE).hexdigest()


def share(evidence: Path, secret: str, today: date, *, decoys: bool, tickets: bool) -> None:
    """Put what all guards must have in common in the place of what this one would have made for itself.

    Raises:
        OSError: It can not be written.
    """
    if decoys:
        _keep(decoy_secret.file_in(evidence), derive(secret, "decoys", SECRET_SIZE))
    if tickets:
        # Each for thirty days, counted alike by all: whoever starts a guard in between gets the same key.
        turn = date.fromordinal(today.toordinal() // ticket_keys.RENEWED_AFTER.days * ticket_keys.RENEWED_AFTER.days)
        for begun in (turn - ticket_keys.RENEWED_AFTER, turn):
            key = derive(secret, f"tickets from {begun.isoformat()}", KEY_SIZE)
            _keep(ticket_keys.folder_in(evidence) / f"{begun.isoformat()}.key", key)


def _keep(file: Path, data: bytes) -> None:
    file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    if not file.is_file() or file.read_bytes() != data:
        replace(file, data)
