import io
import json
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from guard.image import metadata
from guard.image.data_mining import ONLY_SEARCH, Use
from guard.image.left_alone import Why
from guard.image.privacy import Private
from guard.image.rights import rewrite
from guard.image.xmp import RightsPacket
from tests.support.picture_files import avifs, frames, generated, jpegs, pixels, pngs, real, webps
from tests.support.pictures import bomb, encoded, noise, photograph
from tests.support.programs import need

RIGHTS = RightsPacket(
    permitted=frozenset({Use.SEARCH}),
    constraints=(("x-default", "Mining is reserved."), ("de", "Nutzung vorbehalten.")),
    web_statement="https://photo.example/terms",
    usage_terms=(("x-default", "Ask rights@photo.example."),),
    licensor_name="Jane Doe",
    licensor_url="https://photo.example/licence",
    creator="Jane Doe",
    credit="Jane Doe/photo.example",
    notice="© Jane Doe",
)
GENERATED = generated()


def packet_of(data):
    with Image.open(io.BytesIO(data)) as image:
        found = image.info.get("xmp", b"")
    return found if isinstance(found, bytes) else found.encode()


@pytest.mark.parametrize("family", ["JPEG", "PNG", "WebP", "AVIF"])
def test_there_are_enough_files_of_each_format(family):
    """Sixty of each, or what follows says little."""
    assert sum(one == family for one, _, _ in GENERATED) >= 60


@pytest.mark.parametrize("strip", [True, False], ids=["strip", "keep"])
@pytest.mark.parametrize("data", [data for _, _, data in GENERATED], ids=[f"{f} {n}" for f, n, _ in GENERATED])
def test_the_pixels_of_a_generated_file_stay_what_they_were(data, strip):
    """Every frame decodes to the same bytes, with the same profile, and the rights are there."""
    made = rewrite(data, RIGHTS, strip=strip)

    assert made.why is None, made.detail
    assert pixels(made.body) == pixels(data)
    assert ONLY_SEARCH.encode() in made.body


@pytest.mark.parametrize("path", real(), ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")
def test_the_pixels_of_a_real_file_stay_what_they_were(path):
    """Whatever wrote it: either right, or the same bytes and a reason."""
    data = path.read_bytes()

    made = rewrite(data, RIGHTS, strip=True)

    assert made.body == data if made.why else b"DMI-PROHIBITED" in made.body
    assert _pixels_or_error(made.body) == _pixels_or_error(data)


def _pixels_or_error(data):
    """Some files are there to test decoders with, and can not be read."""
    try:
        return pixels(data)
    except (OSError, SyntaxError, ValueError) as error:
        return type(error)


@pytest.mark.parametrize("data", [data for _, _, data in GENERATED], ids=[f"{f} {n}" for f, n, _ in GENERATED])
def test_doing_it_twice_changes_nothing_more(data):
    """A folder can be gone over again and again, and the proxy may meet what was written before."""
    once = rewrite(data, RIGHTS, strip=True)

    twice = rewrite(once.body, RIGHTS, strip=True)

    assert twice.body == once.body
    assert (twice.added, twice.removed, twice.why) == ((), (), None)


@pytest.mark.parametrize("data", [data for _, _, data in GENERATED], ids=[f"{f} {n}" for f, n, _ in GENERATED])
def test_nothing_to_do_changes_nothing(data):
    """Without rights and with private data kept, it is the file itself."""
    assert rewrite(data, None, strip=False).body == data


FAMILIES = {
    "JPEG": photograph(),
    "PNG": pngs()["RGB with everything"],
    "WebP": webps()["RGB 121x83 lossy with everything"],
    "AVIF": avifs()["clear 121x83 with everything"],
}


@pytest.mark.parametrize("data", FAMILIES.values(), ids=FAMILIES.keys())
def test_place_and_serial_number_go_and_names_stay(data):
    """Also from the bytes: what is not referred to any more is not there any more."""
    assert b"SERIAL-4711" in data

    made = rewrite(data, RIGHTS, strip=True)

    exif = Image.open(io.BytesIO(made.body)).getexif()
    assert set(made.removed) == {Private.GPS, Private.SERIAL}
    assert b"SERIAL-4711" not in made.body
    assert not exif.get_ifd(0x8825)
    assert exif[0x8298].encode("latin-1").decode() == "© Jürgen Groß"


@pytest.mark.parametrize("data", FAMILIES.values(), ids=FAMILIES.keys())
def test_what_is_to_be_kept_is_kept(data):
    """With `privacy: keep` place and serial number stay."""
    made = rewrite(data, RIGHTS, strip=False)

    assert b"SERIAL-4711" in made.body
    assert made.removed == ()


@pytest.mark.parametrize("data", FAMILIES.values(), ids=FAMILIES.keys())
def test_what_the_picture_says_about_itself_is_believed(data):
    """Its notice, its web statement and its other properties stay; only gaps are filled."""
    found = packet_of(rewrite(data, RIGHTS, strip=True).body)

    said = metadata.read(found)
    assert said.notice == "© Jürgen Groß"
    assert said.web_statement == "https://photo.example/t"
    assert b"SecretTool" in found
    assert (said.creators, said.credit) == (("Jürgen Groß",), "Jane Doe/photo.example")
    assert said.constraints == "Mining is reserved."


ORIENTATIONS = range(1, 9)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("family", ["JPEG", "PNG", "WEBP"])
def test_the_picture_stays_the_right_way_up(family, orientation):
    """The orientation tag outlives the private ones beside it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[1] = "N"

    made = rewrite(encoded(noise(), family, exif=exif.tobytes()), RIGHTS, strip=True)

    assert made.removed == (Private.GPS,)
    assert Image.open(io.BytesIO(made.body)).getexif()[0x0112] == orientation


BROKEN = {
    "nothing": (b"", Why.NOT_SUPPORTED),
    "a page": (b"<!doctype html><title>x</title>", Why.NOT_SUPPORTED),
    "GIF": (encoded(noise(), "GIF"), Why.NOT_SUPPORTED),
    "TIFF": (encoded(noise(), "TIFF"), Why.NOT_SUPPORTED),
    "truncated JPEG": (photograph()[:-400], Why.DAMAGED),
    "JPEG without a picture": (photograph()[:600], Why.DAMAGED),
    "truncated PNG": (encoded(noise(), "PNG")[:-400], Why.DAMAGED),
    "truncated WebP": (encoded(noise(), "WEBP")[:-400], Why.DAMAGED),
    "truncated AVIF": (encoded(noise(), "AVIF")[:-400], Why.DAMAGED),
    "JPEG with an archive behind": (photograph() + b"PK\3\4" + bytes(range(256)), Why.TRAILING_DATA),
    "JPEG with a page behind": (photograph() + b"<script>alert(1)</script>", Why.TRAILING_DATA),
    "JPEG with a film behind": (photograph() + b"\0\0\0\x18ftypmp42" + bytes(100), Why.TRAILING_DATA),
    "PNG with a page behind": (encoded(noise(), "PNG") + b"<html>", Why.TRAILING_DATA),
    "WebP with a page behind": (encoded(noise(), "WEBP") + b"<html>", Why.TRAILING_DATA),
    "broken XMP": (photograph(xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF"), Why.BROKEN_XMP),
    "XMP with a document type": (photograph(xmp=b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"), Why.BROKEN_XMP),
    "XMP that is none": (photograph(xmp=b"<a>hello</a>"), Why.BROKEN_XMP),
    "broken EXIF": (photograph(exif=b"Exif\0\0II*\0\xff\xff\0\0"), Why.BROKEN_EXIF),
    "EXIF that is none": (photograph(exif=b"Exif\0\0what is this"), Why.BROKEN_EXIF),
}


@pytest.mark.parametrize(("data", "why"), BROKEN.values(), ids=BROKEN.keys())
def test_what_can_not_be_done_rightly_is_not_done(data, why):
    """The same bytes, and the reason."""
    made = rewrite(data, RIGHTS, strip=True)

    assert made.body == data
    assert made.why is why, made.detail


def several():
    out = io.BytesIO()
    noise().save(out, "MPO", save_all=True, append_images=[noise(60, 40)])
    return out.getvalue()


FOLLOWED = {
    "JPEG with a film behind": photograph() + b"\0\0\0\x18ftypmp42" + bytes(100),
    "JPEG with a JPEG behind": photograph() + photograph(),
    "several pictures": several(),
    "PNG with a page behind": encoded(noise(), "PNG") + b"<html>",
    "WebP with a page behind": encoded(noise(), "WEBP") + b"<html>",
}


@pytest.mark.parametrize("strip", [True, False], ids=["private data goes", "private data stays"])
@pytest.mark.parametrize("data", FOLLOWED.values(), ids=FOLLOWED.keys())
def test_the_first_picture_can_be_taken_alone(data, strip):
    """For copies: the rights go in, and nothing that followed is there any more; the pixels are the same."""
    made = rewrite(data, RIGHTS, strip=strip, first_alone=True)

    assert made.why is None
    assert Private.TRAILING in made.removed
    assert "plus:OtherConstraints" in made.added
    alone = rewrite(made.body, None, strip=True, first_alone=True)
    assert Private.TRAILING not in alone.removed
    with Image.open(io.BytesIO(made.body)) as image:
        assert getattr(image, "n_frames", 1) == 1
        assert image.tobytes() == Image.open(io.BytesIO(data)).tobytes()


def test_a_picture_that_nothing_follows_stays_as_it_is():
    """To take it alone is then nothing to do."""
    data = encoded(noise(), "JPEG")

    assert rewrite(data, None, strip=True, first_alone=True).body is data


def test_a_picture_of_enormous_size_is_no_different():
    """60000 × 60000 pixels are never decoded."""
    assert rewrite(bomb(), RIGHTS, strip=True).why is None


def test_two_megabytes_of_metadata_are_carried_along():
    """Forty full segments of a profile, and comments beside it."""
    segment = b"\xff\xfe" + (65535).to_bytes(2, "big") + b"c" * 65533
    data = photograph()
    data = data[:2] + segment * 32 + data[2:]

    made = rewrite(data, RIGHTS, strip=True)

    assert made.why is None
    assert pixels(made.body) == pixels(data)
    assert made.body.count(segment) == 32


def test_a_polyglot_whose_head_is_a_picture_stays_as_it_is():
    """HTML in a comment is a comment; HTML behind the end is unknown data."""
    data = photograph(comment=b"<html><script>alert(1)</script>")

    assert b"<script>" in rewrite(data, RIGHTS, strip=True).body
    assert rewrite(data + b"<html>", RIGHTS, strip=True).body == data + b"<html>"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_never_raise_and_never_half_change(data):
    """Flipped, cut and inserted bytes anywhere: an answer in any case, and the same bytes where there is a reason."""
    source = bytearray(data.draw(st.sampled_from(sorted(FAMILIES.values()))))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(source) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "insert"])):
            case "flip":
                source[at] = data.draw(st.integers(0, 255))
            case "cut":
                del source[at : at + data.draw(st.integers(1, 9))]
            case _:
                source[at:at] = data.draw(st.binary(min_size=1, max_size=9))

    made = rewrite(bytes(source), RIGHTS, strip=data.draw(st.booleans()))

    assert made.why is None or made.body == bytes(source)


@pytest.mark.parametrize("family", FAMILIES)
def test_exiftool_reads_every_property(family, tmp_path):
    """An independent reader, which also says what it dislikes; private data is gone for it too."""
    file = tmp_path / f"picture.{family.lower()}"
    clean = {"JPEG": jpegs, "PNG": pngs, "WebP": webps, "AVIF": avifs}[family]()
    for data in (FAMILIES[family], next(reversed(clean.values()))):
        file.write_bytes(rewrite(data, RIGHTS, strip=True).body)
        out = subprocess.run(
            [need("exiftool"), "-j", "-G1", "-a", "-struct", file], capture_output=True, check=True, timeout=30
        ).stdout
        (found,) = json.loads(out)

        assert found["XMP-plus:DataMining"] == ONLY_SEARCH
        assert found["XMP-plus:OtherConstraints"] == "Mining is reserved."
        assert found["XMP-plus:OtherConstraints-de"] == "Nutzung vorbehalten."
        assert found["XMP-xmpRights:UsageTerms"] == "Ask rights@photo.example."
        assert found["XMP-xmpRights:Marked"] is True
        assert found["XMP-plus:Licensor"] == [
            {"LicensorName": "Jane Doe", "LicensorURL": "https://photo.example/licence"}
        ]
        assert not {name for name in found if "GPS" in name or "Serial" in name or "Warning" in name}


@pytest.mark.parametrize("family", ["JPEG", "PNG", "WebP", "AVIF"])
def test_pillow_reads_the_packet_as_xmp(family):
    """Whoever uses Pillow's own reader finds the value too."""
    with Image.open(io.BytesIO(rewrite(FAMILIES[family], RIGHTS, strip=True).body)) as image:
        assert ONLY_SEARCH in str(image.getxmp())


def test_an_animation_keeps_all_its_frames():
    """Three are three afterwards."""
    for family in ("PNG", "WEBP", "AVIF"):
        with Image.open(io.BytesIO(rewrite(frames(family, (64, 48)), RIGHTS, strip=True).body)) as image:
            assert image.n_frames == 3
