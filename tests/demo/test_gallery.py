import io
import json
import shutil
import subprocess
import time
from hashlib import sha256
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image, ImageOps

from guard.core.facts import Kind
from guard.demo import gallery
from guard.demo.darkroom import DISPLAY_SIDE, THUMBNAIL_SIDE
from guard.image import sniff
from guard.image.preview import preview
from guard.image.visible_mark import VisibleMark

WITHIN = 45
"""Seconds: it takes about ten on two idle cores; the rest is for a busy machine."""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return a whole gallery, with the calls to its progress and the seconds it took."""
    calls, begin = [], time.monotonic()
    made = gallery.build(tmp_path_factory.mktemp("gallery"), progress=lambda done, total: calls.append((done, total)))
    return made, calls, time.monotonic() - begin


@pytest.fixture(scope="module")
def pictures(built):
    return [picture for album in built[0].albums for picture in album.pictures]


@pytest.fixture
def read(built):
    """Return a function that reads a file of the gallery by the path of its URL."""
    return lambda path: (built[0].directory / path.removeprefix("/")).read_bytes()


def decoded(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


class Page(HTMLParser):
    """The tags of a page, and whether they are balanced."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def test_thirty_pictures_hang_in_three_albums(built, pictures):
    """Each album has ten pictures with titles of their own, and the whole is small and soon made."""
    made, calls, seconds = built

    assert [len(album.pictures) for album in made.albums] == [10, 10, 10]
    assert len({picture.title for picture in pictures}) == 30
    assert calls == [(done, 30) for done in range(31)]
    assert seconds < WITHIN
    assert sum(file.stat().st_size for file in made.directory.rglob("*") if file.is_file()) < 60_000_000


def test_every_file_is_a_picture_of_the_promised_size(read, pictures):
    """Thumbnail, display size and original decode in full, fit together, and are told apart by the guard."""
    for picture in pictures:
        images = [decoded(read(path)) for path in (picture.thumbnail, picture.display, picture.original)]
        small, middle, large = (ImageOps.exif_transpose(image) for image in images)

        assert max(small.size) == THUMBNAIL_SIDE
        assert middle.size == (picture.width, picture.height)
        assert max(middle.size) == DISPLAY_SIDE
        assert max(large.size) > DISPLAY_SIDE
        assert abs(large.width / large.height - middle.width / middle.height) < 0.01
        kinds = [
            sniff.kind_of(
                "",
                read(path)[: sniff.HEAD_BYTES],
                complete=False,
                thumbnail_side=THUMBNAIL_SIDE,
                display_side=DISPLAY_SIDE,
            ).kind
            for path in (picture.thumbnail, picture.display, picture.original)
        ]
        assert kinds == [Kind.THUMBNAIL, Kind.IMAGE, Kind.ORIGINAL]


def test_original_and_display_show_the_same(read, pictures):
    """Orientation included: scaled to the same size, they differ only by grain and coding."""
    for picture in pictures:
        display = decoded(read(picture.display)).convert("L").resize((60, 60))
        original = ImageOps.exif_transpose(decoded(read(picture.original))).convert("L").resize((60, 60))

        assert np.abs(np.asarray(display, int) - np.asarray(original, int)).mean() < 4


def test_no_picture_is_flat_or_like_another(read, pictures):
    """A painter that fails would leave one colour, or the same picture twice."""
    thumbnails = [
        np.asarray(decoded(read(picture.thumbnail)).convert("RGB").resize((24, 24)), int) for picture in pictures
    ]

    assert min(thumbnail.std() for thumbnail in thumbnails) > 8
    for index, one in enumerate(thumbnails):
        assert all(np.abs(one - other).mean() > 6 for other in thumbnails[index + 1 :])


def test_the_originals_are_as_various_as_a_photographers(read, pictures):
    """All three formats, orientation 6 and 8, a progressive and a grey one, place, serial number and profile."""
    originals = [decoded(read(picture.original)) for picture in pictures]
    exifs = [image.getexif() for image in originals]

    assert {image.format for image in originals} == {"JPEG", "PNG", "WEBP"}
    assert {exif.get(0x0112) for exif in exifs} >= {6, 8}
    assert sum(1 for image in originals if image.info.get("progressive")) >= 1
    assert sum(1 for image in originals if image.mode == "L") == 1
    assert sum(1 for exif in exifs if exif.get_ifd(0x8825)) >= 8
    assert sum(1 for exif in exifs if exif.get_ifd(0x8769).get(0xA431) == "DEMO-000042") >= 15
    # The time of making would make every run's files different (ICC.1:2022, section 7.2.10).
    profiles = {image.info["icc_profile"] for image in originals if image.mode == "RGB"}
    assert [profile[24:36].hex() for profile in profiles] == ["07ea00010001000000000000"]
    assert all(exif[0x013B] == "Ada Example" for exif in exifs)
    assert sum(1 for image in originals if image.info.get("xmp")) >= 4


def test_what_is_published_small_gives_nothing_private_away(read, pictures):
    """Thumbnails and display sizes carry artist and copyright, and neither place nor camera."""
    for picture in pictures:
        for path in (picture.thumbnail, picture.display):
            exif = decoded(read(path)).getexif()
            assert set(exif) == {0x013B, 0x8298}


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")
def test_another_program_reads_the_camera_and_the_place(built, pictures):
    """exiftool finds what we meant, in all formats, without a warning."""
    made, _, _ = built
    files = [str(made.directory / picture.original[1:]) for picture in pictures]
    command = ["exiftool", "-json", "-n", "-GPSLatitude", "-SerialNumber", "-LensModel", "-Copyright", "-Warning"]

    found = json.loads(subprocess.run([*command, *files], capture_output=True, text=True, check=True).stdout)

    assert [entry["Warning"] for entry in found if "Warning" in entry] == []
    assert {entry["Copyright"] for entry in found} == {"© 2026 Ada Example"}
    assert [round(entry["GPSLatitude"], 2) for entry in found if "GPSLatitude" in entry][:2] == [46.55, 46.57]
    assert sum(1 for entry in found if entry.get("LensModel") == "Demo Lens 24-105mm F4") >= 15


def test_previews_can_be_made_of_every_original(read, pictures):
    """The guard's own image work copes with each of them, and takes the private data out."""
    for picture in pictures[::4]:
        made = preview(read(picture.original), longest_side=240, visible_mark=VisibleMark(text="© Ada Example"))

        assert abs(made.width / made.height - picture.width / picture.height) < 0.02
        assert b"DEMO-000042" not in made.body


def test_the_pages_lead_to_every_picture_and_nowhere_else(built, read, pictures):
    """Every link and source on the four pages is a file of the gallery, and every file is linked."""
    made, _, _ = built
    files = {f"/{file.relative_to(made.directory).as_posix()}" for file in made.directory.rglob("*") if file.is_file()}
    linked = set()

    for path in ("/index.html", *(album.page for album in made.albums)):
        page = Page(read(path).decode())
        linked |= {attributes["href"] for tag in ("a", "link") for attributes in page.all(tag)}
        linked |= {image["src"] for image in page.all("img")}
        linked |= {part.split()[0] for image in page.all("img") for part in image["srcset"].split(", ")}
        cover = next(entry["content"] for entry in page.all("meta") if entry.get("property") == "og:image")
        assert cover in files

    assert linked - {"/", "#content"} == files - {"/index.html"}


def test_the_pages_are_good_to_visitors(built, read):
    """Every picture has a description and its size, late ones load late, and there is a way past the menu."""
    made, _, _ = built
    for album in made.albums:
        page = Page(read(album.page).decode())
        images = page.all("img")

        assert page.all("html")[0]["lang"] == "en"
        assert len(page.all("h1")) == 1
        assert all(image["alt"] and int(image["width"]) and int(image["height"]) for image in images)
        assert [image.get("loading") for image in images] == [None] * 4 + ["lazy"] * 6
        assert page.all("a")[0]["href"] == "#content"
        assert not page.all("script")
    assert b"prefers-color-scheme: dark" in read("/style.css")


def test_the_favicon_is_small_and_valid(read):
    """Browsers ask for it on every page."""
    data = read("/favicon.ico")

    assert sniff.media_type(data) == "image/vnd.microsoft.icon"
    assert decoded(data).size == (32, 32)
    assert len(data) < 4000


def test_the_gallery_is_the_same_every_time(built, tmp_path):
    """Made again, in another order, a picture is the same to the byte."""
    made, _, _ = built
    rolls = gallery._rolls()
    number = 0
    for name, _, _, negatives in rolls:
        for index, negative in enumerate(negatives):
            number += 1
            if index not in {2, 6, 7}:
                continue
            (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
            picture = gallery._make(tmp_path, name, negative, number)
            for path in (picture.thumbnail, picture.display, picture.original):
                again, before = (tmp_path / path[1:]).read_bytes(), (made.directory / path[1:]).read_bytes()
                assert sha256(again).digest() == sha256(before).digest()
