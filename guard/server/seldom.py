"""How is an operator told of something that may happen with every request?"""

import sys
import time
from collections.abc import Callable
from typing import Final

SECONDS: Final = 60.0


class Seldom:
    """Says a sentence on standard error, once a minute at most; the others are dropped."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0

    def say(self, sentence: str) -> None:
        """Say it, unless something was said less than a minute ago."""
        if (now := self._clock()) >= self._next:
            self._next = now + SECONDS
            print(sentence, file=sys.stderr, flush=True)  # noqa: T201
