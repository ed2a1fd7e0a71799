"""Does the whole demo hold, with the real guard and real clients, and does it notice when something is wrong?"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from guard.cli.demo import as_json, demo, visitors
from guard.demo import cast, gallery, scene
from guard.demo.answers import Answer, Report
from guard.demo.cast import CAST, Collection, Member, Stay
from guard.demo.exporting import REFUSED
from guard.demo.gallery import Album, Gallery, Picture
from guard.demo.log import LogLine
from guard.demo.processes import ProgramError
from guard.demo.scene import MARKER, Outcome, Verified, describe, prepare
from guard.errors import UsageError

CLIENT_FIELDS = {
    "client": str,
    "kind": str,
    "claimed": str,
    "identity": str,
    "purpose": str,
    "decisions": dict,
    "pictures_received": int,
    "refusals_received": int,
    "bytes": int,
    "as_expected": bool,
}
"""What scripts may rely on in each client of `--json`."""


def log_line(path: str, action: str = "allow", kind: str = "original", rendition: str = "") -> LogLine:
    return LogLine(
        at="2026-11-25T01:12:18.576825Z",
        rendition=rendition,
        path=path,
        status=200,
        bytes=1,
        purpose="browser",
        operator="",
        claimed="",
        identity="none_claimed",
        action=action,
        rule="default",
        because="",
        kind=kind,
    )


def answer(
    path: str, status: int = 200, side: int = 0, digest: str = "own", content_type: str = "image/jpeg"
) -> Answer:
    return Answer(
        path=path, status=status, content_type=content_type, size=9, digest=digest, width=side, height=side // 2
    )


SMALL, LARGE, PAGE, ROBOTS = "/small.jpg", "/large.jpg", "/", "/robots.txt"
WALL = Collection(thumbnails=(SMALL,), originals=(LARGE,), digests={SMALL: "own", LARGE: "own"})
READ = (answer(ROBOTS, content_type="text/plain"), answer(PAGE, content_type="text/html"))
THUMBNAIL = answer(SMALL, side=300)
ORIGINAL = answer(LARGE, side=3000)
CARD = answer(LARGE, 403, side=600)
REDUCED = answer(LARGE, side=1600, digest="smaller")
PREVIEW = answer(LARGE, side=640, digest="preview")

GOOD = {
    "person": (READ[1], THUMBNAIL, ORIGINAL),
    "training": (READ[0], CARD),
    "dataset": (READ[0], CARD),
    "img2dataset": (),
    "scrapy": (READ[0],),
    "search": (*READ, THUMBNAIL, REDUCED),
    "preview": (READ[1], THUMBNAIL),
    "assistant": (READ[1], PREVIEW),
    "unlisted": (*READ, CARD),
}
BAD = {
    "person misses a thumbnail": ("person", (READ[1], ORIGINAL)),
    "person opens no original": ("person", (READ[1], THUMBNAIL)),
    "person gets other bytes": ("person", (READ[1], THUMBNAIL, REDUCED)),
    "person is refused a page": ("person", (answer(PAGE, 403), THUMBNAIL, ORIGINAL)),
    "training crawler gets a picture": ("training", (READ[0], ORIGINAL)),
    "training crawler is refused without a picture": ("training", (READ[0], answer(LARGE, 403))),
    "training crawler is told to wait": ("training", (READ[0], answer(LARGE, 429, side=600))),
    "training crawler gets a page with status 200": ("training", (READ[0], answer(LARGE, content_type="text/html"))),
    "training crawler can not read robots.txt": ("training", (answer(ROBOTS, 403), CARD)),
    "training crawler asks for no picture": ("training", (READ[0],)),
    "img2dataset keeps a picture": ("img2dataset", (ORIGINAL,)),
    "scrapy takes a page": ("scrapy", READ),
    "search gets an original": ("search", (*READ, THUMBNAIL, ORIGINAL)),
    "search gets a changed thumbnail": ("search", (*READ, answer(SMALL, side=300, digest="other"), REDUCED)),
    "search is refused": ("search", (*READ, THUMBNAIL, REDUCED, CARD)),
    "search gets no original": ("search", (*READ, THUMBNAIL)),
    "link preview has no picture": ("preview", (READ[1],)),
    "link preview has no page": ("preview", (THUMBNAIL,)),
    "assistant gets an original": ("assistant", (READ[1], ORIGINAL)),
    "assistant gets nothing": ("assistant", (READ[1],)),
    "unlisted crawler gets a picture": ("unlisted", (*READ, ORIGINAL)),
    "unlisted crawler gets no page": ("unlisted", (READ[0], answer(PAGE, 403), CARD)),
}


def faults(visit: str, answers: tuple[Answer, ...], *, skipped: int = 0, action: str = "preview") -> list[str]:
    member = next(member for member in CAST if member.visit == visit)
    report = Report(user_agent="x", answers=answers, skipped=skipped)
    return list(member.check(Stay(report=report, lines=(log_line(LARGE, action),), collection=WALL)))


@pytest.mark.parametrize("visit", GOOD)
def test_an_expectation_that_holds_finds_nothing(visit: str) -> None:
    """What should happen is not called wrong."""
    assert faults(visit, GOOD[visit], skipped=visit == "img2dataset") == []


@pytest.mark.parametrize("case", BAD)
def test_an_expectation_that_does_not_hold_says_why(case: str) -> None:
    """Each thing that must not happen is found, in a sentence."""
    visit, answers = BAD[case]

    assert faults(visit, answers, skipped=visit == "img2dataset") != []


def test_what_a_client_can_not_see_is_checked_in_the_log() -> None:
    """A skipped picture counts only if all were skipped, and a preview only if the guard meant one."""
    assert faults("img2dataset", (), skipped=0) != []
    assert faults("assistant", GOOD["assistant"], action="allow") != []


def test_a_stand_in_is_named_so() -> None:
    """Nobody takes an imitation for the program."""
    real = describe(CAST[0], Report(user_agent="x"), (log_line(LARGE),), ())
    imitated = describe(CAST[0], Report(user_agent="x", stand_in="Chromium"), (log_line(LARGE),), ())

    assert (real.client, real.stand_in) == ("person (Chromium)", False)
    assert (imitated.client, imitated.stand_in) == ("person (stand-in for Chromium)", True)


def test_one_thing_that_is_wrong_makes_all_of_it_wrong() -> None:
    """`ok` needs every expectation and the evidence."""
    good = describe(CAST[0], Report(user_agent="x"), (log_line(LARGE),), ())
    bad = describe(CAST[0], Report(user_agent="x"), (log_line(LARGE),), ("it was refused",))
    holds, broken = Verified(records=9, holds=True), Verified(records=9, holds=False)

    assert as_json(Outcome(visits=(good,), evidence=holds))["ok"] is True
    assert as_json(Outcome(visits=(good, bad), evidence=holds))["ok"] is False
    assert as_json(Outcome(visits=(good,), evidence=broken))["ok"] is False


def test_further_visitors_are_told_one_line_each() -> None:
    """A page with thirty pictures is one visitor, not thirty lines."""
    lines = [log_line(f"/{number}.jpg") for number in range(30)] + [log_line("/x.jpg", "refuse")]

    assert visitors(lines) == ["somebody (a browser): served 30×, refused 1×"]


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    """New, empty or an earlier demo's: any other folder is refused, and nothing in it changes."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "guard.yaml").write_text("sites: []\n")
    (tmp_path / "file").write_text("x")
    (tmp_path / "earlier").mkdir()
    (tmp_path / "earlier" / "guard.yaml").write_text(f"{MARKER}: …\n")
    (tmp_path / "empty").mkdir()

    for usable in ("earlier", "empty", "new/below"):
        prepare(tmp_path / usable)
    for taken in ("mine", "file"):
        with pytest.raises(UsageError, match=taken):
            prepare(tmp_path / taken)

    assert (tmp_path / "mine" / "guard.yaml").read_text() == "sites: []\n"


class Nobody:
    """An audience that looks away."""

    def building(self, done: int, total: int) -> None: ...
    def opened(self, address: str, pictures: int) -> None: ...
    def arriving(self, member: Member, number: int, total: int) -> None: ...
    def left(self, visit: object) -> None: ...
    def tracing(self) -> None: ...


@pytest.fixture
def two_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hang two quickly made pictures where the order of events is what matters."""

    def build(directory: Path, *, progress: Callable[[int, int], None]) -> Gallery:
        page = "<!doctype html><title>Dunes</title>"
        pictures = []
        for number in range(2):
            names = [f"/{number}{size}.jpg" for size in ("-small", "-large", "")]
            for name, side in zip(names, (300, 1200, 2000), strict=True):
                Image.effect_noise((side, side * 2 // 3), 30).save(directory / name[1:])
            small, large, original = names
            picture = Picture(title="x", thumbnail=small, display=large, original=original, width=1200, height=800)
            pictures.append(picture)
            page += f'<a href="{original}"><img src="{small}" alt=""></a>'
            progress(number + 1, 2)
        (directory / "index.html").write_text('<!doctype html><title>Home</title><a href="/album.html">Dunes</a>')
        (directory / "album.html").write_text(page)
        album = Album(title="Dunes", text="", page="/album.html", pictures=tuple(pictures))
        return Gallery(directory=directory, albums=(album,))

    monkeypatch.setattr(gallery, "build", build)


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("two_pictures")
def test_a_guard_that_does_not_start_shows_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the demo sees the guard's own words."""
    monkeypatch.setattr(scene, "POLICY", "no-such-policy")

    async def open_it() -> None:
        async with scene.open_gallery(tmp_path, Nobody()):
            pytest.fail("it opened")

    with pytest.raises(ProgramError, match=r"(?s)the guard ended before it was ready; it said:.*no-such-policy"):
        asyncio.run(open_it())


@pytest.mark.timeout(300)
def test_the_whole_demo_holds(tmp_path: Path) -> None:
    """Real processes from end to end: everybody is treated as expected, and what is kept can be used again."""
    kept = tmp_path / "kept"

    finished = subprocess.run(
        [sys.executable, "-m", "guard", "demo", "--once", "--json", "--keep", str(kept)],
        capture_output=True,
        timeout=280,
        check=False,
    )

    said = finished.stderr.decode()
    assert finished.returncode == 0, said
    value = json.loads(finished.stdout)
    assert value["ok"] is True
    assert [client["as_expected"] for client in value["clients"]] == [True] * len(CAST)
    assert [client["kind"] for client in value["clients"]] == ["person"] + ["crawler"] * (len(CAST) - 1)
    for client in value["clients"]:
        assert {name: type(client[name]) for name in CLIENT_FIELDS} == CLIENT_FIELDS
        assert sum(client["decisions"].values()) > 0
    got = {member.visit: client for member, client in zip(CAST, value["clients"], strict=True)}
    assert got["person"]["pictures_received"] >= 25
    assert [got[name]["pictures_received"] for name in ("training", "dataset", "img2dataset", "scrapy")] == [0] * 4
    assert got["training"]["refusals_received"] > 0
    assert got["search"]["refusals_received"] == 0
    assert got["bulk"]["marked_received"] > 0
    trace = value["trace"]
    assert (trace["ran"], trace["faults"], trace["taken_by"]) == (True, [], "bulk downloader")
    assert trace["original"] == trace["picture"]
    assert trace["z"] >= trace["threshold"] > 0
    assert isinstance(trace["record"], int)
    assert f"is the copy of evidence record {trace['record']}" in said
    with Image.open(kept / "found.jpg") as found:
        assert found.size == (256, 256)
    assert value["evidence"]["verified"] is True
    assert value["evidence"]["records"] > 2 * len(CAST)
    assert f"evidence verified: {value['evidence']['records']} records, unchanged since recording" in said
    assert {"guard.yaml", "gallery", "evidence"} <= {file.name for file in kept.iterdir()}


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("two_pictures")
def test_an_expectation_that_breaks_ends_with_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under the open policy an assistant gets whole pictures; the demo notices, names it, and fails."""
    monkeypatch.setattr(scene, "POLICY", "open")
    monkeypatch.setattr(cast, "CAST", tuple(member for member in CAST if member.visit in {"assistant", "preview"}))

    with pytest.raises(SystemExit) as ended:
        demo(once=True, json=True, keep=tmp_path)

    out, err = capsys.readouterr()
    value = json.loads(out)
    assert ended.value.code == 1
    assert value["ok"] is False
    assert {client["client"]: client["as_expected"] for client in value["clients"]} == {
        "facebookexternalhit": True,
        "ChatGPT-User": False,
    }
    assert "1 of 2 visitors not treated as expected: ChatGPT-User" in err
    assert "was handed over with" in err


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("two_pictures")
def test_the_demo_holds_with_stand_ins_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a machine without Chromium, img2dataset and Scrapy the same is expected, and the imitations are named so."""
    imitated = {"person": "person-stand-in", "img2dataset": "img2dataset-replica", "scrapy": "scrapy-stand-in"}
    few = tuple(replace(member, visit=imitated[member.visit]) for member in CAST if member.visit in imitated)
    few += tuple(member for member in CAST if member.name == REFUSED)  # whose case is exported
    monkeypatch.setattr(cast, "CAST", few)

    demo(once=True, json=True, keep=tmp_path)

    value = json.loads(capsys.readouterr().out)
    assert value["ok"] is True
    assert [client["client"] for client in value["clients"]] == [member.stand_in or member.name for member in few]
    assert [client["pictures_received"] > 0 for client in value["clients"]] == [True, False, False, False]
