import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.image import metadata
from guard.image.metadata import Rights, packet, read

TEXT = st.text(st.characters(exclude_categories=("C", "Z")), max_size=30)
ATTRIBUTES = b"""<?xpacket begin=''?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"
 xmpRights:WebStatement="https://a.example/t"><dc:rights><rdf:Alt><rdf:li xml:lang="de">zwei</rdf:li>
<rdf:li xml:lang="x-default">one</rdf:li></rdf:Alt></dc:rights></rdf:Description></rdf:RDF></x:xmpmeta>"""


@given(TEXT, st.lists(TEXT.filter(bool), max_size=4), TEXT, TEXT)
def test_rights_are_read_as_they_were_written(notice, creators, terms, constraints):
    """A packet made of rights gives the same rights back."""
    rights = Rights(notice=notice, creators=tuple(creators), web_statement=terms, constraints=constraints)

    assert read(packet(rights)) == rights


def test_other_programs_forms_are_understood():
    """Properties as attributes, and the default language first, whatever the order."""
    rights = read(ATTRIBUTES)

    assert rights.data_mining == "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"
    assert rights.web_statement == "https://a.example/t"
    assert rights.notice == "one"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<x:xmpmeta", id="torn"),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + ATTRIBUTES.replace(b"one", b"&b;"),
            id="entities",
        ),
        pytest.param(
            b'<!DOCTYPE q:RDF [<!ENTITY a "aaaaaaaa">]>'
            + ATTRIBUTES[ATTRIBUTES.index(b"<rdf:RDF") : ATTRIBUTES.index(b"</x:")]
            .replace(b"rdf:", b"q:")
            .replace(b"xmlns:rdf", b"xmlns:q")
            .replace(b"one", b"&a;"),
            id="entities under other prefixes",
        ),
        pytest.param(ATTRIBUTES.replace(b"one", b"&undefined;"), id="undefined entity"),
        pytest.param(ATTRIBUTES + b" " * metadata.MAX_PACKET, id="too long"),
        pytest.param("<!DOCTYPE x>".encode("utf-16"), id="utf-16 with a document type"),
    ],
)
def test_a_packet_that_can_not_be_read_is_one_without_rights(data):
    """Nothing expands, nothing raises."""
    assert read(data) == Rights()


@given(st.binary(max_size=200))
def test_hostile_packets_never_raise(data):
    """Any bytes are answered."""
    read(data)
    read(ATTRIBUTES[:300] + data)


def test_no_rights_make_no_packet():
    """A picture that says nothing gets nothing said."""
    assert packet(Rights()) == b""


def test_characters_that_xml_can_not_carry_are_left_out():
    """A control character in a name does not make the packet unreadable."""
    assert read(packet(Rights(notice="a\x00b\ufffe<&>"))).notice == "ab<&>"
