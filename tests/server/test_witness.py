"""Two guards that witness each other: what is cosigned, and what a witness does not let pass."""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from guard.evidence.anchor import AnchorKind
from guard.evidence.checkpoint import CheckpointError, parse_verifier_key, signature_line, unsigned, verify
from guard.evidence.cosignature import cosignatures, parse_cosigner_key
from guard.exporter.authority import AskError, session
from guard.exporter.metrics import Metrics
from guard.server.anchorer import Anchorer, Pace
from guard.server.anchoring import groups_of
from guard.server.recorder_client import RecorderClient
from guard.server.witness_client import ContradictionError, _kept, ask_witness
from guard.settings_evidence import Evidence
from guard.store import anchor_files
from guard.store.log_files import verify_directory
from tests.support.evidence import end_all, fill, open_log, request_leaf, start_recorder


class Ring:
    """A folder with logs, witnesses as processes, and what they said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[str]] = []

    def log(self, name: str, requests: int = 2) -> Path:
        """Make a log, or go on with it; return its evidence directory."""
        opened = open_log(self.folder / name)
        fill(opened, requests)
        opened.close()
        return self.folder / name

    def key(self, name: str) -> str:
        """Make the key of a witness; return its text form."""
        return self._guard("witness", "key", f"{name}.example/1", "-o", self.folder / f"{name}.key").strip()

    def start(self, name: str, *logs: Path, port: int = 0) -> str:
        """Start the witness `name` for some logs and return its address."""
        options = [one for log in logs for one in ("--log", (log / "log" / "vkey").read_text().strip())]
        process = subprocess.Popen(
            [sys.executable, "-m", "guard", "witness", "--key", str(self.folder / f"{name}.key"),
             "--listen", f"127.0.0.1:{port}", *options],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.processes.append(process)
        assert process.stderr is not None
        said = process.stderr.readline()
        assert " listens on http://" in said, said + process.stderr.read()
        return said.split(" listens on ")[1].split(",")[0]

    def stop(self) -> str:
        """End all witnesses; return what they said."""
        said = []
        for process in self.processes:
            process.terminate()
            said.append(process.communicate(timeout=20)[1])
        self.processes.clear()
        return "".join(said)

    def _guard(self, *arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "guard", *map(str, arguments)], capture_output=True, text=True, check=True
        )
        return done.stdout


@pytest.fixture
def ring(tmp_path):
    made = Ring(tmp_path)
    yield made
    made.stop()
    end_all()


async def cosigned(root: Path, url: str, vkey: str, known: int = 0):
    log = root / "log"
    async with session() as http:
        note = anchor_files.read_checkpoint(log)
        return await ask_witness(http, url, parse_cosigner_key(vkey), log, note, known=known)


async def test_two_guards_witness_each_other(ring):
    """Each names the other's witness; the cosignatures are records of both logs and hold."""
    logs = {name: ring.log(name) for name in ("jane", "john")}
    keys = {name: ring.key(name) for name in logs}
    urls = {"jane": ring.start("jane", logs["john"]), "john": ring.start("john", logs["jane"])}
    for name, other in (("jane", "john"), ("john", "jane")):
        recorder = start_recorder(logs[name], ring.folder / f"{name}.sock")
        client = RecorderClient()
        await client.connect(str(ring.folder / f"{name}.sock"))
        evidence = Evidence(directory=logs[name], witnesses=[{"url": urls[other], "vkey": keys[other]}])
        clock = [time.time()]
        anchorer = Anchorer(
            directory=logs[name], groups=groups_of(evidence), recorder=client, metrics=Metrics(),
            pace=Pace(every=3600, settle=0, poll=0.02, ending=5), now=lambda clock=clock: clock[0],
        )  # fmt: skip
        stopping = asyncio.Event()
        running = asyncio.create_task(anchorer.run(stopping))
        await until(lambda log=logs[name]: len(list((log / "log/anchors").glob("*.cosig"))) == 1)
        for _ in range(300):
            await client.append(request_leaf())
        clock[0] += 4000
        await until(lambda log=logs[name]: len(list((log / "log/anchors").glob("*.cosig"))) == 2)
        stopping.set()
        await running
        await client.close()
        recorder.terminate()
        recorder.communicate()

    for name, other in (("jane", "john"), ("john", "jane")):
        report = verify_directory(logs[name])
        assert report.holds, report.faults
        assert [(one.kind, one.authority) for one in report.anchors] == [
            (AnchorKind.COSIGNATURE, f"{other}.example/1")
        ] * 2
        assert all(one.index is not None for one in report.anchors)


async def until(condition, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is waited for happens on a disk
            await asyncio.sleep(0.02)


async def test_a_fork_is_refused_and_both_notes_prove_it(ring):
    """Fault 18: one key, two histories. Anybody can check the two notes with the log's key alone."""
    root = ring.log("jane")
    vkey = ring.key("john")
    url = ring.start("john", root)
    shutil.copytree(root, ring.folder / "fork")
    ring.log("jane", 3)
    await cosigned(root, url, vkey)
    fork = ring.log("fork", 3)

    sizes = {unsigned(anchor_files.read_checkpoint(one / "log")).size for one in (root, fork)}
    assert len(sizes) == 1
    with pytest.raises(ContradictionError, match="there are two histories"):
        await cosigned(fork, url, vkey)
    assert "NOT cosigned" in ring.stop()
    (folder,) = (ring.folder / "refused").iterdir()
    key = parse_verifier_key((root / "log/vkey").read_text().strip())
    one, other = (verify((folder / name).read_bytes(), [key]) for name in ("cosigned.note", "refused.note"))
    assert one.size == other.size
    assert one.root != other.root


async def test_a_log_restored_from_a_backup_is_found_out(ring):
    """Faults 10 and 16: the witness has seen more of it."""
    root = ring.log("jane")
    vkey = ring.key("john")
    url = ring.start("john", root)
    shutil.copytree(root, ring.folder / "backup")
    ring.log("jane", 3)
    await cosigned(root, url, vkey)

    with pytest.raises(ContradictionError, match="a backup was restored, or there is another copy of this log"):
        await cosigned(ring.folder / "backup", url, vkey)


async def test_a_restored_log_that_has_outgrown_the_witness_is_found_out_too(ring):
    """It can not prove that it goes on from what was seen."""
    root = ring.log("jane")
    vkey = ring.key("john")
    url = ring.start("john", root)
    shutil.copytree(root, ring.folder / "backup")
    ring.log("jane", 2)
    await cosigned(root, url, vkey)
    ring.log("backup", 30)

    with pytest.raises(ContradictionError, match="there are two histories"):
        await cosigned(ring.folder / "backup", url, vkey)


async def test_the_checkpoint_that_was_cosigned_is_published(ring):
    """For those who want to hold a log against it: `guard evidence verify --head`."""
    root = ring.log("jane")
    vkey = ring.key("john")
    url = ring.start("john", root)
    key = parse_verifier_key((root / "log/vkey").read_text().strip())
    path = f"{url}/{hashlib.sha256(key.name.encode()).hexdigest()}/checkpoint"
    async with aiohttp.ClientSession() as http:
        async with http.get(path) as before:
            assert before.status == 404
        await cosigned(root, url, vkey)
        async with http.get(path) as reply:
            note = await reply.read()

    assert verify(note, [key]).size == unsigned(anchor_files.read_checkpoint(root / "log")).size
    assert len(cosignatures(note, [parse_cosigner_key(vkey)])) == 1
    assert verify_directory(root, heads=[("published", note)]).holds


async def test_a_witness_that_is_killed_goes_on_with_what_it_knew(ring):
    """And with the same key."""
    root = ring.log("jane")
    vkey = ring.key("john")
    url = ring.start("john", root)
    first = await cosigned(root, url, vkey)
    (process,) = ring.processes
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    ring.processes.clear()
    ring.log("jane", 2)
    second = await cosigned(root, ring.start("john", root), vkey)

    assert second.size > first.size


async def test_others_are_told_what_is_wrong(ring):
    """An unknown log; a witness with another key than the one named; an address that is no witness."""
    jane, john = ring.log("jane"), ring.log("john")
    vkey, other = ring.key("w"), ring.key("x")
    url = ring.start("w", jane)

    with pytest.raises(AskError, match=r"it does not know the log photo\.example/evidence/"):
        await cosigned(john, url, vkey)
    with pytest.raises(AskError, match=r"its answer has no signature of x\.example/1"):
        await cosigned(jane, url, other)
    with pytest.raises(AskError, match="it does not know the log"):
        await cosigned(jane, f"{url}/elsewhere", vkey)
    assert not list((jane / "log/anchors").glob("*.cosig"))


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"old 0\n\nhello", 400), (b"x" * 100_000, 413)],
    ids=["nothing", "no note", "too much"],
)
async def test_hostile_requests_get_a_status_and_no_more(ring, body, status):
    """The witness is on the internet."""
    root = ring.log("jane")
    ring.key("john")
    url = ring.start("john", root)
    async with aiohttp.ClientSession() as http, http.post(f"{url}/add-checkpoint", data=body) as reply:
        assert reply.status == status
    async with aiohttp.ClientSession() as http, http.get(f"{url}/add-checkpoint") as reply:
        assert reply.status == 405


def test_a_bad_cosignature_is_not_kept(ring):
    """A witness that answers with nonsense under its own name."""
    root = ring.log("jane")
    key = parse_cosigner_key(ring.key("john"))
    note = anchor_files.read_checkpoint(root / "log")
    line = signature_line(key.name, key.id, (1).to_bytes(8, "big") + bytes(64)).encode()

    with pytest.raises(AskError, match=r"the cosignature of john\.example/1 is wrong"):
        _kept(line, key, unsigned(note), root / "log", note)
    with pytest.raises(CheckpointError):
        cosignatures(note + line, [key])
