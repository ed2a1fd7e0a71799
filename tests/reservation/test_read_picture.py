"""What a picture carries is found where other programs put it."""

import io
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from guard.reservation.read_picture import read_c2pa, read_xmp
from guard.reservation.reading import Answer, Carrier, Question
from tests.support.manifests import signed
from tests.support.shaped_site import PACKET, picture

WHERE = "https://photo.example/one.jpg"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_packet_is_found_in_every_format(form: str):
    """Written by Pillow, into whatever place the format has for it."""
    buffer = io.BytesIO()
    packet = PACKET.replace("{term}", "DMI-PROHIBITED")
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", packet)
    place = {"pnginfo": text} if form == "PNG" else {"xmp": packet.encode()}
    Image.new("RGB", (32, 24)).save(buffer, form, **place)

    mining, rights = read_xmp(buffer.getvalue(), WHERE)

    assert mining.answers == dict.fromkeys(Question, Answer.RESERVED)
    assert (rights.carrier, rights.flaws) == (Carrier.XMP_RIGHTS, ())


def test_a_picture_without_a_packet_says_nothing():
    """It is not broken either."""
    assert read_xmp(picture(packet=""), WHERE) == ()


@pytest.mark.parametrize("form", ["image/jpeg", "image/png", "image/webp", "image/avif"])
def test_a_manifest_is_read_in_every_format(form: str):
    """Signed by c2pa-python, read here without it."""
    reading = read_c2pa(signed(form, ("c2pa.training-mining", "cawg.training-mining")), WHERE)

    assert reading is not None
    assert reading.flaws == ()
    assert reading.answers == dict.fromkeys((Question.TRAIN, Question.AI_USE, Question.TDM), Answer.RESERVED)


def test_a_manifest_with_the_new_label_only_is_named():
    """datadiligence reads the old label and would take the picture."""
    reading = read_c2pa(signed("image/jpeg", ("cawg.training-mining",), thumbnail=True), WHERE)

    assert reading is not None
    assert [flaw.id for flaw in reading.flaws] == ["c2pa-new-label-only", "c2pa-thumbnail"]


def test_a_manifest_may_permit_or_be_silent():
    """What is allowed is no reservation, and neither is a manifest about something else."""
    allowed = read_c2pa(signed("image/jpeg", ("c2pa.training-mining",), use="allowed"), WHERE)
    silent = read_c2pa(signed("image/jpeg", ()), WHERE)

    assert allowed is not None
    assert set(allowed.answers.values()) == {Answer.PERMITTED}
    assert silent is not None
    assert [flaw.id for flaw in silent.flaws] == ["c2pa-says-nothing"]


@cache
def _signed_once() -> bytes:
    return signed("image/jpeg", ("c2pa.training-mining",))


@given(st.data())
def test_a_damaged_picture_never_ends_the_audit(data: st.DataObject):
    """A byte changed anywhere, or the end cut off."""
    body = bytearray(_signed_once())
    for _ in range(3):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(body[: data.draw(st.integers(1, len(body)))])

    read_xmp(cut, WHERE)
    reading = read_c2pa(cut, WHERE)

    assert reading is None or reading.carrier is Carrier.C2PA
