import io
import json
import subprocess
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from guard.errors import PictureError
from guard.image.data_mining import EVERY_USE, Use
from guard.image.left_alone import Why
from guard.image.provenance import manifest, signer
from guard.image.rights import rewrite
from guard.store import picture_keys
from tests.image.test_rights import FAMILIES, RIGHTS
from tests.support.picture_files import avifs, jpegs, pixels, pngs, webps
from tests.support.pictures import encoded, noise, photograph
from tests.support.programs import missing, need

OTHER_KEY = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WebP": "image/webp", "AVIF": "image/avif"}
PLAIN = {"JPEG": jpegs, "PNG": pngs, "WebP": webps, "AVIF": avifs}


@pytest.fixture(scope="module")
def c2pa():
    """Return the library, which is an extra."""
    try:
        import c2pa
    except ImportError:
        missing("c2pa-python")
    return c2pa


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Return chain and key, made as `guard image certificate` makes them."""
    folder = tmp_path_factory.mktemp("keys")
    picture_keys.create(folder, "Jane Doe", now=datetime.now(UTC))
    return picture_keys.read(folder)


@pytest.fixture(scope="module")
def sign(c2pa, keys):
    """Return what signs."""
    return signer(*keys)


def read(c2pa, data, media_type, settings=None):
    """Return what the library's reader says of a file."""
    options = {"context": c2pa.Context.from_json(json.dumps(settings))} if settings else {}
    with c2pa.Reader(media_type, io.BytesIO(data), **options) as reader:
        return reader.get_validation_state(), json.loads(reader.json())


def labels(found):
    active = found["manifests"][found["active_manifest"]]
    return {one["label"]: one["data"] for one in active["assertions"]}


@pytest.mark.parametrize("family", TYPES)
def test_the_reader_takes_the_signature_and_both_assertions(c2pa, sign, family):
    """Valid, with the old and the new label, and the pixels are untouched."""
    data = next(reversed(PLAIN[family]().values()))

    made = rewrite(data, RIGHTS, strip=True, sign=sign)
    state, found = read(c2pa, made.body, TYPES[family])

    assert made.why is None, made.detail
    assert state == "Valid"
    assert labels(found)["cawg.training-mining"]["entries"]["cawg.ai_training"] == {"use": "notAllowed"}
    assert labels(found)["c2pa.training-mining"]["entries"]["c2pa.data_mining"] == {"use": "notAllowed"}
    assert pixels(made.body) == pixels(data)
    assert b"DMI-PROHIBITED-EXCEPTSEARCH" in made.body


def test_whoever_trusts_the_root_sees_a_trusted_signature(c2pa, keys, sign):
    """Without that the signer is unknown, and nothing else is wrong."""
    body = rewrite(photograph(), RIGHTS, strip=True, sign=sign).body
    trust = {"trust": {"user_anchors": keys[0].decode()}, "verify": {"verify_trust": True}}

    _, unknown = read(c2pa, body, "image/jpeg")
    state, _ = read(c2pa, body, "image/jpeg", trust)

    assert [one["code"] for one in unknown["validation_status"]] == ["signingCredential.untrusted"]
    assert state == "Trusted"


def test_one_changed_byte_is_noticed(c2pa, sign):
    """XMP first and the signature last: it covers both."""
    body = bytearray(rewrite(photograph(), RIGHTS, strip=True, sign=sign).body)
    body[body.index(b"EXCEPTSEARCH")] ^= 1

    assert read(c2pa, bytes(body), "image/jpeg")[0] == "Invalid"


def test_a_signed_file_keeps_its_provenance(c2pa, sign):
    """The manifest that was there becomes the parent's, and is valid there."""
    first = sign(photograph(), photograph(), "image/jpeg", EVERY_USE)

    made = rewrite(first, RIGHTS, strip=True, sign=sign)
    state, found = read(c2pa, made.body, "image/jpeg")

    active = found["manifests"][found["active_manifest"]]
    (parent,) = active["ingredients"]
    assert (state, len(found["manifests"])) == ("Valid", 2)
    assert parent["relationship"] == "parentOf"
    assert not [
        one
        for one in parent["validation_results"]["activeManifest"]["failure"]
        if one["code"] != "signingCredential.untrusted"
    ]


@pytest.mark.parametrize("family", TYPES)
def test_a_signed_file_stays_as_it_is_where_nobody_signs(sign, family):
    """A change would break the signature, and with it the proof of where the picture comes from."""
    signed = rewrite(FAMILIES[family], RIGHTS, strip=False, sign=sign).body

    made = rewrite(signed, RIGHTS, strip=True)

    assert (made.body, made.why) == (signed, Why.SIGNED)


def test_signing_again_without_a_reason_does_not_add_a_manifest(sign):
    """A folder is gone over twice."""
    once = rewrite(photograph(), RIGHTS, strip=True, sign=sign).body

    assert rewrite(once, RIGHTS, strip=True, sign=sign).body == once


def test_a_manifest_with_a_position_in_it_is_not_carried_on(sign):
    """As the parent's it would stay whole, position and all."""
    signed = sign(photograph(), photograph(), "image/jpeg", EVERY_USE)
    at = signed.index(b"cawg.training-mining")
    placed = signed[:at] + b"exif:GPSLatitude=48," + signed[at + 20 :]

    assert rewrite(placed, RIGHTS, strip=True, sign=sign).why is Why.SIGNED
    assert rewrite(placed, RIGHTS, strip=False, sign=sign).why is not Why.SIGNED


def test_datadiligence_is_told_no(sign):
    """The tool that data-set makers use reads the old label, and obeys."""
    datadiligence = pytest.importorskip("datadiligence")
    body = rewrite(photograph(), RIGHTS, strip=True, sign=sign).body

    assert datadiligence.is_allowed(name="file", body=body) is False


def test_exiftool_shows_the_entries(sign, tmp_path):
    """In JPEG and PNG; version 12.57 shows none in the other two."""
    for family in ("JPEG", "PNG"):
        file = tmp_path / family
        file.write_bytes(rewrite(FAMILIES[family], RIGHTS, strip=True, sign=sign).body)
        shown = subprocess.run(
            [need("exiftool"), "-s", "-JUMBF:all", file], capture_output=True, text=True, check=True, timeout=30
        ).stdout
        assert "EntriesCawgAi_TrainingUse       : notAllowed" in shown
        assert "EntriesC2PaData_MiningUse       : notAllowed" in shown


def test_no_thumbnail_is_made(sign):
    """It would cost fifty times as many bytes as all the rest."""
    data = encoded(noise(900, 700), "JPEG")

    assert len(rewrite(data, RIGHTS, strip=True, sign=sign).body) - len(data) < 7000


def test_the_manifest_says_what_the_statement_says():
    """Each of the four answers, in both vocabularies; mining is allowed only as a whole."""
    said = manifest(frozenset({Use.SEARCH, Use.AI_INPUT}))["assertions"]
    everything = manifest(EVERY_USE)["assertions"]

    assert said[0]["data"]["entries"]["cawg.ai_inference"]["use"] == "allowed"
    assert said[1]["data"]["entries"]["c2pa.ai_inference"]["use"] == "allowed"
    assert said[0]["data"]["entries"]["cawg.data_mining"]["use"] == "notAllowed"
    assert {entry["use"] for one in everything for entry in one["data"]["entries"].values()} == {"allowed"}


@pytest.mark.parametrize(
    ("chain", "key", "sentence"),
    [
        (b"no chain", None, "the certificate can not be used"),
        (None, b"no key", "the private key can not be read"),
        (None, OTHER_KEY, "the private key is not that of the first certificate"),
    ],
)
def test_keys_that_can_not_be_used_are_told_so(c2pa, keys, chain, key, sentence):
    """Before the first picture comes."""
    with pytest.raises(PictureError, match=sentence):
        signer(chain or keys[0], key or keys[1])
