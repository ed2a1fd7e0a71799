"""What was won in speed is not lost again without a word: ratios of one run in turns, with room for a busy machine."""

import os

import pytest

from tests.bench.proxy import Sample, median, ratios, run
from tests.support.programs import need


@pytest.fixture(scope="module")
def samples() -> dict[tuple[str, str], list[Sample]]:
    """Measure the guard in both lanes, beside Caddy."""
    need("wrk"), need("caddy"), need("nginx")
    if (os.cpu_count() or 1) < 2:
        pytest.skip("two cores are needed, one for what is measured")
    return run(1, 3, ["guard", "full lane", "caddy"], ("10k", "200k", "3m"))


def test_the_fast_lane_costs_far_less_than_the_full_lane(samples: dict[tuple[str, str], list[Sample]]):
    """In processor time, at every size."""
    found = ratios(samples)

    assert found["full lane_10k_cpu"] >= 1.4
    assert found["full lane_200k_cpu"] >= 1.3
    assert found["full lane_3m_cpu"] >= 1.6


def test_large_pictures_cost_less_than_with_caddy(samples: dict[tuple[str, str], list[Sample]]):
    """The kernel passes them on."""
    assert ratios(samples)["caddy_3m_cpu"] >= 1.2


def test_small_pictures_cost_no_more_of_caddy_s_than_they_did(samples: dict[tuple[str, str], list[Sample]]):
    """The goals, 3 and 1.5, are missed: 0.54 and 0.75 were measured, on a Python built without optimisation."""
    found = ratios(samples)

    assert found["caddy_10k_cpu"] >= 0.35
    assert found["caddy_200k_cpu"] >= 0.5


def test_pictures_do_not_touch_fresh_memory(samples: dict[tuple[str, str], list[Sample]]):
    """An allocator that gives memory back with every picture doubles what one costs."""
    assert median(samples["guard", "200k"])["faults"] <= 0.5


def test_every_answer_was_what_it_should_be(samples: dict[tuple[str, str], list[Sample]]):
    """Nobody was refused, nothing broke off."""
    assert {
        name: (one.refused, one.broken)
        for name, several in samples.items()
        for one in several
        if one.refused + one.broken
    } == {}
