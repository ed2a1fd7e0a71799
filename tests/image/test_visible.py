import numpy as np
import pytest
from PIL import Image

from guard.errors import PictureError
from guard.image import visible
from guard.image.visible_mark import VisibleMark
from tests.support.pictures import bomb, encoded, noise


def difference(colour, mode="RGB", text="© Jane Doe", phase=3, size=(400, 300)):
    plain = Image.new(mode, size, colour)
    marked = visible.mark(plain, VisibleMark(text=text), phase=phase)
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

    marked = visible.mark(plain, VisibleMark(text="x"), phase=0)

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
    assert visible.mark(Image.new("RGB", (1, 1)), VisibleMark(text="x"), phase=9).size == (1, 1)


def logo(width=60, height=20, colour=(200, 0, 0, 255)):
    return encoded(Image.new("RGBA", (width, height), colour), "PNG")


@pytest.mark.parametrize("text", ["", "© Jane Doe"])
def test_a_logo_is_tiled_in_its_colours(text):
    """Alone, or before the text; in each ninth of the picture."""
    plain = Image.new("RGB", (900, 600), (90, 90, 90))
    marked = np.asarray(visible.mark(plain, VisibleMark(text=text, logo=logo()), phase=5), int)
    reddened = (marked[:, :, 0] > 110) & (marked[:, :, 1] < 80)

    assert all(reddened[y : y + 200, x : x + 300].any() for y in (0, 200, 400) for x in (0, 300, 600))
    whitened = (marked[:, :, 1] > 120).any()
    assert whitened == bool(text)


def test_what_a_logo_leaves_free_stays_as_it_is():
    """Its own transparency counts, and a logo of any shape is brought to size."""
    plain = Image.new("RGB", (400, 300), (90, 90, 90))

    for shape in ((4000, 10), (10, 900)):
        assert visible.mark(plain, VisibleMark(text="", logo=logo(*shape)), phase=0).tobytes() != plain.tobytes()
    clear = visible.mark(plain, VisibleMark(text="", logo=logo(colour=(255, 255, 255, 0))), phase=0)
    assert clear.tobytes() == plain.tobytes()


@pytest.mark.parametrize("data", [b"no logo", encoded(noise(), "JPEG"), bomb(), bomb(3000), logo()[:-40]])
def test_a_logo_that_can_not_be_read_is_a_picture_error(data):
    """Of another format, damaged, or enormous."""
    with pytest.raises(PictureError):
        visible.mark(Image.new("RGB", (40, 30)), VisibleMark(text="", logo=data), phase=0)


def test_opacity_is_what_was_asked_for():
    """On black, white letters are as bright as that."""
    plain = Image.new("L", (400, 300), 0)

    for opacity in (0.25, 0.35):
        brightest = max(visible.mark(plain, VisibleMark(text="x", opacity=opacity), phase=0).getextrema())
        assert brightest == round(255 * opacity)


def test_in_the_colours_of_a_jpeg_file_it_looks_the_same():
    """Pictures that are encoded again are never turned into RGB for it, which would change every pixel."""
    plain = Image.linear_gradient("L").resize((300, 200)).convert("RGB")
    drawn = VisibleMark(text="© Jane Doe", logo=logo())

    other = visible.mark(plain.convert("YCbCr"), drawn, phase=1).convert("RGB")

    assert np.abs(np.asarray(other, int) - np.asarray(visible.mark(plain, drawn, phase=1), int)).max() <= 4


def test_letters_grow_with_the_picture():
    """In a large picture as in a small one, the same part of it is covered, up to its corners."""
    covered = []
    for width, height in ((600, 300), (4800, 2400)):
        plain = Image.new("L", (width, height), 90)
        changed = np.abs(np.asarray(visible.mark(plain, VisibleMark(text="© Jane Doe"), phase=0), int) - 90) > 8
        covered.append(changed.mean())
        for corner in (changed, changed[::-1], changed[:, ::-1], changed[::-1, ::-1]):
            assert corner[: height // 3, : width // 4].any()

    assert covered[0] == pytest.approx(covered[1], rel=0.3)
