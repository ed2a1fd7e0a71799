"""What does the process do that asks time-stamp authorities and witnesses?

It is a process of its own, so that an authority that is slow makes nobody wait. The supervisor
starts it where the owner named somebody to ask, with the settings on standard input; it
ends at SIGTERM, after a last round, while the recorder still takes records.
"""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import aiohttp
import orjson

from guard.evidence.anchor import Anchor
from guard.evidence.cosignature import parse_cosigner_key
from guard.exporter.metrics import Metrics
from guard.server.anchorer import TOKENS, Anchorer, Group, Pace, Party
from guard.server.process import die_with_parent
from guard.server.recorder_client import RecorderClient
from guard.server.stamping import stamp_head
from guard.server.witness_client import ask_witness
from guard.settings_evidence import Evidence, TimeStampAuthority, Witness

TIME_STAMPS: Final = "time_stamps"
WITNESSES: Final = "witnesses"


def groups_of(evidence: Evidence) -> Sequence[Group]:
    """Return whom the owner named."""
    found = []
    if evidence.time_stamps:
        authorities = [_authority(one) for one in evidence.time_stamps]
        found.append(Group(name=TIME_STAMPS, parties=authorities, needed=min(TOKENS, len(authorities))))
    if evidence.witnesses:
        witnesses = [_witness(one) for one in evidence.witnesses]
        found.append(Group(name=WITNESSES, parties=witnesses, needed=len(witnesses)))
    return found


def _authority(one: TimeStampAuthority) -> Party:
    async def ask(http: aiohttp.ClientSession, log: Path, note: bytes, _known: int) -> Anchor:
        return await stamp_head(http, one, log, note)

    return Party(url=one.url, ask=ask)


def _witness(one: Witness) -> Party:
    key = parse_cosigner_key(one.vkey)

    async def ask(http: aiohttp.ClientSession, log: Path, note: bytes, known: int) -> Anchor:
        return await ask_witness(http, one.url, key, log, note, known=known)

    return Party(url=one.url, ask=ask)


async def run(evidence: Evidence, recorder_socket: str) -> None:
    """Anchor the log until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    recorder = RecorderClient()
    await recorder.connect(recorder_socket)
    anchorer = Anchorer(
        directory=evidence.directory,
        groups=groups_of(evidence),
        recorder=recorder,
        metrics=Metrics(),
        pace=Pace(every=evidence.anchor_minutes * 60.0),
        now=time.time,
    )
    print("ready", flush=True)  # noqa: T201  # the supervisor waits for it
    try:
        await anchorer.run(stopping)
    finally:
        await recorder.close()


def main() -> None:
    """Run the process."""
    die_with_parent()
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    given = orjson.loads(sys.stdin.buffer.read())
    asyncio.run(run(Evidence.model_validate(given["evidence"]), given["recorder"]))


if __name__ == "__main__":
    main()
