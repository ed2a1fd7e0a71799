"""Tried in the process that it is for; this one keeps what it has."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from guard.image import jobs
from guard.image.jobs import CardJob
from guard.server import confinement
from guard.server.rights_workers import RightsWorkers

HERE = confinement.supported()
CARD = CardJob(holder="Ada", contact="a@b.example", reference="X", media_type="image/gif", language="de")

TRIES = {
    "open a socket": "socket.socket()",
    "open a socket of unix": "socket.socketpair()",
    "open one for datagrams": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "connect to a service": "socket.create_connection(('127.0.0.1', 9))",
    "start a program": "os.execv('/bin/true', ['true'])",
    "start one as a child": "subprocess.run(['/bin/true'], check=True)",
    "end its parent": "os.kill(os.getppid(), 0)",
    "ask for a handle on its parent": "os.pidfd_open(os.getppid())",
    "read what others may read": "open('/etc/passwd').read()",
    "read the environment of its parent": "open(f'/proc/{os.getppid()}/environ').read()",
    "read a file of the owner": "open(SECRET).read()",
    "list a folder": "os.listdir('/')",
    "make a file": "open('/tmp/of-a-picture', 'w')",
    "make a file where it may read": "open(os.path.join(os.path.dirname(guard.__file__), 'of-a-picture'), 'w')",
    "make a folder": "os.mkdir('/tmp/of-a-picture')",
    "remove a file": "os.unlink(SECRET)",
    "give a file another name": "os.rename(SECRET, SECRET + '2')",
    "shorten a file": "os.truncate(SECRET, 0)",
}
PROGRAM = """
import os, socket, subprocess, sys
import guard
from guard.server import image_worker
SECRET = {secret!r}
def answer(head, body):
    try:
        exec(body)
    except OSError as error:
        return type(error).__name__.encode() + b' '
    return b'done '
{before}
image_worker.become_worker(answer)
"""


def tried(tries: Iterable[str], secret: Path, before: str = "") -> list[str]:
    """Return how each of these lines ended in one worker."""
    program = PROGRAM.format(secret=str(secret), before=before)
    given = b"".join(jobs.pack_job(CARD, line.encode()) for line in tries)
    command = [sys.executable, "-W", "ignore", "-c", program]
    ended = subprocess.run(command, input=given, capture_output=True, timeout=60, check=True)
    return ended.stdout.decode().split()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that its owner can read, and so could every process of the guard."""
    file = tmp_path / "key"
    file.write_text("geheim")
    return file


@pytest.mark.skipif(not (HERE.files and HERE.calls), reason="this kernel has not both")
def test_who_takes_over_an_image_worker_has_nothing(secret: Path):
    """The worker that decodes strangers' bytes tries it all, and the kernel says no each time."""
    ended = dict(zip(TRIES, tried(TRIES.values(), secret), strict=True))

    assert ended == dict.fromkeys(TRIES, "PermissionError")
    assert secret.read_text() == "geheim"


def test_it_is_the_confinement_that_says_no(secret: Path):
    """Without it the same lines succeed, as they do where a kernel can not confine."""
    lines = TRIES["open a socket"], TRIES["read a file of the owner"]

    assert tried(lines, secret, "image_worker.give_up = lambda folders: None") == ["done", "done"]


def test_a_kernel_without_both_costs_nothing_but_the_confinement(secret: Path):
    """The worker works on, and `supported` says what is missing."""
    lacking = "from guard.server import confinement; confinement._call = lambda *_: -1"
    told = "assert confinement.supported() == confinement.Supported(files=False, calls=False)"

    assert tried([TRIES["open a socket"]], secret, f"{lacking}; {told}") == ["done"]


@pytest.mark.skipif(not HERE.calls, reason="this kernel has no seccomp")
async def test_the_worker_that_writes_rights_is_confined_too():
    """The kernel tells of the process itself: no new privileges, and a filter."""
    async with RightsWorkers() as workers:
        workers.warm()
        assert workers._warming is not None
        await workers._warming
        states = _states_of_children()

    assert any("NoNewPrivs:\t1" in state and "Seccomp:\t2" in state for state in states)


def test_the_numbers_are_those_of_the_kernels_headers():
    """A wrong number would refuse another call, and leave the one that was meant open."""
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm-generic/unistd.h")
    if not all(file.exists() for file in header):
        pytest.skip("the headers are not on this machine")
    for file, machine in zip(header, ("x86_64", "aarch64"), strict=True):
        rows = [line.split() for line in file.read_text().splitlines() if line.startswith("#define __NR_")]
        names = {int(row[2]): row[1].removeprefix("__NR_") for row in rows if len(row) > 2 and row[2].isdigit()}

        assert [names[number] for number in confinement._MACHINES[machine].refused] == REFUSED


REFUSED = [
    "socket", "connect", "bind", "socketpair", "execve", "execveat", "kill", "ptrace", "process_vm_readv",
    "process_vm_writev", "bpf", "userfaultfd", "perf_event_open", "add_key", "request_key", "keyctl",
    "pidfd_send_signal", "io_uring_setup", "pidfd_open", "pidfd_getfd",
]  # fmt: skip


def _states_of_children() -> list[str]:
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [Path(f"/proc/{child}/status").read_text() for child in children]
