"""Has a client used up what a rule allows it?

Generic cell rate algorithm: one number per client and rule, the time at which its
allowance will be whole again. The table is bounded; the entries that were used longest ago go first.
"""

from collections import OrderedDict

from guard.core.policy import Limit

MAX_CLIENTS = 100_000


class Limiter:
    """Counts what clients take, in this process."""

    def __init__(self, max_clients: int = MAX_CLIENTS) -> None:
        self._whole_again: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._max_clients = max_clients

    def start(self) -> None:
        """Nothing: what is counted here, nobody else is told of."""

    async def stop(self) -> None:
        """Nothing likewise."""

    def take(self, rule: str, client: str, limit: Limit, now: float) -> int:
        """Take one; return 0, or the seconds until the client may come back.

        Args:
            now: Seconds of a clock that never goes back.
        """
        if wait := Limiter.wait(self, rule, client, limit, now):
            return wait
        key = (rule, client)
        self._put(key, max(self._whole_again.get(key, now), now) + limit.per_seconds / limit.count)
        return 0

    def _put(self, key: tuple[str, str], whole_again: float) -> None:
        self._whole_again[key] = whole_again
        self._whole_again.move_to_end(key)
        if len(self._whole_again) > self._max_clients:
            self._whole_again.popitem(last=False)

    def wait(self, rule: str, client: str, limit: Limit, now: float) -> int:
        """Return what `take` would, and take nothing."""
        step = limit.per_seconds / limit.count
        whole_again = max(self._whole_again.get((rule, client), now), now) + step
        if whole_again - now > limit.per_seconds + step / 2:
            return max(1, round(whole_again - now - limit.per_seconds + 0.5))
        return 0
