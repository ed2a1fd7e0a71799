"""From what the owner wrote to what is drawn."""

from pathlib import Path

import pytest
from PIL import Image

from guard.configuration import load_configuration
from guard.errors import ConfigurationError
from guard.image.visible_mark import MAX_LOGO
from guard.visible_marks import visible_mark_of
from tests.support.pictures import bomb, encoded, noise

LOGO = encoded(Image.new("RGBA", (60, 20), (200, 0, 0, 90)), "PNG")
SITE = "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\nrights: {holder: Jane Doe}\n"


def read(folder: Path, text: str):
    (folder / "guard.yaml").write_text(SITE + text)
    settings = load_configuration(folder / "guard.yaml", {"HOME": str(folder)}, {}).settings
    return visible_mark_of(settings.visible_mark, settings.rights)


def test_without_a_word_it_is_the_holders_name(tmp_path):
    """At 30 %."""
    mark = read(tmp_path, "")

    assert (mark.text, mark.logo, mark.opacity) == ("© Jane Doe", b"", 0.30)


def test_text_logo_and_opacity_are_what_was_written(tmp_path):
    """The logo's file lies beside the configuration; a logo stands alone unless there is a text."""
    (tmp_path / "logo.png").write_bytes(LOGO)

    alone = read(tmp_path, "visible_mark: {logo: logo.png}")
    both = read(tmp_path, "visible_mark: {logo: logo.png, text: jane.example, opacity: 0.25}")

    assert (alone.text, alone.logo) == ("", LOGO)
    assert (both.text, both.logo, both.opacity) == ("jane.example", LOGO, 0.25)


FAULTS = {
    "not there": (None, "can not be read: no such file or directory"),
    "a JPEG": (encoded(noise(), "JPEG"), "is no PNG; save the logo as one"),
    "too many bytes": (LOGO + bytes(MAX_LOGO), f"has {len(LOGO) + MAX_LOGO} bytes; at most {MAX_LOGO}"),
    "cut off": (LOGO[:-30], "is damaged; save the logo again"),
    "too many pixels": (bomb(3000), "has 3000 × 3000 pixels"),
}


@pytest.mark.parametrize(("data", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_logo_that_can_not_be_drawn_is_a_fault_of_the_configuration(tmp_path, data, said):
    """It is told before the guard starts, with the file and the next step."""
    if data is not None:
        (tmp_path / "logo.png").write_bytes(data)

    with pytest.raises(ConfigurationError, match=rf"logo\.png: visible_mark\.logo: {said}"):
        read(tmp_path, "visible_mark: {logo: logo.png}")


@pytest.mark.parametrize("opacity", ["0.2", "0.4", "nan"])
def test_an_opacity_that_shows_nothing_or_hides_the_picture_is_a_fault(tmp_path, opacity):
    """Between a quarter and a third or so."""
    with pytest.raises(ConfigurationError, match=r"visible_mark\.opacity"):
        read(tmp_path, f"visible_mark: {{opacity: {opacity}}}")
