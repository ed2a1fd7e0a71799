"""What leads around the guard, or makes it see the wrong client, is found; what is well is not complained of."""

import socket
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from guard.cli.doctor import Finding, Health, client_address, confinement, disk, listeners, open_ports, rules_age
from guard.server.confinement import Supported
from guard.settings import Settings

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def settings(upstream: str = "http://127.0.0.1:8080", **changes: Any) -> Settings:
    return Settings.model_validate({"sites": [{"host": "photo.example", "upstream": upstream}], **changes})


def test_a_front_server_that_is_not_named_is_found():
    """Then all visitors look like one client."""
    numbers = {"requests": 200.0, "unbelieved": 198.0, "unusable": 0.0}

    found = client_address(settings(), numbers)

    assert found.health is Health.PROBLEM
    assert "99% of the requests carry a forwarding header" in found.sentence
    assert "client_ip" in found.advice


@pytest.mark.parametrize(
    ("numbers", "health"),
    [
        (None, Health.WELL),
        ({"requests": 1000.0, "unbelieved": 3.0, "unusable": 0.0}, Health.WELL),
        ({"requests": 5.0, "unbelieved": 5.0, "unusable": 0.0}, Health.WELL),
        ({"requests": 1000.0, "unbelieved": 0.0, "unusable": 7.0}, Health.PROBLEM),
    ],
)
def test_a_few_forged_lines_are_no_front_server(numbers: dict[str, float] | None, health: Health):
    """Some clients invent them; a header that can not be read is a fault in any number."""
    assert client_address(settings(), numbers).health is health


def test_it_is_said_whose_word_counts():
    """By the name of the field and the servers that are believed."""
    own = settings(client_ip={"from": "x-forwarded-for", "trusted": ["127.0.0.1/32"]})

    assert "read from x-forwarded-for" in client_address(own, None).sentence
    assert "not in 127.0.0.1/32" in client_address(own, None).sentence


@pytest.mark.parametrize(
    ("upstream", "listening", "health", "words"),
    [
        ("http://127.0.0.1:8080", [("0.0.0.0", 8080)], Health.PROBLEM, "listens on all addresses"),
        ("http://localhost:8080", [("127.0.0.1", 8080), ("192.0.2.7", 8080)], Health.PROBLEM, "listens on 192.0.2.7"),
        ("http://127.0.0.1:8080", [("127.0.0.1", 8080), ("0.0.0.0", 80)], Health.WELL, "for this machine only"),
        ("http://127.0.0.1:8080", [], Health.PROBLEM, "nothing listens on port 8080"),
        ("http://10.0.0.9:8080", [("0.0.0.0", 8080)], Health.UNKNOWN, "on another machine"),
        ("unix:/run/site.sock", [], Health.WELL, "unix socket"),
    ],
)
def test_a_way_around_the_guard_is_found(upstream: str, listening: list[tuple[str, int]], health: Health, words: str):
    """What can not be seen from here is unknown, not well."""
    (found,) = open_ports(settings(upstream), [(ip_address(one), port) for one, port in listening])

    assert found.health is health
    assert words in found.sentence


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_the_kernel_tells_where_this_machine_listens(address: str):
    """A socket of our own is found in its table, with the right address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as opened:
        opened.bind((address, 0))
        opened.listen()
        port = opened.getsockname()[1]

        assert (ip_address(address), port) in listeners()

    assert (ip_address(address), port) not in listeners()


def test_old_lists_are_a_problem_and_fresh_ones_are_not():
    """A list that is a month old refutes nothing."""
    fresh = {"a": NOW - timedelta(days=3)}

    assert [one.health for one in rules_age(date(2026, 11, 22), fresh, NOW)] == [Health.WELL, Health.WELL]
    old = list(rules_age(date(2026, 1, 1), {**fresh, "b": NOW - timedelta(days=60)}, NOW))
    assert [one.health for one in old] == [Health.NOTE, Health.PROBLEM]
    assert "1 of 2 are older" in old[1].sentence


def test_the_disk_is_that_of_the_evidence(tmp_path: Path):
    """Also before the folder is there."""
    found: Finding = disk(tmp_path / "not" / "yet")

    assert str(tmp_path) in found.sentence


@pytest.mark.parametrize(
    ("here", "health", "words"),
    [
        (Supported(files=True, calls=True), Health.WELL, "no network"),
        (Supported(files=False, calls=True), Health.NOTE, "no landlock (files);"),
        (Supported(files=False, calls=False), Health.NOTE, "no landlock (files) and seccomp (network);"),
    ],
    ids=["both", "an older kernel", "neither"],
)
def test_a_kernel_that_can_not_confine_is_named(here: Supported, health: Health, words: str):
    """It is a note: the guard works without it."""
    found = confinement(here)

    assert found.health is health
    assert words in found.sentence
