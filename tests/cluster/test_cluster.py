"""`deploy/cluster` as it stands: three guards behind HAProxy, and each part is killed once."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from guard.cli.running import ask
from guard.errors import GuardError
from guard.store.indexed_records import opened
from guard.store.log_files import verify_directory
from guard.store.log_follower import head
from guard.store.record_filter import Filter, matching
from tests.support.clusters import SECRET, PostgresqlServer, S3Server, ValkeyServer, free_ports
from tests.support.fronts import DEPLOY, visit
from tests.support.http import CHROME, GPTBOT, Reply
from tests.support.programs import need
from tests.support.running import METRICS, READY, RunningGuard, wait_until
from tests.support.upstream import Servers

FILES = DEPLOY / "cluster"
GUIDE = (FILES / "README.md").read_text("utf-8")
ALL = {"clients", "copies", "index", "limits"}
LIMITED = {"id": "slowly", "when": {"path": "/limited"}, "action": "allow", "limit": {"requests": 12, "per": "hour"}}
ADDRESSES = [f"127.0.0.{number}" for number in range(2, 26)]
"""Of visitors; the balancer spreads them over the guards."""


def commands(section: str) -> list[str]:
    """Return what the guide says is to be typed in one of its sections."""
    text = GUIDE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


def do(text: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Type commands, with the places of this test in them."""
    return subprocess.run(
        ["bash", "-euc", text], cwd=FILES, env=environment, capture_output=True, text=True, check=False
    )


class ClusterGuard(RunningGuard):
    """`guard serve -c deploy/cluster/guard.yaml`, with the environment of one machine."""

    def __init__(self, directory: Path, environment: dict[str, str], port: int) -> None:
        directory.mkdir(exist_ok=True)
        self.directory, self.evidence, self.file = directory, directory / "evidence", directory / "guard.yaml"
        shutil.copy(FILES / "guard.yaml", self.file)
        with self.file.open("a") as file:
            file.write(f"rules: [{json.dumps(LIMITED)}]\n")
        self.port_of_mine = port
        self.environment = {
            **environment,
            "GUARD_LISTEN": f"127.0.0.1:{port}",
            "GUARD_ADMIN": f"unix:{directory}/admin.sock",
            "GUARD_EVIDENCE__DIRECTORY": str(self.evidence),
            "GUARD_SEARCH_CHECK__EVERY": "0",
        }
        self.start()

    def start(self) -> None:
        """Start it, where it was or anew."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "guard", "serve", "-c", str(self.file)],
            stderr=subprocess.PIPE, text=True, env=self.environment,
        )  # fmt: skip
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self.wait_for_words(READY, 60)
        self.admin = self.wait_for_words(METRICS, 60)

    def kill(self) -> None:
        """End all of its processes as a power cut would."""
        for pid in (self.process.pid, *self.children().values()):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(5)
        assert self.process.stderr is not None
        self.process.stderr.close()

    def parts(self) -> set[str]:
        """Return what it says is there of what is shared; nothing while it does not answer."""
        try:
            told = ask(self.environment["GUARD_ADMIN"], "/metrics")
        except GuardError:
            return set()
        found = re.findall(r'^guard_cluster_up\{part="(\w+)"\} (\S+)$', told, re.MULTILINE)
        return {part for part, value in found if float(value) > 0}


@dataclass
class Cluster:
    """Everything that runs."""

    guards: list[ClusterGuard]
    valkey: ValkeyServer
    postgresql: PostgresqlServer
    s3: S3Server
    environment: dict[str, str]
    visitors: int
    """Port of the balancer."""

    def settle(self, wanted: set[str] = ALL, guards: list[ClusterGuard] | None = None) -> None:
        """Wait until all guards say that just these parts are there."""
        for guard in guards or self.guards:
            wait_until(lambda guard=guard: guard.parts() == wanted or None, 90, lambda g=guard: "".join(g.said))  # type: ignore[misc]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start all of it, as the guide says."""
    folder = tmp_path_factory.mktemp("c")
    haproxy = need("haproxy")
    s3 = S3Server(folder)
    valkey = ValkeyServer(folder, FILES / "valkey.conf")
    postgresql = PostgresqlServer()
    servers = Servers()
    good, _ = servers.start()
    balancer, *ports = free_ports(4)
    programs = folder / "bin"
    programs.mkdir()
    (programs / "guard").write_text(f'#!/bin/sh\nexec {sys.executable} -m guard "$@"\n')
    (programs / "guard").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{programs}:{postgresql.programs}:{Path(haproxy).parent}:{os.environ['PATH']}",
        "GUARD_SITES__0__UPSTREAM": good,
        "CLUSTER_SECRET": SECRET,
        "CLUSTER_VALKEY": valkey.url,
        "CLUSTER_POSTGRESQL": f"postgresql://guard_index:change-me@/guard_evidence?host={postgresql.folder}",
        "CLUSTER_S3": s3.settings["endpoint"],
        "CLUSTER_S3_KEY": s3.settings["access_key"],
        "CLUSTER_S3_SECRET": s3.settings["secret_key"],
        "POSTGRESQL_ADMIN": postgresql.url,
        "VISITORS": f"127.0.0.1:{balancer}",
        **{name: f"127.0.0.1:{port}" for name, port in zip(("FIRST", "SECOND", "THIRD"), ports, strict=True)},
    }
    (once,) = commands("Once")
    told = do(once, environment)
    assert told.returncode == 0, told.stdout + told.stderr
    guards = [ClusterGuard(folder / str(number), environment, port) for number, port in enumerate(ports)]
    front = subprocess.Popen(
        [haproxy, "-f", str(FILES / "haproxy.cfg")],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    yield Cluster(guards, valkey, postgresql, s3, environment, balancer)
    front.terminate()
    front.wait()
    for one in guards:
        one.stop()
    servers.stop()
    postgresql.stop()
    valkey.kill()
    s3.kill()


class Load(threading.Thread):
    """Visitors who come all the time, each by the balancer, on connections of their own."""

    def __init__(self, port: int, addresses: list[str]) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._addresses = addresses
        self._over = threading.Event()
        self.lost: list[str] = []
        self.references: set[str] = set()
        self.count = 0

    def run(self) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            source = self._addresses[number % len(self._addresses)]
            crawler = number % 3 == 0
            try:
                reply = visit(
                    self._port, "/display.jpg", agent=GPTBOT if crawler else CHROME, source=source, timeout=30
                )
            except OSError as error:
                self.lost.append(f"{number}: {error!r}")
                continue
            self.count += 1
            if not reply.whole or reply.status != (403 if crawler else 200):
                self.lost.append(f"{number}: {reply.status} {'whole' if reply.whole else 'cut off'}")
            elif crawler:
                self.references.add(reply.get("Guard-Reference"))
            time.sleep(0.02)

    def finish(self) -> None:
        """Let the last one be answered."""
        self._over.set()
        self.join(60)


def recorded(guards: list[ClusterGuard]) -> list[str]:
    """Return the references of all requests of GPTBot that are on record."""
    wanted = Filter(crawlers=frozenset({"gptbot"}))
    return [str(one.fields["ref"]) for guard in guards for _, _, one, _ in matching(guard.evidence, wanted, ends=False)]


@pytest.mark.timeout(600)
def test_each_part_is_killed_once_and_nothing_is_lost(cluster: Cluster, tmp_path: Path):
    """No request fails, every refusal that was given is on record, and index and copies catch up."""
    cluster.settle()
    loads = [Load(cluster.visitors, ADDRESSES[start::3]) for start in range(3)]
    for one in loads:
        one.start()
    for part, gone in (
        (cluster.valkey, {"limits", "clients"}), (cluster.postgresql, {"index"}), (cluster.s3, {"copies"})
    ):  # fmt: skip
        part.kill()
        cluster.settle(ALL - gone)
        part.start()
        cluster.settle()
    cluster.guards[0].kill()
    time.sleep(3)
    cluster.guards[0].start()
    cluster.settle()
    time.sleep(2)
    for one in loads:
        one.finish()
    for guard in cluster.guards:
        guard.stop()  # the last records are signed, and the sharing process has had its last look before
        guard.start()
    cluster.settle()

    assert [one.lost for one in loads] == [[], [], []]
    references = set().union(*(one.references for one in loads))
    on_record = recorded(cluster.guards)
    assert len(references) > 50
    assert references <= set(on_record)
    assert len(on_record) == len(set(on_record))
    for number, guard in enumerate(cluster.guards):
        assert recorded([guard])
        check_evidence(cluster, guard, tmp_path / f"back{number}")


def check_evidence(cluster: Cluster, guard: ClusterGuard, target: Path) -> None:
    """See that a guard's log holds, and that the index and the bucket have all of it."""
    signed = head(guard.evidence / "log")
    wanted = Filter(crawlers=frozenset({"gptbot"}))
    report = verify_directory(guard.evidence)
    assert report.holds, report.faults
    with opened(cluster.environment["CLUSTER_POSTGRESQL"]) as index:
        wait_until(lambda: index.named(signed.origin).place.next >= signed.size or None, 60)
        assert list(index.matching(guard.evidence, wanted)) == list(matching(guard.evidence, wanted))
    came_back = restored(cluster, guard, target, signed.size)
    assert verify_directory(came_back).holds
    references = {one.fields["ref"] for _, _, one, _ in matching(came_back, wanted, ends=False)}
    assert references == set(recorded([guard]))


def restored(cluster: Cluster, guard: ClusterGuard, target: Path, size: int) -> Path:
    """Bring a guard's log back from the bucket, once so many records are there."""
    attempts = iter(range(1000))

    def bring() -> Path | None:
        place = target / str(next(attempts))
        command = [
            "guard",
            "evidence",
            "restore",
            str(place),
            "-c",
            str(guard.file),
            "--log",
            head(guard.evidence / "log").origin,
        ]
        ended = subprocess.run(command, env=cluster.environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return place if head(place / "log").size >= size else None

    return wait_until(bring, 90)


def test_an_allowance_is_one_for_all_guards(cluster: Cluster):
    """A client that goes from guard to guard gets it, and one request more for each further worker at most."""
    cluster.settle()
    answers: list[Reply] = []
    for number in range(45):
        guard = cluster.guards[number % 3]
        answers.append(visit(guard.port_of_mine, "/limited/x", source="127.0.0.77"))
        time.sleep(0.03)
    passed = sum(reply.status != 429 for reply in answers)

    assert 12 <= passed <= 12 + 2
    assert all(int(reply.get("Retry-After")) > 100 for reply in answers if reply.status == 429)


def test_the_guide_works_word_for_word(cluster: Cluster, tmp_path: Path):
    """Every command of its daily part, at a guard that has met GPTBot."""
    cluster.settle()
    guard = cluster.guards[1]
    for number in range(5):
        visit(guard.port_of_mine, f"/display.jpg?{number}", agent=GPTBOT)
    log = guard.evidence / "log"
    wait_until(lambda: len(recorded([guard])) >= 5 or None, 30)
    restored(cluster, guard, tmp_path / "waiting", head(log).size)
    environment = {**guard.environment, "LOG": head(log).origin}
    asked = commands("Day to day")
    said = [
        do(text.replace("-c guard.yaml", f"-c {guard.file}").replace("/var/lib/guard/evidence", str(guard.evidence))
           .replace("/tmp/evidence", str(tmp_path / "back")), environment)
        for text in asked
    ]  # fmt: skip

    assert [one.returncode for one in said] == [0] * len(asked), [one.stdout + one.stderr for one in said]
    status, show, copies, restore = (one.stdout for one in said)
    assert "cluster   clients, copies, index, limits shared" in status
    assert "GPTBot" in show
    assert show.count("records of") == 3
    assert "are what is here" in copies
    assert "evidence verified" in restore
