"""Does an independent witness, litewitness of filippo.io/torchwood, cosign this program's logs and refuse a fork?

    go install filippo.io/torchwood/cmd/litewitness@v0.9.0
    python tests/bench/litewitness.py ~/go/bin/litewitness

Needs ssh-keygen, ssh-agent and ssh-add, since it keeps its key in an agent. Everything stays on this machine.
"""

import asyncio
import base64
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from guard.errors import GuardError
from guard.evidence.anchor import Anchor
from guard.evidence.cosignature import CosignerKey
from guard.exporter.authority import session
from guard.server.witness_client import ContradictionError, ask_witness
from guard.store import anchor_files
from guard.store.log_files import verify_directory
from tests.support.evidence import fill, open_log

ADDRESS = "127.0.0.1:7390"
NAME = "litewitness.example/w"


def grow(root: Path, requests: int) -> None:
    """Append to the log at `root`."""
    log = open_log(root)
    fill(log, requests)
    log.close()


async def ask(root: Path, key: CosignerKey, known: int) -> Anchor:
    """Have the newest checkpoint cosigned."""
    log = root / "log"
    async with session() as http:
        return await ask_witness(http, f"http://{ADDRESS}", key, log, anchor_files.read_checkpoint(log), known=known)


def rounds(folder: Path, key: CosignerKey) -> bool:
    """Have a growing log cosigned, then a fork of it; say whether all went as it should."""
    root, known = folder / "log", 0
    for requests in (0, 1, 3, 200, 150, 400):
        grow(root, requests)
        known = asyncio.run(ask(root, key, known)).size
        print(f"cosigned: {known:,} records")
    shutil.copytree(root, folder / "fork")
    grow(root, 5)
    asyncio.run(ask(root, key, known))
    grow(folder / "fork", 50)
    try:
        asyncio.run(ask(folder / "fork", key, known))
    except ContradictionError as error:
        print(f"fork refused: {error}")
    else:
        return False
    report = verify_directory(root)
    print(f"the log {'holds' if report.holds else 'does NOT hold'}, with {len(report.anchors)} cosignatures")
    return report.holds and len(report.anchors) == 7


def run(program: str, folder: Path) -> bool:
    """Start litewitness with an agent for its key, and go through the rounds."""
    agent_socket = str(folder / "agent")
    environment = {**os.environ, "SSH_AUTH_SOCK": agent_socket}
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key"], check=True, cwd=folder)
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", agent_socket], stdout=subprocess.DEVNULL)
    witness = None
    try:
        time.sleep(0.5)
        subprocess.run(["ssh-add", "-q", "key"], check=True, cwd=folder, env=environment)
        listed = subprocess.run(
            ["ssh-keygen", "-lf", "key.pub"], check=True, cwd=folder, capture_output=True, text=True
        )
        public = base64.b64decode((folder / "key.pub").read_text().split()[1])[-32:]
        grow(folder / "log", 2)
        witness = subprocess.Popen(
            [program, "-name", NAME, "-key", listed.stdout.split()[1], "-ssh-agent", agent_socket, "-db", "db",
             "-listen", ADDRESS], cwd=folder, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(2)
        vkey = (folder / "log/log/vkey").read_text().strip()
        with sqlite3.connect(folder / "db") as tables:  # what its witnessctl add-log and add-key do
            empty = base64.b64encode(hashlib.sha256(b"").digest()).decode()
            tables.execute("INSERT INTO log VALUES (?, 0, ?)", (vkey.partition("+")[0], empty))
            tables.execute("INSERT INTO key VALUES (?, ?)", (vkey.partition("+")[0], vkey))
        tables.close()
        return rounds(folder, CosignerKey(name=NAME, public=public))
    except GuardError as error:
        print(error)
        return False
    finally:
        for process in (witness, agent):
            if process is not None:
                process.terminate()
                process.wait()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        sys.exit(0 if run(sys.argv[1], Path(name)) else 1)
