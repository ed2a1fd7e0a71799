"""Counters of processes that come and go are one counter that never goes back."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from guard.exporter.joined import Joined

WORKER = """
from guard.exporter.metrics import Metrics
metrics = Metrics()
metrics.requests.labels("photo.example", "browser", "allow", "page").inc(3)
metrics.decision_seconds.observe(0.0002)
metrics.requests_open.set(2)
metrics.search_guard_different.labels("photo.example").set(1)
"""


def work(directory: Path, code: str = WORKER) -> int:
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    )
    assert process.wait(60) == 0
    return process.pid


def samples(joined: Joined) -> dict[str, float]:
    text = joined.expose("", ())[0].decode()
    return {
        sample.name + (f"_{sample.labels['le']}" if "le" in sample.labels else ""): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_an_ended_worker_counted_stays_and_what_it_measured_goes(tmp_path: Path):
    """Also over several; the files do not become more."""
    joined = Joined(str(tmp_path))
    first = work(tmp_path)
    before = samples(joined)
    joined.add_ended(first)
    after = samples(joined)
    second, third = work(tmp_path), work(tmp_path)
    joined.add_ended(second)
    joined.add_ended(third)
    end = samples(joined)

    assert before["guard_requests_total"] == after["guard_requests_total"] == 3
    assert (before["guard_requests_open"], after.get("guard_requests_open")) == (2, None)
    assert end["guard_requests_total"] == 9
    assert end["guard_decision_seconds_count"] == end["guard_decision_seconds_bucket_+Inf"] == 3
    assert end["guard_decision_seconds_bucket_0.0001"] == 0
    assert len(list(tmp_path.glob("*.db"))) == 2


def test_a_scrape_in_between_never_sees_less(tmp_path: Path):
    """Twenty workers end while somebody asks all the time."""
    joined = Joined(str(tmp_path))
    pid = work(tmp_path)
    content = (tmp_path / f"counter_{pid}.db").read_bytes()
    seen: list[float] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            seen.append(samples(joined)["guard_requests_total"])

    asking = threading.Thread(target=ask)
    asking.start()
    for number in range(20):
        joined.add_ended(pid)
        new = tmp_path / ".new"
        new.write_bytes(content)
        pid = 10_000_000 + number
        new.rename(tmp_path / f"counter_{pid}.db")
    ended.set()
    asking.join()

    assert seen == sorted(seen)
    assert samples(joined)["guard_requests_total"] == 63
