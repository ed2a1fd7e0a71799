"""Does somebody who asks get all that is held about an address, and nothing of others?"""

import json

import pytest
from typer.testing import CliRunner

from guard.cli.evidence import app
from guard.errors import UsageError
from guard.evidence.record import RecordKind
from tests.cli.test_evidence_show import of_kind
from tests.store.test_custody import request
from tests.support.evidence import end_leaf, open_log

MINE, OTHER = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def root(tmp_path):
    """Return a log of two clients: 2 and 4 are mine."""
    log = open_log(tmp_path / "e")
    log.append([request(MINE, grade="E"), request(OTHER), request(MINE)])
    log.append([type(request())(end_leaf(2))])
    log.close()
    return tmp_path / "e"


def run(*arguments):
    done = CliRunner().invoke(app, ["access", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_all_of_an_address_is_told_and_nothing_of_another(root, tmp_path):
    """As text and as JSON; that somebody looked is on record."""
    file = tmp_path / "access.txt"
    done = run(root, "--address", MINE, "-o", file, "--why", "request no. 12")
    text, told = file.read_text(), json.loads((tmp_path / "access.txt.json").read_text())

    assert done.stdout.endswith("2 records\n")
    assert text.startswith("What is held about 203.0.113.7\n")
    for said in (
        "Record 2, 2026-01-01 00:00:00 UTC",
        "person: address 203.0.113.7",
        "request: query ?from=203.0.113.7",
    ):
        assert said in text
    assert [one["record"] for one in told["records"]] == [2, 4]
    assert told["records"][0]["status"] == 403
    assert told["records"][0]["values"]["person"] == {"address": MINE}
    assert OTHER not in text + json.dumps(told)
    (look,) = of_kind(root, RecordKind.ACCESS)
    assert (look.fields["by"], look.fields["records"], look.fields["why"]) == ("evidence access", 2, "request no. 12")
    assert file.stat().st_mode & 0o777 == 0o600


def test_where_nothing_is_held_that_is_the_answer(root, tmp_path):
    """Nobody was looked at."""
    file = tmp_path / "auskunft.txt"
    run(root, "--address", "192.0.2.1", "-o", file, "--lang", "de")

    assert "Zu dieser Adresse ist nichts gespeichert." in file.read_text()
    assert json.loads((tmp_path / "auskunft.txt.json").read_text())["records"] == []
    assert of_kind(root, RecordKind.ACCESS) == []


def test_a_question_about_nobody_is_refused(root, tmp_path):
    """It would be about everybody."""
    with pytest.raises(UsageError, match="--address is missing"):
        run(root, "-o", tmp_path / "x")
    with pytest.raises(UsageError, match="can not be written"):
        run(root, "--address", MINE, "-o", tmp_path / "nowhere" / "x")
