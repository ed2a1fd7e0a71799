import io
from functools import cache

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")

from guard.image.mark import copy_for
from guard.image.originals import Originals
from guard.image.trace import threshold
from guard.image.tracer import CHART, Agreement, Tracer
from guard.image.visible_mark import VisibleMark
from tests.support.pictures import encoded, packed, scenery

OLD, NEW = b"o" * 32, b"n" * 32
IDS = [index.to_bytes(8, "big") for index in range(60)]
ISSUED = 21


@cache
def served(seed):
    return encoded(scenery(960, 640, seed=seed), "JPEG", quality=88)


DRAWN = VisibleMark(text="© Jane Doe · photo.example", opacity=0.35)


def tracer(visible_marks=()):
    originals = Originals()
    for seed in (1, 2):
        originals.add(f"{seed}.jpg", served(seed), lambda seed=seed: served(seed))
    return Tracer(originals, [OLD, NEW], IDS, visible_marks)


def found(seed, key=NEW, side=320, drawn=None):
    copy = Image.open(io.BytesIO(copy_for(packed(served(seed), key, visible_mark=drawn), key, IDS[ISSUED])))
    return encoded(copy.crop((160, 0, 800, 640)).resize((side, side), Image.Resampling.BICUBIC), "JPEG", quality=80)


@pytest.mark.parametrize("key", [OLD, NEW])
def test_the_key_that_marked_is_told_from_the_others(key):
    """Copies that were marked before a key was changed can be traced: a wrong key finds as much, but no id."""
    mine = tracer()

    seen = mine.look(found(1, key))

    assert (seen.original, [OLD, NEW][seen.key], seen.agreement.winner) == ("1.jpg", key, ISSUED)
    assert seen.agreement.z > mine.threshold()


def test_a_copy_that_has_a_visible_mark_too_is_traced():
    """With the original alone, and better where it is known what was drawn on it."""
    picture = found(1, drawn=DRAWN)
    without, knowing = tracer(), tracer([DRAWN])

    seen, better = without.look(picture), knowing.look(picture)

    assert seen.agreement.winner == better.agreement.winner == ISSUED
    assert seen.agreement.z > without.threshold()
    assert better.agreement.z > seen.agreement.z
    assert knowing.pairs == 2 * without.pairs
    assert knowing.look(found(2)).agreement.z > knowing.threshold(), "a copy without one"


def test_every_pair_counts():
    """Each original with each key is a try of its own, and so are all pictures together."""
    mine = tracer()
    for seed in (1, 2):
        mine.look(found(seed))
    before = mine.pairs

    together = mine.together()

    assert before >= 4
    assert mine.pairs == before + 2
    assert mine.threshold() == threshold(len(IDS), before + 2)
    assert together.winner == ISSUED
    assert together.z > 25


def test_two_sizes_of_one_copy_are_no_two_proofs():
    """They carry the same chips; only another original adds to what one says."""
    mine = tracer()
    alone = mine.look(found(1)).agreement.z
    mine.look(found(1, side=300))

    assert mine.together().z < 1.1 * alone


def test_of_one_picture_there_is_nothing_together():
    """Nor of none."""
    mine = tracer()
    mine.look(found(1))

    assert mine.together() is None


def test_the_other_ids_are_counted_for_the_chart():
    """All but the winner; what lies beyond its edges is in the outer bins."""
    said = Agreement.of(np.array([0.1, 24.0, -9.0, 0.1]))

    assert (said.winner, said.z, said.next) == (1, 24.0, 0.1)
    assert said.others.sum() == 3
    assert said.others[0] == 1
    assert said.others[np.searchsorted(CHART, 0.1) - 1] == 2
    assert Agreement.of(np.array([3.0])).next is None
