import ast
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from guard import settings_text
from guard.cli.init_words import WRONG
from guard.settings import load_settings
from tests.support.running import wait_until

HOLDER = 'Jane "J" Doe: photos'
WHOLE = ["--host", "Photo.Example", "--holder", HOLDER, "--profile", "wordpress", "--behind", "--train"]


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "guard", "init", *arguments],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "de"])
def test_what_is_written_is_right_and_says_what_was_answered(tmp_path, lang):
    """Also with characters that mean something in YAML."""
    ended = run(tmp_path, *WHOLE, "--evidence", str(tmp_path / "evidence"), "--lang", lang)

    settings = load_settings(tmp_path / "guard.yaml", os.environ, {})
    assert ended.returncode == 0, ended.stderr
    assert (settings.sites[0].host, settings.sites[0].profile) == ("photo.example", "wordpress")
    assert (settings.rights.holder, settings.rights.train, settings.rights.ai_use) == (
        'Jane "J" Doe: photos',
        True,
        False,
    )
    assert settings.client_ip.source == "x-forwarded-for"
    assert "guard serve -c guard.yaml" in ended.stdout


def test_a_file_that_is_there_is_left_alone(tmp_path):
    """Somebody may have worked on it."""
    (tmp_path / "guard.yaml").write_text("mine")

    ended = run(tmp_path, *WHOLE)

    assert (ended.returncode, (tmp_path / "guard.yaml").read_text()) == (2, "mine")
    assert "is there already" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--host"),
        (["--host", "photo.example"], "--holder"),
        (["--host", "https://photo.example", "--holder", "J"], "photo.example"),
        (["--host", "photo.example", "--holder", "J", "--profile", "wordpres"], "wordpress"),
        (["--lang", "fr"], "neither en nor de"),
    ],
)
def test_without_a_terminal_what_is_missing_or_wrong_is_told(tmp_path, arguments, said):
    """And nothing is written."""
    ended = run(tmp_path, *arguments)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "bad host!"], "--host: muss ein Hostname wie photo.example sein"),
        (["--host", "https://photo.example"], "; meinten Sie 'photo.example'?"),
        (
            ["--host", "a.example", "--upstream", "x y"],
            "--upstream: muss sagen, wo die Website selbst antwortet, wie http:",
        ),
        (["--host", "a.example"], "nennen Sie es mit --holder: hier ist kein Terminal, um zu fragen"),
        (["--host", "a.example", "--holder", "J", "--profile", "x"], "--profile: muss eines davon sein: static, "),
        (
            ["--host", "a.example", "--holder", "J"],
            "Hinweis: rights.contact ist leer: Wer abgewiesen wird, erfährt nicht",
        ),
    ],
)
def test_who_asks_in_german_is_told_in_german(tmp_path, arguments, said):
    """Also what is wrong with an answer, and what the configuration that was written lacks."""
    ended = run(tmp_path, "--lang", "de", "--evidence", str(tmp_path / "evidence"), *arguments)

    assert said in ended.stderr
    assert " must " not in ended.stderr


def test_every_wrong_answer_is_told_in_german():
    """All that a question's checks can say, read from them."""
    source = Path(settings_text.__file__).read_text("utf-8")
    checks = [
        ast.unparse(one)
        for one in ast.parse(source).body
        if isinstance(one, ast.FunctionDef) and one.name in ("host_name", "single_line", "_socket_path", "site_url")
    ]
    found = re.findall(r"WrongValueError\(f?(?:'([^'{]+)|\"([^\"{]+))", "".join(checks))
    sentences = [one or other for one, other in found]

    assert len(sentences) >= 10
    for sentence in sentences:
        whole = f"{sentence}500 characters" if sentence.endswith(" ") else sentence
        assert WRONG(whole) != whole, whole


def test_on_a_terminal_it_asks_and_asks_again(tmp_path):
    """A wrong answer is told and the question comes again; an empty one takes the default."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "guard", "init", "--evidence", str(tmp_path / "evidence")]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=follower, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as asked:
        os.close(follower)
        for answer in ("https://photo.example/", "photo.example", "", "immich", "Jane Doe", "", "n", "", ""):
            os.write(leader, f"{answer}\n".encode())
        wait_until(lambda: asked.poll() is not None or None, 30)
    os.close(leader)

    settings = load_settings(tmp_path / "guard.yaml", os.environ, {})
    assert asked.returncode == 0
    assert (settings.sites[0].host, settings.sites[0].upstream) == ("photo.example", "http://127.0.0.1:8080")
    assert (settings.sites[0].profile, settings.rights.holder) == ("immich", "Jane Doe")
    assert (settings.listen, settings.client_ip.source) == ("0.0.0.0:80", "peer")


def test_yes_and_no_are_answered_in_the_language_of_the_question(tmp_path):
    """Who is asked in German says ja or nein, and is told so when the answer is neither."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "guard", "init", "--lang", "de", "--host", "a.example", "--holder", "J"]
    command += ["--upstream", "http://127.0.0.1:1", "--profile", "static", "--contact", "", "--evidence", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=follower, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as asked:
        os.close(follower)
        for answer in ("vielleicht", "ja", "nein", "J"):
            os.write(leader, f"{answer}\n".encode())
        said = asked.communicate(timeout=30)[1].decode()
    os.close(leader)

    settings = load_settings(tmp_path / "guard.yaml", os.environ, {})
    assert (settings.rights.train, settings.rights.ai_use) == (True, False)
    assert settings.client_ip.source == "x-forwarded-for"
    assert said.count("antworten Sie mit j für ja oder n für nein") == 1
    assert "[j/N]" in said
