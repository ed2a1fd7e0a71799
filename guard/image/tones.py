"""What does a found picture show that its original, in other tones, does not explain?

First one cubic curve for the whole picture: brightness, contrast, gamma. Where what is left is clearly
less, also a straight line around each place (a guided filter, He et al. 2010): vignettes, and whatever
evens out contrasts. Both are fitted to the original's tones, which know nothing of a mark.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_FAIR: Final = 64
"""Pixels that a curve needs."""
_CLEARLY: Final = 0.9
"""How much of the noise may be left for fits around each place to be taken."""
_SLOPES: Final = (0.2, 4.0)


def without_tones(shown: Floats, seen: Floats, valid: NDArray[np.bool_], reach: float) -> tuple[Floats, float]:
    """Return what is left of `shown`, 0 where not `valid`, and its noise: a robust standard deviation.

    Args:
        shown: The found picture, grey levels.
        seen: The original as the found picture shows it.
        reach: Standard deviation, in pixels, of what counts as around a place.
    """
    tone = np.clip(seen, 0, 255) / 255
    curve = np.stack([np.ones_like(tone), tone, tone**2, tone**3], -1)
    fair = valid & (shown > 3) & (shown < 252)
    if fair.sum() < _FAIR:
        fair = valid
    chosen, noise = fair, 1.0
    rest = shown - seen
    for _ in range(3):
        factors, *_ = np.linalg.lstsq(curve[chosen][::5], shown[chosen][::5], rcond=None)
        rest = (shown - curve @ factors.astype(np.float32)).astype(np.float32)
        noise = _noise(rest[fair])
        chosen = fair & (np.abs(rest) < 3 * noise)
        if chosen.sum() < _FAIR:
            break
    nearer = _without_slopes(shown, shown - rest, fair, reach, noise)
    left = _noise(nearer[fair])
    if left < _CLEARLY * noise:
        rest, noise = nearer, left
    return np.where(valid, rest, 0).astype(np.float32), noise


def blurred(values: Floats, reach: float) -> Floats:
    """Return `values` averaged by a Gaussian of `reach` pixels' standard deviation."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), reach), np.float32)


def _without_slopes(shown: Floats, told: Floats, fair: NDArray[np.bool_], reach: float, noise: float) -> Floats:
    """Subtract the line that explains `shown` by `told` best around each place; where `told` is flat its slope is 1."""
    here = fair.astype(np.float32)
    share = np.maximum(blurred(here, reach), 0.05)

    def mean(values: Floats) -> Floats:
        return np.asarray(blurred(values * here, reach) / share, np.float32)

    one, other = mean(told), mean(shown)
    variance, together = mean(told * told) - one * one, mean(told * shown) - one * other
    slope = np.clip((together + noise**2) / (np.maximum(variance, 0) + noise**2), *_SLOPES)
    return np.asarray(shown - other - slope * (told - one), np.float32)


def _noise(rest: Floats) -> float:
    return 1.4826 * float(np.median(np.abs(rest))) + 0.3
