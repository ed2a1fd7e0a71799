"""`guard licence`: what the owner says is what the token says, and what is wrong is said in one sentence."""

import json
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from guard.cli.licence import app
from guard.core.licence_token import open_token
from guard.errors import GuardError, LicenceError, UsageError
from guard.store.licences import LicenceBook
from tests.support.licences import no_secret_in
from tests.support.signing import ED25519, P256, b64url, jwk


class Terminal:
    """A configuration, and commands run with it."""

    def __init__(self, folder: Path, sites: str = "photo.example", more: str = "licences: {accept: yes}") -> None:
        self.folder = folder
        self.file = folder / "guard.yaml"
        hosts = ", ".join(f"{{host: '{one}', upstream: 'http://127.0.0.1:8080'}}" for one in sites.split())
        self.file.write_text(f"sites: [{hosts}]\nevidence: {{directory: evidence}}\n{more}\n")
        self.book = LicenceBook(folder / "evidence" / "guard" / "licences")

    def run(self, *arguments: str) -> Any:
        """Run a command and return what came of it; what the program itself reports is raised."""
        done = CliRunner().invoke(app, [*arguments, "-c", str(self.file)])
        if isinstance(done.exception, GuardError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done

    def issue(self, *arguments: str) -> tuple[str, Any]:
        """Issue a licence; return its token and what the token says."""
        token = self.run("issue", "--to", "Acme AI", *arguments).stdout.strip()
        public = self.book.trust().public
        assert public is not None
        return token, open_token(token, public)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """One site."""
    return Terminal(tmp_path)


def test_a_licence_says_what_the_owner_said(terminal: Terminal, tmp_path: Path) -> None:
    """Every option."""
    key = tmp_path / "key.jwk"
    key.write_bytes(orjson.dumps({**jwk(P256), "use": "sig"}))
    now = datetime.now(UTC)
    _, said = terminal.issue(
        "--crawler", "openai-gptbot", "--key", str(key), "--host", "PHOTO.example", "--path", "/stock", "--path", "/a/",
        "--purpose", "ai_training", "--kind", "image", "--kind", "original", "--days", "30", "--pictures", "1000",
        "--per", "day", "--reference", "2026-17",
    )  # fmt: skip

    assert (said.licensee, said.reference, said.crawler) == ("Acme AI", "2026-17", "openai-gptbot")
    assert (said.hosts, said.paths) == (("photo.example",), ("/stock", "/a/"))
    assert (said.purposes, said.kinds) == ({"ai_training"}, {"image", "original"})
    assert (said.pictures, said.per_seconds) == (1000, 86_400)
    assert said.key == jwk(P256)
    assert abs(said.expires - now - timedelta(days=30)) < timedelta(seconds=30)


def test_the_token_is_data_and_the_rest_is_talk(terminal: Terminal) -> None:
    """One line on standard output; the key nowhere, the token in no file."""
    done = terminal.run("issue", "--to", "Acme AI", "--bearer")

    assert re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]{86}\n", done.stdout)
    assert "shown once" in done.stderr
    assert "warning" not in done.stderr
    assert "PRIVATE KEY" not in done.output
    key = terminal.book.folder / "licence.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert no_secret_in(terminal.folder, done.stdout.strip(), done.stdout.strip().rpartition(".")[2]) == []


def test_as_json_there_is_everything(terminal: Terminal) -> None:
    """With the token, as this is the only time."""
    found = json.loads(terminal.run("issue", "--to", "Acme AI", "--bearer", "--json").stdout)

    assert found["state"] == "valid"
    assert found["claims"]["sub"] == "Acme AI"
    assert found["token"].startswith("eyJ")


def test_the_owner_is_told_when_tokens_are_not_accepted(tmp_path: Path) -> None:
    """With what to write."""
    assert "licences: {accept: yes}" in Terminal(tmp_path, more="").run("issue", "--to", "A", "--bearer").stderr


def test_a_day_includes_itself(terminal: Terminal) -> None:
    """Until the midnight that ends it."""
    day = datetime.now(UTC).date() + timedelta(days=90)

    assert terminal.issue("--bearer", "--until", day.isoformat())[1].expires.date() == day + timedelta(days=1)


def test_licences_are_listed_and_shown_with_their_state(terminal: Terminal) -> None:
    """Within 80 columns, and as JSON; never with a token."""
    tokens, said = zip(*(terminal.issue(*one) for one in (
        ("--bearer", "--path", "/a-very-long-path/that-goes-on/and-on"), ("--crawler", "openai-gptbot")
    )), strict=True)  # fmt: skip
    terminal.run("revoke", said[0].id)

    listed = terminal.run("list").stdout
    assert max(map(len, listed.splitlines())) <= 80
    states = {line.split()[0]: line.split()[1] for line in listed.splitlines()}
    assert states == {said[0].id: "revoked", said[1].id: "valid"}
    shown = terminal.run("show", said[0].id.lower()).stdout
    assert re.search(r"^state +revoked on 20", shown, re.MULTILINE)
    assert "/a-very-long-path/that-goes-on/and-on" in shown
    as_json = {one["id"]: one for one in json.loads(terminal.run("list", "--json").stdout)}
    assert as_json[said[0].id]["state"] == "revoked"
    assert as_json[said[1].id]["bound_to"] == "openai-gptbot"
    assert json.loads(terminal.run("show", said[1].id, "--json").stdout) == as_json[said[1].id]
    everything = listed + shown + json.dumps(as_json)
    assert not any(token.rpartition(".")[2] in everything for token in tokens)


def test_revoking_twice_is_said(terminal: Terminal) -> None:
    """And is no fault."""
    _, said = terminal.issue("--bearer")

    assert terminal.run("revoke", said.id).stdout == f"{said.id} revoked\n"
    assert terminal.run("revoke", said.id).stdout == f"{said.id} was revoked already\n"


def test_a_name_can_not_steer_the_terminal(terminal: Terminal) -> None:
    """It is refused where it is given, and what a damaged register holds is shown as codes."""
    with pytest.raises(UsageError, match="--to"):
        terminal.run("issue", "--to", "a\x1b[31m", "--bearer")


WRONG = {
    "nobody can use it": ([], "say who can use it"),
    "anybody and one": (["--bearer", "--crawler", "openai-gptbot"], "--bearer is for whoever"),
    "two keys": (["--key", "x", "--key-thumbprint", "y"], "take one of them"),
    "a thumbprint that is none": (["--key-thumbprint", "abc"], "43 characters"),
    "a token for an id": (["--crawler", "GPTBot"], "did you mean 'openai-gptbot'"),
    "a crawler nobody knows": (["--crawler", "zzzzzz"], "guard rules list"),
    "a host that is no site": (["--bearer", "--host", "photos.example"], "did you mean 'photo.example'"),
    "a host with a port": (["--bearer", "--host", "photo.example:80"], "without a port"),
    "every host": (["--bearer", "--host", "*"], "one whole name"),
    "a path without a slash": (["--bearer", "--path", "stock"], "must begin with '/'"),
    "a pattern": (["--bearer", "--path", "/a*"], "without '*'"),
    "a path with a step up": (["--bearer", "--path", "/a/../b"], "must be written as '/b'"),
    "a purpose that is none": (["--bearer", "--purpose", "ai_traning"], "did you mean 'ai_training'"),
    "a kind that is none": (["--bearer", "--kind", "photo"], "--kind"),
    "no days": (["--bearer", "--days", "0"], "from 1 to 3650"),
    "days without end": (["--bearer", "--days", "99999999999"], "from 1 to 3650"),
    "days and a day": (["--bearer", "--days", "3", "--until", "2027-01-01"], "take one of them"),
    "a day that is none": (["--bearer", "--until", "2027-02-30"], "must be a day"),
    "a day in the past": (["--bearer", "--until", "2020-01-01"], "within the next"),
    "a number without a time": (["--bearer", "--pictures", "10"], "--per day"),
    "a time without a number": (["--bearer", "--per", "day"], "--per day"),
    "a time that is none": (["--bearer", "--pictures", "10", "--per", "week"], "--per day"),
    "a very long name": (["--bearer", "--reference", "x" * 201], "at most 200"),
    "too many paths": (["--bearer", *(one for n in range(33) for one in ("--path", f"/{n}"))], "32 times"),
    "a key file that is not there": (["--key", "/nonexistent/key"], "can not be read"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_command_line_issues_nothing(terminal: Terminal, arguments: list[str], said: str) -> None:
    """And says what would be right."""
    with pytest.raises(UsageError, match=re.escape(said)):
        terminal.run("issue", "--to", "Acme AI", *arguments)
    assert terminal.book.licences() == ([], [])


KEYS = {
    "not JSON": (b"ssh-ed25519 AAAA", "not a JSON Web Key"),
    "a list": (b"[]", "not a JSON Web Key"),
    "no key": (b"{}", "type that is not accepted"),
    "two keys": (orjson.dumps({"keys": [jwk(ED25519), jwk(P256)]}), "holds 2 keys"),
    "a private key": (orjson.dumps({**jwk(ED25519), "d": b64url(bytes(32))}), "is a private key"),
    "a shared secret": (b'{"kty":"oct","k":"AAAA"}', "type that is not accepted"),
    "a broken key": (b'{"kty":"OKP","crv":"Ed25519","x":"AA"}', "the key"),
}


@pytest.mark.parametrize(("data", "said"), KEYS.values(), ids=KEYS.keys())
def test_a_wrong_key_file_is_named(terminal: Terminal, tmp_path: Path, data: bytes, said: str) -> None:
    """With what is wrong with it; a private key above all, which the licensee must not have given away."""
    file = tmp_path / "key"
    file.write_bytes(data)

    with pytest.raises(UsageError, match=re.escape(said)):
        terminal.run("issue", "--to", "Acme AI", "--key", str(file))


def test_a_directory_with_one_key_is_a_key_file_as_well(terminal: Terminal, tmp_path: Path) -> None:
    """As signers publish it."""
    file = tmp_path / "directory.json"
    file.write_bytes(orjson.dumps({"keys": [jwk(ED25519)]}))

    assert terminal.issue("--key", str(file))[1].key == jwk(ED25519)


@pytest.mark.parametrize("sites", ["a.example b.example", "*"])
def test_the_host_is_asked_for_where_there_is_not_one(tmp_path: Path, sites: str) -> None:
    """A licence for every site would be more than was meant."""
    with pytest.raises(UsageError, match="--host is needed"):
        Terminal(tmp_path, sites).run("issue", "--to", "Acme AI", "--bearer")
    assert Terminal(tmp_path, sites).issue("--bearer", "--host", "b.example")[1].hosts == ("b.example",)


def test_an_id_that_is_not_there_is_a_wrong_command_line(terminal: Terminal) -> None:
    """With one that is like it."""
    _, said = terminal.issue("--bearer")

    for command in ("show", "revoke"):
        with pytest.raises(UsageError, match=f"did you mean '{said.id}'"):
            terminal.run(command, said.id[:-1])


def test_damaged_files_are_named_and_the_rest_is_listed(terminal: Terminal) -> None:
    """A file of the register is skipped; revocations that can not be read are not taken for none."""
    _, said = terminal.issue("--bearer")
    (terminal.book.folder / "issued" / "0000000000.json").write_text("x")

    done = terminal.run("list")
    assert said.id in done.stdout
    assert "0000000000.json" in done.stderr
    (terminal.book.folder / "revoked").write_text("x")
    with pytest.raises(LicenceError, match="restore the file"):
        terminal.run("list")


def test_without_a_configuration_the_default_register_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `guard serve --upstream` has it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("GUARD_CONFIG", raising=False)

    done = CliRunner().invoke(app, ["list"])
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "0 licences\n")
