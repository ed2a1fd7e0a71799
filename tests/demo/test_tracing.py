"""Does the demo say that a copy leads back to its download only where it does?"""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from guard.cli.demo import as_json
from guard.demo import tracing
from guard.demo.clients import kept_file
from guard.demo.log import LogLine
from guard.demo.tracing import Delivery, judge, spoil, trace_back
from guard.demo.words import doings, haul, trace_words
from tests.support.visits import GOOD, GPTBOT

LINE = LogLine(
    at="2026-11-25T01:12:18.576825Z",
    path="/photos/dunes/one.jpg",
    status=200,
    bytes=1,
    purpose="browser",
    operator="",
    claimed="",
    identity="none_claimed",
    action="mark",
    rule="bulk-marked",
    because="",
    kind="original",
    rendition="marked",
)
TAKER = replace(
    GPTBOT, client="bulk downloader", claimed="", user_agent="Chrome/156.0", copies=(LINE,), decisions=(("mark", 3),)
)
RESULT: dict[str, Any] = {
    "file": "found.jpg",
    "original": "kept/gallery/photos/dunes/one.jpg",
    "mark_id": "0123456789abcdef",
    "z": 12.5,
    "threshold": 6.7,
    "identified": True,
    "bound": 1e-31,
    "records": [7, 9],
}
TRUE = Delivery(index=9, mark_id="0123456789abcdef")
WRONG: dict[str, tuple[dict[str, Any], Delivery | None, str]] = {
    "not identified": ({"identified": False, "mark_id": None, "records": []}, TRUE, "was not identified: z 12.5"),
    "another's mark": ({"mark_id": "ffffffffffffffff"}, TRUE, "leads to mark id ffffffffffffffff"),
    "another's record": ({"records": [7]}, TRUE, "record 9 says"),
    "another picture": ({"original": "kept/gallery/photos/dunes/two.jpg"}, TRUE, "is of /photos/dunes/one.jpg"),
    "no record": ({}, None, "no evidence record"),
}


def judged(changes: dict[str, Any], true: Delivery | None) -> tracing.Traced:
    return judge(TAKER, LINE, {**RESULT, **changes}, true, Path("kept/gallery"))


def test_a_copy_that_leads_to_its_download_is_told_with_its_numbers() -> None:
    """Which record, when, to whom, how sure, and what that does not show."""
    traced = judged({}, replace(TRUE, others=(4,)))
    told = " ".join(trace_words(traced))

    assert (traced.faults, traced.record) == ((), 9)
    for words in (
        "the bulk downloader took",
        "evidence record 9 (the same copy also went out under 4), issued on 2026-11-25 01:12:18 UTC",
        "a client that came as Chrome 156",
        "z 12.5, where 6.7 is enough",
        "at most once in 10^31 such searches",
        "does not show who passed the copy on",
    ):
        assert words in told


@pytest.mark.parametrize("case", WRONG)
def test_a_copy_that_leads_elsewhere_fails_the_demo(case: str) -> None:
    """Not found, another's mark, another record or another picture: said, and the demo is not ok."""
    changes, true, words = WRONG[case]
    traced = judged(changes, true)
    value = as_json(replace(GOOD, traced=traced))

    assert any(words in fault for fault in traced.faults)
    assert traced.record is None
    assert value["ok"] is False
    assert "NOT traced" in trace_words(traced)[0]


def test_the_found_copy_is_the_square_in_the_middle(tmp_path: Path) -> None:
    """Cropped, 256 pixels, and a JPEG whatever the copy was."""
    picture = Image.new("RGB", (900, 300), "red")
    picture.paste("blue", (300, 0, 600, 300))
    picture.save(tmp_path / "taken.png")

    spoil(tmp_path / "taken.png", tmp_path / "found.jpg")

    with Image.open(tmp_path / "found.jpg") as found:
        assert (found.format, found.size) == ("JPEG", (256, 256))
        assert all(found.getpixel((x, 128))[2] > 200 for x in (2, 253))


def test_without_the_extra_one_line_says_what_would_be_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo still holds, and names the package to install."""
    monkeypatch.setattr(tracing, "find_spec", lambda _: None)
    file = kept_file(str(tmp_path / "taken"), LINE.path)
    file.parent.mkdir()
    file.write_bytes(b"a picture")

    traced = asyncio.run(trace_back(tmp_path, [TAKER]))

    assert traced is not None
    assert as_json(replace(GOOD, traced=traced))["ok"] is True
    (line,) = trace_words(traced)
    assert "crawler-guard[trace]" in line


def test_where_no_copy_was_kept_nothing_is_traced(tmp_path: Path) -> None:
    """Neither from a client that got none, nor from one that threw it away."""
    assert asyncio.run(trace_back(tmp_path, [GPTBOT, TAKER])) is None
    assert as_json(GOOD)["trace"] is None


def test_a_search_that_fails_is_told(tmp_path: Path) -> None:
    """`guard trace` without any evidence ends with a sentence, which the demo shows."""
    file = kept_file(str(tmp_path / "taken"), LINE.path)
    file.parent.mkdir()
    Image.new("RGB", (400, 300)).save(file)

    traced = asyncio.run(trace_back(tmp_path, [TAKER]))

    assert traced is not None
    assert "guard trace failed with status" in traced.faults[0]


def test_marked_copies_are_told_apart_from_smaller_pictures() -> None:
    """Of three pictures under one decision one came as a marked copy."""
    assert [(words, count) for words, _, count in doings(TAKER)] == [("given marked copies", 1), ("given smaller", 2)]
    assert "1 of them marked" in haul(replace(TAKER, pictures=3))
    assert haul(TAKER)[0] == "no pictures"
    assert "1 of them marked" not in haul(TAKER)
