import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")

import cv2

from guard.image.luma import luma_of
from guard.image.registration import Found, Reference, agreement, features, hypotheses
from tests.support.pictures import encoded, scenery

PICTURE = scenery(1200, 900)
REFERENCE = Reference(luma_of(encoded(PICTURE, "PNG")))


def found(picture):
    return Found(luma_of(encoded(picture, "PNG")))


def test_a_part_is_found_where_it_was():
    """Its corner is at the pixel it was cut from."""
    part = found(PICTURE.crop((200, 300, 800, 700)).resize((300, 200)))

    best = hypotheses(part, REFERENCE)[0]

    corner = best.map @ [-0.5, -0.5, 1]
    assert corner[:2] / corner[2] == pytest.approx([199.5, 299.5], abs=1.5)
    assert agreement(part.luma, REFERENCE, best) > 0.95


def test_a_mirrored_part_is_known_as_such():
    """Its features fit only in the mirror."""
    part = found(PICTURE.crop((200, 300, 800, 700)).transpose(Image.Transpose.FLIP_LEFT_RIGHT))

    assert hypotheses(part, REFERENCE)[0].mirrored


def test_correlation_helps_where_there_are_no_features():
    """A blurred sky has none."""
    blurred = PICTURE.resize((40, 30)).resize((1200, 900), Image.Resampling.BICUBIC)
    reference = Reference(luma_of(encoded(blurred, "PNG")))
    part = found(blurred.resize((300, 225)))

    best = max(hypotheses(part, reference), key=lambda one: agreement(part.luma, reference, one))

    assert agreement(part.luma, reference, best) > 0.95


def test_the_square_in_the_middle_needs_no_features():
    """Data sets are made so: a quiet picture's few features would place it only nearly."""
    blurred = PICTURE.resize((8, 6)).resize((1200, 900), Image.Resampling.BICUBIC)
    reference = Reference(luma_of(encoded(blurred, "PNG")))
    part = found(blurred.crop((150, 0, 1050, 900)).resize((256, 256)))

    corners = [one.map @ [-0.5, -0.5, 1] for one in hypotheses(part, reference)]

    assert any(corner == pytest.approx([149.5, -0.5, 1]) for corner in corners)


def test_absurd_maps_agree_with_nothing():
    """Collapsed, turned inside out, or far away."""
    part = found(PICTURE.resize((300, 225)))
    hypothesis = hypotheses(part, REFERENCE)[0]

    for matrix in (np.zeros((3, 3)), np.diag([1e-6, 1e-6, 1.0]), np.array([[4, 0, 9e6], [0, 4, 9e6], [0, 0, 1.0]])):
        absurd = type(hypothesis)(map=matrix, mirrored=False, inliers=9)
        assert agreement(part.luma, REFERENCE, absurd) == -1.0


def test_a_flat_picture_matches_nothing():
    """And breaks nothing."""
    flat = io.BytesIO()
    Image.new("RGB", (300, 200), "grey").save(flat, "PNG")

    assert hypotheses(Found(luma_of(flat.getvalue())), REFERENCE) == []


def test_the_strongest_features_come_first():
    """An index over many originals takes the first ones."""
    luma = np.asarray(scenery(400, 300, seed=3).convert("L"))
    points, descriptors = cv2.SIFT_create(700, contrastThreshold=0.008).detectAndCompute(luma, None)
    strength = {row.tobytes(): point.response for row, point in zip(descriptors, points, strict=True)}

    told = [strength[row.tobytes()] for row in features(luma).descriptors]

    assert len(told) > 100
    assert told == sorted(told, reverse=True)
