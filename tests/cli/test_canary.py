"""What is listed of canaries? (In a guard's log: tests/server/test_canaries.py.)"""

import json
import subprocess
import sys

import pytest

from guard.evidence.canary_record import canary
from guard.store.batch import Entry
from tests.support.evidence import AT, open_log, request_leaf

DIGEST = "ab" * 32


def guard(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "guard", "canary", "list", *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture
def evidence(tmp_path):
    log = open_log(tmp_path)
    said = canary(
        at=AT, site="photo.example", sha256=DIGEST, size=9, media_type="image/jpeg", name="a\x1b[31m\n.jpg", path="/w/"
    )
    log.append([Entry(said, ()), Entry(request_leaf(mark="00c0ffee00c0ffee", original=DIGEST), ())])
    log.close()
    return tmp_path


def test_each_is_shown_with_its_record_and_copies(evidence):
    """What somebody wrote into a file's name does nothing to the terminal."""
    shown, listed = guard("--evidence", str(evidence)), guard("--evidence", str(evidence), "--json")

    assert shown.returncode == 0, shown.stderr
    assert "offered on photo.example below /w/" in shown.stdout
    assert "copies    1, under 1 mark id" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert json.loads(listed.stdout)["canaries"][0]["mark_ids"] == ["00c0ffee00c0ffee"]


def test_where_there_is_none_that_is_said(tmp_path):
    """And how to have one."""
    log = open_log(tmp_path)
    log.append([Entry(request_leaf(), ())])
    log.close()

    ended = guard("--evidence", str(tmp_path))

    assert (ended.returncode, ended.stdout) == (0, "")
    assert "no canary is on record" in ended.stderr
    assert guard().returncode == 2
