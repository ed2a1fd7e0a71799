"""What breaks a guard by number: strangers without end, a neighbour's guilt, traps that cost their owner.

The table in SECURITY.md lists every class and the tests that hold it, here and elsewhere.
"""

import ast
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.server.conftest import Upstreams
from tests.support.http import CHROME, ask, connect, head
from tests.support.running import RunningGuard
from tests.support.upstream import PICTURES

ROOT = Path(__file__).resolve().parent.parent.parent
ORIGINAL = PICTURES["/original.jpg"]
PERSON = (
    ("Accept", "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Accept-Language", "de-DE,de;q=0.9,en;q=0.8"),
    ("Referer", "http://photo.example/album/"),
)
PAGE = (("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"), *PERSON[1:3])


@pytest.fixture(scope="module")
def judging(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard that judges from the first day, behind a front server that tells the address, with decoys."""
    running = RunningGuard(
        tmp_path_factory.mktemp("judging"),
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "rights": {"holder": "Jane Doe", "contact": "rights@photo.example"},
            "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.0/8"]},
            "behaviour": {"learning_days": 0, "decoys": True},
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)


def test_strangers_without_number_leave_memory_flat(judging: RunningGuard):
    """Anubis' memory store and its cache by URL (#631), BunkerWeb's LRU, bot-guard's purge over all entries: every
    request has an address, a user agent, a path and a field of its own, and the last thousands cost what the first
    did. Shared tables have a fixed size (tests/store/test_clients.py), so what counts is what a process has alone."""
    worker = judging.children()["guard.server.worker"]
    _strangers(judging.port, range(2500))
    memory, series = _own_memory(worker), _series(judging)
    first, last = (_strangers(judging.port, range(at, at + 800)) for at in (2500, 3300))

    assert _own_memory(worker) - memory < 8 << 20
    assert _series(judging) - series < 20
    assert last < 3 * first + 1


def _strangers(port: int, numbers: range) -> float:
    """Send a request for each number, in batches on one connection, see each answered, and return the seconds."""
    began = time.monotonic()
    with connect(port, timeout=60) as connection:
        for at in range(numbers.start, numbers.stop, 50):
            batch = range(at, min(at + 50, numbers.stop))
            connection.sendall(b"".join(_stranger(number) for number in batch))
            _read_answers(connection, len(batch))
    return time.monotonic() - began


def _stranger(number: int) -> bytes:
    address = f"{11 + number % 80}.{number // 7 % 256}.{number // 256 % 256}.{number * 31 % 256}"
    agent = f"{CHROME} Own/{number}.{number * 7919 % 100_003}"
    lines = (("X-Forwarded-For", address), (f"X-Own-{number}", str(number)), *PAGE)
    return head(f"/own/{number}", *lines, agent=agent, close=False)


def _read_answers(connection: socket.socket, count: int) -> None:
    data = b""
    while data.count(b"HTTP/1.1 200 OK\r\n") < count or not data.endswith(b"}"):
        piece = connection.recv(1 << 20)
        assert piece, data[-500:]
        data += piece


def _own_memory(process: int) -> int:
    text = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(r"RssAnon:\s+(\d+) kB", text)[0]) << 10


def _series(guard: RunningGuard) -> int:
    text = ask(int(guard.admin.rpartition(":")[2]), "/metrics", host="localhost").body
    return sum(not line.startswith(b"#") for line in text.splitlines())


def test_one_attacker_does_no_harm_to_whom_it_resembles(judging: RunningGuard):
    """Anubis #1580 (a decoy scored the user agent, so everybody with that browser) and #1749 (the address of a shared
    proxy), Strapi CVE-2025-64526 (a key that the attacker chooses): the attacker has the victim's user agent and
    writes the victim's address where a visitor can; it is found out, and the victim sees everything."""
    victim = ("X-Forwarded-For", "203.0.113.50")
    attacker = ("X-Forwarded-For", "203.0.113.50, 198.51.100.66")  # what a front server makes of a forged line
    links = re.findall(rb'href="(/[^"]+)"', ask(judging.port, "/whole.html", *PAGE, attacker).body)
    for link in links:
        ask(judging.port, link.decode(), *PAGE, attacker)
    stolen = [ask(judging.port, f"/original.jpg?{number}", attacker, ("Accept", "*/*")) for number in range(30)]
    seen = [ask(judging.port, "/album/", *PAGE, victim), ask(judging.port, "/display.jpg", *PERSON, victim)]
    whole = ask(judging.port, "/original.jpg", *PERSON, victim)

    assert links
    assert stolen[-1].status == 403
    assert {reply.status for reply in seen} == {200}
    assert whole.body == ORIGINAL


def test_behind_one_address_the_one_does_no_harm_to_the_other(judging: RunningGuard):
    """The same with carrier NAT: behind the attacker's own address a person with another browser sees everything."""
    shared = ("X-Forwarded-For", "203.0.113.90")
    for number in range(40):
        ask(judging.port, f"/original.jpg?{number}", shared, ("Accept", "*/*"), agent=CHROME.replace("X11; ", ""))
    ask(judging.port, "/album/", *PAGE, shared)
    person = ask(judging.port, "/original.jpg", *PERSON, shared)

    assert ask(judging.port, "/original.jpg", shared, agent=CHROME.replace("X11; ", "")).body != ORIGINAL
    assert person.body == ORIGINAL


def test_a_decoy_costs_whoever_follows_it_and_not_its_owner(judging: RunningGuard):
    """Anubis #1613 and the warnings of Nepenthes (a trap that drips keeps its owner's slots and traffic), caddy-
    defender #84: five hundred requests for decoys at once get a little each, and people are served meanwhile."""
    caught = ("X-Forwarded-For", "198.51.100.99")
    page = ask(judging.port, "/whole.html", *PAGE, caught).body
    links = [link.decode() for link in re.findall(rb'(?:href|src)="(/[^"]+)"', page) if b"display" not in link]
    began = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        traps = pool.map(lambda n: ask(judging.port, links[n % len(links)], *PAGE, caught, agent="x"), range(500))
        people = [ask(judging.port, "/thumb.jpg", *PERSON, ("X-Forwarded-For", "203.0.113.51")) for _ in range(5)]
        answers = list(traps)

    assert {reply.status for reply in answers} == {200}
    assert max(len(reply.body) for reply in answers) < 20_000
    assert all(reply.whole for reply in answers)
    assert {reply.body == PICTURES["/thumb.jpg"] for reply in people} == {True}
    assert time.monotonic() - began < 30


WHO_GOES_OUT = {
    "guard/server/safe_fetch.py": "lists, keys of signers and whatever strangers name: public https only, checked",
    "guard/server/self_requests.py": "to our own listener",
    "guard/server/upstream.py": "to the upstream of the configuration, no redirect followed",
    "guard/server/fast_lane/pool.py": "likewise",
    "guard/middleware/asking.py": "to the guard that the application names",
    "guard/exporter/authority.py": "to authorities and witnesses that the owner names, no redirect followed",
    "guard/exporter/messages.py": "to the webhook and the mail server that the owner names, no redirect followed",
    "guard/exporter/site_fetch.py": "to the site that somebody types after `guard reserve audit`",
    "guard/cli/running.py": "to the admin listener of this machine",
    "guard/store/object_store.py": "to the store that the owner names",
    "guard/store/valkey.py": "to the server that the owner names",
    "guard/store/evidence_index.py": "to the database that the owner names",
    "guard/server/reverse_dns.py": "to the name servers of this machine, with a question of ours",
}
OUT = {
    "ClientSession", "HTTPConnection", "HTTPSConnection", "SMTP", "SMTP_SSL", "urlopen", "create_connection",
    "open_connection", "create_datagram_endpoint",
}  # fmt: skip
CLIENTS = {"boto3", "asyncpg", "redis.asyncio"}
"""Libraries that connect by themselves; they are loaded by their names."""


def test_only_these_modules_open_connections():
    """SSRF, which others had in list updates, previews and key directories: a module that calls somebody new has to be
    written down here with whom, and whether a stranger can choose it."""
    found = set()
    for file in sorted((ROOT / "guard").rglob("*.py")):
        name = str(file.relative_to(ROOT))
        if name.startswith(("guard/demo/", "guard/verifier/")):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            called = [node.func] if isinstance(node, ast.Call) else node.bases if isinstance(node, ast.ClassDef) else []
            if OUT & {getattr(one, "attr", getattr(one, "id", "")) for one in called}:
                found.add(name)
            if isinstance(node, ast.Call) and any(getattr(one, "value", "") in CLIENTS for one in node.args):
                found.add(name)

    assert found == set(WHO_GOES_OUT)


NOT_THERE = [
    "/debug", "/debug/", "/debug/pprof/", "/debug/vars", "/_debug", "/console/../metrics", "/livez/../status",
    "/metrics/", "/metrics/x", "/METRICS", "//metrics", "/status/", "/status.json", "/reload/", "/livezz", "/healthz/x",
    "/%6detrics/", "/.env", "/.git/config", "/server-status", "/openapi.json", "/docs", "/readyz;x", "/config",
]  # fmt: skip


@pytest.mark.parametrize("target", NOT_THERE)
def test_the_admin_listener_has_exact_routes_and_no_debug(judging: RunningGuard, target: str):
    """Anubis had pprof open by default; BunkerWeb let requests in by a part of their path (TOTP): what is not one of
    the few paths is not there, and two spellings of one path are the same resource with the same checks."""
    port = int(judging.admin.rpartition(":")[2])

    for method in ("GET", "POST"):
        reply = ask(port, target, host="rebinding.example", method=method)
        assert reply.status in (403, 404, 405)
        assert b"guard_" not in reply.body


@pytest.mark.parametrize("path", ["/metrics", "/status", "/readyz", "/console/", "/reload", "/pause"])
def test_nothing_of_the_admin_listener_is_on_the_public_side(judging: RunningGuard, path: str):
    """Another listener: visitors who ask for its paths get what the site behind has there."""
    reply = ask(judging.port, path, ("X-Forwarded-For", "203.0.113.52"))

    assert f'"target": "{path}"'.encode() in reply.body
