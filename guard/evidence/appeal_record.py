"""What does a record say about somebody who objects to a refusal?

Only the reference code that the refusal showed, and on which site: no address and no words of the person. The code
finds the record of the refusal, if there is one.
"""

from guard.evidence.record import RecordKind, leaf


def appeal(*, at: int, site: str, reference: str) -> bytes:
    """Say that whoever was shown `reference` says that the refusal was wrong; `at` in microseconds."""
    return leaf(RecordKind.APPEAL, at, ref=reference, site=site)
