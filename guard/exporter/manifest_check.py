"""Does a C2PA manifest fit the picture that it is in?

Only c2pa-python can tell, and it is optional (the extra `provenance`): without it nothing is said.
That nobody has heard of the signer is no fault of the picture; a changed byte is, and so is a
manifest without a proper first action.
"""

import io
import json
from contextlib import suppress
from importlib import import_module
from typing import Any

MAX_BYTES = 8 * 1024 * 1024
MOST_CODES = 5


def manifest_faults(body: bytes, media_type: str) -> tuple[str, ...]:
    """Return the codes of what is wrong (C2PA specification, section 15), empty if nothing is or nobody can tell."""
    try:
        c2pa: Any = import_module("c2pa")
    except ImportError:
        return ()
    if len(body) > MAX_BYTES:
        return ()
    with suppress(c2pa.C2paError, ValueError, TypeError), c2pa.Reader(media_type, io.BytesIO(body)) as reader:
        if str(reader.get_validation_state()) != "Invalid":
            return ()
        results: Any = reader.get_validation_results() or {}
        results = json.loads(results) if isinstance(results, str) else results
        failures = results.get("activeManifest", {}).get("failure", [])
        codes = dict.fromkeys(str(one.get("code", "")) for one in failures)
        return tuple(code for code in codes if code != "signingCredential.untrusted")[:MOST_CODES]
    return ()
