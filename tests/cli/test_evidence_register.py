"""Are pictures on record with all that their owner says, and nothing that should not be in the log?"""

import io
from hashlib import sha256

import orjson
import pytest
from PIL import Image
from typer.testing import CliRunner

from guard.cli.main import app
from guard.evidence import disclosure, record
from guard.store.log_files import open_folder, verify_directory
from guard.store.record_finder import leaves
from tests.support.evidence import open_log

RUN = CliRunner()
SERIAL = "SN-4711-0815"


def picture(serial: str = SERIAL, colour: str = "navy") -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker", "Model X"
    exif.get_ifd(0x8769)[0xA431] = serial
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.fixture
def place(tmp_path):
    open_log(tmp_path / "e").close()
    (tmp_path / "best").mkdir()
    (tmp_path / "raw").mkdir()
    (tmp_path / "best/dawn.jpg").write_bytes(picture())
    (tmp_path / "best/dusk.jpg").write_bytes(picture(colour="black"))
    (tmp_path / "raw/DAWN.NEF").write_bytes(b"II*\0" + b"raw" * 1000)
    return tmp_path


def registered(root):
    found = [record.read(leaf) for _, leaf in leaves(open_folder(root)) if b'"kind":"img"' in leaf]
    return {one.fields["name"]: one.fields for one in found}


def run(place, *options):
    return RUN.invoke(app, ["evidence", "register", str(place / "best"), "--evidence", str(place / "e"), *options])


def test_hashes_author_chain_and_first_publication_are_on_record(place):
    """Of each picture in the folder, with the RAW file of the same name where there is one."""
    result = run(
        place, "--author", "Jane Doe", "--chain", "Studio to Jane Doe", "--raw", str(place / "raw"), "--title", "Sky",
        "--first-published", "2026-05-01", "--where", "https://photo.example/sky", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    said, on_record = orjson.loads(result.stdout)["pictures"], registered(place / "e")
    dawn, data = on_record["dawn.jpg"], (place / "best/dawn.jpg").read_bytes()
    pixels = Image.open(io.BytesIO(data)).convert("RGB").tobytes()
    raw = (place / "raw/DAWN.NEF").read_bytes()

    assert [one["name"] for one in said] == ["dawn.jpg", "dusk.jpg"]
    assert (dawn["author"], dawn["chain"], dawn["title"]) == ("Jane Doe", ["Studio to Jane Doe"], "Sky")
    assert (dawn["sha256"], dawn["bytes"]) == (sha256(data).hexdigest(), len(data))
    assert (dawn["pixels_sha256"], dawn["width"], dawn["height"]) == (sha256(pixels).hexdigest(), 64, 48)
    assert (dawn["raw_name"], dawn["raw_sha256"], dawn["raw_bytes"]) == ("DAWN.NEF", sha256(raw).hexdigest(), len(raw))
    assert (dawn["published"], dawn["published_where"]) == ("2026-05-01", "https://photo.example/sky")
    assert on_record["dusk.jpg"]["raw_sha256"] == ""
    assert verify_directory(place / "e").holds


def test_the_cameras_serial_number_is_beside_the_log_only(place):
    """Committed to, so that it can be shown, and erased."""
    run(place, "--author", "Jane Doe")
    log = b"".join(path.read_bytes() for path in (place / "e/log").rglob("*") if path.is_file())
    values = [disclosure.read(data) for _, _, data in open_folder(place / "e").disclosures()]
    report = verify_directory(place / "e")

    assert SERIAL.encode() not in log
    assert {group for group, _ in values} == {"camera"}
    assert values[0][1] == {"make": "Maker", "model": "Model X", "body_serial": SERIAL}
    assert report.disclosed == 2


def test_a_file_that_is_no_picture_is_named_and_the_others_are_registered(place):
    """And the exit status says so."""
    (place / "notes.txt").write_text("no picture")
    result = RUN.invoke(
        app, ["evidence", "register", str(place / "notes.txt"), str(place / "best/dawn.jpg"), "--author", "J",
              "--evidence", str(place / "e")],
    )  # fmt: skip

    assert result.exit_code == 1
    assert "notes.txt: not a picture of a known format" in result.stderr
    assert "1 of 2 pictures are on record" in result.stdout
    assert list(registered(place / "e")) == ["dawn.jpg"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "--author NAME"),
        (("--author", "J", "--first-published", "May"), "--first-published is 'May'"),
        (("--author", "J", "--raw", "nowhere"), "neither a file nor a folder"),
        (("--author", "J" * 1001), "1,001 characters"),
    ],
)
def test_what_can_not_be_meant_is_said(place, options, why):
    """Before anything is recorded."""
    result = run(place, *options)

    assert why in str(result.exception)
    assert registered(place / "e") == {}
