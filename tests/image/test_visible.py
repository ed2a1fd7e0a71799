import numpy as np
import pytest
from PIL import Image

from guard.image import visible


def difference(colour, mode="RGB", text="© Jane Doe", phase=3, size=(400, 300)):
    plain = Image.new(mode, size, colour)
    marked = visible.mark(plain, text, phase=phase)
    assert (marked.size, marked.mode) == (plain.size, mode)
    return np.asarray(marked.convert("L"), int) - np.asarray(plain.convert("L"), int)


@pytest.mark.parametrize("tone", [0, 40, 128, 215, 255])
def test_the_mark_is_seen_on_every_tone(tone):
    """On black, white and everything between, letters or their edge differ by a tenth of the range."""
    changed = np.abs(difference((tone, tone, tone)))

    assert (changed > 25).mean() > 0.01


def test_the_subject_stays_visible_through_the_mark():
    """No pixel changes by more than a third of the range, and most are not touched at all."""
    changed = np.abs(difference((0, 0, 0)))

    assert changed.max() <= 0.35 * 255
    assert (changed > 8).mean() < 0.4


def test_no_part_of_the_picture_is_free_of_the_mark():
    """Each ninth of the picture has letters, so that no crop gets rid of them."""
    changed = np.abs(difference((90, 90, 90), size=(900, 600))) > 20

    assert all(changed[y : y + 200, x : x + 300].any() for y in (0, 200, 400) for x in (0, 300, 600))


def test_the_mark_stands_elsewhere_in_another_picture():
    """The phase moves the tiles, and the same phase gives the same picture."""
    assert (difference((90, 90, 90), phase=3) == difference((90, 90, 90), phase=3)).all()
    # 0 and 6 differ from top to bottom only, 0 and 6999993 (a multiple of 7) also from side to side.
    assert (difference((90, 90, 90), phase=0) != difference((90, 90, 90), phase=6)).any()
    assert (difference((90, 90, 90), phase=0) != difference((90, 90, 90), phase=6999993)).any()


@pytest.mark.parametrize(("mode", "colour"), [("L", 90), ("LA", (90, 128)), ("RGBA", (9, 9, 9, 77))])
def test_grey_and_transparent_pictures_keep_their_mode(mode, colour):
    """The mark is drawn in the picture's own colours and leaves its transparency alone."""
    plain = Image.new(mode, (200, 100), colour)

    marked = visible.mark(plain, "x", phase=0)

    assert marked.mode == mode
    assert marked.tobytes() != plain.tobytes()
    if "A" in mode:
        assert marked.getchannel("A").tobytes() == plain.getchannel("A").tobytes()


@pytest.mark.parametrize("text", ["山田", "\x00\u202e", " ", "M" * 5000])
def test_a_mark_that_was_asked_for_is_never_left_out(text):
    """A text without drawable letters, and one of any length, still marks the picture."""
    assert (np.abs(difference((90, 90, 90), text=text)) > 20).any()


def test_the_smallest_picture_can_be_marked():
    """One pixel is no reason to fail."""
    assert visible.mark(Image.new("RGB", (1, 1)), "x", phase=9).size == (1, 1)
