"""The servers that several guards share, as real programs that a test can stop, start again and hold."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
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


class PostgresqlServer:
    """A database server on a unix socket; what it was told stays when it is killed."""

    def __init__(self) -> None:
        self._programs = (
            Path(need("postgres", *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/postgres")))))
            .resolve()
            .parent
        )
        # It refuses to run as root, and a folder of the tests may be closed to others.
        self._user = "postgres" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="guard-pg-", dir="/tmp"))
        if self._user:
            shutil.chown(self.folder, self._user, self._user)
        self.url = f"postgresql://guard@/postgres?host={self.folder}"
        options = ("-U", "guard", "--auth=trust", "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C")
        subprocess.run(
            [self._programs / "initdb", *options, self.folder / "data"],
            check=True, stdout=subprocess.DEVNULL, user=self._user, group=self._user, cwd="/",
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        fast = ("-c", "fsync=off", "-c", "listen_addresses=", "-c", f"unix_socket_directories={self.folder}")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder / "data", *fast],
                stdout=log, stderr=log, user=self._user, group=self._user, cwd="/",
            )  # fmt: skip
        ready = [self._programs / "pg_isready", "-h", self.folder, "-U", "guard", "-q"]
        end = time.monotonic() + 60
        while subprocess.run(ready, check=False).returncode:
            if time.monotonic() > end or self._process.poll() is not None:
                raise AssertionError((self.folder / "log").read_text())
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.send_signal(signal.SIGQUIT)  # its own word for that: no child of it stays behind
        self._process.wait()

    def stop(self) -> None:
        """End it, and take its folder away."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


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


@pytest.fixture(scope="session")
def postgresql():
    """A server for all tests of a process."""
    server = PostgresqlServer()
    yield server
    server.stop()
