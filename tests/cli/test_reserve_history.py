"""`guard reserve history` says what was in force when, from a log that a real guard wrote."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.http import CHROME, GOOGLEBOT_IMAGE, ask
from tests.support.plain_site import plain_site
from tests.support.running import RunningGuard, wait_until
from tests.support.upstream import jpeg


class Past:
    """What a guard served: the robots.txt of both versions, and the time between them."""

    directory: Path
    first: bytes
    second: bytes
    between: str


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """Run a guard while the site's own robots.txt changes, and again after a stop."""
    folder = tmp_path_factory.mktemp("past")
    found = Past()
    found.directory = folder / "evidence"
    with plain_site() as site:
        site.put("/robots.txt", "User-agent: *\nDisallow: /cart/\n")
        site.put("/a.jpg", jpeg(320, 200), "image/jpeg", ETag='"one"')
        site.put("/of-a-person.jpg", jpeg(320, 200), "image/jpeg")
        site.put("/of-a-session.jpg", jpeg(320, 200), "image/jpeg")
        site.put("/personal.jpg", jpeg(320, 200), "image/jpeg", Set_Cookie="a=1")
        site.put("/private.jpg", jpeg(320, 200), "image/jpeg", Cache_Control="private")
        settings = {
            "sites": [{"host": "photo.example", "upstream": site.url}],
            "upstream_robots": {"every": 0.2},
            "timeouts": {"connect": 2, "read": 2, "drain": 1},
        }
        guard = RunningGuard(folder, settings)

        def robots() -> bytes:
            return ask(guard.port, "/robots.txt", host="photo.example", agent=CHROME).body

        found.first = robots()
        ask(guard.port, "/a.jpg", host="photo.example", agent=GOOGLEBOT_IMAGE)
        ask(guard.port, "/private.jpg", host="photo.example", agent=GOOGLEBOT_IMAGE)
        ask(guard.port, "/personal.jpg", host="photo.example", agent=GOOGLEBOT_IMAGE)
        ask(guard.port, "/a.jpg?token=secret", host="photo.example", agent=GOOGLEBOT_IMAGE)
        ask(guard.port, "/of-a-person.jpg", host="photo.example", agent=CHROME)
        ask(guard.port, "/of-a-session.jpg", ("Cookie", "a=1"), host="photo.example", agent=GOOGLEBOT_IMAGE)
        found.between = datetime.now(UTC).isoformat()
        site.put("/robots.txt", "User-agent: *\nDisallow: /basket/\n")
        found.second = wait_until(lambda: body if b"/basket/" in (body := robots()) else None, 10)
        site.put("/a.jpg", jpeg(320, 200), "image/jpeg", ETag='"two"')
        ask(guard.port, "/a.jpg", host="photo.example", agent=GOOGLEBOT_IMAGE)
        assert guard.stop() == 0
        assert RunningGuard(folder, settings).stop() == 0  # a restart that changes nothing
    return found


def reserve(command: str, past: Past, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "guard", "reserve", command, "--evidence", str(past.directory), *arguments],
        check=False, capture_output=True, timeout=60,
    )  # fmt: skip


def test_each_version_has_its_time_and_names_what_changed(past: Past):
    """Two versions, one after the other without a gap; the second changed robots.txt alone; a restart is none."""
    done = reserve("history", past, "--json")
    one, two = json.loads(done.stdout)["versions"]

    assert done.returncode == 0
    assert (one["site"], one["until"], two["until"]) == ("photo.example", two["since"], None)
    assert one["since"] < past.between < two["since"]
    assert two["changed"] == ["/robots.txt"]
    assert [d["sha256"] for d in one["documents"] if d["path"] == "/robots.txt"] == [sha256(past.first).hexdigest()]


def test_what_was_in_force_at_a_time_is_one_version(past: Past):
    """And its exact bytes can be had."""
    found = json.loads(reserve("history", past, "--at", past.between, "--document", "robots.txt", "--json").stdout)
    digest = found["versions"][0]["documents"][0]["sha256"]

    assert len(found["versions"]) == 1
    assert reserve("history", past, "--show", digest[:12]).stdout == past.first


def test_a_set_can_be_shown_as_its_digest_names_it(past: Past):
    """The canonical bytes, so that the digest can be computed again."""
    digest = json.loads(reserve("history", past, "--json").stdout)["versions"][1]["digest"]

    assert sha256(reserve("history", past, "--show", digest).stdout).hexdigest() == digest


def test_the_table_fits_a_terminal(past: Past):
    """80 columns, times in UTC, and `now` for what is in force."""
    lines = reserve("history", past).stdout.decode().splitlines()

    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["since", "(UTC)", "until", "set", "site"]
    assert "now" in lines[-2]
    assert lines[-1].strip() == f"/robots.txt {sha256(past.second).hexdigest()[:12]}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--show", "abcdef0123"), "has a digest that begins"),
        (("--show", "ab"), "too short"),
        (("--at", "yesterday"), "is no time; write it like"),
        (("--document", "humans.txt"), "no version has a document"),
        (("--picture", "/none.jpg"), "no picture was seen at"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(past: Past, arguments: tuple[str, ...], words: str):
    """With exit status 2."""
    done = reserve("history", past, *arguments)

    assert (done.returncode, done.stdout) == (2, b"")
    assert words in done.stderr.decode()


def test_a_picture_has_its_first_and_last_time_by_version(past: Past):
    """Of what crawlers may see: no private picture, no query, and nothing of what a person looked at."""
    found = json.loads(reserve("history", past, "--picture", "/a.jpg", "--json").stdout)["pictures"]

    assert [(one["site"], one["validator"]) for one in found] == [
        ("photo.example", '"one"'),
        ("photo.example", '"two"'),
    ]
    assert found[0]["first"] <= found[0]["last"] < past.between < found[1]["first"]
    kept = b"".join(file.read_bytes() for file in (past.directory / "guard").glob("pictures.db*"))
    hidden = (b"private", b"personal", b"secret", b"of-a-person", b"of-a-session")
    assert [word for word in hidden if word in kept] == []


def test_diff_shows_what_was_added_to_the_sites_own_file(past: Past):
    """Exit status 1 says that there is a difference; nothing of the site's own file is a removed rule."""
    done = reserve("diff", past)
    lines = done.stdout.decode().splitlines()

    assert done.returncode == 1
    assert lines[0] == "--- the robots.txt of photo.example itself"
    assert "+User-agent: GPTBot" in lines
    assert " Disallow: /basket/" in lines


def test_diff_of_two_versions_shows_what_changed(past: Past):
    """By the digests of sets or of documents; a version has no difference with itself."""
    one, two = json.loads(reserve("history", past, "--json").stdout)["versions"]
    done = reserve("diff", past, one["digest"][:12], two["digest"][:12])

    changed = [
        line for line in done.stdout.decode().splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert set(changed) == {"-Disallow: /cart/", "+Disallow: /basket/"}
    assert reserve("diff", past, one["digest"], one["digest"]).returncode == 0
    assert reserve("diff", past, one["digest"]).returncode == 2
