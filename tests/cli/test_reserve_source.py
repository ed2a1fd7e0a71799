"""Is the right site's statement taken?"""

from pathlib import Path

import pytest

from guard.cli.reserve_source import source_of
from guard.errors import UsageError
from guard.server.decoys import Decoys
from guard.store import decoy_secret

TWO = """\
sites:
  - {host: photo.example, upstream: 'http://127.0.0.1:8080'}
  - {host: "*", upstream: 'http://127.0.0.1:8081', rights: {holder: Anybody}}
rights: {holder: Jane Doe}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with a named site and one for every other host."""
    (tmp_path / "guard.yaml").write_text(TWO)
    return tmp_path / "guard.yaml"


@pytest.mark.parametrize(
    ("host", "holder", "base_url"),
    [
        ("", "Jane Doe", "https://photo.example"),
        ("photo.example", "Jane Doe", "https://photo.example"),
        ("www.photo.example", "Anybody", "https://www.photo.example"),
        ("*", "Anybody", ""),
    ],
)
def test_the_site_is_the_one_that_would_answer(config: Path, host: str, holder: str, base_url: str):
    """The first by default, by name, and the wildcard for any other; without a host its addresses have none."""
    said: list[str] = []

    statement = source_of(config, host, said.append).statement

    assert (statement.holder, statement.base_url) == (holder, base_url)
    assert [sentence for sentence in said if "addresses are written without" in sentence] == said
    assert bool(said) == (base_url == "")


def test_without_a_file_the_host_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """guard.yaml in the working directory is used only where no host is named."""
    monkeypatch.chdir(tmp_path)

    assert source_of(None, "HTTP.Photo.Example", print).statement.base_url == "https://http.photo.example"
    assert source_of(None, "http://127.0.0.1:8080", print).statement.base_url == "http://127.0.0.1:8080"
    with pytest.raises(UsageError, match=r"with -c guard\.yaml, or a site without one with --host"):
        source_of(None, "", print)
    (tmp_path / "guard.yaml").write_text(TWO)
    assert source_of(None, "", print).statement.holder == "Jane Doe"
    assert source_of(None, "photo.example", print).statement.holder == ""


@pytest.mark.parametrize("host", ["a b", "photo.example/x", "a_b.example", "photo.example:port", "https://"])
def test_what_is_no_host_is_told(host: str):
    """Before anything is written with it."""
    with pytest.raises(UsageError, match="expected a host name"):
        source_of(None, host, print)


def test_a_site_that_is_not_configured_is_told(tmp_path: Path):
    """With the names that are."""
    (tmp_path / "one.yaml").write_text("sites: [{host: photo.example, upstream: 'http://127.0.0.1:1'}]")

    with pytest.raises(UsageError, match=r"no site photos.example; it has photo.example \(did you mean"):
        source_of(tmp_path / "one.yaml", "photos.example", print)


def test_the_folder_of_decoys_is_in_robots_txt_once_the_server_has_made_it(tmp_path: Path):
    """The command makes no secret of its own: it would not be the server's."""
    evidence = tmp_path / "evidence"
    (tmp_path / "guard.yaml").write_text(
        "sites: [{host: photo.example, upstream: 'http://127.0.0.1:1'}]\n"
        f"behaviour: {{decoys: yes}}\nevidence: {{directory: {evidence}}}\n"
    )
    said: list[str] = []
    before = source_of(tmp_path / "guard.yaml", "", said.append)
    secret = decoy_secret.load_or_create(evidence / "guard" / "decoys.secret")

    after = source_of(tmp_path / "guard.yaml", "", said.append)

    assert before.disallow == ()
    assert len(said) == 1
    assert after.disallow == (Decoys(secret).directory("photo.example"),)
    assert f"Disallow: {after.disallow[0]}\n".encode() in after.render().document("/robots.txt").body
