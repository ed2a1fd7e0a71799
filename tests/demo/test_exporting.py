"""The demo ends with what a lawyer gets."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guard.cli.demo import as_json
from guard.demo import exporting
from guard.demo.exporting import REPORTS, Exported, export_case
from guard.demo.words import export_words
from tests.demo.test_tracing import GOOD
from tests.support.cases import BOT, fill


def test_the_case_is_exported_checked_and_laid_open(tmp_path: Path):
    """By the commands that an owner and an expert would type."""

    def more(visits: Any) -> None:
        visits.fetch("/album/harbour.jpg", {**BOT, "claimed": exporting.REFUSED})

    fill(tmp_path / "evidence", more)
    (tmp_path / "gallery").mkdir()
    made = asyncio.run(export_case(tmp_path, None, stays=True))

    assert made.faults == ()
    assert (made.requests, made.proven > 3) == (1, True)
    assert all((tmp_path / name).read_bytes().startswith(b"%PDF") for name in REPORTS)
    assert str(tmp_path / "report.en.pdf") in " ".join(export_words(made))
    assert as_json(replace(GOOD, exported=made))["ok"] is True


def test_where_nothing_can_be_exported_the_demo_says_so_and_fails(tmp_path: Path):
    """A log without the crawler that was refused."""
    fill(tmp_path / "evidence")
    made = asyncio.run(export_case(tmp_path, None, stays=True))

    assert len(made.faults) == 1
    assert "NOT made" in export_words(made)[0]
    assert as_json(replace(GOOD, exported=made))["ok"] is False


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The rest of the demo is shown all the same."""
    monkeypatch.setattr(exporting, "find_spec", lambda _: None)
    made = asyncio.run(export_case(tmp_path, None, stays=True))

    assert made.missing
    assert "crawler-guard[evidence]" in export_words(made)[0]
    assert as_json(replace(GOOD, exported=made))["ok"] is True


def test_of_a_folder_that_goes_away_no_file_is_named():
    """It says how to keep it."""
    made = Exported(bundle=Path("/gone/case.asice"), report=Path("/gone/report.en.pdf"), stays=False, requests=1)

    assert "/gone" not in " ".join(export_words(made))
    assert "--keep" in export_words(made)[1]
