import zlib

import pytest
from PIL.PngImagePlugin import PngInfo

from guard.image import metadata
from guard.image.left_alone import Why
from guard.image.privacy import Private
from guard.image.rights import rewrite
from tests.image.test_rights import RIGHTS
from tests.support.picture_files import metadata as blocks
from tests.support.picture_files import pixels, pngs
from tests.support.pictures import encoded, noise


def chunks(data):
    """Return names and contents, and check every sum."""
    found, at = [], 8
    while at < len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        content = data[at + 8 : at + 8 + length]
        assert zlib.crc32(name + content) == int.from_bytes(data[at + 8 + length : at + 12 + length], "big")
        found.append((name, content))
        at += 12 + length
    return found


def test_the_packet_stands_once_behind_the_header():
    """However it was there before: compressed, or behind the pixels."""
    for name in ("RGB with everything", "compressed xmp"):
        made = chunks(rewrite(pngs()[name], RIGHTS, strip=True).body)

        assert [one for one, _ in made[:2]] == [b"IHDR", b"iTXt"]
        assert sum(content.startswith(b"XML:com.adobe.xmp") for _, content in made) == 1
        assert (b"tEXt", b"Comment\0a comment") in made


@pytest.mark.parametrize("kind", ["exif", "APP1"])
def test_private_data_goes_from_raw_profiles(kind):
    """ImageMagick writes EXIF as hexadecimal text."""
    exif, _ = blocks()
    info = PngInfo()
    info.add_text(f"Raw profile type {kind}", f"\n{kind}\n{len(exif):8}\n{exif.hex()}\n", zip=kind == "exif")
    data = encoded(noise(), "PNG", pnginfo=info)

    made = rewrite(data, RIGHTS, strip=True)

    (raw,) = [content for name, content in chunks(made.body) if content.startswith(b"Raw profile")]
    text = zlib.decompress(raw.split(b"\0\0", 1)[1])
    assert set(made.removed) == {Private.GPS, Private.SERIAL}
    assert b"SERIAL-4711".hex().encode() not in text
    assert b"Model".hex().encode() in text
    assert pixels(made.body) == pixels(data)


def test_a_packet_in_a_raw_profile_becomes_the_packet():
    """There must not be two."""
    packet = b"http://ns.adobe.com/xap/1.0/\0" + metadata.packet(metadata.Rights(notice="© Ada"))
    info = PngInfo()
    info.add_text("Raw profile type APP1", f"\ngeneric\n{len(packet):8}\n{packet.hex()}\n")

    made = rewrite(encoded(noise(), "PNG", pnginfo=info), RIGHTS, strip=True)

    assert b"Raw profile" not in made.body
    assert "© Ada".encode() in made.body


def test_a_text_that_unpacks_to_too_much_is_left_alone():
    """A bomb of 9 MiB in 9 kB."""
    info = PngInfo()
    info.add_text("Raw profile type exif", "\nexif\n9\n" + "0" * (9 << 20), zip=True)

    assert rewrite(encoded(noise(), "PNG", pnginfo=info), RIGHTS, strip=True).why is Why.TOO_LARGE
