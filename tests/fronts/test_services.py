"""The unit, the sockets and the container's files are as strict as they say, and the guard works under them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.fronts import DEPLOY, free_port, visit
from tests.support.http import GPTBOT, Reply
from tests.support.programs import need
from tests.support.running import RunningGuard, wait_until
from tests.support.upstream import PICTURES, Servers

ROOT = DEPLOY.parent
UNIT = DEPLOY / "systemd" / "guard.service"


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    """A site."""
    servers = Servers()
    good, _ = servers.start()
    yield good
    servers.stop()


def configuration(upstream: str, **more: object) -> dict[str, object]:
    return {"sites": [{"host": "photo.example", "upstream": upstream}], **more}


def test_the_unit_exposes_little():
    """By systemd's own measure: 2.0 is the most; 1.4 when it was written."""
    analyze = need("systemd-analyze")

    ended = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", "--no-pager", str(UNIT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stdout[-3000:]
    assert re.search(r"Overall exposure level for guard\.service: 1\.\d", ended.stdout)


def test_systemd_understands_every_line(tmp_path: Path):
    """With a program in the place of ours, since nothing is installed here."""
    analyze = need("systemd-analyze")
    for file in sorted((DEPLOY / "systemd").iterdir()):
        text = file.read_text("utf-8").replace("/opt/guard/bin/guard", "/bin/true").replace("=guard\n", "=root\n")
        (tmp_path / file.name).write_text(text)

    units = [str(tmp_path / name) for name in ("guard.service", "guard.socket", "guard-decisions.socket")]
    ended = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, check=False)

    said = [line for line in ended.stderr.splitlines() if str(tmp_path) in line or line.startswith("guard")]
    assert (ended.returncode, said) == (0, []), ended.stderr


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Listen to what a guard says to its service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "900000")
        yield channel


def heard(channel: socket.socket, wanted: str) -> str:
    """Return the next message that begins so."""
    for _ in range(200):
        if (message := channel.recv(4096).decode()).startswith(wanted):
            return message
    raise AssertionError(f"nothing that begins with {wanted}")


def test_systemd_hears_how_the_guard_is(manager: socket.socket, upstream: str, tmp_path: Path):
    """Ready only when it serves, alive ever after, reloading, stopping."""
    guard = RunningGuard(tmp_path, configuration(upstream))
    try:
        assert "listening on http://127.0.0.1" in heard(manager, "READY=1")
        assert heard(manager, "WATCHDOG=1")
        guard.process.send_signal(signal.SIGHUP)
        assert re.search(r"MONOTONIC_USEC=\d+$", heard(manager, "RELOADING=1"))
        assert "the configuration was loaded" in heard(manager, "READY=1")
        worker = guard.children()["guard.server.worker"]
        inherited = Path(f"/proc/{worker}/environ").read_bytes()
    finally:
        guard.stop()

    assert heard(manager, "STOPPING=1")
    assert b"NOTIFY_SOCKET" not in inherited
    assert b"WATCHDOG" not in inherited


def test_a_guard_whose_worker_is_gone_is_silent(manager: socket.socket, upstream: str, tmp_path: Path):
    """Then systemd starts it anew; here it comes back by itself and speaks again."""
    guard = RunningGuard(tmp_path, configuration(upstream))
    try:
        heard(manager, "READY=1")
        os.kill(guard.children()["guard.server.worker"], signal.SIGKILL)
        wait_until(lambda: any("starting it again" in line for line in guard.said) or None, 10)
        heard(manager, "WATCHDOG=1")
        assert visit(guard.port, "/thumb.jpg").status == 200
    finally:
        guard.stop()


def test_systemd_may_open_the_sockets(upstream: str, tmp_path: Path):
    """As with guard.socket and guard-decisions.socket; the one who comes first waits until the guard is there."""
    activate, port = need("systemd-socket-activate"), free_port()
    file = tmp_path / "guard.yaml"
    common = {"admin": "off", "evidence": {"directory": str(tmp_path / "evidence")}, "search_check": {"every": 0}}
    common["in_image"] = {"rights": "no", "privacy": "keep"}
    settings = configuration(upstream, listen="systemd", decisions={"listen": "systemd"}, **common)
    file.write_text(json.dumps(settings))
    process = subprocess.Popen(
        [
            activate, "-l", f"127.0.0.1:{port}", "-l", str(tmp_path / "ask.sock"), "--fdname=listen:decisions",
            f"--setenv=PYTHONPATH={ROOT}", sys.executable, "-m", "guard", "serve", "-c", str(file),
        ],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

    def first() -> Reply | None:
        try:
            return visit(port, "/thumb.jpg", timeout=60)
        except ConnectionRefusedError:
            return None

    try:
        person = wait_until(first, 40)
        refused = visit(port, "/thumb.jpg", agent=GPTBOT)
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)

    assert (person.status, refused.status) == (200, 403), (person, said)
    assert person.body == PICTURES["/thumb.jpg"]
    assert f"front servers may ask at unix:{tmp_path}/ask.sock" in said
    assert (tmp_path / "ask.sock").exists(), "it is systemd's"


def test_a_socket_that_systemd_did_not_open_is_told(upstream: str, tmp_path: Path):
    """With the line that is missing in the unit."""
    (tmp_path / "guard.yaml").write_text(json.dumps(configuration(upstream, listen="systemd", admin="off")))

    ended = subprocess.run(
        [sys.executable, "-m", "guard", "serve", "-c", str(tmp_path / "guard.yaml")],
        capture_output=True, text=True, check=False, env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
    )  # fmt: skip

    assert ended.returncode in (1, 2)
    assert "FileDescriptorName=listen" in ended.stderr


NO_NEW_CODE = """
import ctypes, os, sys
# prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN), Linux 6.3: what MemoryDenyWriteExecute does, for all that follows.
if ctypes.CDLL(None, use_errno=True).prctl(65, 1, 0, 0, 0) != 0:
    sys.exit(77)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def test_the_guard_needs_no_memory_that_is_writable_and_executable(upstream: str, tmp_path: Path):
    """Cards and previews included: what MemoryDenyWriteExecute forbids does not happen."""
    probe = subprocess.run([sys.executable, "-c", NO_NEW_CODE, "-c", "pass"], check=False)
    if probe.returncode == 77:
        pytest.skip("this kernel can not refuse such memory (Linux 6.3 can)")
    (tmp_path / "guard.yaml").write_text(
        json.dumps(configuration(upstream, listen=f"127.0.0.1:{(port := free_port())}", admin="off",
                                 evidence={"directory": str(tmp_path / "evidence")}))
    )  # fmt: skip
    command = [sys.executable, "-c", NO_NEW_CODE, "-m", "guard", "serve", "-c", str(tmp_path / "guard.yaml")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def first() -> Reply | None:
        try:
            return visit(port, "/photograph.jpg")
        except ConnectionRefusedError:
            return None

    try:
        person = wait_until(first, 40)
        card = visit(port, "/original.jpg", ("Accept", "image/*"), agent=GPTBOT)
        preview = visit(port, "/original.jpg", agent="ChatGPT-User/1.0")
    finally:
        process.terminate()
        process.wait(20)

    assert (person.status, card.status, preview.status) == (200, 403, 200)
    assert preview.body[:3] == b"\xff\xd8\xff"
    assert len(preview.body) < len(PICTURES["/original.jpg"])


def test_the_container_file_copies_what_is_there_and_runs_as_nobody():
    """By number, so that a cluster can see that it is not root."""
    text = (DEPLOY / "container" / "Containerfile").read_text("utf-8")

    copied = [word for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE) for word in line.split()[:-1]]
    assert copied
    assert all((ROOT / name).exists() for name in copied)
    assert re.search(r"^USER 65532:65532$", text, re.MULTILINE)
    assert text.count("FROM ${BASE}") == 2


def test_the_linter_of_container_files_has_nothing_to_say():
    """hadolint."""
    hadolint = need("hadolint")

    ended = subprocess.run(
        [hadolint, str(DEPLOY / "container" / "Containerfile")], capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (0, "")


def test_the_versions_for_the_container_are_those_of_the_lock(tmp_path: Path):
    """The line of `sed` in the file leaves a list that pip takes for constraints."""
    text = (DEPLOY / "container" / "Containerfile").read_text("utf-8")
    script = re.search(r"sed -E '([^']*)' requirements\.lock", text)
    assert script is not None

    made = subprocess.run(
        ["sed", "-E", script[1], str(ROOT / "requirements.lock")], capture_output=True, text=True, check=True
    ).stdout

    lines = [line for line in made.splitlines() if line and not line.startswith("#")]
    assert all(re.match(r"[A-Za-z0-9._-]+(\[[a-z0-9_,-]+\])?==\S+", line) for line in lines), lines[:3]
    assert any(line.startswith("aiohttp==") for line in lines)
    assert "--hash" not in made


def test_what_compose_mounts_is_there():
    """And nothing but the gallery and the dashboards is reachable, from this machine only."""
    folder = DEPLOY / "container"
    compose = yaml.safe_load((folder / "compose.yaml").read_text("utf-8"))

    mounts = [
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith(".")
    ]
    ports = [port for service in compose["services"].values() for port in service.get("ports", ())]

    assert mounts
    assert all((folder / path).exists() for path in mounts)
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert all("ALL" in service["cap_drop"] for service in compose["services"].values())


def test_the_sample_configuration_is_right():
    """`guard check` says so."""
    ended = subprocess.run(
        [sys.executable, "-m", "guard", "check", "-c", str(DEPLOY / "container" / "guard.yaml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_sample_gallery_of_compose_serves_pictures(tmp_path: Path):
    """With the command that stands there."""
    compose = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text("utf-8"))
    service, port = compose["services"]["gallery"], free_port()
    command = [*service["entrypoint"], *service["command"]]
    places = {
        "python": sys.executable,
        "/tmp/gallery": str(tmp_path / "gallery"),
        "0.0.0.0": "127.0.0.1",
        "8080": str(port),
    }
    process = subprocess.Popen([places.get(word, word) for word in command], stderr=subprocess.DEVNULL)

    def first() -> Reply | None:
        try:
            return visit(port, "/")
        except ConnectionRefusedError:
            return None

    try:
        page = wait_until(first, 90)
    finally:
        process.terminate()
        process.wait(10)

    assert page.status == 200
    assert b"<img" in page.body or b".html" in page.body
