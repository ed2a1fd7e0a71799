"""Is there room for one more connection, and which is given up for it?

Files that a process may have open are what runs out first. A connection takes one; while its
request is answered it takes a second, of the upstream. So a worker holds as many connections as
leave that second one free. Where a further one would not, the connection is closed that has
waited longest without a request: whoever opens thousands and says nothing loses them to
people. Where all are being answered, the newcomer is turned away.

Who is being answered and does not go on is not waited for either: no byte of the answer taken in a minute,
or, after twenty seconds, a request body slower than 500 bytes a second. Both are the defaults of
others: nginx's `send_timeout`, Apache's `mod_reqtimeout` (`body=20,MinRate=500`).
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

SPARE_FILES = 192
"""For what a worker has open besides: its log, the recorder, look-ups, rule files, large bodies (see `splice`)."""
LEAST = 16
TAKING_SECONDS = 60.0
BODY_GRACE_SECONDS = 20.0
BODY_BYTES_A_SECOND = 500
SWEEP_SECONDS = 5.0


class Connection(Protocol):
    """What is known of a connection, by whoever reads and writes on it."""

    received: int
    """Bytes, since it was opened."""

    @property
    def written(self) -> int:
        """Bytes of the answer under way that were written so far, taken or not; 0 where that is not counted."""

    @property
    def unsent(self) -> int:
        """Bytes of answers that the client has not taken from us yet."""

    @property
    def lacks_body(self) -> bool:
        """Whether it is the client that a request body waits for."""

    def give_up(self) -> None:
        """Close it at once, whatever is unsent."""


class _Answering:
    """A connection with a request on it."""

    __slots__ = ("answered", "received", "taken_at", "unsent", "waited", "written")

    def __init__(self, received: int, now: float) -> None:
        self.received = received
        self.written = 0
        self.unsent = 0
        self.taken_at = now
        self.waited = 0.0
        """Seconds in which a body was waited for."""
        self.answered = False
        """Only the rest of the answer has to be taken."""


class Room:
    """The connections of one worker process, whatever they came in by."""

    def __init__(
        self,
        files: int,
        cut: Callable[[str], None] = lambda _why: None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take how many files the process may have open, and `cut`, which is told why a connection was closed.

        The reasons are `no_room`, `slow_body` and `slow_reader`.
        """
        self._room = max(LEAST, files - SPARE_FILES)
        self._cut = cut
        self._clock = clock
        self._waiting: OrderedDict[Connection, None] = OrderedDict()
        """Those without a request, the one that has waited longest first."""
        self._answering: dict[Connection, _Answering] = {}
        self.broken_off = 0
        """Connections that ended before their answer was taken."""

    def __repr__(self) -> str:
        return f"Room(waiting={len(self._waiting)}, answering={len(self._answering)}, room={self._room})"

    def __len__(self) -> int:
        return len(self._waiting) + len(self._answering)

    @property
    def _taken(self) -> int:
        return len(self._waiting) + 2 * len(self._answering)

    def enter(self, connection: Connection) -> bool:
        """Take a new connection; False where there is no room, and it is to be closed."""
        if self._taken >= self._room and not self._make_room():
            self._cut("no_room")
            return False
        self._waiting[connection] = None
        return True

    def begin(self, connection: Connection) -> None:
        """Note that a request on it is going to be answered."""
        if connection not in self._answering:  # where it is, the answer before is not taken yet
            if connection not in self._waiting:
                return
            del self._waiting[connection]
        self._answering[connection] = _Answering(connection.received, self._clock())
        if self._taken > self._room:
            self._make_room()

    def end(self, connection: Connection) -> None:
        """Note that the answer is written; it waits for the next request once the client has taken it all."""
        if (state := self._answering.get(connection)) is None:
            return
        if connection.unsent:
            state.answered = True
        else:
            del self._answering[connection]
            self._waiting[connection] = None

    def leave(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._waiting.pop(connection, None)
        if self._answering.pop(connection, None) is not None:
            self.broken_off += 1

    def sweep(self) -> None:
        """Give up whoever does not go on; to be called every `SWEEP_SECONDS`."""
        now = self._clock()
        for connection, state in tuple(self._answering.items()):
            unsent, written = connection.unsent, connection.written
            if unsent < max(state.unsent, 1) or written > state.written:
                state.taken_at = now
            state.unsent, state.written = unsent, written
            if state.answered and not unsent:
                self.end(connection)
            elif now - state.taken_at >= TAKING_SECONDS:
                self._give_up(connection, "slow_reader")
            elif connection.lacks_body:
                state.waited += SWEEP_SECONDS
                sent = connection.received - state.received
                if state.waited >= BODY_GRACE_SECONDS and sent < state.waited * BODY_BYTES_A_SECOND:
                    self._give_up(connection, "slow_body")

    def _make_room(self) -> bool:
        if not self._waiting:
            return False
        self._give_up(next(iter(self._waiting)), "no_room")
        return True

    def _give_up(self, connection: Connection, why: str) -> None:
        self.leave(connection)
        self._cut(why)
        connection.give_up()
