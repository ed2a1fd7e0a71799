"""The index of evidence, for tests that are not asynchronous."""

import asyncio
from pathlib import Path

from guard.store.evidence_index import EvidenceIndex
from guard.store.index_follower import bring_up


def take_in(url: str, log: Path) -> int:
    """Take what is signed of a `log/` folder into the index at `url`."""

    async def once() -> int:
        index = EvidenceIndex(url)
        try:
            return await bring_up(index, log)
        finally:
            await index.close()

    return asyncio.run(once())
