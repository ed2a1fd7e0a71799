"""Is this the owner's password?

Argon2id (RFC 9106). A check takes memory and a core for some ten milliseconds, so it is done in a
thread, and only one at a time.
"""

import asyncio
from typing import TYPE_CHECKING, Final

from guard.errors import UsageError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 12
LONGEST: Final = 1024
"""Characters."""
NEEDS: Final = "the console needs the extra 'console': pip install 'crawler-guard[console]'"


def hashed(password: str) -> str:
    """Return what stands in the configuration in place of `password`.

    Raises:
        UsageError: It is too short or too long, or the extra is not there.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"take a password of at least {SHORTEST} characters, at most {LONGEST}; four words will do")
    return _hasher().hash(password)


def is_right(stored: str, password: str) -> bool:
    """Tell whether `password` is the one that `stored` was made of; takes a while."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > LONGEST:
        return False
    try:
        return _hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _hasher() -> "PasswordHasher":
    try:
        from argon2 import PasswordHasher
    except ImportError:
        raise UsageError(NEEDS) from None
    return PasswordHasher()


class Checker:
    """Checks one password after the other."""

    def __init__(self, stored: str) -> None:
        self._stored = stored
        self._checking = asyncio.Lock()

    async def is_right(self, password: str) -> bool:
        """Tell whether it is the right one."""
        async with self._checking:
            return await asyncio.to_thread(is_right, self._stored, password)
