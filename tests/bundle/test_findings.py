"""What is told about a request is what its records and documents say."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from guard.bundle.findings import Findings, applied, findings
from guard.bundle.seen import Outcome
from tests.support.cases import BOT, NOBODY, ROBOTS, Visits, case_of, registration

OPEN = b"User-agent: *\nAllow: /\n"
RULES = b"""# a comment
User-agent: *
Allow: /
Disallow: /private/

User-agent: Other
User-agent: ExampleBot
Disallow: /album/
Allow: /album/free/
"""


def found(tmp_path: Path, write: Any, **wanted: Any) -> Findings:
    visits = Visits(tmp_path / "evidence")
    write(visits)
    visits.close()
    return findings(case_of(tmp_path / "evidence", **wanted))


@pytest.mark.parametrize(
    ("claimed", "target", "group", "rule", "allows"),
    [
        ("ExampleBot", "/album/a.jpg", "User-agent: ExampleBot", "Disallow: /album/", False),
        ("examplebot", "/album/free/a.jpg", "User-agent: ExampleBot", "Allow: /album/free/", True),
        ("ExampleBot", "/elsewhere", "User-agent: ExampleBot", "", True),
        ("", "/private/a.jpg", "User-agent: *", "Disallow: /private/", False),
        ("Unknown", "/album/a.jpg", "User-agent: *", "Allow: /", True),
    ],
)
def test_the_line_that_decides_is_found(claimed: str, target: str, group: str, rule: str, allows: bool):
    """RFC 9309: a named group replaces that for everybody, the longest pattern counts."""
    one = applied(RULES, claimed, target)

    assert one is not None
    assert (one.group, one.rule, one.allows) == (group, rule, allows)
    lines = RULES.decode().splitlines()
    assert lines[one.group_line - 1] == group
    assert not rule or lines[one.rule_line - 1] == rule


def test_without_a_group_nothing_applies():
    """A file that names others only says nothing to this client."""
    assert applied(b"User-agent: Other\nDisallow: /\n", "ExampleBot", "/a") is None


def test_a_robots_txt_that_changed_between_reading_and_fetching_is_shown_in_both_versions(tmp_path: Path):
    """What the client had been sent allowed it; what was in force at the request did not."""

    def write(visits: Visits) -> None:
        visits.reserve(OPEN)
        visits.read_robots(robots=OPEN)
        visits.reserve(ROBOTS)
        visits.fetch("/album/harbour.jpg")

    one = found(tmp_path, write, pictures={"/album/harbour.jpg"})
    fetch = one.leading

    assert fetch.told is not None
    assert fetch.told.version is not fetch.version
    then, now = one.applied(fetch, fetch.told.version), one.applied(fetch, fetch.version)
    assert then is not None
    assert then.allows
    assert now is not None
    assert not now.allows
    assert [version.until > 0 for version in one.versions] == [True, False]


def test_what_the_record_says_the_client_was_told_goes_first(tmp_path: Path):
    """The guard knew its client by more than the log discloses."""
    digest = sha256(ROBOTS).hexdigest()[:16]

    def write(visits: Visits) -> None:
        visits.reserve()
        visits.fetch("/album/harbour.jpg", robots=digest, robots_since=visits.now)

    told = found(tmp_path, write).leading.told

    assert told is not None
    assert told.index == -1
    assert told.same_client
    assert told.version is not None


def test_another_client_was_not_told(tmp_path: Path):
    """Same name from another address: the log does not show that it was the same."""

    def write(visits: Visits) -> None:
        visits.reserve()
        visits.read_robots({**BOT, "address": "192.0.2.77"})
        visits.fetch("/album/harbour.jpg")

    assert found(tmp_path, write, pictures={"/album/harbour.jpg"}).leading.told is None


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"end_status": 200}, Outcome.WHOLE),
        ({"end_status": 200, "end_completed": False, "end_reason": "client_gone"}, Outcome.BROKEN),
        ({"end_status": 206}, Outcome.PART),
        ({"end_status": 304}, Outcome.UNCHANGED),
        ({"end_status": 200, "method": "HEAD"}, Outcome.HEAD),
        ({"end_status": 403}, Outcome.REFUSED),
        ({"ends": False}, Outcome.UNKNOWN),
    ],
)
def test_a_full_copy_is_claimed_only_where_one_was_sent(tmp_path: Path, changes: dict[str, Any], outcome: Outcome):
    """Broken off, a range, not modified, HEAD: none of these is a copy."""

    def write(visits: Visits) -> None:
        visits.reserve()
        visits.fetch("/album/harbour.jpg", rendition="as_is", action="allow", **changes)

    assert found(tmp_path, write).leading.outcome is outcome


def test_a_picture_under_several_addresses_keeps_the_hash_of_each(tmp_path: Path):
    """They are listed by path; the hash of the site's own file says which are one."""

    def write(visits: Visits) -> None:
        visits.reserve()
        for path in ("/a/1.jpg", "/b/1.jpg"):
            visits.fetch(path, NOBODY, action="mark", rendition="marked", mark="ab" * 8, original="12" * 32,
                         end_status=200)  # fmt: skip

    one = found(tmp_path, write)

    assert sorted(one.pictures) == ["/a/1.jpg", "/b/1.jpg"]
    assert {fetch.said["original"] for all_ in one.pictures.values() for fetch in all_} == {"12" * 32}


def test_clients_of_different_grades_are_told_apart(tmp_path: Path):
    """What is proven of one is not said of another of the same name."""

    def write(visits: Visits) -> None:
        visits.reserve()
        visits.fetch("/a.jpg")
        visits.fetch("/a.jpg", {**BOT, "grade": "B", "identity": "verified", "address": "192.0.2.5"})

    clients = found(tmp_path, write).clients

    assert [(one.grade, one.addresses) for one in clients] == [("B", ("192.0.2.5",)), ("D", ("203.0.113.7",))]


COPY = {"action": "mark", "rendition": "marked", "mark": "ab" * 8, "original": "12" * 32, "end_status": 200}


def test_a_registered_picture_is_known_by_its_file_and_only_else_by_its_name(tmp_path: Path):
    """A hash shows that it is this picture, a name does not."""

    def write(visits: Visits) -> None:
        visits.reserve()
        visits.put(registration(name="renamed.jpg"))
        visits.put(registration(name="harbour.jpg", sha256_of_file="99" * 32))
        visits.put(registration(name="other.jpg", sha256_of_file="98" * 32))
        visits.fetch("/album/harbour.jpg", NOBODY, **COPY)
        visits.fetch("/album/harbour.jpg")

    one = found(tmp_path, write)
    copied, refused = (one.registered(fetch) for fetch in one.fetches)

    assert copied is not None
    assert (copied.by_file, copied.before, copied.record.fields["name"]) == (True, True, "renamed.jpg")
    assert refused is not None
    assert (refused.by_file, refused.record.fields["sha256"]) == (False, "99" * 32)
    assert {record.fields["name"] for record in one.case.of_kind("img") if record.proof} == {
        "renamed.jpg",
        "harbour.jpg",
    }


def test_a_picture_registered_after_the_request_is_told_as_such(tmp_path: Path):
    """Said in a dispute it weighs less."""

    def write(visits: Visits) -> None:
        visits.reserve()
        visits.fetch("/album/harbour.jpg", NOBODY, **COPY)
        visits.put(registration())

    one = found(tmp_path, write)
    registered = one.registered(one.leading)

    assert registered is not None
    assert not registered.before
