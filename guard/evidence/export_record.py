"""What is put on record when somebody takes a bundle out of the log?

After the bundle is made, so that it does not contain itself: the same log size and the same
question give the same bundle every time, and each time is a record of its own.
"""

from guard.evidence.record import RecordKind, leaf
from guard.evidence.text import escape


def export_record(*, at: int, size: int, bundle: str, wanted: str, requests: int) -> bytes:
    """Say that a bundle was made.

    Args:
        at: Microseconds since 1970.
        size: Of the tree that its proofs lead to.
        bundle: SHA-256 that stands for its content before it was sealed, in hex.
        wanted: What was asked for, as text.
        requests: How many requests it is about.
    """
    return leaf(RecordKind.EXPORT, at, bundle=bundle, requests=requests, size=size, wanted=escape(wanted))
