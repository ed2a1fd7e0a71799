import io
from hashlib import md5

import pytest
from PIL import Image

from guard.image import metadata
from guard.image.left_alone import Why
from guard.image.privacy import Private
from guard.image.rights import rewrite
from tests.image.test_rights import RIGHTS
from tests.support.picture_files import SRGB, pixels
from tests.support.pictures import encoded, noise, photograph


def segment(marker, payload):
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def with_segments(*segments, data=None):
    data = data or encoded(noise(), "JPEG")
    return data[:2] + b"".join(segments) + data[2:]


def extended(content, guid=None):
    """Return the segments of an extended packet, and the standard packet that names it."""
    guid = guid or md5(content, usedforsecurity=False).hexdigest().upper().encode()
    head = b"http://ns.adobe.com/xmp/extension/\0" + guid + len(content).to_bytes(4, "big")
    pieces = [
        segment(0xE1, head + at.to_bytes(4, "big") + content[at : at + 40000]) for at in range(0, len(content), 40000)
    ]
    main = metadata.packet(metadata.Rights(notice="© Ada")).replace(
        b'rdf:about=""',
        b'rdf:about="" xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="' + guid + b'"',
    )
    return [segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + main), *pieces]


def depth_map(inner):
    return (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        b"<rdf:Description rdf:about='' xmlns:g='http://ns.google.com/photos/1.0/depthmap/' "
        b"xmlns:exif='http://ns.adobe.com/exif/1.0/'>" + inner + b"<g:Data>" + b"A" * 90000 + b"</g:Data>"
        b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def extension(data):
    """Return digest and content of the extended packet."""
    pieces, guid, position = {}, b"", 2
    while data[position + 1] != 0xDA:
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        payload = data[position + 4 : position + 2 + length]
        if payload.startswith(b"http://ns.adobe.com/xmp/extension/\0"):
            guid = payload[35:67]
            pieces[int.from_bytes(payload[71:75], "big")] = payload[75:]
        position += 2 + length
    return guid, b"".join(content for _, content in sorted(pieces.items()))


def test_an_extended_packet_stays():
    """A depth map of 90 kB is carried on, and the standard packet still names it."""
    content = depth_map(b"")
    data = with_segments(*extended(content))

    made = rewrite(data, RIGHTS, strip=True)

    guid, kept = extension(made.body)
    assert made.why is None
    assert kept == content
    assert b'HasExtendedXMP="' + guid in made.body


def test_private_data_goes_from_an_extended_packet_too():
    """Its digest is its name, so it gets another one in both places."""
    data = with_segments(*extended(depth_map(b"<exif:GPSLatitude>48</exif:GPSLatitude>")))

    made = rewrite(data, RIGHTS, strip=True)

    guid, kept = extension(made.body)
    assert made.removed == (Private.GPS,)
    assert b"GPSLatitude" not in made.body
    assert guid == md5(kept, usedforsecurity=False).hexdigest().upper().encode()
    assert b'HasExtendedXMP="' + guid in made.body
    assert rewrite(made.body, RIGHTS, strip=True).body == made.body


def test_an_extended_packet_with_gaps_is_left_alone():
    """What is missing can not be looked through."""
    standard, *pieces = extended(depth_map(b""))

    assert rewrite(with_segments(standard, *pieces[:-1]), RIGHTS, strip=True).why is Why.BROKEN_XMP


def test_two_packets_are_left_alone():
    """Which of the two counts, nobody has said."""
    one = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + metadata.packet(metadata.Rights(notice="x")))

    assert rewrite(with_segments(one, one), RIGHTS, strip=True).why is Why.TWICE


def test_what_pictures_are_shown_by_stays():
    """Colour profile, gain map description, Adobe's transform, comment."""
    kept = (
        segment(0xE2, b"ICC_PROFILE\0\1\1" + SRGB),
        segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0" + bytes(9)),
        segment(0xEE, b"Adobe\0\x64\0\0\0\0\1"),
        segment(0xFE, b"a comment"),
    )

    made = rewrite(with_segments(*kept), RIGHTS, strip=True)

    assert all(one in made.body for one in kept)


def test_vendors_segments_and_small_pictures_go():
    """What only a maker's programs read can hold anything; JFIF's thumbnail is one too."""
    private = (
        segment(0xE5, b"SAMSUNG PREVIEW"),
        segment(0xE4, b"QVCI"),
        segment(0xE1, b"FLIR\0"),
        segment(0xE0, b"JFXX\0\x10THUMB"),
    )
    data = with_segments(*private)
    jfif = data.index(b"JFIF\0")
    data = data[: jfif - 2] + (16 + 3).to_bytes(2, "big") + data[jfif : jfif + 12] + b"\1\1RGB" + data[jfif + 14 :]

    made = rewrite(data, RIGHTS, strip=True)

    assert made.removed == (Private.MAKER_NOTES, Private.THUMBNAIL)
    assert not [one for one in (b"SAMSUNG", b"QVCI", b"FLIR", b"THUMB", b"\1\1RGB") if one in made.body]
    assert pixels(made.body) == pixels(data)


def resource(number, content):
    return (
        b"8BIM"
        + number.to_bytes(2, "big")
        + b"\0\0"
        + len(content).to_bytes(4, "big")
        + content
        + bytes(len(content) % 2)
    )


def data_set(number, content):
    return b"\x1c\x02" + bytes((number,)) + len(content).to_bytes(2, "big") + content


def test_iptc_stays_and_fills_the_gaps_of_xmp():
    """An agency's picture that names its owner only there keeps the name; thumbnails beside it go."""
    iim = data_set(80, b"Ada Example") + data_set(116, "© Ada".encode()) + data_set(120, b"A caption")
    photoshop = resource(0x0404, iim) + resource(0x040C, b"THUMB") + resource(0x03ED, b"resolution")
    data = with_segments(segment(0xED, b"Photoshop 3.0\0" + photoshop))

    made = rewrite(data, RIGHTS, strip=True)

    said = metadata.read(Image.open(io.BytesIO(made.body)).info["xmp"])
    assert made.removed == (Private.THUMBNAIL,)
    assert resource(0x0404, iim) in made.body
    assert resource(0x03ED, b"resolution") in made.body
    assert (said.creators, said.notice, said.credit) == (("Ada Example",), "© Ada", "Jane Doe/photo.example")


def test_a_preview_in_iptc_goes():
    """IIM has room for one."""
    iim = data_set(80, b"Ada") + data_set(202, b"THUMB")

    made = rewrite(with_segments(segment(0xED, b"Photoshop 3.0\0" + resource(0x0404, iim))), RIGHTS, strip=True)

    assert made.removed == (Private.THUMBNAIL,)
    assert b"THUMB" not in made.body
    assert resource(0x0404, data_set(80, b"Ada")) in made.body


def test_further_pictures_are_found_where_the_list_says():
    """Their places move with the growing first picture; private data goes from them too."""
    exif = Image.open(io.BytesIO(photograph())).info["exif"]
    data = encoded(noise(), "MPO", save_all=True, append_images=[noise(60, 40), noise(30, 20)], exif=exif)

    made = rewrite(data, RIGHTS, strip=True)

    with Image.open(io.BytesIO(made.body)) as image:
        sizes = []
        for number in range(image.n_frames):
            image.seek(number)
            image.load()
            sizes.append(image.size)
    assert sizes == [(120, 80), (60, 40), (30, 20)]
    assert b"SERIAL-4711" in data
    assert b"SERIAL-4711" not in made.body
    assert pixels(made.body) == pixels(data)


def test_pictures_that_are_only_smaller_copies_go():
    """Cameras put previews behind the picture, and list them as such."""
    data = bytearray(encoded(noise(), "MPO", save_all=True, append_images=[noise(60, 40)]))
    entries = data.index(b"MPF\0") + 4
    entry = data.index(b"\xb0\x02" if data[entries : entries + 2] == b"MM" else b"\x02\xb0", entries)
    order = "big" if data[entries : entries + 2] == b"MM" else "little"
    at = entries + int.from_bytes(data[entry + 8 : entry + 12], order) + 16
    data[at : at + 4] = (0x010001).to_bytes(4, order)

    made = rewrite(bytes(data), RIGHTS, strip=True)

    assert made.removed == (Private.THUMBNAIL,)
    assert b"MPF\0" not in made.body
    assert made.body.count(b"\xff\xd8\xff") == 1
    assert made.body.endswith(b"\xff\xd9")


def test_a_preview_that_only_maker_notes_knew_goes():
    """But what follows a picture with a gain map is the gain map."""
    small = encoded(noise(20, 10), "JPEG")
    hdr = metadata.packet(metadata.Rights(notice="x")).replace(
        b"rdf:about", b"xmlns:hdrgm='x' hdrgm:Version='1' rdf:about"
    )

    assert rewrite(photograph() + small, RIGHTS, strip=True).removed == ("gps", "serial", "thumbnail")
    assert rewrite(photograph(xmp=hdr) + small, RIGHTS, strip=True).why is Why.TRAILING_DATA


def test_a_packet_that_does_not_fit_is_not_cut():
    """A segment holds 64 KiB."""
    full = metadata.packet(metadata.Rights(notice="© Ada")).replace(
        b"<dc:rights>", b"<!--" + b"x" * 64600 + b"--><dc:rights>"
    )

    assert rewrite(photograph(xmp=full), RIGHTS, strip=True).why is Why.NO_ROOM


@pytest.mark.parametrize("cut", range(2, 700, 37))
def test_a_file_that_ends_early_is_left_alone(cut):
    """Wherever it ends."""
    assert rewrite(photograph()[:cut], RIGHTS, strip=True).why in {Why.DAMAGED, Why.NOT_SUPPORTED}
