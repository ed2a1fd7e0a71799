import time

import pytest

from tests.fuzz.harnesses import HARNESSES, mutated

NUMBER = 2000
LONGEST = 3.0
"""Seconds that one input may take, on a busy machine."""


@pytest.mark.parametrize("name", HARNESSES)
def test_a_reader_of_strangers_bytes_reads_or_says_no(name: str):
    """A short run over inputs near real ones; `python3 dev.py fuzz` runs for as long as one likes, by coverage."""
    harness = HARNESSES[name]
    for data in mutated(harness.seeds(), NUMBER):
        began = time.perf_counter()
        try:
            harness(data)
        except Exception as error:
            pytest.fail(f"{type(error).__name__}: {error} with {data[:400]!r}")
        assert time.perf_counter() - began < LONGEST, data[:400]
