"""Does the recorder process lose nothing it acknowledged, whatever ends it?"""

import asyncio
import contextlib
import os
import random
import resource
import select
import signal
import socket
import sqlite3
import subprocess
import sys

import pytest

from guard.errors import RecorderUnavailableError
from guard.evidence import record, segment
from guard.evidence.verify import cut_by_next
from guard.server import recorder_client
from guard.server.recorder_client import RecorderClient
from guard.store.log_files import verify_directory
from guard.store.side_store import read_rows
from tests.support.evidence import AT, end_all, end_leaf, request_entry, request_leaf, start_recorder, stop

ROUNDS = int(os.environ.get("TEST_KILLS", "20"))


@pytest.fixture
def place(tmp_path):
    (tmp_path / "run").mkdir(mode=0o700)
    yield tmp_path / "e", tmp_path / "run" / "s"
    end_all()


def leaves(root):
    found = []
    for path in sorted((root / "log/seg").iterdir()):
        found += [one.leaf for one in segment.scan(path.read_bytes())]
    return found


async def connected(path, **options):
    client = RecorderClient(**options)
    await client.connect(str(path))
    return client


async def test_records_are_kept_and_counted(place):
    """A worker's records are in the log at the indexes it was told, and the numbers say so."""
    root, path = place
    process = start_recorder(root, path, "--host", "photo.example")
    client = await connected(path)
    entries = [request_entry() for _ in range(200)]
    indexes = await asyncio.gather(*(client.append(one.leaf, one.disclosures) for one in entries))
    await client.append(end_leaf(indexes[0]))
    stats = await client.stats()
    digest = await client.blob(b"User-agent: *\n")
    await client.close()
    said = stop(process)

    assert process.returncode == 0, said
    kept = leaves(root)
    assert [kept[index] for index in indexes] == [one.leaf for one in entries]
    assert (stats["records"], stats["gaps"], stats["failing"]) == (204, 0, "")
    assert stats["bytes"] == (root / "log/seg/000000.seg").stat().st_size
    assert (root / "log/blobs" / digest).read_bytes() == b"User-agent: *\n"
    report = verify_directory(root)
    assert report.holds
    assert report.unsigned_records == 0
    assert report.disclosed == 400
    assert report.origin.startswith("photo.example/evidence/")
    assert not path.exists()


async def test_a_checkpoint_comes_each_second_with_news(place):
    """A running log is signed without being stopped, and not signed again without news."""
    root, path = place
    process = start_recorder(root, path)
    client = await connected(path)
    await client.append(request_leaf())
    await asyncio.sleep(2.5)
    report = verify_directory(root)
    await client.close()
    stop(process)

    assert report.holds
    assert report.unsigned_records == 0
    assert 1 <= report.checkpoints <= 2


async def append_until_lost(client, acknowledged):
    while True:
        entries = [request_entry() for _ in range(20)]
        results = await asyncio.gather(
            *(client.append(one.leaf, one.disclosures) for one in entries), return_exceptions=True
        )
        for entry, index in zip(entries, results, strict=True):
            if isinstance(index, int):
                acknowledged[index] = entry.leaf
            else:
                assert isinstance(index, RecorderUnavailableError)
        if any(not isinstance(one, int) for one in results):
            return


@pytest.mark.timeout(300)
async def test_a_killed_recorder_loses_nothing_that_it_acknowledged(place):
    """Killed at random moments under load: all acknowledged records stay, at most one repair a start, the log holds."""
    root, path = place
    chance = random.Random(7)
    acknowledged = {}
    for _ in range(ROUNDS):
        process = start_recorder(root, path)
        client = await connected(path, timeout=5)
        loading = asyncio.create_task(append_until_lost(client, acknowledged))
        await asyncio.sleep(chance.uniform(0.02, 0.4))
        stop(process, kill=True)
        await loading
        await client.close()
        report = verify_directory(root)
        assert report.holds, report.faults
    stop(start_recorder(root, path))

    kept = leaves(root)
    assert len(acknowledged) > ROUNDS
    assert all(kept[index] == leaf for index, leaf in acknowledged.items())
    report = verify_directory(root)
    assert report.holds, report.faults
    assert dict(report.kinds)["boot"] == ROUNDS + 1
    assert dict(report.kinds).get("rec", 0) <= ROUNDS


async def test_a_stop_writes_what_has_arrived(place):
    """SIGTERM in the middle of a load: what was acknowledged is there and signed."""
    root, path = place
    process = start_recorder(root, path)
    client = await connected(path)
    acknowledged = {}
    loading = asyncio.create_task(append_until_lost(client, acknowledged))
    for _ in range(5):
        report = await asyncio.to_thread(verify_directory, root)
        assert report.holds, report.faults  # beside the running writer too
    said = await asyncio.to_thread(stop, process)
    await loading
    await client.close()

    assert process.returncode == 0, said
    kept = leaves(root)
    assert acknowledged
    assert all(kept[index] == leaf for index, leaf in acknowledged.items())
    assert verify_directory(root).unsigned_records == 0


async def test_a_second_recorder_is_refused_in_a_sentence(place):
    """And does not take the first one's socket away."""
    root, path = place
    process = start_recorder(root, path)
    command = [sys.executable, "-m", "guard.server.recorder", "--directory", str(root), "--socket", str(path)]
    second = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=30, check=False)
    client = await connected(path)
    await client.append(request_leaf())
    await client.close()
    stop(process)

    assert second.returncode == 1
    assert "another recorder writes this log" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_damaged_log_is_put_away_with_a_sentence(place):
    """The site goes on recording, in a new log that says so; the old one stays as it is."""
    root, path = place
    stop(start_recorder(root, path))
    file = root / "log/seg/000000.seg"
    data = bytearray(file.read_bytes())
    data[60] ^= 1
    file.write_bytes(data)
    said = stop(start_recorder(root, path))
    (put_away,) = (root / "epochs").iterdir()

    assert "It was put away as it is" in said
    assert "Traceback" not in said
    assert (put_away / "log/seg/000000.seg").read_bytes() == data
    assert verify_directory(root).holds


async def test_what_a_full_queue_refuses_is_counted_exactly(place, monkeypatch):
    """The recorder stands still; what does not fit is refused at once, and later the log says how many there were."""
    root, path = place
    monkeypatch.setattr(recorder_client, "MOST_PENDING", 50)
    process = start_recorder(root, path)
    client = await connected(path, timeout=20)
    os.kill(process.pid, signal.SIGSTOP)
    waiting = [asyncio.create_task(client.append(request_leaf())) for _ in range(80)]
    await asyncio.sleep(0.1)
    refused = [one for one in waiting if one.done()]
    os.kill(process.pid, signal.SIGCONT)
    results = await asyncio.gather(*waiting, return_exceptions=True)
    for _ in range(100):
        if not client.unrecorded:
            break
        await asyncio.sleep(0.05)
    await client.close()
    stop(process)
    gaps = [one.fields for leaf in leaves(root) if (one := record.read(leaf)).kind is record.RecordKind.GAP]

    assert len(refused) == 30
    assert sum(isinstance(one, int) for one in results) == 50
    assert [(gap["count"], gap["why"]) for gap in gaps] == [(30, "queue_full")]
    assert verify_directory(root).holds


def test_the_recorder_ends_with_its_parent(place):
    """A supervisor that is killed leaves no recorder behind."""
    root, path = place
    program = (
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-m', 'guard.server.recorder', *sys.argv[1:]], stdout=subprocess.PIPE)\n"
        "p.stdout.readline()\nprint(p.pid, flush=True)\ntime.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, "--directory", str(root), "--socket", str(path)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    recorder = int(parent.stdout.readline())
    parent.kill()
    parent.communicate(timeout=10)
    descriptor = os.pidfd_open(recorder)
    try:
        ended, _, _ = select.select([descriptor], [], [], 10)
    finally:
        os.close(descriptor)

    assert ended
    assert verify_directory(root).unsigned_records == 0


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=768k", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    end_all()
    subprocess.run(["umount", "-l", folder], check=True)


async def test_a_full_disk_is_survived_and_admitted(small_disk, tmp_path):
    """Nothing acknowledged is lost, the recorder lives, and when there is room a gap says how many were refused."""
    root, path = small_disk / "e", tmp_path / "s"
    ballast = small_disk / "ballast"
    process = start_recorder(root, path)
    ballast.write_bytes(bytes(200_000))
    client = await connected(path)
    acknowledged, refused = {}, 0
    for _ in range(3000):
        leaf = request_leaf(operator="x" * 500)
        try:
            acknowledged[await client.append(leaf)] = leaf
        except RecorderUnavailableError:
            refused += 1
            if refused == 25:
                break
    failing = (await client.stats())["failing"]
    ballast.unlink()
    await asyncio.sleep(2.5)
    index = await client.append(request_leaf())
    await client.close()
    said = stop(process)

    assert refused == 25
    assert "No space left on device" in str(failing)  # at an append or, just then, at a checkpoint
    assert process.returncode == 0, said
    kept = leaves_of_log(root)
    assert all(kept[place] == leaf for place, leaf in acknowledged.items())
    gaps = [one for one in map(record.read, kept) if one.kind.value == "gap"]
    assert sum(one.fields["count"] for one in gaps) == 25
    assert kept[index] == request_leaf()
    report = verify_directory(root)
    assert report.holds, report.faults


def leaves_of_log(root):
    """Return all leaves, heeding where a later segment says that an earlier one ends."""
    files = [path.read_bytes() for path in sorted((root / "log/seg").iterdir())]
    found = []
    for number, data in enumerate(files):
        end = cut_by_next(number, files[number + 1] if number + 1 < len(files) else None)
        found += [one.leaf for one in segment.scan(data, 0, end) if isinstance(one, segment.Frame)]
    return found


async def test_a_file_size_limit_is_survived(place):
    """EFBIG in the middle of a batch: not acknowledged, and a new segment goes on."""
    root, path = place

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    process = start_recorder(root, path, preexec_fn=limit)
    client = await connected(path)
    acknowledged, refused = {}, 0
    for _ in range(400):
        leaf = request_leaf(operator="x" * 500)
        try:
            acknowledged[await client.append(leaf)] = leaf
        except RecorderUnavailableError:
            refused += 1
            await asyncio.sleep(0.05)
    await client.close()
    stop(process)

    assert refused
    assert len(acknowledged) > 200
    kept = leaves_of_log(root)
    assert all(kept[place] == leaf for place, leaf in acknowledged.items())
    assert verify_directory(root).holds


@pytest.mark.parametrize(
    "hostile",
    [b"\x00\x00\x00\x00", b"\xff" * 100, b"\x00\x00\x00\x09\x63" + bytes(8), b"GET / HTTP/1.1\r\n\r\n",
     b"\x00\x00\x00\x0d\x01" + bytes(8) + b"\xff\xff\xff\xff", b"\x00\x00\x00\x09\x01" + bytes(8)],
    ids=["short", "long", "unknown", "http", "leaf length", "no leaf"],
)  # fmt: skip
async def test_a_hostile_connection_is_closed_and_the_others_go_on(place, hostile):
    """Bytes that are no message end that connection only."""
    root, path = place
    process = start_recorder(root, path)
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(5)
        raw.connect(str(path))
        raw.sendall(hostile)
        closed = raw.recv(10)
    client = await connected(path)
    await client.append(record.rules(at=AT, digest=await client.blob(b"rules")))
    await client.close()
    said = stop(process)

    assert closed == b""
    assert "Traceback" not in said
    assert verify_directory(root).holds


async def test_values_of_people_expire_while_records_are_written(place):
    """The period of the option counts; nobody who records waits, and the log says what was erased."""
    root, path = place
    process = start_recorder(root, path, "--people-days", "7")
    client = await connected(path)
    entries = [request_entry() for _ in range(300)]
    await asyncio.gather(*(client.append(one.leaf, one.disclosures) for one in entries))
    await client.close()
    stop(process)
    with contextlib.closing(sqlite3.connect(root / "side" / "disclosures.db", isolation_level=None)) as store:
        store.execute("UPDATE keys SET day = day - 8")
    process = start_recorder(root, path, "--people-days", "7")
    client = await connected(path)
    for _ in range(200):
        entry = request_entry()
        await client.append(entry.leaf, entry.disclosures)
        if not _old_people(root):
            break
        await asyncio.sleep(0.05)
    await client.close()
    said = stop(process)

    assert process.returncode == 0, said
    assert not _old_people(root)
    report = verify_directory(root)
    assert report.holds, report.faults
    (era,) = (one for one in map(record.read, leaves(root)) if one.kind is record.RecordKind.ERASURE)
    assert (era.fields["ground"], era.fields["values"], era.fields["records"]) == ("expiry", "people", 300)


def _old_people(root):
    return [leaf for leaf, name, _ in read_rows(root / "side" / "disclosures.db") if name == "person" and leaf < 302]
