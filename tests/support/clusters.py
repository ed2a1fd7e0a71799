"""The servers that several guards share, as real programs that a test can stop, start again and hold."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.programs import need

SECRET = "a secret for tests, of more than 32 characters"


class ValkeyServer:
    """A server on a unix socket, in memory only: what it knows is gone when it is killed."""

    def __init__(self, folder: Path) -> None:
        self._program = need("valkey-server", "redis-server")
        self._folder = folder
        self._socket = folder / "valkey.sock"
        self.url = f"unix://{self._socket}"
        self.start()

    def start(self) -> None:
        """Start it, empty, and wait until it takes connections."""
        self._socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [self._program, "--port", "0", "--unixsocket", str(self._socket), "--save", "", "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
        )
        end = time.monotonic() + 30
        while not self._socket.exists():
            if time.monotonic() > end or self._process.poll() is not None:
                raise AssertionError("the server did not start")
            time.sleep(0.01)

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()

    def hold(self) -> None:
        """Let it take connections and answer nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        self._process.send_signal(signal.SIGCONT)


async def until(happened: Callable[[], object]) -> None:
    """Wait for it, 30 s at most."""
    async with asyncio.timeout(30):
        while not happened():  # noqa: ASYNC110  # nothing tells when
            await asyncio.sleep(0.01)


@pytest.fixture
def valkey(tmp_path_factory: pytest.TempPathFactory):
    """A server for one test."""
    server = ValkeyServer(tmp_path_factory.mktemp("v"))
    yield server
    server.kill()
