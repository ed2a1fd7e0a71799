import pytest

from guard.image.grid import CELLS, CELLS_DOWN, FEW_CHIPS, choose_grid


@pytest.mark.parametrize(
    ("size", "mcu"),
    [
        ((1600, 1067), (16, 16)),
        ((640, 480), (8, 8)),
        ((3000, 4000), (16, 8)),
        ((201, 1999), (8, 16)),
        ((1068, 700), (16, 16)),
    ],
)
def test_every_segment_has_a_chip_and_every_mcu_a_segment(size, mcu):
    """Whatever the size, no part of the coded data is left over."""
    grid = choose_grid(*size, mcu, 500_000)

    assert len(grid.chip_of_segment) == grid.segments
    assert set(grid.chip_of_segment) <= set(range(grid.chips))
    assert (grid.segments - 1) * grid.restart < grid.columns_of_mcus * grid.rows_of_mcus <= grid.segments * grid.restart


def test_a_chip_is_about_two_cells_wide_and_one_high():
    """So that a cell is eight pixels wide when the short side has become 256."""
    grid = choose_grid(1600, 1200, (16, 16), 10_000_000)

    cell = 1200 / CELLS
    assert grid.aligned
    assert 0.6 * 2 * cell <= grid.restart * 16 <= 1.5 * 2 * cell
    assert abs(grid.rows * 16 - 1200 / CELLS_DOWN) <= 8


def test_a_small_file_gets_long_segments():
    """Restart markers must not weigh more than the picture."""
    light, heavy = (choose_grid(1600, 1200, (16, 16), size) for size in (20_000, 2_000_000))

    assert light.segments * 5 < 20_000 * 0.08
    assert light.segments < heavy.segments


def test_long_segments_are_made_up_for_by_low_rows():
    """Few chips can not tell several who put their copies together."""
    few, many = (choose_grid(1600, 1200, (16, 16), size) for size in (150_000, 400_000))

    assert (few.rows, many.rows) == (1, 2)
    assert min(few.chips, many.chips) >= FEW_CHIPS


def test_a_smooth_picture_has_even_bumps_and_shorter_segments():
    """What the bumps save in bytes pays for the chips; a picture with a little more in it keeps the round ones."""
    smooth, other = (choose_grid(1600, 1000, (16, 16), size) for size in (70_000, 120_000))

    assert (smooth.even, other.even) == (True, False)
    assert smooth.chips >= FEW_CHIPS
    assert smooth.restart <= other.restart


@pytest.mark.parametrize("size", [30_000, 60_000, 90_000])
def test_a_small_picture_has_as_many_chips_as_its_markers_may_weigh(size):
    """Of those that are served at 640 pixels many were lost in a crop to 256."""
    grid = choose_grid(640, 400, (16, 16), size)

    assert grid.chips >= min(FEW_CHIPS, size // 150)
    assert grid.segments * 5.3 < 0.05 * size


def test_what_goes_over_the_end_of_a_row_carries_no_mark():
    """67 MCUs can not be divided; a segment that turns the corner would be two places at once."""
    grid = choose_grid(1068, 700, (16, 16), 500_000)

    assert not grid.aligned
    unmarked = [segment for segment in range(grid.segments) if not grid.is_marked(segment)]
    assert unmarked
    for segment in unmarked:
        first, last = segment * grid.restart, segment * grid.restart + grid.restart - 1
        assert first // grid.columns_of_mcus != last // grid.columns_of_mcus
