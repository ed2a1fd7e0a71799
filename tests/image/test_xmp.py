import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import LeftAloneError
from guard.image import metadata, xmp
from guard.image.data_mining import NO_TRAINING, ONLY_SEARCH, PROHIBITED, Use
from guard.image.privacy import Private
from guard.image.xmp import merge
from tests.image.test_rights import RIGHTS

LIGHTROOM = b"""\xef\xbb\xbf<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><!-- a comment --><rdf:Description rdf:about="uuid:1"
  xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
  xmlns:exifEX="http://cipa.jp/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
  xmlns:drone="http://www.dji.com/drone-dji/1.0/" xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
  xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#"
  aux:SerialNumber = "BODY-1" aux:Lens="50 mm" aux:LensSerialNumber='LENS-"2"' exif:GPSLatitude="48,8N"
  exifEX:CameraOwnerName="Jim &gt; Jane" drone:GpsLongtitude="+11" drone:DroneSerialNumber="DR-3" xmp:Rating="5">
  <exif:GPSLongitude>11,3E</exif:GPSLongitude>
  <exif:ExposureTime>1/100</exif:ExposureTime>
  <exif:MakerNote>SECRET-4</exif:MakerNote>
  <xmp:Thumbnails><rdf:Alt><rdf:li>BASE64</rdf:li></rdf:Alt></xmp:Thumbnails>
  <ext:LocationCreated><rdf:Bag><rdf:li rdf:parseType="Resource"><ext:City>Munich</ext:City>
   <exif:GPSAltitude>500/1</exif:GPSAltitude><geo:lat>48</geo:lat></rdf:li></rdf:Bag></ext:LocationCreated>
 </rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
SECRETS = (
    b"BODY-1",
    b"LENS-",
    b"48,8N",
    b"11,3E",
    b"Jim",
    b"+11",
    b"DR-3",
    b"SECRET-4",
    b"BASE64",
    b"500/1",
    b"geo:lat>",
)
KEPT = (b"a comment", b'aux:Lens="50 mm"', b'xmp:Rating="5"', b"1/100", b"Munich", b"Adobe XMP Core 7.0")


def packet(inner, attributes=""):
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in metadata.NAMESPACES.items())
    return (
        f"<x:xmpmeta {declared}><rdf:RDF><rdf:Description rdf:about='' {attributes}>{inner}"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def test_what_is_private_goes_at_any_depth_and_the_rest_stays_as_it_was_written():
    """Attributes, elements and members of structures, whatever program's they are."""
    made = merge(LIGHTROOM, RIGHTS, strip=True)

    assert [secret for secret in SECRETS if secret in made.packet] == []
    assert [kept for kept in KEPT if kept not in made.packet] == []
    assert made.removed == set(Private) - {Private.TRAILING}, "what follows a file is in no packet"
    assert metadata.read(made.packet).data_mining == ONLY_SEARCH
    assert made.packet.count(b"uuid:1") == 2  # one resource, described twice


def test_what_is_private_stays_where_it_may():
    """Only the new description is added."""
    made = merge(LIGHTROOM, RIGHTS, strip=False)

    assert all(secret in made.packet for secret in SECRETS)
    assert made.removed == frozenset()


def test_what_exists_is_believed_and_only_gaps_are_filled():
    """Creator, credit, notice, statement, terms and licensor of the picture are not ours to change."""
    theirs = packet(
        "<dc:creator><rdf:Seq><rdf:li>Max</rdf:li></rdf:Seq></dc:creator>"
        "<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>© Max</rdf:li></rdf:Alt></dc:rights>"
        "<plus:Licensor><rdf:Seq><rdf:li rdf:parseType='Resource'><plus:LicensorURL>https://max.example</plus:LicensorURL>"
        "</rdf:li></rdf:Seq></plus:Licensor>",
        "photoshop:Credit='Max/Agency' xmpRights:WebStatement='https://max.example/t' xmpRights:Marked='True'",
    )

    made = merge(theirs, RIGHTS, strip=True)

    assert made.added == ("plus:DataMining", "plus:OtherConstraints", "xmpRights:UsageTerms")
    assert b"Jane Doe" not in made.packet


def test_an_empty_property_is_a_gap():
    """Editors write empty ones; there must not be two of a name afterwards."""
    made = merge(packet("<dc:rights><rdf:Alt/></dc:rights>", "photoshop:Credit=''"), RIGHTS, strip=True)

    assert metadata.read(made.packet).notice == "© Jane Doe"
    assert made.packet.count(b"<photoshop:Credit>") == 1


@pytest.mark.parametrize(
    ("said", "result"), [(PROHIBITED, PROHIBITED), (NO_TRAINING, ONLY_SEARCH), (ONLY_SEARCH, ONLY_SEARCH)]
)
@pytest.mark.parametrize("form", ["attribute", "element", "resource"])
def test_the_stricter_reservation_holds(said, result, form):
    """However it was written, there is one value afterwards."""
    given = {
        "attribute": packet("", f"plus:DataMining='{said}'"),
        "element": packet(f"<plus:DataMining>{said}</plus:DataMining>"),
        "resource": packet(f"<plus:DataMining rdf:resource='{said}'/>"),
    }[form]

    made = merge(given, RIGHTS, strip=True)

    assert metadata.read(made.packet).data_mining == result
    assert made.packet.count(b"DMI-") == 1


def test_words_on_constraints_are_joined():
    """Theirs first, in their languages; ours once, however often it is done."""
    theirs = packet(
        "<plus:OtherConstraints><rdf:Alt><rdf:li xml:lang='x-default'>No print.</rdf:li>"
        "<rdf:li xml:lang='fr'>Pas d’impression.</rdf:li></rdf:Alt></plus:OtherConstraints>"
    )

    once = merge(theirs, RIGHTS, strip=True)
    twice = merge(once.packet, RIGHTS, strip=True)

    assert metadata.read(once.packet).constraints == "No print. Mining is reserved."
    assert "Pas d’impression.".encode() in once.packet
    assert (twice.changed, twice.packet) == (False, once.packet)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_other_encodings_become_utf_8(encoding):
    """JPEG and PNG allow nothing else."""
    source = LIGHTROOM[3:].decode()
    source = source if encoding == "utf-16" else source.replace("<?xpacket", "<?xpacket", 1)

    made = merge(source.encode(encoding), RIGHTS, strip=True)

    assert [secret for secret in SECRETS if secret in made.packet] == []
    assert "© Jane Doe".encode() in made.packet


def test_values_are_escaped():
    """A name can not become markup, nor a character that XML can not carry break the packet."""
    said = RIGHTS.__class__(permitted=frozenset({Use.SEARCH}), creator="A<b>&\x00\ufffe\"'", notice="]]>")

    assert metadata.read(merge(b"", said, strip=True).packet).creators == ("A<b>&\"'",)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<x:xmpmeta", id="torn"),
        pytest.param(b"<a/>", id="no RDF"),
        pytest.param(packet("&undefined;"), id="an entity"),
        pytest.param(b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + packet(""), id="a document type"),
        pytest.param(packet("<dc:a>" * 300 + "</dc:a>" * 300), id="too deep"),
        pytest.param(b"\xff\xfe<\0", id="odd UTF-16"),
        pytest.param("<!DOCTYPE x>".encode("utf-16"), id="a document type in UTF-16"),
        pytest.param(packet("").replace(b"utf", b"x").replace(b"rdf:RDF>", b"rdf:RDF/>", 1), id="unbalanced"),
    ],
)
def test_a_packet_that_can_not_be_read_is_an_error(data):
    """It is not replaced: that would lose what is in it."""
    with pytest.raises(LeftAloneError):
        merge(data, RIGHTS, strip=True)


def test_white_space_is_no_packet():
    """Some programs leave padding only."""
    assert merge(b"\0 \n\0", RIGHTS, strip=True).packet == merge(b"", RIGHTS, strip=True).packet


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(LIGHTROOM) - 1), st.binary(max_size=8))
def test_a_hostile_packet_is_merged_or_refused(at, junk):
    """Nothing else is ever raised, and what comes out can be read again."""
    with contextlib.suppress(LeftAloneError):
        made = merge(LIGHTROOM[:at] + junk + LIGHTROOM[at + len(junk) :], RIGHTS, strip=True)
        assert xmp.merge(made.packet, RIGHTS, strip=True).packet == made.packet
