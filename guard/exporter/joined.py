"""How do the metrics of several processes, living and ended, become one answer?

Each worker writes to memory-mapped files of its own (prometheus_client's multiprocess mode). What
a worker that has ended had counted is added to one file for all of them: a counter never goes
back, and a guard that starts workers often does not collect files. A scrape and that adding do
not run at the same time, or something would be counted twice, or not at all.
"""

import glob
import os
import threading
from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, multiprocess
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.registry import Collector

_ENDED: Final = "ended"
_ADDED_UP: Final = ("counter", "histogram")


class Joined:
    """The metrics of one guard."""

    def __init__(self, directory: str) -> None:
        """Take the folder that workers write to."""
        self._directory = directory
        self._lock = threading.Lock()

    def expose(self, accept: str, own: Iterable[Metric] = ()) -> tuple[bytes, str]:
        """Return the metrics of all workers and our `own`, and their content type."""
        registry = CollectorRegistry()
        registry.register(_Given(own))
        multiprocess.MultiProcessCollector(registry, path=self._directory)  # type: ignore[no-untyped-call]
        encoder, content_type = choose_encoder(accept)
        with self._lock:
            return encoder(registry), content_type

    def add_ended(self, pid: int) -> None:
        """Keep what a process that has ended had counted, and drop what it measured."""
        with self._lock:
            multiprocess.mark_process_dead(pid, self._directory)  # type: ignore[no-untyped-call]
            for sort in _ADDED_UP:
                file = os.path.join(self._directory, f"{sort}_{pid}.db")
                if os.path.exists(file):
                    self._add(file, os.path.join(self._directory, f"{sort}_{_ENDED}.db"))
                    os.remove(file)
            for file in glob.glob(os.path.join(glob.escape(self._directory), f"gauge_*_{pid}.db")):
                os.remove(file)

    def _add(self, file: str, to: str) -> None:
        sums = MmapedDict(to)  # type: ignore[no-untyped-call]
        try:
            for key, value, moment, _ in MmapedDict.read_all_values_from_file(file):  # type: ignore[no-untyped-call]
                before, _ = sums.read_value(key)  # type: ignore[no-untyped-call]
                sums.write_value(key, before + value, moment)  # type: ignore[no-untyped-call]
        finally:
            sums.close()  # type: ignore[no-untyped-call]


class _Given(Collector):
    """What was measured by whoever asks."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = tuple(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics
