"""A manifest that does not fit its picture is told from one that does."""

import pytest

from guard.exporter.manifest_check import manifest_faults
from tests.support.manifests import signed

LABELS = ("c2pa.training-mining",)


def test_a_manifest_of_an_unknown_signer_is_no_fault():
    """A photographer's own certificate is one."""
    assert manifest_faults(signed("image/jpeg", LABELS, source=True), "image/jpeg") == ()


def test_a_picture_changed_after_signing_is_told():
    """As when metadata are written afterwards."""
    body = bytearray(signed("image/jpeg", LABELS, source=True))
    body[-100] ^= 1

    assert manifest_faults(bytes(body), "image/jpeg") == ("assertion.dataHash.mismatch",)


def test_a_manifest_without_a_proper_first_action_is_told():
    """What a program writes that signs again without the intent to edit."""
    assert manifest_faults(signed("image/jpeg", LABELS), "image/jpeg") == ("assertion.action.malformed",)


@pytest.mark.parametrize(("body", "media_type"), [(b"", "image/jpeg"), (b"\xff\xd8nothing", "image/jpeg"), (b"x", "?")])
def test_what_can_not_be_judged_is_no_fault(body: bytes, media_type: str):
    """Nobody is accused for want of knowledge."""
    assert manifest_faults(body, media_type) == ()
