"""One guard in front of one set of upstreams, for all tests of the server."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.clusters import postgresql, s3, valkey  # noqa: F401
from tests.support.running import PATIENT, RunningGuard
from tests.support.upstream import Servers


@dataclass(frozen=True)
class Upstreams:
    """Where the upstreams are."""

    good: str
    raw: str
    unix: str
    nobody: str
    servers: Servers


@pytest.fixture(scope="session")
def upstreams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstreams]:
    """Start the upstreams."""
    servers = Servers()
    path = str(tmp_path_factory.mktemp("upstream") / "unix.sock")
    good, raw = servers.start(path)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
        yield Upstreams(good=good, raw=raw, unix=path, nobody=nobody, servers=servers)
    servers.stop()


@pytest.fixture(scope="session")
def guard(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard that believes X-Forwarded-For from loopback."""
    directory: Path = tmp_path_factory.mktemp("guard")
    (directory / "listed.txt").write_text("/sizeless/original\n/gone/page\n")
    running = RunningGuard(
        directory,
        {
            "sites": [
                {"host": "photo.example", "upstream": upstreams.good},
                {"host": "unix.example", "upstream": f"unix:{upstreams.unix}"},
                {"host": "raw.example", "upstream": upstreams.raw},
                {"host": "nobody.example", "upstream": upstreams.nobody},
                {
                    "host": "albums.example",
                    "upstream": upstreams.good,
                    "rights": {
                        "terms": "",
                        "paths": [{"path": "/original", "train": True, "ai_use": True, "tdm": True}],
                        "offer": {"tdm": {"url": "https://albums.example/licence"}},
                    },
                },
            ],
            "rights": {"holder": "Jane Doe", "contact": "rights@photo.example", "terms": "https://photo.example/terms"},
            "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.0/8"]},
            "rules": [
                *PATIENT,
                {"id": "gone", "when": {"path": "/dropped"}, "action": "drop"},
                {
                    "id": "listed",
                    "when": {"paths_file": str(directory / "listed.txt"), "purpose": "ai_training"},
                    "action": "refuse",
                    "status": 410,
                },
                {"id": "paid", "when": {"path": "/paid"}, "action": "charge"},
                {
                    "id": "slowly",
                    "when": {"path": "/slowly"},
                    "action": "allow",
                    "limit": {"requests": 3, "per": "hour"},
                },
            ],
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)
