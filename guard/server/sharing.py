"""What does the process do that shares with other guards?

It is a process of its own, so that a shared store that is slow, away or busy makes neither a visitor nor a worker wait.
The supervisor starts it where `cluster` names something to share, with the settings on standard input and the tables
that all workers share; it ends at SIGTERM, after a last look.

Each part goes on by itself: one that is away is asked again every second, and that is counted and said once.
"""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from guard.core import behaviour
from guard.errors import GuardError
from guard.exporter.metrics import Metrics, PartReport
from guard.server.children import Child
from guard.server.process import die_with_parent
from guard.server.shared import SPENT_LAYOUT, Shared
from guard.server.shared_past import EVERY, SharedPast
from guard.server.shared_spent import SharedSpent
from guard.settings import Settings
from guard.settings_cluster import Cluster
from guard.store.clients import ClientTable
from guard.store.evidence_index import EvidenceIndex
from guard.store.index_follower import IndexFollower
from guard.store.log_copies import LogCopies
from guard.store.object_store import Objects
from guard.store.rule_files import load_behaviour, rules_root
from guard.store.valkey import Valkey

_CLIENTS: Final = ("this guard goes on alone", "clients and solved challenges are shared again")
_INDEX: Final = ("the index of the evidence does not grow", "the index of the evidence grows again")
_COPIES: Final = ("evidence is not copied to the object store", "evidence is copied to the object store again")
INDEXED_EVERY: Final = 1.0
COPIED_EVERY: Final = 10.0
AGAIN: Final = 1.0
"""Seconds until a part that is away is asked again."""
IDLE: Final = 9
"""A look that took a second is followed by so many seconds of rest: at most a tenth of a core."""


def child_of(settings: Settings, shared: Shared) -> Child:
    """Return the process that shares what the settings say."""
    clients, spent = shared.clients.fileno(), shared.spent.fileno()
    given = {
        "cluster": settings.cluster.model_dump(mode="json"),
        "evidence": str(settings.evidence.directory),
        "clients": clients,
        "spent": spent,
    }
    arguments = ("guard.server.sharing",)
    return Child(name="sharing", arguments=arguments, stdin=orjson.dumps(given), pass_fds=(clients, spent))


class Part:
    """One thing that is shared, over and over until the end."""

    def __init__(
        self,
        words: tuple[str, str],
        look: Callable[[], Awaitable[object]],
        report: PartReport,
        *,
        every: float = EVERY,
    ) -> None:
        """Take what does it once, raising GuardError while it can not be done.

        Args:
            words: What is said when it can not be done any more, and when it can be done again.
        """
        self._words = words
        self._look = look
        self._report = report
        self._every = every
        self._away = False

    async def keep(self, stopping: asyncio.Event) -> None:
        """Do it until `stopping`, and once more."""
        while not stopping.is_set():
            rest = await self.once()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), rest)
        await self.once()

    async def once(self) -> float:
        """Do it, and return how many seconds to rest."""
        began = time.monotonic()
        try:
            await self._look()
        except GuardError as error:
            self._report(up=False)
            self._tell(away=True, why=f": {error}")
            return AGAIN
        taken = time.monotonic() - began
        self._report(up=True, seconds=taken)
        self._tell(away=False)
        return max(self._every, IDLE * taken)

    def _tell(self, *, away: bool, why: str = "") -> None:
        if away != self._away:
            self._away = away
            print(f"guard: cluster: {self._words[not away]}{why}", file=sys.stderr, flush=True)  # noqa: T201


def _parts(cluster: Cluster, given: dict[str, Any], metrics: Metrics) -> Iterator[Part]:
    if (valkey := cluster.valkey) is not None:
        store = Valkey(valkey.url)
        table = ClientTable(given["clients"], layout=behaviour.VERSION)
        past = SharedPast(table, store, valkey.secret, load_behaviour(rules_root().path))
        spent = SharedSpent(ClientTable(given["spent"], layout=SPENT_LAYOUT), store)

        async def look() -> None:
            await past.look()
            await spent.look()

        yield Part(_CLIENTS, look, metrics.cluster_part("clients"))
    if (postgresql := cluster.postgresql) is not None:
        log = Path(given["evidence"]) / "log"
        follower = IndexFollower(EvidenceIndex(postgresql.url), log)
        behind = metrics.cluster_behind.labels("index")

        async def follow() -> None:
            try:
                if (log / "checkpoint").exists():
                    await follower.look()
            finally:
                behind.set(follower.behind)

        yield Part(_INDEX, follow, metrics.cluster_part("index"), every=INDEXED_EVERY)
    if (s3 := cluster.s3) is not None:
        evidence = Path(given["evidence"])
        copies = LogCopies(Objects(s3), s3.prefix, evidence)
        waiting = metrics.cluster_behind.labels("copies")

        async def copy() -> None:
            try:
                await asyncio.to_thread(copies.look)
            finally:
                waiting.set(copies.behind)

        yield Part(_COPIES, copy, metrics.cluster_part("copies"), every=COPIED_EVERY)


async def run(given: dict[str, Any]) -> None:
    """Share until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    print("ready", flush=True)  # noqa: T201  # first: what was ready is started again and told of, should it end
    parts = list(_parts(Cluster.model_validate(given["cluster"]), given, Metrics()))
    await asyncio.gather(*(part.keep(stopping) for part in parts))


def main() -> None:
    """Run the process."""
    die_with_parent()
    asyncio.run(run(orjson.loads(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
