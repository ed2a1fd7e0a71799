"""A list of the owner's pictures says all that it promises, in three forms, and is understood by `clean`."""

import csv
import json
from dataclasses import replace

import pyarrow.parquet
import pytest

from guard.cli.terminal import csv_lines
from guard.dataset.matcher import Listed, Matcher
from guard.dataset.optout import COLUMNS, Owner, Row, ending_of, picture_rows, pictures_below, site_rows, write
from guard.dataset.reserved import read_list
from guard.errors import UsageError
from guard.reservation.statement import Override, Statement
from tests.image.test_codes import picture, saved

STATEMENT = Statement(holder="Jane Doe", contact="rights@photo.example")
OWNER = Owner(base="https://photo.example/p", statement=STATEMENT, terms="", day="2026-11-24")


def override(path: str, **answers: bool) -> Override:
    return Override(**{"path": path, "train": False, "ai_use": False, "search": True, "tdm": False, **answers})


@pytest.fixture
def folder(tmp_path):
    pictures = tmp_path / "pictures"
    (pictures / "sub" / ".hidden").mkdir(parents=True)
    (pictures / "=1+1 ü.jpg").write_bytes(saved(picture()))
    (pictures / "sub" / "b").write_bytes(saved(picture(seed=9), "PNG"))
    (pictures / "sub" / ".hidden" / "c.jpg").write_bytes(b"x")
    (pictures / "index.html").write_bytes(b"<p>")
    (pictures / "broken.jpg").write_bytes(saved(picture())[:500])
    (tmp_path / "outside.jpg").write_bytes(b"x")
    (pictures / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    return pictures


def looked(folder):
    return list(picture_rows(folder, pictures_below(folder), OWNER))


def test_every_picture_is_a_row_and_every_other_file_a_fault(folder):
    """Whatever it is called; hidden files, pages and links that lead out are passed over."""
    found = looked(folder)

    assert [(one.path.name, one.row is not None) for one in found] == [
        ("=1+1 ü.jpg", True), ("broken.jpg", False), ("b", True),
    ]  # fmt: skip
    assert found[0].row is not None
    assert found[0].row.url == "https://photo.example/p/%3D1%2B1%20%C3%BC.jpg"
    assert (found[0].row.holder, found[0].row.contact, found[0].row.date) == (
        "Jane Doe", "rights@photo.example", "2026-11-24",
    )  # fmt: skip
    assert "truncated" in found[1].fault.lower()


def rows(folder):
    yield from site_rows(OWNER)
    yield from (one.row for one in looked(folder) if one.row is not None)


def test_the_three_forms_say_the_same(folder, tmp_path):
    """With the documented columns, and no formula in the CSV."""
    for ending in (".csv", ".jsonl", ".parquet"):
        assert write(rows(folder), tmp_path / f"list{ending}", ending, csv_lines) == 3
    with (tmp_path / "list.csv").open(encoding="utf-8", newline="") as file:
        from_csv = list(csv.DictReader(file))
    from_json = [json.loads(line) for line in (tmp_path / "list.jsonl").read_text("utf-8").splitlines()]
    from_parquet = pyarrow.parquet.read_table(tmp_path / "list.parquet").to_pylist()

    assert tuple(from_csv[0]) == tuple(from_parquet[0]) == COLUMNS
    assert from_csv[1]["file"] == "'=1+1 ü.jpg"
    for one, other, third in zip(from_csv, from_json, from_parquet, strict=True):
        plain = {name: text.removeprefix("'") for name, text in one.items() if text}
        assert plain == {name: str(value) for name, value in other.items()}
        assert other == {name: value for name, value in third.items() if value is not None}
    assert not (tmp_path / "lines").exists()


def test_a_list_reserves_what_it_names(folder, tmp_path):
    """By address, by pattern, by digests and by look."""
    write(rows(folder), tmp_path / "list.csv", ".csv", csv_lines)
    matcher = Matcher(read_list(tmp_path / "list.csv"))
    one = next(row for row in rows(folder) if row.kind == "picture")

    def reasons(listed: Listed) -> list[str]:
        return [match.reason for match in matcher.matches(listed)]

    assert reasons(Listed(url=one.url)) == ["picture", "url", "file_common"]
    assert reasons(Listed(url="https://photo.example/p/new.jpg")) == ["url"]
    assert reasons(Listed(url="https://photo.example/other/new.jpg")) == []
    assert reasons(Listed(md5=one.md5, sha256=one.sha256, phash=one.phash)) == ["md5", "sha256", "likeness"]


def test_a_part_with_other_answers_is_listed_as_it_is(folder):
    """A part that permits more takes the row of the whole away; one that reserves more has a row of its own."""

    def sites(**answers) -> list[tuple[str, str]]:
        statement = replace(STATEMENT, **answers)
        return [(one.url, one.reserved) for one in site_rows(replace(OWNER, statement=statement))]

    everything = {"train": True, "ai_use": True, "tdm": True}
    assert sites() == [("https://photo.example/p/*", "train ai-use tdm")]
    assert sites(paths=(override("/p/press/", train=True),)) == [("https://photo.example/p/press/*", "ai-use tdm")]
    assert sites(paths=(override("/p/press/", **everything),)) == []
    assert sites(**everything) == []
    assert sites(**everything, paths=(override("/p/a/"), override("/other/"))) == [
        ("https://photo.example/p/a/*", "train ai-use tdm")
    ]
    free = replace(OWNER, statement=replace(STATEMENT, paths=(override("/p/sub/", **everything),)))
    found = list(picture_rows(folder, pictures_below(folder), free))
    assert [(one.path.name, one.row is not None, bool(one.fault)) for one in found] == [
        ("=1+1 ü.jpg", True, False), ("broken.jpg", False, True), ("b", False, False),
    ]  # fmt: skip


def test_other_endings_are_refused(tmp_path):
    """With those that there are."""
    with pytest.raises(UsageError, match=r"take one of \.csv, \.jsonl, \.parquet"):
        ending_of(tmp_path / "list.xlsx")
    with pytest.raises(UsageError, match="is no folder"):
        pictures_below(tmp_path / "gone")
    assert tuple(Row.__slots__) == COLUMNS
