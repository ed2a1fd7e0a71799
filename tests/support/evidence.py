"""What do tests of the evidence log need to make one?"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from guard.evidence import disclosure, record, reservation_record
from guard.evidence.retention import lifetime_of_group
from guard.store.batch import Entry
from guard.store.log_directory import LogDirectory
from guard.store.log_files import open_folder
from guard.store.log_values import Environment
from guard.store.record_finder import leaves
from guard.store.side_store import SideStore, read_rows

ENVIRONMENT = Environment(run="00" * 16, program="test", python="3", openssl="OpenSSL", system="Linux")
AT = 1_767_225_600_000_000
"""2026-01-01 in microseconds."""
RULE_SET = b'{"rules":[]}'
RULES = sha256(RULE_SET).hexdigest()
STARTED: "list[subprocess.Popen[bytes]]" = []
"""Recorder processes of the running test."""


def request_leaf(*, sd: Sequence[str] = (), rsv: str = "", at: int = AT, **changes: Any) -> bytes:
    """Return the leaf of a plausible request."""
    fields: dict[str, Any] = {
        "site": "photo.example", "method": "GET", "action": "refuse", "rule": "training-refused", "rules": "",
        "purpose": "ai_training", "operator": "Example", "crawler": "example-bot", "claimed": "ExampleBot",
        "identity": "unverifiable", "conduct": "clean", "facts": [], "resource": "image",
        "resource_source": "response", "rendition": "card", "ref": "ABCD-EFGH", "monitor": [],
    }  # fmt: skip
    return record.request(at=at, sd=sd, rsv=rsv, **{**fields, **changes})


def end_leaf(req: int, at: int = AT + 1) -> bytes:
    """Return the leaf of an answer that was sent whole."""
    return record.end(
        at=at, req=req, status=403, body_bytes=10, completed=True, body_sha256="cd" * 32, duration_us=1234
    )


def request_entry(*, rsv: str = "", **changes: Any) -> Entry:
    """Return a request with two committed groups."""
    groups = (
        disclosure.commit("person", {"address": "203.0.113.7"}, os.urandom(16)),
        disclosure.commit("tool", {"headers": [["User-Agent", "ExampleBot/1"]]}, os.urandom(16)),
    )
    return Entry(request_leaf(sd=[one.commitment for one in groups], rsv=rsv, **changes), groups)


def open_log(root: Path, **options: Any) -> LogDirectory:
    """Open the log at `root` as a recorder does."""
    return LogDirectory(root, host="photo.example", environment=ENVIRONMENT, **options)


def fill(log: LogDirectory, requests: int = 5) -> list[int]:
    """Append a reservation and `requests` requests with their ends, two checkpoints between; return the indexes."""
    robots = log.store_blob(b"User-agent: ExampleBot\nDisallow: /\n")
    reserved = reservation_record.ReservationSet(
        site="photo.example",
        documents=(reservation_record.Document(path="/robots.txt", sha256=robots, media_type="text/plain"),),
        headers=(("tdm-reservation", "1"),),
    )
    log.store_blob(RULE_SET)
    log.append(
        [Entry(reservation_record.reservation(at=AT, reserved=reserved)), Entry(record.rules(at=AT, digest=RULES))]
    )
    log.checkpoint()
    indexes = []
    for _ in range(requests):
        (index,) = log.append([request_entry(rsv=reserved.digest(), rules=RULES)])
        assert isinstance(index, int)
        log.append([Entry(end_leaf(index))])
        indexes.append(index)
        log.checkpoint()
    return indexes


def change_values(root: Path, change: Callable[[int, str, bytes], tuple[int, str, bytes] | None]) -> None:
    """Change what lies beside a closed log as somebody does who has its keys; None takes a value away."""
    path = root / "side" / "disclosures.db"
    rows = [new for row in read_rows(path) if (new := change(*row)) is not None]
    store = SideStore(path)
    store.purge_from(-10)
    store.put([(*row, lifetime_of_group(row[1])) for row in rows])
    store.close()


def start_recorder(directory: Path, socket: Path, *options: str, **settings: Any) -> "subprocess.Popen[bytes]":
    """Start a recorder process and wait until it is ready."""
    command = [sys.executable, "-m", "guard.server.recorder", "--directory", str(directory), "--socket", str(socket)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings)
    STARTED.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def end_all() -> None:
    """End the recorder processes that a failed test left behind."""
    for process in STARTED:
        if process.poll() is None:
            process.kill()
        process.communicate()
    STARTED.clear()


def stop(process: "subprocess.Popen[bytes]", *, kill: bool = False) -> str:
    """End a recorder process and return what it said on standard error."""
    if kill:
        process.kill()
    else:
        process.terminate()
    _, said = process.communicate(timeout=30)
    STARTED.remove(process)
    return str(said.decode())


def of_kind(directory: Path, kind: str) -> list[record.Record]:
    """Return the records of a kind in the log of an evidence directory."""
    return [one for _, leaf in leaves(open_folder(directory)) if (one := record.read(leaf)).kind == kind]
