"""What does the correlation with each chip's pattern say about the chip?

In one party's copy every chip is plus or minus: its amplitudes lie in two heaps, and a value well
inside one is as sure as can be. Where several parties have averaged their copies, a chip is as much plus
as there are parties whose chip is: amplitudes lie anywhere between, and how far from zero one is says how many
agree. Which of the two it is shows in the amplitudes alone, before any id is tried, so the bound on
a false accusation holds for both.
"""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_LEAST_CHIPS = 16
_UNEVEN = 0.2
"""Variance of a lone copy's amplitudes within a heap, over their square: what was done to a picture weakens the mark
here more than there."""
_BETTER = 5.0
"""How much more likely, as a logarithm, averaged copies must be than a lone one."""
_MOST = 1.6
"""What an averaged chip may say at most, where 1 is the root mean square."""


def chip_values(product: Values, energy: Values) -> Values | None:
    """Return for each chip a number, negative for minus, that grows with how sure it is; None where too few are seen.

    Args:
        product: What the picture and the chip's pattern have in common, weighted by the noise.
        energy: The same of the pattern with itself; 0 where nothing of the chip is seen.
    """
    heard = energy > 1e-6
    if heard.sum() < _LEAST_CHIPS:
        return None
    gain, noise = _fitted(product[heard], energy[heard])
    amplitude, spread = product[heard] / energy[heard], noise / energy[heard]
    values = np.zeros(len(energy))
    values[heard] = _of_one_or_several(amplitude, spread, gain)
    return values


def _of_one_or_several(amplitude: Values, spread: Values, gain: float) -> Values:
    middle = np.sqrt(gain / (1 + _UNEVEN))
    within = _UNEVEN * middle**2 + spread
    distance = -((amplitude - middle) ** 2) / (2 * within), -((amplitude + middle) ** 2) / (2 * within)
    one = float((np.logaddexp(*distance) - np.log(2) - np.log(within) / 2).sum())
    whole = gain + spread
    several = float((-(amplitude**2) / (2 * whole) - np.log(whole) / 2).sum())
    if one >= several - _BETTER:
        return np.asarray(np.tanh(amplitude * middle / within))
    return np.asarray(np.clip(amplitude * np.sqrt(gain) / whole, -_MOST, _MOST))


def _fitted(product: Values, strength: Values) -> tuple[float, float]:
    """Return the mean square of the amplitudes, and the noise of a product over its energy; no chip is known."""
    square = product**2 / strength
    gain, noise = 0.7, max(0.3, float(np.median(square)))
    design = np.stack([strength, np.ones_like(strength)], 1)
    for _ in range(6):
        expected = gain * strength + noise
        weight = (square < 6 * expected) / expected**2
        normal = design.T @ (weight[:, None] * design)
        try:
            gain, noise = np.linalg.solve(normal, design.T @ (weight * square))
        except np.linalg.LinAlgError:
            break
        gain, noise = float(np.clip(gain, 0.05, 1.5)), float(max(noise, 0.3))
    return gain, noise
