import numpy as np
import pytest

pytest.importorskip("cv2")

from guard.image.tones import without_tones

ACROSS, DOWN = np.meshgrid(np.linspace(-1, 1, 240), np.linspace(-1, 1, 200))
SHAPE = ACROSS.shape


def original():
    """Something with structure everywhere."""
    waves = np.sin(ACROSS * 23) * np.cos(DOWN * 17) + np.sin((ACROSS + DOWN) * 61) / 2
    return (120 + 60 * waves).astype(np.float32)


def mark():
    """One grey level, up and down."""
    return np.sign(np.sin(ACROSS * 90) * np.sin(DOWN * 90)).astype(np.float32)


CHANGES = {
    "brighter": lambda levels: 1.2 * levels + 7,
    "gamma": lambda levels: 255 * (levels / 255) ** 0.8,
    "vignette": lambda levels: levels * (1 - 0.3 * (ACROSS**2 + DOWN**2)),
    "contrast evened out": lambda levels: 128 + (levels - 128) * (1 + 0.6 * ACROSS) / 1.6,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_tones_go_and_the_mark_stays(change):
    """What was done to the tones explains all but the mark; it is as strong as before, give or take the contrast."""
    shown = change(original() + mark()).astype(np.float32)

    rest, noise = without_tones(shown, original(), np.ones(SHAPE, bool), 12.0)

    inner = np.s_[20:-20, 20:-20]
    gain = (rest * mark())[inner].sum() / (mark() ** 2)[inner].sum()
    assert 0.35 < gain < 1.5
    assert noise < 2.5
    assert np.corrcoef(rest[inner].ravel(), mark()[inner].ravel())[0, 1] > 0.6


def test_what_is_not_valid_is_nothing():
    """A logo over the corner says nothing, and does not bend the curve."""
    shown = original() * 1.1
    shown[:50, :50] = 255
    valid = np.ones(SHAPE, bool)
    valid[:60, :60] = False

    rest, noise = without_tones(shown.astype(np.float32), original(), valid, 12.0)

    assert not rest[:60, :60].any()
    assert noise < 0.5
