"""Every secret that can be set is set, and then everything that a running guard says and keeps is searched for them.

The table in SECURITY.md lists every class and the tests that hold it, here and elsewhere.
"""

import base64
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.server.console.passwords import hashed
from tests.server.conftest import Upstreams
from tests.support.http import CHATGPT_USER, CHROME, GPTBOT, ask
from tests.support.running import PATIENT, RunningGuard

SECRETS = {
    "passphrase": "geheim-passphrase-7421",
    "webhook": "geheim-webhook-7422",
    "password of the mail server": "geheim-mail-7423",
    "password of the store": "geheim-valkey-7424",
    "secret of the cluster": "geheim-cluster-secret-of-at-least-32-characters-7425",
    "password of the database": "geheim-postgres-7426",
    "key of the object store": "geheim-s3-7427",
    "password of the console": "geheim-console-7428",
    "cookie of a visitor": "geheim-cookie-7429",
    "credentials of a visitor": "geheim-authorization-7430",
    "token in a query": "geheim-query-7431",
    "proxy credentials of a visitor": "geheim-proxy-7432",
    "token of a licence": "geheim.licence.7433",
}
VISITOR = (
    ("Cookie", f"session={SECRETS['cookie of a visitor']}; guard_pass={SECRETS['cookie of a visitor']}"),
    ("Authorization", f"Bearer {SECRETS['credentials of a visitor']}"),
    ("Proxy-Authorization", f"Basic {SECRETS['proxy credentials of a visitor']}"),
)
QUERY = f"token={SECRETS['token in a query']}&access_token={SECRETS['token in a query']}"


@pytest.fixture(scope="module")
def with_secrets(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard with all of them; what it is to connect to is not there, so each failure is told as well."""
    folder = tmp_path_factory.mktemp("secrets")
    nobody = upstreams.nobody.rpartition("//")[2]
    hash_of = hashed(SECRETS["password of the console"])
    (folder / "guard-evidence").write_text(SECRETS["passphrase"])  # as systemd gives it
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    running = RunningGuard(
        folder,
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "rights": {"holder": "Jane Doe", "contact": "rights@photo.example"},
            "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.0/8"]},
            "rules": PATIENT,
            "console": {"password": hash_of},
            "licences": {"accept": True},
            "notify": {
                "webhook": f"http://{nobody}/{SECRETS['webhook']}",
                "mail": {
                    "to": "jane@photo.example", "from": "guard@photo.example", "host": "localhost", "port": 9,
                    "security": "none", "user": "jane", "password": SECRETS["password of the mail server"],
                },
            },
            "cluster": {
                "valkey": {
                    "url": f"redis://:{SECRETS['password of the store']}@{nobody}/0",
                    "secret": SECRETS["secret of the cluster"], "guards": 2,
                },
                "postgresql": {"url": f"postgresql://jane:{SECRETS['password of the database']}@{nobody}/guard"},
                "s3": {
                    "endpoint": f"http://{nobody}", "bucket": "guard", "access_key": "jane",
                    "secret_key": SECRETS["key of the object store"],
                },
            },
        },
    )  # fmt: skip
    yield running
    running.stop()
    monkeypatch.undo()


def command(guard: RunningGuard, *words: str) -> str:
    """Return all that a command says."""
    ended = subprocess.run(
        [sys.executable, "-m", "guard", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=guard.directory,
    )
    return ended.stdout + ended.stderr


def test_no_process_is_given_a_secret_on_its_command_line(with_secrets: RunningGuard):
    """Every user of the machine can read those."""
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in _family(with_secrets.process.pid)]

    assert _found(b"\n".join(lines)) == {}


@pytest.mark.timeout(400)
def test_no_secret_is_said_or_kept(with_secrets: RunningGuard):
    """CrowdSec's rule and everybody's fear: secrets in logs. Visitors come with credentials and are refused, served and
    recorded; commands look, the configuration is read anew with a fault in it, what the secrets are for is away."""
    guard = with_secrets
    for agent in (CHROME, GPTBOT, CHATGPT_USER, "curl/8.5.0", "geheim/1"):
        for path in ("/original.jpg", "/album/", "/echo", "/missing"):
            ask(guard.port, f"{path}?{QUERY}", *VISITOR, agent=agent)
        licence = ("Authorization", f"License {SECRETS['token of a licence']}")
        ask(guard.port, "/original.jpg", licence, agent=agent)
    ask(guard.port, f"/\x01{QUERY}", *VISITOR)
    admin = int(guard.admin.rpartition(":")[2])
    form = f"password={SECRETS['password of the console']}x".encode()
    kind = ("Content-Type", "application/x-www-form-urlencoded")
    said = [ask(admin, path, host="localhost").body.decode() for path in ("/status", "/metrics", "/console/")]
    said.append(ask(admin, "/console/sign-in", kind, host="localhost", method="POST", body=form).body.decode())
    for words in (
        ("check",),
        ("doctor",),
        ("status", "--json"),
        ("notify",),
        ("evidence", "show", str(guard.evidence)),
    ):
        said.append(command(guard, *words))
    good = guard.file.read_text()
    wrong = json.loads(good)
    wrong["cluster"]["s3"]["bucket"] = "NOT A BUCKET"
    wrong["notify"]["mail"]["user"] = ""
    guard.file.write_text(json.dumps(wrong))
    said.append(command(guard, "check"))
    guard.process.send_signal(signal.SIGHUP)
    time.sleep(1)
    guard.file.write_text(good)
    guard.stop()
    said += [*guard.said, guard.access_log.read_text()]

    assert len("".join(said)) > 5000
    assert _found("\n".join(said).encode()) == {}
    kept = {str(file): file.read_bytes() for file in guard.evidence.rglob("*") if file.is_file()}
    assert len(kept) > 10
    assert {name: found for name, data in kept.items() if (found := _found(data))} == {}


def _family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(one for child in children for one in _family(int(child)))]


def _found(data: bytes) -> dict[str, bytes]:
    """Return which secrets are in it, as they are or as they travel, with what stands around them."""
    found = {}
    for name, secret in SECRETS.items():
        for spelled in (
            secret.encode(),
            base64.b64encode(secret.encode()).rstrip(b"="),
            secret.encode().hex().encode(),
        ):
            if (at := data.find(spelled)) >= 0:
                found[name] = data[max(at - 80, 0) : at + 80]
    return found


def test_the_search_finds_what_is_there():
    """Else the tests before would say nothing."""
    text = b'{"a":"' + base64.b64encode(b"geheim-webhook-7422") + b'"} geheim-mail-7423'

    assert set(_found(text)) == {"webhook", "password of the mail server"}
