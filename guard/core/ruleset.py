"""Which rules were in force?

A decision carries the digest of the rule set, so that a year later it can be said
whether these are the rules that decided. The digest covers names and bytes as they are
on disk, comments included: two rule sets that only look alike are two rule sets.
"""

import hashlib
from collections.abc import Iterable


def rule_set_digest(files: Iterable[tuple[str, bytes]]) -> str:
    """Return the SHA-256 of the files in hexadecimal; the order in which they are given does not matter.

    Each file counts as its name and its bytes, each behind its length in eight bytes: neither can be
    moved into the other.
    """
    digest = hashlib.sha256()
    for name, data in sorted(files):
        for part in (name.encode("utf-8", "surrogateescape"), data):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()
