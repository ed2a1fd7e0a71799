"""Who is signed in, and who has tried too often?

Both live in memory and are bounded: a new start of the guard signs everybody out. A session's token is
kept as a hash only, so that a look into memory does not hand out a session.
"""

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

IDLE_SECONDS: Final = 2 * 3600.0
LONGEST_SECONDS: Final = 12 * 3600.0
MOST_SESSIONS: Final = 32
TRIES: Final = 5
"""Wrong passwords of one address before it has to wait."""
ALL_TRIES: Final = 40
"""Of all addresses together: a sign-in takes memory and time."""
REFILL_SECONDS: Final = 30.0
"""After so long one more may be tried."""
MOST_ADDRESSES: Final = 1024


@dataclass(slots=True, kw_only=True)
class Session:
    """One browser that is signed in."""

    form_token: str
    """What its forms carry, so that no strange page can send them (CSRF)."""
    began: float
    seen: float

    def owns(self, form_token: str) -> bool:
        """Tell whether a form is this session's."""
        return hmac.compare_digest(self.form_token.encode(), form_token.encode("utf-8", "replace"))


class Sessions:
    """All browsers that are signed in."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: OrderedDict[bytes, Session] = OrderedDict()

    def open(self) -> str:
        """Sign a browser in, and return its token; who has not been here for longest is signed out for it."""
        token, at = secrets.token_urlsafe(32), self._now()
        self._kept[_key(token)] = Session(form_token=secrets.token_urlsafe(24), began=at, seen=at)
        while len(self._kept) > MOST_SESSIONS:
            self._kept.popitem(last=False)
        return token

    def find(self, token: str) -> Session | None:
        """Return the session of a token that is still good."""
        key, at = _key(token), self._now()
        session = self._kept.get(key)
        if session is None:
            return None
        if at - session.seen > IDLE_SECONDS or at - session.began > LONGEST_SECONDS:
            del self._kept[key]
            return None
        session.seen = at
        self._kept.move_to_end(key)
        return session

    def holds(self, session: Session) -> bool:
        """Tell whether a session is still good, without using it: an open page is nobody who is there."""
        at = self._now()
        good = at - session.seen <= IDLE_SECONDS and at - session.began <= LONGEST_SECONDS
        return good and any(one is session for one in self._kept.values())

    def close(self, token: str) -> None:
        """Sign a browser out."""
        self._kept.pop(_key(token), None)


def _key(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()


class Tries:
    """How often a password may still be tried: a bucket for each address, and one for all."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._all = _Bucket(ALL_TRIES, now())
        self._each: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, address: str) -> int:
        """Count a try; return 0 if it is allowed, else the whole seconds until one is."""
        at = self._now()
        mine = self._each.setdefault(address, _Bucket(TRIES, at))
        self._each.move_to_end(address)
        if len(self._each) > MOST_ADDRESSES:
            self._each.popitem(last=False)
        seconds = max(mine.wait(at), self._all.wait(at))
        if not seconds:
            mine.left -= 1
            self._all.left -= 1
        return seconds

    def succeeded(self, address: str) -> None:
        """Forget the wrong ones of an address that had the right one in the end, and that one itself."""
        self._each.pop(address, None)
        self._all.left += 1


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float
    size: float = 0.0

    def __post_init__(self) -> None:
        self.size = self.left

    def wait(self, at: float) -> int:
        self.left = min(self.size, self.left + (at - self.at) / REFILL_SECONDS)
        self.at = at
        return 0 if self.left >= 1 else int((1 - self.left) * REFILL_SECONDS) + 1
