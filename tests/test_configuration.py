"""Settings, policy and catalogue come together, and every fault of all of them is told at once."""

from pathlib import Path
from typing import Any

import pytest

from guard.configuration import Configuration, load_configuration
from guard.core.policy import Action
from guard.errors import ConfigurationError

SITE = "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n"


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Return a function that loads a configuration from a text."""

    def load(text: str) -> Configuration:
        path = tmp_path / "guard.yaml"
        path.write_text(text)
        return load_configuration(path, {"HOME": "/home/jane"}, {})

    return load


@pytest.fixture
def faults(read: Any, tmp_path: Path) -> Any:
    """Return a function that gives what is said about a text, without the folder."""

    def told(text: str) -> list[str]:
        with pytest.raises(ConfigurationError) as caught:
            read(text)
        return [str(fault).replace(f"{tmp_path}/", "") for fault in caught.value.faults]

    return told


def test_the_file_of_autonomous_systems_is_read_with_the_rest(tmp_path: Path) -> None:
    """Beside the configuration; its faults are told with all others, its bad lines are warnings."""
    path = tmp_path / "guard.yaml"
    path.write_text(SITE + "behaviour: {networks: systems.tsv}\nrights: {contact: me@photo.example}\n")
    with pytest.raises(ConfigurationError, match=r"systems.tsv: behaviour.networks: the file can not be read"):
        load_configuration(path, {"HOME": "/home/jane"}, {}, with_networks=True)
    (tmp_path / "systems.tsv").write_text("1.0.0.0\t1.0.0.255\t13335\nrubbish\n")

    found = load_configuration(path, {"HOME": "/home/jane"}, {}, with_networks=True)
    assert found.networks is not None
    assert len(found.networks.systems) == 1
    assert any("systems.tsv:2: " in sentence for sentence in found.warnings)
    assert load_configuration(path, {"HOME": "/home/jane"}, {}).networks is None


def test_own_rules_come_before_the_policy_and_change_it(read: Any) -> None:
    """A new rule in front, a shipped id in its place."""
    configuration = read(
        SITE
        + "policy: open\nrules:\n"
        + "- {id: training-refused, when: {purpose: ai_training}, action: charge}\n"
        + "- {id: seo-refused, when: {purpose: seo}, action: refuse}\n"
    )

    assert [rule.id for rule in configuration.policy.rules] == [
        "seo-refused",
        "forged-token-refused",
        "impostors-refused",
        "licensed-allowed",
        "training-refused",
        "searches-by-ticket",
        "originals-by-ticket",
        "default",
    ]
    assert configuration.policy.rules[4].action is Action.CHARGE
    assert configuration.policy.name == "open"
    assert len(configuration.catalogue.crawlers) >= 250


def test_a_policy_file_of_the_owner_is_found_beside_the_configuration(read: Any, tmp_path: Path) -> None:
    """Its path is relative to the configuration."""
    (tmp_path / "mine.yaml").write_text("name: mine\nrules: [{id: default, action: refuse}]\n")

    assert read(SITE + "policy: mine.yaml\n").policy.rules[0].action is Action.REFUSE


def test_faults_of_all_files_are_told_at_once(faults: Any, tmp_path: Path) -> None:
    """A wrong setting does not hide what is wrong in the rules and in the policy file."""
    (tmp_path / "mine.yaml").write_text("name: mine\nrules: [{id: a, action: alow}]\n")

    told = faults(
        SITE
        + "listn: x\npolicy: mine.yaml\nrules:\n- {action: allow}\n- {id: b, action: drop, when: {operator: opnai}}\n"
    )

    assert told == [
        "guard.yaml:2:1: listn: unknown key (did you mean 'listen'?)",
        "guard.yaml:5:3: rules.0.id: is missing; add it",
        "guard.yaml:6:42: rules.1.when.operator: the catalogue knows no operator 'opnai' (did you mean 'OpenAI'?)",
        "mine.yaml:2:25: rules.0.action: must be one of allow, mark, preview, throttle, challenge, charge, refuse, drop"
        " (did you mean 'allow'?)",
    ]


def test_a_folder_of_canaries_that_is_not_there_is_a_fault(faults: Any, tmp_path: Path) -> None:
    """With its place in the file; one that is there is none."""
    text = SITE + "behaviour: {decoys: yes}\ncanaries: works\n"

    assert any("works is no folder" in one for one in faults(text))
    (tmp_path / "works").mkdir()
    assert load_configuration(tmp_path / "guard.yaml", {"HOME": "/"}, {}).settings.canaries == tmp_path / "works"


def test_a_policy_file_that_is_not_there_is_a_fault(faults: Any) -> None:
    """It is named with its path."""
    (told,) = faults(SITE + "policy: none.yaml\n")

    assert told == "none.yaml: can not be read: No such file or directory"


@pytest.mark.parametrize("rule", ["when: {kind: page}", "monitor: yes"], ids=["condition", "monitor"])
def test_the_default_can_be_changed_but_not_lost(faults: Any, rule: str) -> None:
    """A default that does not always decide would leave requests without a decision."""
    (told,) = faults(SITE + f"rules:\n- {{id: default, action: refuse, {rule}}}\n")

    assert told.startswith("guard.yaml:3:3: rules.0: the default is not stated any more")


def test_own_rules_of_one_id_are_a_fault(faults: Any) -> None:
    """Of two rules with one id only one would be in force."""
    (told,) = faults(SITE + "rules:\n- {id: a, action: allow}\n- {id: a, action: drop}\n")

    assert told == "guard.yaml:4:8: rules.1.id: the id 'a' is already given in line 3; give this rule another"


def test_without_a_file_an_upstream_is_enough() -> None:
    """The policy is the default one."""
    overrides = {"sites.0.host": "*", "sites.0.upstream": "http://127.0.0.1:8080"}

    assert load_configuration(None, {"HOME": "/home/jane"}, overrides).policy.name == "moderate"


def test_a_key_given_twice_does_not_hide_other_faults(tmp_path: Path) -> None:
    """Every fault at once: who mends the first should not meet the next one after it."""
    file = tmp_path / "guard.yaml"
    file.write_text("sites: [{host: a.example, upstream: 'http://127.0.0.1:1'}]\nsites: []\npolcy: open\n")

    with pytest.raises(ConfigurationError) as caught:
        load_configuration(file, {}, {})

    assert [(fault.line, fault.where) for fault in caught.value.faults] == [(2, "sites"), (3, "polcy")]


LISTED = "rules:\n- {id: own, when: {paths_file: l.txt}, action: refuse, status: 410}\n"


def test_a_list_of_paths_is_read_from_beside_the_configuration(read: Any, tmp_path: Path) -> None:
    """In the form that rules match on; remarks and empty lines say nothing."""
    (tmp_path / "l.txt").write_text("# listed\n/a//b.jpg\n\n/%7Ejane/\u00fc 1.jpg\n/a/b.jpg\n", "utf-8")
    rule = read(SITE + LISTED).policy.rules[0]

    assert rule.when.paths_file[0].paths == {"/a/b.jpg", "/~jane/%C3%BC%201.jpg"}
    assert (rule.when.paths_file[0].name, rule.status) == ("l.txt", 410)


def test_the_faults_of_a_list_of_paths_are_told_with_all_others(faults: Any, tmp_path: Path) -> None:
    """That it is not there, names nothing, or names hosts; beside those of the policy."""
    missing = "l.txt: can not be read: No such file or directory"
    assert faults(SITE + LISTED + "policy: none.yaml\n")[-1] == missing
    (tmp_path / "l.txt").write_text("# nothing\n")
    assert faults(SITE + LISTED) == ["l.txt: names no path"]
    (tmp_path / "l.txt").write_text("/a\nhttps://photo.example/b\nc\n")
    assert faults(SITE + LISTED) == [
        "l.txt:2:1: is no path: it must begin with '/', without a host in front",
        "l.txt:3:1: is no path: it must begin with '/', without a host in front",
    ]


def test_what_a_cluster_takes_is_asked_for_before_anything_runs(faults: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library is a fault of the part that needs it, with the words that bring it."""
    cluster = (
        f"cluster:\n  valkey: {{url: 'redis://localhost', secret: {'x' * 40}, guards: 2}}\n  s3: {{bucket: abc}}\n"
    )
    assert faults(SITE + cluster + "polcy: open\n") == [
        "guard.yaml:5:1: polcy: unknown key (did you mean 'policy'?)",
    ]
    monkeypatch.setattr("guard.configuration.find_spec", lambda name: None if name == "boto3" else name)

    (told,) = faults(SITE + cluster)
    assert told == (
        "guard.yaml:4:7: cluster.s3: needs boto3, which is not installed; pip install 'crawler-guard[cluster]'"
    )
