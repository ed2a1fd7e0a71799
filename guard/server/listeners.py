"""Which sockets do visitors' requests arrive at?

They are opened once, by the supervisor, and handed to the workers: a worker that is
restarted loses no connection that waits in its socket's queue. On TCP each worker has a
socket of its own on the same port (SO_REUSEPORT); a unix socket is shared.
"""

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from types import MappingProxyType

from guard.errors import UsageError
from guard.settings import Settings
from guard.settings_text import endpoint

BACKLOG = 1024
RETIRE_SECONDS = 75.0
"""For connections that are kept open, to be used once more after their worker was replaced; they are kept no longer
anyway."""
SOCKET_MODE = 0o660
"""Of a unix socket: whoever is of the guard's user or group may connect. A front server is put into that group."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening socket, and the address that people type."""

    socket: socket.socket
    url: str
    passed: bool = False
    """By systemd: its file is not ours."""
    name: str = "listen"
    """The setting that it was given in: `listen`, `decisions` (front servers ask), `spoe` (HAProxy asks)."""

    def close(self) -> None:
        """Stop listening; a unix socket's file goes too."""
        path = self.url.removeprefix("unix:") if self.url.startswith("unix:") and not self.passed else ""
        self.socket.close()
        if path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def open_all(settings: Settings, passed: Mapping[str, int]) -> list[tuple[Listener, ...]]:
    """Open the sockets of each worker, visitors' first, or take those that systemd has `passed`.

    Raises:
        UsageError: An address can not be listened on.
    """
    count = settings.workers or os.cpu_count() or 1
    opened: list[list[Listener]] = []
    asked = (("decisions", "listen", settings.decisions.listen), ("spoe", "spoe", settings.decisions.spoe))
    try:
        opened.append(open_listeners(settings.listen, count, passed=passed))
        for name, key, address in asked:
            if address != "off":
                listeners = open_listeners(address, count, setting=f"decisions.{key}", passed=passed)
                opened.append([replace(one, name=name) for one in listeners])
    except UsageError:
        for listener in chain(*opened):
            listener.close()
        raise
    return list(zip(*opened, strict=True))


def of_others(opened: list[tuple[Listener, ...]], mine: tuple[Listener, ...]) -> dict[str, list[int]]:
    """Return the sockets that other workers have of their own, by name."""
    own = {listener.socket.fileno() for listener in mine}
    found: dict[str, set[int]] = {listener.name: set() for listener in mine}
    for listener in chain(*opened):
        if listener.socket.fileno() not in own:
            found[listener.name].add(listener.socket.fileno())
    return {name: sorted(numbers) for name, numbers in found.items()}


def open_listeners(
    address: str, count: int, *, setting: str = "--listen", passed: Mapping[str, int] = MappingProxyType({})
) -> list[Listener]:
    """Open the socket of each of `count` workers; `setting` is where `address` was given.

    Args:
        passed: The sockets that systemd has opened, by name.

    Raises:
        UsageError: The address can not be listened on; says why and what to do.
    """
    place = endpoint(address)
    if place.passed:
        return _passed("decisions" if setting.startswith("decisions") else "listen", count, passed)
    try:
        if place.socket:
            shared = _unix(place.socket)
            return [Listener(shared, f"unix:{place.socket}") for _ in range(count)]
        if place.port:
            _refuse_to_share(place.host, place.port)
        first = _tcp(place.host, place.port)
        port = first.getsockname()[1]
        shown = f"[{place.host}]" if ":" in place.host else place.host
        sockets = [first, *(_tcp(place.host, port) for _ in range(count - 1))]
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise UsageError(f"can not listen on {address}: {reason.lower()}; choose another with {setting}") from error
    return [Listener(opened, f"http://{shown}:{port}") for opened in sockets]


def _passed(name: str, count: int, sockets: Mapping[str, int]) -> list[Listener]:
    if name not in sockets:
        raise UsageError(
            f"systemd has passed no socket named {name}: the .socket unit needs FileDescriptorName={name} and must be "
            "started before the guard"
        )
    shared = socket.socket(fileno=sockets[name])
    shared.setblocking(False)
    address = shared.getsockname()
    if shared.family == socket.AF_UNIX:
        url = f"unix:{address}"
    else:
        url = f"http://[{address[0]}]:{address[1]}" if ":" in address[0] else f"http://{address[0]}:{address[1]}"
    return [Listener(shared, url, passed=True) for _ in range(count)]


def _refuse_to_share(host: str, port: int) -> None:
    """Fail if somebody listens there already, also a guard, whose visitors would be shared with it without a word."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _tcp(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind((host, port))
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def _unix(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(path).st_mode):
            if _answers(path):
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
            os.unlink(path)  # left behind by a guard that was killed
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        opened.bind(path)
        os.chmod(path, SOCKET_MODE)  # nobody can connect before it listens
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
        return True
