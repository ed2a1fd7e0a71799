"""Licences as short as a test can write them."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guard.core.licence import Licence
from guard.core.licence_token import seal
from tests.support.signing import NOW

OWNER = Ed25519PrivateKey.from_private_bytes(bytes(range(100, 132)))


def licence(**changes: Any) -> Licence:
    """Return a licence for whoever holds it, for all of photo.example, valid at `NOW`."""
    fields: dict[str, Any] = {
        "id": "7K3QF9X2TM",
        "licensee": "Acme AI",
        "hosts": ("photo.example",),
        "issued": NOW - timedelta(days=1),
        "expires": NOW + timedelta(days=1),
    }
    return Licence(**{**fields, **changes})


def current(**changes: Any) -> Licence:
    """Return one that is valid now."""
    now = datetime.now(UTC).replace(microsecond=0)
    return licence(**{"issued": now, "expires": now + timedelta(days=1), **changes})


def token(**changes: Any) -> str:
    """Return the token of such a licence."""
    return seal(licence(**changes), OWNER)


def segment(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsegment(text: str) -> bytes:
    """Return the bytes of a segment."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def no_secret_in(folder: Path, *secrets: str) -> list[str]:
    """Return the files below `folder` that hold one of the secrets."""
    return [
        str(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and any(secret.encode() in file.read_bytes() for secret in secrets)
    ]
