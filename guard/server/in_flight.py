"""How many bytes of pictures are in memory for whoever does not get the upstream's own?

Whole pictures are read for them, and a client that takes its answer slowly keeps what it was made
of. What is over the limit gets no picture now.
"""

from collections.abc import Callable

from guard.image.jobs import MAX_BODY

HELD_BYTES = 256 << 20
UNTOLD_BYTES = 8 << 20
"""What a picture that does not tell its length is counted as."""


class InFlight:
    """Counts bytes; one per worker process."""

    def __init__(self, limit: int = HELD_BYTES) -> None:
        self._limit = limit
        self._held = 0

    def __repr__(self) -> str:
        return f"InFlight(held={self._held}, limit={self._limit})"

    def hold(self, announced: str) -> Callable[[], None] | None:
        """Count a picture until what is returned is called, once; None where there is no room for it.

        Args:
            announced: Its Content-Length, empty if there is none.
        """
        # No more than that is ever read of one.
        size = min(int(announced), MAX_BODY) if announced.isdecimal() else UNTOLD_BYTES
        if self._held + size > self._limit:
            return None
        self._held += size
        left = [size]

        def release() -> None:
            self._held -= left[0]
            left[0] = 0

        return release
