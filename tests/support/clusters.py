"""The servers that several guards share, as real programs that a test can stop, start again and hold."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import need

SECRET = "a secret for tests, of more than 32 characters"


class ValkeyServer:
    """A server on a unix socket, in memory only: what it knows is gone when it is killed."""

    def __init__(self, folder: Path, configuration: Path | None = None) -> None:
        self._program = need("valkey-server", "redis-server")
        self._folder = folder
        self._socket = folder / "valkey.sock"
        self._configuration = [configuration] if configuration is not None else []
        self.url = f"unix://{'guard:change-me@' if configuration else ''}{self._socket}"
        self.start()

    def start(self) -> None:
        """Start it, empty, and wait until it takes connections."""
        self._socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [
                self._program,
                *self._configuration,
                "--port",
                "0",
                "--unixsocket",
                str(self._socket),
                "--save",
                "",
                "--dir",
                str(self._folder),
            ],
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
        self.programs = (
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
            [self.programs / "initdb", *options, self.folder / "data"],
            check=True, stdout=subprocess.DEVNULL, user=self._user, group=self._user, cwd="/",
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        fast = ("-c", "fsync=off", "-c", "listen_addresses=", "-c", f"unix_socket_directories={self.folder}")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", *fast],
                stdout=log, stderr=log, user=self._user, group=self._user, cwd="/",
            )  # fmt: skip
        ready = [self.programs / "pg_isready", "-h", self.folder, "-U", "guard", "-q"]
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


class S3Server:
    """An S3-compatible server; what was put there stays when it is killed."""

    def __init__(self, folder: Path) -> None:
        self._program = need("weed")
        self._folder = folder
        (folder / "data").mkdir()
        keys = {"accessKey": "test", "secretKey": "test-secret"}
        identity = {"name": "test", "credentials": [keys], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        self.port, *self._others = free_ports(8)
        self.settings = {
            "endpoint": f"http://127.0.0.1:{self.port}", "bucket": "evidence", "prefix": "guards/",
            "access_key": "test", "secret_key": "test-secret",
        }  # fmt: skip
        self.start()
        self._make_bucket()

    def start(self) -> None:
        """Start it and wait until it answers."""
        master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3_grpc = self._others
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._program, "-logtostderr", "server", "-s3", "-ip=127.0.0.1", f"-dir={self._folder / 'data'}",
                    "-master.telemetry=false", "-volume.max=20", "-master.volumeSizeLimitMB=64",
                    f"-master.port={master}", f"-master.port.grpc={master_grpc}", f"-volume.port={volume}",
                    f"-volume.port.grpc={volume_grpc}", f"-filer.port={filer}", f"-filer.port.grpc={filer_grpc}",
                    f"-s3.port={self.port}", f"-s3.port.grpc={s3_grpc}", f"-s3.config={self._folder / 's3.json'}",
                    "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-ip.bind=127.0.0.1",
                ],
                stdout=log, stderr=log, cwd=self._folder,
            )  # fmt: skip
        self._wait(lambda client: client.list_buckets())

    def _make_bucket(self) -> None:
        self._wait(lambda client: client.create_bucket(Bucket=self.settings["bucket"]))
        # The first volumes are made with the first object, and are a while coming.
        self._wait(lambda client: client.put_object(Bucket=self.settings["bucket"], Key="ready", Body=b"x"))

    def _wait(self, ask: Callable[[Any], object]) -> None:
        client = self.client()
        end = time.monotonic() + 90
        while True:
            try:
                ask(client)
            except Exception as error:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise AssertionError((self._folder / "log").read_text()[-4000:]) from error
                time.sleep(0.2)
            else:
                client.close()
                return

    def client(self) -> Any:
        """Return a client of the test's own."""
        import boto3

        return boto3.session.Session().client(
            "s3", endpoint_url=self.settings["endpoint"], region_name="us-east-1",
            aws_access_key_id="test", aws_secret_access_key="test-secret",
        )  # fmt: skip

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on just now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


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


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory):
    """A server for all tests of a process."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    yield server
    server.kill()
