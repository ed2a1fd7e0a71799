"""What a picture carries is found where other programs put it."""

import io
import json
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from guard.reservation.read_picture import read_c2pa, read_xmp
from guard.reservation.reading import Answer, Carrier, Question
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


def _chain() -> tuple[bytes, bytes]:
    """Return a certificate chain for signing, and its key, as PEM."""
    now = datetime.now(UTC)

    def certificate(
        name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey, ca: bool
    ):
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=9))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign"), False
        ) | {"encipher_only": False, "decipher_only": False}
        builder = builder.add_extension(
            x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, **usage), critical=True
        )
        if not ca:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    root, end = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    key = end.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate("end", end, "root", root, False) + certificate("root", root, "root", root, True), key


def signed(form: str, labels: tuple[str, ...], *, thumbnail: bool = False, use: str = "notAllowed") -> bytes:
    """Return a picture that c2pa-python has signed with training-mining assertions."""
    c2pa = pytest.importorskip("c2pa")
    chain, key = _chain()
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, chain, key, None))
    kinds = ("data_mining", "ai_inference", "ai_generative_training", "ai_training")
    assertions = [
        {"label": label, "data": {"entries": {f"{label.partition('.')[0]}.{kind}": {"use": use} for kind in kinds}}}
        for label in labels
    ]
    actions = {"label": "c2pa.actions", "data": {"actions": [{"action": "c2pa.created"}]}}
    manifest = {"claim_generator": "test", "format": form, "assertions": [actions, *assertions]}
    source, target = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (64, 48)).save(source, form.partition("/")[2].upper())
    source.seek(0)
    settings = (
        f'{{"builder":{{"thumbnail":{{"enabled":{str(thumbnail).lower()}}}}},"verify":{{"verify_after_sign":false}}}}'
    )
    with c2pa.Context.from_json(settings) as context:
        c2pa.Builder.from_json(json.dumps(manifest), context=context).sign(signer, form, source, target)
    return target.getvalue()


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
