"""Where does the passphrase of the log's key come from?

From a file descriptor whose number is in `GUARD_EVIDENCE_PASSPHRASE_FD`, or from the systemd
credential `guard-evidence` (`LoadCredentialEncrypted=`, a file in `$CREDENTIALS_DIRECTORY`): both
are out of the process list, the environment and the configuration. Without either the key lies
unencrypted, readable by the guard's user only.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from guard.errors import EvidenceError

DESCRIPTOR: Final = "GUARD_EVIDENCE_PASSPHRASE_FD"
CREDENTIAL: Final = "guard-evidence"
LONGEST: Final = 4096


def passphrase(environ: Mapping[str, str]) -> bytes:
    """Return the passphrase, without a line feed at its end; empty if none is given. A descriptor is used up by it.

    Raises:
        EvidenceError: One is announced that can not be read, or is empty.
    """
    if number := environ.get(DESCRIPTOR, ""):
        where = f"the descriptor {number} of {DESCRIPTOR}"
        if not (number.isascii() and number.isdecimal()):
            raise EvidenceError(f"{DESCRIPTOR} is {number!r:.20}, not the number of a descriptor")
        try:
            with os.fdopen(int(number), "rb") as opened:
                data = opened.read(LONGEST + 1)
        except OSError as error:
            raise EvidenceError(f"{where} can not be read: {(error.strerror or str(error)).lower()}") from None
    elif folder := environ.get("CREDENTIALS_DIRECTORY", ""):
        file = Path(folder) / CREDENTIAL
        where = str(file)
        try:
            data = file.read_bytes()[: LONGEST + 1]
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise EvidenceError(f"{where} can not be read: {(error.strerror or str(error)).lower()}") from None
    else:
        return b""
    data = data.removesuffix(b"\n")
    if not data or len(data) > LONGEST:
        raise EvidenceError(f"{where} holds no passphrase of 1 to {LONGEST} bytes")
    return data
