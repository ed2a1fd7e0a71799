"""One line a request, whole, and nothing in it that tells who a person was."""

import json
from dataclasses import fields
from pathlib import Path

from guard.exporter.access_log import AccessLog, Line

LINE = Line(
    at="2026-11-22T12:00:00Z", site="photo.example", method="GET", path="/a", status=200, bytes=1, purpose="browser",
    operator="", crawler="", claimed="", identity="none_claimed", conduct="clean", action="allow", rule="default",
    because="", kind="image", rendition="as_is", licence="", reference="", duration_ms=1.5,
)  # fmt: skip


def test_a_line_is_one_json_object(tmp_path: Path):
    """Two processes may write to one file: each line is written in one piece."""
    file = tmp_path / "access.log"
    first, second = AccessLog(str(file)), AccessLog(str(file))
    first.write(LINE)
    second.write(LINE)
    first.close()
    second.close()

    lines = file.read_text().splitlines()
    assert [json.loads(line)["path"] for line in lines] == ["/a", "/a"]


def test_odd_bytes_do_not_stop_the_log(tmp_path: Path):
    """A path may hold bytes that are no UTF-8."""
    from dataclasses import replace

    log = AccessLog(str(tmp_path / "access.log"))
    log.write(replace(LINE, path="/\udcff"))
    log.close()

    assert json.loads((tmp_path / "access.log").read_text())["path"] == "/\\udcff"


def test_no_field_could_hold_an_address_or_a_user_agent():
    """The names of the fields are the promise."""
    assert not {"address", "ip", "client", "user_agent", "referer", "query"} & {field.name for field in fields(Line)}


def test_a_full_disk_loses_lines_and_no_requests():
    """`/dev/full` is a disk without room."""
    log = AccessLog("/dev/full")

    log.write(LINE)

    log.close()


def test_off_writes_nothing(tmp_path: Path):
    """The default."""
    AccessLog("off").write(LINE)

    assert list(tmp_path.iterdir()) == []
