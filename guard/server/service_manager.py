"""What is said to systemd, and what does it hand over?

A few lines over a datagram socket (sd_notify(3)), and open sockets from file descriptor 3 on
(sd_listen_fds(3)). Outside systemd none of it is there, and nothing happens. What it puts into the
environment is about this process alone, so it is taken out before others are started.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, MutableMapping
from typing import Final

_FIRST_DESCRIPTOR: Final = 3


class ServiceManager:
    """The service manager that has started this process, if there is one."""

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        """Read the environment, and take out what is only for this process."""
        self._address = environ.pop("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = f"\0{self._address[1:]}"
        microseconds = environ.pop("WATCHDOG_USEC", "")
        watched = environ.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._watchdog = int(microseconds) / 1e6 if microseconds.isdecimal() and watched else 0.0
        count, names = environ.pop("LISTEN_FDS", ""), environ.pop("LISTEN_FDNAMES", "").split(":")
        ours = environ.pop("LISTEN_PID", "") == str(os.getpid())
        self.sockets: dict[str, int] = {}
        """File descriptors by the name that the unit gives them (`FileDescriptorName`)."""
        if ours and count.isdecimal():
            for number in range(int(count)):
                name = names[number] if number < len(names) else ""
                self.sockets.setdefault(name, _FIRST_DESCRIPTOR + number)
                os.set_inheritable(_FIRST_DESCRIPTOR + number, False)

    def ready(self, status: str) -> None:
        """Say that we serve; `status` is a sentence for `systemctl status`."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """Say that the configuration is read anew; `ready` follows."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Say that we end."""
        self._send("STOPPING=1", "STATUS=letting answers end")

    async def keep_watch(self, is_well: Callable[[], bool]) -> None:
        """Say again and again that all is well, as long as it is; without that systemd starts us anew."""
        if not self._address or not self._watchdog:
            return
        while True:
            if is_well():
                self._send("WATCHDOG=1")
            await asyncio.sleep(self._watchdog / 3)

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect(self._address)
            channel.send("\n".join(lines).encode())
