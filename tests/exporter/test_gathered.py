"""What a turn of the event loop counts is written when it is over, and nothing of it is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

from guard.exporter.joined import Joined
from tests.exporter.test_joined import samples

BEGIN = """
import asyncio, json, threading
from pathlib import Path
from guard.exporter.metrics import Metrics, stays_one_process
stays_one_process()
metrics = Metrics()
counter = metrics.requests.labels("photo.example", "browser", "allow", "page")

def written():
    from prometheus_client import values
    from prometheus_client.mmap_dict import MmapedDict
    import os
    file = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]) / f"counter_{os.getpid()}.db"
    found = [value for key, value, *_ in MmapedDict.read_all_values_from_file(str(file)) if "guard_requests" in key]
    return found[0]
"""


def told(directory: Path, code: str) -> list[float]:
    """Return what a process that ran `code` printed, as JSON."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    ended = subprocess.run(
        [sys.executable, "-c", BEGIN + code], env=environment, check=True, capture_output=True, timeout=60
    )
    return list(json.loads(ended.stdout))


def test_what_a_turn_counts_is_written_once_after_it(tmp_path: Path):
    """And read as it is meanwhile."""
    assert told(
        tmp_path,
        """
async def main():
    for _ in range(5):
        counter.inc()
    meanwhile = counter._value.get(), written()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return [*meanwhile, written()]
print(json.dumps(asyncio.run(main())))
""",
    ) == [5, 0, 5]


def test_what_is_counted_without_a_loop_or_in_a_thread_is_written_at_once(tmp_path: Path):
    """Image workers' answers come in threads."""
    assert told(
        tmp_path,
        """
counter.inc(2)
before = written()
async def main():
    thread = threading.Thread(target=counter.inc)
    thread.start()
    thread.join()
    return [before, written()]
print(json.dumps(asyncio.run(main())))
""",
    ) == [2, 3]


def test_the_last_turn_of_a_loop_is_not_lost(tmp_path: Path):
    """Neither before another loop, nor when the process ends."""
    told(
        tmp_path,
        """
async def main():
    counter.inc()
    metrics.decision_seconds.observe(0.0002)
    asyncio.get_running_loop().stop()
for _ in range(3):
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(main())
    except RuntimeError:
        pass
    loop.close()
print("[]")
""",
    )
    found = samples(Joined(str(tmp_path)))
    assert found["guard_requests_total"] == 3
    assert found["guard_decision_seconds_bucket_0.00025"] == 3


def test_a_gauge_that_was_set_is_what_it_was_set_to(tmp_path: Path):
    """Whatever was owed before."""
    assert told(
        tmp_path,
        """
async def main():
    metrics.requests_open.inc(7)
    metrics.requests_open.set(2)
    metrics.requests_open.inc()
    metrics.requests_open.dec()
    await asyncio.sleep(0.01)
    return [metrics.requests_open._value.get()]
print(json.dumps(asyncio.run(main())))
""",
    ) == [2]
