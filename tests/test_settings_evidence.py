"""Who vouches for the log is named plainly, and a slip is told with its place."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guard.errors import ConfigurationError
from guard.evidence.checkpoint import verifier_key
from guard.evidence.cosignature import cosigner_key
from guard.settings import Settings, json_schema, load_settings

SITE = "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n"
VKEY = str(cosigner_key("witness.example/1", Ed25519PrivateKey.from_private_bytes(bytes(32))))
LOG_KEY = str(verifier_key("photo.example/evidence/1", Ed25519PrivateKey.from_private_bytes(bytes(32))))


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def load(text: str) -> Settings:
        (tmp_path / "guard.yaml").write_text(SITE + text)
        return load_settings(tmp_path / "guard.yaml", {"HOME": "/home/jane"}, {})

    return load


def test_an_address_alone_is_an_authority(read: Any) -> None:
    """Most need nothing else."""
    first, second = read(
        "evidence: {time_stamps: [https://tsa.example/tsr, {url: http://b.example, ca: b.pem, qualified: yes}]}"
    ).evidence.time_stamps

    assert (first.url, first.ca, first.qualified) == ("https://tsa.example/tsr", None, False)
    assert (second.url, second.qualified) == ("http://b.example", True)


def test_a_certificate_is_beside_the_file_that_names_it(read: Any, tmp_path: Path) -> None:
    """As every path in it."""
    (one,) = read("evidence: {time_stamps: [{url: https://b.example, ca: b.pem}]}").evidence.time_stamps

    assert one.ca == tmp_path / "b.pem"


def test_nobody_is_asked_by_default(read: Any) -> None:
    """No traffic but to whom the owner names."""
    assert not read("").evidence.anchored
    assert read(f"evidence: {{witnesses: [{{url: https://w.example, vkey: {VKEY}}}]}}").evidence.anchored


def test_authorities_and_witnesses_survive_the_way_to_another_process(read: Any) -> None:
    """They are handed on as JSON."""
    settings = read(
        f"evidence: {{time_stamps: [https://a.example], anchor_minutes: 10, "
        f"witnesses: [{{url: https://w.example, vkey: {VKEY}}}]}}"
    )

    assert Settings.model_validate_json(settings.model_dump_json(by_alias=True)) == settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time_stamps: [ftp://a.example]", "must be an address that starts with https:// or http://"),
        ("time_stamps: ['https://a:b@a.example']", "must not carry a user name"),
        ("time_stamps: [https://a.example, {url: https://a.example}]", "evidence.time_stamps.1.url: is named twice"),
        ("time_stamps: [{ca: a.pem}]", "evidence.time_stamps.0.url: is missing"),
        ("anchor_minutes: 9", "must be at least 10"),
        ("witnesses: [{url: https://w.example, vkey: hello}]", "not the Ed25519 key of a witness"),
        (f"witnesses: [{{url: https://w.example, vkey: {LOG_KEY}}}]", "this is the key of a log"),
    ],
)
def test_a_slip_is_told(read: Any, text: str, said: str) -> None:
    """With what is expected instead."""
    with pytest.raises(ConfigurationError, match="evidence") as caught:
        read(f"evidence: {{{text}}}")

    assert said in str(caught.value)


def test_the_schema_takes_both_forms() -> None:
    """Editors do not mark what is right."""
    schema = json_schema()
    item = schema["$defs"]["Evidence"]["properties"]["time_stamps"]["items"]

    assert [one.get("type") for one in item["anyOf"]] == ["string", "object"]


PERIODS = {
    "by default": ("", 30, 0),
    "named": ("evidence: {retention: {people_days: 7, tool_days: 1095}}", 7, 1095),
    "kept by name": ("evidence: {retention: {tool_days: keep}}", 30, 0),
}


@pytest.mark.parametrize(("text", "people", "tools"), PERIODS.values(), ids=list(PERIODS))
def test_values_are_kept_for_two_periods(read: Any, text: str, people: int, tools: int) -> None:
    """Thirty days, and as long as a trace may be needed, unless the owner says otherwise."""
    settings = read(text)
    retention = settings.evidence.retention

    assert (retention.people_days, retention.tool_days) == (people, tools)
    assert retention.options == ("--people-days", str(people), "--tool-days", str(tools))
    assert Settings.model_validate_json(settings.model_dump_json(by_alias=True)) == settings


@pytest.mark.parametrize("wrong", ["people_days: 0", "people_days: keep", "tool_days: 0", "tool_days: forever"])
def test_a_period_that_is_none_is_told(read: Any, wrong: str) -> None:
    """Values of people are never kept without end."""
    with pytest.raises(ConfigurationError, match=rf"evidence.retention.{wrong.partition(':')[0]}: must be"):
        read(f"evidence: {{retention: {{{wrong}}}}}")
