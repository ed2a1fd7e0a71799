"""Does `guard evidence stamp` get a token over a log or a file, and say what went wrong if not?"""

import re
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from guard.cli.evidence import app
from guard.errors import GuardError, UsageError
from tests.support.authority import Authority, OpenSslAuthority, serving
from tests.support.evidence import fill, open_log, start_recorder, stop
from tests.support.programs import need


@pytest.fixture
def root(tmp_path):
    log = open_log(tmp_path / "e")
    fill(log, 2)
    log.close()
    return tmp_path / "e"


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "80"})


@pytest.fixture
def authority(tmp_path):
    made = Authority(name="Good")
    (tmp_path / "ca.pem").write_bytes(made.root.pem)
    with serving(made.reply) as server:
        yield server


def test_a_log_that_nobody_writes_is_stamped_and_verified(root, authority, tmp_path):
    """The token is a record, and what it was trusted by lies with the log."""
    done = run("stamp", root, "--authority", authority.url, "--ca", tmp_path / "ca.pem")
    verified = run("verify", root)

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("records 0 to 7 existed at ")
    assert re.search(
        r"; the token is record (9|10)$", done.stdout.strip()
    )  # the clock is on record too, where it tells
    assert verified.exit_code == 0
    assert "1 token of http://127.0.0.1" in " ".join(verified.stdout.split())
    assert "compare them with what the authority publishes" in " ".join(verified.stdout.split())


def test_a_log_that_a_recorder_writes_is_stamped_too(root, authority, tmp_path):
    """The record goes to it."""
    recorder = start_recorder(root, tmp_path / "socket")
    try:
        done = run("stamp", root, "--authority", authority.url, "--ca", tmp_path / "ca.pem")
    finally:
        stop(recorder)

    assert done.exit_code == 0, done.output
    assert "1 token of" in " ".join(run("verify", root, "--tsa-ca", tmp_path / "ca.pem").stdout.split())


def test_authorities_come_from_the_configuration(root, authority, tmp_path):
    """All of them are asked."""
    config = tmp_path / "guard.yaml"
    config.write_text(
        "sites: [{host: photo.example, upstream: 'http://127.0.0.1:1'}]\n"
        f"evidence: {{directory: e, time_stamps: [{{url: '{authority.url}', ca: ca.pem, qualified: yes}}]}}\n"
    )

    assert run("stamp", root, "-c", config).exit_code == 0
    assert "qualified by the owner's account" in " ".join(run("verify", root).stdout.split())


def test_a_file_is_stamped_and_openssl_agrees(authority, tmp_path):
    """With the very line that is printed."""
    need("openssl")
    (tmp_path / "found.json").write_bytes(b"{}")
    done = run("stamp", tmp_path / "found.json", "--authority", authority.url, "--ca", tmp_path / "ca.pem")
    command = done.stdout.splitlines()[-1].strip()
    checked = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602

    assert done.exit_code == 0, done.output
    assert "existed at" in done.stdout
    assert (tmp_path / "found.json.tsr").is_file()
    assert "Verification: OK" in checked.stdout + checked.stderr


def test_only_a_hash_goes_to_the_authority(authority, tmp_path):
    """Not a byte of what is stamped."""
    (tmp_path / "found.json").write_bytes(b"a very secret finding")
    run("stamp", tmp_path / "found.json", "--authority", authority.url, "--ca", tmp_path / "ca.pem")

    (query,) = authority.asked
    assert b"secret" not in query
    assert len(query) < 80


def test_openssl_as_the_authority_will_do(root, tmp_path):
    """Its replies carry two certificates out of order."""
    (tmp_path / "tsa").mkdir()
    made = OpenSslAuthority(tmp_path / "tsa")
    with serving(made.reply) as server:
        done = run("stamp", root, "--authority", server.url, "--ca", tmp_path / "tsa" / "ca.pem")

    assert done.exit_code == 0, done.output
    assert run("verify", root, "--tsa-ca", tmp_path / "tsa" / "ca.pem").exit_code == 0


def test_an_authority_that_is_not_trusted_leaves_nothing_behind(root, authority):
    """Not in the system's certificates, and none were given."""
    done = run("stamp", root, "--authority", authority.url)

    assert done.exit_code == 1
    assert "no authority that is trusted here" in done.stderr
    assert not list((root / "log" / "anchors").glob("*.tsr"))


def test_a_second_authority_helps_out_for_a_file(authority, tmp_path):
    """The first that answers is enough."""
    (tmp_path / "f").write_bytes(b"x")
    with serving(lambda _: (503, {}, b"")) as down:
        done = run(
            "stamp", tmp_path / "f", "--authority", down.url, "--authority", authority.url, "--ca", tmp_path / "ca.pem"
        )
        neither = run("stamp", tmp_path / "f", "--authority", down.url, "--ca", tmp_path / "ca.pem")

    assert done.exit_code == 0
    assert isinstance(neither.exception, GuardError)
    assert "it asks to be left alone (status 503)" in str(neither.exception)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name an authority with --authority URL"),
        (("--authority", "tsa.example"), "must be an address that starts with"),
        (("--ca", "ca.pem"), "name the authority with --authority"),
        (("--authority", "https://tsa.example", "-o", "x.tsr"), "--output is for a file"),
    ],
)
def test_what_is_missing_is_said(root, arguments, said):
    """Before anybody is asked."""
    done = run("stamp", root, *arguments)

    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)


def test_an_expired_certificate_is_told_and_holds(root, tmp_path):
    """Fault 22: years later the tokens are still good."""
    then = datetime.now(UTC) - timedelta(days=600)
    old = Authority(name="Old", clock=lambda: then, days=80)
    (tmp_path / "old.pem").write_bytes(old.root.pem)
    with serving(old.reply) as server:
        stamped = run("stamp", root, "--authority", server.url, "--ca", tmp_path / "old.pem")
    verified = run("verify", root)

    assert stamped.exit_code == 0, stamped.output
    assert verified.exit_code == 0
    assert "1 of the tokens are of certificates that have expired since" in " ".join(verified.stdout.split())
