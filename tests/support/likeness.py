"""How like each other are two pictures?"""

import cv2
import numpy as np


def likeness(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Return PSNR in dB and SSIM (Wang et al. 2004, Gaussian window of 1.5) of two luma planes."""
    a, b = one.astype(np.float64), other.astype(np.float64)
    ratio = 10 * np.log10(255**2 / max(1e-9, np.square(a - b).mean()))

    def blur(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    mean_a, mean_b = blur(a), blur(b)
    spread_a, spread_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    both = blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similar = (2 * mean_a * mean_b + c1) * (2 * both + c2) / ((mean_a**2 + mean_b**2 + c1) * (spread_a + spread_b + c2))
    return float(ratio), float(similar.mean())
