"""Does `guard evidence stats` say how much there is, and up to where others vouch for it?"""

import json

import pytest
from typer.testing import CliRunner

from guard.cli.evidence import app
from guard.errors import EvidenceError, UsageError
from guard.evidence.checkpoint import unsigned
from guard.store import anchor_state
from guard.store.anchor_state import AnchorState, Asked, Covered
from tests.support.anchors import stamp
from tests.support.authority import Authority
from tests.support.evidence import fill, open_log


@pytest.fixture
def root(tmp_path):
    log = open_log(tmp_path / "e")
    fill(log, 2)
    log.close()
    return tmp_path / "e"


def run(*arguments):
    return CliRunner().invoke(app, ["stats", *map(str, arguments)])


def anchored(root, size, since=1_795_575_600.0, failures=0):
    origin = unsigned((root / "log/checkpoint").read_bytes()).origin
    asked = {"https://tsa.example/tsr": Asked(at=1_795_579_200.0, failures=failures)}
    state = AnchorState(origin=origin, asked=asked, covered={"time_stamps": Covered(size=size, since=since)})
    anchor_state.save(root / "guard" / anchor_state.FILE, state)


def test_what_nobody_vouches_for_is_said(root):
    """With the setting that changes it."""
    done = run(root)

    assert done.exit_code == 0
    assert "nobody was asked to vouch for this log: see evidence.time_stamps" in done.stdout
    assert "time-stamp tokens 0, cosignatures 0" in done.stdout


def test_since_when_the_log_is_unanchored_is_said(root):
    """And who does not answer."""
    stamp(root, Authority(name="Good"))
    anchored(root, 8, failures=3)
    size = unsigned((root / "log/checkpoint").read_bytes()).size
    said = run(root).stdout

    assert f"8 records; unanchored since 2026-11-25 03:00:00 UTC: {size - 8} records" in said
    assert "time-stamp tokens 1," in said
    assert "https://tsa.example/tsr" in said
    assert "2026-11-25 04:00:00 UTC, failed 3 times in a row" in said
    assert all(len(line) <= 80 for line in said.splitlines()), said


def test_json_has_the_same(root):
    """For scripts and for monitoring without Prometheus."""
    anchored(root, 8)
    found = json.loads(run(root, "--json").stdout)

    assert found["outside"]["time_stamps"] == {"records": 8, "since": "2026-11-25T03:00:00Z", "newer": 0}
    assert found["records"] == 8


def test_what_is_known_of_another_log_does_not_count(root, tmp_path):
    """A log that was put away left its state behind."""
    anchored(root, 5000)
    state = anchor_state.load(root / "guard" / anchor_state.FILE)
    state.origin = "another/evidence/1"
    anchor_state.save(root / "guard" / anchor_state.FILE, state)

    assert json.loads(run(root, "--json").stdout)["outside"] == {}


def test_another_folder_is_told(root, tmp_path):
    """As verify does."""
    assert isinstance(run(tmp_path / "nothing").exception, UsageError)
    assert isinstance(run(root / "log").exception, UsageError)
    (root / "log/checkpoint").unlink()
    assert isinstance(run(root).exception, EvidenceError)
