"""What do all workers of one guard share?

Tables in memory that belong to no process: a worker that ends takes nothing with it. Some of what
they hold outlives the guard, in files beside the evidence.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from guard.core import behaviour
from guard.core.autonomous_systems import AutonomousSystems
from guard.store import client_snapshot
from guard.store.client_snapshot import restore, save
from guard.store.clients import ClientTable
from guard.store.pause import Pause
from guard.store.portfolio import Portfolios
from guard.store.prefixes import Crowds
from guard.store.sealed import sealed

NO_NETWORKS: Final = -1
SPENT_LAYOUT: Final = 0x5350
"""Number of the format of the table of spent challenges."""
SPENT_SLOTS: Final = 32_768
"""Solved challenges remembered: 17 MB when all are used. A flood that evicts one lets its own client have a second
pass for the work it has done."""
MARK_ID_LAYOUT: Final = 0x4D49
"""Number of the format of the table of mark ids."""
MARK_ID_SLOTS: Final = 65_536
"""Actors a day: 36 MB when all are used. One that is evicted gets another id."""


class Shared:
    """The tables, from the start of a guard to its end."""

    def __init__(self, evidence: Path, *, clients: int, hosts: Sequence[str]) -> None:
        """Make room for so many `clients`, and take up what was kept in the folder of the evidence.

        Args:
            hosts: The names of the sites.
        """
        self._snapshot = evidence / "guard" / client_snapshot.FILE
        self._portfolio = evidence / "guard" / "portfolio"
        self._pause = evidence / "guard" / "pause"
        self.clients = ClientTable.create(clients, layout=behaviour.VERSION)
        restore(self.clients, self._snapshot)
        self.spent = ClientTable.create(SPENT_SLOTS, layout=SPENT_LAYOUT)
        self.mark_ids = ClientTable.create(MARK_ID_SLOTS, layout=MARK_ID_LAYOUT)
        self.crowds = Crowds.create()
        self._hosts = tuple(hosts)
        self.portfolios = Portfolios.create(hosts)
        self.portfolios.restore(self._portfolio)
        self.pause = Pause.create()
        self.pause.restore(self._pause)
        self._networks = NO_NETWORKS

    def renew(self, hosts: Sequence[str], systems: AutonomousSystems | None) -> None:
        """Go over to other sites and networks; whoever holds the old tables may go on with them for a while."""
        if tuple(hosts) != self._hosts:
            self.save_portfolios()
            self.portfolios.close()
            self.portfolios = Portfolios.create(hosts)
            self.portfolios.restore(self._portfolio)
            self._hosts = tuple(hosts)
        if self._networks != NO_NETWORKS:
            os.close(self._networks)
        self._networks = NO_NETWORKS if systems is None else sealed(systems.to_bytes(), "guard-networks")

    def for_worker(self) -> dict[str, int]:
        """Return the descriptors by the names that a worker knows them by."""
        return {
            "clients": self.clients.fileno(),
            "spent_challenges": self.spent.fileno(),
            "mark_ids": self.mark_ids.fileno(),
            "crowds": self.crowds.table.fileno(),
            "portfolios": self.portfolios.fileno(),
            "pause": self.pause.fileno(),
            "networks": self._networks,
        }

    def pause_until(self, until: float) -> None:
        """Pause until then (Unix seconds, 0.0 for not at all); OSError where that can not be kept."""
        self.pause.set(until, self._pause)

    def save_portfolios(self) -> None:
        """Write down how many pictures each site has: what was counted in weeks should outlive a crash."""
        with contextlib.suppress(OSError):
            self.portfolios.save(self._portfolio)

    def close(self) -> None:
        """Write down what outlives the guard, and let go of everything."""
        with contextlib.suppress(OSError):
            save(self.clients, self._snapshot)
        self.save_portfolios()
        for table in (self.clients, self.spent, self.mark_ids, self.crowds.table, self.portfolios, self.pause):
            table.close()
        if self._networks != NO_NETWORKS:
            os.close(self._networks)
