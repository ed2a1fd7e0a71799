"""Where do commands find the recorder of a running guard?

At a socket in the evidence directory, whose mode 0700 keeps everybody else away. It is also
there for a command that does not share the recorder's /tmp, as under systemd's PrivateTmp.
The name of a unix socket has at most 107 bytes; a longer one is reached through the
directory's descriptor.
"""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

SOCKET: Final = "recorder.sock"
_LONGEST_NAME: Final = 107
"""`sun_path` in unix(7), without its closing zero."""


def listen(directory: Path) -> socket.socket:
    """Return a bound socket in `directory`; the caller holds the log's lock, so one that is there is a leftover.

    Raises:
        OSError: The file system has no sockets.
    """
    remove(directory)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        with _name(directory) as name:
            listener.bind(name)
    except BaseException:
        listener.close()
        raise
    return listener


def connect(directory: Path) -> socket.socket:
    """Return a connection to the recorder that keeps the log in `directory`.

    Raises:
        OSError: None listens there.
    """
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        with _name(directory) as name:
            line.connect(name)
    except BaseException:
        line.close()
        raise
    return line


def remove(directory: Path) -> None:
    """Take the socket away, if one is there."""
    path = directory / SOCKET
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()


@contextmanager
def _name(directory: Path) -> Iterator[str]:
    whole = str(directory.absolute() / SOCKET)
    if len(os.fsencode(whole)) <= _LONGEST_NAME:
        yield whole
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)
