"""How does a command reach the guard that runs on this machine?

Over its admin listener, whose address is in the configuration.
"""

import http.client
import os
import socket
from pathlib import Path
from typing import Any, Final

import orjson

from guard.cli.terminal import complain
from guard.errors import ConfigurationError, GuardError, UsageError
from guard.settings import Settings, load_settings
from guard.settings_text import endpoint

DEFAULT_FILE: Final = Path("guard.yaml")
DEFAULT_ADMIN: Final = "127.0.0.1:8701"
ORDER: Final = "X-Guard-Order"
PATIENCE: Final = 5.0
RELOAD_PATIENCE: Final = 90.0
"""New workers may take a while to come up on a busy machine."""


class NotRunningError(GuardError):
    """Nobody answers at the admin listener."""


def admin_of(settings: Settings) -> str:
    """Return where the admin listener is.

    Raises:
        UsageError: It is off.
    """
    if settings.admin == "off":
        raise UsageError("`admin:` is off, so no command can reach the guard; set it to an address of this machine")
    return settings.admin


def ask(admin: str, path: str, *, order: bytes | None = None, seconds: float = PATIENCE) -> Any:
    """Return what the guard answers: JSON read, other types as text.

    Args:
        order: The body of an order; None to ask only.

    Raises:
        NotRunningError: Nobody answers.
        GuardError: It refuses.
    """
    connection = _Connection(admin, seconds)
    try:
        headers = {"Host": "localhost"} if order is None else {"Host": "localhost", ORDER: "1"}
        connection.request("GET" if order is None else "POST", path, body=order, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise NotRunningError(
            f"no guard answers at {admin}: {getattr(error, 'strerror', None) or error}; "
            "is it running, and is this its configuration?"
        ) from None
    finally:
        connection.close()
    if answer.status == http.client.NOT_FOUND:
        raise GuardError(f"what answers at {admin} is no guard, or one of another version")
    if answer.status >= http.client.BAD_REQUEST and path != "/readyz":
        raise GuardError(f"the guard refuses: {body.decode('utf-8', 'replace').strip()}")
    if (answer.getheader("Content-Type") or "").startswith("application/json"):
        return orjson.loads(body)
    return body.decode("utf-8", "replace")


class _Connection(http.client.HTTPConnection):
    """To an address or a unix socket."""

    def __init__(self, admin: str, seconds: float) -> None:
        self._place = endpoint(admin)
        super().__init__(self._place.host or "localhost", self._place.port or None, timeout=seconds)

    def connect(self) -> None:
        """Open it."""
        if not self._place.socket:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._place.socket)


def where(config: Path | None) -> str:
    """Return where the running guard is reached: as its configuration says, or the default where there is none.

    Raises:
        UsageError: A file was named and is not there, or the admin listener is off.
        ConfigurationError: The file has faults.
    """
    if config is None and not DEFAULT_FILE.is_file():
        return DEFAULT_ADMIN
    return admin_of(settings(config))


def settings(config: Path | None) -> Settings:
    """Return the settings of a file; also where what belongs to it, as rules, has faults."""
    try:
        return load_settings(config or DEFAULT_FILE, os.environ, {})
    except ConfigurationError as error:
        complain(f"{config or DEFAULT_FILE} has faults; guard check shows them")
        raise error from None
