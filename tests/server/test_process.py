"""Does a process give memory back that it needs no more?"""

import subprocess
import sys

import pytest

CROWD = """
import gc
from pathlib import Path
from guard.server.process import FreeMemory, tune_memory

def mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) / 256

tune_memory()
memory = FreeMemory()
before = mib()
for turn in range(3):
    crowd = []
    for _ in range(1000):
        ring = [bytearray(100_000)]
        ring.append(ring)  # as a connection that broke off: nothing but the collector frees it
        crowd.append((ring, bytes(600)))
    beside = [small for _, small in crowd]  # what is still in use lies between
    during = mib()
    del crowd, ring
    memory.give_back(1000 * (turn + 1))
    print(during - before, mib() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux is asked")
def test_what_a_crowd_needed_is_given_back():
    """A hundred megabytes, each time; without it they stay until the process ends."""
    said = subprocess.run([sys.executable, "-c", CROWD], capture_output=True, text=True, timeout=60, check=True).stdout
    turns = [tuple(map(float, line.split())) for line in said.splitlines()]

    assert len(turns) == 3
    assert all(during > 90 for during, _ in turns)
    assert all(after < 25 for _, after in turns), turns
