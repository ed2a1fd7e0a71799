"""What does a record say about a time in which the owner let every request pass?

What is refused or not depends on it, so it stands in the log like the rules do.
"""

from guard.evidence.record import RecordKind, leaf


def pause(*, at: int, until: int) -> bytes:
    """Say that from here on every request passes until `until`, or that this is over where it is 0; microseconds."""
    return leaf(RecordKind.PAUSE, at, until=until)
