import numpy as np
import pytest

from guard.image.chip_values import chip_values

CHIPS = 600
ENERGY = np.random.default_rng(1).uniform(5, 80, CHIPS)


def signs(copies, seed=2):
    """Return the chips of so many copies, -1 and 1; shape (copies, CHIPS)."""
    return np.random.default_rng(seed).integers(0, 2, (copies, CHIPS)) * 2.0 - 1


def heard(amplitude, noise=1.0):
    """Return what is correlated where the mark has these amplitudes."""
    return amplitude * ENERGY + np.random.default_rng(3).normal(0, np.sqrt(noise * ENERGY))


def z(values, copy):
    return float(values @ copy / np.sqrt((values**2).sum()))


@pytest.mark.parametrize("uneven", [0.0, 0.3])
def test_the_chips_of_a_lone_copy_are_plus_or_minus(uneven):
    """However deep in its heap a value lies, it says no more; also where the mark is weaker here than there."""
    (copy,) = signs(1)
    weaker = 1 + uneven * np.random.default_rng(4).uniform(-1.5, 1.5, CHIPS)

    values = chip_values(heard(copy * weaker), ENERGY)

    assert z(values, copy) > 0.97 * np.sqrt(CHIPS)
    assert abs(values).max() <= 1


@pytest.mark.parametrize("parties", [2, 3, 5, 8])
def test_where_copies_were_averaged_a_chip_says_how_many_agree(parties):
    """Each party's own chips are then found better than by who is in the majority."""
    copies = signs(parties)
    product = heard(copies.mean(0))

    values = chip_values(product, ENERGY)

    agreeing = abs(copies.sum(0))
    least, next_to_it = (abs(values[agreeing == level]).mean() for level in sorted(set(agreeing))[:2])
    assert next_to_it > 1.8 * least
    assert np.mean([z(values, copy) for copy in copies]) > 1.08 * np.mean([z(np.sign(product), one) for one in copies])


def test_what_is_not_seen_says_nothing():
    """And what says hardly anything is no reading."""
    (copy,) = signs(1)
    product, energy = heard(copy), ENERGY.copy()
    product[:100] = energy[:100] = 0

    assert (chip_values(product, energy)[:100] == 0).all()
    product[15:] = energy[15:] = 0
    assert chip_values(product, energy) is None
