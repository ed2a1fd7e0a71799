"""Different things are counted once, however often and by whom."""

import pytest

from guard.core.distinct import Distinct


@pytest.mark.parametrize("number", [0, 1, 30, 300, 3000, 30_000])
def test_the_count_is_about_right(number: int):
    """Within 15 %, which is three times the standard error; names that come again change nothing."""
    sketch = Distinct()
    for index in range(number):
        sketch.add(f"/album/{index}.jpg")
        sketch.add(f"/album/{index // 2}.jpg")

    assert abs(sketch.count() - number) <= max(0.15 * number, 1 if number > 20 else 0)


def test_joined_sketches_count_nothing_twice():
    """Two halves with a common part are the whole."""
    left, right, whole = Distinct(), Distinct(), Distinct()
    for index in range(2000):
        name = f"/{index}.jpg"
        whole.add(name)
        if index < 1200:
            left.add(name)
        if index > 800:
            right.add(name)

    left.join(right)

    assert left.ranks == whole.ranks


def test_registers_from_a_file_that_make_no_sense_are_left_out():
    """They can not make the count fail."""
    assert Distinct({-1: 5, 512: 5, 3: 99, 4: 0}).count() == 0
