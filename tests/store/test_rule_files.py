"""Are the rules found, read whole, and all their faults reported together?"""

import os
import shutil
from pathlib import Path

import pytest

import guard
from guard.errors import ConfigurationError
from guard.store.rule_files import (
    load_catalogue,
    load_crawler_files,
    read_policy_file,
    rules_root,
)
from guard.yaml12 import MAX_BYTES

CRAWLERS = """\
operator: Example
references: ["https://example.org/bots"]
crawlers:
  - id: {id}
    token: {token}
    purpose: seo
    robots: unknown
    checked: "2026-11-22"
    verification: {{ranges: [{ranges}]}}
    cases: {{match: [{token}], no-match: [nothing]}}
"""
RANGES = 'ranges:\n  example: {urls: ["https://example.org/ip.json"], format: jafar}\nweb_bot_auth: []\n'


@pytest.fixture
def root(tmp_path) -> Path:
    """A small set of rules: two crawlers, one list, one policy."""
    root = tmp_path / "rules"
    (root / "crawlers").mkdir(parents=True)
    (root / "policies").mkdir()
    (root / "crawlers" / "b.yaml").write_text(CRAWLERS.format(id="second", token="SecondBot", ranges="example"))
    (root / "crawlers" / "a.yaml").write_text(CRAWLERS.format(id="first", token="FirstBot", ranges=""))
    (root / "policies" / "moderate.yaml").write_text("rules: []\n")
    (root / "ranges.yaml").write_text(RANGES)
    return root


def test_the_packaged_copy_comes_before_the_checkout(tmp_path):
    """An installed program must not read a stranger's `rules` that happens to lie beside it."""
    package = tmp_path / "guard"
    (tmp_path / "rules" / "crawlers").mkdir(parents=True)
    package.mkdir()
    from_checkout = rules_root(package)
    (package / "rules" / "crawlers").mkdir(parents=True)
    from_package = rules_root(package)

    assert from_checkout.path == tmp_path / "rules"
    assert from_checkout.description == f"the rules of the checkout, {tmp_path / 'rules'}"
    assert from_package.path == package / "rules"
    assert from_package.description == f"the rules inside the installed package, {package / 'rules'}"


def test_a_damaged_installation_says_so(tmp_path):
    """Both places are named."""
    with pytest.raises(ConfigurationError, match="the rules are missing here and in"):
        rules_root(tmp_path / "guard")


def test_this_installation_has_rules():
    """Whichever copy it is."""
    found = rules_root()

    assert found.path.parent in {Path(guard.__file__).parent, Path(guard.__file__).parent.parent}
    assert load_catalogue(found.path).get("openai-gptbot") is not None


def test_files_are_read_in_the_order_of_their_names(root):
    """The same rules make the same catalogue everywhere."""
    assert [crawler.id for crawler in load_catalogue(root).crawlers] == ["first", "second"]


def test_the_faults_of_all_files_come_together(root):
    """Syntax in one, a wrong purpose in another, a token taken twice and an unknown list: one report."""
    (root / "crawlers" / "c.yaml").write_text("operator: [\n")
    (root / "crawlers" / "d.yaml").write_text(CRAWLERS.format(id="d", token="DdddBot", ranges="").replace("seo", "sea"))
    (root / "crawlers" / "e.yaml").write_text(CRAWLERS.format(id="e", token="firstbot", ranges="nobody"))

    with pytest.raises(ConfigurationError) as caught:
        load_crawler_files(root)

    text = str(caught.value)
    assert len(caught.value.faults) == 4
    assert "rules/crawlers/c.yaml:" in text
    assert "rules/crawlers/d.yaml:6:14: crawlers.0.purpose:" in text
    assert "rules/crawlers/e.yaml:5:12: e: product token 'firstbot' is already taken by first" in text
    assert "rules/crawlers/e.yaml:9:19: e: no address list is called 'nobody'" in text


def test_broken_address_lists_are_one_fault(root):
    """Not one for every crawler that names a list."""
    (root / "ranges.yaml").write_text("ranges: 3\nweb_bot_auth: []\n")

    with pytest.raises(ConfigurationError) as caught:
        load_catalogue(root)

    assert len(caught.value.faults) == 1


@pytest.mark.parametrize("missing", ["ranges.yaml", "crawlers"])
def test_a_missing_part_is_a_fault(root, missing):
    """Half an installation must not serve as a whole one."""
    path = root / missing
    path.unlink() if path.is_file() else shutil.rmtree(path)

    with pytest.raises(ConfigurationError) as caught:
        load_catalogue(root)

    assert missing in str(caught.value)


@pytest.mark.parametrize("name", ["moderate", "{root}/policies/moderate.yaml"])
def test_a_policy_is_shipped_or_a_file(root, name):
    """Its name is the one that faults will carry."""
    data, file = read_policy_file(name.format(root=root), root)

    assert data == b"rules: []\n"
    assert file.endswith("rules/policies/moderate.yaml")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "moderat",
            "policy: there is no policy 'moderat'; take open, moderate, strict or a file (did you mean 'moderate'?)",
        ),
        ("mine.yaml", "mine.yaml: can not be read: No such file or directory"),
        ("./mine", "./mine: can not be read: No such file or directory"),
        (".", "there is no policy '.'"),
        ("a\0b/c", "can not be read"),
    ],
)
def test_a_policy_that_is_not_there_is_a_fault(root, name, message):
    """A slip of a shipped name gets the name that was meant."""
    with pytest.raises(ConfigurationError) as caught:
        read_policy_file(name, root)

    assert message in str(caught.value)


def test_a_huge_file_is_not_read_whole(root):
    """A rule file that is a disk image by mistake costs a megabyte, not the memory."""
    with (root / "crawlers" / "huge.yaml").open("wb") as file:
        os.truncate(file.fileno(), MAX_BYTES * 1000)

    with pytest.raises(ConfigurationError, match=f"has more than {MAX_BYTES} bytes"):
        load_catalogue(root)
