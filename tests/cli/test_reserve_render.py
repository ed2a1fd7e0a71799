"""Does the terminal write what the server answers with?"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guard.cli.reserve import app
from guard.cli.reserve_source import source_of
from guard.errors import UsageError

CONFIGURATION = """\
sites:
  - {host: photo.example, upstream: 'http://127.0.0.1:8080'}
  - {host: other.example, upstream: 'http://127.0.0.1:8081', rights: {search: no}}
rights:
  holder: Jane Doe
  paths: [{path: /press/, train: yes}]
  offer: {ai_use: {url: 'https://photo.example/licence'}}
"""
NAMES = ("robots.txt", "ai.txt", "tdmrep.json", "rsl.xml", "trust.txt", "terms", "odrl")


def run(*arguments: str, code: int = 0):
    """Run `guard reserve render`."""
    done = CliRunner().invoke(app, ["render", *arguments], catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A configuration with two sites, a path and an offer."""
    (tmp_path / "guard.yaml").write_text(CONFIGURATION)
    return str(tmp_path / "guard.yaml")


def test_every_document_is_written_byte_for_byte(config: str):
    """As the server answers with it for that site; the list says the same."""
    reserved = source_of(Path(config), "other.example", print).render()
    listed = {
        row["name"]: row for row in json.loads(run("--list", "--json", "-c", config, "--host", "other.example").stdout)
    }

    assert tuple(listed) == NAMES
    for name in NAMES:
        body = run(name, "-c", config, "--host", "other.example").stdout_bytes
        document = reserved.document(listed[name]["path"])
        assert document is not None
        assert body == document.body
        assert (listed[name]["sha256"], listed[name]["bytes"]) == (document.digest, len(body))
    assert run("manifest", "-c", config, "--host", "other.example").stdout_bytes == reserved.manifest + b"\n"


def test_headers_and_head_are_those_of_the_path(config: str):
    """A path with answers of its own has its own."""
    outside, inside = (run("headers", "-c", config, "--path", path).stdout for path in ("/", "/press/a.jpg"))

    assert "\nContent-Usage: train-ai=n, " in outside
    assert "\nContent-Usage: train-ai=y, " in inside
    assert json.loads(run("headers", "--json", "-c", config).stdout)[0] == ["X-Robots-Tag", "noai, noimageai"]
    assert "noai" in run("html", "-c", config).stdout
    assert "noai" not in run("html", "-c", config, "--path", "/press/").stdout


def test_a_host_without_a_configuration_has_safe_defaults():
    """Everything reserved but search, on our catalogue of crawlers."""
    text = run("robots.txt", "--host", "photo.example").stdout

    assert "User-agent: GPTBot\n" in text
    assert "License: https://photo.example/rsl.xml\n" in text
    assert "Content-Usage: train-ai=n, ai-use=n, search=y\n" in text


@pytest.mark.parametrize("kind", ["nginx", "caddy", "apache", "htaccess", "wordpress", "paste"])
def test_every_snippet_names_the_site(config: str, kind: str):
    """Data on standard output, talk about the files on standard error."""
    done = run("--for", kind, "-c", config)

    assert "photo.example" in done.stdout
    assert ("--into DIR" in done.stderr) == (kind in {"nginx", "caddy", "apache", "htaccess"})


def test_all_documents_become_files_and_none_is_overwritten(config: str, tmp_path: Path):
    """A robots.txt that is there already stays, and is told; a second run has nothing to do."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "robots.txt").write_text("User-agent: *\nDisallow: /private/\n")

    done = run("--into", str(folder), "-c", config, code=1)

    assert (folder / "robots.txt").read_text() == "User-agent: *\nDisallow: /private/\n"
    assert "robots.txt is there already and says something else" in done.stderr
    assert (folder / ".well-known" / "tdmrep.json").read_bytes() == run("tdmrep.json", "-c", config).stdout_bytes
    assert len(done.stdout.splitlines()) == 7
    (folder / "robots.txt").unlink()
    assert run("--into", str(folder), "-c", config).stdout == f"{folder / 'robots.txt'}\n"
    assert run("--into", str(folder), "-c", config).stdout == ""


def test_the_list_fits_a_terminal(config: str):
    """80 columns, with the bytes that every response costs."""
    lines = run("--list", "-c", config).stdout.splitlines()

    assert max(map(len, lines)) <= 80
    assert any(line.startswith("headers") and "on every response" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "ask for one thing"),
        (("robots.txt", "--list", "--host", "a.example"), "ask for one thing"),
        (("robot.txt", "--host", "a.example"), "did you mean 'robots.txt'"),
        (("odrl", "--host", "a.example"), "no licence is offered"),
        (("headers", "--host", "a.example", "--path", "x"), "begins with /"),
        (("terms", "--json", "--host", "a.example"), "--json is for"),
        (("terms", "--host", "a.example", "-c", "none.yaml"), "there is no such file"),
        (("--into", "/dev/null/x", "--host", "a.example"), "can not be written"),
    ],
)
def test_a_wrong_command_line_is_told(arguments: tuple[str, ...], said: str):
    """With the next step."""
    with pytest.raises(UsageError, match=said):
        run(*arguments)
