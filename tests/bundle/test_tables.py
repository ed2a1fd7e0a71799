"""Tables say what records say, and no cell computes."""

import csv
import io
from pathlib import Path

from guard.bundle.findings import findings
from guard.bundle.tables import tables
from tests.support.cases import BOT, Visits, case_of, fill


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_each_row_names_its_record(tmp_path: Path):
    """So that a number can be followed to the leaf."""
    case = case_of(fill(tmp_path / "evidence"), crawlers={"examplebot"})
    made = tables(findings(case))
    requests = read(made["requests.csv"])
    leaves = {str(one.index): one for one in case.records}

    assert [row["target"] for row in requests] == ["/robots.txt", "/album/harbour.jpg", "/album/harbour.jpg?w=800"]
    for row in requests:
        assert leaves[row["record"]].kind == "req"
        assert leaves[row["end_record"]].fields["req"] == int(row["record"])
        assert leaves[row["reservation_record"]].kind == "rsv"
    assert requests[1]["told_record"] == requests[0]["record"]
    assert [row["path"] for row in read(made["images.csv"])] == ["/album/harbour.jpg"] * 2
    assert [row["path"] for row in read(made["reservation/timeline.csv"])] == ["/robots.txt"]
    assert [row["kind"] for row in read(made["custody.csv"])] == ["key"]


def test_a_hostile_user_agent_stays_text(tmp_path: Path):
    """A formula, an escape sequence, a character that turns the line around."""
    visits = Visits(tmp_path / "evidence")
    visits.reserve()
    visits.fetch("/a.jpg", {**BOT, "agent": '=HYPERLINK("http://x")\x1b[31m\u202e'})
    visits.close()
    (row,) = read(tables(findings(case_of(tmp_path / "evidence")))["requests.csv"])

    assert row["user_agent"] == '\'=HYPERLINK("http://x")\\x1b[31m\\u202e'
