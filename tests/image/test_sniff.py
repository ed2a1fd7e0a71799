import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.facts import Kind, KindSource
from guard.image import sniff
from tests.support.pictures import bomb, encoded, noise, photograph

RASTERS = {
    "jpeg": (encoded(noise(), "JPEG"), "image/jpeg"),
    "progressive": (encoded(noise(), "JPEG", progressive=True), "image/jpeg"),
    "grey jpeg": (encoded(noise(channels=1), "JPEG"), "image/jpeg"),
    "jpeg with exif": (photograph(), "image/jpeg"),
    "png": (encoded(noise(), "PNG"), "image/png"),
    "gif": (encoded(noise(), "GIF"), "image/gif"),
    "webp": (encoded(noise(), "WEBP"), "image/webp"),
    "lossless webp": (encoded(noise(), "WEBP", lossless=True), "image/webp"),
    "webp with metadata": (encoded(noise(), "WEBP", xmp=b"<x/>"), "image/webp"),
    "avif": (encoded(noise(), "AVIF"), "image/avif"),
    "tiff": (encoded(noise(), "TIFF", compression="tiff_lzw"), "image/tiff"),
    "bmp": (encoded(noise(), "BMP"), "image/bmp"),
    "jpeg 2000": (encoded(noise(), "JPEG2000"), "image/jp2"),
}


def box(name, content):
    return struct.pack(">I", 8 + len(content)) + name + content


def heic(*sizes):
    extents = b"".join(box(b"ispe", struct.pack(">III", 0, *size)) for size in sizes)
    return (
        box(b"ftyp", b"heic\0\0\0\0mif1heic")
        + box(b"meta", b"\0\0\0\0" + box(b"iprp", box(b"ipco", extents)))
        + box(b"mdat", b"x")
    )


def look(content_type, head, complete=False):
    return sniff.kind_of(content_type, head, complete=complete, thumbnail_side=100, display_side=1000)


@pytest.mark.parametrize("name", RASTERS)
def test_real_encoders_files_are_known_with_their_size(name):
    """What an encoder writes is recognised, and its size is read, from the first 64 KiB."""
    data, media_type = RASTERS[name]

    head = data[: sniff.HEAD_BYTES]

    assert sniff.media_type(head) == media_type
    assert sniff.dimensions(head) == (120, 80)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"\xff\x0a\xff\x00" + b"\x00" * 16, "image/jxl", id="jpeg xl code stream"),
        pytest.param(b"\x00\x00\x00\x0cJXL \r\n\x87\n" + b"\0" * 16, "image/jxl", id="jpeg xl container"),
        pytest.param(heic((64, 64)), "image/heic", id="heic"),
        pytest.param(b"\x00\x00\x00\x18ftypmp42\0\0\0\0isommp42", "", id="film"),
        pytest.param(encoded(noise(), "ICO"), "image/vnd.microsoft.icon", id="icon"),
        pytest.param(b"\x00\x00\x01\x00\x01\x00" + b"\xff" * 16, "", id="not an icon"),
        pytest.param(b"BM stands for bench mark in this text", "", id="a text that begins with BM"),
        pytest.param(b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- > --><svg>", "image/svg+xml", id="svg behind comment"),
        pytest.param("\ufeff<svg/>".encode("utf-16-be"), "image/svg+xml", id="svg in utf-16"),
        pytest.param(b'<!DOCTYPE svg [ <!ENTITY a "b"> ]><x:svg xmlns:x="y">', "image/svg+xml", id="svg with entities"),
        pytest.param(b"<!doctype html><svg>", "", id="page with svg"),
        pytest.param(b"", "", id="nothing"),
    ],
)  # fmt: skip
def test_formats_without_an_encoder_here_are_known_by_their_signature(data, expected):
    """Each signature names its format and nothing that only looks like it."""
    assert sniff.media_type(data) == expected


def test_the_thumbnail_inside_exif_is_not_the_picture():
    """A JPEG in a JPEG's EXIF segment has a frame header of its own, which does not count."""
    inner = encoded(noise(16, 16), "JPEG")
    data = photograph(300, 200, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0" + inner)

    assert inner in data
    assert sniff.dimensions(data) == (300, 200)


def test_a_phones_heic_is_as_large_as_its_grid():
    """Tiles and thumbnail have extents too; the largest is the picture."""
    assert sniff.dimensions(heic((512, 512), (4032, 3024), (320, 240))) == (4032, 3024)


def test_a_raw_files_preview_directory_does_not_make_a_thumbnail_of_it():
    """A first directory that says "reduced copy" tells nothing about the picture."""
    entries = ((254, 4, 1, 1), (256, 4, 1, 160), (257, 4, 1, 120))
    data = b"II*\0\x08\0\0\0" + struct.pack("<H", 3) + b"".join(struct.pack("<HHII", *entry) for entry in entries)

    assert sniff.media_type(data) == "image/tiff"
    assert sniff.dimensions(data) is None


def test_jpeg_xl_sizes_are_read_from_their_bits():
    """Small form with a ratio, and large form: ISO/IEC 18181-1, section 7."""
    small = 1 | (12 - 1) << 1 | 1 << 6
    large = 0 | 1 << 1 | (3024 - 1) << 3 | 0 << 16 | 1 << 19 | (4032 - 1) << 21

    assert sniff.dimensions(b"\xff\x0a" + small.to_bytes(10, "little")) == (96, 96)
    assert sniff.dimensions(b"\xff\x0a" + large.to_bytes(10, "little")) == (4032, 3024)


@pytest.mark.parametrize(
    ("side", "kind"), [(100, Kind.THUMBNAIL), (101, Kind.IMAGE), (1000, Kind.IMAGE), (1001, Kind.ORIGINAL)]
)
def test_the_longest_side_makes_thumbnail_image_and_original(side, kind):
    """The borders belong to the smaller kind; the size is among the facts."""
    facts = look("image/jpeg", encoded(noise(20, side), "JPEG"))

    assert (facts.kind, facts.width, facts.height) == (kind, 20, side)
    assert facts.source is KindSource.RESPONSE


@pytest.mark.parametrize("content_type", ["", "text/html", "application/octet-stream", "image/svg+xml", "nonsense"])
def test_a_wrong_content_type_does_not_let_a_picture_escape(content_type):
    """Bytes that are a picture count as one whatever the upstream calls them."""
    assert look(content_type, RASTERS["jpeg"][0]).kind is Kind.IMAGE


@pytest.mark.parametrize(
    ("content_type", "head", "kind"),
    [
        pytest.param("image/jpeg", b"<svg xmlns='x'/>", Kind.OTHER, id="svg as jpeg"),
        pytest.param("image/svg+xml", b"<svg xmlns='x'/>", Kind.OTHER, id="svg"),
        pytest.param("image/svg+xml", b"\x1f\x8b\x08", Kind.OTHER, id="compressed svg"),
        pytest.param("image/jpeg", b"<!doctype html><title>404</title>", Kind.OTHER, id="error page as jpeg"),
        pytest.param("image/jpeg", b'{"error": 1}', Kind.OTHER, id="json as jpeg"),
        pytest.param("image/x-new", b"\x01\x02\x03", Kind.IMAGE, id="unknown picture format"),
        pytest.param("IMAGE/JPEG; q=1", b"\x01\x02\x03", Kind.IMAGE, id="damaged picture"),
        pytest.param("text/html; charset=utf-8", b"hello", Kind.PAGE, id="page"),
        pytest.param("application/xhtml+xml", b"<?xml version='1.0'?>", Kind.PAGE, id="xhtml"),
        pytest.param("", b"<html>", Kind.PAGE, id="page without a type"),
        pytest.param("", b"hello", Kind.OTHER, id="text without a type"),
        pytest.param("text/plain", b"<html>", Kind.OTHER, id="html shown as text"),
        pytest.param("video/mp4", b"\x00\x00\x00\x18ftypmp42", Kind.OTHER, id="film"),
        pytest.param("image/png", b"", Kind.IMAGE, id="head of a picture"),
        pytest.param("text/html", b"", Kind.PAGE, id="head of a page"),
        pytest.param("text/css", b"", Kind.OTHER, id="head of a style"),
        pytest.param("", b"", Kind.UNKNOWN, id="head of nothing known"),
    ],
)
def test_type_and_bytes_decide_together(content_type, head, kind):
    """Each row of the table in the docstring of `kind_of`."""
    assert look(content_type, head).kind is kind


def test_an_empty_body_without_a_type_is_nothing_rather_than_unknown():
    """There is nothing more to come, so nothing is left to be known."""
    assert look("", b"", complete=True).kind is Kind.OTHER


def test_a_picture_cut_off_before_its_size_is_an_image():
    """Where the head does not tell the size, the middle kind is taken."""
    assert look("image/jpeg", photograph()[:40]).kind is Kind.IMAGE


def test_a_bombs_promise_is_read_and_not_believed():
    """Sniffing says what the header says; decoding is somebody else's decision."""
    assert look("image/png", bomb()).kind is Kind.ORIGINAL


def test_a_size_is_whole_or_not_stated():
    """A JPEG cut off inside its frame header has no size rather than a wrong one."""
    data = encoded(noise(600, 300), "JPEG")

    assert {sniff.dimensions(data[:length]) for length in range(1500)} == {None, (600, 300)}


def test_the_walks_end():
    """Neither a tag behind kilobytes of comment nor a frame header behind hundreds of markers is looked for."""
    data = encoded(noise(), "JPEG")

    assert sniff.media_type(b"<!--" + b"x" * 4000 + b"--><svg>") == "image/svg+xml"
    assert sniff.media_type(b"<!--" + b"x" * sniff.MARKUP_BYTES + b"--><svg>") == ""
    assert sniff.dimensions(data[:2] + b"\xff\x01" * 100 + data[2:]) == (120, 80)
    assert sniff.dimensions(data[:2] + b"\xff\x01" * 600 + data[2:]) is None


@pytest.mark.parametrize("name", [*RASTERS, "heic"])
def test_no_truncation_raises(name):
    """Every beginning of a picture is answered."""
    data = heic((4, 4), (8, 8)) if name == "heic" else RASTERS[name][0]

    for length in (*range(min(len(data), 700)), len(data)):
        sniff.dimensions(data[:length])


PREFIXES = [data[:40] for data, _ in RASTERS.values()] + [
    heic((9, 9))[:60], b"\xff\xd8\xff", b"II*\0", b"<svg", b"<!--", b"\x00\x00\x00\x0cJXL \r\n\x87\n", b"",
]  # fmt: skip


@given(st.sampled_from(PREFIXES), st.binary(max_size=300), st.text(max_size=20), st.booleans())
def test_hostile_bytes_never_raise(prefix, rest, content_type, complete):
    """Whatever follows a signature, an answer comes, and a stated size is a size."""
    facts = look(content_type, prefix + rest, complete)

    assert (facts.width > 0) == (facts.height > 0)


@pytest.mark.parametrize(
    "head",
    [b" " * 65536, b"<!---->" * 9000, b"\xff\xd8" + b"\xff" * 65534, b"\xff\xd8" + b"\xff\x01" * 32767,
     box(b"ftyp", b"avif\0\0\0\0") + box(b"meta", b"\0\0\0\0") * 5000],
    ids=["spaces", "comments", "fill bytes", "bare markers", "boxes"],
)  # fmt: skip
def test_no_head_is_expensive(head):
    """Crafted heads cost milliseconds at most (a walk without bounds takes twenty times as long)."""
    begin = time.process_time()
    for _ in range(5):
        look("image/jpeg", head)

    assert (time.process_time() - begin) / 5 < 0.02
